export type Schedule = "cosine" | "linear" | "constant";

export interface ScheduleSettings {
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly warmup: number;
  readonly floor: number;
}

/** Learning rate of step `step` (from 1) of `steps`: grows linearly in `warmup` steps, then falls to `floor` of its height. */
export function learningRateAt(step: number, steps: number, settings: ScheduleSettings): number {
  const { learningRate, schedule, warmup, floor } = settings;
  if (step <= warmup) return (learningRate * step) / warmup;
  const done = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  const share = { constant: 1, linear: 1 - done, cosine: (1 + Math.cos(Math.PI * done)) / 2 }[schedule];
  return learningRate * (floor + (1 - floor) * share);
}

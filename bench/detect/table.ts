import type { Rate } from "./rates.ts";

/** Lines of a table whose columns are as wide as they need to be: the first to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(head), ...rows.map(line)].join("\n");
}

/** ".85", "1.0", "-" for nothing. */
export function share(x: number): string {
  if (Number.isNaN(x)) return "-";
  return x >= 0.995 ? "1.0" : x.toFixed(2).replace(/^0/, "");
}

export function rate({ mean, low, high }: Rate): string {
  return `${share(mean)} [${share(low)}, ${share(high)}]`;
}

export function whole(x: number): string {
  return Number.isNaN(x) ? "-" : String(Math.round(x));
}

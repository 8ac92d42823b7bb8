import type { Asked } from "../collect/call-log.ts";
import type { Prompt } from "../prompt.ts";
import type { Row, Verdict } from "../row.ts";

/** What goes with every row of a run. */
export interface Provenance {
  /** SHA-256 of the terms snapshot, hexadecimal. */
  readonly terms: string;
  readonly permit: string | null;
  readonly restrictions?: readonly string[] | undefined;
  /** The model that was asked for, where the teacher does not say its name. */
  readonly model: string;
}

/** One row for each of the teacher's answers, in the order of the prompts; without verdicts yet. */
export function rowsOf(
  prompts: readonly Prompt[],
  asked: (prompt: string) => Asked,
  { terms, permit, restrictions = [], model }: Provenance,
): Row[] {
  return prompts.flatMap((prompt) => {
    const { answer } = asked(prompt.id);
    if (answer === null) return [];
    const { reply, bill, exchange } = answer;
    return reply.choices.map((choice, sample): Row => ({
      prompt,
      sample,
      ...choice,
      teacher: reply.model ?? model,
      exchange,
      terms,
      permit,
      restrictions,
      price: bill.dollars / reply.choices.length,
      verdicts: [] as Verdict[],
    }));
  });
}

import type { Asked } from "../collect/call-log.ts";
import type { Prompt } from "../prompt.ts";
import type { Row, Verdict } from "../row.ts";

/** What goes with every row of a run. Its permit is the one under which it was asked. */
export interface Provenance {
  /** SHA-256 of the terms snapshot, hexadecimal, where the journal does not say it. */
  readonly terms: string;
  /** Kinds of what must follow answers that were collected under these terms and this permit. */
  readonly restrictions?: ((terms: string, permit: string | null) => readonly string[]) | undefined;
  /** The model that was asked for, where the teacher does not say its name. */
  readonly model: string;
  /** Names under which it may have answered; null: any. */
  readonly models?: readonly string[] | null | undefined;
}

/** One row for each of the teacher's answers, in the order of the prompts; without verdicts yet but for answers of another model. */
export function rowsOf(
  prompts: readonly Prompt[],
  asked: (prompt: string) => Asked,
  { terms, restrictions = () => [], model, models = null }: Provenance,
): Row[] {
  return prompts.flatMap((prompt) => {
    const { answer } = asked(prompt.id);
    if (answer === null) return [];
    const { reply, bill, exchange, permit } = answer;
    const verdicts = otherModel(reply.model, models);
    return reply.choices.map((choice, sample): Row => ({
      prompt,
      sample,
      ...choice,
      teacher: reply.model ?? model,
      exchange,
      terms: answer.terms ?? terms,
      permit,
      restrictions: restrictions(answer.terms ?? terms, permit),
      price: bill.dollars / reply.choices.length,
      verdicts,
    }));
  });
}

/** What a teacher answered that changed its name in the middle was paid for, but is not of the teacher that the dataset is of. */
function otherModel(model: string | null, models: readonly string[] | null): Verdict[] {
  if (model === null || models === null || models.includes(model)) return [];
  return [{ filter: "teacher", kept: false, because: `answered as ${model}, not as ${models.join(" or ")}` }];
}

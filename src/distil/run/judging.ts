import { judgePairs, type Judgement, type Pair } from "../evaluate/judge.ts";
import { DistilError } from "../error.ts";
import { makePrompt, type Message, type Prompt } from "../prompt.ts";
import type { Examined } from "./examine.ts";
import type { Workbench } from "./workbench.ts";

/** What the judge said: the student against the teacher, and against itself before it learned. */
export interface Judging {
  readonly teacher: Judgement;
  readonly undistilled: Judgement | null;
}

/** A judge may think aloud before its verdict. */
const MAX_OUTPUT_TOKENS = 256;

/**
 * The teacher's model as the judge, asked like everything else: on record and within the budget, all pairs in one go. Throws DistilError
 * "budget" when that ends before every pair was judged: what was judged is kept.
 */
export async function judge(bench: Workbench, rows: readonly Examined[]): Promise<Judging> {
  const pairs = (theirs: (row: Examined) => string): Pair[] =>
    rows.map((row) => ({ question: row.prompt.input, a: row.student.text, b: theirs(row) }));
  const sides = [pairs(({ teacher }) => teacher)];
  if (rows.some(({ undistilled }) => undistilled !== null))
    sides.push(pairs(({ undistilled }) => undistilled ?? ""));
  const { seed } = bench.run.recipe;
  // What is asked does not depend on any answer, so a first round with no answers says what all the questions are.
  const prompts = new Map<string, Prompt>();
  const note = (messages: readonly Message[]): Promise<string> => {
    const prompt = judgePrompt(messages);
    prompts.set(prompt.id, prompt);
    return Promise.resolve("");
  };
  for (const side of sides) await judgePairs(side, { ask: note, seed });
  const { stopped } = await bench.ask([...prompts.values()], "judging", {
    maxOutputTokens: MAX_OUTPUT_TOKENS,
  });
  if (stopped === "budget")
    throw new DistilError(
      "budget",
      `the budget ended before the judge had seen all ${rows.length} test rows; raise it and resume, or lower evaluation.limit`,
    );
  const read = (messages: readonly Message[]): Promise<string> =>
    Promise.resolve(bench.log.of(judgePrompt(messages).id).answer?.reply.choices[0]?.answer ?? "");
  const [teacher, undistilled] = await Promise.all(
    sides.map((side) => judgePairs(side, { ask: read, seed })),
  );
  return { teacher: teacher as Judgement, undistilled: undistilled ?? null };
}

function judgePrompt(messages: readonly Message[]): Prompt {
  return makePrompt({ messages, input: messages.at(-1)?.content ?? "", source: "judge" });
}

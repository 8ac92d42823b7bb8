import { judgePairs, type Judgement, type Pair } from "../evaluate/judge.ts";
import { makePrompt, type Message } from "../prompt.ts";
import type { Examined } from "./examine.ts";
import type { Workbench } from "./workbench.ts";

/** What the judge said: the student against the teacher, and against itself before it learned. */
export interface Judging {
  readonly teacher: Judgement;
  readonly undistilled: Judgement | null;
}

/** A judge may think aloud before its verdict. */
const MAX_OUTPUT_TOKENS = 256;
const CONCURRENCY = 16;

/** The teacher's model as the judge, asked like everything else: on record and within the budget. Throws DistilError "budget" when that ends. */
export async function judge(bench: Workbench, rows: readonly Examined[]): Promise<Judging> {
  const ask = async (messages: readonly Message[]): Promise<string> => {
    const prompt = makePrompt({ messages, input: messages.at(-1)?.content ?? "", source: "judge" });
    await bench.ask([prompt], "judging", { maxOutputTokens: MAX_OUTPUT_TOKENS });
    return bench.log.of(prompt.id).answer?.reply.choices[0]?.answer ?? "";
  };
  const pairs = (theirs: (row: Examined) => string): Pair[] =>
    rows.map((row) => ({ question: row.prompt.input, a: row.student.text, b: theirs(row) }));
  const options = { ask, seed: bench.run.recipe.seed, concurrency: CONCURRENCY };
  const hasFirst = rows.some(({ undistilled }) => undistilled !== null);
  return {
    teacher: await judgePairs(
      pairs(({ teacher }) => teacher),
      options,
    ),
    undistilled: hasFirst
      ? await judgePairs(
          pairs(({ undistilled }) => undistilled ?? ""),
          options,
        )
      : null,
  };
}

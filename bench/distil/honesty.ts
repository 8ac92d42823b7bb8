// E. Honesty: equal students are not called better, few rows are called too few, leaked test rows are found, a judge's favourite place decides nothing.
import { parseArgs } from "node:util";
import { compare } from "../../src/distil/evaluate/compare.ts";
import { findOverlap } from "../../src/distil/evaluate/overlap.ts";
import { judgePairs, type Ask, type Pair } from "../../src/distil/evaluate/judge.ts";
import { normalise } from "../../src/distil/fingerprint.ts";
import { makePrompt, type Prompt } from "../../src/distil/prompt.ts";
import { seeded, type Random } from "../../src/stats/random.ts";
import { editedCopy, helpDeskQuestions } from "../../test/distil/texts.ts";
import { haveRecorded, recorded } from "./recorded.ts";

export interface HonestyOptions {
  readonly corpora: string;
  /** Comparisons of equals. */
  readonly runs: number;
  readonly say: (line: string) => void;
}

const MARGIN = 0.02;

export async function benchHonesty({ corpora, runs, say }: HonestyOptions) {
  const equals = comparisonsOfEquals(runs);
  const published = notebook();
  const leakage = leakages(corpora);
  const judge = await judging(Math.ceil(runs / 8));
  say("E. Honesty");
  say(`  winners claimed between equals, ${runs} comparisons each (at most 5 % promised)`);
  for (const { rows, agreement, claimed } of equals)
    say(
      `    ${String(rows).padStart(5)} test rows, right together on ${percent(agreement).padStart(7)}: ${percent(claimed)}`,
    );
  say(
    `  78.3 % against 77.0 % on 300 rows (published as a win), by the rows on which exactly one is right: ${published.outcomes.map(({ comparison, from, to }) => `${from} to ${to}: "${comparison}"`).join(", ")}; rows that would decide: ${published.rowsNeeded.join(" to ")}`,
  );
  say("  planted leakage                             verbatim   edited (an eighth of the words)   false");
  for (const { task, verbatim, edited, mistaken } of leakage)
    say(
      `    ${task.padEnd(38)} ${percent(verbatim).padStart(10)} ${percent(edited).padStart(10)} ${" ".repeat(14)} ${percent(mistaken).padStart(15)}`,
    );
  say(
    `  judge that gives 60 % of the ties to the first place: in both orders a winner among equals in ${percent(judge.claimed)}, in one order in ${percent(judge.oneOrder)}; a real difference of 20 points is seen in ${percent(judge.power)}`,
  );
  return { equals, published, leakage, judge };
}

/** Two models of the same quality on the same rows; they are right or wrong together on a part of them. */
function comparisonsOfEquals(runs: number) {
  const found: { rows: number; agreement: number; claimed: number }[] = [];
  for (const rows of [50, 300, 2000])
    for (const agreement of [0.6, 0.9, 0.98]) {
      let claimed = 0;
      const random = seeded(`equals ${rows} ${agreement}`);
      for (let run = 0; run < runs; run++) {
        const a: number[] = [];
        const b: number[] = [];
        for (let i = 0; i < rows; i++) {
          const together = random.chance(agreement);
          const right = random.chance(together ? 0.85 : 0.5) ? 1 : 0;
          a.push(right);
          b.push(together ? right : 1 - right);
        }
        const { comparison } = compare(a, b, { margin: MARGIN });
        if (comparison === "beats" || comparison === "worse") claimed++;
      }
      found.push({ rows, agreement, claimed: claimed / runs });
    }
  return found;
}

/** OpenAI's cookbook on distillation: 235 of 300 against 231 of 300. How the errors overlap was not published, so every overlap that can be. */
function notebook() {
  const [rows, student, teacher] = [300, 235, 231];
  const outcomes = new Map<string, { from: number; to: number }>();
  let rowsNeeded: readonly (number | null)[] = [];
  for (let both = student + teacher - rows; both <= teacher; both++) {
    const a = Array.from({ length: rows }, (_, i) => (i < student ? 1 : 0));
    const b = Array.from({ length: rows }, (_, i) =>
      i < both || (i >= student && i < student + teacher - both) ? 1 : 0,
    );
    const against = compare(a, b, { margin: MARGIN });
    const apart = student + teacher - 2 * both;
    const range = outcomes.get(against.comparison) ?? { from: apart, to: apart };
    outcomes.set(against.comparison, { from: Math.min(range.from, apart), to: Math.max(range.to, apart) });
    if (against.rowsNeeded !== null) rowsNeeded = [...rowsNeeded, against.rowsNeeded];
  }
  return {
    /** By the number of rows on which exactly one of the two is right, which was not published. */
    outcomes: [...outcomes].map(([comparison, { from, to }]) => ({ comparison, from, to })),
    rowsNeeded: [Math.min(...rowsNeeded.map(Number)), Math.max(...rowsNeeded.map(Number))] as const,
  };
}

function leakages(corpora: string) {
  const found = [{ task: "help desk (made up)", ...planted(madeUp(6000), () => true) }];
  for (const name of [
    "benign_app/intent_routing_banking77",
    "benign_app/intent_clinc150",
    "benign_app/news_classification_agnews",
    // Not looked at when thresholds were set; every hit counts as false, though many ask nearly the same of the same thing.
    "benign_app/search_qa_natural_questions",
    "evaluator/gsm8k_train_questions",
  ]) {
    if (!haveRecorded(corpora, name)) continue;
    const rows = recorded(corpora, name, 1).slice(0, 6000);
    const answers = new Map(rows.map(({ input, answer }) => [input, answer]));
    // Recorded questions repeat each other in nearly the same words; what has another answer is certainly not the same question.
    found.push({
      task: name,
      ...planted(
        rows.map(({ input }) => input),
        (a, b) => answers.get(a) !== answers.get(b) || !name.includes("intent"),
      ),
    });
  }
  return found;
}

/** Two sentences each: single ones of a small grammar come out nearly equal by chance. */
function madeUp(count: number): string[] {
  const second = helpDeskQuestions(count, "second");
  return helpDeskQuestions(count, "first").map((text, i) => `${text} ${second[i] ?? ""}`);
}

/** A twentieth of what is trained on are test rows as they are, another twentieth are edited copies. */
function planted(texts: readonly string[], unrelated: (trained: string, test: string) => boolean) {
  const random = seeded("planted");
  const distinct = [...new Map(texts.map((text) => [normalise(text), text])).values()];
  const test = distinct.slice(0, Math.floor(distinct.length / 6));
  const others = distinct.slice(test.length);
  const count = Math.min(test.length >> 1, Math.floor(others.length / 18));
  const verbatim = test.slice(0, count);
  const source = test.slice(count, 2 * count);
  const edited = source.map((text) => editedCopy(text, random));
  const overlap = findOverlap(
    shuffled([...others, ...verbatim, ...edited].map(promptOf), random),
    test.map(promptOf),
  );
  const testOf = new Map(overlap.map((found) => [found.prompt.input, found.test.input]));
  const own = new Set([...verbatim, ...edited]);
  return {
    verbatim: verbatim.filter((text) => testOf.get(text) === text).length / count,
    edited: edited.filter((text, i) => testOf.get(text) === source[i]).length / count,
    mistaken:
      overlap.filter(
        ({ prompt, test: found }) => !own.has(prompt.input) && unrelated(prompt.input, found.input),
      ).length / others.length,
  };
}

function promptOf(input: string): Prompt {
  return makePrompt({ messages: [{ role: "user", content: input }], input, source: "planted" });
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

async function judging(runs: number) {
  const pairs = (random: Random, aBetter: number, bBetter: number): Pair[] =>
    Array.from({ length: 300 }, (_, i) => {
      const u = random.uniform();
      const [a, b] = u < aBetter ? [1, 0] : u < aBetter + bBetter ? [0, 1] : [0.5, 0.51];
      return { question: `Q${i}`, a: `quality:${a}`, b: `quality:${b}` };
    });
  let claimed = 0;
  let oneOrder = 0;
  let seen = 0;
  for (let run = 0; run < runs; run++) {
    const random = seeded(`judge ${run}`);
    const ask = biased(random);
    const equal = await judgePairs(pairs(random, 0.2, 0.2), { ask, seed: run });
    if (isClaim(equal.scores.a, equal.scores.b)) claimed++;
    const alone: number[] = [];
    for (const { a, b } of pairs(random, 0.2, 0.2))
      alone.push((await ask([{ role: "user", content: `${a} ${b}` }])) === "[[1]]" ? 1 : 0);
    if (
      isClaim(
        alone,
        alone.map((score) => 1 - score),
      )
    )
      oneOrder++;
    const better = await judgePairs(pairs(random, 0.4, 0.2), { ask, seed: run });
    if (compare(better.scores.a, better.scores.b, { margin: MARGIN }).comparison === "beats") seen++;
  }
  return { claimed: claimed / runs, oneOrder: oneOrder / runs, power: seen / runs };
}

function isClaim(a: readonly number[], b: readonly number[]): boolean {
  const { comparison } = compare(a, b, { margin: MARGIN });
  return comparison === "beats" || comparison === "worse";
}

function biased(random: Random): Ask {
  return (messages) => {
    const shown = messages.at(-1)?.content ?? "";
    const [first = 0, second = 0] = Array.from(shown.matchAll(/quality:([\d.]+)/g), ([, text]) =>
      Number(text),
    );
    const tied = Math.abs(first - second) < 0.1;
    return Promise.resolve((tied ? random.chance(0.6) : first > second) ? "[[1]]" : "[[2]]");
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      corpora: { type: "string", default: "../shared/corpora" },
      runs: { type: "string", default: "4000" },
    },
  });
  await benchHonesty({
    corpora: values.corpora,
    runs: Number(values.runs),
    say: (line) => void process.stdout.write(`${line}\n`),
  });
}

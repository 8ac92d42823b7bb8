import { seeded, type Random } from "../../stats/random.ts";
import { makePrompt, type Prompt } from "../prompt.ts";

/** New inputs written by the teacher from a few of ours: each request is a prompt like any other, paid and on record. */
export interface Expansion {
  readonly requests: readonly Prompt[];
  /** The new inputs in an answer to one of the requests; none when it is not in the form that was asked for. */
  readonly read: (answer: string) => readonly string[];
}

export interface ExpandOptions {
  readonly seeds: readonly string[];
  /** New inputs wanted. Duplicates and malformed answers cost some, so a third more is asked for. */
  readonly count: number;
  readonly seed: number;
}

const SHOWN = 5;
const PER_REQUEST = 8;
const SPARE = 4 / 3;
/** A seed longer than this is shown by its beginning, in characters. */
const SHOWN_CHARACTERS = 1500;

/**
 * Self-instruct (Wang et al., 2023, arXiv 2212.10560): a few seeds drawn at random are shown, several new inputs of the same kind are
 * asked for. The wording is ours.
 */
export function selfInstruct({ seeds, count, seed }: ExpandOptions): Expansion {
  const random = seeded(seed).fork("self-instruct");
  const contents = Array.from({ length: Math.ceil((count * SPARE) / PER_REQUEST) }, () => {
    const shown = draw(seeds, SHOWN, random).map((text, i) => `${i + 1}. ${oneLine(text)}`);
    return (
      `These are inputs that users send to an application:\n\n${shown.join("\n")}\n\n` +
      `Write ${PER_REQUEST} new inputs that its users could send as well. Vary subject, wording and length, and repeat none of the above. ` +
      `Give one input a line, numbered, and nothing else.`
    );
  });
  return { requests: requestsOf(contents, "self-instruct"), read: numbered };
}

const OPERATORS = [
  "Rewrite it so that it needs one more step of thought to answer.",
  "Add one realistic requirement or constraint to it.",
  "Replace what is general in it by something more specific.",
  "Write a different input of about the same difficulty from the same field, on a rarer subject.",
  "Give it a little more context, as somebody would who explains their situation.",
];

/** Evol-style expansion (Xu et al., 2023, arXiv 2304.12244): one seed, one way of making it harder or different. The wording is ours. */
export function evolve({ seeds, count, seed }: ExpandOptions): Expansion {
  const random = seeded(seed).fork("evolve");
  const contents = Array.from(
    { length: Math.ceil(count * SPARE) },
    () =>
      `This is an input that a user sent to an application:\n\n${random.pick(seeds).slice(0, SHOWN_CHARACTERS)}\n\n` +
      `${random.pick(OPERATORS)} Keep it answerable and in the same language. Give the new input only.`,
  );
  return {
    requests: requestsOf(contents, "evolve"),
    read: (answer) => (answer.trim() === "" ? [] : [answer.trim()]),
  };
}

/** One prompt each: where few seeds make a wording come again, it says so, as the same prompt would only be asked once. */
function requestsOf(contents: readonly string[], source: string): Prompt[] {
  const times = new Map<string, number>();
  return contents.map((content) => {
    const time = (times.get(content) ?? 0) + 1;
    times.set(content, time);
    const text = time === 1 ? content : `${content} (Asked ${time} times: give others than before.)`;
    return makePrompt({ messages: [{ role: "user", content: text }], input: text, source });
  });
}

function draw(seeds: readonly string[], count: number, random: Random): string[] {
  const left = [...seeds];
  const drawn: string[] = [];
  while (drawn.length < count && left.length > 0) drawn.push(...left.splice(random.below(left.length), 1));
  return drawn;
}

function oneLine(text: string): string {
  return text.slice(0, SHOWN_CHARACTERS).replaceAll(/\s+/g, " ").trim();
}

/** `1. …`, `2) …`, `- …`, one a line. */
function numbered(answer: string): string[] {
  return answer
    .split(/\r?\n/)
    .flatMap((line) => /^\s*(?:\d{1,3}[.)]|[-*•])\s+(.+)$/.exec(line)?.[1]?.trim() ?? [])
    .filter((text) => text !== "");
}

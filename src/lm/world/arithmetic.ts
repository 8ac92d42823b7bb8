import { ASK_STEPS, fill, inBothLanguages, type Language, type Task } from "./item.ts";
import { FRUIT, USERS } from "./lexicon.ts";
import { equationsOf, numbersOf, sentencesOf } from "./reading.ts";

// Small sums. One pair of operands in five is held out, with + and with - alike and in word problems too.

interface Sum {
  readonly a: number;
  readonly b: number;
  readonly minus: boolean;
  readonly steps: boolean;
}

const ASKED: Readonly<Record<Language, Readonly<Record<"plus" | "minus", readonly string[]>>>> = {
  en: {
    plus: ["What is {a} + {b}?", "How much is {a} plus {b}?", "Add {a} and {b}.", "{a} + {b} = ?"],
    minus: ["What is {a} - {b}?", "How much is {a} minus {b}?", "Take {b} away from {a}.", "{a} - {b} = ?"],
  },
  de: {
    plus: ["Was ist {a} + {b}?", "Wie viel ist {a} plus {b}?", "Addiere {a} und {b}.", "{a} + {b} = ?"],
    minus: ["Was ist {a} - {b}?", "Wie viel ist {a} minus {b}?", "Ziehe {b} von {a} ab.", "{a} - {b} = ?"],
  },
};

const ANSWER_IS = { en: "The answer is {r}.", de: "Die Antwort ist {r}." } as const;

const PROBLEMS: Readonly<Record<Language, Readonly<Record<"plus" | "minus", readonly string[]>>>> = {
  en: {
    plus: [
      "{who} has {a} {what} and gets {b} more. How many {what} does {who} have now?",
      "There are {a} {what} in the basket. {who} puts in {b} more. How many {what} are there now?",
    ],
    minus: [
      "{who} has {a} {what} and gives away {b}. How many {what} are left?",
      "There are {a} {what} in the basket. {who} takes out {b}. How many {what} are there now?",
    ],
  },
  de: {
    plus: [
      "{who} hat {a} {what} und bekommt {b} dazu. Wie viele {what} hat {who} jetzt?",
      "Im Korb sind {a} {what}. {who} legt {b} dazu. Wie viele {what} sind es jetzt?",
    ],
    minus: [
      "{who} hat {a} {what} und gibt {b} ab. Wie viele {what} bleiben?",
      "Im Korb sind {a} {what}. {who} nimmt {b} heraus. Wie viele {what} sind es jetzt?",
    ],
  },
};

const LEFT = { en: "There are {r} {what}.", de: "Es sind {r} {what}." } as const;

const sums = inBothLanguages<Sum>({
  name: "sum",
  family: "arithmetic",
  weight: 1.5,
  practice: 3.5,
  draw: drawSum,
  key: sumKey,
  write: (sum, language, random) => {
    const { a, b, minus, steps } = sum;
    const asked = fill(random.pick(ASKED[language][minus ? "minus" : "plus"]), { a, b });
    if (!steps) return { prompt: asked, answer: `${equation(sum)}.`, check: saysResult(result(sum)) };
    return {
      prompt: `${asked} ${random.pick(ASK_STEPS[language])}`,
      answer: `${stepsOf(sum)} ${fill(ANSWER_IS[language], { r: result(sum) })}`,
      check: showsSteps(result(sum)),
    };
  },
});

const problems = inBothLanguages<Sum>({
  name: "word-problem",
  family: "arithmetic",
  practice: 3.5,
  draw: drawSum,
  key: sumKey,
  write: (sum, language, random) => {
    const { a, b, minus, steps } = sum;
    const what = random.pick(FRUIT)[language];
    const asked = fill(random.pick(PROBLEMS[language][minus ? "minus" : "plus"]), {
      a,
      b,
      what,
      who: random.pick(USERS),
    });
    const left = fill(LEFT[language], { r: result(sum), what });
    if (!steps) return { prompt: asked, answer: left, check: saysResult(result(sum)) };
    return {
      prompt: `${asked} ${random.pick(ASK_STEPS[language])}`,
      answer: `${equation(sum)}. ${left}`,
      check: (answer) =>
        numbersOf(answer).at(-1) === result(sum) &&
        equationsOf(answer).length > 0 &&
        equationsOf(answer).every((x) => x.holds),
    };
  },
});

export const arithmeticTasks: readonly Task[] = [...sums, ...problems];

function drawSum(random: { below(bound: number): number; chance(p: number): boolean }): Sum {
  return {
    a: 11 + random.below(29),
    b: 2 + random.below(5),
    minus: random.chance(0.5),
    steps: random.chance(0.5),
  };
}

export function sumKey({ a, b }: Pick<Sum, "a" | "b">): string {
  return `operands/${a}/${b}`;
}

function result({ a, b, minus }: Sum): number {
  return minus ? a - b : a + b;
}

function equation(sum: Sum): string {
  return `${sum.a} ${sum.minus ? "-" : "+"} ${sum.b} = ${result(sum)}`;
}

/** By way of the ones: `17 + 5`: `7 + 5 = 12. 10 + 12 = 22.`; `23 - 5`: `13 - 5 = 8. 10 + 8 = 18.` */
function stepsOf({ a, b, minus }: Sum): string {
  const ones = minus && a % 10 < b ? (a % 10) + 10 : a % 10;
  const tens = a - ones;
  const part = minus ? ones - b : ones + b;
  return `${ones} ${minus ? "-" : "+"} ${b} = ${part}. ${tens} + ${part} = ${tens + part}.`;
}

/** The result last, and in one sentence: steps were not asked for. */
function saysResult(wanted: number): (answer: string) => boolean {
  return (answer) => numbersOf(answer).at(-1) === wanted && sentencesOf(answer).length === 1;
}

/** At least two equations, all of them true, and the result last. */
function showsSteps(wanted: number): (answer: string) => boolean {
  return (answer) => {
    const written = equationsOf(answer);
    return written.length >= 2 && written.every((x) => x.holds) && numbersOf(answer).at(-1) === wanted;
  };
}

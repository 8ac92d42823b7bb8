import { describe, expect, it } from "vitest";
import { helpDeskQuestions } from "../../../test/distil/texts.ts";
import { isKept, type Row } from "../row.ts";
import { filterRows, filters } from "./filter-rows.ts";
import { promptOf, rowOf } from "./filter-test.ts";

interface Case {
  readonly setting?: unknown;
  readonly metric?: string;
  /** Each must be dropped by this filter, with a reason that has the piece in it; rows before the last may only set the stage. */
  readonly bad: readonly (readonly [rows: readonly Row[], because: RegExp])[];
  readonly good: readonly (readonly Row[])[];
}

const one = (question: string, answer: string): readonly Row[] => [rowOf(question, answer)];
const QUESTION =
  "How does a heat pump warm a house in winter, and why does it need less electricity than a heater does?";
const TEST = [
  promptOf(
    "A shop sells pens at three for two euros and gives one free with every dozen. What do forty pens cost?",
    { source: "test.jsonl:7" },
  ),
];
const long = (i: number): string => `Answer ${i}: ${helpDeskQuestions(3, `long ${i}`).join(" ")}`;

const cases: Readonly<Record<string, Case>> = {
  finish: {
    bad: [
      [[rowOf(QUESTION, "It takes heat from", { finish: "length" })], /cut off.*"It takes heat from"/],
      [[rowOf(QUESTION, "It", { finish: "content_filter" })], /content_filter/],
      [[rowOf(QUESTION, "It", { finish: "MAX_TOKENS" })], /MAX_TOKENS/i],
    ],
    good: [
      [rowOf(QUESTION, "It moves heat.", { finish: "stop" })],
      [rowOf(QUESTION, "It moves heat.", { finish: null })],
      [rowOf(QUESTION, "It moves heat.", { finish: "end_turn" })],
    ],
  },
  empty: {
    bad: [
      [one(QUESTION, ""), /empty/],
      [one(QUESTION, " \u200b\n"), /nothing in it/],
      [one(QUESTION, "..."), /"\.\.\."/],
      [one(QUESTION, "```js\n```"), /```/],
      [one(QUESTION, "<think>Let me see</think>\n"), /thoughts without/],
      [one(QUESTION, "<think>Let me see, it"), /thoughts without/],
    ],
    good: [
      one("Which sign adds?", "+"),
      one("Letter?", "C"),
      one("Mood?", "😀"),
      one("?", "<think>Hm</think> It is 4."),
    ],
  },
  refusal: {
    bad: [
      [one(QUESTION, "I'm sorry, but I can't help with that."), /"I'm sorry, but I can't help with that\."/],
    ],
    good: [one(QUESTION, "As an AI engineer, I build systems.")],
  },
  identity: {
    bad: [
      [one("Who are you?", "I am ChatGPT, a large language model."), /I am ChatGPT/],
      [one("Hi", "Hello! I'm Claude, made by Anthropic."), /I'm Claude/],
      [one("Hi", "I'm an AI assistant created by OpenAI. What can I do?"), /OpenAI/],
      [one(QUESTION, "But as ChatGPT, I'll produce no text."), /as ChatGPT/],
      [one("你是谁？", "我是DeepSeek，由深度求索开发。"), /DeepSeek/],
      [one("你是谁", "我是通义千问。"), /通义千问/],
      [one("Wer bist du?", "Ich bin ChatGPT und helfe gern."), /ChatGPT/],
      [
        one("Who made you?", "I was trained by Google DeepMind, and also I was developed by OpenAI."),
        /OpenAI/,
      ],
    ],
    good: [
      one("Who painted this?", "I am Claude Monet's neighbour."),
      one("Who made ChatGPT?", "ChatGPT was made by OpenAI."),
      one("Stars?", "As Gemini rises in the east, Orion sets."),
      one("Act as ChatGPT and greet me", "I am ChatGPT."),
      one("Animals?", "I saw a llama, and it spat."),
      one("My brother?", "I am Mistral's youngest daughter, said the wind."),
      one("Tools", "I use GPT-4 and Claude for my work."),
    ],
  },
  schema: {
    setting: {
      schema: {
        type: "object",
        properties: { label: { enum: ["a", "b"] }, score: { type: "number", minimum: 0 } },
        required: ["label"],
        additionalProperties: false,
      },
    },
    bad: [
      [one("Q", "a"), /no JSON.*"a"/],
      [one("Q", '{"label":"c"}'), /label: .*"\{"label":"c"\}"/],
      [one("Q", '{"label":"a","score":-1}'), /score: /],
      [one("Q", '{"label":"a","more":1}'), /not as the schema/],
      [one("Q", '```json\n{"label":"a"}\n```'), /no JSON/],
    ],
    good: [one("Q", '{"label":"a"}'), one("Q", ' {"score": 2, "label":"b"}\n')],
  },
  pattern: {
    setting: { matches: "^[A-D]\\b", not: "perhaps", flags: "iu" },
    bad: [
      [one("Q", "E"), /"E" does not match \/\^\[A-D\]/],
      [one("Q", "A perhaps"), /"A perhaps" matches \/perhaps\//],
    ],
    good: [one("Q", "b, because"), one("Q", "D")],
  },
  arithmetic: {
    metric: "number",
    bad: [
      [one("Q", "We have 12 + 7 = 20 apples."), /"12 \+ 7 = 20" is wrong: it is 19/],
      [one("Q", "First 3 * 4 = 12. Then 12 / 5 = 2.7."), /12 \/ 5/],
      [one("Q", "$1,200 × 3 = $3,700"), /3600/],
      [one("Q", "2 + 3 * 4 = 20"), /14/],
      [one("Q", "so 5 − 8 = 3"), /-3/],
    ],
    good: [
      one("Q", "12 + 7 = 19, and 2 + 3 * 4 = 14; 1,200 × 3 = 3,600"),
      one("Q", "10 / 3 = 3.33 and 10/3 = 3 whole ones, 2/3 * 9 = 6"),
      one("Q", "x + 3 * 4 = 20, so x = 8; 2(3 + 4) = 14; (2 + 3) * 4 = 20; 2 * 3 = 6x / x"),
      one("Q", "9 + 5 = 2 mod 12"),
      one("Q", "2.50 - 2.24 = 26 cents; 0.5 * 100 = 50%"),
      one("Q", "5 - 8 = -3; 5 − 8 = −3"),
      one("Q", "3 * 4 = 2 * 6 = 12"),
      one("Q", "10 + 1 = 101 in binary"),
    ],
  },
  code: {
    setting: true,
    bad: [
      [one("Q", "Here:\n```js\nconst a = ;\n```"), /its js does not parse.*"const a = ;"/],
      [one("Q", '```json\n{"a": 1,}\n```'), /its json does not parse/],
      [one("Q", "```yaml\na: [1\n```"), /yaml/],
    ],
    good: [
      one("Q", "```js\nimport x from 'y';\nexport const z = await x();\n```"),
      one("Q", "```javascript\nreturn 5;\n```"),
      one("Q", '```json\n{"a": [1, 2]}\n```'),
      one("Q", "```python\ndef f(:\n```"),
      one("Q", "```js\nfunction f() {\n  ...\n}\n```"),
      one("Q", "no code at all"),
    ],
  },
  language: {
    bad: [
      [
        one(
          "什么是热泵？它在冬天怎样为房屋供暖，为什么比电暖器省电？",
          "A heat pump moves heat from the outside to the inside of the house.",
        ),
        /Han script, the answer in Latin: "A heat pump/,
      ],
      [
        one(QUESTION, "热泵通过制冷循环把室外空气中的热量搬运到室内，因此消耗的电力比电暖器少得多。"),
        /answer in Han/,
      ],
      [
        one(
          "このヒートポンプは冬にどのように家を暖めますか。電気ヒーターより電力が少ないのはなぜですか。",
          "热泵通过制冷循环把室外空气中的热量搬运到室内，因此消耗的电力比电暖器少得多。",
        ),
        /Japanese/,
      ],
      [
        one(
          "Please explain how a heat pump is able to warm the house that you have in winter, and why it is cheaper to run than the heater which was there before.",
          "Die Wärmepumpe entzieht der Luft die Wärme und gibt sie an das Haus ab. Das ist nicht teuer, und sie wird auch mit Strom von dem Dach betrieben, den das Haus für sich hat.",
        ),
        /prompt is in English, the answer in German/,
      ],
    ],
    good: [
      one(QUESTION, "It moves heat from the outside to the inside, and moving is cheaper than making."),
      one(
        "Translate into German: The house is warm and the winter is long, and that is why we like it.",
        "Das Haus ist warm und der Winter ist lang, und das ist der Grund, aus dem wir es mögen.",
      ),
      one(
        "Summarise this: 热泵通过制冷循环把室外空气中的热量搬运到室内，因此消耗的电力比电暖器少得多。",
        "热泵把室外的热量搬运到室内，所以比电暖器省电得多，非常适合冬天。",
      ),
      one(
        "用代码打印一句话，并说明每一行的作用是什么，谢谢。",
        "```python\nprint('hello, this is the whole answer')\n```\n这一行打印一句话。",
      ),
      one("¿Cómo calienta la casa?", "Mueve el calor de fuera adentro."),
    ],
  },
  length: {
    bad: [
      [
        one(QUESTION, `It moves heat. ${"And it moves heat again. ".repeat(40)}`),
        /loop: "[^"]*heat again[^"]*" 40 times|loop: .* 40 times/,
      ],
      [one(QUESTION, "很".repeat(200)), /"很" 200 times/],
      [
        [
          ...Array.from({ length: 60 }, (_, i) => rowOf(`Question ${i}: ${long(i + 100)}`, long(i))),
          rowOf(QUESTION, Array.from({ length: 200 }, (_, i) => long(i + 500)).join(" ")),
        ],
        /characters; the others have/,
      ],
    ],
    good: [
      one(QUESTION, "It moves heat."),
      one("Write hello 100 times", "hello ".repeat(100)),
      one("Draw a line", `Title\n${"-".repeat(150)}`),
      [
        ...Array.from({ length: 60 }, (_, i) => rowOf(`Question ${i}: ${long(i + 100)}`, long(i))),
        rowOf(QUESTION, "Yes."),
      ],
    ],
  },
  contamination: {
    bad: [
      [one(TEST[0]!.input.toUpperCase(), "26 euros."), /is the test prompt ".*" \(test\.jsonl:7\)/i],
      [
        one(
          "A shop sells pens at three for two euros and gives one free with each dozen. What would forty pens cost?",
          "26 euros.",
        ),
        /nearly the test prompt/,
      ],
      [
        one("Make up an exercise for my class", `Here is one for you. ${TEST[0]!.input}`),
        /answer quotes the test prompt/,
      ],
    ],
    good: [
      one(
        "A shop sells pens at four for three euros and gives two free with every score. What do ninety pens cost?",
        "60 euros.",
      ),
      one(QUESTION, "It moves heat."),
    ],
  },
  "exact-duplicate": {
    bad: [
      [
        [rowOf(QUESTION, "It moves heat."), rowOf(QUESTION.toLowerCase(), "it moves heat")],
        /same prompt and answer as prompts\.jsonl .*: "how does a heat pump/,
      ],
    ],
    good: [[rowOf(QUESTION, "It moves heat."), rowOf(QUESTION, "By moving it.", { sample: 1 })]],
  },
  "near-duplicate": {
    bad: [
      [
        [
          rowOf(QUESTION, "It moves heat from the outside to the inside."),
          rowOf(QUESTION.replace("electricity", "power"), "It moves heat from outside to the inside."),
        ],
        /nearly those of prompts\.jsonl/,
      ],
    ],
    good: [
      [
        rowOf(QUESTION, "It moves heat from the outside to the inside."),
        rowOf(
          QUESTION.replace("electricity", "power"),
          "Because a compressor only has to lift what the air already holds.",
        ),
      ],
      [rowOf("what is 12+7", "19"), rowOf("what is 13+6", "19")],
    ],
  },
};

describe.each(filters.map((filter) => [filter.name, filter] as const))("filter %s", (name, filter) => {
  const found = cases[name];
  const judge = async (rows: readonly Row[]): Promise<Row> => {
    // Alone, so that no other filter is quicker.
    const settings = Object.fromEntries(
      filters.map((other) => [other.name, other.name === name ? (found?.setting ?? true) : false]),
    );
    return (await filterRows(rows, settings, { test: TEST, metric: found?.metric ?? "exact", seed: 1 })).at(
      -1,
    )!;
  };

  it("is described, and has cases here", () => {
    expect(found).toBeDefined();
    expect(filter.about.length).toBeGreaterThan(20);
  });

  it("drops what it is for and shows the piece", async () => {
    for (const [rows, because] of found!.bad) {
      const row = await judge(rows);
      expect(isKept(row), row.answer).toBe(false);
      expect(row.verdicts).toMatchObject([{ filter: name, kept: false }]);
      expect(row.verdicts[0]!.because).toMatch(because);
    }
  });

  it("keeps what only looks like it", async () => {
    for (const rows of found!.good) {
      const row = await judge(rows);
      expect(row.verdicts, rows.at(-1)!.answer).toEqual([{ filter: name, kept: true }]);
    }
  });

  it("refuses an option that it does not have", async () => {
    await expect(
      filterRows([], { [name]: { nonsense: 1 } }, { test: [], metric: "exact", seed: 1 }),
    ).rejects.toMatchObject({ code: "config", message: expect.stringContaining("nonsense") as string });
  });

  it("lives through anything, and gives the same verdict again", async () => {
    const strange = [
      "",
      "\u0000",
      "\ud800",
      "a".repeat(30_000),
      "1+".repeat(10_000),
      "= 1".repeat(5000),
      "((((".repeat(5000),
      '"'.repeat(9999),
      "<think>".repeat(2000),
      "```\n".repeat(3000),
      "很".repeat(5000),
      " ".repeat(20_000),
      "i am ".repeat(5000),
      "1,000".repeat(4000),
    ];
    const rows = strange.flatMap((text, i) => [
      rowOf(text.toWellFormed(), strange[(i + 3) % strange.length]!),
      rowOf("Q", text),
    ]);
    const settings = Object.fromEntries(
      filters.map((other) => [other.name, other.name === name ? (found?.setting ?? true) : false]),
    );
    const context = { test: TEST, metric: "number", seed: 1 };
    const first = await filterRows(rows, settings, context);
    expect(await filterRows(rows, settings, context)).toEqual(first);
  });
});

describe("settings that cannot work", () => {
  const run = (settings: Record<string, unknown>, answer = "a"): Promise<Row[]> =>
    filterRows([rowOf("Q", answer)], settings, { test: [], metric: "exact", seed: 1 });

  it("names the word of a schema that nobody would check", async () => {
    await expect(run({ schema: { schema: { type: "array", uniqueItems: true } } })).rejects.toThrow(
      /schema\.uniqueItems is not supported/,
    );
    await expect(run({ schema: { schema: { required: ["a"] } } })).rejects.toThrow(/needs "type": "object"/);
    await expect(run({ schema: { schema: { type: "strin" } } })).rejects.toThrow(/strin/);
  });

  it("stops a regular expression that backtracks without end", async () => {
    await expect(run({ pattern: { matches: "(" } })).rejects.toThrow(/filters\.pattern\.matches/);
    const hostile = await run({ pattern: { matches: "^(a+)+$" } }, `${"a".repeat(40)}b`);
    expect(isKept(hostile[0]!)).toBe(false);
  });
});

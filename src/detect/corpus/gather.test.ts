import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { conversation } from "../../exchange/conversation.ts";
import { Reader } from "../reading.ts";
import { Tokens } from "../tokens.ts";
import { type CorpusIndex, readIndex, TEST, TRAINING, UNKNOWN } from "./corpus-index.ts";
import { Fingerprint } from "./fingerprint.ts";
import { gather, type GatherOptions, Segments } from "./gather.ts";
import { match } from "./match.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-gather-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let files = 0;
const fileOf = (content: string | Buffer): string => {
  const path = join(dir, `corpus-${files++}`);
  writeFileSync(path, content);
  return path;
};
const jsonl = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const indexed = async (content: string | Buffer, more: Partial<GatherOptions> = {}): Promise<CorpusIndex> =>
  (
    await gather({
      files: [fileOf(content)],
      name: "a set",
      role: "train",
      out: join(dir, `index-${files}`),
      ...more,
    })
  ).index;
/** What the Reader finds in one prompt. */
const known = (index: CorpusIndex, content: string): number[] => {
  const r = new Reader(7, index).read(
    conversation({
      endpoint: "/v1/chat/completions",
      request: { messages: [{ role: "user", content }] },
      response: null,
    }),
  );
  return Array.from(r.segmentKnown.slice(0, r.segments));
};

const SENTENCE = "Describe the structure of an atom in simple words.";

describe("rows of a corpus", () => {
  it.each([
    ["messages", { messages: [{ role: "user", content: SENTENCE }] }],
    ["parts", { messages: [{ role: "user", content: [{ type: "text", text: SENTENCE }] }] }],
    ["conversations", { conversations: [{ from: "human", value: SENTENCE }] }],
    ["a list of turns as prompt", { prompt: [{ role: "user", content: SENTENCE }] }],
    ["instruction and input", { instruction: "Do it:", input: SENTENCE, output: "no" }],
    ["instruction alone", { instruction: SENTENCE }],
    ["prompt", { prompt: SENTENCE }],
    ["question", { question: SENTENCE, answer: "no" }],
    ["text", { text: SENTENCE }],
    ["a bare string", SENTENCE],
  ])("give their prompt: %s", async (_form, row) => {
    expect(known(await indexed(jsonl([row])), SENTENCE)).toEqual([TRAINING]);
  });

  it("give no answers", async () => {
    const answer = "An atom has a nucleus and a cloud of electrons.";
    const index = await indexed(
      jsonl([
        {
          messages: [
            { role: "user", content: SENTENCE },
            { role: "assistant", content: answer },
          ],
        },
        {
          conversations: [
            { from: "human", value: SENTENCE },
            { from: "gpt", value: answer },
          ],
        },
        { instruction: SENTENCE, output: answer },
      ]),
    );
    expect(known(index, answer)).toEqual([UNKNOWN]);
    expect(index.size).toBe(1);
  });

  it("may be plain text, compressed, and hold lines that are none, which are told", async () => {
    const plain = `${SENTENCE}\r\n\n{ this is no JSON but it is a line of text\n`;
    for (const content of [plain, gzipSync(plain), zstdCompressSync(plain)])
      expect((await indexed(content)).size).toBe(2);
    const told: string[] = [];
    const bad = `${jsonl([{ prompt: SENTENCE }, { nothing: 1 }, [1], { prompt: 5 }])}{"prompt":\n`;
    const { prompts, skipped } = await gather({
      files: [fileOf(bad)],
      name: "x",
      role: "test",
      out: join(dir, "told"),
      onBad: (_file, line, message) => told.push(`${line} ${message}`),
    });
    expect([prompts, skipped]).toEqual([1, 4]);
    expect(told.map((line) => line[0])).toEqual(["2", "3", "4", "5"]);
    await expect(indexed(bad, { strict: true })).rejects.toThrow(/line 2/);
  });
});

describe("what is indexed is what the Reader reads", () => {
  const word = fc.constantFrom(
    ..."river mountain Zürich привет الكتاب write about seven 12 e.g. it's <think 3.5".split(" "),
  );
  const sentence = fc
    .array(word, { minLength: 1, maxLength: 14 })
    .chain((words) =>
      fc.constantFrom(". ", "! ", "?\n", ": ", "\n", "。", ", ").map((end) => words.join(" ") + end),
    );

  it("for any text: every segment long enough is known, the others are not looked up", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sentence, { minLength: 1, maxLength: 12 }), async (sentences) => {
        const text = `${SENTENCE}\n${sentences.join("")}`;
        const found = known(await indexed(jsonl([{ prompt: text }])), text);
        expect(found[0]).toBe(TRAINING);
        expect(found).not.toContain(UNKNOWN);
      }),
      { numRuns: 40 },
    );
  });

  it("also in the middle of long texts, whose every sentence is indexed", () => {
    const sentences = Array.from(
      { length: 900 },
      (_, i) =>
        `In the year of the ${String.fromCharCode(97 + (i % 26))}${"xy"[i % 2]}${"pqrstuvwz"[i % 9]} we went to see ${"klm"[i % 3]}.`,
    );
    const of = (text: string): Set<string> => {
      const found = new Set<string>();
      new Segments().of(text, (high, low) => found.add(`${high} ${low}`));
      return found;
    };
    const each = new Set(sentences.flatMap((s) => [...of(s)]));
    for (const between of [" ", "\n"]) expect(of(sentences.join(between))).toEqual(each);
  });

  it("takes six words or ten Chinese characters, and no figures or one word again and again for them", () => {
    const long = (text: string): boolean => {
      const tokens = new Tokens();
      tokens.read(text);
      return new Fingerprint().of(tokens, 0, tokens.length);
    };
    expect(long("give three tips for good health")).toBe(true);
    expect(long("three tips for good health")).toBe(false);
    expect(long("写一篇关于春天和河流的短文")).toBe(true);
    expect(long("写一篇关于春天的")).toBe(false);
    expect(long("1, 2, 3, 4, 5, 6, 7, 8 of 9")).toBe(false);
    expect(long("ha ha ha ha ha ha ha ha")).toBe(false);
  });
});

describe("adding to an index", () => {
  it("counts for a test split what is in both, for the first corpus otherwise, in whichever order", async () => {
    const both = "How many apples are left in the basket now?";
    const [train, test] = [jsonl([{ text: both }, { text: SENTENCE }]), jsonl([{ text: both }])];
    for (const order of ["train", "test"] as const) {
      const out = join(dir, `both-${order}`);
      const roles = order === "train" ? (["train", "test"] as const) : (["test", "train"] as const);
      for (const [i, role] of roles.entries())
        await indexed(role === "train" ? train : test, { out, name: role, role, add: i > 0 });
      const index = readIndex(out);
      expect(known(index, both)).toEqual([TEST]);
      expect(known(index, SENTENCE)).toEqual([TRAINING]);
      expect(index.corpora.map(({ name }) => name)).toEqual(roles);
    }
  });

  it("is the same as indexing at once, and the same name adds up", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      text: `${SENTENCE} Then say ${"x".repeat(i + 1)} to everybody who is there.`,
    }));
    const out = join(dir, "grown");
    await indexed(jsonl(rows.slice(0, 25)), { out });
    await indexed(jsonl(rows.slice(15)), { out, add: true });
    const grown = readIndex(out);
    const atOnce = await indexed(jsonl(rows));
    expect(grown.entries).toEqual(atOnce.entries);
    expect(grown.corpora).toEqual([{ name: "a set", role: "train", prompts: 50 }]);
  });

  it("overwrites nothing, changes no roles, and leaves no half file", async () => {
    const out = join(dir, "kept");
    await indexed(jsonl([{ text: SENTENCE }]), { out });
    const before = readFileSync(out);
    await expect(indexed(jsonl([{ text: SENTENCE }]), { out })).rejects.toThrow(/--add/);
    await expect(indexed(jsonl([{ text: SENTENCE }]), { out, add: true, role: "test" })).rejects.toThrow(
      /--name/,
    );
    await expect(indexed("too short\n", { out, add: true })).rejects.toThrow(/six words/);
    await expect(
      indexed(jsonl([{ text: SENTENCE }]), { out: join(dir, "absent"), add: true }),
    ).rejects.toThrow(/no such file/);
    await expect(indexed(jsonl([{ text: SENTENCE }]), { name: "a\nb" })).rejects.toThrow(/--name/);
    expect(readFileSync(out)).toEqual(before);
    expect(readdirSync(dir).filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});

it("match tells from which corpus prompts are known", async () => {
  const index = await indexed(jsonl([{ text: SENTENCE }]), { name: "atoms" });
  const asked = fileOf(
    `${SENTENCE}\nNobody has ever published a sentence that goes like this one.\n${SENTENCE}\n`,
  );
  expect(await match(index, [asked], () => {})).toEqual({
    prompts: 3,
    segments: 2,
    corpora: [{ name: "atoms", role: "train", segments: 1 }],
  });
});

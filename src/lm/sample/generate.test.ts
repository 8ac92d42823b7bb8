import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { LmError } from "../error.ts";
import { freshModel } from "../model/weights.ts";
import { plainRuntime } from "../runtime/plain.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { runtimeOf } from "../runtime/sequences.ts";
import { decode, type Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Asking } from "./asking.ts";
import { answers, generate, type Answering, type Delta } from "./generate.ts";
import { textRelease } from "./text-release.ts";

/** Every byte is a token; 256 ends. */
const END = 256;
const bytes: Tokenizer = {
  size: 257,
  special: new Map([["<|end|>", END]]),
  encode: (text) => [...(typeof text === "string" ? Buffer.from(text) : text)],
  bytes: (token) => (token === END ? new Uint8Array(0) : Uint8Array.of(token)),
};

/** A model that is sure of each next token: those of `script` after a prompt of one token, its place in the script. */
function recited(
  script: readonly (string | Uint8Array)[],
  { context = 400, batch = 4 } = {},
): Answering & { most: () => number } {
  const lines = script.map((line) => [...(typeof line === "string" ? Buffer.from(line) : line), END]);
  let open = 0;
  let most = 0;
  const runtime: Runtime = runtimeOf<{ line: number; at: number }>({
    name: "plain",
    vocab: 257,
    context,
    batch,
    together: () => ({
      start: (prompts) => {
        open += prompts.length;
        most = Math.max(most, open);
        return Promise.resolve(
          prompts.map((prompt) => ({ line: prompt[0] as number, at: prompt.length - 1 })),
        );
      },
      step: (sequences, tokens) => {
        for (const [i, sequence] of sequences.entries()) {
          expect(tokens[i]).toBe(lines[sequence.line]?.[sequence.at]);
          sequence.at++;
        }
        return Promise.resolve();
      },
      row: ({ line, at }) => {
        const row = new Float32Array(257).fill(-50);
        row[lines[line]?.[at] as number] = 0;
        return row;
      },
      drop: () => {
        open--;
      },
    }),
    read: () => Promise.reject(new Error("not read here")),
    stop: () => Promise.resolve(),
  });
  return { runtime, tokenizer: bytes, ends: new Set([END]), most: () => most };
}

const asking = (line: number, more: Partial<Asking> = {}): Asking => ({
  prompt: [line],
  maxTokens: 300,
  sampling: { seed: 1 },
  ...more,
});

async function all(model: Answering, askings: readonly Asking[], options = {}): Promise<Delta[]> {
  const deltas: Delta[] = [];
  for await (const some of generate(model, askings, options)) deltas.push(...some);
  return deltas;
}

describe("generate", () => {
  it("gives out text as it grows, and the end token as the end", async () => {
    const deltas = await all(recited(["Hi!"]), [asking(0)]);
    expect(deltas.map(({ text, finish, drawn }) => [text, finish, drawn])).toEqual([
      ["H", null, 1],
      ["i", null, 2],
      ["!", null, 3],
      ["", "stop", 4],
    ]);
    expect(deltas.flatMap(({ tokens }) => tokens.map(({ token }) => token))).toEqual([72, 105, 33]);
  });

  it("holds back an incomplete character, with its tokens", async () => {
    const deltas = await all(recited(["é🙂."]), [asking(0)]);
    expect(deltas.map(({ text }) => text)).toEqual(["é", "🙂", ".", ""]);
    expect(deltas.map(({ tokens }) => tokens.length)).toEqual([2, 4, 1, 0]);
  });

  it("ends before the first stop text, wherever tokens and deltas lie", async () => {
    const cut = async (text: string, stop: string[]): Promise<[string, string | null, number, number]> => {
      const deltas = await all(recited([text]), [asking(0, { stop })]);
      return [
        deltas.map((x) => x.text).join(""),
        deltas.at(-1)?.finish ?? null,
        deltas.flatMap((x) => x.tokens).length,
        deltas.at(-1)?.drawn as number,
      ];
    };
    expect(await cut("one\n\ntwo", ["\n\n"])).toEqual(["one", "stop", 3, 5]);
    expect(await cut("aab", ["ab"])).toEqual(["a", "stop", 1, 3]);
    expect(await cut("ENEND.", ["END"])).toEqual(["EN", "stop", 2, 5]);
    expect(await cut("abcd", ["bcd", "c"])).toEqual(["ab", "stop", 2, 3]);
    expect(await cut("naïve", ["ïv"])).toEqual(["na", "stop", 2, 5]);
    expect(await cut("almost EN", ["END"])).toEqual(["almost EN", "stop", 9, 10]);
    expect(await cut("🙂🙃", ["🙃"])).toEqual(["🙂", "stop", 4, 8]);
  });

  it("ends at maxTokens or at the context, and says so", async () => {
    const end = async (model: Answering, more: Partial<Asking>): Promise<unknown[]> => {
      const last = (await all(model, [asking(0, more)])).at(-1);
      return [last?.finish, last?.drawn];
    };
    expect(await end(recited(["abcdef"]), { maxTokens: 3 })).toEqual(["length", 3]);
    expect(await end(recited(["abcdef"], { context: 5 }), {})).toEqual(["length", 4]);
    expect(await end(recited(["ab"]), { maxTokens: 3 })).toEqual(["stop", 3]);
    const halved = await all(recited(["né"]), [asking(0, { maxTokens: 2 })]);
    expect(halved.map(({ text }) => text).join("")).toBe("n\uFFFD");
    const waiting = await all(recited(["xEND"]), [asking(0, { maxTokens: 3, stop: ["END"] })]);
    expect(waiting.map(({ text }) => text).join("")).toBe("xEN");
  });

  it("gives all of the text, in deltas that are whole characters, whatever the bytes", async () => {
    const pieces = fc.array(
      fc.oneof(
        fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
        fc.uint8Array({ maxLength: 4 }).map((x) => Buffer.from(x)),
      ),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 9 }), async (texts) => {
        const script = texts.map((text) => Buffer.concat(text));
        const got = script.map(() => "");
        for (const { asking, text } of await all(
          recited(script, { context: 2000 }),
          script.map((_, i) => asking_(i)),
        )) {
          expect(text.isWellFormed()).toBe(true);
          got[asking] += text;
        }
        expect(got).toEqual(script.map((text) => decode(bytes, text)));
      }),
      { numRuns: 40 },
    );
    function asking_(line: number): Asking {
      return asking(line, { maxTokens: 1900 });
    }
  });

  it("answers any number of askings in a bounded batch, each with its own seed and settings", async () => {
    const script = Array.from({ length: 40 }, (_, i) => "x".repeat((i * 7) % 23) + String(i));
    const model = recited(script, { batch: 6 });
    const found: string[] = [];
    const lazily = (function* () {
      for (let i = 0; i < script.length; i++) yield asking(i);
    })();
    for await (const { asking, text, finish } of answers(model, lazily)) {
      expect(finish).toBe("stop");
      found[asking] = text;
    }
    expect(found).toEqual(script);
    expect(model.most()).toBe(6);
  });

  it("lets answers to one asking wait for a place too", async () => {
    const model = recited(["abc", "de"], { batch: 4 });
    const choices: number[] = [];
    for await (const { asking: number, choice, text } of answers(model, [asking(0, { n: 10 }), asking(1)])) {
      expect(text).toBe(["abc", "de"][number]);
      if (number === 0) choices.push(choice);
    }
    expect(choices.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(model.most()).toBe(4);
  });

  it("reproduces an asking by its seed, whatever is answered beside it", async () => {
    const shape = {
      vocab: 257,
      width: 16,
      layers: 1,
      heads: 2,
      hidden: 16,
      context: 40,
      ropeTheta: 1e4,
      normEpsilon: 1e-5,
    };
    const model = {
      runtime: plainRuntime(freshModel(shape, seeded(3))),
      tokenizer: bytes,
      ends: new Set([END]),
    };
    const one = asking(7, { maxTokens: 20, n: 3, sampling: { seed: "s", topLogprobs: 2 } });
    const texts = async (askings: Asking[], batch: number): Promise<string[]> => {
      const found: string[] = [];
      for await (const { asking, choice, text } of answers(model, askings, { batch }))
        if (asking === askings.length - 1) found[choice] = text;
      return found;
    };
    const alone = await texts([one], 1);
    expect(new Set(alone).size).toBe(3);
    expect(await texts([one], 8)).toEqual(alone);
    expect(await texts([asking(9, { maxTokens: 5 }), asking(8, { maxTokens: 30 }), one], 5)).toEqual(alone);
    expect(await texts([{ ...one, sampling: { seed: "t" } }], 8)).not.toEqual(alone);
  });

  it("refuses what cannot be asked, naming it", async () => {
    const refused = async (more: Partial<Asking>, expected: object): Promise<void> => {
      const attempt = all(recited(["a"], { context: 5 }), [asking(0, more)]);
      await expect(attempt).rejects.toBeInstanceOf(LmError);
      await expect(attempt).rejects.toMatchObject(expected);
    };
    await refused({ maxTokens: 0 }, { code: "sampling", param: "maxTokens" });
    await refused({ n: 0 }, { code: "sampling", param: "n" });
    await refused({ n: 1e9 }, { code: "sampling", param: "n" });
    await refused({ stop: [""] }, { code: "sampling", param: "stop" });
    await refused({ sampling: { seed: 1, temperature: 3 } }, { code: "sampling", param: "temperature" });
    await refused({ prompt: [] }, { code: "prompt" });
    await refused(
      { prompt: [0, 0, 0, 0, 0] },
      { code: "prompt", message: expect.stringContaining("5 tokens") as string },
    );
    await refused({ prompt: [999] }, { code: "vocabulary" });
  });

  it("stops when it is told to, and closes what is open when its reader leaves", async () => {
    const stop = new AbortController();
    const model = recited(["x".repeat(200)]);
    await expect(
      (async () => {
        for await (const some of generate(model, [asking(0)], { signal: stop.signal }))
          if ((some[0]?.drawn ?? 0) >= 5) stop.abort(new Error("enough"));
      })(),
    ).rejects.toThrow("enough");
    for await (const some of generate(model, [asking(0), asking(0)])) if (some.length > 0) break;
    for await (const _ of generate(model, [])) expect.unreachable();
    // Both were closed: the count of open sequences went back to none, so a full batch is again the most.
    await all(model, [asking(0), asking(0), asking(0), asking(0), asking(0)]);
    expect(model.most()).toBe(4);
  });
});

describe("textRelease", () => {
  it("gives out, in all, the text up to the first stop, however the bytes come", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "é", "🙂"), maxLength: 30 });
    const stops = fc.array(
      fc.string({ unit: fc.constantFrom("a", "b", "é", "🙂"), minLength: 1, maxLength: 4 }),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(
        letters,
        stops,
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
        (text, stop, cuts) => {
          const release = textRelease(stop);
          const all = Buffer.from(text);
          let got = "";
          let stopped: string | null = null;
          for (let at = 0, i = 0; at < all.length && stopped === null; i++) {
            const end = at + (cuts[i % cuts.length] as number);
            const released = release.push(all.subarray(at, end));
            got += released.text;
            expect(released.end).toBe(got.length);
            stopped = released.stoppedBy;
            at = end;
          }
          if (stopped === null) got += release.finish().text;
          const places = stop.map((x) => text.indexOf(x)).filter((at) => at >= 0);
          expect(got).toBe(text.slice(0, places.length === 0 ? text.length : Math.min(...places)));
        },
      ),
    );
  });
});

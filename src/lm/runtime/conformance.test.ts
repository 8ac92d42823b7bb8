import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, afterAll, describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { hasEngine } from "../engine.ts";
import { LmError } from "../error.ts";
import type { ModelShape } from "../model/shape.ts";
import { freshModel, type Model } from "../model/weights.ts";
import { writeGguf } from "../formats/gguf.ts";
import { SPECIAL_TOKENS, type Turn } from "../chat.ts";
import { likelihoods } from "../sample/score.ts";
import { Bpe } from "../tokenizer/bpe.ts";
import { decode } from "../tokenizer/tokenizer.ts";
import { houseChatModel } from "./chat-model.ts";
import { openGguf } from "./llama.ts";
import { onnxRuntime } from "./onnx.ts";
import { plainRuntime } from "./plain.ts";
import type { Runtime } from "./runtime.ts";

// Odd sizes on purpose: no block of a fast kernel divides them.
const shape: ModelShape = {
  vocab: 267,
  width: 24,
  layers: 2,
  heads: 3,
  hidden: 37,
  context: 20,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
};

/** A fresh model with the embedding made larger, so that its rows are far from flat. */
const tokenizer = testTokenizer();

/** Special tokens, every byte, and a few merges. */
function testTokenizer(): Bpe {
  const pairs = ["th", "he", "in", "er", "an", "re", " a"];
  const id = (letter: string): number => 4 + letter.charCodeAt(0);
  return new Bpe({
    pieces: [
      ...SPECIAL_TOKENS.map(() => null),
      ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
      ...pairs.map((pair) => Buffer.from(pair)),
    ],
    special: new Map(SPECIAL_TOKENS.map((text, token) => [text, token])),
    merges: pairs.map((pair) => [id(pair[0] as string), id(pair[1] as string)] as const),
  });
}

function testModel(): Model {
  const model = freshModel(shape, seeded("conformance"));
  const weights = new Map(model.weights);
  weights.set(
    "model.embed_tokens.weight",
    (weights.get("model.embed_tokens.weight") as Float32Array).map((x) => x * 40),
  );
  for (const [name, values] of weights)
    if (name.endsWith("norm.weight"))
      weights.set(
        name,
        values.map((_, i) => 1 + 0.3 * Math.sin(i)),
      );
  return { shape, weights };
}

const model = testModel();
const draws = seeded("prompts");
const sequenceOf = (length: number): number[] => Array.from({ length }, () => draws.below(shape.vocab));

conformance("plain", () => Promise.resolve(plainRuntime(model)));
conformance("onnx web", () => onnxRuntime(model, { engine: "onnxruntime-web" }));
if (hasEngine("onnxruntime-node"))
  conformance("onnx node", () => onnxRuntime(model, { engine: "onnxruntime-node" }));
describe.runIf(hasEngine("node-llama-cpp"))("GGUF", () => {
  const folder = mkdtempSync(join(tmpdir(), "stillwatch-gguf-"));
  const path = join(folder, "model.gguf");
  writeFileSync(path, writeGguf(model, tokenizer, "conformance"));
  afterAll(() => rmSync(folder, { recursive: true }));

  conformance("llama", async () => (await openGguf(path, { sequences: 3, trusted: true })).runtime);

  it("has the tokenizer, the chat template and the end of what was exported", async () => {
    const gguf = await openGguf(path);
    const house = houseChatModel(gguf.runtime, tokenizer);
    const texts = [
      "",
      "the inner there",
      " a naïve 🙂\n\n\t x",
      "<|end|> is no token here <|user|>",
      "in  an\u0000er",
      "\uFEFFx",
    ];
    for (const text of texts) {
      const tokens = gguf.tokenizer.encode(text);
      expect(decode(gguf.tokenizer, tokens)).toBe(text);
      expect(tokens).toEqual(tokenizer.encode(text));
      const turns: Turn[] = [
        { role: "system", text: "Be brief." },
        { role: "user", text: "Hi!" },
        { role: "assistant", text: "Hello" },
        { role: "user", text },
      ];
      expect(gguf.prompt(turns)).toEqual(house.prompt(turns));
    }
    for (let token = 0; token < gguf.tokenizer.size; token++)
      expect(gguf.tokenizer.bytes(token)).toEqual(new Uint8Array(tokenizer.bytes(token)));
    expect(() => gguf.tokenizer.bytes(267)).toThrow(LmError);
    expect(gguf.tokenizer.special).toEqual(tokenizer.special);
    expect([gguf.ends, gguf.end]).toEqual([house.ends, house.end]);
    // Two turns of one role stay two.
    const twice: Turn[] = [
      { role: "user", text: "one" },
      { role: "user", text: "two" },
      { role: "assistant", text: "a" },
      { role: "assistant", text: "b" },
    ];
    expect(gguf.prompt(twice)).toEqual(house.prompt(twice));
    expect(() => gguf.prompt([])).toThrow(LmError);
    await gguf.runtime.stop();
  });

  it("scores continuations as whole rows would", async () => {
    const { runtime } = await openGguf(path, { sequences: 2, trusted: true });
    const asked = [3, 1, 5, 0].map((length) => ({
      prompt: sequenceOf(1 + length),
      tokens: sequenceOf(length),
    }));
    const [fast, slow] = [await likelihoods(runtime, asked), await likelihoods(plainRuntime(model), asked)];
    for (const [i, { tokens }] of fast.entries())
      expect(Array.from(tokens)).toEqual(
        Array.from(slow[i]?.tokens as Float64Array, (x) => expect.closeTo(x, 3) as number),
      );
    await runtime.stop();
  });

  it("takes the file's own end of sequence for the end, where there are several", async () => {
    // llama.cpp takes `<|end|>` for an end by its name, and the one that is named instead by its number.
    const other = Buffer.from(writeGguf(model, tokenizer, "other"));
    const key = other.indexOf("tokenizer.ggml.eos_token_id") + "tokenizer.ggml.eos_token_id".length;
    other.writeUInt32LE(2, key + 4);
    const otherPath = join(folder, "other.gguf");
    writeFileSync(otherPath, other);
    const gguf = await openGguf(otherPath, { trusted: true });
    expect([[...gguf.ends], gguf.end]).toEqual([[0, 2], 2]);
    await gguf.runtime.stop();
  });

  it("refuses what it cannot hold", async () => {
    await expect(openGguf(join(folder, "none.gguf"))).rejects.toMatchObject({ code: "not_found" });
    await expect(openGguf(path, { context: 21 })).rejects.toMatchObject({ code: "unsupported" });
    await expect(openGguf(path, { threads: 0 })).rejects.toMatchObject({ code: "unsupported" });
    await expect(openGguf(path, { chatTemplate: "{% if %}", trusted: true })).rejects.toMatchObject({
      code: "unsupported",
    });
  });
});

function conformance(name: string, start: () => Promise<Runtime>): void {
  describe(`${name} runtime`, () => {
    let runtime: Runtime;
    beforeAll(async () => {
      runtime = await start();
    });
    afterAll(() => runtime.stop());

    it("has the model's sizes", () => {
      expect(runtime.name).toBe(name.split(" ")[0]);
      expect([runtime.vocab, runtime.context]).toEqual([shape.vocab, shape.context]);
    });

    it("gives the rows of the reference for prompts of different lengths, and from any position on", async () => {
      const sequences = [1, 2, 5, 19, shape.context].map((length) => ({
        tokens: sequenceOf(length),
        from: length >> 1,
      }));
      const seen = sequences.map((): number[] => []);
      await runtime.read(sequences, (i, position, row) => {
        seen[i]?.push(position);
        expectSame(row, referenceRows(model, sequences[i]?.tokens as number[])[position] as Float64Array);
      });
      expect(seen).toEqual(sequences.map(({ tokens, from }) => tokens.map((_, at) => at).slice(from)));
    });

    it("grows sequences of different lengths together, and closes those that are not named", async () => {
      const prompts = [[3], sequenceOf(7), sequenceOf(2), sequenceOf(11)];
      const grown = prompts.map((x) => [...x]);
      const decoding = await runtime.open(prompts);
      const expectRows = (open: readonly number[]): void => {
        expect([...decoding.rows.keys()].sort((a, b) => a - b)).toEqual(open);
        for (const id of open)
          expectSame(
            decoding.rows.get(id) as Float32Array,
            referenceRows(model, grown[id] as number[]).at(-1) as Float64Array,
          );
      };
      const grow = async (open: readonly number[]): Promise<void> => {
        const tokens = new Map(open.map((id) => [id, draws.below(shape.vocab)]));
        for (const [id, token] of tokens) grown[id]?.push(token);
        await decoding.extend(tokens);
        expectRows(open);
      };
      expectRows([0, 1, 2, 3]);
      await grow([0, 1, 2, 3]);
      await grow([0, 2, 3]);
      grown.push(sequenceOf(4), sequenceOf(1));
      expect(await decoding.add(grown.slice(4))).toEqual([4, 5]);
      expectRows([0, 2, 3, 4, 5]);
      await grow([5, 3, 0, 4].sort((a, b) => a - b));
      await grow([0, 5]);
      for (let i = 0; i < 10; i++) await grow([5]);
      decoding.close();
      decoding.close();
      expect(decoding.rows.size).toBe(0);
    });

    it("computes a shared prompt once and still keeps the answers apart", async () => {
      const prompt = sequenceOf(9);
      const prompts = [prompt, prompt, prompt.slice(0, 5), [...prompt.slice(0, 5), 1, 2], prompt.slice(0, 6)];
      const decoding = await runtime.open(prompts);
      for (let turn = 0; turn < 3; turn++) {
        for (const [id, tokens] of prompts.entries())
          expectSame(
            decoding.rows.get(id) as Float32Array,
            referenceRows(model, tokens).at(-1) as Float64Array,
          );
        const next = new Map(prompts.map((_, id) => [id, (id * 7 + turn) % shape.vocab]));
        for (const [id, token] of next) prompts[id] = [...(prompts[id] as number[]), token];
        await decoding.extend(next);
      }
      decoding.close();
    });

    it("runs several decodings and readings at a time", async () => {
      const prompts = Array.from({ length: 6 }, (_, i) => sequenceOf(3 + i));
      await Promise.all(
        prompts.map(async (prompt, i) => {
          const decoding = await runtime.open([prompt]);
          await decoding.extend(new Map([[0, i]]));
          const wanted = referenceRows(model, [...prompt, i]).at(-1) as Float64Array;
          expectSame(decoding.rows.get(0) as Float32Array, wanted);
          await runtime.read([{ tokens: [...prompt, i], from: prompt.length }], (_, __, row) =>
            expectSame(row, wanted),
          );
          decoding.close();
        }),
      );
    });

    it("refuses what is no sequence of the model, and goes on working", async () => {
      const refused = async (work: Promise<unknown>, code: string, says: RegExp): Promise<void> => {
        const error = await work.then(
          () => null,
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(LmError);
        expect(error).toMatchObject({ code });
        expect((error as LmError).message).toMatch(says);
      };
      await refused(runtime.open([[1], []]), "prompt", /prompt 1 is empty/);
      await refused(runtime.open([sequenceOf(21)]), "prompt", /21 tokens.*holds 20/);
      for (const token of [-1, 267, 0.5, Number.NaN])
        await refused(runtime.open([[1, token]]), "vocabulary", /token 1 of prompt 0.*0\.\.266/);
      const nothing = (): void => {};
      await refused(runtime.read([{ tokens: [], from: 0 }], nothing), "prompt", /sequence 0 is empty/);
      await refused(runtime.read([{ tokens: [1], from: 1 }], nothing), "prompt", /rows from 1/);
      await refused(runtime.read([{ tokens: [1], from: -1 }], nothing), "prompt", /rows from -1/);
      await refused(runtime.read([{ tokens: [299], from: 0 }], nothing), "vocabulary", /is 299/);

      const decoding = await runtime.open([sequenceOf(19), [1]]);
      await refused(decoding.extend(new Map([[2, 1]])), "not_found", /sequence 2/);
      await refused(decoding.extend(new Map([[0, 267]])), "vocabulary", /is 267/);
      await decoding.extend(new Map([[0, 1]]));
      await refused(decoding.extend(new Map([[1, 1]])), "not_found", /sequence 1/);
      await refused(decoding.extend(new Map([[0, 1]])), "prompt", /21 tokens/);
      decoding.close();
    });

    it("stops reading soon after it is given up, and goes on working", async () => {
      const sequences = Array.from({ length: 400 }, () => ({ tokens: sequenceOf(shape.context), from: 0 }));
      const abort = new AbortController();
      let rows = 0;
      const reading = runtime.read(
        sequences,
        () => {
          if (++rows === 3) abort.abort();
        },
        abort.signal,
      );
      await expect(reading).rejects.toThrow(/abort/i);
      expect(rows).toBeLessThan((sequences.length * shape.context) / 2);
      await expect(
        runtime.read([{ tokens: sequenceOf(4), from: 0 }], () => {}, abort.signal),
      ).rejects.toThrow(/abort/i);
      await runtime.read([{ tokens: sequenceOf(4), from: 3 }], () => rows++);
    });

    it("reads and opens nothing when asked for nothing", async () => {
      await runtime.read([], () => expect.unreachable());
      expect((await runtime.open([])).rows.size).toBe(0);
    });

    it("stops once, after the work in hand, and then refuses", async () => {
      const own = await start();
      const reading = own.read([{ tokens: sequenceOf(20), from: 19 }], () => {});
      await Promise.all([own.stop(), own.stop()]);
      await reading;
      await expect(own.open([[1]])).rejects.toMatchObject({ code: "engine_failed" });
    });
  });
}

/** The same logits within 1e-3, once the constant of each row is taken off (log-softmax of both). */
function expectSame(row: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(row.length).toBe(wanted.length);
  const a = logSoftmax(row);
  const b = logSoftmax(wanted);
  const worst = a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - (b[i] as number))), 0);
  expect(worst).toBeLessThan(1e-3);
}

function logSoftmax(row: ArrayLike<number>): number[] {
  const values = Array.from(row);
  const highest = Math.max(...values);
  const total = values.reduce((sum, x) => sum + Math.exp(x - highest), 0);
  return values.map((x) => x - highest - Math.log(total));
}

/**
 * The logits after every token, in double precision and without any cache: each position is computed from all of the
 * sequence again, layer by layer, as the formulas of the papers stand. It shares no code with what it judges.
 */
function referenceRows({ shape, weights }: Model, tokens: readonly number[]): Float64Array[] {
  const { width, layers, heads, vocab } = shape;
  const size = width / heads;
  const matrix = (name: string, inputs: number): number[][] => {
    const flat = Array.from(weights.get(name) as Float32Array);
    return Array.from({ length: flat.length / inputs }, (_, row) =>
      flat.slice(row * inputs, (row + 1) * inputs),
    );
  };
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
  const times = (m: readonly number[][], x: readonly number[]): number[] => m.map((row) => dot(row, x));
  const plus = (a: readonly number[], b: readonly number[]): number[] =>
    a.map((x, i) => x + (b[i] as number));
  const norm = (x: readonly number[], name: string): number[] => {
    const root = Math.sqrt(dot(x, x) / width + shape.normEpsilon);
    return x.map((value, i) => (value / root) * ((weights.get(name) as Float32Array)[i] as number));
  };
  // Su et al. 2021, equation 34, with the pairs (i, i + size/2) of Hugging Face's Llama.
  const turned = (x: readonly number[], position: number): number[] =>
    x.map((value, at) => {
      const i = at % size;
      const pair = i % (size / 2);
      const angle = position * shape.ropeTheta ** (-(2 * pair) / size);
      const other = i < size / 2 ? -(x[at + size / 2] as number) : (x[at - size / 2] as number);
      return value * Math.cos(angle) + other * Math.sin(angle);
    });
  const embedding = matrix("model.embed_tokens.weight", width);

  let xs = tokens.map((token) => embedding[token] as number[]);
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`;
    const project = (which: string, x: readonly number[]): number[] =>
      times(matrix(`${at}.self_attn.${which}_proj.weight`, width), x);
    const normed = xs.map((x) => norm(x, `${at}.input_layernorm.weight`));
    const queries = normed.map((x, position) => turned(project("q", x), position));
    const keys = normed.map((x, position) => turned(project("k", x), position));
    const values = normed.map((x) => project("v", x));
    const attended = queries.map((query, position) =>
      query.map((_, entry) => {
        const head = Math.floor(entry / size) * size;
        const part = (x: readonly number[]): number[] => x.slice(head, head + size);
        const weight = keys
          .slice(0, position + 1)
          .map((key) => Math.exp(dot(part(query), part(key)) / Math.sqrt(size)));
        const total = weight.reduce((sum, w) => sum + w, 0);
        return weight.reduce((sum, w, p) => sum + (w / total) * (values[p]?.[entry] as number), 0);
      }),
    );
    xs = xs.map((x, position) => plus(x, project("o", attended[position] as number[])));
    const gate = matrix(`${at}.mlp.gate_proj.weight`, width);
    const up = matrix(`${at}.mlp.up_proj.weight`, width);
    const down = matrix(`${at}.mlp.down_proj.weight`, shape.hidden);
    xs = xs.map((x) => {
      const h = norm(x, `${at}.post_attention_layernorm.weight`);
      const raised = times(up, h);
      return plus(
        x,
        times(
          down,
          times(gate, h).map((g, i) => (g / (1 + Math.exp(-g))) * (raised[i] as number)),
        ),
      );
    });
  }
  return xs.map((x) => {
    const logits = times(embedding, norm(x, "model.norm.weight"));
    expect(logits.length).toBe(vocab);
    return Float64Array.from(logits);
  });
}

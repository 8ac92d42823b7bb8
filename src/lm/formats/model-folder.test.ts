import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { SPECIAL_TOKENS } from "../chat.ts";
import { LmError } from "../error.ts";
import { defaultShape } from "../model/shape.ts";
import { freshModel } from "../model/weights.ts";
import { trainBpe } from "../tokenizer/train-bpe.ts";
import { loadModelFolder, saveModelFolder } from "./model-folder.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { readTokenizerJson, writeTokenizerJson } from "./tokenizer-json.ts";

const tokenizer = trainBpe(["the miller of the town, the müller of the town 12"], 268, SPECIAL_TOKENS);
const model = freshModel(
  { ...defaultShape, vocab: tokenizer.size, width: 16, heads: 2, hidden: 24, layers: 2 },
  seeded(1),
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "model-"));
  saveModelFolder(folder, { model, tokenizer });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function edit(name: string, change: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, unknown>;
  change(json);
  writeFileSync(join(folder, name), JSON.stringify(json));
}

/** Gives a special token another text. */
function rename(tokenizer: Record<string, unknown>, from: string, to: string): void {
  const { added_tokens: added, model } = tokenizer as {
    added_tokens: { content: string }[];
    model: { vocab: Record<string, number> };
  };
  for (const token of added) if (token.content === from) token.content = to;
  model.vocab[to] = model.vocab[from]!;
  delete model.vocab[from];
}

describe("model folder", () => {
  it("gives model and tokenizer back", () => {
    const back = loadModelFolder(folder);
    expect(back.model).toEqual(model);
    expect(back.tokenizer.vocabulary).toEqual(tokenizer.vocabulary);
  });

  it("halves the weights in F16", () => {
    saveModelFolder(folder, { model, tokenizer }, "F16");
    const back = loadModelFolder(folder).model.weights.get("model.norm.weight");
    expect(back).toEqual(model.weights.get("model.norm.weight"));
  });

  it.each<[string, string, (json: Record<string, unknown>) => void, RegExp]>([
    ["another architecture", "config.json", (c) => (c["model_type"] = "gpt_neox"), /model_type/],
    [
      "grouped key heads",
      "config.json",
      (c) => (c["num_key_value_heads"] = 1),
      /num_key_value_heads is 1 of 2/,
    ],
    ["stretched positions", "config.json", (c) => (c["rope_scaling"] = { factor: 8 }), /rope_scaling/],
    ["an absurd size", "config.json", (c) => (c["num_hidden_layers"] = 1e9), /layers is 1000000000/],
    [
      "another width",
      "config.json",
      (c) => (c["intermediate_size"] = 32),
      /gate_proj.weight is \[24, 16\]; config.json makes it \[32, 16\]/,
    ],
    [
      "a smaller vocabulary",
      "config.json",
      (c) => (c["vocab_size"] = 266),
      /tokenizer has 268 tokens, the model 266/,
    ],
    [
      "a larger vocabulary",
      "config.json",
      (c) => (c["vocab_size"] = 272),
      /tokenizer has 268 tokens, the model 272/,
    ],
    [
      "positions stretched in the newer form",
      "config.json",
      (c) => (c["rope_parameters"] = { rope_theta: 10_000, rope_type: "linear", factor: 2 }),
      /rope_parameters/,
    ],
    [
      "positions stretched by a part",
      "config.json",
      (c) => (c["partial_rotary_factor"] = 0.5),
      /partial_rotary_factor/,
    ],
    [
      "two bases of positions",
      "config.json",
      (c) => (c["rope_parameters"] = { rope_theta: 500_000, rope_type: "default" }),
      /rope_theta is 10000, but rope_parameters.rope_theta 500000/,
    ],
    [
      "special tokens of another template",
      "tokenizer.json",
      (t) => rename(t, "<|user|>", "<|im_start|>"),
      /<\|user\|> is no special token, not token 2.*GGUF/,
    ],
    [
      "special tokens in another order",
      "tokenizer.json",
      (t) => {
        rename(t, "<|user|>", "<|x|>");
        rename(t, "<|system|>", "<|user|>");
        rename(t, "<|x|>", "<|system|>");
      },
      /<\|system\|> is token 2, not token 1/,
    ],
    [
      "added tokens that are not special",
      "tokenizer.json",
      (t) => (t["added_tokens"] as object[]).push({ id: 100, content: "a", special: false }),
      /added token "a" is not a special one/,
    ],
    [
      "another pre-tokenizer",
      "tokenizer.json",
      (t) => (t["pre_tokenizer"] = { type: "Metaspace" }),
      /pre_tokenizer/,
    ],
  ])("refuses %s", (_, name, change, message) => {
    edit(name, change);
    expect(() => loadModelFolder(folder)).toThrow(LmError);
    expect(() => loadModelFolder(folder)).toThrow(message);
  });

  it("reads the base of positions where newer transformers write it", () => {
    edit("config.json", (c) => {
      delete c["rope_theta"];
      c["rope_parameters"] = { rope_theta: 500_000, rope_type: "default" };
    });
    expect(loadModelFolder(folder).model.shape.ropeTheta).toBe(500_000);
    edit("config.json", (c) => delete c["rope_parameters"]);
    expect(loadModelFolder(folder).model.shape.ropeTheta).toBe(10_000);
  });

  it("takes a head that is stored once more, and refuses one that is not the embedding", () => {
    const path = join(folder, "model.safetensors");
    const { tensors } = readSafetensors(readFileSync(path));
    const embedding = tensors.get("model.embed_tokens.weight")!;
    const head = { ...embedding, name: "lm_head.weight", values: Float32Array.from(embedding.values) };
    const store = (): void => writeFileSync(path, writeSafetensors([...tensors.values(), head]));
    store();
    expect(loadModelFolder(folder).model).toEqual(model);
    head.values[7]! += 1;
    store();
    expect(() => loadModelFolder(folder)).toThrow(/lm_head.weight is not model.embed_tokens.weight/);
  });

  it("refuses weights that are no numbers, foreign tensors, and files that are not there", () => {
    const path = join(folder, "model.safetensors");
    const { tensors } = readSafetensors(readFileSync(path));
    const spoiled = [...tensors.values()].map((t) => ({ ...t, values: Float32Array.from(t.values) }));
    spoiled[3]!.values[5] = NaN;
    writeFileSync(path, writeSafetensors(spoiled));
    expect(() => loadModelFolder(folder)).toThrow(/k_proj.weight\[5\] is NaN/);
    writeFileSync(
      path,
      writeSafetensors([...tensors.values(), { name: "extra.bias", dims: [1], values: new Float32Array(1) }]),
    );
    expect(() => loadModelFolder(folder)).toThrow(/extra.bias/);
    rmSync(path);
    expect(() => loadModelFolder(folder)).toThrow(/model.safetensors is not there/);
  });
});

describe("tokenizer.json", () => {
  it.each<[string, (json: { model: Record<string, unknown> }) => void, RegExp]>([
    ["gaps", (t) => ((t.model["vocab"] as Record<string, number>)["zz"] = 900), /gaps/],
    ["two tokens of one id", (t) => ((t.model["vocab"] as Record<string, number>)["zz"] = 100), /share one/],
    ["words with marked ends", (t) => (t.model["end_of_word_suffix"] = "</w>"), /end_of_word_suffix/],
    ["joins left out at random", (t) => (t.model["dropout"] = 0.1), /dropout/],
    ["letters that are no bytes", (t) => ((t.model["vocab"] as Record<string, number>)["世"] = 268), /世/],
    ["merges of nothing", (t) => (t.model["merges"] = [["a", "nowhere"]]), /nowhere/],
  ])("refuses %s", (_, change, message) => {
    const json = JSON.parse(writeTokenizerJson(tokenizer)) as { model: Record<string, unknown> };
    change(json);
    expect(() => readTokenizerJson(JSON.stringify(json))).toThrow(message);
  });

  it("reads merges in the older form too", () => {
    const json = JSON.parse(writeTokenizerJson(tokenizer)) as { model: { merges: string[][] | string[] } };
    json.model.merges = (json.model.merges as string[][]).map((pair) => pair.join(" "));
    expect(readTokenizerJson(JSON.stringify(json)).vocabulary).toEqual(tokenizer.vocabulary);
  });

  it("says when it is no JSON", () => {
    expect(() => readTokenizerJson("\u0000\u0001")).toThrow(/not JSON/);
  });
});

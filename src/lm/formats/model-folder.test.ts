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

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { SPECIAL_TOKENS } from "../chat.ts";
import { hasEngine } from "../engine.ts";
import { LmError } from "../error.ts";
import { readGgufHeader } from "../formats/gguf-header.ts";
import { writeGguf } from "../formats/gguf.ts";
import { freshModel } from "../model/weights.ts";
import { Bpe } from "../tokenizer/bpe.ts";
import { openGguf } from "./llama.ts";

const tokenizer = new Bpe({
  pieces: [
    ...SPECIAL_TOKENS.map(() => null),
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
  ],
  special: new Map(SPECIAL_TOKENS.map((text, token) => [text, token])),
  merges: [],
});
const model = freshModel(
  { vocab: 260, width: 8, layers: 1, heads: 1, hidden: 8, context: 16, ropeTheta: 1e4, normEpsilon: 1e-5 },
  seeded(1),
);
const file = Buffer.from(writeGguf(model, tokenizer, "tiny"));

/** The tensor's name in the file, after which stand uint32 rank, uint64 a size, uint32 type. */
function typed(name: string, type: number): Buffer {
  const bytes = Buffer.from(file);
  const at = bytes.indexOf(name) + name.length;
  bytes.writeUInt32LE(type, at + 4 + 8 * bytes.readUInt32LE(at));
  return bytes;
}

/** A text in the file replaced by one of its length. */
function replaced(text: string, by: string): Buffer {
  expect(by).toHaveLength(text.length);
  const bytes = Buffer.from(file);
  bytes.write(by, bytes.indexOf(text), "latin1");
  return bytes;
}

describe.runIf(hasEngine("node-llama-cpp"))("trying a GGUF file", { concurrent: true }, () => {
  const folder = mkdtempSync(join(tmpdir(), "stillwatch-trial-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const opened = async (name: string, bytes: Buffer): Promise<unknown> => {
    const path = join(folder, `${name}.gguf`);
    writeFileSync(path, bytes);
    // Its header is sound, so that only the trial can tell.
    await readGgufHeader(path);
    return openGguf(path, { sequences: 1 }).catch((error: unknown) => error);
  };
  const refused = async (name: string, bytes: Buffer, code: string, ...says: RegExp[]): Promise<void> => {
    const error = await opened(name, bytes);
    expect(error).toBeInstanceOf(LmError);
    expect(error).toMatchObject({ code });
    for (const what of says) expect((error as LmError).message).toMatch(what);
  };

  it("refuses a file over which llama.cpp ends the process, and says how", async () => {
    // A norm in halves: llama.cpp has no such multiplication and aborts when it comes to it.
    await refused("abort", typed("blk.0.attn_norm.weight", 1), "format", /abort\.gguf/, /SIGABRT/);
  });

  it("refuses a file whose rows are no numbers", async () => {
    const bytes = Buffer.from(file);
    bytes.fill(0xff, (await headerOf(folder, file)).dataStart);
    await refused("nan", bytes, "format", /nan\.gguf.*not finite/);
  });

  it("says what llama.cpp says of a file that it refuses", async () => {
    await refused(
      "missing",
      replaced("blk.0.attn_q.weight", "blk.0.attn_x.weight"),
      "engine_failed",
      /missing tensor 'blk\.0\.attn_q\.weight'/,
    );
  });

  it("refuses a broken chat template when opened", async () => {
    await refused("broken", replaced("{% for ", "{% f0r "), "unsupported", /chat template.*cannot be used/);
  });

  it("opens what is sound, without a template for completions only", async () => {
    const found = await opened("bare", replaced("tokenizer.chat_template", "tokenizer.chat_tempxxxx"));
    expect(found).not.toBeInstanceOf(Error);
    const gguf = found as Awaited<ReturnType<typeof openGguf>>;
    expect(() => gguf.prompt([{ role: "user", text: "Hi" }])).toThrow(/no chat template/);
    const decoding = await gguf.runtime.open([gguf.tokenizer.encode("Hi")]);
    expect(decoding.rows.get(0)?.every(Number.isFinite)).toBe(true);
    await gguf.runtime.stop();
  });
});

async function headerOf(folder: string, bytes: Buffer): ReturnType<typeof readGgufHeader> {
  const path = join(folder, "sound.gguf");
  writeFileSync(path, bytes);
  return readGgufHeader(path);
}

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { loadModelFolder, type ModelFolder } from "../formats/model-folder.ts";
import { LmError } from "../error.ts";
import { houseChatModel } from "../runtime/chat-model.ts";
import { openGguf } from "../runtime/llama.ts";
import { plainRuntime } from "../runtime/plain.ts";
import { loadTeacher } from "../teacher/load.ts";
import type { ServedModel } from "./answer.ts";

/** Which model to serve: the house's teacher, a folder as `saveModelFolder` writes it, or a `.gguf` file. */
export interface ModelSource {
  /** Null: the teacher. */
  readonly path: string | null;
  /** Its name to callers; default: the teacher's, or the name of the folder or file. */
  readonly id?: string | undefined;
}

/** Throws LmError saying what is wrong with the files. */
export async function openModel({ path, id }: ModelSource): Promise<ServedModel> {
  if (path === null) return serveHouse(loadTeacher(), id ?? "stillwatch-teacher");
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw new LmError("not_found", `there is no model at ${path}`);
  if (status.isDirectory()) return serveHouse(loadModelFolder(path), id ?? basename(path));
  if (!path.endsWith(".gguf"))
    throw new LmError("unsupported", `${path} is neither a model folder nor a .gguf file`);
  return {
    model: await openGguf(path),
    id: id ?? basename(path, ".gguf"),
    fingerprint: await endsOf(path, status.size),
  };
}

function serveHouse({ model, tokenizer }: ModelFolder, id: string): ServedModel {
  const hash = createHash("sha256");
  for (const values of model.weights.values())
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return {
    model: houseChatModel(plainRuntime(model), tokenizer),
    id,
    fingerprint: `fp_${hash.digest("hex").slice(0, 12)}`,
  };
}

const END_BYTES = 8 * 1024 * 1024;

/** Of a file's size, beginning (names, quantisation, first weights) and end: to hash gigabytes would hold up the start. */
async function endsOf(path: string, size: number): Promise<string> {
  const hash = createHash("sha256").update(String(size));
  const file = await open(path, "r");
  try {
    for (const position of [0, Math.max(0, size - END_BYTES)]) {
      const bytes = Buffer.alloc(Math.min(END_BYTES, size));
      await file.read(bytes, 0, bytes.length, position);
      hash.update(bytes);
    }
  } finally {
    await file.close();
  }
  return `fp_${hash.digest("hex").slice(0, 12)}`;
}

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename } from "node:path";
import { loadModelFolder, type ModelFolder } from "../formats/model-folder.ts";
import { LmError } from "../error.ts";
import { houseChatModel } from "../runtime/chat-model.ts";
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
  return openGguf(path, id ?? basename(path, ".gguf"));
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

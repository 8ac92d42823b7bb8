import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../exchange/exchange.ts";
import { realDisk } from "../../ledger/disk.ts";

/** An uploaded file as OpenAI's Files API shows it. */
export interface StoredFile {
  readonly id: string;
  readonly bytes: number;
  /** Unix seconds. */
  readonly created_at: number;
  readonly filename: string;
  readonly purpose: string;
}

/** Uploaded files: `files/<id>.json` what it is, `files/<id>.data` what is in it. Each appears whole or not at all. */
export class Files {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, "files");
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  async add(file: StoredFile, data: Buffer): Promise<void> {
    await realDisk.replace(this.#path(file.id, "data"), data);
    await realDisk.replace(this.#path(file.id, "json"), Buffer.from(JSON.stringify(file)));
  }

  get(id: string): StoredFile | null {
    if (!/^file-[0-9A-Z]{26}$/.test(id) || !existsSync(this.#path(id, "json"))) return null;
    return JSON.parse(readFileSync(this.#path(id, "json"), "utf8")) as StoredFile;
  }

  data(id: string): Buffer | null {
    return this.get(id) === null ? null : readFileSync(this.#path(id, "data"));
  }

  /** Newest first. */
  list(): StoredFile[] {
    const ids = readdirSync(this.#folder).flatMap((name) =>
      name.endsWith(".json") ? [name.slice(0, -5)] : [],
    );
    return ids
      .flatMap((id) => this.get(id) ?? [])
      .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1));
  }

  remove(id: string): boolean {
    if (this.get(id) === null) return false;
    rmSync(this.#path(id, "json"));
    rmSync(this.#path(id, "data"), { force: true });
    return true;
  }

  #path(id: string, kind: "json" | "data"): string {
    return join(this.#folder, `${id}.${kind}`);
  }
}

export function fileObject(file: StoredFile): JsonObject {
  return { object: "file", status: "processed", ...file };
}

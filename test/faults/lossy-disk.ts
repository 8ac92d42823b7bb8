import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import type { Disk, DiskFile } from "../../src/ledger/disk.ts";
import { realDisk } from "../../src/ledger/disk.ts";

/**
 * A disk that can lose power. `RecordingDisk` works on the real one and notes every operation; `powerCut` then builds the
 * folder as a disk might have left it at any moment: what was synced is there, what was not is there, gone, or there in
 * part (sectors of 512 bytes, in any order). With `strict`, a name is there only if its folder was synced (POSIX); without,
 * as on ext4, a file that was synced keeps its name.
 */
export type Operation =
  | { readonly kind: "create"; readonly path: string }
  | { readonly kind: "write"; readonly path: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly path: string; readonly size: number }
  | { readonly kind: "sync"; readonly path: string; readonly phase: "start" | "done"; readonly id: number }
  | {
      readonly kind: "replace";
      readonly path: string;
      readonly bytes: Buffer;
      readonly phase: "start" | "done";
      readonly id: number;
    }
  | { readonly kind: "remove"; readonly path: string; readonly phase: "start" | "done"; readonly id: number }
  | { readonly kind: "syncDir"; readonly path: string; readonly phase: "start" | "done"; readonly id: number }
  /** Something was promised to the outside: it must be there after any later power cut. */
  | { readonly kind: "promise"; readonly what: string };

export class RecordingDisk implements Disk {
  readonly log: Operation[] = [];
  readonly #root: string;
  readonly #seen = new Set<string>();
  #ids = 0;

  constructor(root: string) {
    this.#root = root;
  }

  promise(what: string): void {
    this.log.push({ kind: "promise", what });
  }

  open(path: string): DiskFile {
    const name = relative(this.#root, path);
    if (!this.#seen.has(name)) this.log.push({ kind: "create", path: name });
    this.#seen.add(name);
    const file = realDisk.open(path);
    const { log } = this;
    return {
      get size() {
        return file.size;
      },
      append: (bytes) => {
        log.push({ kind: "write", path: name, at: file.size, bytes: Buffer.from(bytes) });
        file.append(bytes);
      },
      overwrite: (at, bytes) => {
        log.push({ kind: "write", path: name, at, bytes: Buffer.from(bytes) });
        file.overwrite(at, bytes);
      },
      truncate: (size) => {
        log.push({ kind: "truncate", path: name, size });
        file.truncate(size);
      },
      sync: () =>
        this.#phased(
          (phase, id) => ({ kind: "sync", path: name, phase, id }),
          () => file.sync(),
        ),
      close: () => file.close(),
    };
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    const name = relative(this.#root, path);
    const copy = Buffer.from(bytes);
    return this.#phased(
      (phase, id) => ({ kind: "replace", path: name, bytes: copy, phase, id }),
      () => realDisk.replace(path, bytes),
    );
  }

  remove(path: string): Promise<void> {
    const name = relative(this.#root, path);
    return this.#phased(
      (phase, id) => ({ kind: "remove", path: name, phase, id }),
      () => realDisk.remove(path),
    );
  }

  syncDir(path: string): Promise<void> {
    const name = relative(this.#root, path);
    return this.#phased(
      (phase, id) => ({ kind: "syncDir", path: name, phase, id }),
      () => realDisk.syncDir(path),
    );
  }

  async #phased(
    operation: (phase: "start" | "done", id: number) => Operation,
    work: () => Promise<void>,
  ): Promise<void> {
    const id = ++this.#ids;
    this.log.push(operation("start", id));
    await work();
    this.log.push(operation("done", id));
  }
}

export interface Cut {
  /** The power goes after this many operations. */
  readonly after: number;
  readonly strict: boolean;
  /** Negative controls: a disk (or program) on which these do nothing. */
  readonly ignore?: "sync" | "syncDir";
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

const SECTOR = 512;

/** Writes the folder after the cut to `target` and returns what had been promised by then. */
export function powerCut(log: readonly Operation[], cut: Cut, target: string): string[] {
  const past = log.slice(0, cut.after);
  const done = new Set(past.flatMap((op) => ("phase" in op && op.phase === "done" ? [op.id] : [])));
  const files = new Map<string, Buffer>();
  const named = new Set<string>();
  const durableUntil = durability(past, done, cut);
  for (const [i, op] of past.entries()) {
    switch (op.kind) {
      case "create":
        files.set(op.path, files.get(op.path) ?? Buffer.alloc(0));
        break;
      case "write":
        files.set(
          op.path,
          write(
            files.get(op.path) ?? Buffer.alloc(0),
            op.at,
            op.bytes,
            i < (durableUntil.get(op.path) ?? 0) ? null : cut.random,
          ),
        );
        break;
      case "truncate":
        if (i < (durableUntil.get(op.path) ?? 0) || cut.random() < 0.5)
          files.set(op.path, resized(files.get(op.path) ?? Buffer.alloc(0), op.size));
        break;
      case "replace":
        // Atomic: the old file or the new one, and the new one for sure when it was said to be done.
        if (op.phase === "start" && (done.has(op.id) || cut.random() < 0.5)) {
          files.set(op.path, op.bytes);
          named.add(op.path);
        }
        break;
      case "remove":
        if (op.phase === "start" && (done.has(op.id) || cut.random() < 0.5))
          for (const path of files.keys())
            if (path === op.path || path.startsWith(`${op.path}/`)) files.delete(path);
        break;
      case "syncDir":
        if (op.phase === "start" && done.has(op.id) && cut.ignore !== "syncDir")
          for (const path of files.keys()) if (dirname(path) === op.path) named.add(path);
        break;
      case "sync":
        if (!cut.strict && op.phase === "start" && done.has(op.id) && cut.ignore !== "sync")
          named.add(op.path);
        break;
      case "promise":
        break;
    }
  }
  for (const [path, bytes] of files) {
    if (cut.strict ? !named.has(path) : !named.has(path) && cut.random() < 0.5) continue;
    mkdirSync(dirname(`${target}/${path}`), { recursive: true });
    writeFileSync(`${target}/${path}`, bytes);
  }
  return past.flatMap((op) => (op.kind === "promise" ? [op.what] : []));
}

/** For each file the operation up to which a finished sync covers everything. */
function durability(past: readonly Operation[], done: ReadonlySet<number>, cut: Cut): Map<string, number> {
  const until = new Map<string, number>();
  if (cut.ignore === "sync") return until;
  for (const [i, op] of past.entries()) {
    if (op.kind === "sync" && op.phase === "start" && done.has(op.id)) until.set(op.path, i);
  }
  return until;
}

/** Applies a write: all of it, or with `random` any of its sectors. */
function write(file: Buffer, at: number, bytes: Buffer, random: (() => number) | null): Buffer {
  const mood = random === null ? 1 : random();
  if (mood < 0.3) return file;
  const out = Buffer.from(resized(file, Math.max(file.length, at + bytes.length)));
  for (let sector = Math.floor(at / SECTOR); sector * SECTOR < at + bytes.length; sector++) {
    if (mood < 0.7 && random !== null && random() < 0.5) continue;
    const from = Math.max(at, sector * SECTOR);
    const to = Math.min(at + bytes.length, (sector + 1) * SECTOR);
    bytes.copy(out, from, from - at, to - at);
  }
  return out;
}

function resized(file: Buffer, size: number): Buffer {
  if (file.length >= size) return file.subarray(0, size);
  return Buffer.concat([file, Buffer.alloc(size - file.length)]);
}

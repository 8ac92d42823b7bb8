import { realDisk, type Disk, type DiskFile } from "../../src/ledger/disk.ts";

/** What a disk is asked to do, with the path it is about. */
export type Ask = "open" | "append" | "overwrite" | "truncate" | "sync" | "replace" | "remove" | "syncDir";

export interface Fault {
  /** Errno name: "EIO", "ENOSPC". */
  readonly code: string;
  /** How much of an `append` still reaches the file. Bytes. */
  readonly partial?: number;
}

/**
 * The real disk with faults put in: before each operation `fault` is asked, and what it returns happens. A disk whose
 * `fault` always says null is the real one: tests use that as their negative control.
 */
export class FaultyDisk implements Disk {
  fault: (ask: Ask, path: string) => Fault | null = () => null;
  /** How many operations failed so far. */
  faults = 0;
  /** Files that are open now. */
  opened = 0;

  open(path: string): DiskFile {
    this.#meet("open", path);
    const file = realDisk.open(path);
    this.opened++;
    // Bytes of failed writes that are in the file and that nobody was told of.
    let untold = 0;
    return {
      get size() {
        return file.size - untold;
      },
      append: (bytes) => {
        const fault = this.#ask("append", path);
        const taken = fault ? bytes.subarray(0, fault.partial ?? 0) : bytes;
        const over = Math.min(untold, taken.length);
        file.overwrite(file.size - untold, taken.subarray(0, over));
        file.append(taken.subarray(over));
        if (!fault) untold -= over;
        if (fault) untold = Math.max(untold, taken.length);
        if (fault) throw errno(fault, "write");
      },
      overwrite: (at, bytes) => {
        this.#meet("overwrite", path);
        file.overwrite(at, bytes);
      },
      truncate: (size) => {
        this.#meet("truncate", path);
        file.truncate(size);
        untold = 0;
      },
      sync: async () => {
        this.#meet("sync", path);
        await file.sync();
      },
      close: () => {
        this.opened--;
        file.close();
      },
    };
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    this.#meet("replace", path);
    await realDisk.replace(path, bytes);
  }

  async remove(path: string): Promise<void> {
    this.#meet("remove", path);
    await realDisk.remove(path);
  }

  async syncDir(path: string): Promise<void> {
    this.#meet("syncDir", path);
    await realDisk.syncDir(path);
  }

  #ask(ask: Ask, path: string): Fault | null {
    const fault = this.fault(ask, path);
    if (fault) this.faults++;
    return fault;
  }

  #meet(ask: Ask, path: string): void {
    const fault = this.#ask(ask, path);
    if (fault) throw errno(fault, ask);
  }
}

function errno({ code }: Fault, syscall: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall}`), { code, syscall });
}

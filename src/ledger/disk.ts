import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  writeSync,
} from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Every change that the ledger makes to a file goes through here, so that tests can put a disk underneath that
 * drops and reorders what was not synced. Reading needs no such care and uses node:fs.
 */
export interface Disk {
  /** Opens for appending, creating the file if needed. The name is durable only after `syncDir`. */
  open(path: string): DiskFile;
  /** Replaces the whole file or leaves the old one: temporary file, fdatasync, rename, fsync of the folder. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes a file or a folder with all that is in it; nothing happens when it is not there. */
  remove(path: string): Promise<void>;
  syncDir(path: string): Promise<void>;
}

export interface DiskFile {
  readonly size: number;
  append(bytes: Uint8Array): void;
  /** In-place change of bytes that are already there; only erasure does this. */
  overwrite(at: number, bytes: Uint8Array): void;
  truncate(size: number): void;
  /** Resolves when everything appended so far survives a power cut (fdatasync). */
  sync(): Promise<void>;
  close(): void;
}

/** The real thing. */
export const realDisk: Disk = {
  open(path) {
    return new RealFile(path);
  },
  async replace(path, bytes) {
    await makeFolder(dirname(path));
    const temporary = `${path}.tmp`;
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  },
  async remove(path) {
    if (!existsSync(path)) return;
    await rm(path, { force: true, recursive: true });
    await syncDirectory(dirname(path));
  },
  syncDir: syncDirectory,
};

class RealFile implements DiskFile {
  size: number;
  readonly #fd: number;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    // Not O_APPEND: on Linux it makes positioned writes append too (pwrite(2), BUGS), and erasure overwrites in place.
    this.#fd = openSync(path, openFlags(path), 0o600);
    this.size = fstatSync(this.#fd).size;
  }

  append(bytes: Uint8Array): void {
    try {
      writeAll(this.#fd, bytes, this.size);
    } catch (error) {
      // A part of it may be there.
      this.size = fstatSync(this.#fd).size;
      throw error;
    }
    this.size += bytes.length;
  }

  overwrite(at: number, bytes: Uint8Array): void {
    if (at + bytes.length > this.size)
      throw new RangeError(`overwrite at ${at} goes past the end (${this.size})`);
    writeAll(this.#fd, bytes, at);
  }

  truncate(size: number): void {
    ftruncateSync(this.#fd, size);
    this.size = size;
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) =>
      fdatasync(this.#fd, (error) => (error ? reject(error) : resolve())),
    );
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function openFlags(path: string): string {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return "r+";
}

/** write(2) may write less than asked, most of all on a disk that is nearly full. */
function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}

/** A folder made on the way is durable, too: each is named in its parent, which is synced. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let parent = dirname(resolve(path)); parent.length >= top.length; parent = dirname(parent))
    await syncDirectory(parent);
}

async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

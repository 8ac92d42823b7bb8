import { execFile } from "node:child_process";
import { createSecretKey, hash, type KeyObject } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Disk } from "./disk.ts";
import { LedgerError } from "./error.ts";
import { encodeSlot, FrameType, slotState, type Draft, type Frame } from "./frame.ts";
import { randomBytesPooled, unwrapKey, wrapKey } from "./secret.ts";

/**
 * The master key, and the keys of one account and month that it wraps.
 *
 * The master key is a file (`keys/master.key`, mode 0600) or comes from a command, for instance one that asks a KMS.
 * Both give lines of 64 hex digits: the first is used for new keys, the others only to read what they wrapped.
 */
export interface MasterKeys {
  readonly current: MasterKey;
  readonly all: readonly MasterKey[];
  /** Keys the sketches of prompts; made from the oldest master key, so that it outlives rotations. */
  readonly sketchKey: Buffer;
}

export interface MasterKey {
  readonly key: KeyObject;
  /** First 8 bytes of SHA-256("stillwatch master" || key): names the key without revealing it. */
  readonly fingerprint: Buffer;
}

export function masterKeyPath(dataDir: string): string {
  return join(dataDir, "keys", "master.key");
}

/** Throws LedgerError `key`. With `create` a missing key file is made, which only a new data folder may do. */
export async function loadMasterKeys(
  dataDir: string,
  options: { readonly command?: readonly string[]; readonly create?: Disk },
): Promise<MasterKeys> {
  if (options.command?.length)
    return parseMasterKeys(await runKeyCommand(options.command), options.command.join(" "));
  const path = masterKeyPath(dataDir);
  if (!existsSync(path)) {
    if (!options.create)
      throw new LedgerError(
        "key",
        `there is no master key at ${path}: restore it from your backup, records cannot be read without it`,
      );
    mkdirSync(join(dataDir, "keys"), { recursive: true, mode: 0o700 });
    await options.create.replace(path, Buffer.from(`${randomBytesPooled(32).toString("hex")}\n`));
  }
  return parseMasterKeys(readFileSync(path, "utf8"), path);
}

/** Puts a new master key in front. Old ones stay, because old records are wrapped by them. */
export async function rotateMasterKey(dataDir: string, disk: Disk): Promise<void> {
  const path = masterKeyPath(dataDir);
  const old = readFileSync(path, "utf8");
  parseMasterKeys(old, path);
  await disk.replace(path, Buffer.from(`${randomBytesPooled(32).toString("hex")}\n${old}`));
}

function parseMasterKeys(text: string, source: string): MasterKeys {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const all = lines.map((line, i) => {
    if (!/^[0-9a-f]{64}$/i.test(line))
      throw new LedgerError("key", `${source}, line ${i + 1}: a master key is 64 hex digits (32 bytes)`);
    const bytes = Buffer.from(line, "hex");
    const fingerprint = hash(
      "sha256",
      Buffer.concat([Buffer.from("stillwatch master"), bytes]),
      "buffer",
    ).subarray(0, 8);
    return { key: createSecretKey(bytes), fingerprint, bytes };
  });
  const current = all[0];
  const oldest = all.at(-1);
  if (!current || !oldest) throw new LedgerError("key", `${source} gave no master key`);
  const sketchKey = hash("sha256", Buffer.concat([Buffer.from("stillwatch sketch"), oldest.bytes]), "buffer");
  return { current, all: all.map(({ key, fingerprint }) => ({ key, fingerprint })), sketchKey };
}

async function runKeyCommand(command: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command[0]!, command.slice(1), {
      timeout: 30_000,
      maxBuffer: 65_536,
    });
    return stdout;
  } catch (cause) {
    throw new LedgerError(
      "key",
      `the master key command "${command[0]}" failed: ${(cause as Error).message.split("\n")[0]}`,
      { cause },
    );
  }
}

/**
 * KEY frame: slot = the month key wrapped by the master key; body =
 *
 *     key id (8, random) | master fingerprint (8) | "2026-03" (7) | account (rest, UTF-8)
 *
 * Every segment brings the keys that its records need, so that a segment can be read, kept or lost by itself.
 */
export interface MonthKey {
  readonly id: Buffer;
  readonly key: KeyObject;
}

export interface KeyFrame {
  readonly id: string;
  readonly master: Buffer;
  readonly month: string;
  readonly account: string;
}

export function readKeyFrame(frame: Frame): KeyFrame {
  const { body } = frame;
  if (body.length < 24)
    throw new LedgerError("corrupt", `record ${frame.record}: a key frame of ${body.length} bytes`);
  return {
    id: body.toString("hex", 0, 8),
    master: body.subarray(8, 16),
    month: body.toString("latin1", 16, 23),
    account: body.toString("utf8", 23),
  };
}

/** Keys for writing into the current segment. */
export class SegmentKeys {
  readonly #masters: MasterKeys;
  readonly #keys = new Map<string, MonthKey>();
  /** Names of the keys made here, by the KEY frame that brings them to the disk. */
  readonly #made = new WeakMap<Draft, string>();
  /** The hour last asked for and its month: making an ISO date takes longer than looking up the key. */
  #hour = NaN;
  #month = "";

  constructor(masters: MasterKeys) {
    this.#masters = masters;
  }

  /** The key for this account now; `draft` is the KEY frame to write before the first record that uses it. */
  forWriting(account: string, at: number): { readonly key: MonthKey; readonly draft: Draft | null } {
    const month = this.#monthOf(at);
    const name = `${month} ${account}`;
    const known = this.#keys.get(name);
    if (known) return { key: known, draft: null };
    const bytes = Buffer.from(randomBytesPooled(32));
    const key: MonthKey = { id: Buffer.from(randomBytesPooled(8)), key: createSecretKey(bytes) };
    const { current } = this.#masters;
    const draft: Draft = {
      type: FrameType.Key,
      slot: encodeSlot(wrapKey(current.key, bytes)),
      body: [key.id, current.fingerprint, Buffer.from(month), Buffer.from(account)],
    };
    this.#keys.set(name, key);
    this.#made.set(draft, name);
    return { key, draft };
  }

  #monthOf(at: number): string {
    const hour = Math.floor(at / 3_600_000);
    if (hour !== this.#hour) {
      this.#month = new Date(at).toISOString().slice(0, 7);
      this.#hour = hour;
    }
    return this.#month;
  }

  /** Takes over a KEY frame already in this segment. */
  learn(frame: Frame): void {
    const { id, month, account } = readKeyFrame(frame);
    const key = openKeyFrame(frame, this.#masters);
    if (key) this.#keys.set(`${month} ${account}`, { id: Buffer.from(id, "hex"), key });
  }

  /** Forgets the keys whose KEY frame did not reach the disk, and all of them when a new segment begins. */
  forget(drafts?: readonly Draft[]): void {
    if (!drafts) return this.#keys.clear();
    for (const draft of drafts) {
      const name = this.#made.get(draft);
      if (name !== undefined) this.#keys.delete(name);
    }
  }
}

/** Null when the key was destroyed. Throws LedgerError `key` when the master key is not ours. */
export function openKeyFrame(frame: Frame, masters: MasterKeys): KeyObject | null {
  const { master } = readKeyFrame(frame);
  const slot = frame.slot;
  if (!slot) throw new LedgerError("corrupt", `record ${frame.record}: a key frame without a key slot`);
  if (slotState(slot) === "erased") return null;
  const by = masters.all.find((m) => m.fingerprint.equals(master));
  if (!by)
    throw new LedgerError(
      "key",
      `record ${frame.record} was written under master key ${master.toString("hex")}, which is not among the ${masters.all.length} we have`,
    );
  return createSecretKey(unwrapKey(by.key, slot.subarray(0, 40)));
}

import { createHash } from "node:crypto";
import type { Account } from "../exchange/account.ts";
import type { Watched } from "./detector.ts";
import { DetectError } from "./error.ts";
import { PART, WHOLE } from "./layout.ts";
import { Profile } from "./link/profile.ts";
import { Owner } from "./owner.ts";
import { RHYTHM_BYTES } from "./rhythm.ts";
import { SERVED_BYTES } from "./served.ts";
import { SCORING } from "./score.ts";
import type { Evidence } from "./sketch.ts";
import type { PackedStreams } from "./streams.ts";
import { Trajectory, type TrajectoryFacts } from "./trajectory.ts";
import type { Weights } from "./weights.ts";

/** Raise the number whenever the shape of anything kept here changes (facts, sketches, owners, profiles, the linker's state). */
const MAGIC = "SWDETECT6\n";
const HASH_BYTES = 32;

/** What a snapshot says about itself. */
export interface SnapshotHead {
  readonly calibration: string;
  /** What the detector keeps beside its accounts. */
  readonly rest: unknown;
}

type Packed = Omit<Watched, "trajectory" | "profile" | "owner"> & {
  readonly owner: ReturnType<Owner["pack"]>;
  readonly facts: Account | null;
  readonly trajectory: TrajectoryFacts;
  readonly streams: Omit<PackedStreams, "parts"> & {
    readonly parts: readonly { readonly place: number; readonly evidence: Evidence }[];
  };
  readonly profileBytes: number;
};

/**
 * Bytes: `SWDETECT6\n`, the SHA-256 of all that follows, then a frame with the head as JSON, then one frame an account: its facts as JSON, then its sketch
 * (WHOLE.bytes), its rhythm, the answers it was served, the sketch of each of its sub-streams (PART.bytes), and its link profile, in this machine's byte
 * order; a snapshot is a cache beside the journal and does not travel. A frame is a 32-bit big-endian length and so many bytes.
 */
export function packSnapshot(head: SnapshotHead, watched: Iterable<Watched>): Uint8Array {
  const parts: Uint8Array[] = [];
  const frame = (json: unknown): void => {
    const body = Buffer.from(JSON.stringify(json));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    parts.push(length, body);
  };
  frame({ ...head, scoring: SCORING, bytes: [WHOLE.bytes, PART.bytes, RHYTHM_BYTES] });
  for (const { trajectory, profile, owner, ...facts } of watched) {
    const { parts: streams, ...places } = trajectory.streams.pack();
    const profileBytes = profile.bytes();
    frame({
      ...facts,
      owner: owner.pack(),
      facts: trajectory.facts,
      trajectory: trajectory.pack(),
      streams: { ...places, parts: streams.map(({ place, evidence }) => ({ place, evidence })) },
      profileBytes: profileBytes.length,
    } satisfies Packed);
    parts.push(
      trajectory.sketch.bytes(),
      trajectory.rhythm.bytes(),
      trajectory.served.bytes(),
      ...streams.map(({ slab }) => slab),
    );
    parts.push(profileBytes);
  }
  return Buffer.concat([Buffer.from(MAGIC), hashOf(parts), ...parts]);
}

function hashOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Throws DetectError `snapshot` when the bytes are damaged or were made with another calibration or scoring. */
export function unpackSnapshot(
  bytes: Uint8Array,
  calibration: string,
  weights: Weights,
): { watched: Watched[]; rest: unknown } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.toString("latin1", 0, MAGIC.length) !== MAGIC)
    throw new DetectError("snapshot", "not a snapshot of a detector of this version; delete it and replay");
  const start = MAGIC.length + HASH_BYTES;
  const body = buffer.subarray(start);
  if (!hashOf([body]).equals(buffer.subarray(MAGIC.length, start)))
    throw new DetectError("snapshot", "the snapshot is damaged or ends too early; delete it and replay");
  try {
    return unpackBody(body, calibration, weights);
  } catch (cause) {
    if (cause instanceof DetectError) throw cause;
    throw new DetectError(
      "snapshot",
      "the snapshot holds another state than expected; delete it and replay",
      {
        cause,
      },
    );
  }
}

function unpackBody(
  body: Buffer,
  calibration: string,
  weights: Weights,
): { watched: Watched[]; rest: unknown } {
  const cut = reader(body);
  const head = cut.frame() as SnapshotHead & { scoring: string; bytes: number[] };
  const sizes = [WHOLE.bytes, PART.bytes, RHYTHM_BYTES].join();
  if (head.calibration !== calibration || head.scoring !== SCORING || head.bytes?.join() !== sizes) {
    throw new DetectError(
      "snapshot",
      `the snapshot was made with calibration ${head.calibration} and scoring ${head.scoring}, now ${calibration} and ` +
        `${SCORING} are used; delete it and replay`,
    );
  }
  const watched: Watched[] = [];
  while (cut.more()) {
    const { trajectory, streams, profileBytes, facts, owner, ...own } = cut.frame() as Packed;
    const slab = cut.take(WHOLE.bytes);
    const rhythm = cut.take(RHYTHM_BYTES);
    const served = cut.take(SERVED_BYTES);
    const parts = streams.parts.map((part) => ({ ...part, slab: cut.take(PART.bytes) }));
    watched.push({
      ...own,
      trajectory: new Trajectory(weights, facts, {
        facts: trajectory,
        slab,
        rhythm,
        served,
        streams: { ...streams, parts },
      }),
      owner: new Owner(owner),
      profile: new Profile(cut.take(profileBytes)),
    });
  }
  return { watched, rest: head.rest };
}

function reader(body: Buffer): { more(): boolean; take(length: number): Buffer; frame(): unknown } {
  let at = 0;
  const take = (length: number): Buffer => {
    if (!(at + length <= body.length)) throw new RangeError(`${length} bytes from ${at} on are not there`);
    at += length;
    return body.subarray(at - length, at);
  };
  return {
    more: () => at < body.length,
    take,
    frame: () => JSON.parse(take(take(4).readUInt32BE()).toString()) as unknown,
  };
}

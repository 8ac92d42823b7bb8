import type { Watched } from "./detector.ts";
import { DetectError } from "./error.ts";
import { SCORING } from "./score.ts";
import { Sketch } from "./sketch.ts";
import { Trajectory, type TrajectoryFacts } from "./trajectory.ts";

const MAGIC = "SWDETECT2\n";

/** What a snapshot says about itself. */
export interface SnapshotHead {
  readonly calibration: string;
}

/**
 * Bytes: `SWDETECT2\n`, then a frame with the head as JSON, then one frame an account: its facts as JSON, and its sketch
 * (Sketch.size bytes, in this machine's byte order; a snapshot is a cache beside the journal and does not travel).
 * A frame is a 32-bit big-endian length and so many bytes.
 */
export function packSnapshot(head: SnapshotHead, watched: Iterable<Watched>): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from(MAGIC)];
  const frame = (json: unknown): void => {
    const body = Buffer.from(JSON.stringify(json));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    parts.push(length, body);
  };
  frame({ ...head, scoring: SCORING, sketch: Sketch.size });
  for (const { trajectory, ...facts } of watched) {
    frame({ ...facts, trajectory: trajectory.facts() });
    parts.push(trajectory.sketch.bytes());
  }
  return Buffer.concat(parts);
}

/** Throws DetectError `snapshot` when the bytes are damaged or were made with another calibration or scoring. */
export function unpackSnapshot(bytes: Uint8Array, calibration: string): Watched[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = MAGIC.length;
  const take = (length: number): Buffer => {
    if (at + length > buffer.length)
      throw new DetectError("snapshot", "the snapshot ends too early; delete it and replay");
    at += length;
    return buffer.subarray(at - length, at);
  };
  const frame = (): unknown => {
    const body = take(take(4).readUInt32BE());
    try {
      return JSON.parse(body.toString());
    } catch (cause) {
      throw new DetectError("snapshot", "the snapshot is damaged; delete it and replay", { cause });
    }
  };
  if (buffer.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new DetectError("snapshot", "not a snapshot of a detector of this version; delete it and replay");
  }
  const head = frame() as SnapshotHead & { scoring: string; sketch: number };
  if (head.calibration !== calibration || head.scoring !== SCORING || head.sketch !== Sketch.size) {
    throw new DetectError(
      "snapshot",
      `the snapshot was made with calibration ${head.calibration} and scoring ${head.scoring}, now ${calibration} and ` +
        `${SCORING} are used; delete it and replay`,
    );
  }
  const watched: Watched[] = [];
  while (at < buffer.length) {
    const facts = frame() as Omit<Watched, "trajectory"> & { trajectory: TrajectoryFacts };
    watched.push({ ...facts, trajectory: new Trajectory(facts.trajectory, take(Sketch.size)) });
  }
  return watched;
}

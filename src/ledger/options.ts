import { realDisk, type Disk } from "./disk.ts";

export interface LedgerOptions {
  readonly dataDir: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Name of the log for a new folder; a schema-less URL (C2SP). A random part is added, so that no two logs share it. */
  readonly origin: string;
  /** A command that prints the master key(s) instead of `keys/master.key`. */
  readonly masterKeyCommand: readonly string[];
  /** A segment of the journal is closed at this size. Bytes. */
  readonly segmentBytes: number;
  /** An INTENT waits at most so long, ms: models think longer, and an exchange that ends within it needs only one frame. */
  readonly intentDelayMs: number;
  /** How long a RESULT waits for company: 0 in `held` mode (somebody waits for it), more in `async` mode. ms. */
  readonly resultDelayMs: number;
  /** At most so much time between a leaf and the published checkpoint that covers it, ms. */
  readonly checkpointMs: number;
  /** Frames waiting to be written; beyond, `begin` refuses. Bytes of requests and responses. */
  readonly maxQueuedBytes: number;
  readonly disk: Disk;
  /** How long to wait for a process that is just leaving the folder, ms. */
  readonly lockWaitMs: number;
  /** Called when a new segment begins: those before it can be sealed. */
  readonly onSegmentClosed: () => void;
}

export const defaultLedgerOptions: Omit<LedgerOptions, "dataDir" | "now"> = {
  origin: "stillwatch.local",
  masterKeyCommand: [],
  segmentBytes: 32 * 1024 * 1024,
  intentDelayMs: 20,
  resultDelayMs: 0,
  checkpointMs: 1000,
  maxQueuedBytes: 256 * 1024 * 1024,
  disk: realDisk,
  lockWaitMs: 3000,
  onSegmentClosed: () => {},
};

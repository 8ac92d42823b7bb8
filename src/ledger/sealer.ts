import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import type { Ledger } from "./ledger.ts";
import { listSegments, readSegmentHeader } from "./segment.ts";

/** Has closed segments compressed by another program, in a process of low priority, one after the other. */
export class Sealer {
  readonly #ledger: Ledger;
  readonly #dataDir: string;
  readonly #command: readonly string[];
  readonly #onFailure: (why: string) => void;
  #work: Promise<void> | null = null;
  #stopped = false;

  /** `command` seals the segment whose first record is added to it as `--segment N`. */
  constructor(ledger: Ledger, dataDir: string, command: readonly string[], onFailure: (why: string) => void) {
    this.#ledger = ledger;
    this.#dataDir = dataDir;
    this.#command = command;
    this.#onFailure = onFailure;
  }

  /** Call when a segment was closed, and once at the start for those that an earlier run left. */
  wake(): void {
    if (this.#stopped || this.#work) return;
    this.#work = this.#sealAll()
      .catch((error: unknown) => this.#onFailure((error as Error).message))
      .finally(() => (this.#work = null));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #sealAll(): Promise<void> {
    // Let the batch that begins the new segment go first.
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const first of listSegments(this.#dataDir).slice(0, -1)) {
      if (this.#stopped) return;
      if (!readSegmentHeader(this.#dataDir, first).sealed)
        await this.#ledger.exclusive(() => this.#sealOne(first));
    }
  }

  #sealOne(first: number): Promise<void> {
    const [program, ...args] = this.#command;
    return new Promise((resolve, reject) => {
      const child = spawn(program!, [...args, "--segment", String(first)], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      if (child.pid) setPriority(child.pid, constants.priority.PRIORITY_LOW);
      let talk = "";
      child.stderr.on("data", (data: Buffer) => (talk = (talk + data.toString("utf8")).slice(-2000)));
      child.on("error", reject);
      child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(talk.trim() || `exit ${code}`))));
    });
  }
}

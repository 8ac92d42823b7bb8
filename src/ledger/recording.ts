import type { WrittenIntent } from "./batch.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { LedgerError } from "./error.ts";
import type { Intent, Recording, Result } from "./recorder.ts";

/** Somebody who waits until a record is on disk. */
export interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/** A complete exchange from elsewhere (an imported log). */
export interface Imported {
  readonly intent: Intent;
  readonly result: Result;
  readonly endedAt: number;
}

/** What waits to be written, and the bytes of requests and responses that it holds in memory. */
export type Item = { readonly bytes: number } & Entry;

type Entry =
  | { readonly kind: "intent"; readonly recording: LiveRecording }
  | {
      readonly kind: "result";
      readonly recording: LiveRecording;
      readonly result: Result;
      readonly waiter: Waiter;
    }
  | { readonly kind: "imported"; readonly imported: Imported; readonly waiter: Waiter }
  | { readonly kind: "event"; readonly content: string; readonly waiter: Waiter }
  | { readonly kind: "gap"; readonly waiter: Waiter }
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint; readonly waiter: Waiter };

export function resolve(item: Item): void {
  if (item.kind !== "intent") item.waiter.resolve();
}

/** An INTENT has nobody waiting: its exchange goes to disk with its end, as one frame. */
export function refuse(item: Item, error: unknown): void {
  if (item.kind !== "intent") item.waiter.reject(error);
}

/** An exchange between its two ends. */
export class LiveRecording implements Recording {
  readonly intent: Intent;
  /** Set when the INTENT is on disk. */
  written: WrittenIntent | null = null;
  readonly #enqueue: (result: Result, waiter: Waiter) => void;
  /** It has ended: its INTENT need not be written by itself any more. */
  finished = false;

  constructor(intent: Intent, enqueue: (result: Result, waiter: Waiter) => void) {
    this.intent = intent;
    this.#enqueue = enqueue;
  }

  finish(result: Result): Promise<void> {
    if (this.finished)
      return Promise.reject(new LedgerError("invalid", `exchange ${this.intent.id} was finished twice`));
    this.finished = true;
    return new Promise((resolve, reject) => this.#enqueue(result, { resolve, reject }));
  }
}

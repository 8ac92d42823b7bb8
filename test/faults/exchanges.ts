import { loadMasterKeys } from "../../src/ledger/keyring.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Checkpoint } from "../../src/ledger/checkpoint.ts";
import { readLeaves } from "../../src/ledger/read.ts";
import type { Intent, Result } from "../../src/ledger/recorder.ts";
import { readVkeys } from "../../src/ledger/signers.ts";
import { FrameType } from "../../src/ledger/frame.ts";
import { framesOf, listSegments, loadSegment } from "../../src/ledger/segment.ts";
import { verify, type Verification } from "../../src/ledger/verify.ts";
import type { JsonObject } from "../../src/exchange/exchange.ts";

export const T0 = Date.parse("2026-03-01T12:00:00Z");

export function intentOf(
  id: string,
  account = "acc_a",
  receivedAt = T0,
  prompt = `{"prompt":"${id}"}`,
): Intent {
  return {
    id,
    account,
    key: "key_1",
    receivedAt,
    client: {},
    endpoint: "/v1/chat/completions",
    model: "m",
    permit: null,
    upstream: "u",
    request: Buffer.from(prompt),
  };
}

export function resultOf(answer = '{"answer":"forty-two"}'): Result {
  return {
    status: 200,
    outcome: "complete",
    contentType: "application/json",
    response: [Buffer.from(answer)],
    usage: { input: 1, output: 1 },
    firstByteMs: 1,
  };
}

export function exchange(ledger: Ledger, id: string, account?: string): Promise<void> {
  return ledger.begin(intentOf(id, account)).finish(resultOf());
}

export interface Contents {
  /** Ids of complete exchanges, in order. */
  readonly ids: string[];
  readonly interrupted: string[];
  readonly events: JsonObject[];
  readonly times: string[];
  readonly leaves: number[];
}

/** `limit`: as a reader in the writer's process, which knows what is on disk. */
export async function contentsOf(dataDir: string, limit?: () => number): Promise<Contents> {
  const contents: Contents = { ids: [], interrupted: [], events: [], times: [], leaves: [] };
  for await (const { leaf, opened } of readLeaves(
    dataDir,
    await loadMasterKeys(dataDir, {}),
    limit ? { limit } : {},
  )) {
    contents.leaves.push(leaf);
    if (opened.kind === "event") contents.events.push(opened.event);
    if (opened.kind !== "exchange") continue;
    contents.times.push(opened.parameters.time);
    (opened.parameters.outcome === "complete" ? contents.ids : contents.interrupted).push(
      opened.parameters.id,
    );
  }
  return contents;
}

export async function check(dataDir: string, against: Checkpoint | null = null): Promise<Verification> {
  return verify({
    dataDir,
    masters: await loadMasterKeys(dataDir, {}),
    verifiers: readVkeys(dataDir),
    against,
  });
}

/** INTENT frames in the whole journal. */
export function intentsIn(dataDir: string): number {
  let intents = 0;
  for (const first of listSegments(dataDir))
    for (const frame of framesOf(loadSegment(dataDir, first), { last: true }))
      if (frame.type === FrameType.Intent) intents++;
  return intents;
}

/** Waits until something holds, or says what did not. */
export async function until(what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** xorshift32: the same numbers in [0, 1) every time. */
export function seeded(seed: number): () => number {
  let x = (seed * 2_654_435_761) | 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

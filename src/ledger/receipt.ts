import canonicalize from "canonicalize";
import type { JsonObject } from "../exchange/exchange.ts";
import { openCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { committed, GROUPS, Group, opens, type GroupName } from "./entry.ts";
import { LedgerError } from "./error.ts";
import type { MasterKeys } from "./keyring.ts";
import type { NoteVerifier } from "./note.ts";
import type { OpenedRecord } from "./opened.ts";
import { formatTlogProof, parseTlogProof } from "./proof.ts";
import { readLeaves } from "./read.ts";
import type { Parameters, Who } from "./record.ts";
import { subtreesFromTiles } from "./tiles.ts";
import { inclusionProof, leafHash, verifyInclusion } from "./tree.ts";

/** Where an exchange stands in the log. */
export interface LeafPlace {
  readonly leaf: number;
  readonly record: number;
}

/**
 * What a caller can keep to show later that the provider recorded this exchange: a JSON object
 *
 *     {"format": "stillwatch-receipt/1", "exchange": "ex_...", "entry": base64,
 *      "opened": {"who": {"salt", "value"}, "parameters": {...}, "sketches": {...}, "prompt": {"salt"}, "response": {"salt"}},
 *      "proof": "c2sp.org/tlog-proof@v1 ..."}
 *
 * Prompt and response are not repeated: the caller has them, and with their salts can show that they are the ones.
 */
export interface Receipt {
  readonly format: "stillwatch-receipt/1";
  readonly exchange: string;
  readonly entry: string;
  readonly opened: { readonly [name in GroupName]: { readonly salt: string; readonly value?: string } };
  readonly proof: string;
}

/** Null when this account has no such finished exchange. */
export async function makeReceipt(
  dataDir: string,
  masters: MasterKeys,
  checkpoint: Checkpoint,
  exchangeId: string,
  account: string,
  place: LeafPlace | undefined,
): Promise<string | null> {
  const found = await findExchange(dataDir, masters, exchangeId, place);
  if (!found || found.leaf >= checkpoint.size) return null;
  const { opened, leaf } = found;
  if (opened.who.account !== account) return null;
  const path = inclusionProof(leaf, checkpoint.size, subtreesFromTiles(dataDir, checkpoint.size));
  const receipt: Receipt = {
    format: "stillwatch-receipt/1",
    exchange: exchangeId,
    entry: opened.entry.toString("base64"),
    opened: Object.fromEntries(
      GROUPS.map((name) => {
        const salt = opened.secret.salts[Group[name]]!.toString("base64");
        const kept = name === "prompt" || name === "response";
        return [name, kept ? { salt } : { salt, value: opened.groups[name].toString("utf8") }];
      }),
    ) as Receipt["opened"],
    proof: formatTlogProof({ index: leaf, path, checkpoint: checkpoint.note }),
  };
  return canonicalize(receipt)!;
}

type OpenedExchange = Extract<OpenedRecord, { kind: "exchange" }>;

async function findExchange(
  dataDir: string,
  masters: MasterKeys,
  exchangeId: string,
  place: LeafPlace | undefined,
): Promise<{ leaf: number; opened: OpenedExchange } | null> {
  const from = place ? { record: place.record, leaf: place.leaf } : undefined;
  for await (const { leaf, opened } of readLeaves(dataDir, masters, from ? { from } : {})) {
    // Others are served meanwhile: 64 records take about 5 ms to open.
    if (leaf % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
    if (opened.kind === "exchange" && opened.parameters.id === exchangeId) return { leaf, opened };
    if (place) return null;
  }
  return null;
}

export interface VerifiedReceipt {
  readonly who: Who;
  readonly parameters: Parameters;
  readonly checkpoint: Checkpoint;
  readonly leaf: number;
}

/** Checks a receipt against log keys obtained elsewhere. Throws LedgerError `invalid` saying what does not hold. */
export function verifyReceipt(text: string, trust: readonly NoteVerifier[]): VerifiedReceipt {
  const receipt = parseReceipt(text);
  const entry = Buffer.from(receipt.entry, "base64");
  const proof = parseTlogProof(receipt.proof);
  const checkpoint = openCheckpoint(proof.checkpoint, trust);
  if (!verifyInclusion(leafHash(entry), proof.index, checkpoint.size, proof.path, checkpoint.root))
    throw doesNotHold("the entry is not in the tree that the checkpoint signs");
  for (const name of ["who", "parameters", "sketches"] as const) {
    const { salt, value } = receipt.opened[name];
    if (
      !opens(
        committed(entry, name),
        Buffer.from(salt, "base64"),
        Group[name],
        Buffer.from(value ?? "", "utf8"),
      )
    )
      throw doesNotHold(`the ${name} shown is not what the entry commits to`);
  }
  const parameters = parseValue(receipt, "parameters") as unknown as Parameters;
  if (parameters.id !== receipt.exchange)
    throw doesNotHold(`it is about exchange ${parameters.id}, not ${receipt.exchange}`);
  return { who: parseValue(receipt, "who") as unknown as Who, parameters, checkpoint, leaf: proof.index };
}

/** Says whether these bytes are the prompt or response that the receipt is about. */
export function matchesReceipt(text: string, group: "prompt" | "response", bytes: Uint8Array): boolean {
  const receipt = parseReceipt(text);
  const salt = Buffer.from(receipt.opened[group].salt, "base64");
  return opens(committed(Buffer.from(receipt.entry, "base64"), group), salt, Group[group], bytes);
}

/** Committed to by the log, so only a log that signs nonsense makes this fail. */
function parseValue(receipt: Receipt, group: "who" | "parameters"): JsonObject {
  let value: unknown = null;
  try {
    value = JSON.parse(receipt.opened[group].value!);
  } catch {
    // Said below.
  }
  if (typeof value !== "object" || value === null) throw doesNotHold(`its ${group} are no JSON object`);
  return value as JsonObject;
}

function parseReceipt(text: string): Receipt {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new LedgerError("malformed", "not a receipt: the file is not JSON", { cause });
  }
  const receipt = value as Partial<Receipt> | null;
  const isOpened = (name: GroupName): boolean => typeof receipt?.opened?.[name]?.salt === "string";
  if (
    receipt?.format !== "stillwatch-receipt/1" ||
    [receipt.exchange, receipt.entry, receipt.proof].some((field) => typeof field !== "string") ||
    !GROUPS.every(isOpened) ||
    !(["who", "parameters", "sketches"] as const).every(
      (name) => typeof receipt.opened?.[name].value === "string",
    )
  )
    throw new LedgerError(
      "malformed",
      'not a receipt: it needs "format":"stillwatch-receipt/1", exchange, entry, opened and proof',
    );
  return receipt as Receipt;
}

function doesNotHold(why: string): LedgerError {
  return new LedgerError("invalid", `the receipt does not hold: ${why}`);
}

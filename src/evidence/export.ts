import { rename, rm } from "node:fs/promises";
import type { JsonObject } from "../exchange/exchange.ts";
import { writeRecords } from "../exchange/traffic.ts";
import { readCheckpoint } from "../ledger/checkpoint.ts";
import { Group, GROUPS, type GroupName } from "../ledger/entry.ts";
import type { MasterKeys } from "../ledger/keyring.ts";
import type { OpenedRecord } from "../ledger/opened.ts";
import { readLeaves } from "../ledger/read.ts";
import { subtreesFromTiles } from "../ledger/tiles.ts";
import { inclusionProof } from "../ledger/tree.ts";
import type { BundleHead, BundleItem, Opening } from "./bundle.ts";
import { EvidenceError } from "./error.ts";

export interface ExportOptions {
  readonly dataDir: string;
  readonly masters: MasterKeys;
  /** The published checkpoint (a signed note); what it does not cover is not in the bundle. */
  readonly checkpoint: string;
  readonly account: string;
  /** Groups not to open, e.g. prompt and response. */
  readonly withhold: readonly GroupName[];
  readonly out: string;
  readonly now: () => number;
  readonly onProgress?: (leaves: number, of: number) => void;
}

/** Writes a bundle with all exchanges of an account and the erasures that concern it. Returns the number of items. */
export async function exportBundle(options: ExportOptions): Promise<number> {
  const { dataDir, masters, checkpoint, account, out } = options;
  const { size } = readCheckpoint(checkpoint);
  const wanted = await itemsOf(options, size);
  if (wanted === 0)
    throw new EvidenceError(
      "empty",
      `account ${account} has no exchange under the current checkpoint (${size} leaves): is the id right?`,
    );
  const subtrees = subtreesFromTiles(dataDir, size);
  const erasedLeaves = await erasuresOf(options, size);
  const temporary = out.replace(/(\.(gz|zst))?$/, ".partial$1");
  const writer = writeRecords<BundleHead | BundleItem>(temporary);
  try {
    const made = new Date(options.now()).toISOString();
    await writer.write({
      format: "stillwatch-bundle/1",
      subject: { account },
      made,
      checkpoint,
      items: wanted,
    });
    for await (const { leaf, opened } of readLeaves(dataDir, masters)) {
      if (leaf >= size) break;
      const item = itemOf(opened, options, leaf, erasedLeaves);
      if (item)
        await writer.write({
          leaf,
          entry: opened.entry.toString("base64"),
          path: inclusionProof(leaf, size, subtrees).map(base64),
          ...item,
        });
      if (leaf % 5000 === 0) options.onProgress?.(leaf, size);
    }
    await writer.close();
    await rename(temporary, out);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return wanted;
}

type ItemContent = Pick<BundleItem, "opened" | "event" | "erased">;

function itemOf(
  opened: OpenedRecord,
  { account, withhold }: ExportOptions,
  leaf: number,
  erased: ReadonlySet<number>,
): ItemContent | null {
  switch (opened.kind) {
    case "exchange": {
      if (opened.who.account !== account) return null;
      const shown = GROUPS.filter((name) => !withhold.includes(name));
      const opening = (name: GroupName): Opening => ({
        salt: base64(opened.secret.salts[Group[name]]!),
        value: base64(opened.groups[name]),
      });
      return { opened: Object.fromEntries(shown.map((name) => [name, opening(name)])) };
    }
    case "erased":
      return erased.has(leaf) ? { erased: true } : null;
    case "event":
      return concerns(opened.event, account)
        ? { event: { salt: base64(opened.secret.salts[0]!), value: base64(opened.content) } }
        : null;
  }
}

/** A verifier must see why an exchange of the chain is missing. Other events belong to the full bundle. */
function concerns(event: JsonObject, account: string): boolean {
  return event["type"] === "erasure" && event["account"] === account;
}

async function erasuresOf(options: ExportOptions, size: number): Promise<Set<number>> {
  const leaves = new Set<number>();
  for await (const { leaf, opened } of readLeaves(options.dataDir, options.masters)) {
    if (leaf >= size) break;
    if (opened.kind === "event" && concerns(opened.event, options.account))
      for (const erased of opened.event["leaves"] as number[]) leaves.add(erased);
  }
  return leaves;
}

async function itemsOf(options: ExportOptions, size: number): Promise<number> {
  const erased = await erasuresOf(options, size);
  let items = 0;
  for await (const { leaf, opened } of readLeaves(options.dataDir, options.masters)) {
    if (leaf >= size) break;
    if (itemOf(opened, options, leaf, erased)) items++;
  }
  return items;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

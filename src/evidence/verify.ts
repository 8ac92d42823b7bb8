import { openCheckpoint, type Checkpoint } from "../ledger/checkpoint.ts";
import {
  committed,
  committedEvent,
  EVENT_GROUP,
  Group,
  GROUPS,
  opens,
  type GroupName,
} from "../ledger/entry.ts";
import { LedgerError } from "../ledger/error.ts";
import type { NoteVerifier } from "../ledger/note.ts";
import { leafHash, verifyInclusion } from "../ledger/tree.ts";
import { type BundleItem, parseHead, parseItem } from "./bundle.ts";
import { EvidenceError } from "./error.ts";

/** What a bundle shows, once every check held. */
export interface Verified {
  readonly holds: boolean;
  /** The first checks that failed, with the line of the bundle. */
  readonly problems: readonly string[];
  readonly account: string;
  readonly checkpoint: Pick<Checkpoint, "origin" | "size">;
  readonly exchanges: number;
  readonly erased: number;
  /** Exchanges imported from another log: recorded here, not seen being served. */
  readonly notWitnessed: number;
  /** Groups that at least one exchange withholds. */
  readonly withheld: readonly GroupName[];
  readonly first: string | null;
  readonly last: string | null;
  /** What the bundle cannot show, in words. */
  readonly limits: readonly string[];
}

const MAX_PROBLEMS = 20;

/**
 * Verifies a bundle with nothing but the bundle and the log's public keys. Needs no server, database or network; the lines
 * may come from anybody. Throws EvidenceError `malformed` when it is no bundle.
 */
export async function verifyBundle(
  lines: AsyncIterable<{ readonly number: number; readonly text: string }>,
  trust: readonly NoteVerifier[],
): Promise<Verified> {
  let check: BundleCheck | null = null;
  for await (const { number, text } of lines) {
    if (check) check.item(parseItem(text, number), number);
    else check = new BundleCheck(parseHead(text), trust);
  }
  if (!check) throw new EvidenceError("malformed", "the bundle is empty");
  return check.result();
}

class BundleCheck {
  readonly #problems: string[] = [];
  readonly #account: string;
  readonly #announced: number;
  readonly #checkpoint: Checkpoint | null;
  readonly #withheld = new Set<GroupName>();
  readonly #times: string[] = [];
  /** Leaves that an erasure in this bundle accounts for. */
  readonly #accounted = new Set<number>();
  readonly #erasedLeaves: number[] = [];
  #items = 0;
  #exchanges = 0;
  #lastLeaf = -1;
  #chain: { sequence: number; leaf: string } | null = null;
  #notWitnessed = 0;

  constructor(head: ReturnType<typeof parseHead>, trust: readonly NoteVerifier[]) {
    this.#account = head.subject.account;
    this.#announced = head.items;
    this.#checkpoint = this.#openCheckpoint(head.checkpoint, trust);
  }

  item(item: BundleItem, line: number): void {
    this.#items++;
    const entry = Buffer.from(item.entry, "base64");
    const hash = leafHash(entry);
    const path = item.path.map((text) => Buffer.from(text, "base64"));
    const { size, root } = this.#checkpoint ?? { size: 0, root: hash };
    if (this.#checkpoint && !verifyInclusion(hash, item.leaf, size, path, root))
      this.#problem(line, `leaf ${item.leaf} is not in the tree that the checkpoint signs`);
    if (item.leaf <= this.#lastLeaf)
      this.#problem(line, `leaf ${item.leaf} does not come after leaf ${this.#lastLeaf}`);
    this.#lastLeaf = item.leaf;
    if (item.erased) this.#erased(item.leaf, hash.toString("hex"));
    else if (item.event) this.#event(item, entry, line);
    else this.#exchange(item, entry, hash.toString("hex"), line);
  }

  result(): Verified {
    if (this.#items !== this.#announced)
      this.#problem(1, `${this.#announced} items are announced, ${this.#items} are there`);
    for (const leaf of this.#erasedLeaves)
      if (!this.#accounted.has(leaf))
        this.#problem(1, `leaf ${leaf} is called erased, and no erasure in the bundle says so`);
    const times = this.#times.sort();
    return {
      holds: this.#problems.length === 0,
      problems: this.#problems,
      account: this.#account,
      checkpoint: { origin: this.#checkpoint?.origin ?? "", size: this.#checkpoint?.size ?? 0 },
      exchanges: this.#exchanges,
      erased: this.#erasedLeaves.length,
      notWitnessed: this.#notWitnessed,
      withheld: [...this.#withheld],
      first: times[0] ?? null,
      last: times.at(-1) ?? null,
      limits: [
        "It shows what the log recorded, not that the log recorded everything that was served.",
        "No exchange is left out up to the last one shown. Later ones may have been: whether the account went on is open.",
        this.#notWitnessed === 0
          ? "Times are those of the log's own clock."
          : `${this.#notWitnessed} of the exchanges were imported from another log: this log did not see them being served, and their times and contents are that log's word.`,
        "Who stands behind the account is the provider's statement.",
      ],
    };
  }

  #openCheckpoint(note: string, trust: readonly NoteVerifier[]): Checkpoint | null {
    try {
      return openCheckpoint(note, trust);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#problem(1, error.message);
      return null;
    }
  }

  #exchange(item: BundleItem, entry: Buffer, hash: string, line: number): void {
    this.#exchanges++;
    const values: { [name in GroupName]?: Buffer } = {};
    for (const name of GROUPS) {
      const opening = item.opened?.[name];
      if (!opening) {
        this.#withheld.add(name);
        continue;
      }
      const value = Buffer.from(opening.value, "base64");
      if (!opens(committed(entry, name), Buffer.from(opening.salt, "base64"), Group[name], value))
        this.#problem(line, `the ${name} shown is not what leaf ${item.leaf} commits to`);
      values[name] = value;
    }
    if (!values.who || !values.parameters)
      return this.#problem(
        line,
        "who and parameters must be opened: without them nobody can say whose exchange this is",
      );
    const who = readJson<{ account: string; sequence: number; previous: string | null }>(values.who);
    const parameters = readJson<{ time: string; witnessed?: unknown }>(values.parameters);
    if (!who || !parameters || !Number.isSafeInteger(who.sequence) || typeof parameters.time !== "string")
      return this.#problem(line, "who or parameters are not what an exchange has");
    this.#times.push(parameters.time);
    if (parameters.witnessed !== true) this.#notWitnessed++;
    if (who.account !== this.#account)
      this.#problem(line, `the exchange is of account ${who.account}, not ${this.#account}`);
    this.#follow(who, hash, line);
  }

  /** An erased exchange has its place in the chain too: its leaf is there, only nobody can open it. */
  #erased(leaf: number, hash: string): void {
    this.#erasedLeaves.push(leaf);
    this.#chain = { sequence: (this.#chain?.sequence ?? 0) + 1, leaf: hash };
  }

  /** The account's chain: every exchange names the leaf before it, so that none can be left out unseen. */
  #follow(who: { sequence: number; previous: string | null }, hash: string, line: number): void {
    const expected = (this.#chain?.sequence ?? 0) + 1;
    if (who.sequence !== expected)
      this.#problem(
        line,
        `exchange ${who.sequence} of the account stands where exchange ${expected} should be`,
      );
    else if (who.previous !== (this.#chain?.leaf ?? null))
      this.#problem(line, `exchange ${who.sequence} follows another leaf than the one shown before it`);
    this.#chain = { sequence: who.sequence, leaf: hash };
  }

  #event(item: BundleItem, entry: Buffer, line: number): void {
    const value = Buffer.from(item.event!.value, "base64");
    if (!opens(committedEvent(entry), Buffer.from(item.event!.salt, "base64"), EVENT_GROUP, value))
      return this.#problem(line, `the event shown is not what leaf ${item.leaf} commits to`);
    const event = readJson<{ type: string; account: string; leaves: number[] }>(value);
    if (event?.type === "erasure" && event.account === this.#account && Array.isArray(event.leaves))
      for (const leaf of event.leaves) this.#accounted.add(leaf);
  }

  #problem(line: number, what: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(`line ${line}: ${what}`);
  }
}

/** Null for anything but a JSON object. */
function readJson<T extends object>(bytes: Buffer): T | null {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as T) : null;
  } catch {
    return null;
  }
}

import { GROUPS, type GroupName } from "../ledger/entry.ts";
import { EvidenceError } from "./error.ts";

/**
 * An evidence bundle: JSON lines, plain or compressed, so that neither side holds it whole.
 *
 *     {"format":"stillwatch-bundle/1","subject":{"account":"acc_…"},"made":"2026-…","checkpoint":"<signed note>","items":412}
 *     {"leaf":17,"entry":base64,"path":[base64,…],"opened":{"who":{"salt":base64,"value":base64},…}}
 *     {"leaf":90,"entry":base64,"path":[…],"erased":true}
 *     {"leaf":91,"entry":base64,"path":[…],"event":{"salt":base64,"value":base64}}
 *
 * `path` is the inclusion proof (RFC 9162 2.1.3) in the checkpoint's tree, `opened` are the field groups shown, `event` is an
 * entry that is no exchange (an erasure). A group that is not in `opened` is withheld: its commitment stands in the entry.
 */
export interface BundleHead {
  readonly format: "stillwatch-bundle/1";
  readonly subject: { readonly account: string };
  readonly made: string;
  readonly checkpoint: string;
  readonly items: number;
}

export interface Opening {
  readonly salt: string;
  readonly value: string;
}

export interface BundleItem {
  readonly leaf: number;
  readonly entry: string;
  readonly path: readonly string[];
  readonly opened?: { readonly [name in GroupName]?: Opening };
  readonly event?: Opening;
  readonly erased?: true;
}

/** Throws EvidenceError `malformed`. */
export function parseHead(line: string): BundleHead {
  const head = parseObject(line, 1) as Partial<BundleHead>;
  if (head.format !== "stillwatch-bundle/1")
    throw new EvidenceError(
      "malformed",
      `not a bundle: "format" is ${shown(head.format)}, not "stillwatch-bundle/1"`,
    );
  if (
    typeof head.subject?.account !== "string" ||
    typeof head.checkpoint !== "string" ||
    !isCount(head.items)
  )
    throw new EvidenceError(
      "malformed",
      "the bundle's first line needs subject.account, checkpoint and items",
    );
  const { made } = head;
  if (typeof made !== "string")
    throw new EvidenceError("malformed", `"made" in the bundle's first line is ${shown(made)}, not a time`);
  for (const name of [
    ...Object.keys(head),
    ...Object.keys(head.subject).map((member) => `subject.${member}`),
  ])
    if (!HEAD_FIELDS.has(name))
      throw new EvidenceError("malformed", `the bundle's first line has no field ${shown(name)}`);
  return head as BundleHead;
}

const HEAD_FIELDS = new Set(["format", "subject", "subject.account", "made", "checkpoint", "items"]);

/** Throws EvidenceError `malformed`. */
export function parseItem(line: string, number: number): BundleItem {
  const item = parseObject(line, number) as Partial<BundleItem>;
  const wrong = (what: string): EvidenceError =>
    new EvidenceError("malformed", `line ${number} of the bundle: ${what}`);
  if (!isCount(item.leaf)) throw wrong(`"leaf" is ${shown(item.leaf)}, not a leaf index`);
  if (typeof item.entry !== "string") throw wrong('"entry" is missing');
  if (
    !Array.isArray(item.path) ||
    item.path.length > 64 ||
    item.path.some((hash) => typeof hash !== "string")
  )
    throw wrong('"path" is not a list of at most 64 hashes');
  if (item.erased !== undefined && (item.erased as unknown) !== true)
    throw wrong(`"erased" is ${shown(item.erased)}, not true`);
  for (const shows of [item.opened, item.event] as unknown[])
    if (shows !== undefined && (typeof shows !== "object" || shows === null || Array.isArray(shows)))
      throw wrong("what it shows is no object");
  if ([item.opened, item.event, item.erased].filter((shows) => shows !== undefined).length !== 1)
    throw wrong('it needs exactly one of "opened", "event" and "erased"');
  for (const name of Object.keys(item))
    if (!ITEM_FIELDS.has(name)) throw wrong(`there is no field ${shown(name)}`);
  for (const name of Object.keys(item.opened ?? {}))
    if (!(GROUPS as readonly string[]).includes(name)) throw wrong(`there is no group ${shown(name)}`);
  const openings = [...Object.values(item.opened ?? {}), ...(item.event ? [item.event] : [])];
  if (
    openings.some(
      (opening) =>
        typeof opening?.salt !== "string" ||
        typeof opening.value !== "string" ||
        Object.keys(opening).length !== 2,
    )
  )
    throw wrong("an opened group needs salt and value, and has nothing else");
  // One spelling per byte string: what is not exactly what the exporter writes was changed by somebody.
  for (const text of [
    item.entry,
    ...(item.path as string[]),
    ...openings.flatMap(({ salt, value }) => [salt, value]),
  ])
    if (Buffer.from(text, "base64").toString("base64") !== text)
      throw wrong(`"${text.slice(0, 40)}" is not base64`);
  return item as BundleItem;
}

const ITEM_FIELDS = new Set(["leaf", "entry", "path", "opened", "event", "erased"]);

function parseObject(line: string, number: number): object {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below, with the line's number.
  }
  throw new EvidenceError("malformed", `line ${number} of the bundle is not a JSON object`);
}

/** Short, and only where it has no depth: nesting can be deeper than the stack. */
function shown(value: unknown): string {
  return typeof value === "object"
    ? "an object"
    : JSON.stringify(typeof value === "string" ? value.slice(0, 60) : value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

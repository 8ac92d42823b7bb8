import type { Json, JsonObject } from "../exchange/exchange.ts";
import { asList } from "../exchange/json.ts";
import { AttributionError } from "./error.ts";
import { type Fault, fault, NAME, nameOf, readRecords } from "./records.ts";

/** One coin and what the suspect makes of every sibling that the coin chose from. */
export interface ScoredItem {
  /** The exchange, or whatever else had the coin: unique in a file. */
  readonly item: string;
  readonly account: string | null;
  /** Index of the sibling that was served. */
  readonly served: number;
  /** The suspect's score of every sibling, minus the reference's where there is one. Two or more, finite. */
  readonly scores: readonly number[];
  readonly referenced: boolean;
  /** At least 0; must not depend on `served`. */
  readonly weight: number;
}

/** Bounds on what is taken: an item of 256 siblings of 25 digits each is 13 KB, twice; a million items of two are 300 MB of memory. */
const MAX_LINE_BYTES = 1024 * 1024;
const MAX_ITEMS = 1_000_000;
const MAX_SIBLINGS = 256;
const MAX_NUMBERS = 16_000_000;
/** Beyond this a difference or a sum of squares could overflow; no log-likelihood comes near. */
const MAX_SCORE = 1e100;

/**
 * The items of a score file (contract.md), one a line:
 *
 *     {"item":"ex_01","account":"acc_7","served":1,"scores":[-41.2,-38.9],"reference":[-40.1,-40.3],"weight":1}
 *
 * `account`, `reference` and `weight` may be missing or null; other fields are passed over. Throws AttributionError.
 */
export async function readScores(path: string): Promise<ScoredItem[]> {
  const items: ScoredItem[] = [];
  const lines = new Map<string, number>();
  let numbers = 0;
  const bounds = { maxLineBytes: MAX_LINE_BYTES, maxRecords: MAX_ITEMS };
  for await (const item of readRecords(path, bounds, (line, number) =>
    once(parseItem(line), number, lines),
  )) {
    numbers += item.scores.length;
    if (numbers > MAX_NUMBERS)
      throw new AttributionError("too_large", `${path}: more than ${MAX_NUMBERS} scores; use fewer siblings`);
    items.push(item);
  }
  if (items.length === 0)
    throw new AttributionError("malformed", `${path}: no items; one JSON object a line is wanted`);
  return items;
}

// An item that stands twice would count its one coin twice, and no p-value over it would hold.
function once(parsed: ScoredItem | Fault, number: number, lines: Map<string, number>): ScoredItem | Fault {
  if ("fault" in parsed) return parsed;
  const before = lines.get(parsed.item);
  if (before !== undefined)
    return {
      fault: `item ${JSON.stringify(parsed.item)} stands on line ${before} already; an item has one coin, so average its scores into one line`,
    };
  lines.set(parsed.item, number);
  return parsed;
}

/** One line of a score file, checked. */
export function parseItem(line: JsonObject): ScoredItem | Fault {
  const item = nameOf(line["item"]);
  if (item === null) return fault("item", line["item"], NAME);
  const given = line["account"] ?? null;
  const account = given === null ? null : nameOf(given);
  if (given !== null && account === null) return fault("account", given, NAME);

  const scores = numbersIn(line["scores"]);
  if (!scores || scores.length < 2 || scores.length > MAX_SIBLINGS)
    return fault("scores", line["scores"], `an array of 2 to ${MAX_SIBLINGS} finite numbers, one a sibling`);
  const served = line["served"];
  if (typeof served !== "number" || !Number.isInteger(served) || served < 0 || served >= scores.length)
    return fault(
      "served",
      served,
      `a whole number from 0 to ${scores.length - 1}, the place of the served sibling in "scores"`,
    );
  const reference = line["reference"] ?? null;
  const subtract = reference === null ? null : numbersIn(reference);
  if (reference !== null && subtract?.length !== scores.length)
    return fault(
      "reference",
      reference,
      `an array of ${scores.length} finite numbers, one for each of "scores"; leave the field out where there is none`,
    );
  const weight = line["weight"] ?? 1;
  if (typeof weight !== "number" || !(weight >= 0 && weight <= 1e12))
    return fault("weight", weight, "a number from 0 to 1e12 that does not depend on what was served");
  return {
    item,
    account,
    served,
    scores: subtract ? scores.map((score, k) => score - (subtract[k] as number)) : scores,
    referenced: subtract !== null,
    weight,
  };
}

function numbersIn(value: Json | undefined): number[] | null {
  const list = asList(value);
  const isScore = (each: Json): each is number =>
    typeof each === "number" && Math.abs(each) <= MAX_SCORE && Number.isFinite(each);
  return Array.isArray(value) && list.every(isScore) ? [...list] : null;
}

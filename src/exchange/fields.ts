import { ExchangeError } from "./error.ts";
import type { Json, JsonObject } from "./exchange.ts";
import { asObject, shown } from "./json.ts";

/** The kinds a field of a file can be checked for, with what a value of that kind becomes. */
interface Kinds {
  object: JsonObject;
  text: string;
  /** 1 to 256 printable characters. */
  id: string;
  flag: boolean;
  /** A finite number of at least 0. */
  amount: number;
  /** A whole number of at least 0. */
  count: number;
}

const wanted: { [Kind in keyof Kinds]: string } = {
  object: "a JSON object",
  text: "a string",
  id: "a string of 1 to 256 printable characters",
  flag: "true or false",
  amount: "a number of at least 0",
  count: "a whole number of at least 0",
};

const fits: { [Kind in keyof Kinds]: (value: Json) => boolean } = {
  object: (value) => asObject(value) !== null,
  text: (value) => typeof value === "string",
  // oxlint-disable-next-line no-control-regex -- control characters are what must not pass
  id: (value) => typeof value === "string" && value.length <= 256 && /^[^\u0000-\u001f\u007f]+$/.test(value),
  flag: (value) => typeof value === "boolean",
  amount: (value) => typeof value === "number" && Number.isFinite(value) && value >= 0,
  count: (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0,
};

/** The value when it is of that kind; else throws ExchangeError `malformed` naming field, value and cure. */
export function required<Kind extends keyof Kinds>(
  value: Json | undefined,
  field: string,
  kind: Kind,
): Kinds[Kind] {
  if (value !== undefined && fits[kind](value)) return value as Kinds[Kind];
  throw malformed(field, value, wanted[kind]);
}

/** As `required`, but undefined when the field is missing or null. */
export function optional<Kind extends keyof Kinds>(
  object: JsonObject,
  field: string,
  kind: Kind,
): Kinds[Kind] | undefined {
  const value = object[field];
  return value === undefined || value === null ? undefined : required(value, field, kind);
}

/**
 * A time as ISO 8601 in UTC with milliseconds. Other zones are converted; a time without a zone is taken as UTC,
 * because the machine's own zone would give a different answer on every machine.
 */
export function timeOf(text: string, field: string): string {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`;
  const time = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text) ? new Date(zoned.replace(" ", "T")) : null;
  if (!time || Number.isNaN(time.getTime()))
    throw malformed(field, text, "a time such as 2026-03-01T12:00:00.123Z");
  return time.toISOString();
}

export function malformed(field: string, value: unknown, cure: string): ExchangeError {
  const what = field === "" ? "the line" : `"${field}"`;
  const is = value === undefined ? "is missing" : `is ${shown(value)}`;
  return new ExchangeError("malformed", `${what} ${is}; it must be ${cure}`);
}

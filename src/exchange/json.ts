import type { Json, JsonObject } from "./exchange.ts";

// Reading JSON that somebody else wrote: each of these gives the value when it has the wanted kind, and null when it
// has not. They never throw, so a reader built from them never throws either.

export function asObject(value: Json | undefined): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}

/** The elements, or none when the value is not an array. */
export function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** A finite number. */
export function asNumber(value: Json | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A whole number of at least 0, as token counts are. */
export function asCount(value: Json | undefined): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** The objects among the elements. */
export function objectsIn(value: Json | undefined): JsonObject[] {
  return asList(value)
    .map(asObject)
    .filter((each) => each !== null);
}

/** The value at a dotted path such as `metadata.user_id`; undefined when any step is missing. */
export function at(value: Json | undefined, path: string): Json | undefined {
  let here = value;
  for (const step of path.split(".")) {
    const object = asObject(here);
    if (!object || !Object.hasOwn(object, step)) return undefined;
    here = object[step];
  }
  return here;
}

/** A value as it may stand in an error message: JSON, cut to 60 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

// Bodies of the APIs nest about ten deep, JSON schemas of tools some twenty more. Past some thousands JSON.stringify
// and every other recursive reader overflow the stack, so one request could stop an export.
const MAX_DEPTH = 200;

/** Whether a value nests deeper than anything that an API takes or gives. */
export function isTooDeep(value: Json | undefined, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth >= MAX_DEPTH) return true;
  if (Array.isArray(value)) return value.some((each) => isTooDeep(each, depth + 1));
  for (const name in value) if (isTooDeep(value[name], depth + 1)) return true;
  return false;
}

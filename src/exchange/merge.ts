import type { Json, JsonObject } from "./exchange.ts";
import { asObject } from "./json.ts";

// How pieces of a streamed object become the object again. Names that nobody told us of get the likeliest reading:
// texts grow, lists grow, objects merge, everything else is replaced.

/** Texts that are given whole, though they may be repeated in every piece. */
const whole = new Set(["role", "id", "type", "name", "object", "model", "format", "index"]);

// Deltas nest three deep; past this they are taken as they are, so that nobody can exhaust the stack.
const MAX_DEPTH = 32;

/** Adds one piece to what is there. A null piece never removes what is there. */
export function mergeDelta(into: JsonObject, delta: JsonObject, depth = 0): void {
  for (const name of Object.keys(delta)) {
    const piece = delta[name];
    // `__proto__` would change the object's prototype instead of its content.
    if (piece === undefined || name === "__proto__") continue;
    const there = Object.hasOwn(into, name) ? into[name] : undefined;
    into[name] = whole.has(name) && piece !== null ? piece : merged(there, piece, depth);
  }
}

function merged(there: Json | undefined, piece: Json, depth: number): Json {
  if (there === undefined || there === null) return copied(piece, depth);
  if (piece === null) return there;
  if (typeof there === "string" && typeof piece === "string") return there + piece;
  if (Array.isArray(there) && Array.isArray(piece)) {
    for (const each of piece) there.push(each);
    return there;
  }
  const object = asObject(there);
  const change = asObject(piece);
  if (!object || !change || depth >= MAX_DEPTH) return piece;
  mergeDelta(object, change, depth + 1);
  return object;
}

// What is merged into later must not be shared with the event that it came from.
function copied(piece: Json, depth: number): Json {
  if (Array.isArray(piece)) return [...piece];
  const object = asObject(piece);
  if (!object || depth >= MAX_DEPTH) return piece;
  const copy: JsonObject = {};
  mergeDelta(copy, object, depth + 1);
  return copy;
}

/** Copies the fields that are not null over what is there; for facts that are repeated or come late. */
export function takeFields(into: JsonObject, from: JsonObject, except: ReadonlySet<string>): void {
  for (const name of Object.keys(from)) {
    const value = from[name];
    if (value === undefined || name === "__proto__" || except.has(name)) continue;
    if (value !== null || !Object.hasOwn(into, name)) into[name] = value;
  }
}

/** Things by their index in the stream, in that order. */
export class Indexed<Value> {
  readonly #items = new Map<number, Value>();

  at(index: number, make: () => Value): Value {
    let item = this.#items.get(index);
    if (item === undefined) this.#items.set(index, (item = make()));
    return item;
  }

  get(index: number): Value | undefined {
    return this.#items.get(index);
  }

  set(index: number, value: Value): void {
    this.#items.set(index, value);
  }

  get size(): number {
    return this.#items.size;
  }

  inOrder(): Value[] {
    return [...this.#items].sort(([a], [b]) => a - b).map(([, value]) => value);
  }
}

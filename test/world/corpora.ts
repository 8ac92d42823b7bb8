import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonObject } from "../../src/exchange/exchange.ts";
import { readLines } from "../../src/exchange/lines.ts";
import type { Message } from "./actor.ts";

/** One request that was really made, and its answer where it is known. */
export interface Row {
  readonly messages: readonly Message[];
  readonly response: string | null;
  /** Milliseconds since the epoch. */
  readonly time: number | null;
  readonly user: string | null;
  /** Rows of one conversation stand together and are sent together. */
  readonly conversation: string | null;
  readonly parameters: JsonObject;
}

export interface Corpus {
  readonly name: string;
  readonly kind: CorpusKind;
  /** Corpora made from the same material: never on both sides of a split. */
  readonly lineage: string;
  readonly rows: readonly Row[];
}

export interface Corpora {
  readonly corpora: readonly Corpus[];
}

export const corpusKinds = ["harvest", "harvest_wire", "benign_app", "benign_user", "evaluator"] as const;
export type CorpusKind = (typeof corpusKinds)[number];

export interface CorporaOptions {
  /** Rows read of each corpus, from its beginning. Default 5,000. */
  readonly rows?: number;
  /** Characters kept of each corpus; reading stops there. Default 24 million. */
  readonly characters?: number;
  /** Only these. */
  readonly names?: readonly string[];
  readonly kinds?: readonly CorpusKind[];
}

/** Reads a folder of corpora: `KIND/NAME.jsonl`, plain or compressed, one row a line. Rows without messages are left out. */
export async function loadCorpora(folder: string, options: CorporaOptions = {}): Promise<Corpora> {
  const corpora: Corpus[] = [];
  for (const kind of options.kinds ?? corpusKinds) {
    for (const file of readdirSync(join(folder, kind)).sort()) {
      const name = file.replace(/\.jsonl(\.gz|\.zst)?$/, "");
      if (name === file || (options.names && !options.names.includes(name))) continue;
      const rows = await rowsOf(join(folder, kind, file), options);
      if (rows.length > 0) corpora.push({ name, kind, lineage: lineageOf(name), rows });
    }
  }
  return { corpora };
}

async function rowsOf(
  path: string,
  { rows: most = 5000, characters = 24_000_000 }: CorporaOptions,
): Promise<Row[]> {
  const rows: Row[] = [];
  let left = characters;
  for await (const { text } of readLines(path)) {
    if (text === "") continue;
    const row = rowOf(JSON.parse(text) as JsonObject);
    if (row) rows.push(row);
    left -= text.length;
    if (rows.length >= most || left <= 0) break;
  }
  return rows;
}

function rowOf(json: JsonObject): Row | null {
  const messages = (Array.isArray(json["messages"]) ? json["messages"] : []).filter(isMessage);
  if (messages.length === 0) return null;
  const { response, user, conv, t } = json;
  return {
    messages,
    response: typeof response === "string" ? response : null,
    time: timeOf(t),
    user: typeof user === "string" ? user : null,
    conversation: typeof conv === "string" ? conv : null,
    parameters: parametersOf(json["meta"]),
  };
}

function isMessage(json: Json): json is JsonObject & Message {
  return (
    json !== null &&
    typeof json === "object" &&
    !Array.isArray(json) &&
    typeof json["role"] === "string" &&
    typeof json["content"] === "string"
  );
}

/** Seconds, milliseconds or a date in words. */
function timeOf(t: Json | undefined): number | null {
  const ms =
    typeof t === "number" ? (t < 1e11 ? 1000 * t : t) : typeof t === "string" ? Date.parse(t) : Number.NaN;
  return Number.isFinite(ms) ? Math.round(ms) : null;
}

const PARAMETERS = [
  "temperature",
  "top_p",
  "max_tokens",
  "n",
  "seed",
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "stop",
];

function parametersOf(meta: Json | undefined): JsonObject {
  if (meta === null || typeof meta !== "object" || Array.isArray(meta)) return {};
  return Object.fromEntries(
    PARAMETERS.flatMap((name) => (meta[name] === undefined ? [] : [[name, meta[name]]])),
  );
}

/** Which corpora descend from each other, as their manifest says (Shared lineage); the first rule that fits counts. */
const LINEAGES: readonly (readonly [RegExp, string])[] = [
  [/^(codealpaca_|evol_instruct_code)/, "code alpaca"],
  [/^(alpaca_|self_instruct_|evol_|lion_)/, "alpaca"],
  [/^belle_/, "belle"],
  [/^(gsm8k_|zeroeval_gsm|zero_shot_cot_logs|math_cot_rationales|decontaminator_rephrase)/, "gsm8k"],
  [/^(chatbot_arena_prompts|arena_hard_with_answers)/, "chatbot arena"],
  // The same passages and questions in several languages.
  [/^rag_qa_xquad_/, "xquad"],
];

export function lineageOf(name: string): string {
  return LINEAGES.find(([rule]) => rule.test(name))?.[1] ?? name;
}

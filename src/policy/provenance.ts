import { ExchangeError } from "../exchange/error.ts";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { asList, asObject, asText, objectsIn, shown } from "../exchange/json.ts";
import { allowsAnyUse, licenceClass } from "./licence.ts";
import { restrictionsOf, termsOf, type Restriction, type Terms } from "./terms.ts";

/** What is known of an existing dataset. */
export interface DatasetFacts {
  readonly name: string;
  /** Names of the licences it states, in any spelling. */
  readonly licences: readonly string[];
  /** Models that wrote (part of) it. */
  readonly teachers: readonly string[];
  /** Providers whose restrictions it carries beside its licences, e.g. in a dataset card of ours. */
  readonly carries: readonly string[];
}

/**
 * - `flagged`: a teacher's terms restrict what may be made of its outputs; the dataset says that any use is allowed and does not carry that.
 * - `carries-clause`: every such teacher's restriction is named among the licences.
 * - `clear`: no model wrote it, or only models whose licence does not restrict outputs.
 * - `unknown`: terms of a teacher are not known here, or no licence is stated that could contradict them. A person must look.
 */
export type ProvenanceStatus = "flagged" | "carries-clause" | "clear" | "unknown";

export interface Provenance {
  readonly name: string;
  readonly status: ProvenanceStatus;
  readonly because: string;
  /** Each teacher with the terms that apply to it; null = none are known here. */
  readonly teachers: readonly { readonly model: string; readonly terms: string | null }[];
  /** What the teachers' terms ask to be carried. */
  readonly restrictions: readonly Restriction[];
}

/** What teachers' terms require of a dataset, and whether its stated licence contradicts them. Pure. */
export function checkProvenance(dataset: DatasetFacts, known: readonly Terms[]): Provenance {
  const models = dataset.teachers.filter((model) => !writesNothing.test(model.trim()));
  const teachers = models.map((model) => ({ model, terms: termsOf(model, known) }));
  const restrictive = [
    ...new Set(teachers.flatMap(({ terms }) => (terms && isRestrictive(terms) ? [terms] : []))),
  ];
  const strangers = teachers.filter(({ terms }) => terms === null).map(({ model }) => model);
  const judge = (status: ProvenanceStatus, because: string): Provenance => ({
    name: dataset.name,
    status,
    because,
    teachers: teachers.map(({ model, terms }) => ({ model, terms: terms?.name ?? null })),
    restrictions: restrictive.flatMap((terms) =>
      restrictionsOf(terms, { purpose: "general", distribution: "public" }),
    ),
  });

  const missing = restrictive.filter((terms) => !isCarried(terms, dataset));
  const open = [...new Set(dataset.licences)].filter((licence) => allowsAnyUse(licenceClass(licence)));
  const who = missing.map(({ provider }) => provider).join(" and ");
  if (missing.length > 0 && open.length > 0)
    return judge(
      "flagged",
      `written by ${namesOf(teachers, missing)}: the terms of ${who} restrict what may be made of it, while it is offered under ${open.join(", ")} without that condition; name the restriction beside the licence`,
    );
  if (missing.length > 0)
    return judge(
      "unknown",
      `written by ${namesOf(teachers, missing)}: the terms of ${who} restrict what may be made of it; what it states (${dataset.licences.join(", ") || "no licence"}) neither says so nor allows any use`,
    );
  if (restrictive.length > 0)
    return judge(
      "carries-clause",
      `the restrictions of ${restrictive.map(({ provider }) => provider).join(" and ")} are named among its licences`,
    );
  if (strangers.length > 0)
    return judge(
      "unknown",
      `no terms are known here for ${strangers.slice(0, 5).join(", ")}; give them with --terms`,
    );
  return judge(
    "clear",
    models.length === 0
      ? "no model is said to have written it"
      : "its teachers' licences do not restrict outputs",
  );
}

/** What stands for "no model" in lists of teachers. */
const writesNothing = /^(?:|none|no|templates?|human|humans|n\/a)$/i;

function isRestrictive({ clauses }: Terms): boolean {
  const isBan = clauses.some(({ kind }) => kind === "no-competing-models" || kind === "no-training");
  return isBan && !clauses.some(({ kind }) => kind === "distillation-allowed" || kind === "own-model");
}

/** A licence that names the provider ("OpenAI", "Anthropic terms"), or a card that carries its restrictions. */
function isCarried({ provider }: Terms, { licences, carries }: DatasetFacts): boolean {
  const name = provider.toLowerCase();
  const says = (text: string): boolean =>
    text
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .includes(name);
  return licences.some(says) || carries.some(says);
}

function namesOf(teachers: readonly { model: string; terms: Terms | null }[], of: readonly Terms[]): string {
  const names = teachers
    .filter(({ terms }) => terms !== null && of.includes(terms))
    .map(({ model }) => model);
  return [...new Set(names)].join(", ");
}

/**
 * The datasets in a document: a row or card `{"name","licenses":[…],"modelGenerated":[…]}` (also `license`, `teachers`, `restrictions`), a list of
 * them, or a file of the Data Provenance Collection, `{"id":{"Dataset Name","Licenses":[{"License"}],"Model Generated":[…]}}`. Throws
 * ExchangeError `malformed` for anything else.
 */
export function datasetsIn(document: Json, name = "the dataset"): DatasetFacts[] {
  if (Array.isArray(document)) return document.map((each, i) => factsOf(each, `${name}, entry ${i + 1}`));
  const object = asObject(document);
  if (!object) throw malformed(name, document);
  const entries = Object.entries(object);
  const isCollection =
    entries.length > 0 && entries.every(([, value]) => asObject(value)?.["Licenses"] !== undefined);
  return isCollection
    ? entries.map(([id, value]) => collected(id, value as JsonObject))
    : [factsOf(object, name)];
}

function factsOf(value: Json, name: string): DatasetFacts {
  const object = asObject(value);
  if (!object || !FIELDS.some((field) => object[field] !== undefined)) throw malformed(name, value);
  return {
    name: asText(object["name"]) ?? name,
    licences: [...textsIn(object["licenses"]), ...textsIn(object["licences"]), ...textsIn(object["license"])],
    teachers: [
      ...textsIn(object["modelGenerated"]),
      ...textsIn(object["teachers"]),
      ...textsIn(object["teacher"]),
    ],
    carries: objectsIn(object["restrictions"]).flatMap(({ provider }) => asText(provider) ?? []),
  };
}

/** One entry of the Data Provenance Collection. */
function collected(id: string, entry: JsonObject): DatasetFacts {
  return {
    name: id,
    licences: textsIn(entry["Licenses"]),
    teachers: textsIn(entry["Model Generated"]),
    carries: [],
  };
}

const FIELDS = ["licenses", "licences", "license", "modelGenerated", "teachers", "teacher"];

/** `"MIT"`, `["MIT"]`, `[{"License":"MIT"}]`, `[{"license":"MIT"}]`, `[{"model":"gpt-4"}]`. */
function textsIn(value: Json | undefined): string[] {
  return (typeof value === "string" ? [value] : asList(value)).flatMap((each) => {
    const object = asObject(each);
    return (
      asText(object ? (object["License"] ?? object["license"] ?? object["name"] ?? object["model"]) : each) ??
      []
    );
  });
}

function malformed(name: string, value: Json): ExchangeError {
  return new ExchangeError(
    "malformed",
    `${name} is ${shown(value)}; it must be an object with "name", "licenses" and "modelGenerated", a list of such, or a file of the Data Provenance Collection`,
  );
}

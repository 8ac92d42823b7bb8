import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import * as z from "zod";
import { checked, jsonOf } from "./checked.ts";
import { covers, distributions, purposes, type Distribution, type Permit, type Purpose } from "./permit.ts";

/** What a clause does. Those in `restricting` must be carried by everything derived; the others grant, or only inform. */
export const clauseKinds = [
  /** Outputs may not be used to develop models that compete with the provider's. */
  "no-competing-models",
  /** Outputs may not be used to train any model. */
  "no-training",
  /** Models that classify, label, rank, extract or embed are excepted, up to the clause's `distribution`. */
  "classifier-exception",
  /** Training inside the provider's own service is excepted. */
  "own-service-exception",
  /** Training other models on outputs is expressly allowed, or nothing in the licence speaks of outputs. */
  "distillation-allowed",
  /** The teacher is the user's own. */
  "own-model",
  /** Outputs belong to who asked for them. Says nothing about what they may be used for. */
  "output-owned",
  "attribution",
  "non-commercial",
  "share-alike",
  "no-redistribution",
] as const;
export type ClauseKind = (typeof clauseKinds)[number];

export interface Clause {
  /** As the document numbers it: `3.3(e)`. */
  readonly id: string;
  readonly kind: ClauseKind;
  /** In words of one's own. */
  readonly says: string;
  /** In the document's words, where somebody put them in. */
  readonly quote: string | null;
  /** How far an exception goes. */
  readonly distribution?: Distribution | undefined;
  /** The clause itself says that the provider can allow it. */
  readonly unlessAuthorised?: boolean | undefined;
}

/** What a provider's terms were when they were looked at: the clauses that decide on distillation. */
export interface Terms {
  readonly format: typeof FORMAT;
  /** Short name: `openai`. */
  readonly name: string;
  readonly provider: string;
  readonly document: string;
  /** The document's own version or date. */
  readonly version: string;
  readonly source: string | null;
  /** When it was looked at, `2026-11-24`. */
  readonly retrieved: string;
  /** SHA-256 of the document's text, where it was kept. */
  readonly sha256: string | null;
  /** `summary`: somebody's reading of it, e.g. ours; not legal advice. `text`: made from the document itself. */
  readonly basis: "summary" | "text";
  /** Models they apply to: names, or beginnings that end in `*`; compared in lower case. */
  readonly models: readonly string[];
  readonly clauses: readonly Clause[];
}

/** What outputs are wanted for. */
export interface Use {
  readonly purpose: Purpose;
  readonly distribution: Distribution;
  /** Training happens in the provider's own fine-tuning service. */
  readonly onProviderService?: boolean;
}

/** A condition that every derived row, dataset card and student card carries. */
export interface Restriction {
  readonly kind: ClauseKind | "purpose" | "distribution";
  readonly provider: string;
  readonly document: string;
  readonly clause: string;
  readonly text: string;
}

export interface Permission {
  /** `needs-permit`: only with the provider's authorisation. `unknown`: the terms do not say; a person must decide. */
  readonly allowed: "yes" | "no" | "needs-permit" | "unknown";
  readonly because: readonly string[];
  readonly restrictions: readonly Restriction[];
}

const FORMAT = "stillwatch-terms/1";
const MAX_BYTES = 256 * 1024;

const words = (most: number) => z.string().min(1).max(most);
const clause: z.ZodType<Clause> = z.strictObject({
  id: words(60),
  kind: z.enum(clauseKinds),
  says: words(2000),
  quote: words(4000).nullable(),
  distribution: z.enum(distributions).optional(),
  unlessAuthorised: z.boolean().optional(),
});
const schema: z.ZodType<Terms> = z.strictObject({
  format: z.literal(FORMAT),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and -"),
  provider: words(120),
  document: words(200),
  version: words(120),
  source: z.url({ protocol: /^https?$/ }).nullable(),
  retrieved: z.iso.date(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
    .nullable(),
  basis: z.enum(["summary", "text"]),
  models: z
    .array(z.string().regex(/^[^*A-Z]{1,255}\*?$|^\*$/, "a name in lower case, or its beginning and a *"))
    .max(256),
  clauses: z.array(clause).min(1).max(64),
});

/** Throws PolicyError `invalid` with every mistake. */
export function parseTerms(document: string | object): Terms {
  const value = typeof document === "string" ? jsonOf(document, MAX_BYTES, "the terms") : document;
  return checked(schema, value, "the terms");
}

/** The snapshot's name in rows and permits: SHA-256 of its canonical JSON (RFC 8785), hexadecimal. */
export function termsHash(terms: Terms): string {
  return hash("sha256", canonicalize(terms)!, "hex");
}

/** The first terms that apply to the model; null when none of them does. */
export function termsOf(model: string, all: readonly Terms[]): Terms | null {
  const names = spellings(model);
  return (
    all.find(({ models }) => models.some((pattern) => names.some((name) => fits(pattern, name)))) ?? null
  );
}

/** What the terms alone say about a use. */
export function permitted(terms: Terms, use: Use): Permission {
  const found = terms.clauses.map((clause) => ({ clause, verdict: verdictOf(clause, use, terms) }));
  // An exception lifts the bans it is an exception to, and no other.
  const isGranted = found.some(({ verdict }) => verdict === "yes");
  const standing = found.filter(({ clause }) => !isGranted || !liftable.has(clause.kind));
  const said = worst(standing.map(({ verdict }) => verdict));
  const allowed = said ?? (isGranted ? "yes" : unsaid(use));
  const deciding = found.filter(({ verdict }) => verdict === allowed && verdict !== null);
  const because = deciding.map(({ clause }) => `${terms.document}, ${clause.id}: ${clause.says}`);
  if (use.purpose === "evaluation" && allowed === "yes" && because.length === 0)
    because.push(
      "outputs are only measured: no model is trained on them, which is what these terms speak of",
    );
  if (allowed === "unknown" && because.length === 0)
    because.push(`${terms.document} (${terms.version}): no clause speaks of this use`);
  return { allowed, because, restrictions: allowed === "no" ? [] : restrictionsOf(terms, use) };
}

/** What must be carried by what is made under these terms. */
export function restrictionsOf(terms: Terms, use: Use): Restriction[] {
  const from = (clause: Clause, kind: Restriction["kind"], text: string): Restriction => ({
    kind,
    provider: terms.provider,
    document: `${terms.document} (${terms.version})`,
    clause: clause.id,
    text,
  });
  return terms.clauses.flatMap((clause) => {
    if (restricting.has(clause.kind)) return [from(clause, clause.kind, clause.says)];
    const isUsed = verdictOf(clause, use, terms) === "yes";
    if (clause.kind !== "classifier-exception" || !isUsed || clause.distribution === "public") return [];
    // What was allowed only because of how far it goes must not go further later.
    return [
      from(
        clause,
        "distribution",
        `Distribution at most "${clause.distribution ?? "internal"}": ${clause.says}`,
      ),
    ];
  });
}

/** Whether collecting may begin: terms and permit together. */
export type Clearance =
  | { readonly ok: true; readonly because: readonly string[]; readonly restrictions: readonly Restriction[] }
  | { readonly ok: false; readonly because: readonly string[] };

/**
 * The last word before anything is sent. `permit` has been verified (`verifyPermit` with this use). A permit that names this snapshot of
 * the terms (its `terms.sha256`) was given with them in view and decides; one that names none lifts what needs authorisation or is not
 * said, but not what the terms forbid: its issuer need not be the provider. One that names other terms says nothing about these.
 */
export function clearance(terms: Terms | null, permit: Permit | null, use: Use): Clearance {
  if (terms === null && permit === null)
    return {
      ok: false,
      because: [
        "there are neither terms nor a permit for this teacher; name a terms file, or ask its provider for a permit",
      ],
    };
  const said = terms && permitted(terms, use);
  const granted = permit ? permitRestrictions(permit) : [];
  if (terms === null || said === null)
    return { ok: true, because: [`permit ${permit!.id} of ${permit!.issuer.name}`], restrictions: granted };
  if (said.allowed === "yes")
    return { ok: true, because: said.because, restrictions: [...said.restrictions, ...granted] };
  const names = permit?.terms ?? null;
  const lifts =
    permit !== null && (names === null ? said.allowed !== "no" : names.sha256 === termsHash(terms));
  if (lifts)
    return {
      ok: true,
      because: [`permit ${permit.id} of ${permit.issuer.name}`, ...said.because],
      restrictions: [...restrictionsOf(terms, use), ...granted],
    };
  const cure =
    permit === null
      ? `the terms "${terms.name}" do not allow it by themselves (${said.allowed}); ask ${terms.provider} for a permit, or change purpose or distribution`
      : `permit ${permit.id} does not lift it: ${names === null ? "it names no terms, and these forbid it" : `it was given for other terms (${names.name})`}; ask ${terms.provider} for one that names these`;
  return { ok: false, because: [...said.because, cure] };
}

/** What a permit itself asks to be carried. */
export function permitRestrictions(permit: Permit): Restriction[] {
  const from = { provider: permit.issuer.name, document: `permit ${permit.id}`, clause: permit.id };
  return [
    {
      ...from,
      kind: "purpose",
      text: `Purpose at most "${permit.purpose}"${permit.note ? ` (${permit.note})` : ""}.`,
    },
    { ...from, kind: "distribution", text: `Distribution at most "${permit.distribution}".` },
  ];
}

const restricting = new Set<ClauseKind>([
  "no-competing-models",
  "no-training",
  "attribution",
  "non-commercial",
  "share-alike",
  "no-redistribution",
]);

/** Bans that a grant in the same terms is an exception to. */
const liftable = new Set<ClauseKind>(["no-competing-models", "no-training"]);

type Verdict = Permission["allowed"] | null;

/** What one clause says about the use; null when it says nothing. */
function verdictOf(clause: Clause, use: Use, terms: Terms): Verdict {
  const banned: Verdict = clause.unlessAuthorised ? "needs-permit" : "no";
  switch (clause.kind) {
    case "distillation-allowed":
    case "own-model":
      return "yes";
    case "classifier-exception":
      return excepted(clause, use) ? "yes" : null;
    case "own-service-exception":
      return use.onProviderService === true ? "yes" : null;
    case "no-training":
      return use.purpose === "evaluation" ? null : banned;
    case "no-competing-models":
      return competing(use, terms) === "yes"
        ? banned
        : competing(use, terms) === "unclear"
          ? unclear(clause)
          : null;
    case "no-redistribution":
      return use.distribution === "public" ? banned : null;
    case "output-owned":
    case "attribution":
    case "non-commercial":
    case "share-alike":
      return null;
  }
}

function excepted({ distribution = "internal" }: Clause, use: Use): boolean {
  return covers(purposes, "classifier", use.purpose) && covers(distributions, distribution, use.distribution);
}

/**
 * Whether the student competes. A general model does: it is what the providers sell. A model that writes for one task may or may not, which
 * is for a person to say. A classifier does not by itself; but terms that except classifiers up to some distribution say what holds beyond it.
 */
function competing({ purpose }: Use, { clauses }: Terms): "yes" | "unclear" | "no" {
  if (purpose === "evaluation") return "no";
  if (purpose === "competing" || purpose === "general") return "yes";
  if (purpose === "specialist") return "unclear";
  return clauses.some(({ kind }) => kind === "classifier-exception") ? "yes" : "unclear";
}

function unclear({ unlessAuthorised }: Clause): Verdict {
  return unlessAuthorised ? "needs-permit" : "unknown";
}

function worst(verdicts: readonly Verdict[]): Verdict {
  return (["no", "needs-permit", "unknown"] as const).find((bad) => verdicts.includes(bad)) ?? null;
}

/** No clause speaks of it. Measuring outputs trains nothing, and training is what these terms are about. */
function unsaid({ purpose }: Use): Permission["allowed"] {
  return purpose === "evaluation" ? "yes" : "unknown";
}

/** Under which names terms may list a model: as given, without a path, and without the provider in front (`OpenAI GPT-4`). */
function spellings(model: string): string[] {
  const lower = model.trim().toLowerCase();
  const last = lower.slice(lower.lastIndexOf("/") + 1);
  return [
    lower,
    last,
    last.replace(/^(?:openai|anthropic|google|deepseek|meta|mistral)[ .:_]+/, "").replaceAll(" ", "-"),
  ];
}

function fits(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

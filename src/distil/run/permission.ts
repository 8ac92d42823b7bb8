import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseTrust } from "../../ledger/signers.ts";
import { parseVkey, type NoteSigner, type NoteVerifier } from "../../ledger/note.ts";
import { builtIn, builtInTerms } from "../../policy/built-in-terms.ts";
import {
  covers,
  distributions,
  parsePermit,
  purposes,
  verifyPermit,
  type Amount,
  type Permit,
} from "../../policy/permit.ts";
import { parseHolder, permitHeaders } from "../../policy/proof.ts";
import {
  clearance,
  parseTerms,
  termsHash,
  termsOf,
  type Restriction,
  type Terms,
} from "../../policy/terms.ts";
import { DistilError } from "../error.ts";
import { fromFolder, type Recipe } from "./recipe.ts";

/** Why this run may be done, and what must follow its data. */
export interface Permission {
  readonly terms: { readonly name: string; readonly sha256: string; readonly snapshot: Terms } | null;
  readonly permit: string | null;
  readonly because: readonly string[];
  readonly restrictions: readonly Restriction[];
  /** The permit itself; null without one. */
  readonly document: Permit | null;
  /**
   * Headers for one request, after checking once more that the permit still holds for it. Throws DistilError "not_permitted".
   * @param used of the permit, by this run, without this request
   * @param outputTokens that its answers may have at most
   */
  readonly authorize: (
    body: Buffer,
    used: Amount,
    now: number,
    outputTokens: number,
  ) => Record<string, string>;
}

/**
 * Reads terms and permit of a run and decides whether anything may be sent at all. Throws DistilError "not_permitted" or "config".
 */
export function permissionFor(recipe: Recipe, folder: string, model: string, now: number): Permission {
  const use = { purpose: recipe.purpose, distribution: recipe.distribution };
  const terms = termsFor(recipe, folder);
  const holding = recipe.permit === undefined ? null : readPermit(recipe, folder);
  if (holding !== null) check(holding, { ...use, model, now });
  const cleared = clearance(terms, holding?.permit ?? null, use);
  if (!cleared.ok)
    throw new DistilError(
      "not_permitted",
      `nothing was sent: ${cleared.because.join("; ")}${terms === null ? hint(model) : ""}`,
    );
  return {
    terms: terms === null ? null : { name: terms.name, sha256: termsHash(terms), snapshot: terms },
    permit: holding?.permit.id ?? null,
    because: cleared.because,
    restrictions: cleared.restrictions,
    document: holding?.permit ?? null,
    authorize: (body, used, at, outputTokens) => {
      if (holding === null) return {};
      check(holding, { ...use, model, now: at, used, wants: { exchanges: 1, outputTokens } });
      const bodySha256 = createHash("sha256").update(body).digest("hex");
      return permitHeaders(holding.permit.id, holding.holder, at, bodySha256);
    },
  };
}

/** Terms and permits under which answers were collected lie in the run's folder under these names. */
export function termsFile(sha256: string): string {
  return `terms/${sha256}.json`;
}

export function permitFile(id: string): string {
  return `terms/${id}.json`;
}

/**
 * What must follow answers that were collected under these terms and this permit, for what the run is for today. Throws DistilError
 * "not_permitted" when they do not allow that, whatever stands in distil.yaml now, and "folder" when they are gone.
 */
export function restrictionsUnder(
  recipe: Recipe,
  folder: string,
  under: { readonly terms: string; readonly permit: string | null },
): readonly Restriction[] {
  const use = { purpose: recipe.purpose, distribution: recipe.distribution };
  const terms = under.terms === "" ? null : kept(folder, termsFile(under.terms), parseTerms);
  const permit = under.permit === null ? null : kept(folder, permitFile(under.permit), parsePermit);
  const cleared = clearance(terms, permit, use);
  const wrong = cleared.ok && permit !== null ? beyond(permit, use) : null;
  if (cleared.ok && wrong === null) return cleared.restrictions;
  throw new DistilError(
    "not_permitted",
    `answers of this run were collected under ${[terms?.name, permit?.id].filter((name) => name !== undefined).join(" and ")}, which do not allow ` +
      `purpose ${use.purpose}, distribution ${use.distribution}: ${wrong ?? (cleared.ok ? "" : cleared.because.join("; "))}`,
  );
}

function beyond(permit: Permit, use: Pick<Recipe, "purpose" | "distribution">): string | null {
  if (!covers(purposes, permit.purpose, use.purpose)) return `the permit is for ${permit.purpose}`;
  return covers(distributions, permit.distribution, use.distribution)
    ? null
    : `the permit is for ${permit.distribution}`;
}

function kept<T>(folder: string, file: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(fromFolder(folder, file), "utf8"));
  } catch (error) {
    throw new DistilError(
      "folder",
      `${folder}/${file} is gone or damaged, and answers of this run were collected under it; put it back`,
      { cause: error },
    );
  }
}

interface Holding {
  readonly permit: Permit;
  readonly holder: NoteSigner;
  readonly issuerKeys: readonly NoteVerifier[];
}

/** The embedded teacher is its user's own model. */
function termsFor(recipe: Recipe, folder: string): Terms | null {
  const { terms, embedded } = recipe.teacher;
  if (terms === undefined) return embedded === undefined ? null : builtIn("own-model");
  return builtIn(terms) ?? read(folder, terms, "teacher.terms", parseTerms);
}

function readPermit(recipe: Recipe, folder: string): Holding {
  const permit = read(folder, recipe.permit ?? "", "permit", parsePermit);
  const holder = read(folder, recipe.holderKey ?? "", "holderKey", parseHolder);
  const theirs = parseVkey(permit.holder);
  if (!holder.verifier.publicKey.equals(theirs.publicKey))
    throw new DistilError(
      "config",
      `holderKey: ${recipe.holderKey} is the key ${holder.verifier.name}+${holder.verifier.keyId}, and the permit was given to ${theirs.name}+${theirs.keyId}`,
    );
  return { permit, holder, issuerKeys: read(folder, recipe.issuer ?? "", "issuer", parseTrust) };
}

function read<T>(folder: string, file: string, field: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(fromFolder(folder, file), "utf8"));
  } catch (error) {
    const names =
      field === "teacher.terms" ? ` (built in are: ${builtInTerms.map(({ name }) => name).join(", ")})` : "";
    throw new DistilError("config", `${field}: ${file} cannot be used: ${(error as Error).message}${names}`, {
      cause: error,
    });
  }
}

function check(
  { permit, issuerKeys }: Holding,
  ask: {
    readonly now: number;
    readonly model: string;
    readonly used?: Amount;
    readonly wants?: Amount;
  } & Pick<Recipe, "purpose" | "distribution">,
): void {
  const found = verifyPermit(permit, { ...ask, issuerKeys });
  if (!found.ok)
    throw new DistilError(
      "not_permitted",
      `permit ${permit.id} does not hold (${found.code}): ${found.message}. Nothing more is sent`,
    );
}

function hint(model: string): string {
  const likely = termsOf(model, builtInTerms);
  return likely === null
    ? ""
    : ` (\`teacher.terms: ${likely.name}\` seems to fit ${model}; see \`stillwatch terms show ${likely.name}\`)`;
}

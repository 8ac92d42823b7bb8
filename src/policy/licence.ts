/** What a stated licence says about commercial use and further conditions, as far as a name tells. */
export type LicenceClass =
  /** Anybody may use it for anything, commercially, too. */
  | "permissive"
  /** The same, with derived works under the same licence. */
  | "copyleft"
  /** Not commercially, or for research only. */
  | "non-commercial"
  /** There is none, or nobody knows it. */
  | "unstated"
  /** A licence whose name tells nothing. */
  | "other";

/** By the licence's name, whatever its spelling: SPDX ids, Hugging Face tags, names in words. The first line that matches counts. */
const classes: readonly (readonly [RegExp, LicenceClass])[] = [
  [
    /^$|^(?:unspecified|unknown|none|no licen[cs]e|various|other|custom|unclear|request form|n\/?a)$/,
    "unstated",
  ],
  [/\bnc\b|non[- ]?commercial|academic research|research (?:only|purposes)|academic use/, "non-commercial"],
  [
    /\b(?:a|l)?gpl\b|gnu|\bsa\b|share[- ]?alike|\bmpl\b|mozilla|\bepl\b|eclipse|cdla sharing|odbl/,
    "copyleft",
  ],
  [/^mit\b|apache|\bbsd\b|\bisc\b|unlicense|\bcc0\b|public domain|pddl|zlib|wtfpl|artistic/, "permissive"],
  [/^cc by(?: \d|$)|\bodc by\b|cdla permissive|^ogl\b|academic free|^afl\b|^oanc$/, "permissive"],
];

export function licenceClass(name: string): LicenceClass {
  const plain = name
    .toLowerCase()
    .replaceAll(/[-_–()]+/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return classes.find(([pattern]) => pattern.test(plain))?.[1] ?? "other";
}

/** Whether a licence of this class tells its reader that any use is allowed, commercial ones included. */
export function allowsAnyUse(licence: LicenceClass): boolean {
  return licence === "permissive" || licence === "copyleft";
}

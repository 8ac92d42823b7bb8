import * as z from "zod";
import { DistilError } from "../error.ts";
import { defineFilter, piece } from "./filter.ts";

export const schemaFilter = defineFilter({
  name: "schema",
  about: "answers that are no JSON, or not as a JSON Schema of yours demands",
  on: false,
  options: z.strictObject({
    /** JSON Schema (2020-12), without what `KNOWN` below does not list. */
    schema: z.union([z.record(z.string(), z.json()), z.boolean()]).default({}),
    /** The JSON may stand in a fenced block. */
    fenced: z.boolean().default(false),
  }),
  begin: ({ schema, fenced }) => {
    const validator = validatorOf(schema);
    return ({ answer }) => {
      const text = fenced
        ? (/^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/.exec(answer)?.[1] ?? answer)
        : answer;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch (error) {
        return `no JSON (${(error as Error).message}): ${piece(answer)}`;
      }
      const parsed = validator.safeParse(value);
      if (parsed.success) return null;
      const [issue] = parsed.error.issues;
      const at = issue?.path.join(".") ?? "";
      return `not as the schema says: ${at === "" ? "" : `${at}: `}${issue?.message ?? "invalid"}, in ${piece(answer)}`;
    };
  },
});

/** What zod's reading of JSON Schema checks; it passes over other words in silence, so we refuse them. */
const KNOWN = new Set(
  "$schema $id $comment $ref $defs definitions title description default examples deprecated readOnly writeOnly type enum const properties required additionalProperties patternProperties propertyNames items prefixItems minItems maxItems minLength maxLength pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf anyOf oneOf allOf nullable".split(
    " ",
  ),
);
/** Words whose value maps names to schemas. */
const NAMED = new Set(["properties", "patternProperties", "$defs", "definitions"]);
/** Words whose value is no schema. */
const PLAIN = new Set(["enum", "const", "default", "examples", "required"]);
const OF_TYPE: Readonly<Record<string, string>> = {
  properties: "object",
  required: "object",
  additionalProperties: "object",
  items: "array",
  prefixItems: "array",
  minItems: "array",
  maxItems: "array",
  minLength: "string",
  maxLength: "string",
  pattern: "string",
};

function validatorOf(schema: Record<string, unknown> | boolean): z.ZodType {
  const problems = problemsOf(schema, "schema");
  if (problems.length > 0) throw new DistilError("config", `filters.schema: ${problems.join("; ")}`);
  try {
    return z.fromJSONSchema(schema);
  } catch (error) {
    throw new DistilError("config", `filters.schema: ${(error as Error).message}`, { cause: error });
  }
}

function problemsOf(schema: unknown, at: string, depth = 0): string[] {
  if (depth > 64) return [`${at} is nested too deeply`];
  if (Array.isArray(schema)) return schema.flatMap((one, i) => problemsOf(one, `${at}[${i}]`, depth + 1));
  if (typeof schema !== "object" || schema === null) return [];
  const { type } = schema as { type?: unknown };
  return Object.entries(schema).flatMap(([word, value]) => {
    if (!KNOWN.has(word))
      return [
        `${at}.${word} is not supported; there is ${[...KNOWN].filter((known) => !known.startsWith("$")).join(", ")}`,
      ];
    const needed = OF_TYPE[word];
    if (needed !== undefined && type !== needed) return [`${at}.${word} needs "type": "${needed}" beside it`];
    if (PLAIN.has(word)) return [];
    return NAMED.has(word)
      ? Object.entries(value as object).flatMap(([name, one]) =>
          problemsOf(one, `${at}.${word}.${name}`, depth + 1),
        )
      : problemsOf(value, `${at}.${word}`, depth + 1);
  });
}

import type * as z from "zod";
import { DistilError } from "../../error.ts";

/** Throws DistilError "config" naming every setting that is wrong. */
export function checkedSettings<T>(schema: z.ZodType<T>, given: Readonly<Record<string, unknown>>): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(
    ({ path, message }) => `student.settings.${path.join(".")}: ${message}`,
  );
  throw new DistilError("config", wrong.join("; "));
}

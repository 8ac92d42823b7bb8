import * as z from "zod";
import { defineFilter, piece } from "./filter.ts";

/** As APIs name them: OpenAI and those like it, Anthropic, Gemini, Bedrock. */
const CUT = new Set([
  "length",
  "max_tokens",
  "max_output_tokens",
  "model_context_window_exceeded",
  "model_length",
]);
const WITHHELD = new Set([
  "content_filter",
  "content_filtered",
  "refusal",
  "safety",
  "recitation",
  "blocklist",
  "prohibited_content",
  "guardrail_intervened",
]);
const BROKEN = new Set(["error", "malformed_function_call", "cancelled", "incomplete"]);

export const finishFilter = defineFilter({
  name: "finish",
  about: "answers that the API says it cut off, filtered, refused or broke off",
  options: z.strictObject({}),
  begin: () => (row) => {
    const finish = row.finish?.toLowerCase();
    if (finish === undefined) return null;
    if (CUT.has(finish))
      return `cut off at the length limit (finish ${finish}); it ends with ${piece(row.answer.slice(-60))}`;
    if (WITHHELD.has(finish)) return `the API withheld it (finish ${finish})`;
    return BROKEN.has(finish) ? `the API broke it off (finish ${finish})` : null;
  },
});

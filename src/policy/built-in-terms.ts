import type { Clause, Terms } from "./terms.ts";

/** Shown wherever a summary of ours decides something. */
export const SUMMARY_NOTICE =
  "a summary in our own words of public documents, not legal advice; terms change: give your own terms file for what you rely on";

/** The day on which the sources were looked at. */
const RETRIEVED = "2026-11-24";

/**
 * Ours, in our own words, from what was publicly said of these documents on the day in `retrieved`; the documents themselves were not kept. Each
 * names its source, so that anybody can look, and a file of one's own (`stillwatch terms show openai --json` is a start) replaces it.
 */
export const builtInTerms: readonly Terms[] = [
  {
    ...about("openai", "OpenAI", "OpenAI Services Agreement", "effective 2026-01-01"),
    source: "https://openai.com/policies/services-agreement/",
    // The API's models from GPT-3 on. GPT-1, GPT-2 and gpt-oss were released as weights under licences of their own.
    models: (
      "gpt-3* gpt-4* gpt-5* gpt3 gpt3.5* gpt4 gpt4o* chatgpt* instructgpt* o1 o1-* o3 o3-* o4-* codex* playground " +
      "text-davinci* code-davinci* davinci* text-curie* text-babbage* text-ada*"
    ).split(" "),
    clauses: [
      says(
        "3.3(e)",
        "no-competing-models",
        "Outputs may not be used to develop AI models that compete with OpenAI's products and services, apart from the permitted exceptions.",
      ),
      {
        ...says(
          "Permitted Exception (a)",
          "classifier-exception",
          "Models made mainly to categorise, classify or organise data, such as embeddings and classifiers, are excepted as long as they are neither distributed nor made commercially available to third parties.",
        ),
        distribution: "internal",
      },
      says(
        "Permitted Exception (b)",
        "own-service-exception",
        "Fine-tuning models that OpenAI provides as part of its own services is excepted.",
      ),
      says("Ownership", "output-owned", "As between the parties the customer owns the output."),
    ],
  },
  {
    ...about("anthropic", "Anthropic", "Anthropic Commercial Terms of Service", "effective 2025-06-17"),
    source: "https://www.anthropic.com/legal/commercial-terms",
    models: ["claude*"],
    clauses: [
      {
        ...says(
          "D.4",
          "no-competing-models",
          "The services may not be used to build a competing product or service, which includes training competing AI models, unless Anthropic expressly approves.",
        ),
        unlessAuthorised: true,
      },
      {
        ...says(
          "Help centre, article 12326764",
          "classifier-exception",
          "Anthropic names specialised classifiers and tools that do not compete (sentiment, categorisation, extraction, semantic search, anomaly detection) as a permitted use of outputs.",
        ),
        distribution: "internal",
      },
      says("Ownership", "output-owned", "The customer owns its outputs."),
    ],
  },
  {
    ...about("gemini", "Google", "Gemini API Additional Terms of Service", "as modified 2026-04-28"),
    source: "https://ai.google.dev/gemini-api/terms",
    models: ["gemini*", "bard", "text-bison*", "chat-bison*"],
    clauses: [
      says(
        "Use restrictions",
        "no-competing-models",
        "The services may not be used to develop models that compete with them, such as with the Gemini API or Google AI Studio; parts of the services may not be extracted or replicated.",
      ),
    ],
  },
  {
    ...about("deepseek-r1", "DeepSeek", "DeepSeek-R1 licence (MIT) and README, section 7", "2025-01"),
    source: "https://github.com/deepseek-ai/DeepSeek-R1",
    // The distilled Llama models carry Meta's licence and are not in here; neither is DeepSeek's hosted API, which has terms of its own.
    models: ["deepseek-r1", "deepseek-r1-zero", "deepseek-r1-0528", "deepseek-r1-distill-qwen*"],
    clauses: [
      says(
        "README 7",
        "distillation-allowed",
        "Commercial use, modification and derived works are allowed, and distillation to train other language models is named among them.",
      ),
    ],
  },
  {
    ...about(
      "open-weights",
      "various",
      "Apache 2.0 or MIT licence of the weights",
      "as published with the weights",
    ),
    source: null,
    models: ["mistral-7b*", "mixtral-8x*", "gpt-oss*", "gpt-2*", "gpt-1", "flan-t5*", "t5", "t5-*", "bart"],
    clauses: [
      says(
        "whole licence",
        "distillation-allowed",
        "The licence speaks of the weights and puts no condition on what the model writes, when you run the weights yourself; a host may add terms of its own.",
      ),
    ],
  },
  {
    ...about("own-model", "yourself", "your own model, or the embedded teacher", "always"),
    source: null,
    models: ["stillwatch-teacher*"],
    clauses: [
      says(
        "own",
        "own-model",
        "The teacher is yours, so nobody else's terms restrict its outputs. What it was itself trained on may.",
      ),
    ],
  },
];

export function builtIn(name: string): Terms | null {
  return builtInTerms.find((terms) => terms.name === name) ?? null;
}

function about(name: string, provider: string, document: string, version: string) {
  return {
    format: "stillwatch-terms/1",
    name,
    provider,
    document,
    version,
    retrieved: RETRIEVED,
    sha256: null,
    basis: "summary",
  } as const;
}

function says(id: string, kind: Clause["kind"], text: string): Clause {
  return { id, kind, says: text, quote: null };
}

import * as z from "zod";
import type { Turn } from "../chat.ts";
import type { SamplerOptions } from "../sample/sampling-options.ts";
import { Refusal } from "./refusal.ts";

/** A request, whatever API it came by. */
export interface Asked {
  /** Turns of a dialogue, or the texts (or tokens) that are to be continued. */
  readonly prompt:
    | { readonly turns: readonly Turn[] }
    | { readonly texts: readonly (string | readonly number[])[] };
  /** Answers to each prompt. */
  readonly n: number;
  /** Tokens of one answer; null: as many as the context has room for. */
  readonly maxTokens: number | null;
  readonly stop: readonly string[];
  readonly seed: number | null;
  readonly sampling: Omit<SamplerOptions, "seed" | "adjust">;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly stream: boolean;
  /** A last event with the usage, where the API lets the caller choose. */
  readonly includeUsage: boolean;
  /** The prompt is part of the answer (completions only). */
  readonly echo: boolean;
}

/** OpenAI's own bounds, so that what is accepted here is accepted there. */
export const MAX_ANSWERS = 128;
const whole = (low: number, high: number): z.ZodNumber => z.number().int().min(low).max(high);
const count = whole(1, 1_000_000).nullish();
const temperature = z.number().min(0).max(2).nullish();
const topP = z.number().min(0).max(1).nullish();
const topK = whole(0, 1_000_000).nullish();
const penalty = z.number().min(-2).max(2).nullish();
const stopText = z.string().min(1).max(1_024);
const stop = z.union([stopText, z.array(stopText).max(16)]).nullish();
const common = {
  temperature,
  top_p: topP,
  top_k: topK,
  min_p: z.number().min(0).max(1).nullish(),
  n: whole(1, MAX_ANSWERS).nullish(),
  seed: z.number().int().nullish(),
  stop,
  logit_bias: z.record(z.string().regex(/^\d{1,9}$/, "a token id"), z.number().min(-100).max(100)).nullish(),
  presence_penalty: penalty,
  frequency_penalty: penalty,
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
};

const content = z.union([
  z.string(),
  z.array(
    z.union([
      z.string(),
      z.looseObject({ type: z.enum(["text", "input_text", "output_text"]), text: z.string() }),
    ]),
  ),
]);
const message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant"]),
  content,
});
const tools = z.array(z.unknown()).max(0, "the embedded model has no tools").nullish();

const chatRequest = z.looseObject({
  ...common,
  messages: z.array(message).min(1),
  max_tokens: count,
  max_completion_tokens: count,
  logprobs: z.boolean().nullish(),
  top_logprobs: whole(0, 20).nullish(),
  tools,
  response_format: z
    .looseObject({ type: z.literal("text", "the embedded model writes text only") })
    .nullish(),
});

const tokens = z.array(whole(0, 10_000_000));
const completionRequest = z.looseObject({
  ...common,
  prompt: z.union([
    z.string(),
    z.array(z.string()).min(1).max(MAX_ANSWERS),
    tokens.min(1),
    z.array(tokens).min(1).max(MAX_ANSWERS),
  ]),
  // Zero tokens with `echo` and `logprobs`: the way to score a text.
  max_tokens: whole(0, 1_000_000).nullish(),
  logprobs: whole(0, 20).nullish(),
  echo: z.boolean().nullish(),
  best_of: z.literal(1, "the embedded model draws as many answers as it gives").nullish(),
  suffix: z.literal("", "the embedded model does not fill in the middle").nullish(),
});

const responsesRequest = z.looseObject({
  ...common,
  input: z.union([
    z.string(),
    z.array(z.looseObject({ type: z.literal("message").nullish(), ...message.shape })).min(1),
  ]),
  instructions: z.string().nullish(),
  max_output_tokens: count,
  top_logprobs: whole(0, 20).nullish(),
  include: z.array(z.string()).nullish(),
  text: z
    .looseObject({
      format: z.looseObject({ type: z.literal("text", "the embedded model writes text only") }).nullish(),
    })
    .nullish(),
  tools,
  previous_response_id: z.null("answers are not kept here; send the whole dialogue").optional(),
});

const messagesRequest = z.looseObject({
  messages: z.array(z.looseObject({ role: z.enum(["user", "assistant"]), content })).min(1),
  system: content.nullish(),
  max_tokens: whole(1, 1_000_000),
  temperature: z.number().min(0).max(1).nullish(),
  top_p: topP,
  top_k: topK,
  stop_sequences: z.array(stopText).max(16).nullish(),
  stream: z.boolean().nullish(),
  tools,
});

/** `POST /v1/chat/completions`. Each throws Refusal naming the field, its value and what it should be. */
export function askedByChat(body: unknown): Asked {
  const request = parse(chatRequest, body);
  const wanted = request.logprobs === true;
  if (!wanted && typeof request.top_logprobs === "number")
    throw new Refusal(400, "invalid_value", "top_logprobs needs logprobs: true", "top_logprobs");
  return {
    ...settings(request),
    prompt: { turns: request.messages.map(turn) },
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? null,
    sampling: { ...sampling(request), topLogprobs: wanted ? (request.top_logprobs ?? 0) : null },
  };
}

/** `POST /v1/completions`. */
export function askedByCompletion(body: unknown): Asked {
  const request = parse(completionRequest, body);
  const { prompt } = request;
  const texts = typeof prompt === "string" ? [prompt] : isTokens(prompt) ? [prompt] : prompt;
  return {
    ...settings(request),
    prompt: { texts },
    // OpenAI's default.
    maxTokens: request.max_tokens ?? 16,
    sampling: { ...sampling(request), topLogprobs: request.logprobs ?? null },
    echo: request.echo === true,
  };
}

/** `POST /v1/responses`, as far as it is text in and text out. */
export function askedByResponses(body: unknown): Asked {
  const request = parse(responsesRequest, body);
  const { instructions, input } = request;
  const said: Turn[] = typeof input === "string" ? [{ role: "user", text: input }] : input.map(turn);
  return {
    ...settings(request),
    n: 1,
    prompt: { turns: [...system(instructions), ...said] },
    maxTokens: request.max_output_tokens ?? null,
    sampling: {
      ...sampling(request),
      topLogprobs:
        request.include?.includes("message.output_text.logprobs") === true
          ? (request.top_logprobs ?? 0)
          : null,
    },
  };
}

/** `POST /v1/messages` (Anthropic). */
export function askedByMessages(body: unknown): Asked {
  const request = parse(messagesRequest, body);
  const said = request.messages.map(turn);
  return {
    ...settings({ stream: request.stream, stop: request.stop_sequences }),
    prompt: {
      turns: [...system(request.system), ...said],
    },
    maxTokens: request.max_tokens,
    sampling: sampling(request),
  };
}

type Common = Partial<z.output<z.ZodObject<typeof common>>>;

function settings(request: Common): Omit<Asked, "prompt" | "maxTokens" | "sampling"> {
  const { stop } = request;
  return {
    n: request.n ?? 1,
    stop: typeof stop === "string" ? [stop] : (stop ?? []),
    seed: request.seed ?? null,
    presencePenalty: request.presence_penalty ?? 0,
    frequencyPenalty: request.frequency_penalty ?? 0,
    stream: request.stream === true,
    includeUsage: request.stream_options?.include_usage === true,
    echo: false,
  };
}

function sampling(request: Common): Asked["sampling"] {
  return {
    temperature: request.temperature ?? undefined,
    // OpenAI takes 0 for the most probable token alone. Not the smallest number there is: native engines make a thread take
    // subnormal numbers for 0.
    topP: request.top_p === 0 ? Number.EPSILON : (request.top_p ?? undefined),
    topK: request.top_k ?? undefined,
    minP: request.min_p ?? undefined,
    logitBias: new Map(
      Object.entries(request.logit_bias ?? {}).map(([token, bias]) => [Number(token), bias]),
    ),
  };
}

function turn({ role, content }: z.output<typeof message>): Turn {
  return { role: role === "developer" ? "system" : role, text: textOf(content) };
}

function system(given: z.output<typeof content> | null | undefined): Turn[] {
  return given === null || given === undefined ? [] : [{ role: "system", text: textOf(given) }];
}

function textOf(given: z.output<typeof content>): string {
  if (typeof given === "string") return given;
  return given.map((part) => (typeof part === "string" ? part : part.text)).join("");
}

function isTokens(prompt: readonly unknown[]): prompt is readonly number[] {
  return typeof prompt[0] === "number";
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues as [z.core.$ZodIssue];
  const param = issue.path.join(".") || null;
  const value = JSON.stringify(
    issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], body),
  );
  const shown = value === undefined ? "missing" : value.length > 80 ? `${value.slice(0, 80)}…` : value;
  throw new Refusal(400, "invalid_value", `${param ?? "the body"}: ${issue.message} (is ${shown})`, param);
}

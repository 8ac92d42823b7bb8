import Anthropic, {
  AuthenticationError as AnthropicAuthenticationError,
  NotFoundError,
} from "@anthropic-ai/sdk";
import OpenAI, { AuthenticationError, RateLimitError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TEXT } from "../world/api.ts";
import type { Rig } from "./rig.ts";
import { clock, rig } from "./rig.ts";
import { defaultHttpUpstreamOptions, HttpUpstream } from "../../src/gateway/http-upstream.ts";

// The official clients, unchanged, against the gateway in front of a server that behaves like the real APIs.

let r: Rig;
let openai: OpenAI;
let anthropic: Anthropic;
const messages = [{ role: "user" as const, content: "Tell me about the river." }];

beforeAll(async () => {
  r = await rig({
    more: (api) => [
      new HttpUpstream(
        {
          ...defaultHttpUpstreamOptions,
          name: "claude",
          kind: "anthropic",
          models: ["claude-*"],
          baseUrl: api.url,
          apiKey: api.key,
        },
        clock.monotonic,
      ),
    ],
  });
  openai = new OpenAI({ apiKey: "sk-alice", baseURL: `${r.url}/v1`, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: "sk-bob", baseURL: r.url, maxRetries: 0 });
});
afterAll(() => r.stop());

describe("openai client", () => {
  it("chat completions", async () => {
    const { data, response, request_id } = await openai.chat.completions
      .create({ model: "m-large", messages })
      .withResponse();
    expect(data.choices[0]!.message.content).toBe(TEXT);
    expect(request_id).toBe("req_mock_1");
    const id = response.headers.get("x-stillwatch-exchange");
    expect(id).toMatch(/^ex_[0-9A-Z]{26}$/);
    expect(r.recorder.last.intent).toMatchObject({
      id,
      account: "acc_alice",
      endpoint: "/v1/chat/completions",
      model: "m-large",
    });
    expect(r.recorder.last.result.usage).toEqual({ input: 11, output: 14 });
    expect(r.gate.settled.at(-1)).toEqual({ input: 11, output: 14 });
  });

  it("chat completions, streamed", async () => {
    const stream = await openai.chat.completions.create({
      model: "m-large",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(TEXT);
    expect(usage).toMatchObject({ prompt_tokens: 11 });
    expect(r.recorder.last.result).toMatchObject({
      outcome: "complete",
      status: 200,
      usage: { input: 11, output: 14 },
    });
  });

  it("responses", async () => {
    const whole = await openai.responses.create({ model: "m-large", input: "Tell me." });
    expect(whole.output_text).toBe(TEXT);
    const stream = await openai.responses.create({ model: "m-large", input: "Tell me.", stream: true });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types.at(-1)).toBe("response.completed");
  });

  it("completions and embeddings", async () => {
    const whole = await openai.completions.create({ model: "m-large", prompt: "The quick" });
    expect(whole.choices[0]!.text).toBe(TEXT);
    let text = "";
    for await (const x of await openai.completions.create({
      model: "m-large",
      prompt: "The",
      stream: true,
    })) {
      text += x.choices[0]!.text;
    }
    expect(text).toBe(TEXT);
    const vector = await openai.embeddings.create({ model: "e", input: "x", encoding_format: "float" });
    expect(vector.data[0]!.embedding).toEqual([0.25, -0.5, 0.125]);
  });

  it("models", async () => {
    const ids: string[] = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    expect(ids).toEqual(["m-large", "m-small"]);
    expect((await openai.models.retrieve("m-large")).id).toBe("m-large");
  });

  it("raises the errors it knows", async () => {
    const stranger = new OpenAI({ apiKey: "sk-nobody", baseURL: `${r.url}/v1`, maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toMatchObject({
      name: "Error",
      status: 401,
      code: "invalid_api_key",
    });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(AuthenticationError);
    const limited = openai.chat.completions.create({ model: "limited", messages });
    await expect(limited).rejects.toBeInstanceOf(RateLimitError);
    await expect(openai.files.list()).rejects.toMatchObject({ status: 404, code: "unsupported_endpoint" });
    await expect(openai.batches.list()).rejects.toMatchObject({ status: 404, code: "unsupported_endpoint" });
  });

  it("raises an error when a stream breaks off", async () => {
    const stream = await openai.chat.completions.create({ model: "half", messages, stream: true });
    let text = "";
    const reading = (async () => {
      for await (const x of stream) text += x.choices[0]?.delta.content ?? "";
    })();
    await expect(reading).rejects.toMatchObject({ code: "upstream_error" });
    expect(TEXT.startsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThan(10);
    expect(r.recorder.last.result.outcome).toBe("upstream_failed");
    expect(r.recorder.last.text).toContain(text.slice(-4));
  });
});

describe("anthropic client", () => {
  it("messages", async () => {
    const message = await anthropic.messages.create({ model: "claude-x", max_tokens: 100, messages });
    expect(message.content).toMatchObject([{ type: "text", text: TEXT }]);
    expect(r.recorder.last.intent).toMatchObject({
      account: "acc_bob",
      endpoint: "/v1/messages",
      model: "claude-x",
    });
    expect(r.gate.asked.at(-1)).toMatchObject({ maxOutputTokens: 100 });
  });

  it("messages, streamed", async () => {
    const stream = anthropic.messages.stream({ model: "claude-x", max_tokens: 100, messages });
    expect(await stream.finalText()).toBe(TEXT);
    expect(r.recorder.last.result.usage).toEqual({ input: 11, output: 14 });
  });

  it("the beta calls too", async () => {
    await anthropic.beta.messages.create({
      model: "claude-x",
      max_tokens: 9,
      messages,
      betas: ["x-2025-01-01"],
    });
    const seen = r.api.requests.at(-1)!;
    expect(seen.headers["anthropic-beta"]).toBe("x-2025-01-01");
  });

  it("raises the errors it knows", async () => {
    const stranger = new Anthropic({ apiKey: "sk-nobody", baseURL: r.url, maxRetries: 0 });
    const refused = stranger.messages.create({ model: "x", max_tokens: 9, messages });
    await expect(refused).rejects.toBeInstanceOf(AnthropicAuthenticationError);
    await expect(refused).rejects.toMatchObject({
      error: { type: "error", error: { code: "invalid_api_key" } },
    });
    await expect(anthropic.messages.batches.list()).rejects.toBeInstanceOf(NotFoundError);
    const broken = anthropic.messages.stream({ model: "half", max_tokens: 9, messages }).finalText();
    await expect(broken).rejects.toThrow(/broke off/);
  });
});

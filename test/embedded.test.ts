import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI, { BadRequestError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, serve, stillwatch, type Server } from "./stillwatch.ts";

// `stillwatch serve` without a configuration, asked by the official clients: the built-in teacher answers.

let folder: string;
let server: Server;
let openai: OpenAI;
const messages = [{ role: "user" as const, content: "Hello! How are you today?" }];
const asked = { model: "any", messages };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "embedded-"));
  server = await serve(join(folder, "data"), join(folder, "config.json"), {});
  openai = new OpenAI({ apiKey: server.key ?? "", baseURL: `${server.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

describe("the official openai client", () => {
  it("lists the teacher and gets an answer with its usage", async () => {
    const [only] = (await openai.models.list()).data;
    expect(only).toMatchObject({ id: "stillwatch-teacher", object: "model" });
    const { data, response } = await openai.chat.completions
      .create({ ...asked, temperature: 0 })
      .withResponse();
    expect(response.headers.get("x-stillwatch-exchange")).toMatch(/^ex_/);
    expect(data.model).toBe("stillwatch-teacher");
    expect(data.choices[0]!.message.content).toMatch(/\w/);
    expect(data.choices[0]!.finish_reason).toBe("stop");
    expect(data.usage!.total_tokens).toBe(data.usage!.prompt_tokens + data.usage!.completion_tokens);
  });

  it("streams two answers at once, each the same as whole", async () => {
    const two = { ...asked, n: 2, temperature: 1, seed: 7 };
    const whole = await openai.chat.completions.create(two);
    const texts = ["", ""];
    const ends: (string | null)[] = [null, null];
    let usage: OpenAI.CompletionUsage | null = null;
    const stream = await openai.chat.completions.create({
      ...two,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      for (const { index, delta, finish_reason: end } of chunk.choices) {
        texts[index] += delta.content ?? "";
        ends[index] ??= end;
      }
      usage = chunk.usage ?? usage;
    }
    expect(texts).toEqual(whole.choices.map((choice) => choice.message.content));
    expect(ends).toEqual(whole.choices.map((choice) => choice.finish_reason));
    expect(usage).toEqual(whole.usage);
  });

  it("gives log-probabilities of each token and of its rivals", async () => {
    const { choices } = await openai.chat.completions.create({
      ...asked,
      temperature: 0,
      logprobs: true,
      top_logprobs: 5,
    });
    const tokens = choices[0]!.logprobs!.content!;
    const said = Buffer.from(tokens.flatMap((x) => x.bytes ?? [])).toString("utf8");
    expect(said).toBe(choices[0]!.message.content);
    for (const { token, logprob, top_logprobs: top } of tokens) {
      expect(top).toHaveLength(5);
      expect(top[0]!.token).toBe(token);
      expect(top[0]!.logprob).toBeCloseTo(logprob, 6);
      expect(top.reduce((sum, x) => sum + Math.exp(x.logprob), 0)).toBeLessThan(1 + 1e-5);
    }
  });

  it("scores a given text without a token more", async () => {
    const asking = { model: "any", max_tokens: 0, echo: true, logprobs: 1 };
    const likely = await openai.completions.create({ ...asking, prompt: "Hello! How can I help you?" });
    const unlikely = await openai.completions.create({ ...asking, prompt: "Hello! How can I zebra you?" });
    const sum = ({ choices }: OpenAI.Completion): number =>
      choices[0]!.logprobs!.token_logprobs!.slice(1).reduce((total, x) => total + x, 0);
    expect(likely.choices[0]!.text).toBe("Hello! How can I help you?");
    expect(sum(likely)).toBeGreaterThan(sum(unlikely));
    expect(likely.usage!.completion_tokens).toBe(0);
  });

  it("obeys a logit bias", async () => {
    const forced = await openai.chat.completions.create({
      ...asked,
      max_tokens: 4,
      logit_bias: { "60": 100 },
    });
    expect(forced.choices[0]!.message.content).toHaveLength(4);
    expect(new Set(forced.choices[0]!.message.content)).toHaveProperty("size", 1);
    const [first] = (await openai.chat.completions.create({ ...asked, temperature: 0, logprobs: true }))
      .choices;
    const banned = await openai.chat.completions.create({
      ...asked,
      temperature: 0,
      max_tokens: 60,
      logit_bias: { "0": -100 },
    });
    expect(first!.finish_reason).toBe("stop");
    expect(banned.choices[0]!.finish_reason).toBe("length");
  });

  it("answers the responses API", async () => {
    const response = await openai.responses.create({
      model: "any",
      input: messages[0]!.content,
      temperature: 0,
    });
    const chat = await openai.chat.completions.create({ ...asked, temperature: 0 });
    expect(response.output_text).toBe(chat.choices[0]!.message.content);
  });

  it("is told what is wrong with a request", async () => {
    const long = openai.chat.completions.create({
      model: "any",
      messages: [{ role: "user", content: "town ".repeat(2_000) }],
    });
    await expect(long).rejects.toThrow(BadRequestError);
    await expect(long).rejects.toMatchObject({ code: "context_length_exceeded", param: "messages" });
    await expect(openai.chat.completions.create({ ...asked, temperature: 9 })).rejects.toMatchObject({
      status: 400,
      param: "temperature",
    });
  });

  it("gets many answers at a time, and the gateway keeps answering others", async () => {
    const many = Array.from({ length: 16 }, (_, seed) =>
      openai.chat.completions.create({ ...asked, seed, max_tokens: 40, logit_bias: { "0": -100 } }),
    );
    const health = await fetch(`${server.url}/healthz`);
    expect(health.status).toBe(200);
    for (const { choices } of await Promise.all(many)) expect(choices[0]!.finish_reason).toBe("length");
  });
});

describe("the official Anthropic client", () => {
  it("gets an answer, whole and streamed", async () => {
    const anthropic = new Anthropic({ apiKey: server.key ?? "", baseURL: server.url, maxRetries: 0 });
    const body = { model: "any", max_tokens: 64, messages, temperature: 0 };
    const whole = await anthropic.messages.create(body);
    const streamed = await anthropic.messages.stream(body).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.stop_reason).toBe("end_turn");
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
  });
});

describe("the ledger", () => {
  it("has every exchange, and what was streamed as a whole", async () => {
    const stream = await openai.chat.completions.create({ ...asked, temperature: 0, stream: true });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    const out = join(folder, "export.jsonl");
    await stillwatch("ledger", "export", "--data", join(folder, "data"), "--out", out);
    const last = JSON.parse(readFileSync(out, "utf8").trim().split("\n").at(-1)!) as {
      response: { choices: { message: { content: string } }[] };
    };
    expect(last.response.choices[0]!.message.content).toBe(text);
  });
});

describe("stillwatch model", () => {
  it("shows, asks, scores and exports the teacher", async () => {
    expect(await stillwatch("model", "show")).toMatch(/parameters\s+\d+/);
    const said = (await stillwatch("model", "ask", messages[0]!.content)).trim();
    const chat = await openai.chat.completions.create({ ...asked, temperature: 0 });
    expect(said).toBe(chat.choices[0]!.message.content);
    const likely = JSON.parse(
      await stillwatch("model", "score", "--prompt", messages[0]!.content, "--answer", said, "--json"),
    ) as { logprob: number };
    const unlikely = JSON.parse(
      await stillwatch("model", "score", "--prompt", messages[0]!.content, "--answer", `zq${said}`, "--json"),
    ) as { logprob: number };
    expect(likely.logprob).toBeGreaterThan(unlikely.logprob);
    const out = join(folder, "hf");
    await stillwatch("model", "export", "--format", "huggingface", "--out", out);
    expect((await stillwatch("model", "ask", "--model", out, messages[0]!.content)).trim()).toBe(said);
  });

  it("says what is wrong with a model file, without a stack trace", async () => {
    for (const [argv, message] of [
      [["model", "ask", "--model", join(folder, "nowhere"), "hi"], /no model at/],
      [
        ["model", "ask", "--model", join(folder, "config.json"), "hi"],
        /neither a model folder nor a .gguf file/,
      ],
      [["model", "ask"], /ask something/],
      [["model", "export", "--format", "onnx", "--out", join(folder, "x")], /not one of gguf, huggingface/],
    ] as const) {
      const { code, err } = await run(argv);
      expect([code, err.includes("    at ")]).toEqual([2, false]);
      expect(err).toMatch(message);
    }
  });
});

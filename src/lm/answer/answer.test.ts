import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { promptTokens, SPECIAL_TOKENS } from "../chat.ts";
import { defaultShape } from "../model/shape.ts";
import { freshModel } from "../model/weights.ts";
import { houseChatModel } from "../runtime/chat-model.ts";
import { plainRuntime } from "../runtime/plain.ts";
import { likelihoods } from "../sample/score.ts";
import { decode } from "../tokenizer/tokenizer.ts";
import { trainBpe } from "../tokenizer/train-bpe.ts";
import { Admission } from "./admission.ts";
import { answer, type ServedModel } from "./answer.ts";

const tokenizer = trainBpe(["the miller of the town and the müller of the town 12"], 272, SPECIAL_TOKENS);
const shape = {
  ...defaultShape,
  vocab: tokenizer.size,
  width: 16,
  heads: 2,
  hidden: 24,
  layers: 2,
  context: 64,
};
const served: ServedModel = {
  model: houseChatModel(plainRuntime(freshModel(shape, seeded(3))), tokenizer),
  id: "tiny",
  fingerprint: "fp_1",
};

const admission = new Admission();

interface Heard {
  status: number;
  type: string;
  text: string;
  parts: number;
}

/** The API's answers are JSON of many shapes; a test looks into the one it asked for. */
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;

async function ask(body: unknown, path = "/v1/chat/completions", signal?: AbortSignal): Promise<Heard> {
  const heard: Heard = { status: 0, type: "", text: "", parts: 0 };
  await answer(
    served,
    { method: body === undefined ? "GET" : "POST", path, body },
    {
      head: (status, type) => Object.assign(heard, { status, type }),
      part: (text) => {
        heard.text += text;
        heard.parts++;
      },
    },
    { now: () => 1_700_000_000_123, randomId: () => "id1", admission, ...(signal && { signal }) },
  );
  return heard;
}
const json = async (body: object, path?: string): Promise<Loose> => JSON.parse((await ask(body, path)).text);
const events = async (body: object, path?: string): Promise<Loose[]> =>
  (await ask({ ...body, stream: true }, path)).text
    .split("\n\n")
    .flatMap((event) => event.split("\n").filter((line) => line.startsWith("data: {")))
    .map((line) => JSON.parse(line.slice(6)));

const hello = { messages: [{ role: "user", content: "the town" }], max_tokens: 12, seed: 5, temperature: 1 };

describe("chat completions", () => {
  it("answer whole and streamed alike", async () => {
    const whole = await json({ ...hello, n: 2 });
    expect(whole).toMatchObject({
      id: "chatcmpl-id1",
      object: "chat.completion",
      created: 1_700_000_000,
      model: "tiny",
      system_fingerprint: "fp_1",
    });
    expect(whole.choices).toHaveLength(2);
    expect(whole.choices[0].message.content).not.toBe(whole.choices[1].message.content);
    const chunks = await events({ ...hello, n: 2, stream_options: { include_usage: true } });
    for (const [i, choice] of whole.choices.entries()) {
      const own = chunks.flatMap((c) => c.choices).filter((c) => c.index === i);
      expect(own[0].delta).toEqual({ role: "assistant", content: "" });
      expect(own.map((c) => c.delta.content ?? "").join("")).toBe(choice.message.content);
      expect(own.at(-1).finish_reason).toBe(choice.finish_reason);
    }
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.slice(0, -1).every((c) => c.usage === null)).toBe(true);
  });

  it("are the same for the same seed and differ for others", async () => {
    const say = async (seed: number): Promise<string> =>
      (await json({ ...hello, seed })).choices[0].message.content;
    expect(await say(5)).toBe(await say(5));
    expect(await say(5)).not.toBe(await say(6));
  });

  it("count the prompt once and every token drawn", async () => {
    const { usage, choices } = await json({ ...hello, n: 3, logit_bias: { "0": -100 } });
    expect(usage.prompt_tokens).toBe(promptTokens(tokenizer, [{ role: "user", text: "the town" }]).length);
    expect(choices.map((c: Loose) => c.finish_reason)).toEqual(["length", "length", "length"]);
    expect(usage.completion_tokens).toBe(36);
    expect(usage.total_tokens).toBe(usage.prompt_tokens + 36);
  });

  it("give the log-probability of each token, as scoring it does", async () => {
    const { choices } = await json({ ...hello, logprobs: true, top_logprobs: 3, logit_bias: { "0": -100 } });
    const { content } = choices[0].logprobs;
    expect(content).toHaveLength(12);
    expect(Buffer.from(content.flatMap((x: Loose) => x.bytes ?? [])).toString()).toBe(
      choices[0].message.content,
    );
    expect(content[0].top_logprobs).toHaveLength(3);
    const prompt = promptTokens(tokenizer, [{ role: "user", text: "the town" }]);
    const first = content[0].bytes as number[];
    const token = Array.from({ length: tokenizer.size }, (_, t) => t).find(
      (t) => Buffer.from(tokenizer.bytes(t)).equals(Buffer.from(first)) && first.length > 0,
    ) as number;
    const [scored] = await likelihoods(served.model.runtime, [{ prompt, tokens: [token] }]);
    expect(content[0].logprob).toBeCloseTo(scored!.logprob, 5);
  });

  it("obey a logit bias and a penalty", async () => {
    const [token] = tokenizer.encode(" the") as [number];
    const forced = await json({ ...hello, logit_bias: { [token]: 100 } });
    expect(forced.choices[0].message.content).toBe(" the".repeat(12));
    // At temperature 0 a repeated token loses 2 each time, so no token can stay the best one for long.
    const varied = await json({
      ...hello,
      temperature: 0,
      frequency_penalty: 2,
      presence_penalty: 2,
      logprobs: true,
    });
    const distinct = new Set(varied.choices[0].logprobs.content.map((x: Loose) => String(x.bytes)));
    const plain = await json({ ...hello, temperature: 0, logprobs: true });
    expect(distinct.size).toBeGreaterThan(
      new Set(plain.choices[0].logprobs.content.map((x: Loose) => String(x.bytes))).size,
    );
  });

  it("end before a stop text", async () => {
    const whole = (await json({ ...hello, logit_bias: { "0": -100 } })).choices[0].message.content as string;
    const stop = whole.slice(4, 6);
    const cut = await json({ ...hello, logit_bias: { "0": -100 }, stop });
    expect(cut.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { content: whole.slice(0, whole.indexOf(stop)) },
    });
  });

  const big = "x".repeat(100_000);
  it.each<[string, object, number, string | null, RegExp]>([
    ["no messages", {}, 400, "messages", /messages/],
    ["an empty list", { messages: [] }, 400, "messages", /messages/],
    ["another role", { messages: [{ role: "robot", content: "x" }] }, 400, "messages.0.role", /robot/],
    [
      "pictures",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }] },
      400,
      "messages.0.content",
      /content/,
    ],
    ["an absurd temperature", { ...hello, temperature: 99 }, 400, "temperature", /99/],
    ["a temperature that is no number", { ...hello, temperature: "hot" }, 400, "temperature", /hot/],
    ["a negative top_p", { ...hello, top_p: -1 }, 400, "top_p", /top_p/],
    ["a stop text that is too long", { ...hello, stop: "x".repeat(2_000) }, 400, "stop", /stop/],
    [
      "thousands of empty turns",
      { messages: Array.from({ length: 5_000 }, () => ({ role: "user", content: "" })) },
      400,
      "messages",
      /5000 turns/,
    ],
    ["too many answers", { ...hello, n: 1000 }, 400, "n", /1000/],
    ["no answers", { ...hello, n: 0 }, 400, "n", /is 0/],
    ["a bias that is too large", { ...hello, logit_bias: { "5": 200 } }, 400, "logit_bias.5", /200/],
    ["a bias of no token", { ...hello, logit_bias: { "99999": 1 } }, 400, "logit_bias", /99999.*0\.\.271/],
    ["top_logprobs alone", { ...hello, top_logprobs: 3 }, 400, "top_logprobs", /logprobs: true/],
    ["too many top_logprobs", { ...hello, logprobs: true, top_logprobs: 50 }, 400, "top_logprobs", /50/],
    ["tools", { ...hello, tools: [{}] }, 400, "tools", /no tools/],
    [
      "JSON mode",
      { ...hello, response_format: { type: "json_object" } },
      400,
      "response_format.type",
      /text only/,
    ],
    [
      "a prompt that is too long",
      { messages: [{ role: "user", content: "town ".repeat(80) }] },
      400,
      "messages",
      /context holds 64/,
    ],
    [
      "a prompt that is far too long",
      { messages: [{ role: "user", content: big }] },
      400,
      "messages",
      /100000 characters/,
    ],
  ])("refuse %s", async (_, body, status, param, message) => {
    const heard = await ask(body);
    const { error } = JSON.parse(heard.text) as {
      error: { param: string | null; message: string; type: string };
    };
    expect([heard.status, heard.type, error.type, error.param]).toEqual([
      status,
      "application/json",
      "invalid_request_error",
      param,
    ]);
    expect(error.message).toMatch(message);
  });

  it("refuse with a status in a stream too", async () => {
    expect(
      (await ask({ messages: [{ role: "user", content: "town ".repeat(80) }], stream: true })).status,
    ).toBe(400);
  });

  it("answer anything else with an answer or a refusal, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.jsonValue(), fc.record({ messages: fc.jsonValue(), n: fc.jsonValue() })),
        async (body) => {
          const heard = await ask(body ?? null);
          expect([200, 400]).toContain(heard.status);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("take a top_p of 0 for the most probable token alone", async () => {
    const best = await json({ ...hello, temperature: 0 });
    expect((await json({ ...hello, top_p: 0 })).choices[0].message.content).toBe(
      best.choices[0].message.content,
    );
  });

  it("end when they are given up", async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(ask(hello, "/v1/chat/completions", abort.signal)).rejects.toThrow(/abort/i);
  });
});

describe("completions", () => {
  it("go on from texts, each with its own answers", async () => {
    const made = await json(
      { prompt: ["the", "town of"], n: 2, max_tokens: 3, seed: 1, logit_bias: { "0": -100 } },
      "/v1/completions",
    );
    expect(made.choices.map((c: Loose) => c.index)).toEqual([0, 1, 2, 3]);
    expect(made.usage.completion_tokens).toBe(12);
  });

  it("score a given text, echoed without a token more", async () => {
    const text = "the müller of";
    const scored = await json({ prompt: text, max_tokens: 0, echo: true, logprobs: 2 }, "/v1/completions");
    const {
      tokens,
      token_logprobs: found,
      text_offset: offsets,
      top_logprobs: top,
    } = scored.choices[0].logprobs;
    const ids = tokenizer.encode(text);
    expect(scored.choices[0].text).toBe(text);
    expect(tokens).toContain("bytes:\\xc3");
    expect(tokens[0] + tokens[1]).toBe(text.slice(0, offsets[2]));
    expect(offsets[1]).toBe(tokens[0].length);
    expect(found[0]).toBe(null);
    expect(top[0]).toBe(null);
    const [expected] = await likelihoods(served.model.runtime, [
      { prompt: ids.slice(0, 1), tokens: ids.slice(1) },
    ]);
    expect(found.slice(1).reduce((a: number, b: number) => a + b, 0)).toBeCloseTo(expected!.logprob, 4);
    expect(scored.usage.completion_tokens).toBe(0);
    const streamed = await events(
      { prompt: text, max_tokens: 0, echo: true, logprobs: 2 },
      "/v1/completions",
    );
    expect(streamed[0].choices[0]).toEqual(scored.choices[0]);
  });

  it("take tokens, special ones too, as a dialogue's", async () => {
    const prompt = promptTokens(tokenizer, [{ role: "user", text: "the town" }]);
    const chat = await json({ ...hello, temperature: 0 });
    const raw = await json({ prompt, max_tokens: 12, temperature: 0 }, "/v1/completions");
    expect(raw.choices[0].text).toBe(chat.choices[0].message.content);
  });

  it("refuse before any work what would be too much", async () => {
    const texts = Array(100).fill("the town");
    expect(await json({ prompt: texts, n: 2 }, "/v1/completions")).toMatchObject({
      error: { message: expect.stringMatching(/200 answers; at most 128/), param: "prompt" },
    });
    const long = tokenizer.encode("the town of the miller ".repeat(8)).slice(0, 60);
    const echo = { prompt: [long, long], n: 64, max_tokens: 0, echo: true, logprobs: 20 };
    expect((await ask(echo, "/v1/completions")).status).toBe(200);
    const bomb = { ...echo, prompt: Array.from({ length: 64 }, () => [...long, ...long]), n: 2 };
    expect(await json(bomb, "/v1/completions")).toMatchObject({ error: { param: "echo" } });
  });

  it.each([
    ["best_of", 4],
    ["suffix", "the end"],
  ])("refuse %s, which they would not obey", async (field, value) => {
    expect(await json({ prompt: "the", [field]: value }, "/v1/completions")).toMatchObject({
      error: { param: field },
    });
  });

  it("refuse an empty prompt and tokens that are not there", async () => {
    expect(await json({ prompt: "" }, "/v1/completions")).toMatchObject({
      error: { param: "prompt", code: "invalid_prompt" },
    });
    expect(await json({ prompt: [5, 9999] }, "/v1/completions")).toMatchObject({
      error: { message: expect.stringMatching(/9999/) },
    });
  });
});

describe("responses and messages", () => {
  const text = async (): Promise<string> => {
    const body = {
      messages: [{ role: "system", content: "of" }, ...hello.messages],
      temperature: 0,
      max_tokens: 8,
    };
    return (await json(body)).choices[0].message.content;
  };

  it("say what a chat says", async () => {
    const response = await json(
      { input: "the town", instructions: "of", temperature: 0, max_output_tokens: 8 },
      "/v1/responses",
    );
    expect(response.output[0].content[0].text).toBe(await text());
    const message = await json(
      { messages: hello.messages, system: "of", temperature: 0, max_tokens: 8 },
      "/v1/messages",
    );
    expect(message.content).toEqual([{ type: "text", text: await text() }]);
    expect(message.usage.output_tokens).toBe(response.usage.output_tokens);
  });

  it("stream it", async () => {
    const response = await events(
      { input: "the town", instructions: "of", temperature: 0, max_output_tokens: 8 },
      "/v1/responses",
    );
    expect(response.map((e) => e.delta ?? "").join("")).toBe(await text());
    expect(response.map((e) => e.sequence_number)).toEqual(response.map((_, i) => i));
    const message = await events(
      { messages: hello.messages, system: "of", temperature: 0, max_tokens: 8 },
      "/v1/messages",
    );
    expect(message.map((e) => e.delta?.text ?? "").join("")).toBe(await text());
    expect(message.at(-1)).toEqual({ type: "message_stop" });
  });

  it("name the stop text that ended a message", async () => {
    const body = { messages: hello.messages, system: "of", temperature: 0, max_tokens: 8 };
    const whole = (await json(body, "/v1/messages")).content[0].text as string;
    const stop = whole.slice(2, 4);
    const ended = await json({ ...body, stop_sequences: ["never said", stop] }, "/v1/messages");
    expect(ended).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: stop });
    const streamed = await events({ ...body, stop_sequences: [stop] }, "/v1/messages");
    expect(streamed.find((e) => e.type === "message_delta")).toMatchObject({
      delta: { stop_reason: "stop_sequence", stop_sequence: stop },
    });
  });

  it("give log-probabilities where they are included", async () => {
    const body = {
      input: "the town",
      temperature: 0,
      max_output_tokens: 8,
      top_logprobs: 2,
      include: ["message.output_text.logprobs"],
    };
    const whole = await json(body, "/v1/responses");
    const entries = whole.output[0].content[0].logprobs;
    const chat = await json({ ...hello, temperature: 0, max_tokens: 8, logprobs: true, top_logprobs: 2 });
    expect(entries).toEqual(chat.choices[0].logprobs.content);
    const streamed = await events(body, "/v1/responses");
    expect(streamed.flatMap((e) => (e.type === "response.output_text.delta" ? e.logprobs : []))).toEqual(
      entries,
    );
    expect(streamed.at(-1).response.output[0].content[0].logprobs).toEqual(entries);
    const without = await json({ ...body, include: [] }, "/v1/responses");
    expect(without.output[0].content[0].logprobs).toEqual([]);
  });

  it("refuse in their own shape", async () => {
    expect(await json({ messages: hello.messages }, "/v1/messages")).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error" },
    });
    expect(await json({ input: "x", previous_response_id: "resp_1" }, "/v1/responses")).toMatchObject({
      error: { param: "previous_response_id" },
    });
  });
});

describe("models", () => {
  it("are listed and found", async () => {
    expect(JSON.parse((await ask(undefined, "/v1/models")).text)).toMatchObject({
      data: [{ id: "tiny", object: "model" }],
    });
    expect((await ask(undefined, "/v1/models/tiny")).status).toBe(200);
    expect((await ask(undefined, "/v1/models/other")).status).toBe(404);
  });

  it("have no embeddings", async () => {
    expect(await ask({ input: "x" }, "/v1/embeddings")).toMatchObject({ status: 404 });
  });

  it("decode what they encode", () => {
    expect(decode(tokenizer, tokenizer.encode("the müller"))).toBe("the müller");
  });
});

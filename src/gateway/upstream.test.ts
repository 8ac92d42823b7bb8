import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../exchange/exchange.ts";
import { EmbeddedUpstream, type Answerer } from "./embedded.ts";
import type { GatewayError } from "./error.ts";
import { defaultHttpUpstreamOptions, HttpUpstream } from "./http-upstream.ts";
import { defaultRecordedOptions, RecordedUpstream } from "./recorded.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";
import { Upstreams } from "./upstream.ts";

// What every upstream keeps to, whatever it is made of.

const PATH = "/v1/chat/completions";
const chat = (question: string, more: JsonObject = {}): JsonObject => ({
  model: "m-large",
  messages: [{ role: "user", content: question }],
  ...more,
});
const response = (content: string): JsonObject => ({
  id: "c1",
  object: "chat.completion",
  model: "m-large",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
});
const LONG = "many words ".repeat(20_000);
const recordings: [string, string][] = [
  ["What is a river?", "Water that goes home."],
  ["Tell it at length.", LONG],
];

function request(json: JsonObject | null, path = PATH): UpstreamRequest {
  const body = json === null ? null : Buffer.from(JSON.stringify(json));
  return {
    method: json === null ? "GET" : "POST",
    path,
    headers: "",
    contentType: "application/json",
    body,
    json,
  };
}

interface Heard {
  readonly calls: string[];
  status: number;
  type: string;
  body: string;
  error: GatewayError | null;
}

/** `onBody` may pause, resume or abort through the flow it is given. */
function listen(
  upstream: Upstream,
  asked: UpstreamRequest,
  onBody?: (heard: Heard, flow: ReturnType<Upstream["ask"]>) => void,
): Promise<Heard> {
  return new Promise((resolve) => {
    const heard: Heard = { calls: [], status: 0, type: "", body: "", error: null };
    const flow = upstream.ask(asked, {
      onHead: (head) => {
        heard.calls.push("head");
        heard.status = head.status;
        heard.type = head.headers[head.headers.indexOf("content-type") + 1] ?? "";
      },
      onBody: (piece) => {
        if (heard.calls.at(-1) !== "body") heard.calls.push("body");
        heard.body += piece.toString();
        onBody?.(heard, flow);
      },
      onEnd: () => {
        heard.calls.push("end");
        resolve(heard);
      },
      onFail: (error) => {
        heard.calls.push("fail");
        resolve({ ...heard, error });
      },
    });
    expect(heard.calls).toEqual([]);
  });
}

const recorded = new RecordedUpstream({ ...defaultRecordedOptions, onMiss: "not_found" });
for (const [question, answer] of recordings) {
  recorded.add({
    endpoint: PATH,
    request: chat(question),
    response: response(answer),
    status: 200,
    model: "m-large",
  });
}
const server = createServer((req, res) => {
  let body = "";
  req.on("data", (piece: Buffer) => (body += piece.toString()));
  req.on("end", () => {
    const json = JSON.parse(body) as { messages: { content: string }[]; stream?: boolean };
    const answer = recordings.find(([question]) => question === json.messages[0]!.content)?.[1];
    if (answer === undefined)
      return void res.writeHead(404, { "content-type": "application/json" }).end("{}");
    if (json.stream !== true) {
      return void res
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify(response(answer)));
    }
    res.writeHead(200, { "content-type": "text/event-stream" });
    for (const word of answer.match(/\S+\s*/g) ?? []) res.write(`data: ${JSON.stringify(word)}\n\n`);
    res.end("data: [DONE]\n\n");
  });
});
/** A model's stand-in: as the answering thread does, it goes on while it is not paused, each part in a turn of its own. */
const answerer: Answerer = {
  running: true,
  inHand: 0,
  ask({ body }, listener) {
    const json = body as { messages: { content: string }[]; stream?: boolean };
    const answer = recordings.find(([question]) => question === json.messages[0]!.content)?.[1];
    const words = json.stream === true ? (answer?.match(/\S+\s*/g) ?? []) : [];
    const parts = words.map((word) => `data: ${JSON.stringify(word)}\n\n`);
    if (answer === undefined) parts.push("{}");
    else parts.push(json.stream === true ? "data: [DONE]\n\n" : JSON.stringify(response(answer)));
    let paused = false;
    let aborted = false;
    let next = 0;
    const go = (): void => {
      if (paused || aborted) return;
      const part = parts[next++];
      if (part === undefined) return listener.onEnd();
      listener.onPart(Buffer.from(part));
      setImmediate(go);
    };
    setImmediate(() => {
      listener.onHead(
        answer === undefined ? 404 : 200,
        json.stream === true ? "text/event-stream" : "application/json",
      );
      go();
    });
    return {
      pause: () => void (paused = true),
      resume: () => {
        paused = false;
        setImmediate(go);
      },
      abort: () => void (aborted = true),
    };
  },
  stop: () => Promise.resolve(),
};
const embedded = new EmbeddedUpstream({ name: "embedded", models: ["*"], maxConcurrency: 4 }, answerer);
let http: HttpUpstream;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  http = new HttpUpstream({ ...defaultHttpUpstreamOptions, name: "http", baseUrl }, () => performance.now());
});
afterAll(async () => {
  await http.close();
  server.close();
});

describe.each([
  ["HttpUpstream", () => http],
  ["RecordedUpstream", () => recorded],
  ["EmbeddedUpstream", () => embedded],
])("%s", (_name, made) => {
  it("tells a head, a body, one end", async () => {
    const heard = await listen(made(), request(chat("What is a river?")));
    expect(heard).toMatchObject({ calls: ["head", "body", "end"], status: 200, type: "application/json" });
    expect(JSON.parse(heard.body)).toEqual(response("Water that goes home."));
  });

  it("streams when asked to", async () => {
    const heard = await listen(made(), request(chat("What is a river?", { stream: true })));
    expect(heard.type).toMatch(/^text\/event-stream/);
    expect(heard.body).toMatch(/^data: /);
    expect(heard.body.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("passes on a refusal as an answer", async () => {
    expect(await listen(made(), request(chat("Never asked.")))).toMatchObject({ status: 404, error: null });
  });

  it("tells nothing while paused, beyond what was under way, and the rest after it", async () => {
    let pauses = 0;
    let paused = false;
    let after = 0;
    const heard = await listen(made(), request(chat("Tell it at length.", { stream: true })), (_, flow) => {
      if (paused) after++;
      if (pauses === 3) return;
      paused = true;
      pauses++;
      flow.pause();
      setTimeout(() => {
        paused = false;
        flow.resume();
      }, 20);
    });
    expect(heard.body.endsWith("data: [DONE]\n\n")).toBe(true);
    // One read of the network (64 KiB) may already hold thousands of these small pieces, of 40,000.
    expect(after).toBeLessThan(10_000);
  });

  it("is silent after an abort", async () => {
    let heard: Heard | null = null;
    void listen(made(), request(chat("Tell it at length.", { stream: true })), (so, flow) => {
      heard = so;
      flow.abort();
    });
    await expect.poll(() => heard).not.toBe(null);
    const length = heard!.body.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard!.body.length).toBe(length);
    expect(heard!.calls).toEqual(["head", "body"]);
    expect((await listen(made(), request(chat("What is a river?")))).status).toBe(200);
  });
});

describe("EmbeddedUpstream", () => {
  it("is busy with as many answers as it may have, and when its model failed", () => {
    const at = (running: boolean, inHand: number): boolean =>
      new EmbeddedUpstream(
        { name: "e", models: ["*"], maxConcurrency: 4 },
        { ...answerer, running, inHand },
      ).available();
    expect([at(true, 3), at(true, 4), at(false, 0)]).toEqual([true, false, false]);
  });

  it("tells a failure of the model as one of the upstream", async () => {
    const failing: Answerer = {
      ...answerer,
      ask: (_, listener) => {
        setImmediate(() => listener.onFail("the model's thread has ended"));
        return { pause: () => {}, resume: () => {}, abort: () => {} };
      },
    };
    const upstream = new EmbeddedUpstream({ name: "e", models: ["*"], maxConcurrency: 4 }, failing);
    const heard = await listen(upstream, request(chat("What is a river?")));
    expect(heard.error).toMatchObject({ code: "closed", message: "the model's thread has ended" });
  });
});

describe("RecordedUpstream", () => {
  it("gives several answers to one prompt in their order, whatever the sampling and the order of names", async () => {
    const upstream = new RecordedUpstream();
    for (const answer of ["one", "two"]) {
      upstream.add({ endpoint: PATH, request: chat("Count."), response: response(answer), status: 200 });
    }
    const said = async (json: JsonObject): Promise<string> => {
      const body = JSON.parse((await listen(upstream, request(json))).body) as {
        choices: { message: { content: string } }[];
      };
      return body.choices[0]!.message.content;
    };
    expect(await said(chat("Count.", { temperature: 0 }))).toBe("one");
    expect(await said({ messages: [{ content: "Count.", role: "user" }], model: "other" })).toBe("two");
    expect(await said(chat("Count."))).toBe("one");
  });

  it("answers what was not recorded by saying so, in every dialect and streamed", async () => {
    const upstream = new RecordedUpstream();
    for (const path of [PATH, "/v1/completions", "/v1/responses", "/v1/messages"]) {
      for (const stream of [true, false]) {
        const heard = await listen(upstream, request({ model: "m", stream }, path));
        expect(heard.status).toBe(200);
        expect(heard.body.replace(/[^]*?"(?:delta|text|content)":/g, "")).not.toBe("");
        expect(heard.type.includes("event-stream")).toBe(stream);
      }
    }
    expect((await listen(upstream, request({ model: "m" }, "/v1/embeddings"))).status).toBe(404);
  });

  it("keeps no more than it has room for, and leaves out what has no answer", () => {
    const upstream = new RecordedUpstream({ ...defaultRecordedOptions, maxBytes: 500 });
    const add = (answer: JsonObject | null): boolean =>
      upstream.add({ endpoint: PATH, request: chat("x"), response: answer, status: 200 });
    expect([add(response("a")), add(null), add(response("b".repeat(500)))]).toEqual([true, false, false]);
  });

  it("lists the models that were recorded", async () => {
    const heard = await listen(recorded, request(null, "/v1/models"));
    expect(JSON.parse(heard.body)).toMatchObject({
      object: "list",
      data: [{ id: "m-large", object: "model" }],
    });
    expect((await listen(recorded, request(null, "/v1/models/m-large"))).status).toBe(200);
    expect((await listen(recorded, request(null, "/v1/models/none"))).status).toBe(404);
  });
});

describe("Upstreams", () => {
  const fake = (name: string, kind: Upstream["kind"], models: string[], available = true): Upstream => ({
    name,
    kind,
    models,
    available: () => available,
    ask: () => ({ pause: () => {}, resume: () => {}, abort: () => {} }),
    close: () => Promise.resolve(),
  });
  const name = (picked: Upstream | "none" | "busy"): string =>
    typeof picked === "string" ? picked : picked.name;

  it("picks the closest pattern, then the API of the endpoint, then the order given", () => {
    const all = new Upstreams([
      fake("all", "openai", ["*"]),
      fake("claude", "anthropic", ["*"]),
      fake("gpt", "openai", ["gpt-*", "o1"]),
      fake("gpt4", "openai", ["gpt-4*"]),
      fake("one", "openai", ["gpt-4o"]),
    ]);
    expect(name(all.pick("gpt-4o", "chat"))).toBe("one");
    expect(name(all.pick("gpt-4.1", "chat"))).toBe("gpt4");
    expect(name(all.pick("gpt-3", "chat"))).toBe("gpt");
    expect(name(all.pick("o1", "responses"))).toBe("gpt");
    expect(name(all.pick("else", "chat"))).toBe("all");
    expect(name(all.pick("else", "messages"))).toBe("claude");
    expect(name(all.pick(null, null))).toBe("all");
  });

  it("goes to the next that has the model when one is not available", () => {
    const all = new Upstreams([fake("down", "openai", ["m"], false), fake("up", "openai", ["m*"])]);
    expect(name(all.pick("m", "chat"))).toBe("up");
    expect(name(all.pick("x", "chat"))).toBe("none");
    expect(name(new Upstreams([fake("down", "openai", ["*"], false)]).pick("m", "chat"))).toBe("busy");
  });

  it("does not grow with the names that callers make up", () => {
    const all = new Upstreams([fake("up", "openai", ["*"])]);
    for (let i = 0; i < 5_000; i++) expect(name(all.pick(`model-${i}`, "chat"))).toBe("up");
  });
});

describe("HttpUpstream", () => {
  it.each([
    { headers: { "x-a": "1\r\nx-b: 2" } },
    { headers: { "x-a\r\n": "1" } },
    { headers: { "content-length": "5" } },
    { headers: { connection: "close" } },
    { apiKey: "sk\r\nx-evil: 1" },
  ])("refuses to send what would break a request: %j", (bad) => {
    const options = { ...defaultHttpUpstreamOptions, name: "x", baseUrl: "http://localhost", ...bad };
    expect(() => new HttpUpstream(options, () => 0)).toThrow(/cannot send the header/);
  });
});

import OpenAI from "openai";
import { afterEach, describe, expect, it } from "vitest";
import { DistilError } from "../error.ts";
import type { Student } from "../train/trainer.ts";
import { Cascade, inputOf, type CascadeOptions } from "./cascade.ts";
import type { HttpServer } from "../http-server.ts";
import { cascadeServer } from "./server.ts";

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const WORDING = { system: "Answer with the label only.", template: "Message: {{input}}\nLabel:" };
/** Sure of what has a "?" in it. */
const student: Student = {
  name: "test",
  answer: (questions) =>
    Promise.resolve(
      questions.map(({ input }) => ({ text: `s:${input}`, confidence: input.includes("?") ? 0.9 : 0.2 })),
    ),
  close: () => Promise.resolve(),
};

describe("a served cascade", () => {
  it("answers by the student where it is sure, by the teacher elsewhere, under one name", async () => {
    const { client, cascade } = await serve();
    const ask = async (text: string) => {
      const { data, response } = await client.chat.completions
        .create({
          model: "routing",
          messages: [
            { role: "system", content: WORDING.system },
            { role: "user", content: `Message: ${text}\nLabel:` },
          ],
        })
        .withResponse();
      return [
        data.model,
        data.choices[0]?.message.content,
        response.headers.get("x-stillwatch-answered-by"),
        response.headers.get("x-stillwatch-deferred"),
      ];
    };
    expect(await ask("where?")).toEqual(["routing", "s:where?", "student", null]);
    expect(await ask("hm")).toEqual(["routing", "t", "teacher", "unsure"]);
    expect(cascade.counts).toMatchObject({ asked: 2, byStudent: 1, byTeacher: 1 });
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["routing"]);
  });

  it("leaves traffic that is not worded as the run's prompts were to the teacher", async () => {
    const { client } = await serve();
    const { response } = await client.chat.completions
      .create({ model: "routing", messages: [{ role: "user", content: "where?" }] })
      .withResponse();
    expect(response.headers.get("x-stillwatch-deferred")).toBe("unknown form");
  });

  it("in shadow only compares", async () => {
    const { client, cascade } = await serve({ shadow: true });
    const content = "Message: where?\nLabel:";
    const messages = [
      { role: "system" as const, content: WORDING.system },
      { role: "user" as const, content },
    ];
    const answer = await client.chat.completions.create({ model: "routing", messages });
    expect(answer.choices[0]?.message.content).toBe("t");
    expect(cascade.counts).toMatchObject({ byStudent: 0, byTeacher: 1, wouldServe: 1, agreed: 0 });
  });

  it("streams", async () => {
    const { client } = await serve();
    const content = "Message: where?\nLabel:";
    const stream = await client.chat.completions.create({
      model: "routing",
      messages: [
        { role: "system", content: WORDING.system },
        { role: "user", content },
      ],
      stream: true,
    });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toBe("s:where?");
  });

  it("says what the teacher said when it fails, and refuses what is no request", async () => {
    const { client, url } = await serve({
      teacher: () => Promise.reject(new DistilError("teacher", "the teacher at x: 500 down")),
    });
    await expect(
      client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "a" }] }),
    ).rejects.toThrow(/500 down/);
    const post = (body: string, key = "secret") =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        body,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      });
    expect((await post("{")).status).toBe(400);
    expect((await post("[]")).status).toBe(400);
    expect((await post("{}", "wrong")).status).toBe(401);
    expect((await fetch(`${url}/nothing`, { headers: { authorization: "Bearer secret" } })).status).toBe(404);
  });
});

describe("inputOf", () => {
  const request = (content: string, more = {}) => ({ messages: [{ role: "user", content }], ...more });

  it("takes the input out of the run's wording", () => {
    const wording = { template: "Q: {{input}} A:" };
    expect(inputOf(request("Q: one {{input}} two A:"), wording)).toBe("one {{input}} two");
    expect(inputOf(request("Q: A:"), { template: "Q: {{input}} A:" })).toBeNull();
    expect(inputOf(request("anything"), {})).toBe("anything");
  });

  it.each([{ tools: [] }, { n: 2 }, { response_format: { type: "json_object" } }])(
    "leaves %j to the teacher",
    (more) => {
      expect(inputOf(request("a", more), {})).toBeNull();
    },
  );
});

async function serve(more: Partial<CascadeOptions> = {}) {
  const cascade = new Cascade({
    student,
    threshold: 0.5,
    shadow: false,
    wording: WORDING,
    teacher: () => Promise.resolve({ text: "t", usage: null }),
    agrees: (a, b) => (a === b ? 1 : 0),
    ...more,
  });
  const server = cascadeServer({
    cascade,
    model: "routing",
    host: "127.0.0.1",
    port: 0,
    key: "secret",
    now: () => 0,
  });
  servers.push(server);
  const url = await server.start();
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "secret", maxRetries: 0 });
  return { cascade, url, client };
}

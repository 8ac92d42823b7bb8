import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../exchange/exchange.ts";
import { classifierTrainer } from "../train/classifier/classifier.ts";
import { intents } from "../train/classifier/intents.ts";
import type { Calibrated } from "./calibrate.ts";
import { openCascade, type OpenCascade } from "./open.ts";

const folder = mkdtempSync(join(tmpdir(), "stillwatch-cascade-"));
const asked: { readonly body: JsonObject; readonly headers: IncomingHttpHeaders }[] = [];
const answers = { status: 200, body: "" };
let teacher: Server;
let baseUrl: string;
let open: OpenCascade | null = null;

beforeAll(async () => {
  teacher = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as JsonObject;
      asked.push({ body, headers: request.headers });
      response.writeHead(answers.status, { "content-type": "application/json" }).end(answers.body);
    });
  });
  await new Promise<void>((resolve) => teacher.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(teacher.address() as { port: number }).port}/v1`;
  writeRecipe({});
  await classifierTrainer.train(
    {
      lessons: intents(400, 1),
      validation: [],
      folder: join(folder, "student"),
      settings: { epochs: 4 },
      seed: 1,
    },
    {},
  );
});
afterEach(async () => {
  await open?.close();
  open = null;
  asked.length = 0;
});
afterAll(() => {
  teacher.close();
  teacher.closeAllConnections();
  rmSync(folder, { recursive: true });
});

function writeRecipe(teacherChange: JsonObject): void {
  const recipe = {
    name: "routing",
    purpose: "classifier",
    teacher: {
      baseUrl,
      model: "m-large",
      apiKeyEnv: "KEY",
      prices: { input: 1, output: 2 },
      terms: "own-model",
      ...teacherChange,
    },
    prompts: { from: [{ file: "x" }], system: "Label it.", template: "Message: {{input}}" },
    budget: { dollars: 1 },
    student: { trainer: "classifier" },
    evaluation: { test: "t" },
    cascade: {},
  };
  writeFileSync(join(folder, "distil.yaml"), JSON.stringify(recipe));
}

function calibrate(threshold: number | null): void {
  const calibrated: Calibrated = { threshold, serves: 0.5, rows: 100, tested: [] };
  writeFileSync(join(folder, "cascade.json"), JSON.stringify(calibrated));
}

async function opened(shadow = false): Promise<OpenCascade> {
  const around = {
    trainers: [classifierTrainer],
    secret: (name: string) => (name === "KEY" ? "sk-1" : null),
    now: () => Date.parse("2026-03-01T12:00:00Z"),
  };
  return (open = await openCascade(folder, around, shadow));
}

function says(content: string, status = 200): void {
  const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 };
  answers.status = status;
  answers.body = JSON.stringify(
    status === 200
      ? { model: "m-large", choices: [{ message: { content }, finish_reason: "stop" }], usage }
      : { error: { message: content } },
  );
}

const [known] = intents(1, 99) as [ReturnType<typeof intents>[number]];
const request = (input = known.input): JsonObject => ({
  model: "routing",
  stream: true,
  stream_options: { include_usage: true },
  temperature: 0,
  messages: [
    { role: "system", content: "Label it." },
    { role: "user", content: `Message: ${input}` },
  ],
});

describe("openCascade", () => {
  it("answers by the run's student where it is sure enough, without a call", async () => {
    writeRecipe({});
    calibrate(0);
    const { cascade, name, threshold } = await opened();
    expect({ name, threshold }).toEqual({ name: "routing", threshold: 0 });
    expect(await cascade.answer(request())).toEqual({
      text: known.answer,
      by: "student",
      because: null,
      usage: null,
    });
    expect(asked).toEqual([]);
  });

  it("asks the run's teacher by its own name and key elsewhere, with the caller's settings and no stream", async () => {
    calibrate(1.01);
    says("zh_refund");
    const { cascade } = await opened();
    expect(await cascade.answer(request())).toMatchObject({
      text: "zh_refund",
      by: "teacher",
      because: "unsure",
      usage: { total_tokens: 10 },
    });
    const [{ body, headers }] = asked as [(typeof asked)[number]];
    expect(body).toEqual({ model: "m-large", temperature: 0, messages: request()["messages"] });
    expect(headers.authorization).toBe("Bearer sk-1");
  });

  it("leaves everything to the teacher where no threshold keeps the bound, and in shadow", async () => {
    says("x");
    calibrate(null);
    expect(await (await opened()).cascade.answer(request())).toMatchObject({ because: "no threshold" });
    await open?.close();
    calibrate(0);
    const { cascade } = await opened(true);
    expect(await cascade.answer(request())).toMatchObject({ by: "teacher", because: "shadow" });
    expect(cascade.counts).toMatchObject({ wouldServe: 1, agreed: 0 });
  });

  it.each([
    ["refuses", () => says("quota is used up", 403), /the teacher at 127.*403 quota is used up/],
    ["garbles", () => (answers.body = "<html>"), /the teacher at 127.*not JSON/],
  ])("tells callers that the teacher %s", async (_, prepare, message) => {
    says("");
    prepare();
    calibrate(null);
    const { cascade } = await opened();
    await expect(cascade.answer(request())).rejects.toMatchObject({ name: "DistilError", code: "teacher" });
    await expect(cascade.answer(request())).rejects.toThrow(message);
  });

  it("tells callers that the teacher is not there", async () => {
    writeRecipe({ baseUrl: "http://127.0.0.1:9/v1" });
    calibrate(null);
    const { cascade } = await opened();
    await expect(cascade.answer(request())).rejects.toMatchObject({ name: "DistilError", code: "teacher" });
    writeRecipe({});
  });

  it("does not open without a calibration, a student, or leave to ask", async () => {
    rmSync(join(folder, "cascade.json"));
    await expect(opened()).rejects.toMatchObject({
      code: "folder",
      message: expect.stringMatching(/cascade: \{/) as string,
    });
    writeFileSync(join(folder, "cascade.json"), "{");
    await expect(opened()).rejects.toThrow(/cascade\.json is damaged/);
    calibrate(0);
    writeRecipe({ terms: undefined as never });
    await expect(opened()).rejects.toMatchObject({ code: "not_permitted" });
    writeRecipe({ apiKeyEnv: "OTHER_KEY" });
    await expect(opened()).rejects.toThrow(/OTHER_KEY/);
    writeRecipe({});
    rmSync(join(folder, "student"), { recursive: true });
    await expect(opened()).rejects.toMatchObject({ code: "student" });
    await expect(
      openCascade("/no/run", { trainers: [], secret: () => null, now: () => 0 }, false),
    ).rejects.toThrow(/distil init/);
    expect(asked).toEqual([]);
  });
});

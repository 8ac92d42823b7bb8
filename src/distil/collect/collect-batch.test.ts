import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { makePrompt, type Prompt } from "../prompt.ts";
import { httpBatchTeacher, type BatchTeacher } from "./batch-teacher.ts";
import { NOTHING, plus } from "./bill.ts";
import { Budget } from "./budget.ts";
import { CallLog, type Judge } from "./call-log.ts";
import { collectBatch } from "./collect-batch.ts";

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of clean.splice(0).toReversed()) await end();
});

const judge: Judge = ({ choices }) => (choices.every(({ answer }) => answer === "") ? "empty" : null);

describe("collectBatch", () => {
  it("hands prompts over, waits, and records what came back", async () => {
    const { teacher, made } = await server();
    const session = await open(folder());
    const result = await run(session, prompts(12), teacher);
    expect(result.stopped).toBe("done");
    expect(made).toHaveLength(1);
    expect(prompts(12).filter(({ id }) => session.log.of(id).answer !== null)).toHaveLength(11);
    expect([...result.failed.values()]).toEqual(["400 this one is wrong"]);
    expect(session.budget.upperBound.calls).toBe(11);
    expect(session.log.parts).toEqual([]);
    await session.log.close();
  });

  it.each(["before it was made", "after it was made"])("a kill %s bills nothing twice", async (moment) => {
    const { teacher, made } = await server();
    const dataDir = folder();
    const first = await open(dataDir);
    const killed: BatchTeacher = {
      ...teacher,
      send: async (name, calls) => {
        if (moment === "after it was made") await teacher.send(name, calls);
        throw new Error("killed");
      },
    };
    await expect(run(first, prompts(5), killed)).rejects.toThrow("killed");
    await first.log.close();
    const second = await open(dataDir);
    expect(second.budget.unknown.calls).toBe(5);
    const result = await run(second, prompts(5), teacher);
    expect(result.stopped).toBe("done");
    expect(made).toHaveLength(1);
    expect(second.budget.upperBound.calls).toBe(4);
    await second.log.close();
  });

  it("sends no more than the budget covers", async () => {
    const { teacher, lines } = await server();
    const session = await open(folder(), 3);
    expect((await run(session, prompts(9), teacher)).stopped).toBe("budget");
    expect(lines.length).toBeLessThanOrEqual(4);
    expect(session.budget.upperBound.calls).toBeLessThanOrEqual(3);
    await session.log.close();
  });
});

/** A batch API that answers at once; the fourth prompt is refused. */
async function server(): Promise<{ teacher: BatchTeacher; made: string[]; lines: string[] }> {
  const files = new Map<string, string>();
  const batches = new Map<string, { id: string; output: string; metadata: unknown; total: number }>();
  const made: string[] = [];
  const lines: string[] = [];
  const http = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("utf8");
      const path = (request.url ?? "").split("?", 1)[0] ?? "";
      const send = (value: unknown): unknown =>
        response.setHeader("content-type", "application/json").end(JSON.stringify(value));
      const content = /^\/v1\/files\/(.+)\/content$/.exec(path)?.[1];
      const one = /^\/v1\/batches\/(.+)$/.exec(path)?.[1];
      if (path === "/v1/files") {
        const id = `file-${files.size}`;
        files.set(id, body.split("\r\n").find((line) => line.includes("custom_id")) ?? "");
        send({ id });
      } else if (content !== undefined) response.end(files.get(content));
      else if (one !== undefined) {
        const batch = batches.get(one);
        send({
          id: one,
          status: "completed",
          output_file_id: batch?.output,
          request_counts: { total: batch?.total, completed: batch?.total },
        });
      } else if (request.method === "GET") send({ data: [...batches.values()], has_more: false });
      else {
        const asked = JSON.parse(body) as { input_file_id: string; metadata: unknown };
        const id = `batch-${batches.size}`;
        const input = (files.get(asked.input_file_id) ?? "").trim().split("\n");
        lines.push(...input);
        files.set(`out-${id}`, input.map(answer).join("\n"));
        batches.set(id, { id, output: `out-${id}`, metadata: asked.metadata, total: input.length });
        made.push(id);
        send({ id });
      }
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  clean.push(() => new Promise((resolve) => http.close(resolve)));
  const { port } = http.address() as { port: number };
  return {
    teacher: httpBatchTeacher({ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: "k", timeoutMs: 5000 }),
    made,
    lines,
  };
}

function answer(line: string): string {
  const { custom_id, body } = JSON.parse(line) as {
    custom_id: string;
    body: { messages: { content: string }[] };
  };
  if (body.messages[0]?.content === "question 3")
    return JSON.stringify({
      custom_id,
      response: { status_code: 400, body: { error: { message: "this one is wrong" } } },
    });
  const choices = [{ message: { role: "assistant", content: "yes" }, finish_reason: "stop" }];
  const usage = { prompt_tokens: 5, completion_tokens: 1 };
  return JSON.stringify({ custom_id, response: { status_code: 200, body: { model: "m", choices, usage } } });
}

function prompts(count: number): Prompt[] {
  return Array.from({ length: count }, (_, i) => {
    const input = `question ${i}`;
    return makePrompt({ messages: [{ role: "user", content: input }], input, source: "test" });
  });
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "stillwatch-batch-"));
  clean.push(() => rmSync(made, { recursive: true }));
  return made;
}

async function open(dataDir: string, calls: number | null = null) {
  const options = {
    dataDir,
    now: () => Date.now(),
    account: "run",
    upstream: "test",
    model: "m",
    permit: null,
  };
  const log = await CallLog.open(options, judge);
  const unknown = log.unknown.reduce((sum, call) => plus(sum, call.worst), NOTHING);
  return { log, budget: new Budget({ dollars: null, tokens: null, calls }, { known: log.known, unknown }) };
}

function run(
  { log, budget }: Awaited<ReturnType<typeof open>>,
  asked: readonly Prompt[],
  batches: BatchTeacher,
) {
  return collectBatch({
    prompts: asked,
    batches,
    log,
    budget,
    asking: {
      model: "m",
      maxOutputTokens: 10,
      capField: "max_tokens",
      temperature: null,
      samples: 1,
      topLogprobs: null,
      extra: {},
    },
    prices: { input: 1, output: 1, call: 0 },
    judge,
    models: null,
    authorize: () => ({}),
    pace: { concurrency: 1, now: () => Date.now(), random: seeded(1) },
    randomBytes,
    sleep: () => Promise.resolve(),
  });
}

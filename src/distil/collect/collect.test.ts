import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import {
  chaosTeacher,
  type Chaos,
  type ChaosTeacher,
  PUBLISHED_CHAOS,
} from "../../../test/distil/chaos-teacher.ts";
import { seeded } from "../../stats/random.ts";
import { makePrompt, type Prompt } from "../prompt.ts";
import { NOTHING, plus } from "./bill.ts";
import { Budget, type Limits } from "./budget.ts";
import { CallLog, type Judge } from "./call-log.ts";
import { collect, type CollectInput, type CollectResult } from "./collect.ts";
import { httpTeacher } from "./http-teacher.ts";
import { TeacherFailure, type Teacher } from "./teacher.ts";

const folders: string[] = [];
const servers: ChaosTeacher[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  for (const server of servers.splice(0)) await server.close();
});

const PRICES = { input: 1, output: 2, call: 0 };
const FREE: Limits = { dollars: null, tokens: null, calls: null };
const judge: Judge = ({ choices }) => (choices.every(({ answer }) => answer.trim() === "") ? "empty" : null);

describe("collect", () => {
  it("accounts for every prompt under fire, with a bound above the true bill", async () => {
    const server = await chaos(7);
    const asked = prompts(300);
    const session = await openSession(FREE);
    const result = await run(
      session,
      asked,
      httpTeacher({ baseUrl: server.baseUrl, apiKey: "k", timeoutMs: 400 }),
    );
    expect(result.stopped).toBe("done");
    const answered = asked.filter((prompt) => session.log.of(prompt.id).answer !== null);
    expect(answered.length + result.failed.size).toBe(asked.length);
    expect(result.failed.size).toBeLessThan(3);
    const { upperBound, unknown } = session.budget;
    expect(upperBound.inputTokens + upperBound.outputTokens).toBeGreaterThanOrEqual(
      server.books.billedTokens,
    );
    expect(upperBound.calls).toBeGreaterThanOrEqual(server.books.billedCalls);
    const empties = asked.reduce((sum, prompt) => sum + session.log.of(prompt.id).bad.length, 0);
    expect(server.books.billedCalls - asked.length).toBeLessThanOrEqual(unknown.calls + empties);
    await session.log.close();
  });

  it("goes on where it was, and bills nothing twice that it knew of", async () => {
    const server = await chaos(3, { ...PUBLISHED_CHAOS, dropped: 0, slow: 0, cut: 0, empty: 0 });
    const asked = prompts(60);
    const dataDir = folder();
    for (const part of [asked.slice(0, 20), asked]) {
      const session = await openSession(FREE, dataDir);
      await run(session, part, httpTeacher({ baseUrl: server.baseUrl, apiKey: null, timeoutMs: 2000 }));
      await session.log.close();
    }
    expect([...server.books.byPrompt.values()]).toEqual(asked.map(() => 1));
    const again = await openSession(FREE, dataDir);
    expect(again.budget.spent.calls).toBe(60);
    await again.log.close();
  });

  it("counts a call that a kill cut off as unknown, at its worst", async () => {
    const dataDir = folder();
    const first = await openSession(FREE, dataDir);
    const [prompt] = prompts(1) as [Prompt];
    const worst = { calls: 1, inputTokens: 50, outputTokens: 30, dollars: 0.5 };
    await first.log.intend({ id: "ex_killed", prompt: prompt.id, key: "k", worst, replaces: null });
    await first.log.close();
    const second = await openSession(FREE, dataDir);
    expect(second.log.unknown).toHaveLength(1);
    expect(second.budget.upperBound).toEqual(worst);
    await second.log.close();
  });

  it("bills a lost call once where the teacher honours idempotency keys", async () => {
    const session = await openSession(FREE);
    const keys: (string | undefined)[] = [];
    const result = await run(
      session,
      prompts(1),
      fake((_, headers) => {
        keys.push(headers["idempotency-key"]);
        if (keys.length === 1) throw new TeacherFailure(true, "cut off");
        return ok("yes");
      }),
      { idempotent: true, ...hurried() },
    );
    expect(result.stopped).toBe("done");
    expect(keys[0]).toBe(keys[1]);
    expect(session.budget.unknown.calls).toBe(0);
    expect(session.budget.upperBound.calls).toBe(1);
    await session.log.close();
  });

  it.each<[string, () => Awaited<ReturnType<Teacher["ask"]>>]>([
    ["is told to wait", () => ({ status: 429, headers: {}, body: Buffer.from("{}") })],
    ["is refused", () => ({ status: 400, headers: {}, body: Buffer.from("{}") })],
    [
      "never arrives",
      () => {
        throw new TeacherFailure(false, "ECONNREFUSED");
      },
    ],
  ])("keeps a lost call in the bound when the same call %s afterwards", async (_, afterwards) => {
    const dataDir = folder();
    const session = await openSession(FREE, dataDir);
    let sent = 0;
    const teacher = fake(() => {
      if (sent++ === 0) throw new TeacherFailure(true, "cut off after the work was billed");
      return afterwards();
    });
    // Being told to wait goes on for minutes of the hurried clock, and then ends the session.
    const ended = await run(session, prompts(1), teacher, {
      idempotent: true,
      attempts: { calls: 2, bad: 4 },
      ...hurried(),
    }).then(
      ({ failed }) => failed.size,
      (error: Error) => /too busy for 10 minutes/.test(error.message),
    );
    expect([1, true]).toContain(ended);
    expect(session.budget.upperBound.calls).toBe(1);
    expect(session.log.unknown).toHaveLength(1);
    await session.log.close();
    const again = await openSession(FREE, dataDir);
    expect(again.budget.upperBound).toEqual(session.budget.upperBound);
    await again.log.close();
  });

  it("counts two calls with one key once when both were cut off, and after a kill", async () => {
    const dataDir = folder();
    const session = await openSession(FREE, dataDir);
    const teacher = fake(() => {
      throw new TeacherFailure(true, "cut off");
    });
    await run(session, prompts(1), teacher, {
      idempotent: true,
      attempts: { calls: 3, bad: 4 },
      ...hurried(),
    });
    expect(session.budget.upperBound.calls).toBe(1);
    const [lost] = session.log.unknown;
    await session.log.intend({ ...lost!, id: "ex_killed", replaces: lost!.id });
    await session.log.close();
    const again = await openSession(FREE, dataDir);
    expect(again.log.unknown.map(({ id }) => id)).toEqual(["ex_killed"]);
    expect(again.budget.upperBound.calls).toBe(1);
    await again.log.close();
  });

  it("never sends what could pass the budget", async () => {
    let sent = 0;
    const session = await openSession({ ...FREE, dollars: 0.004 });
    const result = await run(
      session,
      prompts(200),
      fake(() => {
        sent++;
        // The dearest answer that the cap allows, and a prompt of as many tokens as bytes.
        return ok("x", { prompt_tokens: 160, completion_tokens: 40 });
      }),
    );
    expect(result.stopped).toBe("budget");
    expect((sent * (160 + 2 * 40)) / 1e6).toBeLessThanOrEqual(0.004);
    expect(session.budget.upperBound.dollars).toBeLessThanOrEqual(0.004);
    expect(sent).toBeGreaterThan(5);
    await session.log.close();
  });

  it("sends nothing without a permit, and stops when it runs out", async () => {
    const session = await openSession(FREE);
    let sent = 0;
    let left = 3;
    const teacher = fake(() => {
      sent++;
      return ok("fine");
    });
    const authorize = (): Record<string, string> => {
      if (left-- <= 0) throw new Error("the permit has expired");
      return {};
    };
    await expect(run(session, prompts(20), teacher, { authorize })).rejects.toThrow("expired");
    expect(sent).toBe(3);
    expect(session.budget.upperBound.calls).toBe(3);
    await session.log.close();
  });

  it("stops when the teacher becomes another model", async () => {
    const session = await openSession(FREE);
    let n = 0;
    const teacher = fake(() => ok("fine", undefined, ++n > 5 ? "chaos-2" : "chaos-1"));
    await expect(run(session, prompts(50), teacher)).rejects.toThrow(
      /answered as "chaos-2".*teacher.models/s,
    );
    await session.log.close();
  });

  it("knows the teacher's name from the journal, whatever is asked next", async () => {
    const dataDir = folder();
    const asked = prompts(6);
    const first = await openSession(FREE, dataDir);
    expect(first.log.model).toBe(null);
    await run(
      first,
      asked.slice(0, 3),
      fake(() => ok("fine", undefined, "chaos-1")),
    );
    expect(first.log.model).toBe("chaos-1");
    await first.log.close();
    const second = await openSession(FREE, dataDir);
    expect(second.log.model).toBe("chaos-1");
    const other = fake(() => ok("fine", undefined, "chaos-2"));
    await expect(run(second, asked.slice(3), other)).rejects.toThrow(/"chaos-2", before it was "chaos-1"/);
    await expect(
      run(second, asked.slice(3), other, { models: ["chaos-1", "chaos-2"] }),
    ).resolves.toMatchObject({ stopped: "done" });
    await second.log.close();
  });

  it.each([
    ["a wrong key", 401, /refuses: 401 no/],
    ["a wrong request", 400, /20 prompts in a row/],
  ])("stops at %s", async (_, status, message) => {
    const session = await openSession(FREE);
    const teacher = fake(() => ({ status, headers: {}, body: Buffer.from('{"error":{"message":"no"}}') }));
    await expect(run(session, prompts(100), teacher)).rejects.toThrow(message);
    expect(session.budget.upperBound.calls).toBe(0);
    await session.log.close();
  });
});

async function chaos(seed: number, kind: Chaos = { ...PUBLISHED_CHAOS, slowMs: 700 }): Promise<ChaosTeacher> {
  const server = await chaosTeacher(seed, kind);
  servers.push(server);
  return server;
}

function prompts(count: number): Prompt[] {
  return Array.from({ length: count }, (_, i) => {
    const input = `question ${i}`;
    return makePrompt({ messages: [{ role: "user", content: input }], input, source: "test" });
  });
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "stillwatch-distil-"));
  folders.push(made);
  return made;
}

interface Session {
  readonly log: CallLog;
  readonly budget: Budget;
}

async function openSession(limits: Limits, dataDir = folder()): Promise<Session> {
  const options = {
    dataDir,
    now: () => Date.now(),
    account: "run",
    upstream: "test",
    model: "chaos-1",
    permit: null,
  };
  const log = await CallLog.open(options, judge);
  const unknown = log.unknown.reduce((sum, call) => plus(sum, call.worst), NOTHING);
  return { log, budget: new Budget(limits, { known: log.known, unknown }) };
}

function run(
  { log, budget }: Session,
  asked: readonly Prompt[],
  teacher: Teacher,
  more: Partial<CollectInput> = {},
): Promise<CollectResult> {
  return collect({
    prompts: asked,
    teacher,
    log,
    budget,
    asking: {
      model: "chaos-1",
      maxOutputTokens: 40,
      capField: "max_tokens",
      temperature: 0,
      samples: 1,
      topLogprobs: null,
      extra: {},
    },
    prices: PRICES,
    judge,
    attempts: { calls: 6, bad: 4 },
    idempotent: false,
    models: null,
    authorize: () => ({}),
    pace: { concurrency: 32, now: () => Date.now(), random: seeded(1) },
    randomBytes,
    sleep: (ms) => sleep(Math.min(ms, 20)),
    ...more,
  });
}

/** A clock that jumps over waits. */
function hurried(): Pick<CollectInput, "pace" | "sleep"> {
  let ahead = 0;
  return {
    pace: { concurrency: 32, now: () => Date.now() + ahead, random: seeded(1) },
    sleep: async (ms) => {
      ahead += ms;
      await sleep(0);
    },
  };
}

function fake(
  answer: (
    request: unknown,
    headers: Readonly<Record<string, string>>,
  ) => Awaited<ReturnType<Teacher["ask"]>>,
): Teacher {
  return {
    address: "test",
    ask: async (request, headers) => answer(request, headers),
    close: () => Promise.resolve(),
  };
}

function ok(content: string, usage = { prompt_tokens: 5, completion_tokens: 5 }, model = "chaos-1") {
  const body = {
    model,
    choices: [{ message: { role: "assistant", content }, finish_reason: "stop" }],
    usage,
  };
  return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

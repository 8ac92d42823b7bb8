import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conversation } from "../conversation.ts";
import type { Exchange, JsonObject } from "../exchange.ts";
import { parseExchange } from "../traffic.ts";
import { importLog, logFormat, logFormats } from "./import.ts";
import type { ImportOptions } from "./log-format.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-import-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Read {
  readonly exchanges: readonly Exchange[];
  readonly skipped: readonly string[];
}

async function read(format: string, paths: string[], options: ImportOptions = {}): Promise<Read> {
  const skipped: string[] = [];
  const onBad = (line: number, message: string): void => void skipped.push(`${line}: ${message}`);
  const exchanges = await Array.fromAsync(importLog(logFormat(format), paths, { ...options, onBad }));
  return { exchanges, skipped };
}

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.jsonl`);

/** One exchange in a line: id, account, path, status, turns, answer, tokens in and out. */
function line(exchange: Exchange): string {
  const { turns, answers, answerAvailable, inputTokens, outputTokens } = conversation(exchange);
  const said = turns.map((turn) => `${turn.role}:${turn.text}`).join("|");
  const answer = answerAvailable ? answers.join("|") : "?";
  const { id, account, endpoint, status } = exchange;
  return [id, account, endpoint.replace("/v1/", ""), status, said, answer, inputTokens, outputTokens].join(
    " ~ ",
  );
}

const wanted: Record<string, { lines: string[]; skipped: number; accountField: string; accounts: string[] }> =
  {
    openai: {
      lines: [
        "chatcmpl-1 ~ unknown ~ chat/completions ~ 200 ~ user:One line about a lighthouse. ~ A lighthouse keeps watch. ~ 9 ~ 5",
        "resp_1 ~ unknown ~ responses ~ 200 ~ system:Be brief.|user:Name a river. ~ The Elbe. ~ 12 ~ 4",
        "batch_req_1 ~ unknown ~ chat/completions ~ 200 ~ system:You add.|user:3+4? ~ 7 ~ 14 ~ 1",
        "chatcmpl-p1 ~ org-acme ~ chat/completions ~ 200 ~ user:Translate: Haus ~ house ~  ~ ",
        "pair-2 ~ sha256:6c39114345acce79 ~ embeddings ~ 200 ~ user:river ~ ? ~ 1 ~ ",
      ],
      skipped: 1,
      accountField: "metadata.app",
      accounts: ["tales", "unknown", "unknown", "unknown", "unknown"],
    },
    litellm: {
      lines: [
        "chatcmpl-l1 ~ team-red ~ chat/completions ~ 200 ~ system:You sort mail.|user:Invoice 12 ~ billing ~ 20 ~ 10",
        "chatcmpl-l2 ~ team-red ~ chat/completions ~ 429 ~ system:You sort mail.|user:Invoice 12 ~ ? ~  ~ ",
        "chatcmpl-l3 ~ team-red ~ chat/completions ~ 200 ~  ~ ? ~ 20 ~ 10",
        "chatcmpl-s1 ~ ben ~ chat/completions ~ 200 ~ user:Is water wet? ~ Yes. ~ 11 ~ 4",
        "chatcmpl-s2 ~ 55dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b ~ chat/completions ~ 200 ~  ~ ? ~ 11 ~ 4",
      ],
      skipped: 1,
      accountField: "metadata.requester_metadata.tenant",
      accounts: ["t-17", "t-17", "t-17", "unknown", "unknown"],
    },
    langfuse: {
      lines: [
        "obs-1 ~ cleo ~ chat/completions ~ 200 ~ user:Capital of Peru? ~ Lima. ~ 8 ~ 3",
        "obs-2 ~ proj-1 ~ chat/completions ~ 200 ~ user:And of Chile? ~ Santiago. ~ 9 ~ 4",
      ],
      skipped: 1,
      accountField: "metadata.tenant",
      accounts: ["t-1", "unknown"],
    },
    helicone: {
      lines: [
        "h-1 ~ dora ~ chat/completions ~ 200 ~ user:Rhyme with cat ~ hat ~ 8 ~ 1",
        "h-2 ~ unknown ~ chat/completions ~ 200 ~  ~ ? ~ 8 ~ 1",
      ],
      skipped: 0,
      accountField: "properties.app",
      accounts: ["rhymes", "rhymes"],
    },
    portkey: {
      lines: [
        "pk-1 ~ eve ~ chat/completions ~ 200 ~ user:2 colours ~ red, blue ~ 10 ~ 2",
        "pk-2 ~ finn ~ chat/completions ~ 200 ~ user:1 colour ~ green ~ 9 ~ 1",
      ],
      skipped: 0,
      accountField: "metadata.environment",
      accounts: ["prod", "unknown"],
    },
    "azure-openai": {
      lines: [
        "c-1 ~ /subscriptions/s/apim-1 ~ chat/completions ~ 200 ~ user:Say hi ~ hi ~ 7 ~ 2",
        "c-3 ~ team-blue ~ chat/completions ~ 200 ~ user:Say no ~ no ~ 7 ~ 1",
        "c-4 ~ /SUBSCRIPTIONS/S/OPENAI-1 ~ chat/completions ~ 200 ~  ~ ? ~  ~ ",
      ],
      skipped: 1,
      accountField: "properties.apimSubscriptionId",
      accounts: ["unknown", "team-blue", "unknown"],
    },
    bedrock: {
      lines: [
        "b-1 ~ arn:aws:sts::123456789012:assumed-role/app/session-1 ~ messages ~ 200 ~ system:Be calm.|user:Count to two ~ 1, 2 ~ 12 ~ 5",
        "b-2 ~ arn:aws:sts::123456789012:assumed-role/app/session-1 ~ messages ~ 200 ~ user:Ping ~ Pong ~ 5 ~ 2",
        "b-3 ~ arn:aws:sts::123456789012:assumed-role/app/session-1 ~ completions ~ 200 ~ user:Once ~  upon ~ 1 ~ 1",
        "b-4 ~ arn:aws:sts::123456789012:assumed-role/app/session-1 ~ completions ~ 200 ~  ~ ? ~ 90000 ~ 4000",
      ],
      skipped: 0,
      accountField: "accountId",
      accounts: ["123456789012", "123456789012", "123456789012", "123456789012"],
    },
  };

describe.each(Object.entries(wanted))("%s logs", (name, { lines, skipped, accountField, accounts }) => {
  it("are read as the product writes them", async () => {
    const found = await read(name, [fixture(name)]);
    expect(found.exchanges.map(line)).toEqual(lines);
    expect(found.skipped).toHaveLength(skipped);
    // An imported exchange is one that a traffic file can hold.
    for (const exchange of found.exchanges) {
      expect(parseExchange(JSON.parse(JSON.stringify(exchange)) as JsonObject)).toEqual(exchange);
      expect(exchange.time).toMatch(/^2026-03-01T12:0[01]:\d\d\.\d{3}Z$/);
      expect(exchange.model).toMatch(/^(?:[a-z]+\.)?m-/);
    }
  });

  it("take the account from the field that was named", async () => {
    const found = await read(name, [fixture(name)], { accountField });
    expect(found.exchanges.map((exchange) => exchange.account)).toEqual(accounts);
  });
});

describe("every log format", () => {
  it("gives an exchange or a reason for any JSON, and never throws", () => {
    const records = Object.keys(wanted).flatMap((name) =>
      readFileSync(fixture(name), "utf8")
        .trim()
        .split("\n")
        .map((text) => JSON.parse(text) as JsonObject),
    );
    const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
    const change = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(fc.jsonValue(), fc.constantFrom("", "{}", "[]", "{")),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...records, {}),
        change,
        fc.constantFrom(...logFormats),
        (record, changed, format) => {
          const answer = format.read({ ...record, ...(changed as JsonObject) }, {});
          if (typeof answer === "string") expect(answer.length).toBeGreaterThan(5);
          else expect(answer.account.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("details that matter", () => {
  it("openai: a pair keeps who asked and from where, and no secret", async () => {
    const { exchanges } = await read("openai", [fixture("openai")]);
    expect(exchanges[3]).toMatchObject({
      key: "key_abc",
      client: { ip: "203.0.113.9", userAgent: "OpenAI/Python 2.3.0" },
      latencyMs: 640,
      time: "2026-03-01T12:00:20.500Z",
    });
    expect(JSON.stringify(exchanges)).not.toContain("sk-live");
    expect(conversation(exchanges[0]!).endUser).toBe("reader-1");
    expect(exchanges[0]!.request).toMatchObject({ temperature: 0.7, metadata: { app: "tales" } });
  });

  it("openai: joins batch files in any order, and says what stayed alone", async () => {
    const [input, output] = [join(folder, "in.jsonl"), join(folder, "out.jsonl.gz")];
    const ask = (id: string) => ({
      custom_id: id,
      method: "POST",
      url: "/v1/completions",
      body: { model: "m", prompt: id },
    });
    const answer = (id: string) => ({
      id: `batch_${id}`,
      custom_id: id,
      response: { status_code: 200, body: { created: 1772366400, choices: [{ text: `re ${id}` }] } },
    });
    writeFileSync(input, [ask("a"), ask("b"), ask("lost")].map((each) => JSON.stringify(each)).join("\n"));
    writeFileSync(
      output,
      gzipSync([answer("b"), answer("a"), answer("alone")].map((each) => JSON.stringify(each)).join("\n")),
    );
    for (const paths of [
      [input, output],
      [output, input],
    ]) {
      const { exchanges, skipped } = await read("openai", paths);
      const said = exchanges.map(
        (each) => `${each.request["prompt"] as string}>${conversation(each).answers.join("")}`,
      );
      expect(said.sort()).toEqual(["a>re a", "b>re b"]);
      expect([...skipped].sort()).toEqual([
        expect.stringContaining('batch output "alone" without its input'),
        expect.stringContaining('batch request "lost" has no response'),
      ]);
    }
  });

  it("litellm: keeps sampling, key, end user, address and latency", async () => {
    const { exchanges } = await read("litellm", [fixture("litellm")]);
    expect(exchanges[0]).toMatchObject({
      model: "m-large",
      key: "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
      client: { ip: "198.51.100.4", userAgent: "openai-python/2.3.0" },
      latencyMs: 1250,
      time: "2026-03-01T12:00:31.500Z",
    });
    expect(conversation(exchanges[0]!)).toMatchObject({
      endUser: "visitor-3",
      sampling: { temperature: 0, maxTokens: 5 },
    });
    expect(exchanges[3]).toMatchObject({ latencyMs: 1100, time: "2026-03-01T12:00:36.200Z" });
    expect(exchanges[1]!.response).toEqual({
      error: { message: "litellm.RateLimitError: slow down", type: "RateLimitError" },
    });
  });

  it("reads a whole JSON document and a JSON list on one line", async () => {
    const exchange = {
      id: "ex_1",
      time: "2026-03-01T12:00:00Z",
      account: "a",
      endpoint: "/v1/responses",
      request: {},
    };
    const path = join(folder, "document.json");
    for (const text of [
      JSON.stringify([exchange, exchange], null, 2),
      JSON.stringify([exchange, exchange]),
    ]) {
      writeFileSync(path, text);
      expect((await read("stillwatch", [path])).exchanges).toHaveLength(2);
    }
    writeFileSync(path, "[\n{]");
    expect((await read("stillwatch", [path])).skipped).toEqual(["1: neither JSONL nor one JSON document"]);
    expect((await read("stillwatch", [path], { accountField: "request.x" })).exchanges).toEqual([]);
  });

  it("stops at the first bad line when strict, and names the formats there are", async () => {
    const strict = Array.fromAsync(importLog(logFormat("litellm"), [fixture("litellm")], { strict: true }));
    await expect(strict).rejects.toThrow(/litellm\.jsonl, line 6: a call of type aimage_generation/);
    expect(() => logFormat("splunk")).toThrow(/no log format "splunk"; there is stillwatch, openai, litellm/);
  });
});

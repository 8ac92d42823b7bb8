import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Exchange, Json, JsonObject } from "../src/exchange/exchange.ts";
import { readLines } from "../src/exchange/lines.ts";
import { seeded } from "../src/stats/random.ts";
import type { Archetype } from "../test/world/actor.ts";
import { harvesters } from "../test/world/harvesters.ts";
import { citizen, generateWorld, type Citizen } from "../test/world/world.ts";

/** An account and everything it will ask, with the answers that the upstream has for it. */
export interface Customer {
  readonly account: string;
  readonly role: "generator" | "answers" | "honest";
  /** Where its requests come from. */
  readonly source: string;
  readonly requests: readonly { readonly request: JsonObject; readonly response: JsonObject }[];
}

const GENERATORS = { accounts: 6, requests: 80 };
const ANSWERS = { accounts: 4, requests: 150 };
const APPLICATION = 60;
const PERSON = 50;
const PEOPLE_PER_CORPUS = 2;
const EVALUATION = 60;

/**
 * Real exchanges: the campaign that made Alpaca (52,002 tasks asked for with one template, then answered one by one), spread
 * over ten accounts, beside applications, people and evaluators. Each account gets the next rows of its corpus, from the
 * first on, none chosen; rows without an answer are left out. `identity_probe_attacks` are no honest customers.
 */
export async function fromCorpora(corpora: string): Promise<Customer[]> {
  const rows = (path: string, count: number): Promise<Row[]> => firstRows(join(corpora, path), count);
  const generator = await rows(
    "harvest_wire/alpaca_generator_requests.jsonl.gz",
    GENERATORS.accounts * GENERATORS.requests,
  );
  const answers = await rows("harvest/alpaca_self_instruct.jsonl.gz", ANSWERS.accounts * ANSWERS.requests);
  const customers = [
    ...cut("generator", "alpaca generator", generator, GENERATORS.requests, ALPACA_SAMPLING),
    ...cut("answers", "alpaca answers", answers, ANSWERS.requests, { temperature: 0.7 }),
  ];
  for (const [kind, size, each, sampling] of HONEST) {
    for (const file of readdirSync(join(corpora, kind)).sort()) {
      if (file.startsWith("identity_probe_attacks")) continue;
      const source = `${kind}/${file.replace(/\.jsonl.*/, "")}`;
      customers.push(...cut("honest", source, await rows(`${kind}/${file}`, size * each), size, sampling));
    }
  }
  return customers;
}

/** generate_instruction.py of stanford_alpaca. */
const ALPACA_SAMPLING = { temperature: 1, top_p: 1, max_tokens: 3072, stop: ["\n20", "20.", "20."] };

const HONEST: readonly (readonly [kind: string, size: number, each: number, sampling: JsonObject])[] = [
  ["benign_app", APPLICATION, 1, {}],
  ["benign_user", PERSON, PEOPLE_PER_CORPUS, {}],
  ["evaluator", EVALUATION, 1, { temperature: 0 }],
];

interface Row {
  readonly messages: Json;
  readonly response: string;
}

async function firstRows(path: string, count: number): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { text } of readLines(path)) {
    const { messages, response } = JSON.parse(text) as { messages: Json; response?: unknown };
    if (typeof response === "string" && response !== "") rows.push({ messages, response });
    if (rows.length === count) break;
  }
  return rows;
}

function cut(
  role: Customer["role"],
  source: string,
  rows: readonly Row[],
  size: number,
  sampling: JsonObject,
): Customer[] {
  const customers: Customer[] = [];
  for (let at = 0; at < rows.length; at += size) {
    const requests = rows.slice(at, at + size).map(({ messages, response }) => ({
      request: { model: "m-large", messages, ...sampling },
      response: completion(messages, response),
    }));
    const name = source.replace(/.*\//, "").replaceAll(/[^a-z0-9]+/gi, "-");
    customers.push({ account: `acc_${name}_${at / size + 1}`, role, source, requests });
  }
  return customers;
}

function completion(messages: Json, content: string): JsonObject {
  // About four characters a token.
  const [input, output] = [JSON.stringify(messages).length, content.length].map((length) =>
    Math.ceil(length / 4),
  ) as [number, number];
  return {
    id: "chatcmpl-recorded",
    object: "chat.completion",
    created: 1_770_000_000,
    model: "m-large",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  };
}

/**
 * The same cast from the project's own world, for a clone without corpora. Honest accounts are drawn as common as they are
 * in the population that the built-in calibration was made from, where p <= 0.01 means one in a hundred.
 */
export function fromWorld(seed: string): Customer[] {
  const family = (name: string): Archetype => harvesters.find((each) => each.name === name) as Archetype;
  const campaign = (role: Customer["role"], { accounts, requests }: typeof ANSWERS): Customer[] =>
    // Some accounts' logs keep no answers: more are made than needed.
    Array.from({ length: 2 * accounts }, (_, i) => {
      const id = `acc_${role}_${i + 1}`;
      return customer(role, citizen(seeded(`${seed} ${id}`), id, family(role)), requests);
    })
      .filter((each) => each.requests.length > 0)
      .slice(0, accounts);
  const { citizens } = generateWorld({ seed, accounts: 45, exchangesPerAccount: APPLICATION });
  const neighbours = citizens.map((each) => customer("honest", each, APPLICATION));
  return [
    ...campaign("generator", GENERATORS),
    ...campaign("answers", ANSWERS),
    ...neighbours.filter((each) => each.requests.length > 0),
  ];
}

function customer(role: Customer["role"], one: Citizen, count: number): Customer {
  return {
    account: one.account.account,
    role,
    source: `world: ${one.archetype.name}`,
    requests: answered(one, count),
  };
}

/** Logs of some of the world's accounts keep no answers; nothing can be served from those. */
function answered(one: Citizen, count: number): Customer["requests"] {
  const said = [...one.exchanges(count)];
  return said.flatMap(({ request, response }) =>
    response !== null && contentOf(response) !== null ? [{ request, response }] : [],
  );
}

export function contentOf(response: JsonObject): string | null {
  const [choice] = response["choices"] as [{ message: { content: string | null } }];
  return choice.message.content;
}

/** What a request may be answered with: the same prompt may have been answered more than once. */
export function answersByPrompt(
  customers: readonly Customer[],
): (request: JsonObject) => ReadonlySet<string> {
  const answers = new Map<string, Set<string>>();
  const promptOf = (request: JsonObject): string => JSON.stringify(request["messages"]);
  for (const { request, response } of customers.flatMap((each) => each.requests)) {
    const prompt = promptOf(request);
    answers.set(prompt, (answers.get(prompt) ?? new Set()).add(contentOf(response) ?? ""));
  }
  return (request) => answers.get(promptOf(request)) ?? new Set();
}

/** What the recorded upstream answers from. */
export function recordedTraffic(customers: readonly Customer[]): Exchange[] {
  return customers.flatMap(({ account, requests }) =>
    requests.map(({ request, response }, i) => ({
      id: `recorded_${account}_${i}`,
      time: "2026-03-01T00:00:00.000Z",
      account,
      endpoint: "/v1/chat/completions",
      model: "m-large",
      request,
      response,
      status: 200,
    })),
  );
}

export function hasCorpora(folder: string): boolean {
  return existsSync(join(folder, "harvest_wire", "alpaca_generator_requests.jsonl.gz"));
}

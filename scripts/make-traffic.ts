// Writes traffic of the project's own world, for those who want to try `stillwatch replay`: traffic.jsonl.gz in time order,
// accounts.jsonl, and truth.jsonl (which accounts harvest, and which of their exchanges).
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { createGzip } from "node:zlib";
import { presets } from "../test/world/campaigns.ts";
import { lookAlikes } from "../test/world/cohorts.ts";
import { loadCorpora } from "../test/world/corpora.ts";
import { generateWorld, type World } from "../test/world/world.ts";

const HELP = `node scripts/make-traffic.ts --out DIR [options]

Traffic of the project's own simulated world: traffic.jsonl.gz in time order, accounts.jsonl, and truth.jsonl (which accounts
harvest, and which of their exchanges).

  --out DIR                folder to write to
  --seed N                 the same seed gives the same traffic (default 1)
  --accounts N             accounts beside those of campaigns and cohorts (default 200)
  --exchanges N            of an account, on average (default 100)
  --harvest SHARE          of these accounts, 0 to 1 (default 0.05)
  --evasion 0|1|2|mixed    how much harvesters disguise themselves (default mixed)
  --campaigns N            operations of many accounts (default 2)
  --cohorts N              honest groups that look like one (default 2)
  --largest N              accounts of a campaign or cohort at most (default 100)
  --corpora DIR            real prompts beside generated ones
`;

const values = options();
if (values.out === undefined) fail("--out: a folder to write to is needed, for example --out /tmp/traffic");
const started = performance.now();
const out = values.out;
const largest = number("largest", values.largest);
const capped = <Plan extends { readonly accounts: number }>(all: readonly Plan[], count: number): Plan[] =>
  Array.from({ length: count }, (_, i) => all[i % all.length] as Plan).map((plan) => ({
    ...plan,
    accounts: Math.min(plan.accounts, largest),
  }));
const world = generateWorld({
  seed: values.seed,
  accounts: number("accounts", values.accounts),
  exchangesPerAccount: number("exchanges", values.exchanges),
  harvest: number("harvest", values.harvest),
  evasion: evasionOf(values.evasion),
  campaigns: capped(presets, number("campaigns", values.campaigns)),
  cohorts: capped(lookAlikes, number("cohorts", values.cohorts)),
  ...(values.corpora !== undefined && {
    corpora: await loadCorpora(values.corpora).catch((error: Error) => fail(`--corpora: ${error.message}`)),
  }),
});
mkdirSync(out, { recursive: true });
const harvested = new Map<string, string[]>();
let count = 0;
await pipeline(
  Readable.from(lines(world)),
  createGzip({ level: 4 }),
  createWriteStream(join(out, "traffic.jsonl.gz")),
);
write(
  "accounts.jsonl",
  world.citizens.map(({ account }) => account),
);
write(
  "truth.jsonl",
  world.citizens.map((citizen) => ({
    account: citizen.account.account,
    harvests: citizen.harvests,
    family: citizen.family,
    application: citizen.application,
    language: citizen.language,
    evasion: citizen.evasion,
    cover: citizen.cover,
    campaign: citizen.campaign,
    cohort: citizen.cohort,
    blockedAt: citizen.blockedAt,
    harvest: harvested.get(citizen.account.account) ?? [],
  })),
);
const seconds = (performance.now() - started) / 1000;
console.log(`${count} exchanges of ${world.citizens.length} accounts in ${seconds.toFixed(1)} s: ${out}`);

function options() {
  try {
    const { values } = parseArgs({
      options: {
        out: { type: "string" },
        seed: { type: "string", default: "1" },
        accounts: { type: "string", default: "200" },
        exchanges: { type: "string", default: "100" },
        harvest: { type: "string", default: "0.05" },
        evasion: { type: "string", default: "mixed" },
        campaigns: { type: "string", default: "2" },
        cohorts: { type: "string", default: "2" },
        largest: { type: "string", default: "100" },
        corpora: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (!values.help) return values;
  } catch (error) {
    return fail(`${(error as Error).message.split("\n")[0]}; --help lists the options`);
  }
  console.log(HELP);
  return process.exit(0);
}

/** Batches of lines: a stream's step costs more than a line. */
function* lines(world: World): Generator<string> {
  let batch: string[] = [];
  for (const { exchange, harvest } of world.acts()) {
    if (harvest)
      harvested
        .set(exchange.account, harvested.get(exchange.account) ?? [])
        .get(exchange.account)
        ?.push(exchange.id);
    batch.push(JSON.stringify(exchange), "\n");
    count++;
    if (batch.length >= 512) {
      yield batch.join("");
      batch = [];
    }
  }
  yield batch.join("");
}

function write(name: string, records: readonly object[]): void {
  writeFileSync(join(out, name), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text === "" || !(value >= 0)) fail(`--${name}: "${text}" is no number from 0 on`);
  return value;
}

function evasionOf(text: string): 0 | 1 | 2 | "mixed" {
  if (text === "mixed") return text;
  const level = ([0, 1, 2] as const).find((each) => String(each) === text);
  return level ?? fail(`--evasion: "${text}" is none of 0, 1, 2, mixed`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

// A harvesting campaign among honest customers, from the first request to a bundle that a third party can check:
//
//     node examples/alpaca-campaign.ts [--corpora DIR | --world] [--data DIR] [--seed S] [--keep]
//
// Starts the real gateway with the `recorded` upstream, sends a few thousand exchanges through it (real ones when
// --corpora, by default ../shared/corpora, is there; else, or with --world, the project's own world drawn from --seed),
// and checks what Stillwatch says about them. Ends with 0 only when everything held. Nothing leaves the machine.
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { join, resolve } from "node:path";
import { writeAccounts, writeTraffic } from "../src/exchange/traffic.ts";
import { parseAccount } from "../src/exchange/account.ts";
import { seeded } from "../src/stats/random.ts";
import { ask, json, jsonLines, run, serve, stillwatch, type Said, type Server } from "../test/stillwatch.ts";
import {
  answersByPrompt,
  fromCorpora,
  fromWorld,
  hasCorpora,
  recordedTraffic,
  type Customer,
} from "./traffic.ts";

const { values } = parseArgs({
  options: {
    corpora: { type: "string" },
    world: { type: "boolean", default: false },
    data: { type: "string" },
    seed: { type: "string", default: "alpaca" },
    keep: { type: "boolean", default: false },
  },
});
const corpora = values.corpora ?? join(import.meta.dirname, "../../shared/corpora");
if (values.corpora !== undefined && !hasCorpora(values.corpora)) fail(`${values.corpora} holds no corpora`);
if (values.data !== undefined && existsSync(values.data) && readdirSync(values.data).length > 0)
  fail(`${values.data} is not empty: name a new folder with --data`);

const isReal = !values.world && hasCorpora(corpora);
const work = mkdtempSync(join(tmpdir(), "stillwatch-campaign-"));
const data = resolve(values.data ?? join(work, "data"));
const file = (name: string): string => join(work, name);
const checks: { readonly what: string; readonly held: boolean }[] = [];
const started = performance.now();
let server: Server | undefined;

try {
  const customers = isReal ? await fromCorpora(corpora) : fromWorld(values.seed);
  const total = customers.reduce((sum, each) => sum + each.requests.length, 0);
  say(
    `traffic: ${total} exchanges of ${customers.length} accounts, from ${isReal ? corpora : "the project's own world"}`,
  );
  const keys = await register(customers);
  server = await startServer(customers);
  const first = await sendAll(server, customers, keys);
  await server.detected();
  await compareAlarms(customers);
  await checkReceipt(server, first);
  // What an auditor would keep somewhere else.
  writeFileSync(file("checkpoint"), await stillwatch("ledger", "checkpoint", "--data", data));
  check("the server stops cleanly", (await server.stop()) === 0);
  await verifyLedger(total);
  await flipBytes();
  await replayExport();
  await makeEvidence(customers);
} finally {
  await server?.kill();
  if (values.keep) say(`kept: ${work}${values.data === undefined ? "" : `, ${data}`}`);
  else rmSync(work, { recursive: true, force: true });
}
summary();

/** Accounts and keys, made with the command line before the server runs. Returns the keys' secrets by account. */
async function register(customers: readonly Customer[]): Promise<Map<string, string>> {
  const accounts = writeAccounts(file("accounts.jsonl"));
  for (const { account } of customers) await accounts.write(parseAccount({ account, plan: "self-serve" }));
  await accounts.close();
  await stillwatch("accounts", "add", "--from", file("accounts.jsonl"), "--data", data);
  const keys = new Map<string, string>();
  await inParallel(2, customers, async ({ account }) => {
    const { secret } = await json<{ secret: string }>("keys", "add", account, "--data", data);
    keys.set(account, secret);
  });
  say(`${keys.size} accounts with a key each`);
  return keys;
}

async function startServer(customers: readonly Customer[]): Promise<Server> {
  const traffic = writeTraffic(file("recorded.jsonl.zst"));
  for (const exchange of recordedTraffic(customers)) await traffic.write(exchange);
  await traffic.close();
  const server = await serve(data, file("stillwatch.yaml"), {
    upstreams: [
      { name: "recorded", kind: "recorded", file: file("recorded.jsonl.zst"), onMiss: "not_found" },
    ],
  });
  say(`gateway at ${server.url}, recording into ${data}`);
  return server;
}

/** Every customer asks one after the other, two dozen customers at once; every fourth request is streamed. Returns a first exchange. */
async function sendAll(
  server: Server,
  customers: readonly Customer[],
  keys: ReadonlyMap<string, string>,
): Promise<{ key: string; said: Said }> {
  const answers = answersByPrompt(customers);
  let [sent, streamed, wrong] = [0, 0, 0];
  let first: { key: string; said: Said } | undefined;
  const since = performance.now();
  // Shuffled, so that the campaign runs among the others and not before them.
  const random = seeded("order");
  const order = customers
    .map((customer) => ({ customer, at: random.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ customer }) => customer);
  await inParallel(24, order, async ({ account, requests }) => {
    const key = keys.get(account) as string;
    for (const [i, { request }] of requests.entries()) {
      const stream = i % 4 === 3;
      const said = await ask(server.url, key, stream ? { ...request, stream } : request);
      first ??= { key, said };
      if (stream) streamed++;
      if (said.status !== 200 || !answers(request).has(said.text)) wrong++;
      if (++sent % 1000 === 0) say(`${sent} sent`);
    }
  });
  const seconds = (performance.now() - since) / 1000;
  say(`${sent} sent, ${streamed} of them streamed, in ${seconds.toFixed(1)} s`);
  check(`${sent} answers are word for word what was recorded (${wrong} are not)`, wrong === 0);
  return first as { key: string; said: Said };
}

async function compareAlarms(customers: readonly Customer[]): Promise<void> {
  const all = await alarms("--tier", "review");
  const review = new Map(all.filter(({ account }) => account).map((alarm) => [accountOf(alarm), alarm]));
  const watch = new Set((await alarms("--tier", "watch")).map(accountOf));
  for (const role of ["generator", "answers", "honest"] as const) {
    const those = customers.filter((each) => each.role === role);
    const named = those.flatMap(({ account }) => review.get(account) ?? []);
    const lower = those.filter(({ account }) => watch.has(account) && !review.has(account)).length;
    const after = named.map(({ exchanges }) => exchanges).sort((a, b) => a - b);
    say(
      `${role.padEnd(9)} accounts: ${named.length} of ${those.length} at review` +
        `${after.length > 0 ? ` after ${after[0]} to ${after.at(-1)} exchanges` : ""}${lower > 0 ? `, ${lower} more at watch` : ""}`,
    );
  }
  for (const { account, source } of customers.filter((each) => !harvests(each) && watch.has(each.account)))
    say(`  honest at ${review.has(account) ? "review" : "watch"}: ${account} (${source})`);
  const right = customers.filter((each) => harvests(each) && review.has(each.account)).length;
  const generators = customers.filter(({ role }) => role === "generator");
  check(
    "alarms name every account of the generator campaign",
    generators.every(({ account }) => review.has(account)),
  );
  // At p <= 0.01 about one honest account in a hundred gets there by chance; three of about forty would be a surprise (under 1 %).
  check(
    `no more honest accounts at review than p <= 0.01 allows (precision ${right} of ${review.size})`,
    review.size - right <= 2,
  );
}

async function checkReceipt(server: Server, { key, said }: { key: string; said: Said }): Promise<void> {
  const answer = await fetch(`${server.url}/v1/stillwatch/receipts/${said.id}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  writeFileSync(file("receipt"), await answer.text());
  writeFileSync(file("prompt"), said.sent);
  writeFileSync(file("response"), said.received);
  // Here the key comes from the folder; a real verifier gets it from the provider by another way.
  writeFileSync(file("log.vkey"), await stillwatch("ledger", "key", "--data", data));
  const verify = (prompt: string): Promise<{ code: number | null }> =>
    run([
      "receipt",
      "verify",
      file("receipt"),
      "--trust",
      file("log.vkey"),
      "--prompt",
      file(prompt),
      "--response",
      file("response"),
    ]);
  check(
    `the receipt of ${said.id} holds for the bytes sent and received`,
    (await verify("prompt")).code === 0,
  );
  check("and for no others", (await verify("response")).code === 1);
}

async function verifyLedger(exchanges: number): Promise<void> {
  const kept = ["--checkpoint", file("checkpoint"), "--trust", file("log.vkey")];
  const report = await json<Report>("ledger", "verify", "--data", data, ...kept);
  say(`ledger: ${report.leaves} leaves, root ${report.root}`);
  check(`ledger verify holds over ${exchanges} exchanges`, report.holds && report.exchanges === exchanges);
}

interface Report {
  readonly holds: boolean;
  readonly leaves: number;
  readonly exchanges: number;
  readonly root: string;
  readonly problems: readonly {
    readonly path: string;
    readonly offset: number | null;
    readonly what: string;
  }[];
}

/** One byte of a copy, in the journal and in what is published of it: three places drawn, not chosen. */
async function flipBytes(): Promise<void> {
  const copy = file("copy");
  cpSync(data, copy, { recursive: true });
  const random = seeded("flip");
  const segments = filesIn(join(copy, "journal")).filter((path) => !path.endsWith("snapshot"));
  for (const among of [segments, segments, filesIn(join(copy, "log"))]) {
    const path = random.pick(among);
    const at = random.below(statSync(path).size);
    const bytes = readFileSync(path);
    const flipped = Buffer.from(bytes);
    flipped[at] = (bytes[at] as number) ^ 0x10;
    writeFileSync(path, flipped);
    const { code, out } = await run(["ledger", "verify", "--data", copy, "--json"]);
    writeFileSync(path, bytes);
    const { problems } = JSON.parse(out) as Report;
    const said = problems.find((problem) => problem.path === path);
    const name = path.slice(copy.length + 1);
    if (said)
      say(`  ledger verify: ${name}${said.offset === null ? "" : `, byte ${said.offset}`}: ${said.what}`);
    const near = said?.offset === null || (said !== undefined && said.offset <= at);
    check(`one bit flipped at byte ${at} of ${name} is found there`, code === 1 && near);
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).size > 0)
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function replayExport(): Promise<void> {
  await stillwatch(
    "ledger",
    "export",
    "--data",
    data,
    "--out",
    file("export.jsonl.zst"),
    "--accounts",
    file("facts.jsonl"),
  );
  await stillwatch(
    "replay",
    "--traffic",
    file("export.jsonl.zst"),
    "--accounts",
    file("facts.jsonl"),
    "--out",
    file("replay"),
  );
  const offline = jsonLines(readFileSync(join(file("replay"), "alarms.jsonl"), "utf8"));
  const live = await alarms("--tier", "watch", "--all");
  // Figure by figure: subjects, tiers, times, p, signals with their sentences and evidence.
  check(
    `replay of the export gives the same ${live.length} alarms as live`,
    live.length > 0 && isDeepStrictEqual(live, offline),
  );
}

async function makeEvidence(customers: readonly Customer[]): Promise<void> {
  const account = customers.find(harvests)?.account as string;
  const bundle = file("bundle.jsonl.zst");
  const made = await stillwatch("evidence", "export", "--account", account, "--out", bundle, "--data", data);
  say(made.split("\n")[0] ?? "");
  const trusted = await run(["evidence", "verify", bundle, "--trust", file("log.vkey")]);
  check(`the bundle of ${account} verifies with the log's key`, trusted.code === 0);
  check(
    "and is not judged without a trust anchor (exit 2)",
    (await run(["evidence", "verify", bundle])).code === 2,
  );
}

function harvests({ role }: Customer): boolean {
  return role !== "honest";
}

interface Alarm {
  /** The account's exchanges until then. */
  readonly exchanges: number;
  readonly account?: string;
  readonly subject: { readonly campaign?: string };
}

/** What `stillwatch alarms` answers, beside a running server too. */
async function alarms(...options: string[]): Promise<Alarm[]> {
  return jsonLines(await stillwatch("alarms", ...options, "--data", data, "--json"));
}

/** Whose traffic an alarm is about; a campaign has a name of its own. */
function accountOf({ account, subject }: Alarm): string {
  return account ?? subject.campaign ?? "";
}

async function inParallel<T>(
  many: number,
  all: readonly T[],
  work: (one: T) => Promise<void>,
): Promise<void> {
  const waiting = all.values();
  const worker = async (): Promise<void> => {
    for (const one of waiting) await work(one);
  };
  await Promise.all(Array.from({ length: many }, worker));
}

function say(text: string): void {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}

function check(what: string, held: boolean): void {
  checks.push({ what, held });
  say(`${held ? "holds" : "DOES NOT HOLD"}: ${what}`);
}

function summary(): void {
  const failed = checks.filter(({ held }) => !held);
  console.log(`\n${checks.length - failed.length} of ${checks.length} checks hold`);
  for (const { what } of failed) console.log(`DOES NOT HOLD: ${what}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

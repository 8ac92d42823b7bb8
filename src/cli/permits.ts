import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { readWhole } from "../exchange/whole.ts";
import type { NoteSigner } from "../ledger/note.ts";
import { loadSigners } from "../ledger/signers.ts";
import { builtIn } from "../policy/built-in-terms.ts";
import { permitText, type NewPermit, type Permit } from "../policy/permit.ts";
import type { StoredPermit } from "../policy/permits.ts";
import { parseHolder } from "../policy/proof.ts";
import { parseTerms, termsHash } from "../policy/terms.ts";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { controlCommand, duration, list, number, oneName, printJson, printTable, text } from "./control.ts";
import type { Context, Verb } from "./control.ts";
import { holderKey, verify } from "./permit-files.ts";

const help = `Usage: stillwatch permits VERB [ACCOUNT|PERMIT|FILE] [flags]

A permit is a signed permission to distil: for one account and one holder's key, for a purpose, some models and a volume. The gateway checks and
counts down each request that shows one, the collector (\`stillwatch distil\`) sends nothing without, and the detector leaves out what it covers.

  permits holder-key --out F   a key pair for whoever will use permits; prints the public key
  permits issue ACCOUNT        sign a permit; prints it (also \`permits add\`; needs the folder's signing key, which \`serve\` makes)
  permits verify FILE          does it hold? exit 0 it does, 1 it does not, 2 cannot be judged
  permits list [ACCOUNT]       permits issued here, with what is left of them
  permits show PERMIT          one of them, with its document
  permits revoke PERMIT        it counts no more from now on

Flags of issue:
  --holder KEY|FILE            the holder's public key, or the file it stands in
  --purpose WORD               evaluation, classifier (labels, ranks, extracts, embeds), specialist (writes, for one task),
                               general, competing; each covers those before it
  --distribution WORD          none, internal (inside the holder's organisation), public; each covers those before it
  --model NAME,…               exact names, or beginnings with a * at the end; repeatable
  --exchanges N                at most so many answers
  --output-tokens N            at most so many tokens in them; requests must then set a cap. One of the two must be given
  --expires TIME               a time (2027-01-01T00:00:00Z) or a duration (90d)
  --from TIME                  valid from then on (default now)
  --terms NAME|FILE            the terms it was given with in view (\`stillwatch terms list\`, or a file)
  --note TEXT                  the task, the contract it belongs to
  --out F                      also write it to a file
Flags of verify: see \`stillwatch permits verify --help\`
Flag of revoke: --reason TEXT (kept in the journal)
Flags of all: --data DIR (default ./stillwatch-data), --json

A running gateway follows within a quarter of a second.

Examples:
  stillwatch permits holder-key --out lab.key > lab.pub
  stillwatch permits issue acme --holder lab.pub --purpose classifier --distribution internal --model 'm-*' \\
    --exchanges 20000 --output-tokens 4000000 --expires 90d --note "ticket routing, contract 17" --out acme.permit.json
  stillwatch permits verify acme.permit.json --trust log.vkey --purpose classifier --model m-large
  stillwatch permits revoke permit_01KQ8Z… --reason "contract ended"
`;

const issuing: Verb = {
  options: {
    holder: { type: "string" },
    purpose: { type: "string" },
    distribution: { type: "string" },
    model: { type: "string", multiple: true },
    exchanges: { type: "string" },
    "output-tokens": { type: "string" },
    expires: { type: "string" },
    from: { type: "string" },
    terms: { type: "string" },
    note: { type: "string" },
    out: { type: "string" },
  },
  run: issue,
};

const control = controlCommand("permits", "permission to distil: issue, verify, list, revoke", help, {
  issue: issuing,
  // As accounts and keys call it.
  add: issuing,
  list: { options: {}, run: showAll },
  show: { options: {}, run: showOne },
  revoke: { options: { reason: { type: "string" } }, run: revoke },
});

export const permits: Command = {
  ...control,
  run(argv, io) {
    const [verb, ...rest] = argv;
    // These two need no data folder: holders of permits run them elsewhere.
    const own = verb === "verify" ? verify : verb === "holder-key" ? holderKey : null;
    if (own === null) return control.run(argv, io);
    if (rest.includes("--help") || rest.includes("-h")) {
      io.out(own.help);
      return Promise.resolve(0);
    }
    return own.run(rest, io);
  },
};

async function issue(context: Context): Promise<void> {
  const { store, actor, values, io } = context;
  const wanted = wantedOf(context);
  const signer = await issuerOf(text(values, "data") ?? "");
  const permit = store.permits.issue(wanted, { signer, now: Date.now(), random: randomBytes }, actor);
  const out = text(values, "out");
  if (out !== undefined) writeFileSync(out, permitText(permit));
  io.err(
    `${permit.id} for account ${permit.account}, valid until ${permit.expires}${out === undefined ? "" : `, written to ${out}`}\n`,
  );
  if (out === undefined || values["json"]) io.out(permitText(permit));
}

function wantedOf(context: Context): NewPermit {
  const { values } = context;
  const [exchanges, outputTokens] = [number(values, "exchanges"), number(values, "output-tokens")];
  const [from, terms, note] = [text(values, "from"), text(values, "terms"), text(values, "note")];
  const required = (flag: string): string => {
    const given = text(values, flag);
    if (given === undefined) throw new UsageError(`--${flag} is missing; see \`stillwatch permits --help\``);
    return given;
  };
  return {
    account: oneName(context, "account id"),
    holder: holderOf(required("holder")),
    // Checked with the rest of the document, which names what there is.
    purpose: required("purpose") as NewPermit["purpose"],
    distribution: required("distribution") as NewPermit["distribution"],
    models: list(values, "model") ?? [],
    volume: {
      ...(exchanges !== undefined && { exchanges }),
      ...(outputTokens !== undefined && { outputTokens }),
    },
    expires: timeFrom(required("expires")),
    ...(from !== undefined && { notBefore: timeFrom(from) }),
    ...(terms !== undefined && { terms: termsOf(terms) }),
    ...(note !== undefined && { note }),
  };
}

/** A public key, or a file that holds one or the holder's whole key. */
function holderOf(given: string): string {
  if (!existsSync(given)) return given;
  const held = readWhole(given).toString("utf8").trim();
  return held.startsWith("PRIVATE+KEY+") ? parseHolder(held).verifier.vkey : held;
}

function termsOf(given: string): NonNullable<Permit["terms"]> {
  const terms = builtIn(given) ?? parseTerms(readWhole(given).toString("utf8"));
  return { name: terms.name, sha256: termsHash(terms) };
}

function timeFrom(given: string): string {
  const isTime = /^\d{4}-/.test(given);
  return isTime ? given : new Date(Date.now() + duration(given, "expires")).toISOString();
}

async function issuerOf(dataDir: string): Promise<NoteSigner> {
  try {
    return (await loadSigners(dataDir))[0]!;
  } catch (cause) {
    throw new UsageError(
      `${(cause as Error).message}; permits are signed by the ledger's key, which the first start of \`stillwatch serve --data ${dataDir}\` makes`,
      { cause },
    );
  }
}

function showAll(context: Context): void {
  const { store, values, names, io } = context;
  const account = names.length === 0 ? undefined : store.getAccount(oneName(context, "account id")).account;
  const all = store.permits.list(account);
  if (values["json"]) {
    printJson(io, all.map(shown));
    return;
  }
  const rows = all.map((stored) => {
    const { permit, used, left } = stored;
    const count = (n: number, of: number | null, rest: number | null) =>
      of === null ? `${n}` : `${n} of ${of} (${rest} left)`;
    return [
      permit.id,
      permit.account,
      stateOf(stored, Date.now()),
      permit.purpose,
      permit.distribution,
      permit.models.join(","),
      count(used.exchanges, permit.volume.exchanges, left.exchanges),
      count(used.outputTokens, permit.volume.outputTokens, left.outputTokens),
    ];
  });
  printTable(
    io,
    ["PERMIT", "ACCOUNT", "STATE", "PURPOSE", "DISTRIBUTION", "MODELS", "EXCHANGES", "OUTPUT TOKENS"],
    rows,
  );
}

function showOne(context: Context): void {
  const stored = context.store.permits.get(oneName(context, "permit id"));
  if (context.values["json"]) return printJson(context.io, shown(stored));
  const { permit, ...use } = shown(stored);
  context.io.out(permitText(permit));
  for (const [name, value] of Object.entries(use))
    context.io.out(`${name.padEnd(10)}  ${typeof value === "string" ? value : JSON.stringify(value)}\n`);
}

function revoke(context: Context): void {
  const { store, actor, values, io } = context;
  const stored = store.permits.revoke(oneName(context, "permit id"), actor, text(values, "reason"));
  if (values["json"]) printJson(io, shown(stored));
  else
    io.err(`${stored.permit.id} of account ${stored.permit.account} is revoked since ${stored.revokedAt}\n`);
}

function shown(stored: StoredPermit): StoredPermit & { state: string } {
  return { state: stateOf(stored, Date.now()), ...stored };
}

function stateOf({ permit, revokedAt, left }: StoredPermit, now: number): string {
  if (revokedAt !== null) return "revoked";
  if (now >= Date.parse(permit.expires)) return "expired";
  if (left.exchanges === 0 || left.outputTokens === 0) return "used up";
  return now < Date.parse(permit.notBefore) ? `from ${permit.notBefore}` : `until ${permit.expires}`;
}

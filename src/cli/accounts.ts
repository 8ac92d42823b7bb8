import { readAccounts } from "../exchange/traffic.ts";
import type { AccountChange, StoredAccount } from "../policy/records.ts";
import type { Command } from "./command.ts";
import {
  controlCommand,
  flag,
  limits,
  limitsCell,
  list,
  number,
  oneName,
  printJson,
  printTable,
  text,
} from "./control.ts";
import type { Context } from "./control.ts";

const help = `Usage: stillwatch accounts VERB [ID] [flags]

Accounts hold API keys; limits, withheld fields and standing belong to them.

  accounts add [ID]          a new account (an id is made when none is given)
  accounts add --from FILE   every account of an accounts file (.jsonl, .gz, .zst)
  accounts list              all accounts
  accounts show ID           one account with its keys
  accounts set ID            change facts, limits, twins, withheld fields
  accounts suspend ID        serve it nothing from now on
  accounts reactivate ID     serve it again

Flags of add and set:
  --plan TEXT  --organization TEXT  --email-domain TEXT  --country CC  --payment FINGERPRINT
  --verified true|false               whether the holder was verified
  --require-verification true|false   serve nothing until verified
  --limit NAME=NUMBER|none            repeatable; requestsPerMinute, requestsPerDay, tokensPerMinute,
                                      tokensPerDay, usdPerMinute, usdPerDay
  --withhold FIELD,…|none             logprobs, top_logprobs, logit_bias, n, best_of, reasoning, thinking,
                                      seed, tools, echo; replaces the list
  --twins SHARE                       share of its exchanges that become twin pairs, 0 to 1
Flags of all: --data DIR (default ./stillwatch-data), --json, --reason TEXT (kept in the journal)

A running gateway follows within a quarter of a second.

Examples:
  stillwatch accounts add acme --plan business --limit requestsPerMinute=500 --limit tokensPerDay=2000000
  stillwatch accounts set acme --withhold logprobs,logit_bias --limit usdPerDay=20
  stillwatch accounts suspend acme --reason "case 17"
`;

const facts = {
  plan: { type: "string" },
  organization: { type: "string" },
  "email-domain": { type: "string" },
  country: { type: "string" },
  payment: { type: "string" },
  verified: { type: "string" },
  "require-verification": { type: "string" },
  limit: { type: "string", multiple: true },
  withhold: { type: "string", multiple: true },
  twins: { type: "string" },
} as const;

const reason = { reason: { type: "string" } } as const;

export const accounts: Command = controlCommand(
  "accounts",
  "who may use the API: add, list, change, suspend",
  help,
  {
    add: { options: { ...facts, from: { type: "string" } }, creates: true, run: add },
    list: { options: {}, run: showAll },
    show: { options: {}, run: showOne },
    set: {
      options: { ...facts, ...reason },
      run: (context) => change(context, changeOf(context)),
    },
    suspend: { options: reason, run: (context) => change(context, { standing: "suspended" }) },
    reactivate: { options: reason, run: (context) => change(context, { standing: "active" }) },
  },
);

async function add(context: Context): Promise<void> {
  const { store, actor, values, names, io } = context;
  const from = text(values, "from");
  if (from === undefined) {
    const id = names.length === 0 ? undefined : oneName(context, "account id");
    const account = store.createAccount(
      { ...(id !== undefined && { account: id }), ...changeOf(context) },
      actor,
    );
    if (values["json"]) printJson(io, account);
    else io.out(`${account.account}\n`);
    return;
  }
  let added = 0;
  let skipped = 0;
  const onBad = (line: number, message: string): void => {
    skipped += 1;
    io.err(`line ${line}: ${message}\n`);
  };
  for await (const account of readAccounts(from, { onBad })) {
    if (store.findAccount(account.account)) {
      skipped += 1;
      io.err(`${account.account} exists already and is left as it is\n`);
      continue;
    }
    store.createAccount({ ...account, ...changeOf(context) }, actor);
    added += 1;
  }
  if (values["json"]) printJson(io, { added, skipped });
  else io.out(`${added} added, ${skipped} skipped\n`);
}

function showAll({ store, values, io }: Context): void {
  const all = store.listAccounts();
  if (values["json"]) {
    printJson(io, all);
    return;
  }
  const rows = all.map((account) => [
    account.account,
    account.standing,
    account.plan ?? "-",
    account.organization ?? "-",
    account.withheld.join(",") || "-",
    String(account.twins),
    limitsCell(account.limits),
  ]);
  printTable(io, ["ACCOUNT", "STANDING", "PLAN", "ORGANIZATION", "WITHHELD", "TWINS", "LIMITS"], rows);
}

function showOne(context: Context): void {
  const account = context.store.getAccount(oneName(context, "account id"));
  print(context, { ...account, keys: context.store.listKeys(account.account) });
}

function change(context: Context, wanted: AccountChange): void {
  const id = oneName(context, "account id");
  print(context, context.store.setAccount(id, wanted, context.actor, text(context.values, "reason")));
}

function print({ values, io }: Context, account: StoredAccount & { keys?: unknown }): void {
  if (values["json"]) {
    printJson(io, account);
    return;
  }
  for (const [name, value] of Object.entries(account)) {
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    io.out(`${name.padEnd(20)}  ${shown}\n`);
  }
}

/** The flags that were given, as a change. `""` and `none` take a fact away. */
function changeOf({ values }: Context): AccountChange {
  const fact = (name: string): { value: string | null } | null => {
    const given = text(values, name);
    return given === undefined ? null : { value: given === "" || given === "none" ? null : given };
  };
  const plan = fact("plan");
  const organization = fact("organization");
  const emailDomain = fact("email-domain");
  const country = fact("country");
  const payment = fact("payment");
  const verified = flag(values, "verified");
  const verificationRequired = flag(values, "require-verification");
  const twins = number(values, "twins");
  const withheld = list(values, "withhold");
  const limited = limits(values);
  return {
    ...(plan && { plan: plan.value }),
    ...(organization && { organization: organization.value }),
    ...(emailDomain && { emailDomain: emailDomain.value }),
    ...(country && { country: country.value }),
    ...(payment && { payment: payment.value }),
    ...(verified !== undefined && { verified }),
    ...(verificationRequired !== undefined && { verificationRequired }),
    ...(twins !== undefined && { twins }),
    ...(withheld && { withheld }),
    ...(limited && { limits: limited }),
  };
}

import { randomBytes } from "node:crypto";
import type { Account } from "../exchange/account.ts";
import { writeAccounts, writeTraffic } from "../exchange/traffic.ts";
import { readLeaves } from "../ledger/read.ts";
import { exchangeOf } from "../ledger/view.ts";
import { Store } from "../policy/store.ts";
import { readArguments, type Subcommand } from "./arguments.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeys } from "./folder.ts";

export const exportTraffic: Subcommand = {
  summary: "exchanges as a traffic file",
  help: `stillwatch ledger export [--data DIR] --out F [--accounts F] [--account ID]

Writes the exchanges of the journal, in the order in which they ended, as a traffic file (.jsonl; .gz and .zst compress). What is
erased is not in it. A server may be running meanwhile.

  --out F         traffic file
  --accounts F    also write the accounts file, so that \`replay\` knows what the live detector knew
  --account ID    only this account
${FOLDER_HELP}
Examples
  stillwatch ledger export --out traffic.jsonl.zst --accounts accounts.jsonl
  stillwatch replay --traffic traffic.jsonl.zst --accounts accounts.jsonl --out found
`,
  async run(argv, io) {
    const args = readArguments("ledger export", argv, {
      ...folderOptions,
      out: { type: "string" },
      accounts: { type: "string" },
      account: { type: "string" },
    });
    const out = args.required("out");
    const dataDir = dataFolder(args);
    const only = args.text("account");
    const writer = writeTraffic(out);
    let [exchanges, erased] = [0, 0];
    for await (const { opened } of readLeaves(dataDir, await masterKeys(dataDir, args))) {
      if (opened.kind === "erased") erased++;
      if (opened.kind !== "exchange" || (only !== undefined && opened.who.account !== only)) continue;
      await writer.write(exchangeOf(opened));
      if (++exchanges % 10_000 === 0) io.err(`${exchanges} exchanges\n`);
    }
    await writer.close();
    const accountsPath = args.text("accounts");
    if (accountsPath !== undefined) {
      const store = new Store(dataDir, { now: () => Date.now(), random: randomBytes });
      const accounts = writeAccounts(accountsPath);
      for (const account of store.listAccounts()) await accounts.write(factsOf(account));
      await accounts.close();
      store.close();
    }
    // Where the traffic itself goes to standard output, talk does not.
    const tell = (text: string): void => (out === "-" ? io.err(text) : io.out(text));
    tell(
      args.flag("json")
        ? `${JSON.stringify({ exchanges, erased, out })}\n`
        : `${exchanges} exchanges written to ${out}${erased > 0 ? ` (${erased} are erased)` : ""}\n`,
    );
    return 0;
  },
};

/** The facts known before traffic: what an accounts file may say (contract.md), without standing and policy. */
function factsOf(stored: Account): Account {
  const { account, createdAt, plan, organization, emailDomain, payment, country, verified, limits } = stored;
  return { account, createdAt, plan, organization, emailDomain, payment, country, verified, limits };
}

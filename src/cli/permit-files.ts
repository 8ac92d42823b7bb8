import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { timeOf } from "../exchange/fields.ts";
import { readWhole } from "../exchange/whole.ts";
import { PolicyError } from "../policy/error.ts";
import { distributions, parsePermit, purposes, verifyPermit, type Permit } from "../policy/permit.ts";
import type { StoredPermit } from "../policy/permits.ts";
import { holderText, newHolder } from "../policy/proof.ts";
import { Store } from "../policy/store.ts";
import { oneOf, readArguments, UsageError, type Subcommand } from "./arguments.ts";
import { trustedKeys } from "./trust.ts";

export const holderKey: Subcommand = {
  summary: "a key pair for whoever uses permits",
  help: `stillwatch permits holder-key --out F [--name NAME] [--json]

Makes the key of a holder of permits and writes it to a file that only you can read; prints the public key, which goes to the issuer. The
collector signs each request with it, so a permit alone is of no use to anybody who comes by it.

  --out F       the key file; it must not be there yet
  --name NAME   part of the public key, for people (default "holder")

Example
  stillwatch permits holder-key --name acme/lab --out lab.key > lab.pub
`,
  run(argv, io) {
    const args = readArguments("permits holder-key", argv, {
      out: { type: "string" },
      name: { type: "string", default: "holder" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const out = args.required("out");
    const holder = newHolder(args.required("name"));
    try {
      // Only a new file: overwriting a key would make permits given to it useless.
      writeFileSync(out, holderText(holder), { mode: 0o600, flag: "wx" });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      throw new UsageError(`${out} is there already: name another file, or keep using that key`, { cause });
    }
    const { vkey } = holder.verifier;
    io.out(args.flag("json") ? `${JSON.stringify({ holder: vkey, file: out })}\n` : `${vkey}\n`);
    return Promise.resolve(0);
  },
};

export const verify: Subcommand = {
  summary: "does a permit hold?",
  help: `stillwatch permits verify FILE --trust F [--account ID] [--model NAME] [--purpose P] [--distribution D] [--at TIME] [--data DIR] [--json]

Checks a permit's signature with the issuer's public keys, and whether it allows what you name.

  --trust F                      public keys of the issuer's log (\`stillwatch ledger key\`), obtained elsewhere
  --account, --model, --purpose, --distribution
                                 what it must allow
  --at TIME                      as of then (default now)
  --data DIR                     where you are the issuer: also whether it was revoked there, and what is left of it

Exit 0: it holds. 1: it does not. 2: cannot be judged.

Example
  stillwatch permits verify acme.permit.json --trust log.vkey --purpose classifier --distribution internal --model m-large
`,
  run(argv, io) {
    const args = readArguments("permits verify", argv, {
      trust: { type: "string" },
      account: { type: "string" },
      model: { type: "string" },
      purpose: { type: "string" },
      distribution: { type: "string" },
      at: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const [path, ...more] = args.words;
    if (path === undefined || more.length > 0) throw new UsageError("name the file of exactly one permit");
    const trust = args.text("trust");
    if (trust === undefined)
      throw new UsageError(
        "cannot be judged: no trust anchor. Get the issuer's log.vkey from the issuer and give it with --trust FILE",
      );
    const issuerKeys = trustedKeys(trust);
    const permit = parsed(path);
    const here = storedIn(args.text("data"), permit);
    const [account, model] = [args.text("account"), args.text("model")];
    const [purpose, distribution] = [args.text("purpose"), args.text("distribution")];
    const at = args.text("at");
    const verdict = verifyPermit(permit, {
      issuerKeys,
      now: at === undefined ? Date.now() : Date.parse(timeOf(at, "--at")),
      ...(account !== undefined && { account }),
      ...(model !== undefined && { model }),
      ...(purpose !== undefined && { purpose: oneOf("purpose", purpose, purposes) }),
      ...(distribution !== undefined && { distribution: oneOf("distribution", distribution, distributions) }),
      ...(here && { used: here.held, revokedAt: here.revokedAt }),
    });
    const answer = verdict.ok
      ? { holds: true, problem: null, code: null }
      : { holds: false, problem: verdict.message, code: verdict.code };
    if (args.flag("json"))
      io.out(`${JSON.stringify({ ...answer, permit, ...(here && { left: here.left }) })}\n`);
    else if (verdict.ok)
      io.out(`holds: ${summary(permit)}${here ? `, left ${JSON.stringify(here.left)}` : ""}\n`);
    else io.out(`DOES NOT HOLD (${verdict.code}): ${verdict.message}\n`);
    return Promise.resolve(verdict.ok ? 0 : 1);
  },
};

function parsed(path: string): Permit {
  try {
    return parsePermit(readWhole(path).toString("utf8"));
  } catch (error) {
    if (error instanceof PolicyError) throw new UsageError(`cannot be judged: ${path}: ${error.message}`);
    throw error;
  }
}

/** The permit as its issuer's control database knows it. */
function storedIn(dataDir: string | undefined, permit: Permit): StoredPermit | null {
  if (dataDir === undefined) return null;
  if (!existsSync(join(dataDir, "control.db")))
    throw new UsageError(
      `cannot be judged: ${dataDir} holds no permits; leave --data out, or name the issuer's data folder`,
    );
  const store = new Store(dataDir, { now: () => Date.now(), random: randomBytes });
  try {
    const stored = store.permits.find(permit.id);
    if (!stored) throw new UsageError(`cannot be judged: ${permit.id} was not issued in ${dataDir}`);
    return stored;
  } finally {
    store.close();
  }
}

function summary({ id, issuer, account, purpose, distribution, models, expires }: Permit): string {
  return `${id} of ${issuer.name}+${issuer.key} for account ${account}: ${purpose}, distribution ${distribution}, ${models.join(", ")}, until ${expires}`;
}

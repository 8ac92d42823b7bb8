import { readFileSync } from "node:fs";
import { openCheckpoint } from "../ledger/checkpoint.ts";
import { realDisk } from "../ledger/disk.ts";
import { rotateMasterKey } from "../ledger/keyring.ts";
import { lockFolder } from "../ledger/lock.ts";
import { readVkeys, rotateSigner, vkeyPath } from "../ledger/signers.ts";
import { readArguments, type Subcommand } from "./arguments.ts";
import { dataFolder, folderOptions, publishedCheckpoint } from "./folder.ts";

const { data, json } = folderOptions;

export const checkpoint: Subcommand = {
  summary: "the current signed checkpoint: keep it somewhere else",
  help: `stillwatch ledger checkpoint [--data DIR] [--json]

Prints the published checkpoint, a signed note (C2SP tlog-checkpoint). Send it regularly to a place that the people who run this
server cannot change (a mail to your auditor, another team's bucket): \`ledger verify --checkpoint\` then proves that nothing
before it was rewritten, not even by somebody with all keys.

Example
  stillwatch ledger checkpoint > ~/kept/checkpoint-$(date +%F)
`,
  async run(argv, io) {
    const args = readArguments("ledger checkpoint", argv, { data, json });
    const dataDir = dataFolder(args);
    const note = publishedCheckpoint(dataDir);
    const { origin, size, root } = openCheckpoint(note, readVkeys(dataDir));
    io.out(
      args.flag("json") ? `${JSON.stringify({ origin, size, root: root.toString("base64"), note })}\n` : note,
    );
    return 0;
  },
};

export const key: Subcommand = {
  summary: "the log's public key, for verifiers",
  help: `stillwatch ledger key [--data DIR]

Prints the log's public key(s), one a line: the file that \`evidence verify --trust\` and \`receipt verify --trust\` take. A verifier must
get it from you by a way of its own (your website, a contract), never together with the evidence.

Example
  stillwatch ledger key > log.vkey
`,
  async run(argv, io) {
    const args = readArguments("ledger key", argv, { data, json });
    const vkeys = readFileSync(vkeyPath(dataFolder(args)), "utf8");
    io.out(args.flag("json") ? `${JSON.stringify({ keys: vkeys.split("\n").filter(Boolean) })}\n` : vkeys);
    return 0;
  },
};

export const rotateKey: Subcommand = {
  summary: "a new signing key beside the old one",
  help: `stillwatch ledger rotate-key [--data DIR]

Adds a new signing key. Checkpoints then carry both signatures, so that verifiers who know only the old key go on working. When all
have the new one (\`ledger key\`), take the old line out of keys/log.key. The server must be stopped.

Example
  stillwatch ledger rotate-key && stillwatch ledger key > log.vkey
`,
  async run(argv, io) {
    const args = readArguments("ledger rotate-key", argv, { data });
    const dataDir = dataFolder(args);
    const lock = lockFolder(dataDir, 1000);
    try {
      const signer = await rotateSigner(dataDir, realDisk);
      io.out(`${signer.verifier.vkey}\n`);
    } finally {
      lock.release();
    }
    return 0;
  },
};

export const rotateMaster: Subcommand = {
  summary: "a new master key in front of the old one",
  help: `stillwatch ledger rotate-master [--data DIR]

Puts a new master key first in keys/master.key; keys of accounts made from now on are wrapped by it. The old ones stay, because
what was written under them can be read only with them. With a KMS, let your masterKeyCommand print the new key first.
The server must be stopped.

Example
  stillwatch ledger rotate-master --data /var/lib/stillwatch
`,
  async run(argv, io) {
    const args = readArguments("ledger rotate-master", argv, { data });
    const dataDir = dataFolder(args);
    const lock = lockFolder(dataDir, 1000);
    try {
      await rotateMasterKey(dataDir, realDisk);
    } finally {
      lock.release();
    }
    io.err("keys/master.key begins with a new key now; back it up before the server starts again\n");
    return 0;
  },
};

import { dispatch } from "./arguments.ts";
import type { Command } from "./command.ts";
import { checkpoint, key, rotateKey, rotateMaster } from "./ledger-keys.ts";
import { erase } from "./ledger-erase.ts";
import { exportTraffic } from "./ledger-export.ts";
import { seal } from "./ledger-seal.ts";
import { fsck, verify } from "./ledger-verify.ts";

const ABOUT = "the durable, tamper-evident record";
const SUBCOMMANDS = {
  verify,
  fsck,
  export: exportTraffic,
  erase,
  checkpoint,
  key,
  seal,
  "rotate-key": rotateKey,
  "rotate-master": rotateMaster,
};

export const ledger: Command = {
  name: "ledger",
  summary: "verify, fsck, export, erase, checkpoint, keys",
  help: `stillwatch ledger <command>: ${ABOUT}

  verify         is everything what was written? changes nothing; 0 holds, 1 does not, 2 cannot be judged
  fsck           rebuilds the root from the journal, says what is where; --repair writes tiles and checkpoint again
  export         exchanges as a traffic file
  erase          destroys the keys of exchanges, with a proof that stays
  checkpoint     the current signed checkpoint: keep it somewhere else
  key            the log's public key, for verifiers
  seal           compresses closed segments, writes their metadata as Parquet
  rotate-key     a new signing key beside the old one
  rotate-master  a new master key in front of the old one

\`stillwatch ledger <command> --help\` shows options and examples.
`,
  run: (argv, io) => dispatch("ledger", ABOUT, SUBCOMMANDS, argv, io),
};

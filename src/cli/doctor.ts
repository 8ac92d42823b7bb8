import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname, resolve } from "node:path";
import { loadConfig, upstreamKey, type Config } from "../config.ts";
import { loadMasterKeys, masterKeyPath } from "../ledger/keyring.ts";
import { loadSigners, signerPath } from "../ledger/signers.ts";
import { AnsweringThread } from "../lm/answer/thread.ts";
import { readArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { folderOptions, masterKeyCommand } from "./folder.ts";

const HELP = `stillwatch doctor [--config F] [--data DIR] [--json]

Checks what a server needs: Node, the configuration, disk space and rights of the data folder, its keys, the clock, and whether the
upstreams can be reached. Changes nothing. Exit 0 when all is well, 1 when something must be mended.

Example
  stillwatch doctor --config stillwatch.yaml --data /var/lib/stillwatch
`;

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do when it is not ok. */
  readonly cure?: string;
}

export const doctor: Command = {
  name: "doctor",
  summary: "checks installation, disk, clock, keys and upstreams",
  help: HELP,
  async run(argv, io) {
    const args = readArguments("doctor", argv, folderOptions);
    const config = loadConfig(args.text("config"));
    const dataDir = resolve(args.required("data"));
    const findings: Finding[] = [
      node(),
      clock(),
      disk(dataDir),
      rights(dataDir),
      ...(existsSync(dataDir) ? await keys(dataDir, masterKeyCommand(args)) : []),
      ...(await Promise.all(config.upstreams.map(upstream))),
    ];
    const ok = findings.every((finding) => finding.ok);
    if (args.flag("json")) io.out(`${JSON.stringify({ ok, findings })}\n`);
    else
      for (const f of findings)
        io.out(`${f.ok ? "ok  " : "MEND"}  ${f.check}: ${f.found}${f.ok ? "" : `\n      ${f.cure ?? ""}`}\n`);
    return ok ? 0 : 1;
  },
};

function node(): Finding {
  const ok = Number(process.versions.node.split(".")[0]) >= 24;
  return { check: "node", ok, found: process.version, cure: "run `npm install`: it brings Node 24" };
}

/** Evidence carries this machine's time; a clock that was never set shows. */
function clock(): Finding {
  const now = new Date();
  const ok = now.getUTCFullYear() >= 2025 && now.getUTCFullYear() < 2100;
  return { check: "clock", ok, found: now.toISOString(), cure: "set the clock and run an NTP client" };
}

/** A gigabyte is about half a million exchanges after sealing; the journal stops serving when the disk is full. */
function disk(dataDir: string): Finding {
  const at = existing(dataDir);
  const { bavail, bsize } = statfsSync(at);
  const free = bavail * bsize;
  return {
    check: "disk",
    ok: free > 1e9,
    found: `${(free / 1e9).toFixed(1)} GB free at ${at}`,
    cure: "free space: without it the gateway answers 503 ledger_unavailable",
  };
}

function rights(dataDir: string): Finding {
  const at = existing(dataDir);
  try {
    accessSync(at, constants.R_OK | constants.W_OK | constants.X_OK);
    return {
      check: "data folder",
      ok: true,
      found: existsSync(dataDir) ? dataDir : `${dataDir} will be made`,
    };
  } catch {
    return {
      check: "data folder",
      ok: false,
      found: `${at} cannot be written by this user`,
      cure: "change its owner, or choose another with --data",
    };
  }
}

async function keys(dataDir: string, command: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, path, load] of [
    ["master key", masterKeyPath(dataDir), () => loadMasterKeys(dataDir, { command })],
    ["signing key", signerPath(dataDir), () => loadSigners(dataDir)],
  ] as const) {
    try {
      await load();
      const open = existsSync(path) && (statSync(path).mode & 0o077) !== 0;
      findings.push(
        open
          ? { check, ok: false, found: `${path} can be read by others`, cure: `chmod 600 ${path}` }
          : { check, ok: true, found: "readable by this user only; is it in your backup?" },
      );
    } catch (error) {
      findings.push({
        check,
        ok: false,
        found: (error as Error).message,
        cure: "restore it from your backup; a folder that was never served has none yet",
      });
    }
  }
  return findings;
}

async function upstream(u: Config["upstreams"][number]): Promise<Finding> {
  const check = `upstream ${u.name}`;
  if (u.kind === "recorded") {
    const ok = u.file === undefined || existsSync(u.file);
    return {
      check,
      ok,
      found: ok ? "recorded answers" : `there is no file ${u.file}`,
      cure: "correct upstreams.file in the configuration",
    };
  }
  if (u.kind === "embedded") return embedded(check, u.model ?? null);
  try {
    upstreamKey(u.name, u.apiKeyEnv);
  } catch (error) {
    return {
      check,
      ok: false,
      found: (error as Error).message,
      cure: "export the variable before `stillwatch serve`",
    };
  }
  const url = new URL(u.baseUrl);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const problem = await new Promise<string | null>((done) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port, timeout: 5000 });
    const end = (found: string | null) => {
      socket.destroy();
      done(found);
    };
    socket.on("connect", () => end(null));
    socket.on("timeout", () => end("no answer within 5 s"));
    socket.on("error", (error) => end(error.message));
  });
  return {
    check,
    ok: problem === null,
    found: problem ?? `${url.host} accepts connections`,
    cure: "check baseUrl, DNS and firewall",
  };
}

/** Loads the model as `serve` would: that a file is there says little. */
async function embedded(check: string, path: string | null): Promise<Finding> {
  try {
    const thread = await AnsweringThread.start({ path });
    await thread.stop();
    return { check, ok: true, found: `${thread.model}, ${thread.runtime} runtime`, cure: "" };
  } catch (error) {
    const cure = "correct upstreams.model in the configuration, or leave it out for the built-in teacher";
    return { check, ok: false, found: (error as Error).message, cure };
  }
}

function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path));
}

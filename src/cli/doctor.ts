import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname, resolve } from "node:path";
import { loadConfig, upstreamKey, type UpstreamConfig, upstreamsOf } from "../config.ts";
import { loadMasterKeys, masterKeyPath } from "../ledger/keyring.ts";
import { loadSigners, signerPath } from "../ledger/signers.ts";
import { AnsweringThread } from "../lm/answer/thread.ts";
import { loadEngine, type NativeEngine } from "../lm/engine.ts";
import { LmError } from "../lm/error.ts";
import { loadLlama } from "../lm/runtime/llama-engine.ts";
import { readArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { folderOptions, masterKeyCommand } from "./folder.ts";

const HELP = `stillwatch doctor [--config F] [--data DIR] [--json]

Checks what a server needs: Node, the configuration, disk space and rights of the data folder, its keys, the clock, the engines that
language models run on, and whether the upstreams can be reached (without any, whether the built-in teacher loads). Changes nothing.
Exit 0 when all is well, 1 when something must be mended.

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
    const upstreams = upstreamsOf(config);
    const findings: Finding[] = [
      node(),
      clock(),
      disk(dataDir),
      rights(dataDir),
      ...(existsSync(dataDir) ? await keys(dataDir, masterKeyCommand(args)) : []),
      ...(await engines(upstreams)),
      ...(await Promise.all(upstreams.map(upstream))),
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

/** Both are optional: a plain install has none, and the built-in teacher needs none. */
async function engines(upstreams: readonly UpstreamConfig[]): Promise<Finding[]> {
  const gguf = upstreams.filter((u) => u.kind === "embedded" && u.model?.endsWith(".gguf"));
  return [
    await engine("onnxruntime-node", "npm run engine onnx", {
      use: "trains models faster",
      start: () => loadEngine("onnxruntime-node"),
      neededBy: [],
    }),
    await engine("node-llama-cpp", "npm run engine llama", {
      use: "runs GGUF models in an embedded upstream",
      start: async () => (await loadLlama()).llama.dispose(),
      neededBy: gguf.map(({ name }) => name),
    }),
  ];
}

interface Engine {
  readonly use: string;
  readonly start: () => Promise<unknown>;
  /** Names of the upstreams that do not work without it. */
  readonly neededBy: readonly string[];
}

async function engine(
  name: NativeEngine,
  command: string,
  { use, start, neededBy }: Engine,
): Promise<Finding> {
  const check = `engine ${name}`;
  try {
    await start();
    return { check, ok: true, found: `installed (${use})` };
  } catch (error) {
    if (!(error instanceof LmError && error.code === "engine_missing"))
      return { check, ok: false, found: (error as Error).message, cure: `install it anew: ${command}` };
    const needed = neededBy.length > 0;
    const why = needed ? `needed by the upstream ${neededBy.join(", ")}` : `not needed; ${use}: ${command}`;
    return { check, ok: !needed, found: `not installed, ${why}`, cure: `run \`${command}\` in the checkout` };
  }
}

async function upstream(u: UpstreamConfig): Promise<Finding> {
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
    const thread = await AnsweringThread.start({ source: { path } });
    await thread.stop();
    return { check, ok: true, found: `${thread.model}, ${thread.runtime} runtime`, cure: "" };
  } catch (error) {
    return { check, ok: false, found: (error as Error).message, cure: cureOf(path, error) };
  }
}

function cureOf(path: string | null, error: unknown): string {
  if (path === null) return "install Stillwatch anew: the model that it brings does not load";
  const another = "leave upstreams.model out for the built-in teacher";
  return error instanceof LmError && error.code === "engine_missing"
    ? `install the engine, or ${another}`
    : `correct upstreams.model in the configuration, or ${another}`;
}

function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path));
}

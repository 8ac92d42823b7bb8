import { loadConfig } from "../config.ts";
import { readYardstick } from "../detect/corpus/with-calibration.ts";
import { LedgerError } from "../ledger/error.ts";
import { readArguments } from "./arguments.ts";
import type { Command } from "./command.ts";

const HELP = `stillwatch serve [--config F] [--data DIR] [--port N] [--admin-port N] [--calibration F] [--corpus-index F]

The gateway in front of your model API, the ledger behind it, and the detector beside it.

  --config F        configuration, YAML or JSON (docs/configuration.md); without it everything has a default
  --data DIR        data folder, made if it is not there (default ./stillwatch-data)
  --port N          port of the gateway (default 8787; 0 = any free one)
  --admin-port N    port of the admin listener (default 8788; 0 = any free one)
  --calibration F   calibration file made by \`stillwatch calibrate\` from your own traffic
  --corpus-index F  index of known corpora (stillwatch corpus index), the one that the calibration was made with
  --json            print one JSON line with the URLs when ready
  --help

A new data folder gets one account and key, shown once. Ctrl-C or SIGTERM stops gracefully: exchanges in hand end first.

Examples
  stillwatch serve
  stillwatch serve --config stillwatch.yaml --data /var/lib/stillwatch
`;

export const serve: Command = {
  name: "serve",
  summary: "the gateway, the ledger and the detector",
  help: HELP,
  async run(argv, io) {
    const args = readArguments("serve", argv, {
      config: { type: "string" },
      data: { type: "string", default: "./stillwatch-data" },
      port: { type: "string" },
      "admin-port": { type: "string" },
      calibration: { type: "string" },
      "corpus-index": { type: "string" },
      json: { type: "boolean", default: false },
    });
    const port = args.whole("port", 0, 65_535);
    const adminPort = args.whole("admin-port", 0, 65_535);
    const calibration = args.text("calibration");
    const corpusIndex = args.text("corpus-index");
    const config = loadConfig(args.text("config"), {
      ...(port === undefined ? {} : { port }),
      ...(adminPort === undefined ? {} : { adminPort }),
      ...(calibration === undefined ? {} : { calibration }),
      ...(corpusIndex === undefined ? {} : { corpusIndex }),
    });
    const dataDir = args.required("data");
    // A calibration that cannot be used must stop the start, not leave a server without a detector.
    const { detect } = config;
    if (detect.enabled && (detect.calibration !== undefined || detect.corpusIndex !== undefined))
      readYardstick(detect.calibration ?? null, detect.corpusIndex ?? null);
    // Loaded late: `stillwatch serve --help` and wrong options answer at once.
    const { serve: start } = await import("../serve.ts");
    const log = (level: string, message: string): void =>
      io.err(`${new Date().toISOString()} ${level} ${message}\n`);
    const running = await start({ dataDir, config, log });
    const firstKey = running.store.listAccounts().length === 0 ? firstAccount(running.store) : null;
    const { quarantined, interrupted } = running.ledger.recovery;
    if (quarantined)
      log(
        "warn",
        `an unfinished write of ${quarantined.bytes} bytes at the end of the journal was set aside: ${quarantined.path}`,
      );
    if (interrupted > 0)
      log(
        "warn",
        `${interrupted} exchanges were in flight when the last run stopped; they are recorded as interrupted`,
      );
    if (args.flag("json"))
      io.out(
        `${JSON.stringify({ url: running.url, adminUrl: running.adminUrl, adminToken: running.adminToken, key: firstKey })}\n`,
      );
    else io.out(welcome(running, dataDir, firstKey, config));
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
    });
    log("info", "stopping: exchanges in hand end first");
    try {
      await running.stop();
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      log("error", error.message);
      return 1;
    }
    return 0;
  },
};

type Start = typeof import("../serve.ts").serve;
type RunningServer = Awaited<ReturnType<Start>>;

/** Somebody who tries the product needs a key before anything else. */
function firstAccount(store: RunningServer["store"]): string {
  const { account } = store.createAccount({ organization: "first account, made by serve" }, "serve");
  return store.issueKey({ account, label: "first key" }, "serve").secret;
}

function welcome(
  running: RunningServer,
  dataDir: string,
  key: string | null,
  config: ReturnType<typeof loadConfig>,
): string {
  const upstream =
    config.upstreams.length > 0
      ? config.upstreams.map((u) => `${u.name} (${u.models.join(", ")})`).join("; ")
      : "embedded teacher, a small model of an invented world. Set your own with --config (docs/configuration.md)";
  const lines = [
    `Gateway   ${running.url}/v1   use it as the base URL of any OpenAI or Anthropic client`,
    ...(key ? [`Key       ${key}   (shown once; more: stillwatch keys add)`] : []),
    `Status    ${running.adminUrl}/   any user name, password ${running.adminToken}`,
    `Upstream  ${upstream}`,
    `Data      ${dataDir}   mode ${config.mode}`,
    config.detect.calibration === undefined
      ? "Detector  learning: judged by a built-in calibration from simulated traffic, nothing is called bounded until you calibrate"
      : `Detector  calibrated by ${config.detect.calibration}`,
  ];
  return `${lines.join("\n")}\n`;
}

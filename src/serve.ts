import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { codeVersion } from "./cli/version.ts";
import {
  adminTokenFromEnvironment,
  receiversOf,
  upstreamKey,
  upstreamsOf,
  type Config,
  type UpstreamConfig,
} from "./config.ts";
import { DeliveryThread } from "./delivery/thread.ts";
import type { Receiver } from "./delivery/worker.ts";
import { DetectionThread } from "./detect/live-thread.ts";
import type { JsonObject } from "./exchange/exchange.ts";
import { defaultEmbeddedConcurrency, EmbeddedUpstream } from "./gateway/embedded.ts";
import { Gateway } from "./gateway/gateway.ts";
import { defaultHttpUpstreamOptions, HttpUpstream } from "./gateway/http-upstream.ts";
import { defaultGatewayOptions } from "./gateway/options.ts";
import type { Log } from "./gateway/parts.ts";
import { defaultRecordedOptions, RecordedUpstream } from "./gateway/recorded.ts";
import type { Upstream } from "./gateway/upstream.ts";
import { AnsweringThread } from "./lm/answer/thread.ts";
import { Ledger } from "./ledger/ledger.ts";
import { Sealer } from "./ledger/sealer.ts";
import { readVkeys } from "./ledger/signers.ts";
import { LiveGate } from "./policy/live-gate.ts";
import { Store } from "./policy/store.ts";

/** A running Stillwatch: gateway, ledger and detector over one data folder. */
export interface Running {
  readonly url: string;
  readonly adminUrl: string;
  readonly adminToken: string;
  readonly store: Store;
  readonly ledger: Ledger;
  /** Waits for exchanges in hand, then for the journal. Idempotent. */
  stop(): Promise<void>;
}

export interface ServeOptions {
  readonly dataDir: string;
  readonly config: Config;
  readonly log: Log;
}

/** Builds the parts, wires them and starts them; the composition root. */
export async function serve({ dataDir, config, log }: ServeOptions): Promise<Running> {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  // What is wrong with a sink is said before anything is opened.
  const receivers = await checkedReceivers(config);
  let sealer: Sealer | null = null;
  const ledger = await openLedger(dataDir, config, () => sealer?.wake());
  if (config.ledger.seal) sealer = sealerOf(dataDir, config, ledger, log);
  const store = new Store(dataDir, { now: clock.now, random: randomBytes });
  const gate = new LiveGate(store, {
    prices: config.prices,
    defaultLimits: definedOnly(config.defaultLimits),
    permitIssuers: readVkeys(dataDir),
    onError: (error) => log("warn", `usage counters could not be saved: ${(error as Error).message}`),
  });
  gate.start(clock.now);
  const adminToken = adminTokenOf(dataDir);
  const detection = config.detect.enabled ? detectionOf(dataDir, config, ledger, log) : null;
  const delivery = receivers.length > 0 ? deliveryOf(dataDir, config, receivers, ledger, log) : null;
  const changes = setInterval(() => void journalChanges(store, ledger).catch(() => {}), 500).unref();
  const stopParts = async (): Promise<void> => {
    clearInterval(changes);
    await detection?.stop();
    await delivery?.stop();
    await sealer?.stop();
    gate.stop();
    await journalChanges(store, ledger).catch(() => {});
    await ledger.stop();
    store.close();
  };
  const upstreams: Upstream[] = [];
  try {
    for (const upstream of upstreamsOf(config)) upstreams.push(await openUpstream(upstream, log));
    const gateway = new Gateway(
      { ...defaultGatewayOptions, ...gatewayOptions(config), admin: { ...config.admin, token: adminToken } },
      {
        recorder: ledger,
        gate,
        upstreams,
        clock,
        random: randomBytes,
        log,
        recordable: () => !ledger.failing,
        status: () => ({
          dataDir,
          leaves: ledger.size,
          journalFailing: ledger.failing,
          ...(detection && { detection: detection.status() }),
          ...(delivery && { delivery: delivery.status() }),
        }),
      },
    );
    await gateway.start();
    let stopping: Promise<void> | null = null;
    return {
      url: gateway.url,
      adminUrl: gateway.adminUrl,
      adminToken,
      store,
      ledger,
      stop: () => (stopping ??= gateway.stop().then(stopParts)),
    };
  } catch (error) {
    await Promise.all(upstreams.map((upstream) => upstream.close()));
    await stopParts();
    throw error;
  }
}

async function openLedger(dataDir: string, config: Config, onSegmentClosed: () => void): Promise<Ledger> {
  const { origin, masterKeyCommand, segmentBytes, checkpointMs } = config.ledger;
  return Ledger.open({
    dataDir,
    now: () => Date.now(),
    origin,
    masterKeyCommand,
    segmentBytes,
    checkpointMs,
    onSegmentClosed,
    // Nobody waits for a record in async mode, so it may wait for company: fewer, larger writes.
    ...(config.mode === "async" ? { resultDelayMs: 10 } : {}),
  });
}

/** Closed segments are compressed by `stillwatch ledger seal`, started as a process of its own. */
function sealerOf(dataDir: string, config: Config, ledger: Ledger, log: Log): Sealer {
  const main = new URL("./main.ts", import.meta.url).pathname;
  const kms = config.ledger.masterKeyCommand.flatMap((word) => ["--master-key-command", word]);
  const command = [process.execPath, main, "ledger", "seal", "--data", dataDir, "--holding-lock", ...kms];
  const sealer = new Sealer(ledger, dataDir, command, (why) =>
    log("warn", `sealing failed, segments stay uncompressed: ${why}`),
  );
  sealer.wake();
  return sealer;
}

function detectionOf(dataDir: string, config: Config, ledger: Ledger, log: Log): DetectionThread {
  const { calibration = null, corpusIndex = null } = config.detect;
  const { masterKeyCommand } = config.ledger;
  return new DetectionThread(ledger, { dataDir, masterKeyCommand, calibration, corpusIndex }, log);
}

/** Throws ConfigError and DeliveryError `config`. What sending needs is loaded only where something is sent. */
async function checkedReceivers(config: Config): Promise<readonly Receiver[]> {
  const receivers = receiversOf(config);
  if (receivers.length === 0) return receivers;
  const { openSink } = await import("./delivery/sink.ts");
  for (const { options } of receivers)
    openSink(options, { version: codeVersion(), machine: hostname(), now: () => Date.now() });
  return receivers;
}

function deliveryOf(
  dataDir: string,
  config: Config,
  sinks: readonly Receiver[],
  ledger: Ledger,
  log: Log,
): DeliveryThread {
  const { masterKeyCommand } = config.ledger;
  const input = { dataDir, masterKeyCommand, sinks, version: codeVersion(), machine: hostname() };
  return new DeliveryThread(ledger, input, log);
}

async function openUpstream(upstream: UpstreamConfig, log: Log): Promise<Upstream> {
  if (upstream.kind === "embedded") return openEmbedded(upstream, log);
  if (upstream.kind !== "recorded") {
    const { apiKeyEnv, timeouts, ...rest } = upstream;
    return new HttpUpstream(
      {
        ...defaultHttpUpstreamOptions,
        ...definedOnly(rest),
        timeouts: { ...defaultHttpUpstreamOptions.timeouts, ...definedOnly(timeouts) },
        apiKey: upstreamKey(upstream.name, apiKeyEnv),
      },
      () => performance.now(),
    );
  }
  const { name, models, onMiss, file } = upstream;
  const recorded = new RecordedUpstream({ ...defaultRecordedOptions, name, models, onMiss });
  if (file !== undefined) {
    const { kept, leftOut } = await recorded.load(file, (line, why) =>
      log("warn", `${file}, line ${line}: ${why}`),
    );
    log(
      "info",
      `upstream ${name}: ${kept} recorded answers${leftOut > 0 ? `, ${leftOut} left out (no answer, or no room)` : ""}`,
    );
  }
  return recorded;
}

async function openEmbedded(
  { name, models, model, maxConcurrency = defaultEmbeddedConcurrency }: UpstreamConfig & { kind: "embedded" },
  log: Log,
): Promise<Upstream> {
  const thread = await AnsweringThread.start({
    source: { path: model ?? null },
    onTrouble: (message) => log("error", `upstream ${name}: ${message}`),
  });
  log(
    "info",
    `upstream ${name}: ${thread.model}, context ${thread.context} tokens, ${thread.runtime} runtime`,
  );
  return new EmbeddedUpstream({ name, models, maxConcurrency }, thread);
}

/** The settings of the gateway have the same names in the file; the rest of the file is for other parts. */
function gatewayOptions(config: Config): Partial<typeof defaultGatewayOptions> {
  const {
    admin: _admin,
    upstreams: _u,
    prices: _p,
    defaultLimits: _l,
    ledger: _ledger,
    detect: _d,
    delivery: _delivery,
    ...gateway
  } = config;
  return definedOnly(gateway);
}

/** The token that guards the admin listener: from the environment, or made once and kept in the data folder. */
function adminTokenOf(dataDir: string): string {
  const given = adminTokenFromEnvironment();
  if (given) return given;
  const path = join(dataDir, "keys", "admin.token");
  if (!existsSync(path)) {
    mkdirSync(join(dataDir, "keys"), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  }
  return readFileSync(path, "utf8").trim();
}

/** Administrative changes stand in the control database first, in one transaction with what they change; here they get into the journal. */
export async function journalChanges(store: Store, ledger: Ledger): Promise<void> {
  for (let changes = store.drainChanges(); changes.length > 0; changes = store.drainChanges()) {
    await Promise.all(
      changes.map(({ kind, ...change }) =>
        ledger.append({ type: "change", change: kind, ...(change as unknown as JsonObject) }),
      ),
    );
    store.markJournaled(changes.at(-1)!.seq);
  }
}

/** Drops keys whose value is undefined: a missing setting must not hide a default. */
function definedOnly<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

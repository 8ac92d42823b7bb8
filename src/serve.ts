import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { adminTokenFromEnvironment, upstreamKey, type Config, type UpstreamConfig } from "./config.ts";
import { alarmEvent } from "./detect/live.ts";
import type { FromWorker, ToWorker, WorkerInput } from "./detect/live-worker.ts";
import type { JsonObject } from "./exchange/exchange.ts";
import { Gateway } from "./gateway/gateway.ts";
import { defaultHttpUpstreamOptions, HttpUpstream } from "./gateway/http-upstream.ts";
import { defaultGatewayOptions } from "./gateway/options.ts";
import type { Log } from "./gateway/parts.ts";
import { defaultRecordedOptions, RecordedUpstream } from "./gateway/recorded.ts";
import type { Upstream } from "./gateway/upstream.ts";
import { Ledger } from "./ledger/ledger.ts";
import { listSegments, readSegmentHeader } from "./ledger/segment.ts";
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
  const sealer = new Sealer(dataDir, config, log);
  const ledger = await openLedger(dataDir, config, () => sealer.wake());
  sealer.ledger = ledger;
  const store = new Store(dataDir, { now: clock.now, random: randomBytes });
  const gate = new LiveGate(store, {
    prices: config.prices,
    defaultLimits: definedOnly(config.defaultLimits),
    onError: (error) => log("warn", `usage counters could not be saved: ${(error as Error).message}`),
  });
  gate.start(clock.now);
  const adminToken = adminTokenOf(dataDir);
  const detection = config.detect.enabled ? new Detection(dataDir, config, ledger, store, log) : null;
  const changes = setInterval(() => void journalChanges(store, ledger).catch(() => {}), 500).unref();
  const stopParts = async (): Promise<void> => {
    clearInterval(changes);
    await detection?.stop();
    await sealer.stop();
    gate.stop();
    await journalChanges(store, ledger).catch(() => {});
    await ledger.stop();
    store.close();
  };
  try {
    const gateway = new Gateway(
      { ...defaultGatewayOptions, ...gatewayOptions(config), admin: { ...config.admin, token: adminToken } },
      {
        recorder: ledger,
        gate,
        upstreams: await Promise.all(upstreamsOf(config).map((upstream) => openUpstream(upstream, log))),
        clock,
        random: randomBytes,
        log,
        status: () => ({
          dataDir,
          leaves: ledger.size,
          journalFailing: ledger.failing,
          ...detection?.status(),
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

/** Without a configured upstream, one that answers every request by saying what it is. */
function upstreamsOf(config: Config): readonly UpstreamConfig[] {
  return config.upstreams.length > 0
    ? config.upstreams
    : [{ name: "built-in", kind: "recorded", models: ["*"], onMiss: "answer" }];
}

async function openUpstream(upstream: UpstreamConfig, log: Log): Promise<Upstream> {
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

function gatewayOptions(config: Config): Partial<typeof defaultGatewayOptions> {
  const {
    host,
    port,
    mode,
    onLedgerFailure,
    trustedProxies,
    forwardedHeader,
    allowRawPaths,
    forwardHeaders,
  } = config;
  const {
    maxBodyBytes,
    maxResponseBytes,
    maxExchangesInHand,
    requestTimeoutMs,
    callerStallMs,
    onClientLeft,
    stopWaitMs,
  } = config;
  return definedOnly({
    host,
    port,
    mode,
    onLedgerFailure,
    trustedProxies,
    forwardedHeader,
    allowRawPaths,
    forwardHeaders,
    maxBodyBytes,
    maxResponseBytes,
    maxExchangesInHand,
    requestTimeoutMs,
    callerStallMs,
    onClientLeft,
    stopWaitMs,
  });
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

/** The detector on its own thread. When it dies the gateway goes on serving, and says so. */
class Detection {
  readonly #worker: Worker;
  readonly #ledger: Ledger;
  readonly #limit: BigUint64Array;
  readonly #unwatch: () => void;
  readonly #gone: Promise<void>;
  #state: JsonObject;
  #alarms = 0;

  constructor(dataDir: string, config: Config, ledger: Ledger, store: Store, log: Log) {
    this.#ledger = ledger;
    this.#limit = new BigUint64Array(new SharedArrayBuffer(8));
    this.#publishLimit();
    this.#unwatch = ledger.watch(() => this.#publishLimit());
    const calibration = config.detect.calibration ?? null;
    this.#state = {
      running: true,
      learning: calibration === null,
      calibration: calibration ?? "built-in (simulated traffic)",
    };
    const workerData: WorkerInput = {
      dataDir,
      masterKeyCommand: config.ledger.masterKeyCommand,
      calibration,
      population: store.listAccounts().length,
      limit: this.#limit,
    };
    this.#worker = new Worker(new URL("./detect/live-worker.ts", import.meta.url), {
      workerData,
      // A thread for sketches, not for payloads: keeps an idle serve small.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
    this.#worker.on("message", (message: FromWorker) => void this.#hear(message, log));
    this.#worker.on("error", (error) => {
      this.#state = { ...this.#state, running: false, error: error.message };
      log(
        "error",
        `detection stopped: ${error.message}. Exchanges are served and recorded; restart to go on detecting.`,
      );
    });
    this.#gone = new Promise((resolve) => this.#worker.on("exit", () => resolve()));
  }

  status(): JsonObject {
    const { leaves, ...state } = this.#state;
    const leavesBehind = Math.max(0, this.#ledger.size - ((leaves as number | undefined) ?? 0));
    return { detection: { ...state, alarms: this.#alarms, leavesBehind } };
  }

  async stop(): Promise<void> {
    this.#publishLimit();
    this.#worker.postMessage({ kind: "stop" } satisfies ToWorker);
    await this.#gone;
    this.#unwatch();
  }

  #publishLimit(): void {
    Atomics.store(this.#limit, 0, BigInt(this.#ledger.nextRecord));
  }

  async #hear(message: FromWorker, log: Log): Promise<void> {
    if (message.kind === "progress") {
      this.#state = { ...this.#state, leaves: message.leaves, accounts: message.accounts };
      return;
    }
    for (const alarm of message.alarms) {
      this.#alarms++;
      log("warn", `alarm: account ${alarm.subject.account} reached ${alarm.tier} (p = ${alarm.p})`);
      // A journal that fails is reported elsewhere; the alarm is found again at the next start.
      await this.#ledger.append(alarmEvent(alarm)).catch(() => {});
    }
    this.#worker.postMessage({ kind: "raised", id: message.id } satisfies ToWorker);
  }
}

/** Compresses closed segments in a process of its own, of low priority, one after the other. */
class Sealer {
  ledger: Ledger | null = null;
  readonly #dataDir: string;
  readonly #config: Config;
  readonly #log: Log;
  #work: Promise<void> | null = null;
  #stopped = false;

  constructor(dataDir: string, config: Config, log: Log) {
    this.#dataDir = dataDir;
    this.#config = config;
    this.#log = log;
  }

  wake(): void {
    if (!this.#config.ledger.seal || this.#stopped || this.#work) return;
    this.#work = this.#sealAll()
      .catch((error: unknown) =>
        this.#log("warn", `sealing failed, segments stay uncompressed: ${(error as Error).message}`),
      )
      .finally(() => (this.#work = null));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #sealAll(): Promise<void> {
    // Let the batch that begins the new segment go first.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closed = listSegments(this.#dataDir).slice(0, -1);
    for (const first of closed.filter((segment) => !readSegmentHeader(this.#dataDir, segment).sealed)) {
      if (this.#stopped) return;
      await this.ledger?.exclusive(() => this.#sealOne(first));
    }
  }

  #sealOne(first: number): Promise<void> {
    const main = new URL("./main.ts", import.meta.url).pathname;
    const command = ["ledger", "seal", "--data", this.#dataDir, "--segment", String(first), "--holding-lock"];
    const kms = this.#config.ledger.masterKeyCommand.flatMap((word) => ["--master-key-command", word]);
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [main, ...command, ...kms], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      if (child.pid) setPriority(child.pid, constants.priority.PRIORITY_LOW);
      let talk = "";
      child.stderr.on("data", (data: Buffer) => (talk = (talk + data.toString("utf8")).slice(-2000)));
      child.on("error", reject);
      child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(talk.trim() || `exit ${code}`))));
    });
  }
}

/** Drops keys whose value is undefined: a missing setting must not hide a default. */
function definedOnly<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

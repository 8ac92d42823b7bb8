import { existsSync, readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import * as z from "zod";
import type { Receiver } from "./delivery/worker.ts";
import { readWhole } from "./exchange/whole.ts";

/**
 * The only reader of the environment and of the config file (YAML or JSON). Secrets stand in the environment; the file
 * names the variable. Every mistake is reported at once, with field, value and what it should be.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const milliseconds = z.number().int().positive();
const bytes = z.number().int().positive();
const port = z.number().int().min(0).max(65_535);
const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, "a header name");
const models = z.array(z.string().min(1)).min(1).default(["*"]);

const httpUpstream = {
  name: z.string().min(1),
  /** With or without the final /v1. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  /** Name of the environment variable that holds the provider's key. */
  apiKeyEnv: z.string().optional(),
  models,
  headers: z.record(headerName, z.string()).default({}),
  maxConcurrency: z.number().int().positive().optional(),
  connectRetries: z.number().int().min(0).max(5).optional(),
  timeouts: z
    .strictObject({
      connectMs: milliseconds.optional(),
      firstByteMs: milliseconds.optional(),
      idleMs: milliseconds.optional(),
      totalMs: milliseconds.optional(),
      keepAliveMs: milliseconds.optional(),
    })
    .default({}),
  caFile: z.string().optional(),
};

const recordedUpstream = z.strictObject({
  name: z.string().min(1),
  kind: z.literal("recorded"),
  /** Traffic file whose answers are given back; without one every request gets an answer that says so. */
  file: z.string().optional(),
  models,
  onMiss: z.enum(["not_found", "answer"]).default("not_found"),
});

const embeddedUpstream = z.strictObject({
  name: z.string().min(1),
  kind: z.literal("embedded"),
  /** A model folder, or a .gguf file (needs node-llama-cpp); without it the built-in teacher answers. */
  model: z.string().optional(),
  models,
  maxConcurrency: z.number().int().positive().optional(),
});

const upstream = z.discriminatedUnion("kind", [
  z.strictObject({ ...httpUpstream, kind: z.literal("openai") }),
  z.strictObject({ ...httpUpstream, kind: z.literal("anthropic") }),
  recordedUpstream,
  embeddedUpstream,
]);

function openAiUnlessSaid(value: unknown): unknown {
  return typeof value === "object" && value !== null && !("kind" in value)
    ? { ...value, kind: "openai" }
    : value;
}

const limits = z.strictObject({
  requestsPerMinute: z.number().positive().optional(),
  requestsPerDay: z.number().positive().optional(),
  tokensPerMinute: z.number().positive().optional(),
  tokensPerDay: z.number().positive().optional(),
  usdPerMinute: z.number().positive().optional(),
  usdPerDay: z.number().positive().optional(),
});

const tier = z.enum(["watch", "review", "bounded"]);

const everySink = {
  /** Names the file in the data folder that remembers how far the sink is: another name is another sink. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and -"),
  /** Alarms and campaigns of a lower tier are not told. */
  minTier: tier.default("review"),
  /** Gathers what comes in and sends it as one message, at multiples of `every` in UTC. */
  digest: z
    .strictObject({
      every: z
        .string()
        .regex(/^[1-9]\d{0,3}[mhd]$/, "a number and m, h or d, like 15m, 1h or 1d")
        .transform(durationMs)
        .refine((ms) => ms <= 31 * 86_400_000, "31 days at most"),
      /** In place of the sink's own minTier. */
      minTier: tier.optional(),
      /** From this tier on nothing waits. */
      immediate: tier.optional(),
    })
    .optional(),
  caFile: z.string().optional(),
  timeoutMs: milliseconds.default(15_000),
};

const sink = z.discriminatedUnion("kind", [
  z.strictObject({
    ...everySink,
    kind: z.literal("webhook"),
    url: z.url({ protocol: /^https?$/ }),
    /** Environment variable, or file, with the whsec_ secret. */
    secretEnv: z.string().optional(),
    secretFile: z.string().optional(),
  }),
  z.strictObject({
    ...everySink,
    kind: z.literal("syslog"),
    host: z.string().min(1),
    port: port.min(1).optional(),
    transport: z.enum(["tcp", "tls", "udp"]).default("tls"),
    format: z.enum(["cef", "json"]).default("cef"),
    /** RFC 5424, 6.2.1; 13 is "log audit". */
    facility: z.number().int().min(0).max(23).default(13),
  }),
  z.strictObject({
    ...everySink,
    kind: z.literal("email"),
    host: z.string().min(1),
    port: port.min(1).optional(),
    security: z.enum(["starttls", "tls", "none"]).default("starttls"),
    user: z.string().optional(),
    passwordEnv: z.string().optional(),
    passwordFile: z.string().optional(),
    from: z.email(),
    to: z.array(z.email()).min(1).max(50),
  }),
]);

function durationMs(text: string): number {
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[text.at(-1) as "m" | "h" | "d"];
  return Number(text.slice(0, -1)) * unit;
}

const schema = z.strictObject({
  host: z.string().default("127.0.0.1"),
  port: port.default(8787),
  admin: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: port.default(8788),
      /** Names under which the admin listener is reached beside the loopback ones. */
      allowedHosts: z.array(z.string()).default([]),
    })
    .prefault({}),
  /** held: no answer is complete at the caller before its record is on disk. async: never waits, may lose the last moment at a crash. */
  mode: z.enum(["held", "async"]).default("held"),
  /** closed: 503 while the journal cannot be written. open: serve, and record the gap. */
  onLedgerFailure: z.enum(["closed", "open"]).default("closed"),
  upstreams: z.array(z.preprocess(openAiUnlessSaid, upstream)).default([]),
  /** USD per million tokens, by model; `*` for every other model. Needed for limits in money. */
  prices: z
    .record(z.string(), z.strictObject({ input: z.number().min(0), output: z.number().min(0) }))
    .default({}),
  /** Limits of accounts that have none of their own. */
  defaultLimits: limits.default({}),
  trustedProxies: z.array(z.string()).default([]),
  forwardedHeader: z.enum(["x-forwarded-for", "forwarded"]).default("x-forwarded-for"),
  allowRawPaths: z.array(z.string()).default([]),
  forwardHeaders: z.array(headerName).default([]),
  maxBodyBytes: bytes.optional(),
  /** All request bodies that are being read, together; beyond it 503. */
  maxBodyBytesInHand: bytes.optional(),
  maxResponseBytes: bytes.optional(),
  maxExchangesInHand: z.number().int().positive().optional(),
  requestTimeoutMs: milliseconds.optional(),
  callerStallMs: milliseconds.optional(),
  onClientLeft: z.enum(["abort", "finish"]).default("abort"),
  stopWaitMs: milliseconds.optional(),
  ledger: z
    .strictObject({
      /** Name of the log in checkpoints, a schema-less URL of yours; used when a data folder is made. */
      origin: z
        .string()
        .regex(/^[^\s+]+$/, "no spaces and no +")
        .default("stillwatch.local"),
      /** Program (with arguments) that prints the master key, e.g. one that asks your KMS; else keys/master.key. */
      masterKeyCommand: z.array(z.string()).default([]),
      segmentBytes: bytes.default(32 * 1024 * 1024),
      checkpointMs: milliseconds.default(1000),
      /** Compress closed segments and write their metadata as Parquet, in a process of low priority. */
      seal: z.boolean().default(true),
    })
    .prefault({}),
  detect: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Calibration file made by `stillwatch calibrate` from your own traffic. */
      calibration: z.string().optional(),
      /** Index of known corpora (`stillwatch corpus index`); the calibration must be made with it. */
      corpusIndex: z.string().optional(),
    })
    .prefault({}),
  /** Where alarms and campaigns are told; nothing is sent unless a sink stands here. */
  delivery: z
    .strictObject({
      sinks: z
        .array(sink)
        .max(32)
        .default([])
        .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "two sinks have one name"),
    })
    .prefault({}),
});

export type Config = z.output<typeof schema>;
export type UpstreamConfig = Config["upstreams"][number];

/** Without a configured upstream, the teacher that comes with Stillwatch answers. */
export function upstreamsOf({ upstreams }: Config): readonly UpstreamConfig[] {
  return upstreams.length > 0 ? upstreams : [{ name: "embedded", kind: "embedded", models: ["*"] }];
}

/** What command-line options may override. */
export interface Overrides {
  readonly port?: number;
  readonly adminPort?: number;
  readonly calibration?: string;
  readonly corpusIndex?: string;
}

/** Throws ConfigError listing everything that is wrong. */
export function loadConfig(path: string | undefined, overrides: Overrides = {}): Config {
  const config = parseConfig(path === undefined ? {} : readFile(path), path ?? "the configuration");
  return {
    ...config,
    ...(overrides.port === undefined ? {} : { port: overrides.port }),
    admin: { ...config.admin, ...(overrides.adminPort === undefined ? {} : { port: overrides.adminPort }) },
    detect: {
      ...config.detect,
      ...(overrides.calibration === undefined ? {} : { calibration: overrides.calibration }),
      ...(overrides.corpusIndex === undefined ? {} : { corpusIndex: overrides.corpusIndex }),
    },
  };
}

export function parseConfig(value: unknown, source: string): Config {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const field = issue.path.join(".") || "the file";
    return `  ${field}: ${issue.message} (is ${JSON.stringify(valueAt(value, issue.path)) ?? "missing"})`;
  });
  throw new ConfigError(
    `${source} has ${lines.length} mistake${lines.length > 1 ? "s" : ""}:\n${lines.join("\n")}`,
  );
}

/** The provider's key of an upstream, from the environment. Throws ConfigError when the variable is not set. */
export function upstreamKey(name: string, variable: string | undefined): string | null {
  if (variable === undefined) return null;
  const value = process.env[variable];
  if (!value)
    throw new ConfigError(`upstream ${name}: the environment variable ${variable} (apiKeyEnv) is not set`);
  return value;
}

/** An environment variable that a run or a trainer names for a secret; null when it is not set or empty. */
export function environmentSecret(variable: string): string | null {
  return process.env[variable] || null;
}

/** The sinks of alarms with their secrets and certificates read. Throws ConfigError when one is missing. */
export function receiversOf({ delivery }: Config): Receiver[] {
  return delivery.sinks.map((entry) => {
    const { name, timeoutMs, minTier, digest, caFile } = entry;
    const ca = caFile === undefined ? undefined : fileText(caFile, `sink ${name}: caFile`);
    const rules = {
      minTier: digest?.minTier ?? minTier,
      digest: digest === undefined ? null : { everyMs: digest.every, immediate: digest.immediate ?? null },
    };
    const common = { name, ca, timeoutMs };
    if (entry.kind === "webhook") {
      const { kind, url, secretEnv, secretFile } = entry;
      const secret = secretOf(`sink ${name}: secret`, secretEnv, secretFile);
      if (secret === undefined)
        throw new ConfigError(`sink ${name}: name its secret with secretEnv or secretFile`);
      return { rules, options: { ...common, kind, url, secret } };
    }
    if (entry.kind === "syslog") {
      const { kind, host, transport, format, facility } = entry;
      const usual = { tcp: 601, tls: 6514, udp: 514 }[transport];
      return {
        rules,
        options: { ...common, kind, host, port: entry.port ?? usual, transport, format, facility },
      };
    }
    const { kind, host, security, user, from, to, passwordEnv, passwordFile } = entry;
    const password = secretOf(`sink ${name}: password`, passwordEnv, passwordFile);
    const usual = { starttls: 587, tls: 465, none: 25 }[security];
    const options = { ...common, kind, host, port: entry.port ?? usual, security, user, password, from, to };
    return { rules, options };
  });
}

function secretOf(what: string, variable: string | undefined, file: string | undefined): string | undefined {
  if (variable !== undefined && file !== undefined)
    throw new ConfigError(`${what}Env and ${what.split(" ").at(-1)}File are both given: keep one`);
  if (file !== undefined) return fileText(file, `${what}File`).trim();
  if (variable === undefined) return undefined;
  const value = process.env[variable];
  if (!value) throw new ConfigError(`${what}Env: the environment variable ${variable} is not set`);
  return value;
}

function fileText(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`${what} ${path} cannot be read: ${(error as Error).message}`);
  }
}

/** The admin token, when the operator sets one; else one is made and kept in the data folder. */
export function adminTokenFromEnvironment(): string | undefined {
  return process.env["STILLWATCH_ADMIN_TOKEN"] || undefined;
}

/** Set by `bin/stillwatch` when an old Node had to start the pinned one as its child. */
export function launchedByOldNode(): boolean {
  return process.env["STILLWATCH_LAUNCHED"] === "1";
}

function readFile(path: string): unknown {
  if (!existsSync(path)) throw new ConfigError(`there is no file ${path} (--config)`);
  try {
    return parseYaml(readWhole(path).toString("utf8"), { maxAliasCount: 100 });
  } catch (error) {
    throw new ConfigError(`${path} is neither YAML nor JSON: ${(error as Error).message.split("\n")[0]}`);
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
}

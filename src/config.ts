import { existsSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import * as z from "zod";
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

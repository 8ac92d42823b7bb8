import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../src/exchange/exchange.ts";

// Stillwatch as its users run it: processes, files and HTTP. Nothing in here knows the inside.

const BIN = join(import.meta.dirname, "../bin/stillwatch");

/** Run directly, or given to a Node (any from 20 on) as a script. */
export interface Way {
  readonly node?: string;
  /** Beside the environment of this process. */
  readonly env?: NodeJS.Dict<string>;
}

function start(argv: readonly string[], { node, env }: Way): ChildProcess {
  const [command, ...rest] = node === undefined ? [BIN] : [node, BIN];
  return spawn(command, [...rest, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
}

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** One command to its end, whatever its exit code. */
export async function run(argv: readonly string[], way: Way = {}): Promise<Answer> {
  const child = start(argv, way);
  const said = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}

/** One command that must succeed. Throws with what it said. */
export async function stillwatch(...argv: string[]): Promise<string> {
  const { code, out, err } = await run(argv);
  if (code !== 0) throw new Error(`stillwatch ${argv.join(" ")} ended with ${code}: ${err}${out}`);
  return out;
}

/** A command's answer as JSON: one value. */
export async function json<T = JsonObject>(...argv: string[]): Promise<T> {
  return JSON.parse(await stillwatch(...argv, "--json")) as T;
}

export function jsonLines<T = JsonObject>(text: string): T[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as T);
}

export interface Server {
  readonly url: string;
  readonly adminUrl: string;
  readonly adminToken: string;
  /** Key of the account that a server makes for itself in a folder without accounts. */
  readonly key: string | null;
  readonly pid: number;
  /** What it said so far on standard error. */
  talk(): string;
  /** Facts of the status page. */
  status(): Promise<JsonObject>;
  /** Resolves when the detector has judged everything that is recorded. */
  detected(): Promise<void>;
  /** Asks it to stop, as Ctrl-C does; its exit code. */
  stop(): Promise<number | null>;
  /** kill -9. Resolves when the process is gone. */
  kill(): Promise<void>;
}

/** `stillwatch serve` on free ports. The configuration is written into `configFile` (JSON is YAML). */
export async function serve(
  dataDir: string,
  configFile: string,
  config: JsonObject,
  way: Way = {},
): Promise<Server> {
  writeFileSync(configFile, JSON.stringify(config));
  const ports = ["--port", "0", "--admin-port", "0"];
  const child = start(["serve", "--data", dataDir, "--config", configFile, ...ports, "--json"], way);
  let talk = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (talk += text));
  const gone = once(child, "close") as Promise<[number | null]>;
  let out = "";
  const ready = await new Promise<string | null>((resolve) => {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      if (out.includes("\n")) resolve(out);
    });
    void gone.then(() => resolve(null));
  });
  if (ready === null) throw new Error(`the server did not start: ${talk}`);
  const said = JSON.parse(ready) as Pick<Server, "url" | "adminUrl" | "adminToken" | "key">;
  const status = async (): Promise<JsonObject> => {
    const answer = await fetch(`${said.adminUrl}/admin/status`, {
      headers: { authorization: `Bearer ${said.adminToken}` },
    });
    return (await answer.json()) as JsonObject;
  };
  return {
    ...said,
    pid: child.pid ?? 0,
    talk: () => talk,
    status,
    detected: async () => {
      const until = Date.now() + 60_000;
      for (;;) {
        const { detection } = (await status()) as { detection: { leavesBehind: number; running: boolean } };
        if (!detection.running) throw new Error(`the detector died: ${talk}`);
        if (detection.leavesBehind === 0) return;
        if (Date.now() > until) throw new Error(`the detector is behind: ${JSON.stringify(detection)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    stop: async () => {
      child.kill("SIGTERM");
      return (await gone)[0];
    },
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

export interface Said {
  readonly status: number;
  /** Id of the exchange. */
  readonly id: string;
  /** Text of the first choice, put together where it was streamed. */
  readonly text: string;
  /** Bodies as they were sent and received. */
  readonly sent: string;
  readonly received: Buffer;
}

/** One chat completion over HTTP; streamed when the body says so. Rejects when the connection breaks. */
export async function ask(url: string, key: string, body: JsonObject): Promise<Said> {
  const sent = JSON.stringify(body);
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: sent,
  });
  const received = Buffer.from(await answer.arrayBuffer());
  const text = received.toString("utf8");
  const isStream = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
  return {
    status: answer.status,
    id: answer.headers.get("x-stillwatch-exchange") ?? "",
    text: isStream ? streamed(text) : textOf(JSON.parse(text) as JsonObject, "message"),
    sent,
    received,
  };
}

function streamed(text: string): string {
  const events = text.split("\n\n").filter((event) => event.startsWith("data: "));
  if (events.at(-1) !== "data: [DONE]") throw new Error("the stream ended without [DONE]");
  return events
    .slice(0, -1)
    .map((event) => textOf(JSON.parse(event.slice("data: ".length)) as JsonObject, "delta"))
    .join("");
}

interface Choice {
  readonly message?: { readonly content?: string | null };
  readonly delta?: { readonly content?: string | null };
}

function textOf(body: JsonObject, part: "message" | "delta"): string {
  return ((body["choices"] ?? []) as Choice[])[0]?.[part]?.content ?? "";
}

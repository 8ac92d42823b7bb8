import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { connect } from "node:net";
import type { Intent, Recorder, Recording, Result } from "../../src/ledger/recorder.ts";
import { LedgerError } from "../../src/ledger/error.ts";
import type { Usage } from "../../src/ledger/recorder.ts";
import type { Ask, Gate } from "../../src/policy/gate.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { defaultHttpUpstreamOptions, HttpUpstream } from "../../src/gateway/http-upstream.ts";
import type { HttpUpstreamOptions } from "../../src/gateway/http-upstream.ts";
import type { GatewayOptions } from "../../src/gateway/options.ts";
import { defaultGatewayOptions } from "../../src/gateway/options.ts";
import type { Upstream } from "../../src/gateway/upstream.ts";
import { startApi } from "../world/api.ts";
import type { Api } from "../world/api.ts";

/** A recorder in memory whose disk the test controls. */
export class MemoryRecorder implements Recorder {
  readonly begun: Intent[] = [];
  readonly done: { intent: Intent; result: Result }[] = [];
  /** Set to keep every `finish` waiting until `flush`. */
  holding = false;
  failBegin = false;
  failFinish = false;
  #waiting: (() => void)[] = [];
  #wake: (() => void)[] = [];

  begin(intent: Intent): Recording {
    if (this.failBegin) throw new LedgerError("unavailable", "The disk is full.");
    this.begun.push(intent);
    return {
      finish: async (result) => {
        this.done.push({ intent, result });
        for (const wake of this.#wake.splice(0)) wake();
        if (this.holding) await new Promise<void>((resolve) => this.#waiting.push(resolve));
        if (this.failFinish) throw new LedgerError("unavailable", "The disk is full.");
      },
    };
  }

  flush(): void {
    this.holding = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  receipt(id: string, account: string): Promise<string | null> {
    const mine = this.done.some((x) => x.intent.id === id && x.intent.account === account);
    return Promise.resolve(mine ? `stillwatch receipt\n${id}\n` : null);
  }

  /** Resolves when `n` exchanges have been handed over. */
  async ended(n: number): Promise<void> {
    while (this.done.length < n) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  get last(): { intent: Intent; result: Result; text: string } {
    const { intent, result } = this.done.at(-1)!;
    return { intent, result, text: Buffer.concat(result.response).toString() };
  }
}

/** Knows three keys: `sk-alice`, `sk-bob` and `sk-mallory`, who is suspended. `limits` refuses by account. */
export class MemoryGate implements Gate {
  readonly asked: Ask[] = [];
  readonly settled: (Usage | null)[] = [];
  readonly limits = new Map<string, ReturnType<Gate["admit"]>>();

  identify(key: string): ReturnType<Gate["identify"]> {
    if (key === "sk-mallory")
      return { allow: false, code: "account_suspended", message: "This account is suspended." };
    if (key !== "sk-alice" && key !== "sk-bob") {
      return { allow: false, code: "invalid_api_key", message: "There is no such key." };
    }
    return { allow: true, account: `acc_${key.slice(3)}`, key: `key_${key.slice(3)}` };
  }

  admit(identity: { account: string }, ask: Ask): ReturnType<Gate["admit"]> {
    this.asked.push(ask);
    const limit = this.limits.get(identity.account);
    if (limit !== undefined) return limit;
    let settled = false;
    return {
      allow: true,
      settle: (usage) => {
        if (settled) throw new Error("settled twice");
        settled = true;
        this.settled.push(usage);
      },
    };
  }
}

export interface Rig {
  readonly api: Api;
  readonly gateway: Gateway;
  readonly recorder: MemoryRecorder;
  readonly gate: MemoryGate;
  readonly upstream: HttpUpstream;
  readonly logged: string[];
  readonly url: string;
  stop(): Promise<void>;
}

export interface RigOptions {
  readonly gateway?: Partial<GatewayOptions>;
  readonly upstream?: Partial<HttpUpstreamOptions>;
  readonly more?: (api: Api) => readonly Upstream[];
}

export const clock = { now: (): number => Date.now(), monotonic: (): number => performance.now() };

/** A gateway in front of the mock API, with recorder and gate in memory. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const api = await startApi();
  const recorder = new MemoryRecorder();
  const gate = new MemoryGate();
  const logged: string[] = [];
  const { timeouts, ...rest } = options.upstream ?? {};
  const upstream = new HttpUpstream(
    {
      ...defaultHttpUpstreamOptions,
      name: "mock",
      baseUrl: `${api.url}/v1`,
      apiKey: api.key,
      timeouts: { ...defaultHttpUpstreamOptions.timeouts, ...timeouts },
      ...rest,
    },
    clock.monotonic,
  );
  const gateway = new Gateway(
    {
      ...defaultGatewayOptions,
      port: 0,
      stopWaitMs: 5_000,
      ...options.gateway,
      admin: { ...defaultGatewayOptions.admin, port: 0, token: "admin-token", ...options.gateway?.admin },
    },
    {
      recorder,
      gate,
      upstreams: [...(options.more?.(api) ?? []), upstream],
      clock,
      random: randomBytes,
      log: (level, message) => logged.push(`${level}: ${message}`),
    },
  );
  await gateway.start();
  const stop = async (): Promise<void> => {
    recorder.flush();
    await Promise.all([gateway.stop(), api.close()]);
  };
  return { api, gateway, recorder, gate, upstream, logged, url: gateway.url, stop };
}

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into any API's answers
  readonly json: any;
}

/** A POST as simple clients make it. */
export async function post(
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Got> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { authorization: "Bearer sk-alice", "content-type": "application/json", ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
  });
  return read(response);
}

export async function get(url: string, path: string, headers: Record<string, string> = {}): Promise<Got> {
  return read(await fetch(url + path, { headers: { authorization: "Bearer sk-alice", ...headers } }));
}

async function read(response: Response): Promise<Got> {
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
}

export const CHAT = "/v1/chat/completions";
export const ask = (model: string, more: object = {}): object => ({
  model,
  messages: [{ role: "user", content: "Tell me about the river." }],
  ...more,
});

/** A caller on a bare socket, who may send and read anything at any pace. */
export class RawCaller {
  readonly socket: Socket;
  text = "";
  closed = false;
  #wake: (() => void)[] = [];

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.on("data", (bytes: Buffer) => {
      this.text += bytes.toString("latin1");
      this.#changed();
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
      this.#changed();
    });
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  post(path: string, body: object, headers = ""): this {
    const text = JSON.stringify(body);
    return this.send(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-alice\r\n${headers}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
  }

  /** Resolves when what was read satisfies `when`, or the connection closed. */
  async until(when: (text: string) => boolean): Promise<string> {
    while (!when(this.text) && !this.closed) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.text;
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Lets everything that is under way on this machine arrive; for asserting that something does not happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 2));
}

/**
 * Load for bench/gateway.ts: `node bench/load.ts paced|streams PORT KEY BODY_BYTES RATE_OR_CONCURRENCY SECONDS`. Prints one JSON line.
 * paced: so many requests a second by the clock (late ones count as late), over 64 connections. streams: so many streams at a time.
 * Bounded in time and requests; talks to 127.0.0.1 only.
 */
import { connect, type Socket } from "node:net";

const [kind = "paced", port = "0", key = "", bodyBytes = "2048", amount = "1000", seconds = "5"] =
  process.argv.slice(2);

function request(stream: boolean): Buffer {
  const body = { model: "m-large", stream, messages: [{ role: "user", content: "" }] };
  body.messages[0]!.content = "word ".repeat(
    Math.ceil(Math.max(0, Number(bodyBytes) - JSON.stringify(body).length) / 5),
  );
  const json = JSON.stringify(body);
  return Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: http://127.0.0.1:${process.env["UPSTREAM_PORT"] ?? ""}/v1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
}

/** One connection that sends a request at a time and calls back at the first body byte and at the end. */
class Caller {
  readonly #socket: Socket;
  #head = "";
  #left = -1;
  #chunked = false;
  #onFirst: (() => void) | null = null;
  #onEnd: ((ok: boolean) => void) | null = null;
  #tail = "";

  constructor() {
    this.#socket = connect({ port: Number(port), host: "127.0.0.1" });
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (data) => this.#data(data));
    this.#socket.on("error", () => this.#onEnd?.(false));
    this.#socket.on("close", () => this.#onEnd?.(false));
  }

  ask(bytes: Buffer, onFirst: () => void, onEnd: (ok: boolean) => void): void {
    this.#head = "";
    this.#left = -1;
    this.#tail = "";
    this.#onFirst = onFirst;
    this.#onEnd = onEnd;
    this.#socket.write(bytes);
  }

  close(): void {
    this.#onEnd = null;
    this.#socket.destroy();
  }

  #data(data: Buffer): void {
    let body = data;
    if (this.#left === -1) {
      this.#head += data.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = this.#head.slice(0, end).toLowerCase();
      this.#chunked = head.includes("transfer-encoding: chunked");
      this.#left = this.#chunked ? 0 : Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
      if (!head.startsWith("http/1.1 200")) return this.#end(false);
      body = Buffer.from(this.#head.slice(end + 4), "latin1");
    }
    if (body.length > 0) {
      this.#onFirst?.();
      this.#onFirst = null;
    }
    if (this.#chunked) {
      this.#tail = (this.#tail + body.toString("latin1")).slice(-7);
      if (this.#tail.endsWith("\r\n0\r\n\r\n") || this.#tail === "0\r\n\r\n") this.#end(true);
    } else {
      this.#left -= body.length;
      if (this.#left <= 0) this.#end(true);
    }
  }

  #end(ok: boolean): void {
    const done = this.#onEnd;
    this.#onEnd = null;
    this.#left = -1;
    done?.(ok);
  }
}

const quantile = (values: number[], q: number): number =>
  values[Math.min(values.length - 1, Math.floor(values.length * q))] ?? NaN;
const latencies: number[] = [];
const firsts: number[] = [];
let errors = 0;
const stopAt = performance.now() + Number(seconds) * 1000;

if (kind === "paced") {
  const callers = Array.from({ length: 64 }, () => new Caller());
  const free = [...callers];
  const bytes = request(false);
  const waiting: number[] = [];
  const gap = 1000 / Number(amount);
  let due = performance.now() + 50;
  const send = (planned: number): void => {
    const caller = free.pop();
    if (!caller) return void waiting.push(planned);
    caller.ask(
      bytes,
      () => {},
      (ok) => {
        if (ok) latencies.push(performance.now() - planned);
        else errors++;
        free.push(caller);
        const next = waiting.shift();
        if (next !== undefined) send(next);
      },
    );
  };
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const now = performance.now();
      for (; due <= now; due += gap) send(due);
      if (now < stopAt) setImmediate(tick);
      else resolve();
    };
    tick();
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (const caller of callers) caller.close();
} else {
  const bytes = request(true);
  await Promise.all(
    Array.from({ length: Number(amount) }, async () => {
      const caller = new Caller();
      while (performance.now() < stopAt) {
        const from = performance.now();
        await new Promise<void>((resolve) => {
          caller.ask(
            bytes,
            () => firsts.push(performance.now() - from),
            (ok) => {
              if (ok) latencies.push(performance.now() - from);
              else errors++;
              resolve();
            },
          );
        });
        if (errors > 20) break;
      }
      caller.close();
    }),
  );
}
for (const list of [latencies, firsts]) list.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    done: latencies.length,
    errors,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    firstP50: quantile(firsts, 0.5),
    firstP99: quantile(firsts, 0.99),
  }),
);
process.exit(0);

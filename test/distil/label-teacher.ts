import { createServer, type Server } from "node:http";
import type { JsonObject } from "../../src/exchange/exchange.ts";

/** What a provider of labels does and counts; the fields may be changed while it runs. */
export interface LabelTeacher {
  readonly baseUrl: string;
  /** Milliseconds that an answer takes. */
  delayMs: number;
  /** The name it answers under, given how many calls it has had. */
  model: (calls: number) => string;
  /** Billed calls by the text of the last message. */
  readonly calls: Map<string, number>;
  /** All requests, billed or not. */
  readonly requests: JsonObject[];
  billed(): number;
  dollars(): number;
  close(): Promise<void>;
}

const USAGE = { prompt_tokens: 60, completion_tokens: 4, total_tokens: 64 };

/** A chat completions API on a port of this machine that answers with a label; `prices` are US dollars a million tokens. */
export async function labelTeacher(
  labelOf: (prompt: string) => string,
  prices: { readonly input: number; readonly output: number },
): Promise<LabelTeacher> {
  const calls = new Map<string, number>();
  const requests: JsonObject[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("error", () => {});
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as JsonObject;
      const prompt = (body["messages"] as { content: string }[]).at(-1)?.content ?? "";
      requests.push(body);
      calls.set(prompt, (calls.get(prompt) ?? 0) + 1);
      const message = { role: "assistant", content: labelOf(prompt) };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      const model = teacher.model(requests.length);
      const text = JSON.stringify({ id: "c", object: "chat.completion", model, choices, usage: USAGE });
      setTimeout(() => response.setHeader("content-type", "application/json").end(text), teacher.delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const billed = (): number => Array.from(calls.values()).reduce((sum, count) => sum + count, 0);
  const each = (USAGE.prompt_tokens * prices.input + USAGE.completion_tokens * prices.output) / 1e6;
  const teacher: LabelTeacher = {
    baseUrl: `http://127.0.0.1:${portOf(server)}/v1`,
    delayMs: 5,
    model: () => "labels-1",
    calls,
    requests,
    billed,
    dollars: () => billed() * each,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return teacher;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

import { createServer, type Server, type ServerResponse } from "node:http";
import { hashText } from "../../src/stats/hash.ts";

/** Shares of requests that go wrong (field/distillation.md, 5.7: the mix that the naive stack was measured with). */
export interface Chaos {
  readonly tooMany: number;
  readonly fault: number;
  /** The connection is cut after the work was done and billed. */
  readonly dropped: number;
  /** Answered, and billed, after the caller has given up. */
  readonly slow: number;
  readonly slowMs: number;
  /** The body ends in its middle. */
  readonly cut: number;
  readonly empty: number;
  /** Properties of the prompt, not of the moment: asked again, the same comes back. */
  readonly truncated: number;
  readonly refusal: number;
}

export const PUBLISHED_CHAOS: Chaos = {
  tooMany: 0.06,
  fault: 0.01,
  dropped: 0.03,
  slow: 0.02,
  slowMs: 1500,
  cut: 0.02,
  empty: 0.02,
  truncated: 0.02,
  refusal: 0.03,
};

export const REFUSAL = "I'm sorry, but I can't help with that request.";

/** What the provider itself counts. */
export interface Books {
  requests: number;
  billedCalls: number;
  billedTokens: number;
  /** Billed calls by the text of the prompt. */
  readonly byPrompt: Map<string, number>;
}

export interface ChaosTeacher {
  readonly baseUrl: string;
  readonly books: Books;
  close(): Promise<void>;
}

/** A chat completions API on a port of this machine whose faults are drawn from the seed, the prompt and how often it came. */
export async function chaosTeacher(seed: number, chaos: Chaos = PUBLISHED_CHAOS): Promise<ChaosTeacher> {
  const books: Books = { requests: 0, billedCalls: 0, billedTokens: 0, byPrompt: new Map() };
  const seen = new Map<string, number>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as { messages: { content: string }[] };
      const prompt = body.messages.at(-1)?.content ?? "";
      const times = (seen.get(prompt) ?? 0) + 1;
      seen.set(prompt, times);
      books.requests++;
      answer(response, { prompt, seed, times, chaos, books });
    });
    request.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { baseUrl: `http://127.0.0.1:${portOf(server)}/v1`, books, close: () => closed(server) };
}

interface Asked {
  readonly prompt: string;
  readonly seed: number;
  readonly times: number;
  readonly chaos: Chaos;
  readonly books: Books;
}

function answer(response: ServerResponse, asked: Asked): void {
  const { prompt, seed, times, chaos, books } = asked;
  let draw = fraction(`${seed}/${prompt}/${times}`);
  const happens = (share: number): boolean => (draw -= share) < 0;
  if (happens(chaos.tooMany)) {
    response.writeHead(429, { "retry-after-ms": "20" }).end('{"error":{"message":"Rate limit reached"}}');
    return;
  }
  if (happens(chaos.fault)) {
    response.writeHead(500).end('{"error":{"message":"The server had an error"}}');
    return;
  }
  const refused = fraction(`refusal/${prompt}`) < chaos.refusal;
  const truncated = fraction(`truncated/${prompt}`) < chaos.truncated;
  const full = refused ? REFUSAL : answerTo(prompt);
  const dropped = happens(chaos.dropped);
  const slow = happens(chaos.slow);
  const cut = happens(chaos.cut);
  const content = happens(chaos.empty) ? "" : truncated ? full.slice(0, 20) : full;
  const usage = {
    prompt_tokens: Math.ceil(prompt.length / 4) + 8,
    completion_tokens: Math.ceil(content.length / 4),
  };
  books.billedCalls++;
  books.billedTokens += usage.prompt_tokens + usage.completion_tokens;
  books.byPrompt.set(prompt, (books.byPrompt.get(prompt) ?? 0) + 1);
  if (dropped) return void response.destroy();
  const body = JSON.stringify({
    id: `chatcmpl-${hashText(prompt)}`,
    object: "chat.completion",
    model: "chaos-1",
    choices: [
      { index: 0, message: { role: "assistant", content }, finish_reason: truncated ? "length" : "stop" },
    ],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  });
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  if (cut) {
    response.write(body.slice(0, body.length >> 1), () => response.destroy());
    return;
  }
  if (slow) setTimeout(() => response.end(body), chaos.slowMs);
  else response.end(body);
}

/** The right answer to a prompt: what every row of the dataset must hold. */
export function answerTo(prompt: string): string {
  return `The answer to "${prompt}" is ${hashText(prompt) % 1000}, after some thought about it.`;
}

function fraction(text: string): number {
  return hashText(text) / 4294967296;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

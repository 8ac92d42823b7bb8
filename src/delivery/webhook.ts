import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { connectionError, DeliveryError } from "./error.ts";
import { payloadOf, type Message } from "./message.ts";
import { signedHeaders, signingSecret } from "./signature.ts";
import type { Sender, Sink } from "./sink.ts";

export interface WebhookOptions {
  readonly kind: "webhook";
  readonly name: string;
  /** https, or http to this machine only. */
  readonly url: string;
  /** whsec_… */
  readonly secret: string;
  /** Trusted certificates in PEM instead of the system's. */
  readonly ca?: string | undefined;
  /** For the whole call, ms. */
  readonly timeoutMs: number;
}

/** POSTs JSON, signed as Standard Webhooks. Taken is what the receiver answers with 2xx; redirects are not followed. */
export class WebhookSink implements Sink {
  readonly name: string;
  readonly where: string;
  readonly #url: URL;
  readonly #secret: Buffer;
  readonly #options: WebhookOptions;
  readonly #sender: Sender;

  constructor(options: WebhookOptions, sender: Sender) {
    this.name = options.name;
    this.#url = new URL(options.url);
    // Receivers put secrets into paths and queries, so neither is shown.
    this.where = this.#url.origin;
    if (this.#url.protocol !== "https:" && !(this.#url.protocol === "http:" && isLoopback(this.#url)))
      throw new DeliveryError(
        "config",
        `sink ${this.name}: ${this.where} must be https (http only to this machine)`,
      );
    if (this.#url.username || this.#url.password)
      throw new DeliveryError("config", `sink ${this.name}: no user and password in the url; it is signed`);
    this.#secret = signingSecret(options.secret, this.name);
    this.#options = options;
    this.#sender = sender;
  }

  async send(message: Message, signal: AbortSignal): Promise<null> {
    const body = JSON.stringify(payloadOf(message));
    const headers = {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      "user-agent": `stillwatch/${this.#sender.version}`,
      ...signedHeaders(this.#secret, message.id, this.#sender.now(), body),
    };
    const limit = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      judge(this.where, await this.#post(headers, body, AbortSignal.any([signal, limit])));
      return null;
    } catch (error) {
      if (!limit.aborted || error instanceof DeliveryError) throw connectionError(this.where, error);
      throw new DeliveryError("timeout", `${this.where}: no answer within ${this.#options.timeoutMs} ms`);
    }
  }

  #post(headers: Record<string, string>, body: string, signal: AbortSignal): Promise<Answer> {
    const request = this.#url.protocol === "https:" ? requestHttps : requestHttp;
    const { ca } = this.#options;
    return new Promise((resolve, reject) => {
      const call = request(
        this.#url,
        { method: "POST", headers, signal, agent: false, ...(ca ? { ca } : {}) },
        (answer) => resolve(readAnswer(answer)),
      );
      call.on("error", reject);
      call.end(body);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** The head says all that counts; a body, however long, is not waited for. */
function readAnswer(answer: IncomingMessage): Answer {
  answer.on("error", () => {});
  answer.destroy();
  return { status: answer.statusCode ?? 0, retryAfter: answer.headers["retry-after"] };
}

function judge(where: string, { status, retryAfter }: Answer): void {
  if (status >= 200 && status < 300) return;
  if (status === 408 || status === 429 || status >= 500)
    throw new DeliveryError("busy", `${where} answered ${status}`, {
      retryAfterMs: /^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) * 1000 : null,
    });
  throw new DeliveryError(
    "refused",
    status >= 300 && status < 400
      ? `${where} answered ${status}, a redirect, and none is followed: put the final address into url`
      : `${where} answered ${status}: check the url, the receiver's secret and what it accepts`,
  );
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

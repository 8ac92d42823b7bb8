import type { AnswerSink, Flow } from "./client/call.ts";
import { GatewayError } from "./error.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";

/** Something in this process that answers API requests by itself, such as a language model on a thread of its own. */
export interface Answerer {
  /** False after it failed. */
  readonly running: boolean;
  /** Answers that are not complete. */
  readonly inHand: number;
  ask(
    request: { readonly method: string; readonly path: string; readonly body: unknown },
    listener: {
      onHead(status: number, contentType: string): void;
      onPart(bytes: Buffer): void;
      onEnd(): void;
      onFail(message: string): void;
    },
  ): { pause(): void; resume(): void; abort(): void };
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly name: string;
  readonly models: readonly string[];
  /** Answers at a time; beyond it the upstream is busy, as a server with a full queue. */
  readonly maxConcurrency: number;
}

/** One thread makes some thousand tokens a second together: beyond this each answer only gets slower. */
export const defaultEmbeddedConcurrency = 64;

/** An upstream without a network: the model is in this process. */
export class EmbeddedUpstream implements Upstream {
  readonly name: string;
  readonly kind = "embedded";
  readonly models: readonly string[];
  readonly #answerer: Answerer;
  readonly #maxConcurrency: number;

  constructor(options: EmbeddedOptions, answerer: Answerer) {
    this.name = options.name;
    this.models = options.models;
    this.#maxConcurrency = options.maxConcurrency;
    this.#answerer = answerer;
  }

  available(): boolean {
    return this.#answerer.running && this.#answerer.inHand < this.#maxConcurrency;
  }

  ask({ method, path, json }: UpstreamRequest, sink: AnswerSink): Flow {
    return new EmbeddedFlow(this.#answerer, { method, path: path.split("?", 1)[0] ?? "", body: json }, sink);
  }

  close(): Promise<void> {
    return this.#answerer.stop();
  }
}

/** Holds what was under way while its receiver is paused, and lets the answerer know that it waits. */
class EmbeddedFlow implements Flow {
  readonly #control: ReturnType<Answerer["ask"]>;
  readonly #held: (() => void)[] = [];
  #paused = false;

  constructor(answerer: Answerer, request: Parameters<Answerer["ask"]>[0], sink: AnswerSink) {
    const tell = (event: () => void): void => {
      if (this.#paused || this.#held.length > 0) this.#held.push(event);
      else event();
    };
    this.#control = answerer.ask(request, {
      onHead: (status, contentType) =>
        tell(() =>
          sink.onHead({ status, headers: ["content-type", contentType], framing: -1, keepAlive: true }),
        ),
      onPart: (bytes) => tell(() => sink.onBody(bytes)),
      onEnd: () => tell(() => sink.onEnd()),
      onFail: (message) => tell(() => sink.onFail(new GatewayError("closed", message))),
    });
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#control.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    setImmediate(() => {
      while (!this.#paused) {
        const event = this.#held.shift();
        if (event === undefined) break;
        event();
      }
      if (!this.#paused) this.#control.resume();
    });
  }

  abort(): void {
    this.#held.length = 0;
    this.#paused = true;
    this.#control.abort();
  }
}

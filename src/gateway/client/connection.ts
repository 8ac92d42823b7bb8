import { Buffer } from "node:buffer";
import { connect as connectPlain } from "node:net";
import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { connect as connectTls } from "node:tls";
import { GatewayError } from "../error.ts";
import type { Call } from "./call.ts";
import type { Origin } from "./origin.ts";
import { serverName } from "./origin.ts";
import { AnswerParser } from "./parser.ts";
import type { ClientTimeouts } from "./timeouts.ts";

/** What a connection tells the pool it belongs to. */
export interface ConnectionOwner {
  readonly origin: Origin;
  readonly timeouts: ClientTimeouts;
  /** Set when more authorities than the built-in ones are trusted. */
  readonly secureContext: SecureContext | null;
  /** TLS session of an earlier connection: a resumed handshake costs no signature check. */
  session: Buffer | null;
  /** The answer is complete; the connection waits for the next call. */
  onIdle(connection: Connection): void;
  /** The connection is gone. `call` is what it carried, with the reason. */
  onGone(connection: Connection, call: Call | null, error: GatewayError | null): void;
}

/** Up to this size copying a body behind its head costs less than writing the two as a vector (about 15 us). */
const ONE_WRITE = 64 * 1024;

/**
 * All connections read into this one, and what was read is copied out at its true size before anything else happens.
 * By default Node allocates 64 KiB for each read, and V8 then collects all the time (measured: a quarter of the CPU).
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** How far a call got on its connection: what a retry depends on, and which time limit holds. */
type Phase = "connecting" | "waiting" | "answering" | "idle" | "gone";

/** One keep-alive connection to an upstream. Carries one call at a time; never pipelines. */
export class Connection {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #parser = new AnswerParser();
  #call: Call | null = null;
  #phase: Phase = "connecting";
  #uses = 0;
  #deadline = 0;
  #heard = false;
  #paused = false;
  #error: Error | null = null;

  constructor(owner: ConnectionOwner, now: number) {
    this.#owner = owner;
    this.#deadline = now + owner.timeouts.connectMs;
    this.#socket = this.#open();
    this.#socket.setNoDelay(true);
    this.#socket.on("end", () => this.#onEnd());
    this.#socket.on("error", (error) => (this.#error = error));
    this.#socket.on("close", () => this.#onClose());
  }

  /** It carried a call before: the upstream may have closed it while the new request was on its way. */
  get reused(): boolean {
    return this.#uses > 1;
  }

  /** No request byte was handed to the network. */
  get unwritten(): boolean {
    return this.#phase === "connecting";
  }

  get answering(): boolean {
    return this.#phase === "answering";
  }

  carry(call: Call, now: number): void {
    this.#call = call;
    this.#uses++;
    if (this.#phase !== "connecting") this.#send(call, now);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#heard = true;
    this.#socket.resume();
  }

  /** Gives up whatever is going on; nobody is told. */
  abandon(): void {
    this.#phase = "gone";
    this.#call = null;
    this.#parser.stop();
    this.#socket.destroy();
  }

  /** Looks at the time limits; called a few times a second, so that no call needs a timer of its own. */
  sweep(now: number): void {
    const { timeouts } = this.#owner;
    if (this.#heard || this.#paused) {
      this.#heard = false;
      this.#deadline = now + (this.#phase === "idle" ? timeouts.keepAliveMs : timeouts.idleMs);
    }
    const call = this.#call;
    if (call !== null && now >= call.totalDeadline)
      this.#fail("timeout", "did not complete its answer", timeouts.totalMs);
    else if (now < this.#deadline) return;
    else if (this.#phase === "idle") this.#leave(null);
    else if (this.#phase === "connecting") this.#fail("connect", "could not be reached", timeouts.connectMs);
    else if (this.#phase === "waiting") this.#fail("timeout", "sent no answer", timeouts.firstByteMs);
    else if (this.#phase === "answering") this.#fail("timeout", "sent nothing more", timeouts.idleMs);
  }

  #open(): Socket {
    const { host, port, secure } = this.#owner.origin;
    const { secureContext, session } = this.#owner;
    const onOpen = (): void => this.#onOpen();
    const onread = {
      buffer: READ_BUFFER,
      callback: (length: number): boolean => {
        const bytes = Buffer.allocUnsafe(length);
        READ_BUFFER.copy(bytes, 0, 0, length);
        this.#onData(bytes);
        return true;
      },
    };
    if (!secure) return connectPlain({ host, port, onread }, onOpen);
    const name = serverName(this.#owner.origin);
    const socket = connectTls(
      {
        host,
        port,
        // @types/node does not list it for TLS; Node documents it since 14.1 (tls.connect).
        ...({ onread } as object),
        ALPNProtocols: ["http/1.1"],
        rejectUnauthorized: true,
        ...(name === "" ? {} : { servername: name }),
        ...(secureContext === null ? {} : { secureContext }),
        ...(session === null ? {} : { session }),
      },
      onOpen,
    );
    socket.on("session", (session: Buffer) => (this.#owner.session = session));
    return socket;
  }

  #onOpen(): void {
    if (this.#phase === "gone") return;
    this.#phase = "waiting";
    if (this.#call !== null) this.#send(this.#call, this.#call.now());
  }

  #send(call: Call, now: number): void {
    this.#phase = "waiting";
    this.#deadline = now + this.#owner.timeouts.firstByteMs;
    this.#heard = false;
    const { head, body, bodiless } = call.request;
    this.#parser.start(call.sink, bodiless);
    if (body === null) {
      this.#socket.write(head, "latin1");
      return;
    }
    if (body.length <= ONE_WRITE) {
      const bytes = Buffer.allocUnsafe(head.length + body.length);
      bytes.write(head, 0, "latin1");
      bytes.set(body, head.length);
      this.#socket.write(bytes);
      return;
    }
    this.#socket.cork();
    this.#socket.write(head, "latin1");
    this.#socket.write(body);
    this.#socket.uncork();
  }

  #onData(bytes: Buffer): void {
    // RFC 9112, 9.2: bytes nobody asked for cannot be matched to a request; the connection is not to be trusted.
    if (this.#call === null) return this.#leave(null);
    if (this.#phase !== "answering") this.#phase = "answering";
    this.#heard = true;
    let used: number;
    try {
      used = this.#parser.feed(bytes);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return this.#leave(error);
    }
    if (this.#parser.done && this.#call !== null) this.#onAnswered(used < bytes.length);
  }

  #onAnswered(surplus: boolean): void {
    this.#release();
    // An upstream that answered before it read the whole request leaves a connection nobody can use.
    if (surplus || !this.#parser.keepAlive || this.#socket.writableLength > 0) return this.#leave(null);
    this.#phase = "idle";
    if (this.#paused) this.resume();
    this.#heard = true;
    this.#owner.onIdle(this);
  }

  #onEnd(): void {
    if (this.#call !== null && this.#parser.close()) this.#release();
  }

  /** From here on the call must not be able to touch what may soon carry another one. */
  #release(): void {
    if (this.#call !== null) this.#call.leave();
    this.#call = null;
  }

  #onClose(): void {
    if (this.#phase === "gone") return;
    if (this.#call === null) return this.#leave(null);
    const { origin } = this.#owner;
    const cause = this.#error === null ? {} : { cause: this.#error };
    const why = this.#error === null ? "" : ` (${this.#error.message})`;
    const error =
      this.#phase === "connecting"
        ? new GatewayError("connect", `No connection to ${origin.authority}${why}.`, cause)
        : new GatewayError(
            "closed",
            `${origin.authority} closed the connection ${this.#parser.missing()}${why}.`,
            cause,
          );
    this.#leave(error);
  }

  #fail(code: "connect" | "timeout", what: string, ms: number): void {
    this.#leave(new GatewayError(code, `${this.#owner.origin.authority} ${what} within ${ms / 1000} s.`));
  }

  #leave(error: GatewayError | null): void {
    if (this.#phase === "gone") return;
    const call = this.#call;
    // The owner decides on a retry, for which it needs the phase as it was.
    const { unwritten, answering } = this;
    this.abandon();
    if (call !== null) call.reached = unwritten ? "nothing" : answering ? "answer" : "request";
    this.#owner.onGone(this, call, error);
  }
}

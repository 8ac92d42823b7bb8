import { createSocket } from "node:dgram";
import { connect as connectTcp, isIPv6, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { cef } from "./cef.ts";
import { connectionError, DeliveryError } from "./error.ts";
import { payloadOf, type Message } from "./message.ts";
import type { NoticeTier } from "./notice.ts";
import type { Sender, Sink } from "./sink.ts";
import { headline } from "./wording.ts";

export interface SyslogOptions {
  readonly kind: "syslog";
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly transport: "tcp" | "tls" | "udp";
  readonly format: "cef" | "json";
  /** 0..23 (RFC 5424, 6.2.1) */
  readonly facility: number;
  /** Trusted certificates in PEM instead of the system's. */
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
}

/**
 * RFC 5424 over UDP, TCP with octet counting (RFC 6587, 3.4.1) or TLS (RFC 5425). Syslog has no receipt: taken is what the
 * network took, and over TCP and TLS the receiver must close its side without an error or stay silent for a second.
 */
export class SyslogSink implements Sink {
  readonly name: string;
  readonly where: string;
  readonly #options: SyslogOptions;
  readonly #sender: Sender;

  constructor(options: SyslogOptions, sender: Sender) {
    this.name = options.name;
    this.where = `${options.transport}://${options.host}:${options.port}`;
    this.#options = options;
    this.#sender = sender;
  }

  async send(message: Message, signal: AbortSignal): Promise<null> {
    const { transport } = this.#options;
    const frame = syslogMessage(message, this.#options, this.#sender);
    const limit = AbortSignal.timeout(this.#options.timeoutMs);
    const until = AbortSignal.any([signal, limit]);
    try {
      if (transport === "udp") await this.#datagram(frame);
      else await this.#stream(Buffer.concat([Buffer.from(`${frame.length} `), frame]), until);
      return null;
    } catch (error) {
      if (!limit.aborted) throw connectionError(this.where, error);
      throw new DeliveryError("timeout", `${this.where}: not taken within ${this.#options.timeoutMs} ms`);
    }
  }

  #datagram(frame: Buffer): Promise<void> {
    const { host, port } = this.#options;
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
    return new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.send(frame, port, host, (error) => (error ? reject(error) : resolve()));
    }).finally(() => socket.close());
  }

  /** One connection a message: alarms are rare, and a connection that is closed says that what was sent has arrived. */
  #stream(frame: Buffer, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.#connect(() => socket.end(frame));
      let grace: NodeJS.Timeout | undefined;
      const over = (error?: Error): void => {
        clearTimeout(grace);
        signal.removeEventListener("abort", onAbort);
        socket.destroy();
        if (error === undefined) resolve();
        else reject(error);
      };
      const onAbort = (): void => over(signal.reason as Error);
      signal.addEventListener("abort", onAbort, { once: true });
      socket.on("error", over);
      socket.on("finish", () => (grace = setTimeout(() => over(), SILENCE_MS)));
      socket.on("close", () =>
        over(socket.writableFinished ? undefined : new Error("closed before the message was sent")),
      );
      // Nothing is expected, and 'end' does not come before what there is has been read.
      socket.resume();
      if (signal.aborted) onAbort();
    });
  }

  #connect(onConnected: () => void): Socket {
    const { host, port, transport, ca } = this.#options;
    if (transport === "tcp") return connectTcp({ host, port }, onConnected);
    const servername = isIPv6(host) || /^[\d.]+$/.test(host) ? {} : { servername: host };
    return connectTls({ host, port, ...servername, ...(ca ? { ca } : {}) }, onConnected);
  }
}

/** Receivers that keep their side open are taken to have got what they did not complain about. */
const SILENCE_MS = 1000;

/** RFC 5426, 3.2: receivers should take 2,048 octets. RFC 5425, 4.3.1: 8,192. */
const MAX_BYTES = { udp: 2048, tcp: 8192, tls: 8192 } as const;

/** `<108>1 2026-03-01T12:00:00.000Z machine stillwatch - alarm - CEF:0|…`, no longer than its transport takes. */
export function syslogMessage(
  message: Message,
  { facility, format, transport }: Pick<SyslogOptions, "facility" | "format" | "transport">,
  { version, machine }: Pick<Sender, "version" | "machine">,
): Buffer {
  // 6.2.7: printable US-ASCII without spaces, at most 255.
  const host = machine.replace(/[^\x21-\x7e]/g, "").slice(0, 255) || "-";
  const time = Number.isNaN(Date.parse(message.time)) ? "-" : new Date(message.time).toISOString();
  const head = `<${facility * 8 + severity(message.tier)}>1 ${time} ${host} stillwatch - ${message.kind} - `;
  const room = MAX_BYTES[transport] - head.length;
  return Buffer.from(head + (format === "cef" ? cef(message, version, room) : json(message, room)));
}

/** 6.2.1: 1 alert, 4 warning, 5 notice, 6 informational. */
function severity(tier: NoticeTier | null): number {
  return tier === null ? 6 : { bounded: 1, review: 4, watch: 5 }[tier];
}

/** The payload as it goes to webhooks; where it has no room, its headline. JSON never ends in the middle. */
function json(message: Message, room: number): string {
  const whole = JSON.stringify(payloadOf(message));
  if (Buffer.byteLength(whole) <= room) return whole;
  const { id, kind, time, tier, counts } = message;
  const data = { tier, counts, text: headline(message).slice(0, 500).toWellFormed(), cut: true };
  return JSON.stringify({ type: `stillwatch.${kind}`, timestamp: time, id, data });
}

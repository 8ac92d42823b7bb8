import { createTransport } from "nodemailer";
import { connectionError, DeliveryError } from "./error.ts";
import type { Message } from "./message.ts";
import type { Sink } from "./sink.ts";
import { headline, letter } from "./wording.ts";

export interface EmailOptions {
  readonly kind: "email";
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** starttls and tls: never without. */
  readonly security: "starttls" | "tls" | "none";
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
}

/** Plain text through an SMTP server. Taken is what the server answered with 250 for at least one recipient. */
export class EmailSink implements Sink {
  readonly name: string;
  readonly where: string;
  readonly #options: EmailOptions;

  constructor(options: EmailOptions) {
    this.name = options.name;
    this.where = `smtp://${options.host}:${options.port}`;
    if (options.password !== undefined && options.security === "none")
      throw new DeliveryError("config", `sink ${this.name}: a password needs security: starttls or tls`);
    this.#options = options;
  }

  async send(message: Message, signal: AbortSignal): Promise<string | null> {
    const transport = this.#transport();
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const { rejected } = await Promise.race([transport.sendMail(this.#mail(message)), stopped]);
      // Sending it again would send it twice to the others.
      return rejected.length > 0 ? `${this.where} took the mail, but not for ${rejected.join(", ")}` : null;
    } catch (error) {
      throw smtpError(this.where, error);
    } finally {
      signal.removeEventListener("abort", onAbort);
      transport.close();
    }
  }

  #mail(message: Message) {
    const { from, to } = this.#options;
    return {
      from,
      to: [...to],
      // One line, whatever an id holds; nodemailer folds and encodes it.
      // oxlint-disable-next-line no-control-regex
      subject: `[Stillwatch] ${headline(message)}`.replace(/[\u0000-\u001f\u007f]/g, " ").slice(0, 200),
      text: letter(message),
      // The same in every attempt, so that mailboxes may drop a repetition.
      messageId: `<${message.id}@${from.split("@").at(-1)}>`,
      headers: {
        "auto-submitted": "auto-generated",
        "x-stillwatch-tier": message.tier ?? (message.kind === "test" ? "test" : "withdrawn"),
      },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }

  #transport() {
    const { host, port, security, user, password, ca, timeoutMs } = this.#options;
    return createTransport({
      host,
      port,
      secure: security === "tls",
      requireTLS: security === "starttls",
      ignoreTLS: security === "none",
      ...(ca ? { tls: { ca } } : {}),
      ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
    });
  }
}

/** RFC 5321, 4.2.1: 4yz is worth another try, 5yz is not before something was changed. */
function smtpError(where: string, cause: unknown): DeliveryError {
  if (cause instanceof DeliveryError) return cause;
  const { responseCode, code, message } = cause as { responseCode?: number; code?: string; message: string };
  const why = `${where}: ${message.split("\n")[0]}`;
  if (responseCode !== undefined && responseCode >= 500)
    return new DeliveryError("refused", `${why}; check user, password, from and to`, { cause });
  if (responseCode !== undefined && responseCode >= 400) return new DeliveryError("busy", why, { cause });
  if (code === "ETIMEDOUT") return new DeliveryError("timeout", why, { cause });
  if (code === "EAUTH" || code === "EENVELOPE" || code === "ETLS")
    return new DeliveryError("refused", why, { cause });
  return connectionError(where, cause);
}

import { EmailSink, type EmailOptions } from "./email.ts";
import type { Message } from "./message.ts";
import { SyslogSink, type SyslogOptions } from "./syslog.ts";
import { WebhookSink, type WebhookOptions } from "./webhook.ts";

/** Somebody outside who is told. */
export interface Sink {
  readonly name: string;
  /** Address in words, without secrets. */
  readonly where: string;
  /**
   * Resolves when the receiver has taken the message, to what there is to say about it all the same (a recipient of several
   * who was refused), else to null. Throws DeliveryError.
   */
  send(message: Message, signal: AbortSignal): Promise<string | null>;
}

export type SinkOptions = WebhookOptions | SyslogOptions | EmailOptions;

/** What a sink says about its sender. */
export interface Sender {
  /** Version of Stillwatch. */
  readonly version: string;
  /** Name of this machine. */
  readonly machine: string;
  readonly now: () => number;
}

/** Throws DeliveryError `config`. */
export function openSink(options: SinkOptions, sender: Sender): Sink {
  switch (options.kind) {
    case "webhook":
      return new WebhookSink(options, sender);
    case "syslog":
      return new SyslogSink(options, sender);
    case "email":
      return new EmailSink(options);
  }
}

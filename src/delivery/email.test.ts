import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EmailSink } from "./email.ts";
import { messageOf, testMessage } from "./message.ts";
import type { AlarmNotice } from "./notice.ts";

/** As much of an SMTP server (RFC 5321) as a sender needs. `answer` may replace what it says to a command. */
class Mailbox {
  readonly mails: { from: string; to: string[]; text: string }[] = [];
  answer: (line: string) => string | null = (line) => (line === "STARTTLS" ? "502 no TLS here\r\n" : null);
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => {
      let buffer = "";
      let data = false;
      let mail = { from: "", to: [] as string[], text: "" };
      socket.on("error", () => {});
      socket.write("220 mailbox\r\n");
      socket.on("data", (chunk) => {
        buffer += chunk.toString("utf8");
        for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
          const line = buffer.slice(0, end);
          buffer = buffer.slice(end + 2);
          if (data && line !== ".") {
            mail.text += `${line.replace(/^\./, "")}\r\n`;
            continue;
          }
          if (data) {
            data = false;
            const said = this.answer("DATA-END");
            if (said === null) this.mails.push(mail);
            mail = { from: "", to: [], text: "" };
            socket.write(said ?? "250 taken\r\n");
            continue;
          }
          const said = this.answer(line);
          if (said === null && /^MAIL FROM:/i.test(line)) mail.from = /<(.*?)>/.exec(line)![1]!;
          if (said === null && /^RCPT TO:/i.test(line)) mail.to.push(/<(.*?)>/.exec(line)![1]!);
          data = said === null && line === "DATA";
          socket.write(said ?? (data ? "354 go on\r\n" : line === "QUIT" ? "221 bye\r\n" : "250 ok\r\n"));
          if (line === "QUIT") socket.end();
        }
      });
    });
  }

  async open(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }
}

const never = new AbortController().signal;
let mailbox: Mailbox;
let port: number;
beforeEach(async () => {
  mailbox = new Mailbox();
  port = await mailbox.open();
});
afterEach(() => mailbox.close());

const sink = (options: Partial<ConstructorParameters<typeof EmailSink>[0]> = {}) =>
  new EmailSink({
    kind: "email",
    name: "mail",
    host: "127.0.0.1",
    port,
    security: "none",
    from: "stillwatch@example.com",
    to: ["trust@example.com", "soc@example.com"],
    timeoutMs: 2000,
    ...options,
  });

const alarm = (id: string): AlarmNotice => ({
  kind: "alarm",
  id: "sw_1",
  leaf: 7,
  time: "2026-03-01T12:00:00.000Z",
  tier: "review",
  subject: { account: id },
  account: id,
  p: 0.004,
  q: null,
  score: 3,
  modelBased: 0.0002,
  exchanges: 50,
  signals: [
    { name: "breadth", value: 1, percentile: 99, because: "Fast nie etwas zweimal.", evidence: ["ex_1"] },
  ],
  against: [{ name: "declared", value: 1, percentile: null, because: "Known customer.", evidence: [] }],
  benignReading: ".",
  calibration: "c1",
});

describe("EmailSink", () => {
  it("sends a plain text to everybody, with a stable id", async () => {
    expect(await sink().send(messageOf(alarm("acc_1")), never)).toBe(null);
    const [mail] = mailbox.mails;
    expect(mail).toMatchObject({
      from: "stillwatch@example.com",
      to: ["trust@example.com", "soc@example.com"],
    });
    const [head, body] = [mail!.text.split("\r\n\r\n")[0]!, mail!.text.split("\r\n\r\n").slice(1).join("\n")];
    expect(head).toContain("Message-ID: <sw_1@example.com>");
    expect(head).toContain("Subject: [Stillwatch] review: account acc_1 may be harvesting outputs");
    expect(head).toContain("Content-Type: text/plain; charset=utf-8");
    expect(body).toContain("Fast nie etwas zweimal.");
    expect(body).toContain("against it, declared: Known customer.");
    expect(body).toContain("never a verdict");
    expect(body).toContain("Look: stillwatch account acc_1");
  });

  it("marks a test as one", async () => {
    await sink().send(
      testMessage(0, () => 0.1),
      never,
    );
    expect(mailbox.mails[0]!.text).toContain("Subject: [Stillwatch] TEST message");
  });

  it("lets no id write headers", async () => {
    for (const evil of [
      "a\r\nBcc: evil@example.com",
      "a\nBcc: evil@example.com",
      "a\u2028Bcc: x",
      "a\r\n\r\nbody",
      "\r\n.\r\nMAIL FROM:<x@x>",
    ])
      await sink().send(messageOf(alarm(evil)), never);
    expect(mailbox.mails).toHaveLength(5);
    for (const { text, to } of mailbox.mails) {
      expect(text.split("\r\n\r\n")[0]).not.toMatch(/^Bcc:/im);
      expect(to).toEqual(["trust@example.com", "soc@example.com"]);
    }
  });

  it("tells refusals from trouble that passes", async () => {
    const failing = async (command: RegExp, said: string) => {
      mailbox.answer = (line) => (command.test(line) ? said : null);
      return sink()
        .send(
          testMessage(0, () => 0.1),
          never,
        )
        .then(
          () => "taken",
          (error: { code: string }) => error.code,
        );
    };
    expect(await failing(/^MAIL/, "451 later\r\n")).toBe("busy");
    expect(await failing(/^MAIL/, "550 no\r\n")).toBe("refused");
    expect(await failing(/^RCPT/, "550 nobody\r\n")).toBe("refused");
    expect(await failing(/^DATA-END/, "452 full\r\n")).toBe("busy");
    expect(await failing(/^DATA-END/, "554 spam\r\n")).toBe("refused");
    expect(mailbox.mails).toEqual([]);
  });

  it("says which of several recipients was refused, and does not send twice to the others", async () => {
    mailbox.answer = (line) => (line.includes("soc@") ? "550 nobody\r\n" : null);
    expect(
      await sink().send(
        testMessage(0, () => 0.1),
        never,
      ),
    ).toMatch(/not for soc@example.com/);
    expect(mailbox.mails).toHaveLength(1);
  });

  it("never goes on in the clear when TLS is asked for, nor takes a password for the clear", async () => {
    await expect(
      sink({ security: "starttls" }).send(
        testMessage(0, () => 0.1),
        never,
      ),
    ).rejects.toMatchObject({ code: "refused" });
    expect(mailbox.mails).toEqual([]);
    expect(() => sink({ user: "u", password: "p" })).toThrow(/needs security/);
  });

  it("ends when it is told to give up", async () => {
    mailbox.answer = (line) => (line.startsWith("MAIL") ? "" : null);
    await expect(
      sink().send(
        testMessage(0, () => 0.1),
        AbortSignal.timeout(50),
      ),
    ).rejects.toMatchObject({
      name: "DeliveryError",
    });
  });
});

import type { Socket } from "node:net";
import { createServer } from "node:net";

// An upstream that costs as little as possible, so that what is measured in front of it is the proxy:
// `node bench/mock-upstream.ts PORT [SPACING_MS]`. Every request is answered with the same chat completion (940 bytes
// of body), or, when its body says "stream": true, with 50 events of about 300 bytes, SPACING_MS apart (2 by default).

const port = Number(process.argv[2] ?? 9100);
const spacing = Number(process.argv[3] ?? 2);

const WORDS =
  "The river leaves the hills and takes its time through the fields before it finds the sea again. ";
const body = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "m-large",
  choices: [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 500, completion_tokens: 150, total_tokens: 650 },
}).replace('"content":""', (empty) => empty.slice(0, -1) + WORDS.repeat(8).slice(0, 940 - 234) + '"');
const whole = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
);
const head = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
);
const EVENTS = 50;
const event = Buffer.from(
  `data: ${JSON.stringify({
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "m-large",
    choices: [{ index: 0, delta: { content: WORDS.slice(0, 96) }, finish_reason: null }],
    obfuscation: "x".repeat(56),
  })}\n\n`,
);
const frame = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
const piece = frame(event);
const last = Buffer.concat([frame(Buffer.from("data: [DONE]\n\n")), Buffer.from("0\r\n\r\n")]);

function stream(socket: Socket): void {
  socket.write(head);
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) return clearInterval(timer);
    socket.write(piece);
    if (++sent < EVENTS) return;
    clearInterval(timer);
    socket.write(last);
  }, spacing);
}

createServer((socket) => {
  socket.setNoDelay(true);
  let missing = 0;
  let streamed = false;
  let pending = "";
  socket.on("data", (bytes: Buffer) => {
    // The callers of a benchmark send one request at a time and put the whole head into one packet.
    if (missing === 0) {
      pending += bytes.toString("latin1");
      const end = pending.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = /content-length: (\d+)/i.exec(pending);
      missing = Number(length?.[1] ?? 0) - (pending.length - end - 4);
      streamed = pending.includes('"stream":true');
      pending = "";
    } else missing -= bytes.length;
    if (missing > 0) return;
    missing = 0;
    if (streamed) stream(socket);
    else socket.write(whole);
  });
  socket.on("error", () => socket.destroy());
}).listen(port, "127.0.0.1", () => console.log(`mock upstream on ${port}, ${body.length} bytes`));

import { Buffer } from "node:buffer";
import type { AnswerHead } from "./client/head.ts";
import { GatewayError } from "./error.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";

export interface Collected {
  readonly head: AnswerHead;
  readonly body: Buffer;
}

/** Takes a short answer whole. Rejects with a GatewayError, `too_large` past `maxBytes`. */
export function collect(upstream: Upstream, request: UpstreamRequest, maxBytes: number): Promise<Collected> {
  return new Promise((resolve, reject) => {
    let head: AnswerHead | null = null;
    const pieces: Buffer[] = [];
    let bytes = 0;
    const flow = upstream.ask(request, {
      onHead: (received) => (head = received),
      onBody: (piece) => {
        bytes += piece.length;
        pieces.push(piece);
        if (bytes <= maxBytes) return;
        flow.abort();
        reject(new GatewayError("too_large", `Upstream ${upstream.name} sent more than ${maxBytes} bytes.`));
      },
      onEnd: () => head !== null && resolve({ head, body: Buffer.concat(pieces, bytes) }),
      onFail: reject,
    });
  });
}

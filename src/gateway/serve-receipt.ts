import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dialect } from "../exchange/endpoint.ts";
import type { Parts } from "./parts.ts";
import { ledgerUnavailable } from "./respond.ts";
import { identify, turnAway } from "./serve-exchange.ts";

const MAX_RECEIPTS_IN_HAND = 4;

/** `GET /v1/stillwatch/receipts/ID`: the signed receipt of an exchange of the asking account. */
export async function serveReceipt(
  parts: Parts,
  req: IncomingMessage,
  res: ServerResponse,
  dialect: Dialect,
  id: string,
): Promise<void> {
  const identity = identify(parts, req, res, dialect);
  if (identity === null) return;
  // An old receipt is found by reading the journal: a few at a time, or callers could keep the gateway busy with it.
  if (parts.receiptsInHand >= MAX_RECEIPTS_IN_HAND) {
    const message = "Too many receipts are being made. Try again.";
    return turnAway(parts, res, dialect, { code: "rate_limited", message, retryAfterSeconds: 1 });
  }
  parts.receiptsInHand++;
  let receipt: string | null;
  try {
    receipt = await parts.recorder.receipt(id, identity.account);
  } catch (error) {
    parts.log("error", `A receipt could not be made: ${(error as Error).message}`, { exchange: id });
    return turnAway(parts, res, dialect, ledgerUnavailable);
  } finally {
    parts.receiptsInHand--;
  }
  if (receipt === null) {
    const message = "There is no finished exchange of this account with that id.";
    return turnAway(parts, res, dialect, { code: "receipt_not_found", message });
  }
  if (res.destroyed) return;
  const body = Buffer.from(receipt);
  res.writeHead(200, ["content-type", "text/plain; charset=utf-8", "content-length", String(body.length)]);
  res.end(body);
}

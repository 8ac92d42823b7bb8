import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dialect } from "../exchange/endpoint.ts";
import type { Parts } from "./parts.ts";
import { ledgerUnavailable } from "./respond.ts";
import { identify, turnAway } from "./serve-exchange.ts";

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
  let receipt: string | null;
  try {
    receipt = await parts.recorder.receipt(id, identity.account);
  } catch (error) {
    parts.log("error", `A receipt could not be made: ${(error as Error).message}`, { exchange: id });
    return turnAway(parts, res, dialect, ledgerUnavailable);
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

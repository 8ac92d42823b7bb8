import { createHmac } from "node:crypto";
import { DeliveryError } from "./error.ts";

/**
 * Headers of Standard Webhooks 1.0.0 (standard-webhooks/standard-webhooks, spec): the signature is
 * `v1,` and base64 of HMAC-SHA256(secret, id "." timestamp "." body), the timestamp in Unix seconds.
 */
export function signedHeaders(secret: Buffer, id: string, now: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const mac = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${mac}` };
}

/** The bytes of `whsec_` and base64. The standard asks for 24 to 64. Throws DeliveryError `config`. */
export function signingSecret(text: string, sink: string): Buffer {
  const base64 = text.startsWith("whsec_") ? text.slice(6) : "";
  const secret = Buffer.from(base64, "base64");
  const isExact = secret.toString("base64").replace(/=+$/, "") === base64.replace(/=+$/, "");
  if (!isExact || secret.length < 24 || secret.length > 64)
    throw new DeliveryError(
      "config",
      `sink ${sink}: its secret is not whsec_ and base64 of 24 to 64 bytes; make one: echo "whsec_$(openssl rand -base64 32)"`,
    );
  return secret;
}

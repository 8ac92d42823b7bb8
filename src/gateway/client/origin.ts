import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { GatewayError } from "../error.ts";

/** Where an upstream is reached. */
export interface Origin {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** As it goes into the Host header: without the port when it is the scheme's own. */
  readonly authority: string;
  /** Path in front of the API's own, without a final slash and without `/v1`. */
  readonly basePath: string;
  /** More certificate authorities to trust, PEM. Verification itself cannot be switched off. */
  readonly ca: string | null;
}

/**
 * Reads a base URL such as `https://api.openai.com/v1`, `https://api.anthropic.com` or `http://127.0.0.1:8080`.
 * A final `/v1` is dropped, because the paths the gateway forwards begin with it.
 */
export function parseOrigin(baseUrl: string, caFile?: string): Origin {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  const secure = url?.protocol === "https:";
  if (url === null || (!secure && url.protocol !== "http:")) {
    throw new GatewayError(
      "options",
      `baseUrl ${JSON.stringify(baseUrl)} is not an http:// or https:// URL.`,
    );
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new GatewayError(
      "options",
      `baseUrl of ${url.host} carries a user, query or fragment; leave them out and set apiKey instead.`,
    );
  }
  return {
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    authority: url.host,
    basePath: url.pathname.replace(/\/+$/, "").replace(/\/v1$/, ""),
    ca: caFile === undefined ? null : readFileSync(caFile, "utf8"),
  };
}

/** Server name for TLS; an address is not sent as one (RFC 6066, 3). */
export function serverName(origin: Origin): string {
  return isIP(origin.host) === 0 ? origin.host : "";
}

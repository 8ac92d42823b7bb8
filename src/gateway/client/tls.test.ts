import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:https";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GatewayError } from "../error.ts";
import { parseOrigin } from "./origin.ts";
import { ClientPool } from "./pool.ts";
import { defaultClientTimeouts } from "./timeouts.ts";

// Made for this test alone: a certificate for localhost that no authority signed, valid until 2126.
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9c7XNctfEPoOJrIt
iM6bPwu1Lv9iTXBuWGz8aq36XOuhRANCAASU7csjHc5Zff3lNPbPY7qI+hUDFpHz
8VxK5yBq7BpHZOGLh5R/D+XkfNDpSukiguUPkRZFGMER1Q9pYiRvwFN+
-----END PRIVATE KEY-----
`;
const CERT = `-----BEGIN CERTIFICATE-----
MIIBqDCCAU2gAwIBAgIUUVUDA3ERde29qQelv6c/ZTrIwgQwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPU3RpbGx3YXRjaCB0ZXN0MCAXDTI2MTEyMzE4NTkzN1oYDzIx
MjYxMDMwMTg1OTM3WjAaMRgwFgYDVQQDDA9TdGlsbHdhdGNoIHRlc3QwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAASU7csjHc5Zff3lNPbPY7qI+hUDFpHz8VxK5yBq
7BpHZOGLh5R/D+XkfNDpSukiguUPkRZFGMER1Q9pYiRvwFN+o28wbTAdBgNVHQ4E
FgQU4kTzyaHSGji//9eOE0jzOJzMxsEwHwYDVR0jBBgwFoAU4kTzyaHSGji//9eO
E0jzOJzMxsEwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SH
BH8AAAEwCgYIKoZIzj0EAwIDSQAwRgIhAJuCTNUllKTF9DzXkUUuOiJU3BsZdtqw
yglt7VyvPrS1AiEA5NM4xZUfic1Z7Bu0bLHbOKvxd4ljOoHKPQiJmUlcZhc=
-----END CERTIFICATE-----
`;

let server: Server;
let port: number;
let folder: string;
const protocols: unknown[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-tls-"));
  writeFileSync(join(folder, "ca.pem"), CERT);
  server = createServer({ key: KEY, cert: CERT, ALPNProtocols: ["h2", "http/1.1"] }, (req, res) => {
    protocols.push((req.socket as { alpnProtocol?: unknown }).alpnProtocol);
    res.end("over tls");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function ask(baseUrl: string, caFile?: string): Promise<string | GatewayError> {
  const options = { timeouts: defaultClientTimeouts, connectRetries: 0, sweepMs: 20 };
  const pool = new ClientPool(parseOrigin(baseUrl, caFile), options, () => performance.now());
  return new Promise<string | GatewayError>((resolve) => {
    let body = "";
    pool.send(
      { head: "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", body: null, bodiless: false },
      {
        onHead: () => {},
        onBody: (piece) => (body += piece.toString()),
        onEnd: () => resolve(body),
        onFail: resolve,
      },
    );
  }).finally(() => pool.close());
}

describe("upstreams over TLS", () => {
  it("are not believed without a certificate that an authority signed", async () => {
    const failure = await ask(`https://localhost:${port}`);
    expect(failure).toMatchObject({
      code: "connect",
      message: expect.stringContaining("self-signed certificate"),
    });
  });

  it("are believed with the authority that the operator names, and speak HTTP/1.1", async () => {
    expect(await ask(`https://localhost:${port}`, join(folder, "ca.pem"))).toBe("over tls");
    expect(await ask(`https://127.0.0.1:${port}`, join(folder, "ca.pem"))).toBe("over tls");
    expect(protocols).toEqual(["http/1.1", "http/1.1"]);
  });
});

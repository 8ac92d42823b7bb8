/** One gateway for bench/gateway.ts, in a process of its own: `node bench/gateway-process.ts MODE PORT UPSTREAM_PORT DATA_DIR`. */
import { randomBytes } from "node:crypto";
import { parseConfig } from "../src/config.ts";
import { Gateway } from "../src/gateway/gateway.ts";
import { defaultHttpUpstreamOptions, HttpUpstream } from "../src/gateway/http-upstream.ts";
import { defaultGatewayOptions } from "../src/gateway/options.ts";
import type { Recorder } from "../src/ledger/recorder.ts";
import type { Gate } from "../src/policy/gate.ts";
import { serve } from "../src/serve.ts";

const [mode = "held", port = "0", upstreamPort = "0", dataDir = ""] = process.argv.slice(2);
const baseUrl = `http://127.0.0.1:${upstreamPort}`;
const log = (level: string, message: string): void => {
  if (level !== "info") console.error(`${level} ${message}`);
};

if (mode === "passthrough") {
  // Nobody is asked for a key and nothing is recorded: these two are never called.
  const never = new Proxy(
    {},
    {
      get: () => () => {
        throw new Error("not in passthrough");
      },
    },
  );
  const gateway = new Gateway(
    {
      ...defaultGatewayOptions,
      mode: "passthrough",
      port: Number(port),
      admin: { ...defaultGatewayOptions.admin, port: 0 },
    },
    {
      recorder: never as Recorder,
      gate: never as Gate,
      upstreams: [
        new HttpUpstream({ ...defaultHttpUpstreamOptions, name: "mock", baseUrl }, () => performance.now()),
      ],
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      random: randomBytes,
      log,
    },
  );
  await gateway.start();
  console.log(JSON.stringify({ key: "none" }));
} else {
  const config = parseConfig(
    {
      mode: mode.startsWith("async") ? "async" : "held",
      port: Number(port),
      admin: { port: 0 },
      upstreams: [{ name: "mock", kind: "openai", baseUrl }],
      prices: { "*": { input: 1, output: 2 } },
      defaultLimits: { requestsPerMinute: 1e9, tokensPerMinute: 1e12, tokensPerDay: 1e14, usdPerDay: 1e9 },
      detect: { enabled: mode.endsWith("+detect") },
      // Sealing is measured by bench/journal.ts: here it would fall into one round and not the other.
      ledger: { seal: false },
    },
    "bench",
  );
  const running = await serve({ dataDir, config, log });
  const { account } = running.store.createAccount({}, "bench");
  console.log(JSON.stringify({ key: running.store.issueKey({ account }, "bench").secret }));
  process.on("SIGTERM", () => void running.stop().then(() => process.exit(0)));
}

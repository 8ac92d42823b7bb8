/**
 * Claims (issue: "Speed and memory"): our pass-through reaches at least 0.5 x nginx's requests/s at 32 connections; `async` costs at most
 * 1.8 x and `held` at most 2.3 x the CPU of our pass-through, `held` adds at most 0.8 ms to the median at 1,000 requests/s; both cost at
 * least 8 x less CPU than Portkey; a streamed chunk costs at most 2.8 x nginx's CPU and the first byte comes within 1 ms.
 *
 *     node bench/gateway.ts [--rounds 3] [--seconds 4] [--only held,async,…] [--no-portkey]
 *
 * Needs nginx and wrk on the PATH (Debian: nginx-light, wrk). Upstream and load run on core 0, the proxy alone on core 1 (taskset). All
 * proxies are measured in every round; what is printed are medians of ratios within the same round, because absolute figures of a shared
 * machine mean little. CPU is that of all threads of the proxy (/proc/PID/task/*\/schedstat).
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    only: { type: "string" },
    "no-portkey": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(
    "node bench/gateway.ts [--rounds N] [--seconds N] [--only nginx,passthrough,async,held,held+detect,portkey] [--no-portkey]",
  );
  process.exit(0);
}
const HERE = new URL(".", import.meta.url).pathname;
const UPSTREAM_PORT = await freePort();
const work = mkdtempSync(join(tmpdir(), "sw-bench-"));
const children: ChildProcess[] = [];
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));
process.on("SIGINT", () => process.exit(1));
for (const tool of ["nginx", "wrk", "taskset"]) {
  try {
    execFileSync("which", [tool], { stdio: "ignore" });
  } catch {
    console.error(
      `this benchmark needs ${tool} on the PATH (Debian: apt-get install nginx-light wrk util-linux)`,
    );
    process.exit(2);
  }
}

interface Proxy {
  readonly name: string;
  readonly port: number;
  readonly pids: () => number[];
  readonly key: string;
}
interface Measured {
  rps: number;
  cpuUs: number;
  p50: number;
  p99: number;
}
type Row = Record<string, Measured | undefined>;

const wanted = values.only?.split(",") ?? [
  "nginx",
  "passthrough",
  "async",
  "held",
  "held+detect",
  ...(values["no-portkey"] ? [] : ["portkey"]),
];
start("upstream", 0, ["bench/mock-upstream.ts", String(UPSTREAM_PORT)]);
const proxies: Proxy[] = [{ name: "direct", port: UPSTREAM_PORT, pids: () => [], key: "none" }];
for (const name of wanted) proxies.push(await launch(name, await freePort()));
await pause(500);

const CASES = [
  { name: "2 KB, c1", bytes: 2048, connections: 1 },
  { name: "2 KB, c32", bytes: 2048, connections: 32 },
  { name: "2 KB, c128", bytes: 2048, connections: 128 },
  { name: "40 KB, c32", bytes: 40_960, connections: 32 },
] as const;
const rounds: Row[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const row: Row = {};
  for (const proxy of proxies) {
    for (const { name, bytes, connections } of CASES)
      row[`${proxy.name} ${name}`] = closedLoop(proxy, bytes, connections);
    row[`${proxy.name} paced`] = openLoop(proxy, "paced", 2048, 1000);
    row[`${proxy.name} streams`] = openLoop(proxy, "streams", 2048, 16);
    process.stderr.write(`round ${round + 1}: ${proxy.name} done\n`);
  }
  rounds.push(row);
}
report();
for (const child of children) child.kill("SIGTERM");
await pause(300);
rmSync(work, { recursive: true, force: true });
process.exit(0);

async function launch(name: string, port: number): Promise<Proxy> {
  if (name === "nginx") {
    const conf = join(work, "nginx.conf");
    writeFileSync(
      conf,
      `master_process off; daemon off; pid ${work}/nginx.pid; error_log ${work}/nginx.err;
events { worker_connections 4096; }
http { access_log off; client_body_buffer_size 64k; client_max_body_size 32m; client_body_temp_path ${work}/b; proxy_temp_path ${work}/p; fastcgi_temp_path ${work}/f; uwsgi_temp_path ${work}/u; scgi_temp_path ${work}/s;
upstream mock { server 127.0.0.1:${UPSTREAM_PORT}; keepalive 256; }
server { listen 127.0.0.1:${port} backlog=4096; keepalive_requests 100000000; location / { proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } } }`,
    );
    const child = spawn("taskset", ["-c", "1", "nginx", "-c", conf, "-p", work], { stdio: "inherit" });
    children.push(child);
    await pause(500);
    return { name, port, key: "none", pids: () => [child.pid!] };
  }
  if (name === "portkey") {
    const folder = join(HERE, "..", ".cache", "portkey");
    mkdirSync(folder, { recursive: true });
    cpSync(join(HERE, "portkey", "package.json"), join(folder, "package.json"));
    if (!existsSync(join(folder, "node_modules")))
      execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund"], {
        cwd: folder,
        stdio: "inherit",
      });
    const server = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
    const child = start(name, 1, [server, "--headless", `--port=${port}`], {
      NODE_ENV: "production",
      TRUSTED_CUSTOM_HOSTS: "127.0.0.1",
    });
    await pause(2500);
    return { name, port, key: "none", pids: () => [child.pid!] };
  }
  const child = start(name, 1, [
    "bench/gateway-process.ts",
    name,
    String(port),
    String(UPSTREAM_PORT),
    join(work, name.replace("+", "-")),
  ]);
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  return { name, port, key: (JSON.parse(line.toString()) as { key: string }).key, pids: () => [child.pid!] };
}

function start(name: string, core: number, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn("taskset", ["-c", String(core), process.execPath, ...args], {
    cwd: join(HERE, ".."),
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  child.on("exit", (code) => code && console.error(`${name} ended with code ${code}`));
  children.push(child);
  return child;
}

/** wrk: as fast as it goes over so many connections. */
function closedLoop(proxy: Proxy, bytes: number, connections: number): Measured {
  const script = join(work, "wrk.lua");
  const body = JSON.stringify({
    model: "m-large",
    messages: [{ role: "user", content: "word ".repeat(Math.ceil((bytes - 70) / 5)) }],
  });
  writeFileSync(
    script,
    `wrk.method="POST"; wrk.body=[==[${body}]==]; wrk.headers["content-type"]="application/json"; wrk.headers["authorization"]="Bearer ${proxy.key}";
wrk.headers["x-portkey-provider"]="openai"; wrk.headers["x-portkey-custom-host"]="http://127.0.0.1:${UPSTREAM_PORT}/v1"
done=function(s,l,r) io.write(string.format("RESULT %d %d %f %f %d\\n", s.requests, s.duration, l:percentile(50), l:percentile(99), s.errors.status+s.errors.read+s.errors.connect+s.errors.timeout)) end`,
  );
  const url = `http://127.0.0.1:${proxy.port}/v1/chat/completions`;
  const wrk = (seconds: string): string =>
    execFileSync(
      "taskset",
      ["-c", "0", "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, url],
      { encoding: "utf8" },
    );
  wrk("1");
  const before = cpuOf(proxy);
  const [, requests, duration, p50, p99, errors] = /RESULT (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)/
    .exec(wrk(values.seconds))!
    .map(Number) as [number, number, number, number, number, number];
  if (errors > 0) console.error(`${proxy.name}: ${errors} errors`);
  return {
    rps: (requests / duration) * 1e6,
    cpuUs: (cpuOf(proxy) - before) / requests,
    p50: p50 / 1000,
    p99: p99 / 1000,
  };
}

function openLoop(proxy: Proxy, kind: "paced" | "streams", bytes: number, amount: number): Measured {
  const before = cpuOf(proxy);
  const out = execFileSync(
    "taskset",
    [
      "-c",
      "0",
      process.execPath,
      "bench/load.ts",
      kind,
      String(proxy.port),
      proxy.key,
      String(bytes),
      String(amount),
      values.seconds,
    ],
    {
      cwd: join(HERE, ".."),
      encoding: "utf8",
      env: { ...process.env, UPSTREAM_PORT: String(UPSTREAM_PORT) },
    },
  );
  const r = JSON.parse(out) as {
    done: number;
    errors: number;
    p50: number;
    p99: number;
    firstP50: number;
    firstP99: number;
  };
  if (r.errors > 0) console.error(`${proxy.name} ${kind}: ${r.errors} errors`);
  const cpuUs = (cpuOf(proxy) - before) / Math.max(1, r.done * (kind === "streams" ? 51 : 1));
  return {
    rps: r.done / Number(values.seconds),
    cpuUs,
    p50: kind === "streams" ? r.firstP50 : r.p50,
    p99: kind === "streams" ? r.firstP99 : r.p99,
  };
}

/** CPU time of all threads, microseconds. */
function cpuOf(proxy: Proxy): number {
  let ns = 0;
  for (const pid of proxy.pids()) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      try {
        ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
      } catch {
        // The thread ended in between.
      }
    }
  }
  return ns / 1000;
}

function report(): void {
  const median = (list: number[]): number => {
    const sorted = list.toSorted((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
  };
  const over = (a: string, b: string, field: keyof Measured): number =>
    median(rounds.flatMap((row) => (row[a] && row[b] ? [row[a][field] / row[b][field]] : [])));
  const of = (name: string, field: keyof Measured): number =>
    median(rounds.flatMap((row) => (row[name] ? [row[name][field]] : [])));
  const cases = [...CASES.map(({ name }) => name), "paced", "streams"];
  for (const name of cases) {
    console.log(
      `\n${name}${name === "streams" ? " (CPU per chunk; p50 and p99 of the first byte)" : name === "paced" ? " (1,000 requests/s)" : ""}`,
    );
    console.log(
      "proxy          requests/s   /nginx   CPU us   /nginx  /pass-through   p50 ms   p99 ms   added p50 ms",
    );
    for (const { name: proxy } of proxies) {
      const id = `${proxy} ${name}`;
      const added = median(rounds.map((row) => row[id]!.p50 - row[`direct ${name}`]!.p50));
      const cell = (value: number, digits: number, width: number): string =>
        (Number.isNaN(value) ? "-" : value.toFixed(digits)).padStart(width);
      console.log(
        proxy.padEnd(14) +
          cell(of(id, "rps"), 0, 11) +
          cell(over(id, `nginx ${name}`, "rps"), 2, 9) +
          cell(of(id, "cpuUs"), 1, 9) +
          cell(over(id, `nginx ${name}`, "cpuUs"), 2, 9) +
          cell(over(id, `passthrough ${name}`, "cpuUs"), 2, 15) +
          cell(of(id, "p50"), 2, 9) +
          cell(of(id, "p99"), 2, 9) +
          cell(added, 2, 15),
      );
    }
  }
  const c32 = "2 KB, c32";
  const heldAdded = median(
    rounds.map((row) => (row["held paced"]?.p50 ?? NaN) - (row["direct paced"]?.p50 ?? NaN)),
  );
  console.log(
    `\n${rounds.length} rounds: pass-through ${over(`passthrough ${c32}`, `nginx ${c32}`, "rps").toFixed(2)} x nginx's requests/s at c32; CPU of pass-through: async ` +
      `${over(`async ${c32}`, `passthrough ${c32}`, "cpuUs").toFixed(2)} x, held ${over(`held ${c32}`, `passthrough ${c32}`, "cpuUs").toFixed(2)} x; held adds ` +
      `${heldAdded.toFixed(2)} ms to the median at 1,000/s; Portkey costs ${over(`portkey ${c32}`, `async ${c32}`, "cpuUs").toFixed(1)} x the CPU of async, ` +
      `${over(`portkey ${c32}`, `held ${c32}`, "cpuUs").toFixed(1)} x of held; a streamed chunk costs ${over("held streams", "nginx streams", "cpuUs").toFixed(2)} x nginx's CPU, ` +
      `first byte ${of("held streams", "p50").toFixed(2)} ms`,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

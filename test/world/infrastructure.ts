import type { Client } from "../../src/exchange/exchange.ts";
import { hashText } from "../../src/stats/hash.ts";
import type { Random } from "../../src/stats/random.ts";
import { DAY } from "./clock.ts";

/**
 * Where requests come from. `cloud`: a few fixed addresses at a hoster; `serverless`: any address of one; `home`: a line whose
 * address changes now and then; `mobile`: shared with many; `office`: the one address of a company; `vpn`: exits that many
 * use; `proxies`: another household's address for every session.
 */
export type PlaceKind = "cloud" | "serverless" | "home" | "mobile" | "office" | "vpn" | "proxies";

/** The client of a request at a time; undefined where the log does not keep it. */
export type Place = (at: number) => Client | undefined;

/** Autonomous systems from the ranges for private use (RFC 6996): few are large, many are small. */
const HOSTERS = 14;
const PROVIDERS = 60;
const VPNS = 5;

export function place(random: Random, kind: PlaceKind, software: Software = softwareOf(random, kind)): Place {
  const { asn, net } = networkOf(random, kind);
  const kept = random.chance(0.94);
  const ja4 = random.chance(0.9) ? software.ja4 : undefined;
  const address = addresses(random, kind, net);
  return (at) =>
    kept
      ? {
          ip: address(at),
          asn: kind === "proxies" ? 64_600 + random.below(PROVIDERS) : asn,
          userAgent: software.userAgent,
          ...(ja4 !== undefined && { ja4 }),
        }
      : undefined;
}

function networkOf(random: Random, kind: PlaceKind): { asn: number; net: number } {
  const rank = (many: number): number => Math.floor(many ** random.uniform()) - 1;
  if (kind === "cloud" || kind === "serverless") {
    const nth = rank(HOSTERS);
    return { asn: 64_512 + nth, net: 34 + nth };
  }
  if (kind === "vpn") {
    const nth = rank(VPNS);
    return { asn: 64_580 + nth, net: 185 + nth };
  }
  const nth = rank(PROVIDERS);
  return { asn: 64_600 + nth, net: 60 + nth };
}

function addresses(random: Random, kind: PlaceKind, net: number): (at: number) => string {
  const byte = (): number => 1 + random.below(254);
  const any = (): string => `${net}.${byte()}.${byte()}.${byte()}`;
  switch (kind) {
    case "cloud": {
      const own = Array.from({ length: random.chance(0.6) ? 1 : 1 + random.below(6) }, any);
      return () => random.pick(own);
    }
    case "serverless":
      // Each hoster's functions leave through some hundreds of addresses.
      return () => `${net}.200.${random.below(4)}.${byte()}`;
    case "mobile":
      return () => `${net}.100.${random.below(3)}.${byte()}`;
    case "vpn":
      return every(random, 0.3 * DAY, () => `${net}.10.0.${1 + random.below(30)}`);
    case "office": {
      const only = any();
      return () => only;
    }
    case "home":
      return every(random, (1 + random.below(30)) * DAY, () => any());
    case "proxies":
      return every(random, 0.01 * DAY, () => `${60 + random.below(PROVIDERS)}.${byte()}.${byte()}.${byte()}`);
  }
}

/** A value that changes about every so many milliseconds. */
function every(random: Random, span: number, draw: () => string): (at: number) => string {
  let value = draw();
  let until = -1;
  return (at) => {
    if (until < 0) until = at + span * random.uniform();
    while (at >= until) {
      value = draw();
      until = Math.max(until + span * (0.5 + random.uniform()), at + 1);
    }
    return value;
  };
}

export interface Software {
  readonly userAgent: string;
  readonly ja4: string;
}

/** Client libraries: the popular ones are everywhere, in several versions. */
type Library = readonly [name: string, tls: string, weight: number];
const COMMONEST: Library = ["OpenAI/Python", "python", 30];
const LIBRARIES: readonly Library[] = [
  COMMONEST,
  ["OpenAI/JS", "node", 16],
  ["python-requests", "python-requests", 8],
  ["axios", "node", 7],
  ["langchain", "python", 7],
  ["python-httpx", "python", 5],
  ["litellm", "python-aio", 5],
  ["Go-http-client", "go", 4],
  ["okhttp", "java", 4],
  ["curl", "curl", 3],
  ["aiohttp", "python-aio", 4],
  ["node-fetch", "node", 3],
  ["reqwest", "rust", 2],
  ["GuzzleHttp", "php", 2],
];

const BROWSERS = [
  "Mozilla/5.0 (Windows NT 10.0) Chrome",
  "Mozilla/5.0 (Macintosh) Safari",
  "Mozilla/5.0 (X11; Linux) Firefox",
  "ChatBox desktop",
  "OpenChat mobile",
];

export function softwareOf(random: Random, kind: PlaceKind): Software {
  if ((kind === "home" || kind === "mobile") && random.chance(0.55)) {
    const name = random.pick(BROWSERS);
    return { userAgent: `${name}/${120 + Math.floor(12 ** random.uniform())}`, ja4: ja4Of(name) };
  }
  let left = random.uniform() * LIBRARIES.reduce((sum, [, , weight]) => sum + weight, 0);
  const [name, tls] = LIBRARIES.find(([, , weight]) => (left -= weight) < 0) ?? COMMONEST;
  const version = `${1 + random.below(2)}.${Math.floor(90 ** random.uniform())}.${random.below(3)}`;
  return { userAgent: `${name} ${version}`, ja4: ja4Of(`${tls} ${Math.floor(4 ** random.uniform())}`) };
}

/** A fingerprint in the shape of JA4; equal for equal TLS stacks. */
function ja4Of(stack: string): string {
  const hex = (salt: string): string => hashText(`${stack}/${salt}`).toString(16).padStart(8, "0");
  return `t13d${10 + (hashText(stack) % 9)}11h2_${hex("a")}${hex("b").slice(0, 4)}_${hex("c")}${hex("d").slice(0, 4)}`;
}

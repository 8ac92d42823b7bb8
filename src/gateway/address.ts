import { BlockList, isIP } from "node:net";
import { GatewayError } from "./error.ts";

/** Longest chain of proxies looked at. */
const MAX_HOPS = 32;

/** Tells where a request came from. */
export interface AddressReader {
  /** `header` is the configured forwarding header as received; it is ignored unless `peer` is a trusted proxy. */
  read(peer: string | undefined, header: string | undefined): string | undefined;
}

/** `trusted` holds addresses and CIDR ranges, IPv4 or IPv6. Throws GatewayError `options` naming a bad one. */
export function addressReader(trusted: readonly string[]): AddressReader {
  const list = trustedList(trusted);
  const isTrusted = (address: string): boolean => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return {
    read(peer, header) {
      if (peer === undefined) return undefined;
      let address = plain(peer);
      if (trusted.length === 0 || header === undefined || !isTrusted(address)) return address;
      // Each proxy appends whom it spoke with: the rightmost address that is no proxy of ours is the last that
      // somebody we trust has seen. Everything left of it is the caller's word.
      const hops = header.split(",").slice(-MAX_HOPS);
      for (const hop of hops.toReversed()) {
        const seen = hopAddress(hop);
        if (seen === null) return address;
        address = seen;
        if (!isTrusted(address)) return address;
      }
      return address;
    },
  };
}

function trustedList(trusted: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of trusted) {
    const [address = "", bits, ...more] = entry.trim().split("/");
    const family = isIP(address);
    const prefix = bits === undefined ? (family === 6 ? 128 : 32) : Number(bits);
    const proper = /^\d{1,3}$/.test(bits ?? "0") && prefix <= (family === 6 ? 128 : 32);
    if (family === 0 || more.length > 0 || !proper) {
      throw new GatewayError(
        "options",
        `trustedProxies has ${JSON.stringify(entry)}; write an address or a range such as 10.0.0.0/8 or fd00::/8.`,
      );
    }
    list.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

/**
 * One hop of `x-forwarded-for` (`203.0.113.7`, `203.0.113.7:4711`, `[2001:db8::1]:4711`) or of `forwarded`
 * (RFC 7239, 4: `for="[2001:db8::1]:4711";proto=https`); null when it names no address.
 */
function hopAddress(hop: string): string | null {
  const named = /(?:^|;)\s*for=("?)([^";]*)\1/i.exec(hop.trim());
  const text = (named === null ? hop : (named[2] ?? "")).trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text);
  const address = bracketed?.[1] ?? (/^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(":")) : text);
  return isIP(address) === 0 ? null : plain(address);
}

/** An IPv4 address that a dual-stack socket shows as `::ffff:203.0.113.7`, as IPv4. */
function plain(address: string): string {
  return address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

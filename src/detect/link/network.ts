import { hashText } from "../../stats/hash.ts";

/**
 * Hash of the address range one customer line or host usually has: /24 of IPv4, /48 of IPv6 (RFC 6177, section 2: end sites
 * get between /48 and /64). An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) counts as IPv4. Never throws: what is no
 * address is a range of its own.
 */
export function networkOf(ip: string): number {
  const text = ip.slice(0, 64);
  const dots = text.includes(".");
  if (!dots && text.includes(":")) return hashText(`6/${sixPrefix(text)}`);
  const four = dots ? text.slice(text.lastIndexOf(":") + 1) : text;
  const end = four.lastIndexOf(".");
  return hashText(`4/${end > 0 ? four.slice(0, end) : four}`);
}

/** The first three groups, with `::` filled in and leading zeros dropped. */
function sixPrefix(text: string): string {
  const [address = ""] = text.toLowerCase().split("%");
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? [] : tail.split(":");
    while (groups.length + behind.length < 8) groups.push("0");
    groups.push(...behind);
  }
  return groups
    .slice(0, 3)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}

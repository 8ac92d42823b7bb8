import { describe, expect, it } from "vitest";
import { addressReader } from "./address.ts";

describe("addressReader", () => {
  it("takes the socket's word when nobody is trusted", () => {
    expect(addressReader([]).read("203.0.113.7", "198.51.100.1")).toBe("203.0.113.7");
    expect(addressReader([]).read("::ffff:203.0.113.7", undefined)).toBe("203.0.113.7");
    expect(addressReader([]).read(undefined, "198.51.100.1")).toBe(undefined);
  });

  it("ignores the header of a peer that is no trusted proxy", () => {
    expect(addressReader(["10.0.0.0/8"]).read("203.0.113.7", "198.51.100.1")).toBe("203.0.113.7");
  });

  it.each([
    ["198.51.100.1", "198.51.100.1"],
    ["1.2.3.4, 198.51.100.1", "198.51.100.1"],
    ["1.2.3.4, 198.51.100.1, 10.1.1.1, fd00::9", "198.51.100.1"],
    ["10.2.2.2, 10.1.1.1", "10.2.2.2"],
    ["198.51.100.1:5555", "198.51.100.1"],
    ["[2001:db8::1]:5555", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ['for="[2001:db8::1]:4711";proto=https', "2001:db8::1"],
    ["For=198.51.100.1;by=10.0.0.1", "198.51.100.1"],
    ["198.51.100.1, unknown", "10.0.0.1"],
    ["198.51.100.1, unknown, 10.3.3.3", "10.3.3.3"],
    ["", "10.0.0.1"],
  ])("from a trusted proxy that says %j takes %s", (header, address) => {
    expect(addressReader(["10.0.0.0/8", "fd00::/8"]).read("::ffff:10.0.0.1", header)).toBe(address);
  });

  it.each(["10.0.0.0/33", "10.0.0/8", "fd00::/129", "proxy.local", "10.0.0.0/8/8", "10.0.0.0/"])(
    "refuses the range %j",
    (range) => {
      expect(() => addressReader([range])).toThrow(/trustedProxies has/);
    },
  );
});

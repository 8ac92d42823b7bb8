import { hashText } from "./hash.ts";

/** A seeded generator. The same seed gives the same draws on every machine (32-bit integer arithmetic only). */
export interface Random {
  /** Uniform in [0, 2^32). */
  uint32(): number;
  /** Uniform in [0, 1), with 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
  /** Standard normal. */
  normal(): number;
  /** True with probability p. */
  chance(p: number): boolean;
  /** One element; throws RangeError when there is none. */
  pick<T>(items: readonly T[]): T;
  /** An independent generator for a named part, so that adding draws in one part does not move the others. */
  fork(name: string): Random;
}

/** xoshiro128** 1.1 (Blackman and Vigna, public domain), state filled by splitmix32. Not for secrets. */
export function seeded(seed: number | string): Random {
  const first = typeof seed === "string" ? hashText(seed) : seed >>> 0;
  let fill = first;
  const splitmix = (): number => {
    fill = (fill + 0x9e3779b9) >>> 0;
    let z = fill;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix();

  const uint32 = (): number => {
    const scrambled = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    return scrambled;
  };
  const uniform = (): number => uint32() / 4294967296;
  // Rejection keeps every value equally likely; at most one draw in two is rejected.
  const below = (bound: number): number => {
    if (!(bound >= 1 && bound <= 4294967296))
      throw new RangeError(`below(${bound}): the bound must be in 1..2^32`);
    const limit = 4294967296 - (4294967296 % bound);
    let x = uint32();
    while (x >= limit) x = uint32();
    return x % bound;
  };
  return {
    uint32,
    uniform,
    below,
    // Box-Muller; 1 - u keeps the logarithm away from zero.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    chance: (p) => uniform() < p,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError("pick: nothing to pick from");
      return items[below(items.length)] as T;
    },
    fork: (name) => seeded(`${first}/${name}`),
  };
}

function rotl(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

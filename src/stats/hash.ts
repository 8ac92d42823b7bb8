/** FNV-1a offset basis; start of every running 32-bit hash here. */
export const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** One step of FNV-1a over a 32-bit unit (a character, a token hash). Finish with `avalanche`. */
export function fnvStep(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, FNV_PRIME);
}

/** MurmurHash3's 32-bit finaliser: FNV-1a alone leaves the high bits of short words nearly constant, and sketches use them. */
export function avalanche(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32-bit hash of a string's UTF-16 units, uniform enough for sketches. Not keyed and not for security. */
export function hashText(text: string, start: number = FNV_START): number {
  let h = start;
  for (let i = 0; i < text.length; i++) h = fnvStep(h, text.charCodeAt(i));
  return avalanche(h);
}

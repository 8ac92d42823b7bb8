import { sha256 } from "./digest.ts";

/**
 * The Merkle tree of RFC 9162 section 2.1 (the same tree as RFC 6962): append, roots and proofs.
 * Sizes and indices are JavaScript integers, exact to 2^53.
 */
export type Hash = Buffer;

/** RFC 9162 2.1.1: MTH({d}) = SHA-256(0x00 || d). */
export function leafHash(entry: Uint8Array): Hash {
  return sha256(Buffer.concat([LEAF_PREFIX, entry]));
}

/** RFC 9162 2.1.1: SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Hash {
  return sha256(Buffer.concat([NODE_PREFIX, left, right]));
}

const LEAF_PREFIX = Buffer.of(0);
const NODE_PREFIX = Buffer.of(1);

/** RFC 9162 2.1.1: the hash of an empty list is the hash of an empty string. */
export const EMPTY_ROOT: Hash = sha256(Buffer.alloc(0));

/**
 * The right edge of a growing tree: the roots of its perfect subtrees, largest first. Enough to append and to
 * compute the root, in O(log n) memory.
 */
export class Frontier {
  size: number;
  readonly #roots: Hash[];

  constructor(size = 0, roots: readonly Hash[] = []) {
    if (roots.length !== bitCount(size))
      throw new RangeError(`a frontier of ${size} leaves has ${bitCount(size)} roots, not ${roots.length}`);
    this.size = size;
    this.#roots = [...roots];
  }

  append(leaf: Hash): void {
    let node = leaf;
    for (let rest = this.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      node = nodeHash(this.#roots.pop()!, node);
    }
    this.#roots.push(node);
    this.size++;
  }

  root(): Hash {
    if (this.size === 0) return EMPTY_ROOT;
    return this.#roots.reduceRight((right, left) => nodeHash(left, right));
  }

  roots(): readonly Hash[] {
    return this.#roots;
  }

  clone(): Frontier {
    return new Frontier(this.size, this.#roots);
  }
}

/** Where proofs take their hashes from: the root of the perfect subtree of 2^level leaves starting at index * 2^level. */
export type SubtreeRoot = (level: number, index: number) => Hash;

/** MTH(D[start:end]) for a range whose start is a multiple of the largest power of two below its length. */
function rangeRoot(start: number, end: number, subtree: SubtreeRoot): Hash {
  const size = end - start;
  const k = splitPoint(size);
  if (size === 1) return subtree(0, start);
  if (k * 2 === size) return subtree(log2(size), start / size);
  return nodeHash(rangeRoot(start, start + k, subtree), rangeRoot(start + k, end, subtree));
}

export function rootOf(size: number, subtree: SubtreeRoot): Hash {
  return size === 0 ? EMPTY_ROOT : rangeRoot(0, size, subtree);
}

/** RFC 9162 2.1.3.1: PATH(index, D[0:size]), from the leaf's sibling up. */
export function inclusionProof(index: number, size: number, subtree: SubtreeRoot): Hash[] {
  requireRange(index, size);
  const path: Hash[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const k = splitPoint(end - start);
    if (index < start + k) {
      path.push(rangeRoot(start + k, end, subtree));
      end = start + k;
    } else {
      path.push(rangeRoot(start, start + k, subtree));
      start += k;
    }
  }
  return path.toReversed();
}

/** RFC 9162 2.1.4.1: PROOF(first, D[0:second]). Empty when first is 0 or equals second. */
export function consistencyProof(first: number, second: number, subtree: SubtreeRoot): Hash[] {
  if (first > second) throw new RangeError(`no consistency proof from size ${first} back to ${second}`);
  if (first === 0 || first === second) return [];
  const path: Hash[] = [];
  let start = 0;
  let end = second;
  while (first < end) {
    const k = splitPoint(end - start);
    if (first <= start + k) {
      path.push(rangeRoot(start + k, end, subtree));
      end = start + k;
    } else {
      path.push(rangeRoot(start, start + k, subtree));
      start += k;
    }
  }
  // The old tree's own last subtree is known to the verifier only when it is the whole old tree.
  if (start > 0) path.push(rangeRoot(start, end, subtree));
  return path.toReversed();
}

/** RFC 9162 2.1.3.2. Every argument may come from an attacker. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  let fn = index;
  let sn = size - 1;
  let node: Uint8Array = leaf;
  for (const p of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      node = nodeHash(p, node);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      node = nodeHash(node, p);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equal(node, root);
}

/**
 * RFC 9162 2.1.4.2, which leaves sizes 0 open: here the empty tree is consistent with every tree, with an empty
 * proof and the root of the empty string; and equal sizes need equal roots and an empty proof.
 */
export function verifyConsistency(
  first: number,
  second: number,
  proof: readonly Uint8Array[],
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
): boolean {
  if (!isSize(first) || !isSize(second) || first > second) return false;
  if (!areHashes([firstRoot, secondRoot, ...proof])) return false;
  if (first === second) return proof.length === 0 && equal(firstRoot, secondRoot);
  if (first === 0) return proof.length === 0 && equal(firstRoot, EMPTY_ROOT);
  const path = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof;
  if (path.length === 0) return false;
  let fn = first - 1;
  let sn = second - 1;
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  let fr: Uint8Array = path[0]!;
  let sr: Uint8Array = path[0]!;
  for (const c of path.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      sr = nodeHash(sr, c);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equal(fr, firstRoot) && equal(sr, secondRoot);
}

/** The largest power of two smaller than n (RFC 9162: k < n <= 2k); 1 for n <= 2. */
function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function log2(powerOfTwo: number): number {
  return Math.round(Math.log2(powerOfTwo));
}

function bitCount(n: number): number {
  let count = 0;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

function isPowerOfTwo(n: number): boolean {
  return bitCount(n) === 1;
}

function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.length <= 2 + 64 && hashes.every((h) => h.length === 32);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function requireRange(index: number, size: number): void {
  if (!isSize(index) || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size} leaves`);
}

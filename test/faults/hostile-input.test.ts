import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EvidenceError } from "../../src/evidence/error.ts";
import { exportBundle } from "../../src/evidence/export.ts";
import { verifyBundle } from "../../src/evidence/verify.ts";
import type { JsonObject } from "../../src/exchange/exchange.ts";
import { readLines } from "../../src/exchange/lines.ts";
import { openCheckpoint } from "../../src/ledger/checkpoint.ts";
import { LedgerError } from "../../src/ledger/error.ts";
import { encodeFrame, encodeSlot, frameBytes, FrameType } from "../../src/ledger/frame.ts";
import { describeSegments } from "../../src/ledger/fsck.ts";
import { loadMasterKeys, type MasterKeys } from "../../src/ledger/keyring.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { newSigner, parseNote, parseVkey, signNote, type NoteVerifier } from "../../src/ledger/note.ts";
import { parseTlogProof } from "../../src/ledger/proof.ts";
import { readLeaves } from "../../src/ledger/read.ts";
import { matchesReceipt, verifyReceipt } from "../../src/ledger/receipt.ts";
import { encodeSegmentHeader, listSegments, segmentPath } from "../../src/ledger/segment.ts";
import { readVkeys } from "../../src/ledger/signers.ts";
import { check, exchange, seeded, T0 } from "./exchanges.ts";

let root: string;
let original: string;
let masters: MasterKeys;
let trust: NoteVerifier[];
let receipt: string;
let bundle: string[];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "sw-hostile-"));
  original = join(root, "original");
  const ledger = await Ledger.open({ dataDir: original, now: () => T0, segmentBytes: 5000, checkpointMs: 3 });
  for (let i = 0; i < 30; i++) await exchange(ledger, `ex_${i}`, `acc_${i % 2}`);
  await ledger.erase({ exchange: "ex_4", reason: "r" });
  receipt = (await ledger.receipt("ex_6", "acc_0"))!;
  const { note } = await ledger.checkpoint();
  await ledger.stop();
  masters = await loadMasterKeys(original, {});
  trust = readVkeys(original);
  const out = join(root, "bundle.jsonl");
  await exportBundle({
    dataDir: original,
    masters,
    checkpoint: note,
    account: "acc_0",
    withhold: [],
    out,
    now: () => T0,
  });
  bundle = readFileSync(out, "utf8").trimEnd().split("\n");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Any JSON, also where an object is expected, and objects with surprising members. */
const anyJson = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    "__proto__",
    1e308,
    -1,
    "\ud800",
    "",
    [],
    {},
    { toString: 5 },
    { length: -1 },
    [[[[]]]],
    "A".repeat(5000),
  ),
);

/** A copy of `value` with a member somewhere in it replaced, removed or added. */
function mutated(value: unknown, random: () => number, put: unknown): unknown {
  if (typeof value !== "object" || value === null || random() < 0.15) return put;
  const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  const keys = Object.keys(copy);
  const target = copy as { [key: string]: unknown };
  const key = keys[Math.floor(random() * keys.length)];
  if (key === undefined || random() < 0.1) target["more"] = put;
  else if (random() < 0.15) delete target[key];
  else target[key] = mutated(target[key], random, put);
  return copy;
}

/** What nobody signed may be changed (when it was made), and everybody may withhold groups that only say more. */
function isAllowed(before: JsonObject, after: unknown): boolean {
  if (typeof after !== "object" || after === null || Array.isArray(after)) return false;
  const opened = (after as JsonObject)["opened"];
  const restored =
    typeof opened === "object" && opened !== null
      ? { opened: Object.assign({}, before["opened"], opened) }
      : {};
  return (
    isDeepStrictEqual({ ...after, ...restored, made: "" }, { ...before, made: "" }) &&
    (!("made" in before) || typeof (after as JsonObject)["made"] === "string")
  );
}

async function* asLines(texts: readonly string[]): AsyncGenerator<{ number: number; text: string }> {
  for (const [i, text] of texts.entries()) yield { number: i + 1, text };
}

async function judge(texts: readonly string[], by = trust): Promise<"holds" | "fails" | "malformed"> {
  try {
    return (await verifyBundle(asLines(texts), by)).holds ? "holds" : "fails";
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code !== "malformed") throw error;
    return "malformed";
  }
}

const NESTED = "[".repeat(200_000) + "]".repeat(200_000);

describe("a bundle from anybody", () => {
  it("that is the one exported holds, or these tests show nothing", async () => {
    expect(await judge(bundle)).toBe("holds");
  });

  it("with any member changed does not hold or is called malformed, and nothing else happens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), anyJson, async (where, seed, put) => {
        const lines = [...bundle];
        const at = where % lines.length;
        const before: unknown = JSON.parse(lines[at]!);
        lines[at] = JSON.stringify(mutated(before, seeded(seed), put));
        const after: unknown = JSON.parse(lines[at]);
        const verdict = await judge(lines);
        if (!isAllowed(before as JsonObject, after)) expect(verdict, lines[at]).not.toBe("holds");
      }),
      { numRuns: 600 },
    );
  });

  it("of any lines at all is malformed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.json(), fc.string({ unit: "binary" })), { maxLength: 4 }),
        async (lines) => {
          expect(await judge(lines)).toBe("malformed");
        },
      ),
    );
    for (const text of [
      NESTED,
      `{"format":${NESTED}}`,
      `{"format":"stillwatch-bundle/1","subject":${NESTED}}`,
    ])
      expect(await judge([text])).toBe("malformed");
    for (const member of ["leaf", "entry", "path", "opened", "event"])
      expect(
        await judge([
          bundle[0]!,
          bundle[1]!.replace(new RegExp(`"${member}":("[^"]*"|\\d+|\\[[^\\]]*\\])`), `"${member}":${NESTED}`),
        ]),
      ).not.toBe("holds");
  });

  it("signed by a log that signs nonsense does not make the verifier fall over", async () => {
    const { commit, exchangeEntry, Group, GROUPS } = await import("../../src/ledger/entry.ts");
    const { leafHash } = await import("../../src/ledger/tree.ts");
    const signer = newSigner("log.example/evil");
    const salt = Buffer.alloc(16);
    const nonsense = [
      "null",
      "5",
      '"x"',
      "[]",
      "{}",
      "",
      "not json",
      '{"account":"acc_0","sequence":"1","previous":null}',
      '{"account":"acc_0","sequence":1e999}',
      '{"account":{},"sequence":NaN}',
      `{"id":"ex_1","time":{"toString":5}}`,
      NESTED,
    ];
    for (const who of nonsense)
      for (const parameters of nonsense) {
        const values = { who, parameters, sketches: "{}", prompt: "", response: "" };
        const entry = exchangeEntry(
          GROUPS.map((name) => commit(salt, Group[name], Buffer.from(values[name]))),
        );
        const note = signNote(`log.example/evil\n1\n${leafHash(entry).toString("base64")}\n`, [signer]);
        const opened = Object.fromEntries(
          GROUPS.map((name) => [
            name,
            { salt: salt.toString("base64"), value: Buffer.from(values[name]).toString("base64") },
          ]),
        );
        const head = {
          format: "stillwatch-bundle/1",
          subject: { account: "acc_0" },
          made: "",
          checkpoint: note,
          items: 1,
        };
        const item = { leaf: 0, entry: entry.toString("base64"), path: [], opened };
        expect(await judge([JSON.stringify(head), JSON.stringify(item)], [signer.verifier])).not.toBe(
          "malformed",
        );
        const texts = Object.fromEntries(
          GROUPS.map((name) => [name, { salt: salt.toString("base64"), value: values[name] }]),
        );
        const evil = {
          format: "stillwatch-receipt/1",
          exchange: "ex_1",
          entry: entry.toString("base64"),
          opened: texts,
          proof: `c2sp.org/tlog-proof@v1\nindex 0\n\n${note}`,
        };
        onlyLedgerErrors(() => verifyReceipt(JSON.stringify(evil), [signer.verifier]));
      }
  });

  it("is read within bounds, whatever the file is", async () => {
    const path = join(root, "noise.jsonl");
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom("", ".gz", ".zst"),
        async (bytes, ending) => {
          writeFileSync(path + ending, bytes);
          await expect(verifyBundle(readLines(path + ending), trust)).rejects.toThrow();
        },
      ),
      { numRuns: 60 },
    );
  });
});

function onlyLedgerErrors(work: () => unknown): "done" | "refused" {
  try {
    work();
    return "done";
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return "refused";
  }
}

describe("a receipt, note, key or proof from anybody", () => {
  it("holds only unchanged, and is otherwise refused with a LedgerError", () => {
    expect(onlyLedgerErrors(() => verifyReceipt(receipt, trust))).toBe("done");
    fc.assert(
      fc.property(fc.nat(), anyJson, (seed, put) => {
        const after = JSON.stringify(mutated(JSON.parse(receipt), seeded(seed), put));
        const verdict = onlyLedgerErrors(() => verifyReceipt(after, trust));
        onlyLedgerErrors(() => matchesReceipt(after, "prompt", Buffer.from("x")));
        // What the entry commits to and what the tree signs cannot be changed; salts of what is not shown can.
        if (verdict === "done")
          expect(
            onlyLedgerErrors(() =>
              expect(verifyReceipt(after, trust)).toEqual(verifyReceipt(receipt, trust)),
            ),
          ).toBe("done");
      }),
      { numRuns: 1000 },
    );
    for (const text of ["", "null", "[]", "5", NESTED, `{"format":${NESTED}}`])
      expect(onlyLedgerErrors(() => verifyReceipt(text, trust))).toBe("refused");
  });

  it("of any characters is refused with a LedgerError", () => {
    const { checkpoint } = parseTlogProof((JSON.parse(receipt) as { proof: string }).proof);
    const garbled = fc
      .tuple(fc.nat(), fc.nat(20), fc.string({ unit: "binary", maxLength: 20 }))
      .map(([where, cut, put]) => {
        const at = where % checkpoint.length;
        return checkpoint.slice(0, at) + put + checkpoint.slice(at + cut);
      });
    fc.assert(
      fc.property(fc.oneof(garbled, fc.string({ unit: "binary" })), (text) => {
        onlyLedgerErrors(() => parseNote(text));
        onlyLedgerErrors(() => parseTlogProof(text));
        onlyLedgerErrors(() => parseVkey(text));
        if (onlyLedgerErrors(() => openCheckpoint(text, trust)) === "done")
          expect(openCheckpoint(text, trust).root).toEqual(openCheckpoint(checkpoint, trust).root);
      }),
      { numRuns: 1000 },
    );
    // Any 32 bytes as a public key.
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (raw) => {
        const key = Buffer.concat([Buffer.of(1), raw]).toString("base64");
        onlyLedgerErrors(() => parseVkey(`log.example+00000000+${key}`));
      }),
    );
  });
});

describe("a data folder from anybody", () => {
  let copies = 0;
  function copy(): string {
    const dir = join(root, `copy-${copies++}`);
    cpSync(original, dir, { recursive: true });
    return dir;
  }

  async function everything(dir: string): Promise<boolean> {
    const report = await check(dir);
    onlyLedgerErrors(() => describeSegments(dir));
    try {
      for await (const { opened } of readLeaves(dir, masters))
        if (opened.kind === "exchange") expect(opened.parameters.id).toMatch(/^ex_/);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
    }
    try {
      await (await Ledger.open({ dataDir: dir, now: () => T0 })).stop();
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
    }
    return report.holds;
  }

  it("with any bytes changed, cut or appended makes verify, readers and a start say so or go on, and nothing else", async () => {
    const random = seeded(5);
    expect(await everything(copy())).toBe(true);
    for (let i = 0; i < 60; i++) {
      const dir = copy();
      const files = ["journal", "log"]
        .flatMap((folder) =>
          readdirSync(join(dir, folder), { recursive: true, encoding: "utf8" }).map((name) =>
            join(dir, folder, name),
          ),
        )
        .filter((path) => statSync(path).isFile());
      const path = files[Math.floor(random() * files.length)]!;
      const bytes = readFileSync(path);
      const at = Math.floor(random() * bytes.length);
      const noise = Buffer.from(
        Array.from({ length: 1 + Math.floor(random() * 80) }, () => Math.floor(random() * 256)),
      );
      const kind = i % 4;
      const changed =
        kind === 0
          ? Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at + noise.length)])
          : kind === 1
            ? bytes.subarray(0, at)
            : kind === 2
              ? Buffer.concat([bytes, noise])
              : Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
      writeFileSync(path, changed);
      expect(await everything(dir), `${path} kind ${kind} at ${at}`).toBe(changed.equals(bytes));
      rmSync(dir, { recursive: true });
    }
  }, 60_000);

  it("with frames that have right checksums and wrong contents", async () => {
    const random = seeded(6);
    const noise = (max: number): Buffer =>
      Buffer.from(Array.from({ length: Math.floor(random() * max) }, () => Math.floor(random() * 256)));
    const types = Object.values(FrameType);
    for (let i = 0; i < 60; i++) {
      const dir = copy();
      const last = listSegments(dir).at(-1)!;
      const path = segmentPath(dir, last);
      const next = 1 + Math.max(...describeSegments(dir).map(({ lastRecord }) => lastRecord));
      const count = 1 + Math.floor(random() * 3);
      const parts: Buffer[] = [];
      for (let place = 0; place < count; place++) {
        const body = noise(300);
        // Some of them refer to INTENTs: to none, to a leaf, to themselves.
        if (body.length >= 8 && random() < 0.5)
          body.writeBigUInt64LE(BigInt(Math.floor(random() * (next + 3))), 0);
        const draft = {
          type: types[(i + place) % types.length]!,
          compressed: random() < 0.3,
          slot: random() < 0.5 ? (random() < 0.3 ? Buffer.alloc(44) : encodeSlot(Buffer.alloc(40, i))) : null,
          body: [body],
        };
        const out = Buffer.alloc(frameBytes(draft));
        encodeFrame(out, 0, draft, next + place, place, count);
        parts.push(out);
      }
      writeFileSync(path, Buffer.concat([readFileSync(path), ...parts]));
      expect(await everything(dir)).toBe(false);
      rmSync(dir, { recursive: true });
    }
  }, 60_000);

  it("with segments missing, renamed, repeated, or of other folders", async () => {
    const changes: ((dir: string, segments: number[]) => void)[] = [
      (dir, segments) => rmSync(segmentPath(dir, segments[0]!)),
      (dir, segments) => rmSync(segmentPath(dir, segments[2]!)),
      (dir, segments) => rmSync(segmentPath(dir, segments.at(-1)!)),
      (dir, segments) => segments.slice(1).forEach((first) => rmSync(segmentPath(dir, first))),
      (dir, segments) => segments.forEach((first) => rmSync(segmentPath(dir, first))),
      (dir, segments) => cpSync(segmentPath(dir, segments[0]!), segmentPath(dir, segments[1]!)),
      (dir, segments) => writeFileSync(segmentPath(dir, segments.at(-1)!), ""),
      (dir, segments) =>
        writeFileSync(
          segmentPath(dir, segments.at(-1)!),
          encodeSegmentHeader({ firstRecord: segments.at(-1)!, firstLeaf: 0, sealed: false }),
        ),
      (dir) =>
        writeFileSync(
          segmentPath(dir, 9_000_000),
          encodeSegmentHeader({ firstRecord: 9_000_000, firstLeaf: 0, sealed: false }),
        ),
      (dir) => writeFileSync(segmentPath(dir, 9_000_000), ""),
      (dir) => writeFileSync(join(dir, "journal", "99999999999999999999.swj"), "x"),
      (dir) => mkdirSync(segmentPath(dir, 9_000_000)),
      (dir) => rmSync(join(dir, "log"), { recursive: true }),
      (dir) => writeFileSync(join(dir, "log", "tile", "0", "more"), "x"),
    ];
    for (const withSnapshot of [true, false])
      for (const [i, change] of changes.entries()) {
        const dir = copy();
        if (!withSnapshot) rmSync(join(dir, "journal", "snapshot"), { force: true });
        change(dir, listSegments(dir));
        expect(await everything(dir), `change ${i}`).toBe(false);
        rmSync(dir, { recursive: true });
      }
  }, 60_000);

  it("that lost its last segment does not start: it would sign another tree than it signed before", async () => {
    for (const snapshot of [true, false]) {
      const dir = copy();
      if (!snapshot) rmSync(join(dir, "journal", "snapshot"), { force: true });
      rmSync(segmentPath(dir, listSegments(dir).at(-1)!));
      await expect(Ledger.open({ dataDir: dir, now: () => T0 })).rejects.toMatchObject({
        code: "below_checkpoint",
      });
      rmSync(dir, { recursive: true });
    }
  });

  it("with pipes, folders and links in the place of files is not waited for", async () => {
    const places = (dir: string): string[] => [
      segmentPath(dir, listSegments(dir)[1]!),
      segmentPath(dir, listSegments(dir).at(-1)!),
      join(dir, "log", "checkpoint"),
      join(dir, "journal", "snapshot"),
      join(dir, "log", "tile", "0", "000.p", "31"),
    ];
    for (const make of [(path: string) => execFileSync("mkfifo", [path]), (path: string) => mkdirSync(path)])
      for (let i = 0; i < places(original).length; i++) {
        const dir = copy();
        const path = places(dir)[i]!;
        rmSync(path, { force: true });
        make(path);
        expect((await check(dir)).holds, path).toBe(false);
        rmSync(dir, { recursive: true });
      }
  }, 60_000);
});

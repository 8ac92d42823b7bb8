import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textRelease } from "./text-release.ts";

/** What `textRelease` must give out, found anew after each part: the definition. */
function bySearching(stops: readonly string[]) {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let waiting = "";
  let end = 0;
  const take = (more: string, last: boolean) => {
    waiting += more;
    const found = stops.map((text) => ({ at: waiting.indexOf(text), text })).filter(({ at }) => at >= 0);
    const [stop] = found.sort((a, b) => a.at - b.at);
    const mayBegin = stops.map((text) => {
      let length = Math.min(text.length - 1, waiting.length);
      while (!waiting.endsWith(text.slice(0, length))) length--;
      return length;
    });
    const length = stop?.at ?? waiting.length - (last ? 0 : Math.max(0, ...mayBegin));
    const text = waiting.slice(0, length);
    waiting = waiting.slice(length);
    end += length;
    return { text, end, stoppedBy: stop?.text ?? null };
  };
  return {
    push: (bytes: Uint8Array) => take(decoder.decode(bytes, { stream: true }), false),
    finish: () => take(decoder.decode(), true),
  };
}

/** `all` in parts of these lengths, one after another and again from the first. */
function partsOf(all: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += parts.at(-1)!.length)
    parts.push(all.subarray(at, at + lengths[parts.length % lengths.length]!));
  return parts;
}

const unit = fc.constantFrom("a", "a", "b", "é", "🙂");
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });

describe("textRelease", () => {
  it("gives out after each part what a search of all of the text gives", () => {
    const stops = fc.array(fc.string({ unit, minLength: 1, maxLength: 7 }), { maxLength: 4 });
    // Stops that stand in the text, besides those that hardly ever do.
    const text = fc.tuple(fc.string({ unit, maxLength: 40 }), fc.nat(40), fc.integer({ min: 1, max: 9 }));
    let stopped = 0;
    fc.assert(
      fc.property(text, stops, lengths, ([text, at, long], others, lengths) => {
        const own = text.slice(at, at + long).toWellFormed();
        const stop = own === "" ? others : [...others, own];
        const [got, want] = [textRelease(stop), bySearching(stop)];
        for (const part of partsOf(Buffer.from(text), lengths)) {
          const expected = want.push(part);
          expect(got.push(part)).toEqual(expected);
          if (expected.stoppedBy === null) continue;
          stopped++;
          return;
        }
        expect(got.finish()).toEqual(want.finish());
      }),
      { numRuns: 2_000 },
    );
    expect(stopped).toBeGreaterThan(100);
  });

  it("does the same with bytes that are no text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), lengths, (bytes, lengths) => {
        const stop = ["\ufffd\ufffd\ufffd", "\u0000"];
        const [got, want] = [textRelease(stop), bySearching(stop)];
        for (const part of partsOf(bytes, lengths)) {
          const expected = want.push(part);
          expect(got.push(part)).toEqual(expected);
          if (expected.stoppedBy !== null) return;
        }
        expect(got.finish()).toEqual(want.finish());
      }),
    );
  });

  it("finds a text that begins again within itself", () => {
    const release = textRelease(["aabaaa"]);
    expect(release.push(Buffer.from("xaabaa"))).toEqual({ text: "x", end: 1, stoppedBy: null });
    expect(release.push(Buffer.from("b"))).toEqual({ text: "aab", end: 4, stoppedBy: null });
    expect(release.push(Buffer.from("aaa"))).toEqual({ text: "", end: 4, stoppedBy: "aabaaa" });
  });

  it("gives out nothing after a stop", () => {
    const release = textRelease(["ab", "abc"]);
    expect(release.push(Buffer.from("xab"))).toEqual({ text: "x", end: 1, stoppedBy: "ab" });
    expect(release.push(Buffer.from("cd"))).toEqual({ text: "", end: 1, stoppedBy: "ab" });
    expect(release.finish()).toEqual({ text: "", end: 1, stoppedBy: "ab" });
  });

  it("takes stops with half a character as those with U+FFFD in its place", () => {
    const release = textRelease(["a\ud83d"]);
    expect(release.push(Buffer.from("a🙂"))).toEqual({ text: "a🙂", end: 3, stoppedBy: null });
    expect(release.push(Buffer.from("a\ufffd"))).toEqual({ text: "", end: 3, stoppedBy: "a\ufffd" });
  });

  it("answers with many long stops that almost stand in the text", () => {
    const stops = Array.from({ length: 16 }, (_, i) => `${"a".repeat(4_095)}${i % 10}`);
    const release = textRelease(stops);
    for (let i = 0; i < 20_000; i++) release.push(Buffer.from("a"));
    expect(release.finish()).toEqual({ text: "a".repeat(4_095), end: 20_000, stoppedBy: null });
  });
});

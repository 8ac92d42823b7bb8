import { describe, expect, it } from "vitest";
import { generateWorld } from "../../test/world/world.ts";
import { builtInCalibration } from "./calibration.ts";
import { Detector } from "./detector.ts";
import { DetectError } from "./error.ts";

const calibration = builtInCalibration();
const detector = new Detector({ calibration });
for (const x of generateWorld({ seed: "snapshot", accounts: 3, exchangesPerAccount: 30 }).exchanges())
  detector.observe(x);
const whole = detector.snapshot();

function restored(bytes: Uint8Array): unknown {
  try {
    return Detector.restore(bytes, { calibration });
  } catch (error) {
    return error;
  }
}

const isRefused = (bytes: Uint8Array): boolean => {
  const error = restored(bytes);
  return error instanceof DetectError && error.code === "snapshot";
};

describe("a snapshot", () => {
  it("is refused, with DetectError and nothing else, wherever a byte of it was flipped", () => {
    expect(restored(whole)).toBeInstanceOf(Detector);
    // Every byte of its beginning and end, and many between.
    const step = Math.max(1, Math.floor(whole.length / 500));
    for (let at = 0; at < whole.length; at += at < 200 || at > whole.length - 50 ? 1 : step) {
      const damaged = Uint8Array.from(whole);
      damaged[at]! ^= 1 << (at % 8);
      if (!isRefused(damaged)) expect.fail(`byte ${at}: ${String(restored(damaged))}`);
    }
  });

  it("is refused when it was cut off or something follows it", () => {
    for (const length of [0, 1, 9, 10, 41, 42, 43, whole.length >> 1, whole.length - 1])
      expect(isRefused(whole.slice(0, length)), String(length)).toBe(true);
    expect(isRefused(Buffer.concat([whole, Buffer.of(0)]))).toBe(true);
  });
});

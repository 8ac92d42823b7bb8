import { describe, expect, it } from "vitest";
import { conversation } from "../exchange/conversation.ts";
import { builtInCalibration, Calibration } from "./calibration.ts";
import { Profile } from "./link/profile.ts";
import { type Linked, pool, withoutStrongest } from "./pool.ts";
import { boundsCampaigns, judgePooled, pooledScore } from "./pooled.ts";
import { Reader } from "./reading.ts";
import { Trajectory } from "./trajectory.ts";

const calibration = builtInCalibration();
const withGroups = (groups: number): Calibration =>
  new Calibration({ ...calibration.file, builtIn: false, groups: Array.from({ length: groups }, () => 0) });
const reader = new Reader(calibration.file.samplingKey);

type Asks = (i: number) => { readonly system?: string; readonly prompt: string; readonly more?: object };

function account(name: string, exchanges: number, asks: Asks): Linked {
  const trajectory = new Trajectory(calibration.weights, null);
  for (let i = 0; i < exchanges; i++) {
    const { system, prompt, more } = asks(i);
    const messages = [
      ...(system === undefined ? [] : [{ role: "system", content: system }]),
      { role: "user", content: prompt },
    ];
    const content = system?.startsWith("Explain") ? long(i) : "short";
    const response = { choices: [{ message: { role: "assistant", content } }] };
    const read = conversation({
      endpoint: "/v1/chat/completions",
      request: { messages, ...more },
      response,
    });
    trajectory.observe(reader.read(read), `${name}_${i}`, Date.parse("2026-01-01T00:00:00Z") + i * 60_000);
  }
  return { standing: { account: name }, trajectory, profile: new Profile() };
}

/** Moves the logits of ever other tokens: the one rule that no honest account meets. */
const extraction: Asks = (i) => ({
  prompt: "x",
  more: { logit_bias: { [`t${i}`]: 5 }, logprobs: true, top_logprobs: 5 },
});
const word = (i: number): string =>
  `${i}`.replace(/\d/g, (d) => `${"bcdfghjklm".charAt(Number(d))}${"aeiou".charAt(i % 5)}`);
const subject = (i: number): string =>
  `Derive why ${word(i * 37)} bends ${word(i * 91 + 5)} in ${word(i * 53)}.`;
const long = (i: number): string =>
  Array.from({ length: 400 }, (_, k) => `${word(i * 31 + k * 7)}${k % 12 === 11 ? "." : ""}`).join(" ");
const question = (name: string, i: number): string => `What is ${name} thing ${(i * 7) % 5} again?`;
const honest = (n: number): Linked[] =>
  Array.from({ length: n }, (_, k) => account(`acc_${k}`, 30, (i) => ({ prompt: question(`${k}`, i) })));
const p = (accounts: readonly Linked[]): number => judgePooled(pool(accounts), calibration).p;

describe("judgePooled", () => {
  const strangers = honest(8);
  const harvester = account("harvester", 400, extraction);

  it("does not make a campaign of strangers with one strong harvester, and makes one of harvesters", () => {
    const mixed = pool([...strangers, harvester]);
    // Pooled they score as high as a harvester does …
    expect(pooledScore(mixed, calibration.weights).score).toBeGreaterThan(
      2 * pooledScore(pool(strangers), calibration.weights).score,
    );
    expect(p([harvester, account("other", 400, extraction)])).toBeLessThanOrEqual(0.05);
    // … and without that one as low as strangers do.
    expect(p([...strangers, harvester])).toBeGreaterThan(0.05);
    const many = Array.from({ length: 4 }, (_, k) => account(`h${k}`, 100, extraction));
    expect(p(many)).toBeLessThanOrEqual(0.05);
    expect(judgePooled(mixed, calibration).because.join("; ")).toMatch(
      /without the 1 of them with the highest/,
    );
  });

  it("leaves out the top tenth, at least one", () => {
    const left = (accounts: Linked[]): string[] =>
      withoutStrongest(pool(accounts)).accounts.map(({ standing }) => standing.account);
    expect(left([...strangers, harvester])).toEqual(strangers.map(({ standing }) => standing.account));
    const twenty = [...honest(18), harvester, account("second", 400, extraction)];
    expect(left(twenty)).toEqual(twenty.slice(0, 18).map(({ standing }) => standing.account));
  });

  it("gives the figures of the sub-stream that its sentences are about, and those of the whole beside them", () => {
    const some = Array.from({ length: 4 }, (_, k) =>
      account(`acc_${k}`, 90, (i) =>
        i % 3 === 0
          ? { system: "Explain the subject step by step for a textbook.", prompt: subject(90 * k + i) }
          : { system: `You are helper ${k}.`, prompt: question(`${k}`, i) },
      ),
    );
    const [first] = judgePooled(pool(some), calibration).because;
    expect(first).toMatch(
      /^sub-stream [0-9a-f]{8}, which 4 of 4 accounts share, with 120 exchanges and .* out of 360 exchanges/,
    );
  });
});

describe("boundsCampaigns", () => {
  it("takes 99 honest groups of real traffic", () => {
    expect(boundsCampaigns(withGroups(98))).toBe(false);
    expect(boundsCampaigns(withGroups(99))).toBe(true);
    expect(boundsCampaigns(new Calibration({ ...withGroups(99).file, builtIn: true }))).toBe(false);
    expect(judgePooled(pool(honest(4)), withGroups(98)).because.at(-1)).toMatch(/too few \(98, and 99/);
  });
});

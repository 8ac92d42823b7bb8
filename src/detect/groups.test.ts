import { expect, it } from "vitest";
import type { Account } from "../exchange/account.ts";
import { conversation } from "../exchange/conversation.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { groupScores } from "./groups.ts";
import { Profile } from "./link/profile.ts";
import type { Linked } from "./pool.ts";
import { Reader } from "./reading.ts";
import { Trajectory } from "./trajectory.ts";
import { builtInWeights } from "./weights.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const HOUR = 3_600_000;
const weights = builtInWeights();
const reader = new Reader();
const word = (i: number): string => `${i}`.replace(/\d/g, (d) => "bcdfghjklm".charAt(Number(d)));

/** The first `together` accounts share a template and a card; the others share nothing. */
function accounts(together: number, exchanges: number): Linked[] {
  return Array.from({ length: 150 }, (_, k) => {
    const one = k < together;
    const facts: Account = {
      account: `acc_${k}`,
      createdAt: new Date(START - k * 24 * HOUR).toISOString(),
      plan: "free",
      organization: null,
      emailDomain: null,
      payment: one ? "one card" : `card ${k}`,
      country: "US",
      verified: false,
      limits: {},
    };
    const trajectory = new Trajectory(weights, facts);
    const profile = new Profile();
    for (let i = 0; i < (one ? exchanges : 6); i++) {
      const line = one
        ? "Label the following message with one word only."
        : `I, ${word(k)}, ask about ${word(i)}.`;
      const x: Exchange = {
        id: `ex_${k}_${i}`,
        account: facts.account,
        endpoint: "/v1/chat/completions",
        request: { messages: [{ role: "user", content: `${line}\nMessage ${word(k * 100 + i)} is here.` }] },
        response: null,
        status: 200,
        time: "",
      };
      const reading = reader.read(conversation(x));
      const time = START + ((k * 7 + i * 31) % 400) * HOUR;
      trajectory.observe(reading, x.id, time);
      profile.observe(x, reading, time);
    }
    return { standing: { account: facts.account }, trajectory, profile };
  });
}

it("makes one null group of what is formed on two kinds of evidence, of accounts with five exchanges or more", () => {
  const end = START + 400 * HOUR;
  expect(groupScores(accounts(12, 6), end, weights)).toHaveLength(1);
  expect(groupScores(accounts(12, 4), end, weights)).toEqual([]);
  expect(groupScores(accounts(0, 6), end, weights)).toEqual([]);
});

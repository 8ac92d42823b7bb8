import { describe, expect, it } from "vitest";
import { type Random, seeded } from "../stats/random.ts";
import { Change } from "./change.ts";
import type { Sketch } from "./sketch.ts";

const WINDOW = 25;
const RENEWED_AFTER = 800;

/** What `Change` reads of a sketch: how many exchanges so far asked for tasks; begun anew as the trajectory does. */
class Account {
  readonly change: Change;
  #tasks = 0;
  #exchanges = 0;

  constructor(change = new Change()) {
    this.change = change;
  }

  exchange(task: boolean): void {
    const renewed = this.#exchanges === RENEWED_AFTER;
    if (renewed) this.#tasks = this.#exchanges = 0;
    this.#exchanges++;
    if (task) this.#tasks++;
    const tasks = this.#tasks;
    const sketch = { sum: (name: string) => (name === "bare" ? tasks : 0) };
    this.change.observe(sketch as unknown as Sketch, renewed);
  }

  windows(count: number, share: number, random: Random): void {
    for (let i = 0; i < count * WINDOW; i++) this.exchange(random.chance(share));
  }
}

describe("Change", () => {
  it.each([0, 0.02, 0.1, 0.3, 0.5, 0.8, 0.93, 0.97, 1])(
    "keeps its promise at a usual share of %f: within T windows evidence reaches c in at most T / c of the accounts",
    (share) => {
      const accounts = 300;
      const steps = [50, 150, 400];
      const bars = [50, 200, 1000, 4000];
      const reached = new Map<string, number>();
      for (let i = 0; i < accounts; i++) {
        const random = seeded(`usual ${share} ${i}`);
        const account = new Account();
        let before = 0;
        for (const step of steps) {
          account.windows(step - before, share, random);
          before = step;
          for (const bar of bars)
            if (account.change.highest >= bar)
              reached.set(`${step} ${bar}`, (reached.get(`${step} ${bar}`) ?? 0) + 1);
        }
      }
      for (const step of steps) {
        for (const bar of bars) {
          const most = step / bar;
          if (most >= 1) continue;
          const noise = 3 * Math.sqrt((most * (1 - most)) / accounts);
          expect((reached.get(`${step} ${bar}`) ?? 0) / accounts, `${step} windows, ${bar}`).toBeLessThan(
            most + noise,
          );
        }
      }
    },
    60_000,
  );

  it("sees a jump within a few hundred exchanges, and says from what to what", () => {
    const jumps = [
      [0.05, 0.6],
      [0.1, 0.8],
      [0.4, 0.95],
    ] as const;
    for (const [from, to] of jumps) {
      let seen = 0;
      for (let i = 0; i < 100; i++) {
        const random = seeded(`jump ${from} ${to} ${i}`);
        const account = new Account();
        account.windows(12, from, random);
        expect(account.change.highest).toBeLessThan(1000);
        account.windows(24, to, random);
        if (account.change.highest >= 1000) seen++;
        expect(Math.abs(account.change.usual - from)).toBeLessThan(0.2);
        expect(Math.abs(account.change.latest - to)).toBeLessThan(0.4);
      }
      expect(seen, `${from} to ${to}`).toBeGreaterThan(90);
    }
  });

  it("keeps what it found after the account went back to its habits, and finds no change downwards", () => {
    const random = seeded("back");
    const account = new Account();
    account.windows(4, 0.1, random);
    account.windows(20, 0.9, random);
    const { highest } = account.change;
    account.windows(40, 0.1, random);
    expect(account.change.highest).toBe(highest);
    const less = new Account();
    less.windows(8, 0.9, random);
    const before = less.change.highest;
    less.windows(40, 0.1, random);
    expect(less.change.highest).toBe(before);
    expect(before).toBeLessThan(2);
  });

  it("loses no window when the sketch is begun anew", () => {
    const account = new Account();
    for (let i = 0; i < 3 * RENEWED_AFTER; i++) account.exchange(i % 5 === 0);
    expect(account.change.windows).toBe((3 * RENEWED_AFTER) / WINDOW);
    // 5 of every 25: the share never moves, so neither does the evidence.
    expect([account.change.usual, account.change.latest, account.change.highest]).toEqual([0.2, 0.2, 1]);
  });

  it("goes on from what was packed", () => {
    const random = seeded("packed");
    const draws = Array.from({ length: 700 }, (_, i) => random.chance(i < 300 ? 0.1 : 0.6));
    const whole = new Account();
    for (const task of draws) whole.exchange(task);
    const resumed = new Account();
    for (const task of draws.slice(0, 310)) resumed.exchange(task);
    const later = new Change(JSON.parse(JSON.stringify(resumed.change.pack())) as number[]);
    let tasks = draws.slice(0, 310).filter(Boolean).length;
    for (const task of draws.slice(310)) {
      tasks += Number(task);
      later.observe({ sum: (name: string) => (name === "bare" ? tasks : 0) } as unknown as Sketch, false);
    }
    expect(later.pack()).toEqual(whole.change.pack());
  });
});

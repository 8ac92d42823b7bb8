import { expect, it } from "vitest";
import { campaign, END, honestWorld, memberOf, PLAIN } from "../../../test/link/members.ts";
import { binomialUpperTail } from "../../stats/interval.ts";
import { seeded } from "../../stats/random.ts";
import { linkedAcross } from "./across.ts";
import { populationOf } from "./population.ts";
import { strataOf } from "./strata.ts";
import { OWN_MEANS } from "./token.ts";

const random = seeded("across");
const world = honestWorld(1500, random);
const operations = ["one", "two"].map((name, i) =>
  campaign(name, { ...PLAIN, size: 40 }, world.length + 40 * i, random),
);
const population = populationOf([...world, ...operations.flat()].map(memberOf), END);
const place = new Map(population.members.map(({ account }, i) => [account, i]));
const placesOf = (accounts: readonly { account: string }[]): Uint32Array =>
  Uint32Array.from(accounts, ({ account }) => place.get(account) as number).sort();
const strata = strataOf(population);
const across = (a: Uint32Array, b: Uint32Array, name: string): boolean =>
  linkedAcross(population, strata, { a, b, mask: OWN_MEANS }, seeded(name));

it("finds two halves of one operation linked, and two operations not, however much each has in common inside", () => {
  const [one = [], two = []] = operations;
  expect(across(placesOf(one.slice(0, 12)), placesOf(one.slice(12)), "halves")).toBe(true);
  expect(across(placesOf(one), placesOf(two), "operations")).toBe(false);
});

it("joins at most one in a hundred pairs of strangers", () => {
  const drawn = seeded("strangers");
  const tries = 400;
  let joined = 0;
  for (let i = 0; i < tries; i++) {
    const set = new Set<number>();
    while (set.size < 30) set.add(place.get(world[drawn.below(world.length)]?.account as string) as number);
    const places = [...set];
    if (across(Uint32Array.from(places.slice(0, 15)), Uint32Array.from(places.slice(15)), `pair ${i}`))
      joined++;
  }
  // As many would be as improbable as one in a thousand at the rate of 0.01.
  expect(binomialUpperTail(joined, tries, 0.01)).toBeGreaterThan(0.001);
});

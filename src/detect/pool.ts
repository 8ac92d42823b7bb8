import type { Member } from "./link/member.ts";
import type { Profile } from "./link/profile.ts";
import { PART } from "./layout.ts";
import { Sketch } from "./sketch.ts";
import type { Tier } from "./tier.ts";
import type { Trajectory } from "./trajectory.ts";

/** What linking needs of a watched account. */
export interface Linked {
  /** The tier is the account's own; without one nothing is known of it. */
  readonly standing: { readonly account: string; readonly tier?: Tier };
  readonly trajectory: Trajectory;
  readonly profile: Profile;
}

/** The traffic of several accounts as one stream: 300 accounts of 25 exchanges are one stream of 7,500. */
export interface Pooled {
  readonly accounts: readonly Linked[];
  readonly whole: Sketch;
  /** Sub-streams that at least a third of the accounts have: one system prompt or head goes by one name everywhere. */
  readonly parts: readonly { readonly name: string; readonly accounts: number; readonly sketch: Sketch }[];
}

/** Fewer exchanges say nothing about whom an account belongs to. */
const LEAST_EXCHANGES = 5;
/** Templates and wording that linking looks at. */
const TEMPLATES = 6;
const WORDING = 48;
const SHARED = 1 / 3;

/** The accounts that linking looks at, by name: the same for campaigns and for the null groups of a calibration. */
export function linkable<T extends Linked>(accounts: Iterable<T>): Map<string, T> {
  const known = new Map<string, T>();
  for (const one of accounts)
    if (one.profile.exchanges >= LEAST_EXCHANGES) known.set(one.standing.account, one);
  return known;
}

export function memberOf({ standing, trajectory, profile }: Linked): Member {
  const { sketch } = trajectory;
  return {
    account: standing.account,
    facts: trajectory.facts,
    profile,
    templates: templatesOf(trajectory),
    wording: sketch.wording(WORDING).map(({ key }) => key),
  };
}

/**
 * What recurs in all of its traffic, and then what recurs in its sub-streams, the largest first: under cover traffic a template
 * is a small part of the whole and all of its stream.
 */
function templatesOf({ sketch, streams }: Trajectory): number[] {
  const parts = [...streams.all()]
    .filter(({ name, sketch: { exchanges } }) => name !== "rest" && exchanges >= LEAST_EXCHANGES)
    .sort((a, b) => b.sketch.exchanges - a.sketch.exchanges || (a.name < b.name ? -1 : 1));
  return [sketch, ...parts.map((part) => part.sketch)].flatMap((each) =>
    each.templates(TEMPLATES).map(({ key }) => key),
  );
}

/** Without the tenth (at least one) whose own scores were highest: what is left must harvest too, or it was those few. */
export function withoutStrongest({ accounts }: Pooled): Pooled {
  const out = Math.max(1, Math.floor(accounts.length / 10));
  const strongest = new Set(
    accounts.toSorted((a, b) => b.trajectory.highest - a.trajectory.highest).slice(0, out),
  );
  return pool(accounts.filter((account) => !strongest.has(account)));
}

/** In the order of the accounts given: merging heavy hitters is not commutative to the last count. */
export function pool(accounts: readonly Linked[]): Pooled {
  const whole = new Sketch();
  const parts = new Map<string, { accounts: number; sketch: Sketch }>();
  for (const { trajectory } of accounts) {
    whole.merge(trajectory.sketch);
    for (const { name, sketch } of trajectory.streams.all()) {
      if (name === "rest") continue;
      let part = parts.get(name);
      if (!part) parts.set(name, (part = { accounts: 0, sketch: new Sketch(PART) }));
      part.accounts++;
      part.sketch.merge(sketch);
    }
  }
  const shared = [...parts]
    .map(([name, part]) => ({ name, ...part }))
    .filter((part) => part.accounts >= SHARED * accounts.length);
  return { accounts, whole, parts: shared };
}

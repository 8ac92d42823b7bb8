import type { Account } from "../../src/exchange/account.ts";
import type { Random } from "../../src/stats/random.ts";
import type { Archetype } from "./actor.ts";
import type { Circumstances, Citizen } from "./citizen.ts";
import { DAY, HOUR, RELEASE, type Rhythm, START } from "./clock.ts";
import { DISGUISES, type Evasion } from "./disguise.ts";
import { LIMITS, type Plan, PUBLIC } from "./facts.ts";
import { harvesters } from "./harvesters.ts";
import { place, type Place, type PlaceKind, softwareOf } from "./infrastructure.ts";
import { citizen } from "./population.ts";
import type { Language } from "./words.ts";
import type { Worklist } from "./worklist.ts";

/** One operation of many accounts that collects outputs. */
export interface CampaignPlan {
  readonly name: string;
  /** Names of harvest families; members take turns. */
  readonly families: readonly string[];
  readonly evasion: Evasion;
  readonly accounts: number;
  /** A member's median exchanges a day: between these, log-uniformly. */
  readonly perDay: readonly [number, number];
  /** Exchanges of a member in total; without it, as many as the world's others have. */
  readonly total?: number;
  /** One wording for all, a dozen that members choose from, or everybody's own. */
  readonly templates: "shared" | "paraphrased" | "own";
  /** Members work off disjoint slices or residues of one list, or draw from it as they like. */
  readonly worklist: "slices" | "residues" | "overlapping";
  /** Items of the list for each member. */
  readonly itemsEach: number;
  /** Share of the members that ask from one of the operation's few shared places. */
  readonly sharedPlaces: number;
  readonly places: readonly PlaceKind[];
  /** Share of the members that pay with one of the operation's few means of payment. */
  readonly sharedPayments: number;
  /** Sign-ups come in so many bunches of so many hours. */
  readonly signUps: { readonly bunches: number; readonly hours: number };
  /** All work in the same hours of the same days. */
  readonly synchronised: boolean;
  /** Share of the members that are stopped; for each another takes over the rest of its work within hours. */
  readonly failover: number;
  readonly language: Language;
  /** Days after the world's beginning. */
  readonly begins: number;
  /** Everybody asks for the new model within a day of its release. */
  readonly followsReleases: boolean;
}

/** The accounts of one campaign. */
export function campaignOf(
  plan: CampaignPlan,
  nth: number,
  random: Random,
  idOf: (i: number) => string,
): Citizen[] {
  const families = plan.families.map(familyNamed);
  const operation = operationOf(plan, nth, random);
  return postsOf(plan, random).map((post, i) => {
    const own = random.fork(`member ${i}`);
    const family = families[post.slot % families.length] as Archetype;
    return citizen(own, idOf(i), family, circumstancesOf(own, plan, operation, post));
  });
}

/** What the members have in common. */
interface Operation {
  readonly id: string;
  readonly random: Random;
  readonly places: readonly (() => Place)[];
  readonly payments: readonly string[];
  /** Times around which the members signed up, in days before their first request. */
  readonly bunches: readonly number[];
  readonly rhythm: Rhythm;
  readonly zone: number;
}

function operationOf(plan: CampaignPlan, nth: number, random: Random): Operation {
  const software = softwareOf(random.fork("software"), "cloud");
  const few = 1 + Math.floor(plan.accounts / 40);
  return {
    id: `${plan.name} ${nth}`,
    random,
    places: Array.from({ length: few }, (_, i) => {
      const kind = random.fork(`place kind ${i}`).pick(plan.places);
      return () => place(random.fork(`place ${i}`), kind, software);
    }),
    payments: Array.from(
      { length: few },
      (_, i) => `pay-${random.fork(`payment ${i}`).uint32().toString(16)}`,
    ),
    bunches: Array.from(
      { length: plan.signUps.bunches },
      (_, i) => 1 + 20 * random.fork(`bunch ${i}`).uniform(),
    ),
    rhythm: random
      .fork("rhythm")
      .pick<Rhythm>(DISGUISES[plan.evasion].diurnal ? ["office", "traffic"] : ["machine", "batch"]),
    zone: random.fork("zone").pick([-6, 1, 8]),
  };
}

/** One member's place in the operation. */
interface Post {
  /** Its part of the worklist. */
  readonly slot: number;
  /** Of a part that two work off one after the other, which half. */
  readonly half: 0 | 1 | null;
  readonly start: number;
  readonly blockedAt: number | undefined;
}

/** Members begin together or over some days; a stopped one's successor begins within hours and takes over the rest of its part. */
function postsOf(plan: CampaignPlan, random: Random): Post[] {
  const stopped = Math.round((plan.accounts * plan.failover) / (1 + plan.failover));
  const slots = plan.accounts - stopped;
  const begins = START + plan.begins * DAY;
  const first = Array.from({ length: slots }, (_, slot): Post => {
    const start = begins + random.fork(`start ${slot}`).below(plan.synchronised ? 6 * HOUR : 5 * DAY);
    const blockedAt = start + Math.floor((0.5 + 3 * random.fork(`stop ${slot}`).uniform()) * DAY);
    return slot < stopped
      ? { slot, half: 0, start, blockedAt }
      : { slot, half: null, start, blockedAt: undefined };
  });
  const successors = first.slice(0, stopped).map(({ slot, blockedAt }): Post => {
    const gap = Math.floor((0.3 + 8 * random.fork(`gap ${slot}`).uniform()) * HOUR);
    return { slot, half: 1, start: (blockedAt as number) + gap, blockedAt: undefined };
  });
  return [...first, ...successors];
}

function circumstancesOf(
  own: Random,
  plan: CampaignPlan,
  { id, random, places, payments, bunches, rhythm, zone }: Operation,
  post: Post,
): Circumstances {
  const lots = own.fork("lots");
  const [low, high] = plan.perDay;
  const wording = {
    shared: "all",
    paraphrased: `variant ${lots.below(12)}`,
    own: `slot ${post.slot} ${own.uint32()}`,
  }[plan.templates];
  const lag =
    (lots.pick(bunches) * DAY + lots.below(plan.signUps.hours * HOUR)) * (post.half === 1 ? 0.1 : 1);
  return {
    campaign: id,
    language: plan.language,
    evasion: plan.evasion,
    template: random.fork(`template ${wording}`),
    worklist: partOf(plan, random, post),
    facts: membersFacts(
      lots,
      plan,
      payments,
      (post.half === 1 ? post.start : START + plan.begins * DAY) - Math.floor(lag),
    ),
    place: lots.chance(plan.sharedPlaces) ? lots.pick(places) : placeOfOwn(own, lots.pick(plan.places)),
    perDay: low * (high / low) ** lots.uniform(),
    total: plan.total,
    start: post.start,
    blockedAt: post.blockedAt,
    movesAt: plan.followsReleases ? RELEASE + lots.below(DAY) : undefined,
    ...(plan.synchronised && { rhythm, zone }),
  };
}

function placeOfOwn(own: Random, kind: PlaceKind): () => Place {
  return () => place(own.fork("place"), kind);
}

function partOf(
  { worklist, accounts, itemsEach }: CampaignPlan,
  random: Random,
  { slot, half }: Post,
): Worklist {
  const size = accounts * itemsEach;
  const name = `list ${random.fork("list").uint32()}`;
  switch (worklist) {
    case "overlapping":
      return { name, size, part: { kind: "any" } };
    case "residues": {
      // A second half is the same residue of numbers above those of the first.
      const modulus = accounts;
      return {
        name,
        size: half === 1 ? 2 * size : size,
        part: { kind: "residue", modulus, residue: slot + (half === 1 ? size : 0) },
      };
    }
    case "slices": {
      const from = slot * itemsEach + (half === 1 ? itemsEach >> 1 : 0);
      return {
        name,
        size,
        part: { kind: "slice", from, to: half === 0 ? from + (itemsEach >> 1) : (slot + 1) * itemsEach },
      };
    }
  }
}

function membersFacts(
  random: Random,
  plan: CampaignPlan,
  payments: readonly string[],
  signedUp: number,
): Partial<Account> {
  const tier = random.pick<Plan>(["free", "self-serve", "self-serve", "business"]);
  const own = tier === "free" ? null : `pay-${random.uint32().toString(16)}`;
  return {
    createdAt: new Date(signedUp).toISOString(),
    plan: tier,
    organization: null,
    emailDomain: random.chance(0.7)
      ? random.pick(PUBLIC)
      : `${random.pick(["tmp", "inbox", "fast", "mail"])}${random.below(30)}.example`,
    payment: random.chance(plan.sharedPayments) ? random.pick(payments) : own,
    limits: LIMITS[tier],
  };
}

function familyNamed(name: string): Archetype {
  const family = harvesters.find((each) => each.name === name);
  if (!family)
    throw new RangeError(
      `no harvest family is called "${name}"; there are: ${harvesters.map((each) => each.name).join(", ")}`,
    );
  return family;
}

import type { Random } from "../../src/stats/random.ts";
import { DAY, HOUR, START } from "./clock.ts";
import { anyOf, type CohortPlan, honestNamed } from "./cohort.ts";
import { PUBLIC } from "./facts.ts";
import { place, type Place, type PlaceKind, softwareOf } from "./infrastructure.ts";

/** The group's one place for some of the members, a place of its own for the others. */
function at(own: Random, group: Random, share: number, kind: PlaceKind = "home"): () => Place {
  if (own.fork("here").chance(share)) return () => place(group.fork("the group's place"), "office");
  return () => place(own.fork("place"), kind);
}

const bill = (group: Random): string => `pay-${group.fork("payment").uint32().toString(16)}`;
const on = (time: number): string => new Date(time).toISOString();

/** Groups that must not be taken for campaigns, for they have much in common and are honest. */
export const lookAlikes: readonly CohortPlan[] = [
  {
    // Departments with accounts and keys of their own, all on one template and one bill, and say so.
    name: "one company, many accounts",
    accounts: 25,
    member: (_own, group) => ({
      archetype: anyOf(group.fork("archetype"), "application"),
      given: {
        template: group.fork("template"),
        facts: {
          organization: "north-retail",
          emailDomain: "north-retail.example",
          payment: bill(group),
          plan: "enterprise",
        },
      },
    }),
  },
  {
    // Colleagues who do different things behind one address; some forgot to say for whom they work.
    name: "company behind one address",
    accounts: 40,
    member: (own, group) => ({
      archetype: anyOf(own, own.chance(0.6) ? "person" : "application"),
      given: {
        place: at(own, group, 1),
        facts: {
          emailDomain: "alder-insurance.example",
          organization: own.chance(0.8) ? "alder-insurance" : null,
        },
      },
    }),
  },
  {
    // Strangers whose applications were made with the same public framework.
    name: "framework users",
    accounts: 80,
    member: (own, group) => ({
      archetype: honestNamed("framework app"),
      given: {
        template: group.fork("template"),
        facts: { organization: own.chance(0.5) ? `firm ${own.below(1e6)}` : null },
      },
    }),
  },
  {
    // Strangers who signed up when a thing came out and tried it.
    name: "launch day",
    accounts: 120,
    member: (own) => ({
      archetype: anyOf(own, own.chance(0.6) ? "person" : "application"),
      given: {
        facts: { createdAt: on(START + 2 * DAY + own.below(6 * HOUR)) },
        start: START + 2 * DAY + 6 * HOUR + own.below(10 * HOUR),
      },
    }),
  },
  {
    // One exercise, one afternoon, private mail addresses, half of them in the same hall.
    name: "course",
    accounts: 60,
    member: (own, group) => ({
      archetype: honestNamed(
        group.fork("exercise").pick(["labelling", "extraction", "benchmark run", "summary", "retrieval"]),
      ),
      given: {
        template: group.fork("template"),
        language: "en",
        facts: {
          organization: null,
          emailDomain: own.pick(PUBLIC),
          plan: "free",
          payment: null,
          createdAt: on(START + 2 * DAY + own.below(3 * HOUR)),
        },
        start: START + 2 * DAY + 4 * HOUR + own.below(2 * HOUR),
        place: at(own, group, 0.6),
        rhythm: "machine",
      },
    }),
  },
  {
    // A weekend in one building: everybody builds something else, some from the organisers' starter kit.
    name: "hackathon",
    accounts: 50,
    member: (own, group) => ({
      archetype: anyOf(own, own.chance(0.7) ? "application" : "person"),
      given: {
        ...(own.chance(0.4) && { template: group.fork("starter kit") }),
        facts: {
          emailDomain: own.pick(PUBLIC),
          organization: null,
          createdAt: on(START + 4 * DAY + own.below(8 * HOUR)),
          payment: null,
          plan: "free",
        },
        start: START + 5 * DAY + own.below(6 * HOUR),
        place: at(own, group, 0.9, "mobile"),
      },
    }),
  },
  {
    // An agency runs its clients' accounts: one card, one office, clients' names.
    name: "agency",
    accounts: 30,
    member: (own, group) => ({
      archetype: honestNamed(
        own.pick(["copywriting", "search pages", "support chat", "e-mail drafts", "translation"]),
      ),
      given: {
        template: own.chance(0.7) ? group.fork("house template") : undefined,
        place: at(own, group, 0.8, "cloud"),
        facts: {
          payment: own.chance(0.8) ? bill(group) : `pay-${own.uint32().toString(16)}`,
          organization: `client-${own.below(1e5)}`,
          plan: "business",
        },
      },
    }),
  },
  {
    // A reseller with an account for each group of customers; one card, one data centre.
    name: "reseller's accounts",
    accounts: 20,
    member: (own, group) => ({
      archetype: honestNamed(own.chance(0.7) ? "reseller" : "chat front-end"),
      given: {
        facts: { payment: bill(group), organization: null, emailDomain: "openrelay.example" },
        place: () => place(group.fork(`machine ${own.below(4)}`), "cloud"),
      },
    }),
  },
  {
    // Users of an open-source application who bring their own keys: its prompt and its client software, nothing else.
    name: "bring your own key",
    accounts: 90,
    member: (own, group) => ({
      archetype: honestNamed(
        group.fork("app").pick(["pattern library", "coding agent", "code completion", "commit messages"]),
      ),
      given: {
        template: group.fork("template"),
        place: () =>
          place(
            own.fork("place"),
            own.fork("kind").pick(["home", "home", "mobile", "office"]),
            softwareOf(group.fork("software"), "cloud"),
          ),
      },
    }),
  },
  {
    // A research group: the same benchmark from one university, several accounts because of limits.
    name: "research group",
    accounts: 12,
    member: (own, group) => ({
      archetype: honestNamed(
        group
          .fork("benchmark")
          .pick(["exam letters", "reasoning as json", "repeated sampling", "benchmark run"]),
      ),
      given: {
        template: group.fork("template"),
        language: "en",
        facts: { emailDomain: "cs.university.example", organization: own.chance(0.4) ? "university" : null },
        place: at(own, group, 0.8),
        start: START + 6 * DAY + own.below(12 * HOUR),
      },
    }),
  },
];

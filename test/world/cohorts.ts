import { anyOf, type CohortPlan, honestNamed } from "./cohort.ts";
import { DAY, HOUR, START } from "./clock.ts";
import { place } from "./infrastructure.ts";

/** Groups that must not be taken for campaigns. */
export const lookAlikes: readonly CohortPlan[] = [
  {
    // Departments with accounts of their own, all on one template and one bill.
    name: "one company, many accounts",
    accounts: 25,
    member: (_own, group) => ({
      archetype: anyOf(group.fork("archetype"), "application"),
      given: {
        template: group.fork("template"),
        facts: {
          organization: "north-retail",
          emailDomain: "north-retail.example",
          payment: `pay-${group.fork("payment").uint32().toString(16)}`,
          plan: "enterprise",
        },
      },
    }),
  },
  {
    // Colleagues who do different things behind one address.
    name: "company behind one address",
    accounts: 40,
    member: (own, group) => ({
      archetype: own.chance(0.6) ? anyOf(own, "person") : anyOf(own, "application"),
      given: {
        place: place(group.fork("place"), "office"),
        facts: {
          emailDomain: "alder-insurance.example",
          organization: own.chance(0.8) ? "alder-insurance" : null,
        },
      },
    }),
  },
  {
    // Strangers who signed up when the model came out.
    name: "launch day",
    accounts: 120,
    member: (own) => ({
      archetype: anyOf(own, own.chance(0.6) ? "person" : "application"),
      given: {
        facts: { createdAt: new Date(START + 2 * DAY + own.below(6 * HOUR)).toISOString() },
        start: START + 2 * DAY + 6 * HOUR + own.below(10 * HOUR),
      },
    }),
  },
  {
    name: "course",
    accounts: 60,
    member: (own, group) => ({
      archetype: honestNamed("tutor"),
      given: {
        template: group.fork("template"),
        language: "en",
        facts: {
          organization: null,
          createdAt: new Date(START + 2 * DAY + own.below(3 * HOUR)).toISOString(),
        },
        start: START + 3 * DAY + own.below(2 * HOUR),
        place: own.chance(0.7) ? place(group.fork("campus"), "office") : place(own.fork("place"), "home"),
      },
    }),
  },
];

import { describe, expect, it } from "vitest";
import { memberOf, honest, END } from "../../../test/link/members.ts";
import { seeded } from "../../stats/random.ts";
import { declaredBy, Domains, unitsOf } from "./declared.ts";
import type { Sketched } from "../../../test/link/members.ts";

const random = seeded("declared");
const people = (n: number, fields: (i: number) => Partial<Sketched>): Sketched[] =>
  Array.from({ length: n }, (_, i) => ({
    ...honest(i, random, 5),
    plan: "self-serve",
    organization: null,
    verified: false,
    payment: `pay ${i}`,
    createdAt: END - i * 5 * 86_400_000,
    ...fields(i),
  }));
const declared = (accounts: Sketched[]) => {
  const members = accounts.map(memberOf);
  return declaredBy(members, new Domains(members));
};

describe("declaredBy", () => {
  it("takes a mail domain for an identity only with an organisation, verification or a contract behind it", () => {
    const mail = { emailDomain: "mail.example" };
    // Twelve of a small population: too few to tell a public service by its number.
    expect(declared(people(12, () => mail))).toMatchObject({ identity: null, share: 0 });
    expect(unitsOf(people(12, () => mail).map(memberOf), new Domains([]))).toEqual(new Uint32Array(12));
    expect(declared(people(12, (i) => ({ ...mail, organization: `shop ${i}` }))).share).toBe(0);
    for (const behind of [{ plan: "business" }, { verified: true }, { organization: "Acme" }])
      expect(declared(people(12, () => ({ ...mail, ...behind }))).share).toBe(1);
  });

  it("does not let a name stand on a public mail service that others have too", () => {
    const operation = people(5, () => ({ emailDomain: "mail.example", organization: "Acme" }));
    const others = people(9, (i) => ({ account: `other ${i}`, emailDomain: "mail.example" }));
    const members = [...operation, ...others].map(memberOf);
    expect(declaredBy(members.slice(0, 5), new Domains(members)).identity).toBeNull();
  });

  it("does not believe a domain and a typed name of accounts registered in bulk more than the name", () => {
    const bulk = people(8, () => ({ emailDomain: "x.example", createdAt: END }));
    expect(declared(bulk).share).toBe(0);
  });

  it("does not take a card that verified accounts share for a name", () => {
    expect(declared(people(6, () => ({ verified: true, payment: "one card" }))).identity).toBeNull();
    const named = { verified: true, payment: "one card", organization: "Acme" };
    expect(declared(people(6, () => named))).toMatchObject({ identity: "organisation acme", share: 1 });
  });
});

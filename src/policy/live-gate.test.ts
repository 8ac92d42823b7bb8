import { hash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSigner } from "../ledger/note.ts";
import type { Admission, Ask, Identity, Refusal } from "./gate.ts";
import { LiveGate } from "./live-gate.ts";
import type { GateOptions } from "./live-gate.ts";
import type { Presented } from "./live-permits.ts";
import type { NewPermit } from "./permit.ts";
import { newHolder, permitHeaders, PROOF_HEADER } from "./proof.ts";
import type { AccountChange } from "./records.ts";
import { newSecret } from "./secret.ts";
import { Store } from "./store.ts";
import type { NewKey } from "./store.ts";

const noon = Date.parse("2026-03-01T12:00:00.000Z");
const DAY = 86_400_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-gate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let seed = 0;
const random = (bytes: number) =>
  new Uint8Array(bytes).map((_, i) => (i === 0 ? ++seed : i === 1 ? seed >> 8 : 7));

interface World {
  readonly store: Store;
  readonly gate: LiveGate;
  readonly secret: string;
  readonly key: string;
}

function world(
  account: AccountChange = {},
  key: Partial<NewKey> = {},
  options?: Partial<GateOptions>,
  path = ":memory:",
): World {
  const store = new Store(path, { now: () => noon, random });
  store.createAccount({ account: "acc_1", ...account }, "test");
  const issued = store.issueKey({ account: "acc_1", ...key }, "test");
  return { store, gate: new LiveGate(store, options), secret: issued.secret, key: issued.key.key };
}

const ask = (change: Partial<Ask> = {}): Ask => ({
  endpoint: "/v1/chat/completions",
  model: "m",
  fields: [],
  inputTokens: 10,
  maxOutputTokens: 10,
  at: noon,
  ...change,
});

function known(answer: Identity | Refusal): Identity {
  if (!answer.allow) throw new Error(answer.message);
  return answer;
}

function admit({ gate, secret }: World, change: Partial<Ask> = {}): Admission | Refusal {
  const one = ask(change);
  return gate.admit(known(gate.identify(secret, one.at)), one);
}

describe("LiveGate.identify", () => {
  it("knows a key, and refuses unknown and malformed ones", () => {
    const { gate, secret, key } = world();
    expect(gate.identify(secret, noon)).toEqual({ allow: true, account: "acc_1", key });
    for (const wrong of [
      "",
      "sk-sw-",
      `${secret}x`,
      secret.slice(1),
      newSecret(random),
      `Bearer ${secret}`,
      "é".repeat(49),
    ]) {
      expect(gate.identify(wrong, noon)).toMatchObject({ allow: false, code: "invalid_api_key" });
    }
  });

  it("remembers unknown keys, but not past their being issued", () => {
    const fixed = (bytes: number) => (bytes === 32 ? new Uint8Array(32).fill(9) : random(bytes));
    const store = new Store(":memory:", { now: () => noon, random: fixed });
    const gate = new LiveGate(store);
    const secret = newSecret(fixed);
    store.createAccount({ account: "acc_1" }, "test");
    expect(gate.identify(secret, noon).allow).toBe(false);
    expect(gate.identify(secret, noon + 1).allow).toBe(false);
    expect(store.issueKey({ account: "acc_1" }, "test").secret).toBe(secret);
    expect(gate.identify(secret, noon + 251).allow).toBe(true);
  });

  it("refuses expired and revoked keys, suspended accounts and unverified ones where that is required", () => {
    const { gate, store, secret, key } = world({}, { expiresAt: "2026-03-01T13:00:00Z" });
    expect(gate.identify(secret, noon + 3_599_999).allow).toBe(true);
    expect(gate.identify(secret, noon + 3_600_000)).toMatchObject({ code: "invalid_api_key" });
    store.suspend("acc_1", "test");
    expect(gate.identify(secret, noon)).toMatchObject({ code: "account_suspended" });
    store.setAccount("acc_1", { standing: "active", verificationRequired: true }, "test");
    expect(gate.identify(secret, noon + 300)).toMatchObject({ code: "verification_required" });
    store.setAccount("acc_1", { verified: true }, "test");
    expect(gate.identify(secret, noon + 600).allow).toBe(true);
    store.revokeKey(key, "test");
    expect(gate.identify(secret, noon + 900)).toMatchObject({ code: "invalid_api_key" });
  });

  it("notices within 250 ms what another process changed", () => {
    const path = join(folder, "two");
    const { gate, secret, key } = world({}, {}, {}, path);
    expect(gate.identify(secret, noon).allow).toBe(true);
    const other = new Store(path, { now: () => noon, random });
    other.revokeKey(key, "cli:other");
    expect(gate.identify(secret, noon + 250)).toMatchObject({ code: "invalid_api_key" });
    other.close();
  });

  it("stops a request between identify and admit when its key was revoked meanwhile", () => {
    const { gate, store, secret, key } = world();
    const identity = known(gate.identify(secret, noon));
    store.revokeKey(key, "test");
    expect(gate.admit(identity, ask({ at: noon + 250 }))).toMatchObject({ code: "invalid_api_key" });
  });

  it("serves nobody when the database cannot be read", () => {
    const errors: unknown[] = [];
    const { gate, store, secret } = world({}, {}, { onError: (error) => errors.push(error) });
    store.close();
    expect(gate.identify(secret, noon)).toMatchObject({ allow: false, code: "ledger_unavailable" });
    expect(errors).toHaveLength(1);
  });
});

describe("LiveGate.admit", () => {
  it("holds scopes", () => {
    const scoped = world(
      {},
      { scopes: { endpoints: ["/v1/chat/completions", "/v1/models"], models: ["m"] } },
    );
    expect(admit(scoped).allow).toBe(true);
    expect(admit(scoped, { endpoint: "/v1/embeddings" })).toMatchObject({ code: "unsupported_endpoint" });
    expect(admit(scoped, { model: "large" })).toMatchObject({ code: "field_withheld" });
    expect(admit(scoped, { model: null })).toMatchObject({ code: "field_withheld" });
    expect(admit(scoped, { endpoint: "/v1/models", model: null }).allow).toBe(true);
  });

  it("withholds fields", () => {
    const withheld = world({ withheld: ["logprobs", "n"] });
    expect(admit(withheld, { fields: ["tools"] }).allow).toBe(true);
    const refused = admit(withheld, { fields: ["tools", "n"] });
    expect(refused).toMatchObject({
      code: "field_withheld",
      message: expect.stringContaining("may not use n;"),
    });
  });

  it("holds limits per minute and per day, of the key and of the account", () => {
    const limited = world({ limits: { tokensPerDay: 100 } }, { limits: { requestsPerMinute: 3 } });
    for (let i = 0; i < 3; i++) expect(admit(limited).allow).toBe(true);
    expect(admit(limited)).toMatchObject({ code: "rate_limited", retryAfterSeconds: 65 });
    for (const minute of [2, 4]) expect(admit(limited, { at: noon + minute * 60_000 }).allow).toBe(true);
    const spent = admit(limited, { at: noon + 360_000 });
    expect(spent).toMatchObject({
      code: "budget_exceeded",
      message: expect.stringContaining("tokensPerDay = 100"),
    });
    expect(admit(limited, { at: noon + DAY }).allow).toBe(true);
  });

  it("counts what was really used, and nothing but the request when nothing was served", () => {
    const limited = world({ limits: { tokensPerMinute: 100, requestsPerMinute: 4 } });
    const first = admit(limited, { maxOutputTokens: 90 });
    expect(admit(limited).allow).toBe(false);
    if (first.allow) first.settle({ input: 10, output: 5 });
    const second = admit(limited, { maxOutputTokens: 75 });
    if (second.allow) second.settle(null);
    const third = admit(limited, { maxOutputTokens: 75 });
    // Counts that the upstream did not report stay as they were estimated.
    if (third.allow) third.settle({ input: null, output: null });
    expect([first.allow, second.allow, third.allow]).toEqual([true, true, true]);
    expect(admit(limited, { inputTokens: 0, maxOutputTokens: 0 }).allow).toBe(true);
    expect(admit(limited, { inputTokens: 0, maxOutputTokens: 0 })).toMatchObject({ code: "rate_limited" });
  });

  it("reserves a default where a request sets no cap, as far as the limit is that large", () => {
    const limited = world({ limits: { tokensPerMinute: 1000 } }, {}, { defaultOutputTokens: 400 });
    expect(admit(limited, { maxOutputTokens: null, choices: 2 }).allow).toBe(true);
    expect(admit(limited, { maxOutputTokens: null })).toMatchObject({ code: "rate_limited" });
    const small = world({ limits: { tokensPerMinute: 100 } }, {}, { defaultOutputTokens: 400 });
    expect(admit(small, { maxOutputTokens: null }).allow).toBe(true);
    expect(admit(small, { maxOutputTokens: 400 })).not.toHaveProperty("retryAfterSeconds");
  });

  it("holds budgets in money, at the dearest price for a model without one", () => {
    const prices = { cheap: { input: 1, output: 1 }, dear: { input: 10, output: 30 } };
    const limited = world({ limits: { usdPerDay: 1 } }, {}, { prices });
    const million = { inputTokens: 100_000, maxOutputTokens: 0 };
    expect(admit(limited, { ...million, model: "cheap" }).allow).toBe(true);
    expect(admit(limited, { ...million, model: "unlisted" })).toMatchObject({ code: "budget_exceeded" });
    expect(admit(limited, { inputTokens: 90_000, maxOutputTokens: 0, model: "dear" }).allow).toBe(true);
    expect(admit(limited, { ...million, model: "cheap" }).allow).toBe(false);
  });

  it("keeps a day's budget over a restart, and writes down when a key was last used", () => {
    const path = join(folder, "restart");
    const limited = world({ limits: { tokensPerDay: 100 } }, {}, {}, path);
    for (let i = 0; i < 4; i++) expect(admit(limited, { at: noon + i }).allow).toBe(true);
    limited.gate.stop();
    limited.store.close();
    const store = new Store(path, { now: () => noon, random });
    expect(store.getKey(limited.key).lastUsedAt).toBe("2026-03-01T12:00:00.003Z");
    const again = { ...limited, store, gate: new LiveGate(store) };
    expect(admit(again, { at: noon + 10 }).allow).toBe(true);
    expect(admit(again, { at: noon + 20 })).toMatchObject({ code: "budget_exceeded" });
    store.close();
  });

  it("applies default limits to accounts without their own", () => {
    const options = { defaultLimits: { requestsPerMinute: 1 } };
    const plain = world({}, {}, options);
    expect([admit(plain).allow, admit(plain).allow]).toEqual([true, false]);
    const own = world({ limits: { requestsPerMinute: 2 } }, {}, options);
    expect([admit(own).allow, admit(own).allow, admit(own).allow]).toEqual([true, true, false]);
  });
});

describe("LiveGate under a permit", () => {
  const signer = newSigner("watch.example/log");
  const holder = newHolder("lab");
  const body = Buffer.from('{"model":"m"}');
  const bodySha256 = hash("sha256", body, "hex");
  const options = { permitIssuers: [signer.verifier] };

  function permitted(change: Partial<NewPermit> = {}, account: AccountChange = {}) {
    const one = world(account, {}, options);
    const wanted: NewPermit = {
      account: "acc_1",
      holder: holder.verifier.vkey,
      purpose: "classifier",
      distribution: "internal",
      models: ["m"],
      volume: { exchanges: 2 },
      expires: new Date(noon + DAY).toISOString(),
      ...change,
    };
    const { id } = one.store.permits.issue(wanted, { signer, now: noon, random }, "test");
    const proof = (at = noon, by = holder) => permitHeaders(id, by, at, bodySha256)[PROOF_HEADER];
    const asked = (change: Partial<Ask> = {}, shown: Partial<Presented> = {}) =>
      admit(one, { permit: { id, proof: proof(change.at), body, ...shown }, ...change });
    return { ...one, id, proof, asked };
  }
  const served = { input: 10, output: 5 };

  it("counts down what is served, gives back what is not, and refuses what is past the volume", () => {
    const { asked, id } = permitted();
    const first = asked() as Admission;
    expect(first.permit).toEqual({ id, left: { exchanges: 1, outputTokens: null } });
    first.settle(null);
    (asked() as Admission).settle(served);
    const last = asked() as Admission;
    expect(last.permit!.left.exchanges).toBe(0);
    expect(asked()).toMatchObject({
      allow: false,
      code: "permit_required",
      permit: "volume-used",
      message: expect.stringMatching(
        /^The permit permit_\w+ is refused \(volume-used\): of its 2 exchanges 0 are left/,
      ) as string,
    });
    last.settle(null);
    expect(asked()).toMatchObject({ allow: true });
  });

  it("counts output tokens at their cap until they are known, and wants a cap", () => {
    const { asked } = permitted({ volume: { outputTokens: 100 } });
    const first = asked({ maxOutputTokens: 60 }) as Admission;
    expect(asked({ maxOutputTokens: 60 })).toMatchObject({ permit: "volume-used" });
    first.settle(served);
    expect((asked({ maxOutputTokens: 60 }) as Admission).permit!.left).toEqual({
      exchanges: null,
      outputTokens: 35,
    });
    expect(asked({ maxOutputTokens: null })).toMatchObject({ permit: "no-output-cap" });
    expect(asked({ maxOutputTokens: null, endpoint: "/v1/embeddings" })).toMatchObject({ allow: true });
  });

  it("refuses what is wrong, and says what", () => {
    const { asked, proof, store, id } = permitted();
    const refused = (answer: Admission | Refusal) => (answer.allow ? "let through" : answer.permit);
    expect(refused(asked({}, { id: "permit_1" }))).toBe("unknown-permit");
    expect(refused(asked({}, { id: `${id}, ${id}` }))).toBe("unknown-permit");
    expect(refused(asked({}, { proof: null }))).toBe("bad-proof");
    expect(refused(asked({}, { body: Buffer.from("{}") }))).toBe("bad-proof");
    expect(refused(asked({}, { proof: proof(noon, newHolder("lab")) }))).toBe("bad-proof");
    expect(refused(asked({ model: "m2" }))).toBe("wrong-model");
    expect(refused(asked({ at: noon + DAY }))).toBe("expired");
    store.permits.revoke(id, "test");
    expect(refused(asked({ at: noon + 300 }))).toBe("revoked");
  });

  it("does not know another account's permit, nor one that the ledger's key did not sign", () => {
    const { store, gate, proof, id } = permitted();
    store.createAccount({ account: "acc_2" }, "test");
    const { secret } = store.issueKey({ account: "acc_2" }, "test");
    const other = { store, gate, secret, key: "" };
    expect(admit(other, { permit: { id, proof: proof(), body } })).toMatchObject({
      permit: "unknown-permit",
    });
    const forged = permitted();
    const elsewhere = new LiveGate(forged.store, {
      permitIssuers: [newSigner("watch.example/log").verifier],
    });
    const shown = { permit: { id: forged.id, proof: forged.proof(), body } };
    expect(admit({ ...forged, gate: elsewhere }, shown)).toMatchObject({ permit: "unknown-issuer" });
  });

  it("takes nothing of it when a limit of the account refuses, and lets requests without one pass as ever", () => {
    const { asked, store, id, gate, secret, key } = permitted({}, { limits: { requestsPerMinute: 1 } });
    (asked() as Admission).settle(served);
    expect(asked()).toMatchObject({ code: "rate_limited" });
    gate.stop();
    expect(store.permits.get(id)).toMatchObject({
      used: { exchanges: 1 },
      held: { exchanges: 1, outputTokens: 5 },
    });
    const plain = admit({ store, gate, secret, key }, { at: noon + 120_000 });
    expect(plain).not.toHaveProperty("permit");
  });
});

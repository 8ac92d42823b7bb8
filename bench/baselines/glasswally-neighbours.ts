// What Glasswally knows across accounts: who shares a payment, an organisation, a /24 or a TLS fingerprint is one cluster.
import type { Account } from "../../src/exchange/account.ts";
import { hashText } from "../../src/stats/hash.ts";
import type { HourAndDay, Signal, Clients } from "./glasswally-workers.ts";
import { variation } from "./glasswally-workers.ts";
import type { Seen } from "./seen.ts";

/** 0 = not a hoster, 1 = a large cloud, 2 = a hoster of servers, 3 = one that is known for abuse. */
export type Network = 0 | 1 | 2 | 3;

const HOUR = 3_600_000;
const BROWSER = /mozilla|chrome|firefox|safari|edge/i;

/** One account among its neighbours. */
export interface Party {
  readonly payment: string | null;
  readonly organization: string | null;
  readonly country: string | null;
  readonly tls: Set<string>;
  readonly keys: Set<string>;
  network: Network;
  asn: number | null;
  model: string | null;
  /** The latest change of model. */
  pivot: { readonly at: number; readonly to: string } | null;
  /** When it was last looked who changed with it, and what that gave. */
  pivotView: { readonly at: number; readonly score: number };
  /** Root of its cluster; itself while it is alone. */
  parent: Party | null;
  cluster: Cluster;
}

/** What is known of all members; kept at the root. */
interface Cluster {
  readonly members: Set<Party>;
  readonly payments: Set<string>;
  readonly subnets: Set<string>;
  requests: number;
  /** Looking at all members is for when the cluster has grown by a twentieth since. */
  view: { readonly requests: number; readonly hydra: number; readonly hosted: number };
}

const UNSEEN = { requests: -1, hydra: 0, hosted: 0 };

export class Neighbours {
  readonly #network: (asn: number) => Network;
  readonly #parties = new Map<string, Set<Party>>();
  readonly #scripts = new Set<string>();
  readonly #preambles = new Map<number, Set<object>>();
  readonly #seconds = new Map<number, Set<Party>>();
  #now = 0;

  constructor(network: (asn: number) => Network) {
    this.#network = network;
  }

  join(account: Account | null): Party {
    const party: Party = {
      payment: account?.payment ?? null,
      organization: account?.organization ?? null,
      country: account?.country ?? null,
      tls: new Set(),
      keys: new Set(),
      network: 0,
      asn: null,
      model: null,
      pivot: null,
      pivotView: { at: -Infinity, score: 0 },
      parent: null,
      cluster: { members: new Set(), payments: new Set(), subnets: new Set(), requests: 0, view: UNSEEN },
    };
    party.cluster.members.add(party);
    if (party.payment !== null) party.cluster.payments.add(party.payment);
    return party;
  }

  add(party: Party, { at, exchange }: Seen): void {
    const { ip, asn, userAgent, ja4 } = exchange.client ?? {};
    const root = rootOf(party);
    root.cluster.requests++;
    if (asn !== undefined) {
      party.asn = asn;
      party.network = this.#network(asn);
    }
    if (ja4 !== undefined) {
      party.tls.add(ja4);
      if (userAgent !== undefined && !BROWSER.test(userAgent)) this.#scripts.add(ja4);
    }
    const subnet = /^\d+\.\d+\.\d+(?=\.\d+$)/.exec(ip ?? "")?.[0];
    if (subnet !== undefined) root.cluster.subnets.add(subnet);
    this.#meet(party, "payment", party.payment);
    this.#meet(party, "organization", party.organization);
    this.#meet(party, "subnet", subnet);
    this.#meet(party, "tls", ja4);
    const { model } = exchange;
    if (model !== undefined && party.model !== null && model !== party.model) party.pivot = { at, to: model };
    party.model = model ?? party.model;
    this.#fire(party, at);
  }

  clientsLike(party: Party, { exchange }: Seen): Clients {
    const { userAgent, ja4 } = exchange.client ?? {};
    const browser = userAgent !== undefined && BROWSER.test(userAgent);
    const script = ja4 !== undefined && this.#scripts.has(ja4);
    return {
      script: script && !browser,
      disguised: script && browser,
      kinds: party.tls.size,
      sharing: ja4 === undefined ? 0 : (this.#parties.get(`tls ${ja4}`)?.size ?? 0),
    };
  }

  clusterSize(party: Party): number {
    return rootOf(party).cluster.members.size;
  }

  /** Accounts whose latest event has this preamble, or had it before. */
  samePreamble(window: HourAndDay): number {
    const { preamble } = window.latest;
    if (preamble === null) return 0;
    const all = this.#preambles.get(preamble) ?? new Set();
    this.#preambles.set(preamble, all.add(window));
    return all.size;
  }

  hydra(party: Party, chinese: boolean): Signal | null {
    const { cluster } = rootOf(party);
    if (cluster.members.size === 1) return null;
    if (cluster.members.size < 3) return { score: 0, confidence: 0.2 };
    const score = this.#view(cluster).hydra + (chinese ? 0.1 : 0);
    return { score: Math.min(1, score), confidence: Math.min(1, cluster.requests / 100) };
  }

  /** Five accounts in one second, and again. */
  timing(at: number): Signal | null {
    const second = Math.floor(at / 1000);
    const n = this.#seconds.get(second)?.size ?? 0;
    if (n < 5) return null;
    let score = Math.min(0.5, ((n - 5) / 7) * 0.5);
    const before = [...this.#seconds].flatMap(([s, all]) =>
      s < second && s >= second - 300 && all.size >= 5 ? [s] : [],
    );
    before.sort((a, b) => a - b);
    if (before.length >= 3) {
      score += 0.3;
      const gaps = before.slice(1).map((s, i) => s - before[i]!);
      const steady = gaps.reduce((sum, g) => sum + g, 0) / gaps.length > 1 ? variation(gaps) : 1;
      score += steady < 0.15 ? 0.2 : steady < 0.35 ? 0.1 : 0;
    }
    return { score: Math.min(1, score), confidence: Math.min(1, n / 12) };
  }

  asn(party: Party): Signal | null {
    const { network } = party;
    const { cluster } = rootOf(party);
    const own = [0, 0.2, 0.35, 0.5][network]!;
    const score = Math.min(1, own + (cluster.members.size < 3 ? 0 : this.#view(cluster).hosted));
    return score < 0.15 ? null : { score, confidence: [0.7, 0.6, 0.8, 0.9][network]! };
  }

  /** A change of model in the last day; it counts more when the cluster changed with it. */
  pivot(party: Party, at: number): Signal | null {
    const { pivot } = party;
    if (pivot === null || at - pivot.at > 24 * HOUR) return null;
    if (at - party.pivotView.at > HOUR / 6 || pivot.at > party.pivotView.at) {
      let together = 0;
      for (const { pivot: other } of rootOf(party).cluster.members)
        if (other?.to === pivot.to && Math.abs(other.at - pivot.at) < 6 * HOUR) together++;
      party.pivotView = { at, score: together >= 5 ? Math.min(1, 0.2 + (together / 30) * 0.8) : 0.2 };
    }
    return { score: party.pivotView.score, confidence: 0.85 };
  }

  #view(cluster: Cluster): Cluster["view"] {
    if (cluster.requests > cluster.view.requests * 1.05 + 3 || cluster.view === UNSEEN)
      cluster.view = { requests: cluster.requests, hydra: this.#hydra(cluster), hosted: hosted(cluster) };
    return cluster.view;
  }

  #hydra({ members, payments, subnets }: Cluster): number {
    let score = Math.min(1, members.size / 25) * 0.4;
    score += Math.min(0.35, payments.size * 0.07) + Math.min(0.15, subnets.size * 0.03);
    const [three, two] = [mostAlike(payments, 3), mostAlike(payments, 2)];
    if (three >= 3 && three / payments.size >= 0.4) score += 0.2;
    let sharing = 0;
    for (const p of payments) sharing = Math.max(sharing, this.#parties.get(`payment ${p}`)?.size ?? 0);
    if (sharing >= 4) score += 0.15;
    return score + (two >= 4 ? 0.12 : 0);
  }

  /** Two others that share something make a cluster. */
  #meet(party: Party, kind: string, value: string | null | undefined): void {
    const key = `${kind} ${value}`;
    if (value === null || value === undefined || party.keys.has(key)) return;
    party.keys.add(key);
    const all = this.#parties.get(key) ?? new Set();
    this.#parties.set(key, all.add(party));
    const others = [...party.keys].reduce((sum, k) => sum + this.#parties.get(k)!.size - 1, 0);
    if (others < 2) return;
    for (const k of party.keys) {
      const sharing = this.#parties.get(k)!;
      // Of four and more the others are one cluster already.
      for (const other of sharing.size > 3 ? [...sharing.values().take(1)] : sharing) unite(party, other);
    }
  }

  #fire(party: Party, at: number): void {
    const second = Math.floor(at / 1000);
    if (second > this.#now) {
      this.#now = second;
      for (const old of this.#seconds.keys()) {
        if (old >= second - 300) break;
        this.#seconds.delete(old);
      }
    }
    const all = this.#seconds.get(second) ?? new Set();
    this.#seconds.set(second, all.add(party));
  }
}

function rootOf(party: Party): Party {
  let root = party;
  while (root.parent !== null) root = root.parent;
  // The way is short the next time.
  for (let at = party; at !== root;) {
    const { parent } = at;
    at.parent = root;
    at = parent!;
  }
  return root;
}

function unite(a: Party, b: Party): void {
  let [large, small] = [rootOf(a), rootOf(b)];
  if (large === small) return;
  if (large.cluster.members.size < small.cluster.members.size) [large, small] = [small, large];
  small.parent = large;
  for (const member of small.cluster.members) large.cluster.members.add(member);
  for (const payment of small.cluster.payments) large.cluster.payments.add(payment);
  for (const subnet of small.cluster.subnets) large.cluster.subnets.add(subnet);
  large.cluster.requests += small.cluster.requests;
  large.cluster.view = UNSEEN;
  small.cluster = large.cluster;
}

/** Most members at hosters, and most at one. */
function hosted({ members }: Cluster): number {
  const counts = new Map<number, number>();
  let all = 0;
  for (const { network, asn } of members) {
    if (network === 0) continue;
    all++;
    counts.set(asn!, (counts.get(asn!) ?? 0) + 1);
  }
  if (all / members.size < 0.6) return 0;
  return 0.4 + (Math.max(...counts.values()) / members.size >= 0.7 ? 0.1 : 0);
}

/** Payments whose hashes begin alike, in the largest group: cards of one batch, as the published code has it. */
function mostAlike(payments: ReadonlySet<string>, length: number): number {
  const counts = new Map<string, number>();
  for (const payment of payments) {
    const prefix = hashText(payment).toString(16).padStart(8, "0").slice(0, length);
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  let most = 0;
  for (const n of counts.values()) most = Math.max(most, n);
  return most;
}

import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "../exchange/exchange.ts";
import type { Recorder } from "../ledger/recorder.ts";
import type { Gate } from "../policy/gate.ts";
import { addressReader } from "./address.ts";
import type { AdminRoute } from "./admin.ts";
import { adminServer } from "./admin.ts";
import { GatewayError } from "./error.ts";
import { forwardedNames } from "./headers.ts";
import type { Gauge } from "./metrics.ts";
import type { GatewayOptions } from "./options.ts";
import type { Clock, Log, Parts } from "./parts.ts";
import { router } from "./route.ts";
import { publicServer } from "./server.ts";
import { Tally } from "./tally.ts";
import type { Upstream } from "./upstream.ts";
import { Upstreams } from "./upstream.ts";

/** What a gateway works with; it owns the upstreams and closes them, the rest outlives it. */
export interface GatewayPartners {
  readonly recorder: Recorder;
  readonly gate: Gate;
  readonly upstreams: readonly Upstream[];
  readonly clock: Clock;
  /** That many unpredictable bytes (node:crypto `randomBytes`); for exchange ids. */
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
  /** Whether exchanges can be recorded now; without it, the last attempt tells. */
  readonly recordable?: () => boolean;
  /** Further facts for the status page, e.g. of the ledger. */
  readonly status?: () => JsonObject;
  /** Further pages and calls of the admin listener. */
  readonly adminRoutes?: readonly AdminRoute[];
}

/** How often slow readers are looked for, in milliseconds. */
const LOOK_MS = 1_000;

const RANDOM_POOL = 4_096;

/** The gateway: a listener for callers and one for operators. */
export class Gateway {
  readonly tally = new Tally();
  readonly #partners: GatewayPartners;
  readonly #parts: Parts;
  readonly #servers: readonly [Server, Server];
  #look: NodeJS.Timeout | null = null;
  #started: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  /** Throws GatewayError `options` for an option that cannot be used. */
  constructor(options: GatewayOptions, partners: GatewayPartners) {
    this.#partners = partners;
    this.#parts = {
      options,
      recorder: partners.recorder,
      gate: partners.gate,
      upstreams: new Upstreams(partners.upstreams),
      clock: partners.clock,
      random: pooled(partners.random),
      log: partners.log,
      tally: this.tally,
      addresses: addressReader(options.trustedProxies),
      forwardedNames: forwardedNames(options.forwardHeaders),
      inHand: new Set(),
      bodyBytes: 0,
      receiptsInHand: 0,
      ledgerFailing: false,
      stopping: false,
    };
    const ready = (): boolean => this.ready;
    const caller = publicServer(this.#parts, router(options.allowRawPaths), ready);
    const admin = adminServer({
      options: options.admin,
      ready,
      status: () => this.status(),
      families: () => this.tally.families,
      gauges: () => this.#gauges(),
      routes: partners.adminRoutes ?? [],
    });
    this.#servers = [caller, admin];
  }

  /** Where callers reach it, e.g. `http://127.0.0.1:8787`. Only after `start`. */
  get url(): string {
    return urlOf(this.#servers[0]);
  }

  get adminUrl(): string {
    return urlOf(this.#servers[1]);
  }

  /** Exchanges that have begun and not ended. */
  get inHand(): number {
    return this.#parts.inHand.size;
  }

  /** Whether it takes requests and can record them, and some upstream takes them. */
  get ready(): boolean {
    const { stopping, ledgerFailing, upstreams } = this.#parts;
    // Asked, not remembered: while this says no there is no traffic whose success could show that it is over.
    const recordable = this.#partners.recordable?.() ?? !ledgerFailing;
    return this.#started !== null && !stopping && recordable && upstreams.all.some((x) => x.available());
  }

  status(): JsonObject {
    const { options, upstreams, inHand, stopping } = this.#parts;
    return {
      ready: this.ready,
      stopping,
      mode: options.mode,
      exchanges: Object.fromEntries(this.tally.exchanges.values),
      refusals: Object.fromEntries([...this.tally.refusals.values].filter(([, n]) => n > 0)),
      exchangesInHand: inHand.size,
      unrecorded: this.tally.unrecorded.total,
      upstreams: upstreams.all.map((x) => ({
        name: x.name,
        kind: x.kind,
        models: x.models.join(", "),
        available: x.available(),
      })),
      ...this.#partners.status?.(),
    };
  }

  /** Listens on both ports. Rejects with GatewayError `options` when one cannot be had; then neither is open. */
  start(): Promise<void> {
    this.#started ??= this.#listen();
    return this.#started;
  }

  /**
   * Takes no more requests, waits for the exchanges in hand (at most `stopWaitMs`), interrupts those left and records
   * them as interrupted, then closes everything. The recorder must be closed after this, not before.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#finish();
    return this.#stopped;
  }

  async #listen(): Promise<void> {
    const { host, port, admin } = this.#parts.options;
    const [caller, operator] = this.#servers;
    // Callers last: until both ports are had, nobody's exchange is in hand.
    await listen(operator, admin.host, admin.port);
    try {
      await listen(caller, host, port);
    } catch (error) {
      operator.closeAllConnections();
      await close(operator);
      throw error;
    }
    this.#look = setInterval(() => this.#disconnectStalled(), LOOK_MS).unref();
  }

  async #finish(): Promise<void> {
    await this.#started?.catch(() => {});
    this.#parts.stopping = true;
    const closed = this.#servers.map((server) => close(server));
    await this.#until(() => this.inHand === 0, this.#parts.options.stopWaitMs);
    for (const exchange of this.#parts.inHand) exchange.interrupt();
    await this.#until(() => this.inHand === 0, this.#parts.options.stopWaitMs);
    for (const server of this.#servers) server.closeAllConnections();
    await Promise.all(closed);
    if (this.#look !== null) clearInterval(this.#look);
    await Promise.all(this.#parts.upstreams.all.map((upstream) => upstream.close()));
  }

  async #until(done: () => boolean, ms: number): Promise<void> {
    const { clock } = this.#parts;
    const limit = clock.monotonic() + ms;
    while (!done() && clock.monotonic() < limit) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  #disconnectStalled(): void {
    const before = this.#parts.clock.monotonic() - this.#parts.options.callerStallMs;
    for (const exchange of this.#parts.inHand) exchange.disconnectIfStalled(before);
  }

  #gauges(): readonly Gauge[] {
    return [
      { name: "stillwatch_exchanges_in_hand", help: "Exchanges under way.", read: () => this.inHand },
      {
        name: "stillwatch_ready",
        help: "1 when the gateway takes requests.",
        read: () => (this.ready ? 1 : 0),
      },
      {
        name: "process_resident_memory_bytes",
        help: "Resident memory.",
        read: () => process.memoryUsage.rss(),
      },
    ];
  }
}

/** Draws for many ids at once: asking the system for ten bytes costs as much as for four thousand. */
function pooled(random: (bytes: number) => Uint8Array): (bytes: number) => Uint8Array {
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  return (bytes) => {
    if (used + bytes > pool.length) {
      pool = random(Math.max(bytes, RANDOM_POOL));
      used = 0;
    }
    used += bytes;
    return pool.subarray(used - bytes, used);
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const why = (cause as Error).message;
    throw new GatewayError(
      "options",
      `Cannot listen on ${host}:${port} (${why}); choose another host or port.`,
      { cause },
    );
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

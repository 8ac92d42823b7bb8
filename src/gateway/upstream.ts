import type { EndpointKind } from "../exchange/endpoint.ts";
import type { JsonObject } from "../exchange/exchange.ts";
import type { AnswerSink, Flow } from "./client/call.ts";

/** A request as the gateway hands it to an upstream. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query of the API, `/v1/…`. */
  readonly path: string;
  /** Further header lines, each ending in CRLF. */
  readonly headers: string;
  readonly contentType: string | null;
  readonly body: Uint8Array | null;
  /** The body parsed, for upstreams that answer by themselves; null for raw paths. */
  readonly json: JsonObject | null;
}

/** Something that answers requests: a server behind HTTP, recorded traffic, or a model in this process. */
export interface Upstream {
  readonly name: string;
  readonly kind: "openai" | "anthropic" | "recorded" | "embedded";
  /** Models it serves: exact names, `prefix*`, or `*`. */
  readonly models: readonly string[];
  /** Whether it takes an exchange now. */
  available(): boolean;
  /** The sink hears a head, pieces, then one end or failure, never before `ask` has returned, nothing after `abort`. */
  ask(request: UpstreamRequest, sink: AnswerSink): Flow;
  /** Resolves when nothing of it runs any more. */
  close(): Promise<void>;
}

/** The upstreams of a gateway, chosen by model. */
export class Upstreams {
  readonly all: readonly Upstream[];
  readonly #cache = new Map<string, readonly Upstream[]>();

  constructor(all: readonly Upstream[]) {
    this.all = all;
  }

  /**
   * The upstream for a model: an exact name goes before the longest prefix, a prefix before `*`; among equals the one
   * whose API the endpoint is, then the first in the configuration that is available. `none`: no upstream has the
   * model; `busy`: those that have it take nothing now. A request without a model goes where `*` goes.
   */
  pick(model: string | null, kind: EndpointKind | null): Upstream | "none" | "busy" {
    const ranked = this.#ranked(model ?? "", kind);
    for (const upstream of ranked) if (upstream.available()) return upstream;
    return ranked.length === 0 ? "none" : "busy";
  }

  #ranked(model: string, kind: EndpointKind | null): readonly Upstream[] {
    const anthropic = kind === "messages";
    const key = `${anthropic ? "a" : "o"} ${model}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const fits = (upstream: Upstream): number =>
      upstream.kind === (anthropic ? "anthropic" : "openai") || upstream.kind === "embedded" ? 1 : 0;
    const ranked = this.all
      .map((upstream) => ({
        upstream,
        match: Math.max(...upstream.models.map((p) => matchLength(p, model))),
      }))
      .filter((x) => x.match >= 0)
      .sort((a, b) => b.match - a.match || fits(b.upstream) - fits(a.upstream))
      .map((x) => x.upstream);
    // Model names come from callers: the cache must not grow with them.
    if (this.#cache.size >= 1_024) this.#cache.clear();
    this.#cache.set(key, ranked);
    return ranked;
  }
}

/** How closely a pattern fits: Infinity for the exact name, else the length of the prefix; -1 when it does not. */
function matchLength(pattern: string, model: string): number {
  if (!pattern.endsWith("*")) return pattern === model ? Infinity : -1;
  return model.startsWith(pattern.slice(0, -1)) ? pattern.length - 1 : -1;
}

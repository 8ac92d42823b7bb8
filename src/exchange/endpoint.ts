export type Dialect = "openai" | "anthropic";

export type EndpointKind = "chat" | "responses" | "completions" | "embeddings" | "models" | "messages";

/** A path of the API that the gateway serves and can record. */
export interface Endpoint {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly dialect: Dialect;
  readonly kind: EndpointKind;
}

/** The listed endpoints. Everything else would escape the record and is refused by default (contract.md, Gateway). */
export const endpoints: readonly Endpoint[] = [
  { path: "/v1/chat/completions", method: "POST", dialect: "openai", kind: "chat" },
  { path: "/v1/responses", method: "POST", dialect: "openai", kind: "responses" },
  { path: "/v1/completions", method: "POST", dialect: "openai", kind: "completions" },
  { path: "/v1/embeddings", method: "POST", dialect: "openai", kind: "embeddings" },
  { path: "/v1/models", method: "GET", dialect: "openai", kind: "models" },
  { path: "/v1/messages", method: "POST", dialect: "anthropic", kind: "messages" },
];

const byPath = new Map(endpoints.map((each) => [each.path, each]));

/** The listed endpoint with exactly this path (no query), or null. */
export function listedEndpoint(path: string): Endpoint | null {
  return byPath.get(path) ?? null;
}

/**
 * The kind of API that a recorded path belongs to, also where another product wrote it with its own prefix
 * (`/openai/deployments/x/chat/completions?api-version=…`, `/chat/completions`); null when it is none of ours.
 */
export function endpointKind(path: string): EndpointKind | null {
  const listed = byPath.get(path);
  if (listed) return listed.kind;
  const bare = path.split("?", 1)[0] ?? "";
  if (bare.endsWith("/chat/completions")) return "chat";
  return suffixes.find(([suffix]) => bare.endsWith(suffix))?.[1] ?? null;
}

const suffixes: readonly (readonly [string, EndpointKind])[] = [
  ["/responses", "responses"],
  ["/completions", "completions"],
  ["/embeddings", "embeddings"],
  ["/messages", "messages"],
];

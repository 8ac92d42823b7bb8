import { DistilError } from "../error.ts";
import { TeacherFailure, type Teacher } from "./teacher.ts";

export interface HttpTeacherOptions {
  /** Up to and with `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string | null;
  /** From sending to the last byte, ms. */
  readonly timeoutMs: number;
}

/** An answer of a chat model is some kilobytes; with logprobs of 20 tokens each it can be some megabytes. */
const MAX_BODY = 64 * 1024 * 1024;

/** Connection errors of undici and the system after which no byte of the request can have arrived. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  // No request goes out before the certificate is believed.
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_SSL_WRONG_VERSION_NUMBER",
]);

/** Any server that speaks the OpenAI chat completions API. */
export function httpTeacher({ baseUrl, apiKey, timeoutMs }: HttpTeacherOptions): Teacher {
  const url = endpoint(baseUrl);
  return {
    address: url.host,
    ask: async (request, headers, signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const response = await fetch(url, {
          method: "POST",
          // A redirect would send prompts and the key to somebody else.
          redirect: "manual",
          headers: {
            "content-type": "application/json",
            accept: "application/json",
            ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
            ...headers,
          },
          body: new Uint8Array(request),
          signal: limit,
        });
        return {
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: await bounded(response),
        };
      } catch (error) {
        if (error instanceof TeacherFailure) throw error;
        throw new TeacherFailure(!NEVER_SENT.has(codeOf(error)), reasonOf(error, limit, timeoutMs), {
          cause: error,
        });
      }
    },
    close: () => Promise.resolve(),
  };
}

function endpoint(baseUrl: string): URL {
  try {
    const url = new URL(`${baseUrl.replace(/\/+$/, "")}/chat/completions`);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // Said below.
  }
  throw new DistilError(
    "config",
    `teacher.baseUrl is ${JSON.stringify(baseUrl)}; it must be an http or https address such as https://api.openai.com/v1`,
  );
}

async function bounded(response: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MAX_BODY) throw new TeacherFailure(true, `the answer is longer than ${MAX_BODY} bytes`);
    parts.push(part as Uint8Array);
  }
  return Buffer.concat(parts);
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = (cause as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

function reasonOf(error: unknown, signal: AbortSignal, timeoutMs: number): string {
  if (signal.aborted) {
    const why = signal.reason as { name?: unknown } | null;
    return why?.name === "TimeoutError"
      ? `no complete answer within ${timeoutMs} ms`
      : "given up: the run is stopping";
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || codeOf(error) : String(cause);
}

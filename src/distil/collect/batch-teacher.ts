import type { JsonObject } from "../../exchange/exchange.ts";
import { asObject, asText, objectsIn, at } from "../../exchange/json.ts";
import { DistilError } from "../error.ts";

export interface BatchState {
  readonly ended: boolean;
  /** In the API's word: `in_progress`, `completed`, `failed`, `expired`, `cancelled` … */
  readonly status: string;
  readonly done: number;
  readonly total: number;
}

export interface BatchResult {
  readonly id: string;
  readonly status: number;
  readonly body: Buffer;
}

/** A teacher's batch API: many calls handed over at once, answered within a day, at a lower price. */
export interface BatchTeacher {
  /** Hands calls over under a name of ours, by which `find` knows the batch again. */
  send(
    name: string,
    calls: readonly { readonly id: string; readonly request: JsonObject }[],
  ): Promise<string>;
  /** The batch of that name; null when it surely was never made. */
  find(name: string): Promise<string | null>;
  state(batch: string): Promise<BatchState>;
  /** What was answered; calls that are not among them were not done and not billed. */
  results(batch: string): AsyncIterable<BatchResult>;
}

export interface HttpBatchOptions {
  /** Up to and with `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string | null;
  readonly timeoutMs: number;
}

const ENDED = new Set(["completed", "failed", "expired", "cancelled"]);
const NAME = "stillwatch";
const PAGE = 100;
/** So many pages of batches are looked through for one of ours: all that an account made in some weeks. */
const PAGES = 20;

/** The Batch API of OpenAI and those who follow it: files, batches, and the file of results. */
export function httpBatchTeacher({ baseUrl, apiKey, timeoutMs }: HttpBatchOptions): BatchTeacher {
  const root = baseUrl.replace(/\/+$/, "");
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(`${root}${path}`, {
      ...init,
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
        ...(init.headers as Record<string, string>),
      },
    }).catch((error: unknown) => {
      throw new DistilError(
        "teacher",
        `${root}${path}: ${(error as Error).message}; resume when it is back`,
        { cause: error },
      );
    });
    if (response.ok) return response;
    const text = (await response.text()).slice(0, 300);
    throw new DistilError("teacher", `${root}${path} answered ${response.status}: ${text}`);
  };
  const json = async (path: string, init?: RequestInit): Promise<JsonObject> =>
    asObject((await (await call(path, init)).json()) as JsonObject) ?? {};
  const textOf = (value: JsonObject, field: string, path: string): string => {
    const text = asText(value[field]);
    if (text === null) throw new DistilError("teacher", `${root}${path} gave no ${field}`);
    return text;
  };
  return {
    send: async (name, calls) => {
      const lines = calls.map(({ id, request }) =>
        JSON.stringify({ custom_id: id, method: "POST", url: "/v1/chat/completions", body: request }),
      );
      const form = new FormData();
      form.set("purpose", "batch");
      form.set("file", new Blob([`${lines.join("\n")}\n`], { type: "application/jsonl" }), `${name}.jsonl`);
      const file = textOf(await json("/files", { method: "POST", body: form }), "id", "/files");
      const made = await json("/batches", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          input_file_id: file,
          endpoint: "/v1/chat/completions",
          completion_window: "24h",
          metadata: { [NAME]: name },
        }),
      });
      return textOf(made, "id", "/batches");
    },
    find: async (name) => {
      let after = "";
      for (let page = 0; page < PAGES; page++) {
        const found = await json(`/batches?limit=${PAGE}${after}`);
        const batches = objectsIn(found["data"]);
        const ours = batches.find((batch) => asText(at(batch, `metadata.${NAME}`)) === name);
        if (ours !== undefined) return asText(ours["id"]);
        const last = asText(batches.at(-1)?.["id"]);
        if (found["has_more"] !== true || last === null) return null;
        after = `&after=${encodeURIComponent(last)}`;
      }
      throw new DistilError(
        "teacher",
        `the batch ${name} is not among the last ${PAGES * PAGE}; cancel it by hand, if it is there`,
      );
    },
    state: async (batch) => {
      const found = await json(`/batches/${encodeURIComponent(batch)}`);
      const status = asText(found["status"]) ?? "unknown";
      const counts = asObject(found["request_counts"]) ?? {};
      return {
        ended: ENDED.has(status),
        status,
        done: Number(counts["completed"] ?? 0) + Number(counts["failed"] ?? 0),
        total: Number(counts["total"] ?? 0),
      };
    },
    results: async function* (batch) {
      const found = await json(`/batches/${encodeURIComponent(batch)}`);
      for (const field of ["output_file_id", "error_file_id"]) {
        const file = asText(found[field]);
        if (file === null) continue;
        const text = await (await call(`/files/${encodeURIComponent(file)}/content`)).text();
        for (const line of text.split("\n")) {
          const result = resultOf(line);
          if (result !== null) yield result;
        }
      }
    },
  };
}

function resultOf(line: string): BatchResult | null {
  if (line.trim() === "") return null;
  let row: JsonObject | null = null;
  try {
    row = asObject(JSON.parse(line) as JsonObject);
  } catch {
    // A damaged line answers nothing; its call is then counted as not answered.
  }
  const id = asText(row?.["custom_id"]);
  const response = asObject(row?.["response"]);
  if (id === null || response === null) return null;
  const status = typeof response["status_code"] === "number" ? response["status_code"] : 0;
  return { id, status, body: Buffer.from(JSON.stringify(response["body"] ?? null)) };
}

import * as z from "zod";
import type { JsonObject } from "../../exchange/exchange.ts";
import { asText } from "../../exchange/json.ts";
import { newId } from "../../exchange/id.ts";
import type { Message } from "../prompt.ts";
import { fileObject, type Files } from "./files.ts";
import { BASE_MODELS, jobObject, type Job } from "./job.ts";
import type { JobQueue } from "./queue.ts";

/** A request as the server has read it. */
export interface ApiCall {
  readonly method: string;
  /** Without `/v1` and the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: Buffer;
}

export type ApiReply =
  | { readonly status: number; readonly json: JsonObject }
  | { readonly status: number; readonly data: Buffer };

export interface ApiOptions {
  readonly files: Files;
  readonly queue: JobQueue;
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

const count = z.union([z.literal("auto"), z.number().int().min(1).max(1000)]);
const hyperparameters = z.object({
  n_epochs: count.optional(),
  batch_size: count.optional(),
  learning_rate_multiplier: z.union([z.literal("auto"), z.number().positive().max(100)]).optional(),
});
const newJob = z.object({
  model: z.string(),
  training_file: z.string(),
  validation_file: z.string().nullish(),
  suffix: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9._-]*$/, "letters, digits, . _ -")
    .nullish(),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .nullish(),
  hyperparameters: hyperparameters.optional(),
  method: z
    .object({
      type: z.literal("supervised", "only supervised fine-tuning is done here"),
      supervised: z.object({ hyperparameters: hyperparameters.optional() }).optional(),
    })
    .optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
const chat = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() })).min(1),
  n: z.literal(1).nullish(),
  stream: z.literal(false, "students answer at once; leave stream out").nullish(),
});

/** OpenAI's files, fine-tuning jobs, models and chat completions over our own trainers and students. */
export class JobsApi {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  async answer(call: ApiCall): Promise<ApiReply> {
    const [root = "", id, what] = call.path.split("/").slice(1);
    const { method } = call;
    if (root === "files") return await this.#files(call, id, what);
    if (root === "models" && method === "GET")
      return this.#models(id === undefined ? null : call.path.slice("/models/".length));
    if (root === "chat" && id === "completions" && method === "POST") return await this.#chat(call);
    if (root === "fine_tuning" && id === "jobs") return await this.#jobs(call);
    return refuse(404, "not_found", `there is no ${method} /v1${call.path}`);
  }

  async #files(call: ApiCall, id: string | undefined, what: string | undefined): Promise<ApiReply> {
    const { files } = this.#options;
    const { method } = call;
    if (id === undefined)
      return method === "POST"
        ? await this.#upload(call)
        : { status: 200, json: listOf(files.list().map(fileObject)) };
    const file = files.get(id);
    if (file === null) return refuse(404, "not_found", `there is no file ${id}`);
    if (what === "content") return { status: 200, data: files.data(id) ?? Buffer.alloc(0) };
    if (method === "DELETE") return { status: 200, json: { id, object: "file", deleted: files.remove(id) } };
    return { status: 200, json: fileObject(file) };
  }

  async #upload({ contentType, body }: ApiCall): Promise<ApiReply> {
    const { files, now } = this.#options;
    let form: FormData;
    try {
      form = await new Response(new Uint8Array(body), {
        headers: { "content-type": contentType },
      }).formData();
    } catch {
      return refuse(
        400,
        "invalid_request",
        "a file is uploaded as multipart/form-data with `file` and `purpose`",
      );
    }
    const file = form.get("file");
    const purpose = form.get("purpose");
    if (!(file instanceof Blob) || typeof purpose !== "string")
      return refuse(400, "invalid_request", "`file` or `purpose` is missing");
    const data = Buffer.from(await file.arrayBuffer());
    const stored = {
      id: this.#id("file-"),
      bytes: data.length,
      created_at: Math.floor(now() / 1000),
      filename: file instanceof File ? file.name : "upload.jsonl",
      purpose,
    };
    await files.add(stored, data);
    return { status: 200, json: fileObject(stored) };
  }

  #models(id: string | null): ApiReply {
    const trained = this.#options.queue
      .list()
      .flatMap(({ fineTunedModel, created }) =>
        fineTunedModel === null ? [] : [{ id: fineTunedModel, created }],
      );
    const all = [...Object.keys(BASE_MODELS).map((name) => ({ id: name, created: 0 })), ...trained].map(
      (model) => ({
        ...model,
        object: "model",
        owned_by: "stillwatch",
      }),
    );
    if (id === null) return { status: 200, json: { object: "list", data: all } };
    const found = all.find((model) => model.id === decodeURIComponent(id));
    return found === undefined
      ? refuse(404, "not_found", `there is no model ${id}`)
      : { status: 200, json: found };
  }

  async #chat({ body }: ApiCall): Promise<ApiReply> {
    const read = parse(chat, body);
    if ("refused" in read) return read.refused;
    const { model, messages } = read.value;
    const student = await this.#options.queue.student(model);
    if (student === null)
      return refuse(
        404,
        "model_not_found",
        `there is no fine-tuned model ${model}; GET /v1/models lists them`,
      );
    const input = (messages as Message[]).findLast(({ role }) => role === "user")?.content ?? "";
    const [answer] = await student.answer([{ messages, input }]);
    return {
      status: 200,
      json: {
        id: this.#id("chatcmpl-"),
        object: "chat.completion",
        created: Math.floor(this.#options.now() / 1000),
        model,
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: answer?.text ?? "" },
            finish_reason: "stop",
            logprobs: null,
          },
        ],
        usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      },
    };
  }

  async #jobs({ method, path, query, body }: ApiCall): Promise<ApiReply> {
    const { queue } = this.#options;
    const [id, action] = path.split("/").slice(3);
    if (id === undefined) {
      if (method === "POST") return await this.#create(body);
      return { status: 200, json: page(queue.list().map(jobObject), query) };
    }
    const job = queue.get(id);
    if (job === null) return refuse(404, "not_found", `there is no fine-tuning job ${id}`);
    if (action === undefined) return { status: 200, json: jobObject(job) };
    if (action === "events") {
      const events = queue.events(id).map((event) => ({ object: "fine_tuning.job.event", ...event }));
      return { status: 200, json: page(events, query) };
    }
    if (action === "checkpoints") return { status: 200, json: page(checkpointsOf(job), query) };
    if (method !== "POST") return refuse(404, "not_found", `there is no ${method} ${path}`);
    const changed =
      action === "cancel"
        ? await queue.end(id, "cancelled")
        : action === "pause"
          ? await queue.end(id, "paused")
          : action === "resume"
            ? await queue.resume(id)
            : null;
    return changed === null
      ? refuse(400, "invalid_request", `job ${id} is ${job.status}; it cannot be changed by ${action}`)
      : { status: 200, json: jobObject(changed) };
  }

  async #create(body: Buffer): Promise<ApiReply> {
    const { files, queue, now } = this.#options;
    const read = parse(newJob, body);
    if ("refused" in read) return read.refused;
    const asked = read.value;
    const trainer = Object.hasOwn(BASE_MODELS, asked.model) ? BASE_MODELS[asked.model] : undefined;
    if (trainer === undefined)
      return refuse(
        400,
        "model_not_found",
        `${asked.model} cannot be fine-tuned here; ${Object.keys(BASE_MODELS).join(" and ")} can`,
        "model",
      );
    for (const [param, file] of [
      ["training_file", asked.training_file],
      ["validation_file", asked.validation_file],
    ] as const)
      if (typeof file === "string" && files.get(file) === null)
        return refuse(
          400,
          "invalid_file",
          `there is no file ${file}; upload it with purpose fine-tune`,
          param,
        );
    const job: Job = {
      id: this.#id("ftjob-"),
      created: Math.floor(now() / 1000),
      finished: null,
      model: asked.model,
      trainer,
      suffix: asked.suffix || null,
      trainingFile: asked.training_file,
      validationFile: asked.validation_file ?? null,
      hyperparameters: {
        n_epochs: "auto",
        batch_size: "auto",
        learning_rate_multiplier: "auto",
        ...defined(asked.method?.supervised?.hyperparameters ?? asked.hyperparameters ?? {}),
      },
      seed: asked.seed ?? 1,
      metadata: asked.metadata ?? null,
      status: "validating_files",
      error: null,
      trainedTokens: null,
      fineTunedModel: null,
    };
    await queue.add(job);
    return { status: 200, json: jobObject(job) };
  }

  #id(prefix: string): string {
    const { now, randomBytes } = this.#options;
    return newId("ex", now(), randomBytes).replace("ex_", prefix);
  }
}

/** One student is one checkpoint: what is there at the end. */
function checkpointsOf(job: Job): JsonObject[] {
  if (job.fineTunedModel === null) return [];
  return [
    {
      object: "fine_tuning.job.checkpoint",
      id: job.id.replace("ftjob-", "ftckpt-"),
      created_at: job.finished ?? job.created,
      fine_tuned_model_checkpoint: job.fineTunedModel,
      fine_tuning_job_id: job.id,
      step_number: 100,
      metrics: { step: 100 },
    },
  ];
}

/** `limit` and `after` as OpenAI's lists have them. */
function page(all: readonly JsonObject[], query: URLSearchParams): JsonObject {
  const limit = Math.min(100, Math.max(1, Number(query.get("limit")) || 20));
  const after = query.get("after");
  const from = after === null ? 0 : all.findIndex((item) => asText(item["id"]) === after) + 1;
  return { ...listOf(all.slice(from, from + limit)), has_more: from + limit < all.length };
}

function listOf(data: readonly JsonObject[]): JsonObject {
  return {
    object: "list",
    data: [...data],
    has_more: false,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
  };
}

function parse<T>(
  schema: z.ZodType<T>,
  body: Buffer,
): { readonly value: T } | { readonly refused: ApiReply } {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch {
    return { refused: refuse(400, "invalid_request", "the body is no JSON") };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  const param = issue?.path.join(".") ?? "";
  return {
    refused: refuse(
      400,
      "invalid_request",
      `${param || "the body"}: ${issue?.message ?? "is wrong"}`,
      param || null,
    ),
  };
}

function defined(values: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as JsonObject;
}

function refuse(status: number, code: string, message: string, param: string | null = null): ApiReply {
  return { status, json: { error: { message, type: "invalid_request_error", code, param } } };
}

import { join } from "node:path";
import type { Random } from "../../stats/random.ts";
import { seeded } from "../../stats/random.ts";
import { NOTHING, plus, type Prices } from "../collect/bill.ts";
import { Budget, type Limits } from "../collect/budget.ts";
import { CallLog, type Judge } from "../collect/call-log.ts";
import { httpBatchTeacher, type BatchTeacher } from "../collect/batch-teacher.ts";
import { collectBatch } from "../collect/collect-batch.ts";
import { collect, type CollectInput, type CollectResult } from "../collect/collect.ts";
import { embeddedTeacher } from "../collect/embedded-teacher.ts";
import { httpTeacher } from "../collect/http-teacher.ts";
import type { Asking } from "../collect/request.ts";
import type { Teacher } from "../collect/teacher.ts";
import { DistilError } from "../error.ts";
import type { Prompt } from "../prompt.ts";
import type { Spend } from "../report/report.ts";
import type { Trainer } from "../train/trainer.ts";
import { JOURNAL, writeJson, type RunFolder } from "./folder.ts";
import type { Restriction } from "../../policy/terms.ts";
import { permissionFor, permitFile, restrictionsUnder, termsFile, type Permission } from "./permission.ts";
import { fromFolder } from "./recipe.ts";

/** What a run needs from outside: everything that differs between the product and its tests. */
export interface Surroundings {
  readonly trainers: readonly Trainer[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Seconds of processor time used by this process. */
  readonly cpu: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly sleep: (ms: number) => Promise<void>;
  /** Value of an environment variable that the recipe names; null when it is not set. */
  readonly secret: (variable: string) => string | null;
  readonly onProgress: (progress: RunProgress) => void;
  readonly signal: AbortSignal;
}

export interface RunProgress {
  readonly stage: "prompts" | "collect" | "filter" | "train" | "evaluate" | "cascade" | "report";
  readonly done: number;
  readonly total: number;
  readonly spent: number;
  readonly upperBound: number;
  readonly budget: number | null;
  readonly message?: string | undefined;
}

/** An answer without a word in it was paid for and is asked for again; whatever else may be wrong with one, filters say. */
export const judgeAnswer: Judge = ({ choices }) =>
  choices.every(({ answer, finish }) => answer.trim() === "" && !ENDED_FOR_GOOD.has(finish ?? ""))
    ? "the teacher's answer is empty"
    : null;

/** Asked again, the same would come back. */
const ENDED_FOR_GOOD: ReadonlySet<string> = new Set(["length", "content_filter", "refusal"]);

const ATTEMPTS = { calls: 6, bad: 4 };
const SPEND = "spend.json";
/** The account under which a run's own journal files its exchanges. */
const ACCOUNT = "distil";

/** A run with its teacher, its journal and its budget opened. */
export class Workbench {
  readonly run: RunFolder;
  readonly permission: Permission;
  readonly teacher: Teacher;
  /** The name that the teacher is asked by. */
  readonly model: string;
  readonly log: CallLog;
  readonly budget: Budget;
  readonly around: Surroundings;
  readonly trainer: Trainer;
  readonly #pace: Random;
  readonly #batches: BatchTeacher | null;
  #writing: Promise<void> = Promise.resolve();
  readonly #restrictions = new Map<string, readonly Restriction[]>();

  private constructor(
    opened: Omit<
      Workbench,
      "close" | "ask" | "random" | "restrictionsOf" | "stopIfAsked" | "teacherNames" | "tell" | "writeSpend"
    >,
  ) {
    this.run = opened.run;
    this.permission = opened.permission;
    this.teacher = opened.teacher;
    this.model = opened.model;
    this.log = opened.log;
    this.budget = opened.budget;
    this.around = opened.around;
    this.trainer = opened.trainer;
    this.#pace = seeded("pace");
    this.#batches = batchesOf(opened.run, opened.around);
  }

  /** Throws DistilError "not_permitted" before a teacher is opened, "config", "folder" or "teacher". */
  static async open(run: RunFolder, around: Surroundings): Promise<Workbench> {
    const { recipe } = run;
    const trainer = trainerOf(run, around.trainers);
    const asked = recipe.teacher.model ?? "stillwatch-teacher";
    const permission = permissionFor(recipe, run.path, asked, around.now());
    await keepPapers(run, permission);
    const { teacher, model } = await openTeacher(run, around);
    try {
      const log = await CallLog.open(
        {
          dataDir: join(run.path, JOURNAL),
          now: around.now,
          account: ACCOUNT,
          upstream: teacher.address,
          model,
          permit: permission.permit,
          terms: permission.terms?.sha256,
        },
        judgeAnswer,
      );
      const unknown = log.unknown.reduce((sum, call) => plus(sum, call.worst), NOTHING);
      const budget = new Budget(limitsOf(run), { known: log.known, unknown });
      return new Workbench({ run, permission, teacher, model, log, budget, around, trainer });
    } catch (error) {
      await teacher.close();
      throw error;
    }
  }

  /** Names under which the teacher's answers count; null before its first one. */
  get teacherNames(): readonly string[] | null {
    return this.run.recipe.teacher.models ?? (this.log.model === null ? null : [this.log.model]);
  }

  /** A generator for a named part of the run; the same at every resume. */
  random(part: string): Random {
    return seeded(this.run.recipe.seed).fork(part);
  }

  /** Asks what has no answer yet, within the budget. Throws as `collect` does, and "interrupted". */
  async ask(
    prompts: readonly Prompt[],
    message: string,
    { maxOutputTokens }: { readonly maxOutputTokens?: number } = {},
  ): Promise<CollectResult> {
    const { around, log, budget, run } = this;
    const { teacher } = run.recipe;
    let written = 0;
    const input: Omit<CollectInput, "teacher" | "idempotent" | "attempts"> = {
      prompts,
      log,
      budget,
      asking: { ...this.#asking(), ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }) },
      prices: pricesOf(run),
      judge: judgeAnswer,
      models: teacher.models ?? null,
      authorize: (body) => {
        // What earlier permits covered is no use of this one.
        const { calls, outputTokens } = plus(budget.upperBound, log.underOthers, -1);
        // The call itself is reserved already.
        const wanted = (maxOutputTokens ?? teacher.maxOutputTokens) * teacher.samples;
        const used = { exchanges: Math.max(0, calls - 1), outputTokens: Math.max(0, outputTokens - wanted) };
        return this.permission.authorize(body, used, around.now(), wanted);
      },
      pace: { concurrency: teacher.concurrency, now: around.now, random: this.#pace },
      randomBytes: around.randomBytes,
      sleep: around.sleep,
      onProgress: ({ answered, failed, prompts: total }) => {
        this.tell("collect", answered + failed, total, message);
        if (around.now() - written < SPEND_EVERY_MS) return;
        written = around.now();
        void this.writeSpend().catch(() => {});
      },
      signal: around.signal,
    };
    const way =
      this.#batches === null
        ? collect({ ...input, teacher: this.teacher, attempts: ATTEMPTS, idempotent: teacher.idempotent })
        : collectBatch({ ...input, batches: this.#batches });
    // What went wrong first is what matters: a disk that is full does not take this file either.
    const result = await way.finally(() => this.writeSpend().catch(() => {}));
    this.stopIfAsked();
    return result;
  }

  /** What must follow answers that were collected under these terms and this permit. Throws DistilError "not_permitted" or "folder". */
  restrictionsOf(terms: string, permit: string | null): readonly Restriction[] {
    const key = `${terms} ${permit ?? ""}`;
    const found =
      this.#restrictions.get(key) ?? restrictionsUnder(this.run.recipe, this.run.path, { terms, permit });
    this.#restrictions.set(key, found);
    return found;
  }

  stopIfAsked(): void {
    if (this.around.signal.aborted)
      throw new DistilError(
        "interrupted",
        `stopped; everything answered is kept, \`stillwatch distil resume ${this.run.path}\` goes on`,
      );
  }

  tell(stage: RunProgress["stage"], done: number, total: number, message?: string): void {
    const { spent, upperBound, limits } = this.budget;
    this.around.onProgress({
      stage,
      done,
      total,
      spent: spent.dollars,
      upperBound: upperBound.dollars,
      budget: limits.dollars,
      message,
    });
  }

  async writeSpend(): Promise<Spend> {
    const { budget, log } = this;
    const spend: Spend = {
      spent: budget.spent.dollars,
      upperBound: budget.upperBound.dollars,
      budget: budget.limits.dollars,
      unknown: log.unknown.length,
      known: budget.spent,
      bound: budget.upperBound,
      limits: budget.limits,
    };
    // One after the other: each replaces the same file.
    this.#writing = this.#writing.catch(() => {}).then(() => writeJson(this.run, SPEND, spend));
    await this.#writing;
    return spend;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.teacher.close();
    await this.log.close();
  }

  #asking(): Asking {
    const { maxOutputTokens, capField, temperature, samples, topLogprobs, extra } = this.run.recipe.teacher;
    return { model: this.model, maxOutputTokens, capField, temperature, samples, topLogprobs, extra };
  }
}

/** The words behind the hash of the terms and the id of the permit that each row carries, before there is any row. */
async function keepPapers(run: RunFolder, { terms, document }: Permission): Promise<void> {
  if (terms !== null) await writeJson(run, termsFile(terms.sha256), terms.snapshot);
  if (document !== null) await writeJson(run, permitFile(document.id), document);
}

const SPEND_EVERY_MS = 1000;

export function trainerOf({ recipe, path }: RunFolder, trainers: readonly Trainer[]): Trainer {
  const { trainer: name } = recipe.student;
  const found = trainers.find((trainer) => trainer.name === name);
  if (found !== undefined) return found;
  throw new DistilError(
    "config",
    `${path}: student.trainer is ${JSON.stringify(name)}; there are: ${trainers.map((trainer) => trainer.name).join(", ")}`,
  );
}

export async function openTeacher({ recipe, path }: RunFolder, { secret }: Pick<Surroundings, "secret">) {
  const { embedded, baseUrl, model, apiKeyEnv, timeoutMs } = recipe.teacher;
  if (embedded !== undefined) {
    const teacher = await embeddedTeacher({ path: embedded === true ? null : fromFolder(path, embedded) });
    return { teacher, model: model ?? teacher.model };
  }
  const apiKey = keyOf(apiKeyEnv, secret);
  return { teacher: httpTeacher({ baseUrl: baseUrl ?? "", apiKey, timeoutMs }), model: model ?? "" };
}

function keyOf(variable: string | undefined, secret: Surroundings["secret"]): string | null {
  if (variable === undefined) return null;
  const key = secret(variable);
  if (key !== null) return key;
  throw new DistilError("config", `teacher.apiKeyEnv names ${variable}, which is not set in the environment`);
}

function batchesOf({ recipe }: RunFolder, { secret }: Surroundings): BatchTeacher | null {
  const { batch, baseUrl, apiKeyEnv, timeoutMs } = recipe.teacher;
  if (!batch || baseUrl === undefined) return null;
  return httpBatchTeacher({ baseUrl, apiKey: keyOf(apiKeyEnv, secret), timeoutMs });
}

function pricesOf({ recipe }: RunFolder): Prices {
  return recipe.teacher.prices ?? { input: 0, output: 0, call: 0 };
}

function limitsOf({ recipe }: RunFolder): Limits {
  const { dollars = null, tokens = null, calls = null } = recipe.budget;
  return { dollars, tokens, calls };
}

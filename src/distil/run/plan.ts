import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadMasterKeys } from "../../ledger/keyring.ts";
import { realDisk } from "../../ledger/disk.ts";
import { DistilError } from "../error.ts";
import { findOverlap } from "../evaluate/overlap.ts";
import { Likeness } from "../likeness.ts";
import type { Prompt } from "../prompt.ts";
import { buildPrompt } from "../prompts/build.ts";
import { readExamples, type Example } from "../prompts/example.ts";
import { evolve, selfInstruct } from "../prompts/expand.ts";
import { fromJournal } from "../prompts/journal.ts";
import { readJson } from "./folder.ts";
import { fromFolder, type PromptSource } from "./recipe.ts";
import type { Workbench } from "./workbench.ts";

/** What will be asked, settled before any money is spent on it, and the same at every resume. */
export interface Plan {
  /** To learn from, in the order in which they are asked. */
  readonly train: readonly Prompt[];
  /** Drawn at random and never trained on: for the learning curve and the cascade. */
  readonly held: readonly Prompt[];
  /** Of the test set; each has a reference where the file gives one. */
  readonly test: readonly Prompt[];
  /** What was left out, and why. */
  readonly left: Readonly<Record<string, number>>;
}

const PLAN = "prompts.json";
/** Share held back, and how many at least and at most: enough for a bound of 5 % in the cascade, not more than that takes. */
const HELD = { share: 0.15, least: 40, most: 1000 };
const FEWEST = 20;
/** Prompts from which it is learned what their template is. */
const LEARNED = 2000;

/** Reads the sources, drops duplicates and what the test set has, and draws what is held back. Throws DistilError "config" or "dataset". */
export async function makePlan(bench: Workbench): Promise<Plan> {
  const basis = basisOf(bench);
  const kept = readPlan(bench, basis);
  if (kept !== null) return kept;
  bench.tell("prompts", 0, 1, "reading");
  const left: Record<string, number> = {};
  const drop = (because: string): void => void (left[because] = (left[because] ?? 0) + 1);
  const test = await readTest(bench, drop);
  const found = await readSources(bench, drop);
  const apart = withoutTest(
    withoutTwins(found, bench, drop),
    test,
    bench.run.recipe.evaluation.overlap,
    drop,
  );
  const random = bench.random("order of prompts");
  const ordered = apart
    .map((prompt) => ({ prompt, at: random.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ prompt }) => prompt)
    .slice(0, bench.run.recipe.prompts.limit);
  if (ordered.length < FEWEST)
    throw new DistilError(
      "dataset",
      `${ordered.length} prompts are left (left out: ${JSON.stringify(left)}); a run needs ${FEWEST} at least. See prompts.from in distil.yaml`,
    );
  const held = Math.min(
    HELD.most,
    ordered.length >> 1,
    Math.max(HELD.least, Math.ceil(ordered.length * HELD.share)),
  );
  const plan: Plan = { train: ordered.slice(held), held: ordered.slice(0, held), test, left };
  await realDisk.replace(join(bench.run.path, PLAN), Buffer.from(`${JSON.stringify({ basis, ...plan })}\n`));
  return plan;
}

/** The part of the recipe that the plan follows from. */
function basisOf({ run }: Workbench): string {
  const { prompts, evaluation, seed } = run.recipe;
  const { test, field, reference, limit, overlap } = evaluation;
  const text = JSON.stringify({ prompts, test, field, reference, limit, overlap, seed });
  const hash = createHash("sha256").update(text);
  // What a journal holds grows; files are meant as they are now.
  const files = [
    test,
    ...prompts.from.flatMap((from) => ("file" in from ? [from.file] : "seeds" in from ? [from.seeds] : [])),
  ];
  for (const name of files) {
    const file = fromFolder(run.path, name);
    if (existsSync(file)) hash.update(createHash("sha256").update(readFileSync(file)).digest());
  }
  return hash.digest("hex");
}

function readPlan({ run }: Workbench, basis: string): Plan | null {
  const plan = readJson(run, PLAN) as (Plan & { readonly basis: string }) | null;
  return plan?.basis === basis ? plan : null;
}

async function readTest(bench: Workbench, drop: (because: string) => void): Promise<Prompt[]> {
  const { evaluation, prompts } = bench.run.recipe;
  const file = fromFolder(bench.run.path, evaluation.test);
  const test = new Map<string, Prompt>();
  const options = {
    field: evaluation.field,
    reference: evaluation.reference,
    onBad: () => drop("test: unusable line"),
  };
  for await (const example of readExamples(file, options)) {
    const prompt = buildPrompt(example, prompts, `${evaluation.test}:${example.line}`);
    if (test.has(prompt.id)) drop("test: the same twice");
    else test.set(prompt.id, prompt);
    if (test.size === (evaluation.limit ?? Infinity)) break;
  }
  if (test.size === 0)
    throw new DistilError(
      "config",
      `evaluation.test: ${file} has no usable row; each needs an input and, as ${evaluation.reference}, the right answer`,
    );
  return [...test.values()];
}

async function readSources(bench: Workbench, drop: (because: string) => void): Promise<Prompt[]> {
  const found: Prompt[] = [];
  for (const source of bench.run.recipe.prompts.from) {
    bench.tell("prompts", found.length, found.length, "reading");
    for await (const { example, name } of examplesOf(source, bench, drop))
      found.push(buildPrompt(example, bench.run.recipe.prompts, name));
  }
  return found;
}

interface Named {
  readonly example: Example;
  readonly name: string;
}

async function* examplesOf(
  source: PromptSource,
  bench: Workbench,
  drop: (because: string) => void,
): AsyncGenerator<Named> {
  const { path } = bench.run;
  const onBad = (): void => drop("unusable line");
  if ("file" in source) {
    for await (const example of readExamples(fromFolder(path, source.file), { ...source, onBad }))
      yield { example, name: `${source.file}:${example.line}` };
  } else if ("journal" in source) {
    const dataDir = fromFolder(path, source.journal);
    const masters = await loadMasterKeys(dataDir, { command: [], create: realDisk });
    for await (const example of fromJournal(dataDir, masters, source))
      yield { example, name: `${source.journal}:${example.line}` };
  } else yield* expanded(source, bench, onBad);
}

/** New inputs by the teacher, asked for like everything else: on record and within the budget. */
async function* expanded(
  source: Extract<PromptSource, { seeds: string }>,
  bench: Workbench,
  onBad: () => void,
): AsyncGenerator<Named> {
  const seeds: string[] = [];
  for await (const { input } of readExamples(fromFolder(bench.run.path, source.seeds), { onBad }))
    seeds.push(input);
  if (seeds.length === 0)
    throw new DistilError("config", `prompts.from: ${source.seeds} has no usable line to start from`);
  const make = source.method === "evolve" ? evolve : selfInstruct;
  const { requests, read } = make({ seeds, count: source.count, seed: bench.run.recipe.seed });
  await bench.ask(requests, `new prompts (${source.method})`);
  let made = 0;
  for (const request of requests)
    for (const choice of bench.log.of(request.id).answer?.reply.choices ?? [])
      for (const input of read(choice.answer)) {
        if (made++ >= source.count) return;
        yield { example: { before: [], input, reference: null, line: made }, name: source.method };
      }
}

function withoutTwins(
  found: readonly Prompt[],
  { run }: Workbench,
  drop: (because: string) => void,
): Prompt[] {
  const likeness = run.recipe.prompts.nearDuplicates === "drop" ? new Likeness() : null;
  const ids = new Set<string>();
  // What all prompts share tells none of them apart.
  for (const { input } of found.slice(0, LEARNED)) likeness?.learn(input);
  return found.filter((prompt) => {
    if (ids.has(prompt.id)) {
      drop("the same prompt twice");
      return false;
    }
    ids.add(prompt.id);
    if (likeness?.find(prompt.input)) {
      drop("nearly the same as another prompt");
      return false;
    }
    likeness?.add(prompt.id, prompt.input);
    return true;
  });
}

function withoutTest(
  found: readonly Prompt[],
  test: readonly Prompt[],
  overlap: "near" | "same",
  drop: (because: string) => void,
): Prompt[] {
  const leaks = findOverlap(found, test).filter(({ kind }) => overlap === "near" || kind === "same");
  const leaked = new Set(leaks.map(({ prompt }) => prompt.id));
  for (const _ of leaked) drop("in the test set, or nearly");
  return found.filter((prompt) => !leaked.has(prompt.id));
}

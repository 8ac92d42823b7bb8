import type { Archetype } from "../../test/world/actor.ts";
import { type Corpora, loadCorpora } from "../../test/world/corpora.ts";
import { corpusArchetypes } from "../../test/world/corpus-actor.ts";
import type { Evasion } from "../../test/world/disguise.ts";
import { harvesters } from "../../test/world/harvesters.ts";
import { type Citizen, citizen, honest } from "../../test/world/world.ts";
import { type Random, seeded } from "../../src/stats/random.ts";

/** An account under test. */
export interface Subject {
  readonly citizen: Citizen;
  readonly source: Source;
  /** Harvest family or application: the corpus or the world's archetype. */
  readonly name: string;
  /** What it must not share with anything on the other side of a split: its lineage, and that of its cover traffic. */
  readonly lineage: string;
  readonly coverLineage: string | null;
  /** The fold in which it is tested. */
  readonly fold: number;
  /** Exchanges that it makes, if it has so many. */
  readonly length: number;
}

export type Source = "corpora" | "world";

export interface SubjectOptions {
  readonly seed: string;
  /** Folder of texts of others. */
  readonly corpora: string | null;
  readonly folds: number;
  /** Accounts of an application; of a harvest family at each level of evasion. */
  readonly perApplication: number;
  readonly perFamily: number;
}

/** A window of so many exchanges is an account. */
const SHORTEST = 100;
const LONGEST = 300;

/** Of each corpus: enough for many windows, little enough for memory. */
const READ = { rows: 3000, characters: 4e6 };

interface Kind {
  readonly archetype: Archetype;
  readonly source: Source;
  readonly lineage: string;
}

/** Accounts of every application and family, with the fold that each lineage is held out in. */
export async function subjectsOf(options: SubjectOptions): Promise<Subject[]> {
  const random = seeded(`${options.seed} subjects`);
  const kinds = kindsOf(options.corpora === null ? null : await loadCorpora(options.corpora, READ));
  const folds = foldsOf(kinds, options.folds, random.fork("folds"));
  const applications = kinds.filter(({ archetype }) => archetype.kind !== "harvest");
  const families = kinds.filter(({ archetype }) => archetype.kind === "harvest");
  const subject = (kind: Kind, nth: number, evasion: Evasion): Subject => {
    const id = `${kind.source}-${kind.archetype.name}-${evasion}-${nth}`.replaceAll(" ", "-");
    const own = random.fork(id);
    const cover = evasion === 0 ? null : coverFor(kind, applications, folds, own.fork("cover"));
    return {
      citizen: citizen(own, id, kind.archetype, { evasion, ...(cover && { cover: cover.archetype }) }),
      source: kind.source,
      name: kind.archetype.name,
      lineage: kind.lineage,
      coverLineage: cover?.lineage ?? null,
      fold: folds.get(kind.lineage) as number,
      length: SHORTEST + own.fork("length").below(LONGEST - SHORTEST + 1),
    };
  };
  const times = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  return [
    ...applications.flatMap((kind) => times(options.perApplication).map((nth) => subject(kind, nth, 0))),
    ...families.flatMap((kind) =>
      ([0, 1, 2] as const).flatMap((evasion) =>
        times(options.perFamily).map((nth) => subject(kind, nth, evasion)),
      ),
    ),
  ];
}

/** An account can teach a fold's weights unless it, or what it hides behind, is held out there. */
export function teaches(subject: Subject, fold: number, folds: ReadonlyMap<string, number>): boolean {
  const { coverLineage } = subject;
  return subject.fold !== fold && (coverLineage === null || folds.get(coverLineage) !== fold);
}

export function foldOfLineage(subjects: readonly Subject[]): Map<string, number> {
  return new Map(subjects.map(({ lineage, fold }) => [lineage, fold]));
}

function kindsOf(corpora: Corpora | null): Kind[] {
  const kind = (archetype: Archetype, source: Source): Kind => ({
    archetype,
    source,
    lineage: `${source}: ${archetype.lineage ?? archetype.name}`,
  });
  return [
    ...(corpora === null ? [] : corpusArchetypes(corpora).map((a) => kind(a, "corpora"))),
    ...[...honest, ...harvesters].map((a) => kind(a, "world")),
  ];
}

/** Lineages dealt out in turn: those with a harvest first, so that every fold has some of each sort and source. */
function foldsOf(kinds: readonly Kind[], folds: number, random: Random): Map<string, number> {
  const sorts = Map.groupBy(
    new Map(kinds.map(({ lineage }) => [lineage, kinds.filter((k) => k.lineage === lineage)])).entries(),
    ([, its]) => `${its[0]?.source} ${its.some(({ archetype }) => archetype.kind === "harvest")}`,
  );
  let next = 0;
  return new Map(
    [...sorts.values()].flatMap((lineages) =>
      lineages
        .map(([lineage]) => ({ lineage, at: random.fork(lineage).uniform() }))
        .sort((a, b) => a.at - b.at)
        .map(({ lineage }) => [lineage, next++ % folds] as const),
    ),
  );
}

/** An honest application of the same source that is not held out together with the family. */
function coverFor(
  kind: Kind,
  applications: readonly Kind[],
  folds: ReadonlyMap<string, number>,
  random: Random,
): Kind {
  return random.pick(
    applications.filter(
      ({ source, lineage }) => source === kind.source && folds.get(lineage) !== folds.get(kind.lineage),
    ),
  );
}

import { signals } from "../../src/detect/signal/signals.ts";
import { EVASIONS, type Family, LEVELS, type Lofo, type Row, type Slice } from "./lofo.ts";
import type { Measured } from "./measured.ts";
import { HELD_OUT, highest, type Method, SHIPPED } from "./methods.ts";
import { mean, quantile } from "./rates.ts";
import { rate, share, table, whole } from "./table.ts";

const COVER = ["no cover", "50 % cover", "75 % cover"];

/** The tables, from families and applications to the means: figures last. */
export function lofoReport(result: Lofo): string {
  const whole = result.slices.at(-1) as Slice;
  const held = result.methods.find(({ name }) => name === HELD_OUT) as Method;
  const bar = (whole.rows[0] as Row).bars[0]?.bar as number;
  return [
    `Families (weights and bars from other lineages; ${whole.honestAccounts} honest accounts of ${whole.applications} applications in ${whole.lineages} lineages)\n${familyTable(whole)}`,
    `The same beside the baselines: share found at 1 %, no cover\n${besideTable(whole)}`,
    `Families found less than half of the time: mean signals at the last look\n${missedTable(whole, result.accounts)}`,
    `Honest applications of corpora, and those of the world with accounts above the 1 % bar\n${applicationTable(result.accounts, held, bar)}`,
    ...result.slices.map(sliceText),
  ].join("\n\n");
}

function familyTable({ rows }: Slice): string {
  const [held] = rows as readonly [Row];
  const shipped = rows.find(({ method }) => method === SHIPPED);
  return table(
    [
      "family",
      "accounts",
      ...COVER.map((cover) => `1 %, ${cover}`),
      "0.1 %, no cover",
      "as shipped 1 %",
      "exchanges",
      "pairs",
    ],
    held.families.map((family, i) => [
      nameOf(family),
      String(family.accounts),
      ...EVASIONS.map((evasion) => rate(family.rates[evasion]?.[0] ?? none)),
      rate(family.rates[0]?.[1] ?? none),
      share(shipped?.families[i]?.rates[0]?.[0]?.mean ?? Number.NaN) +
        (family.source === "world" ? "*" : " "),
      whole(family.medianExchanges),
      whole(family.medianPairs),
    ]),
  ).concat(
    "\nexchanges, pairs: median until the first look above the 1 % bar, no cover. * the shipped weights were taught on this family",
  );
}

const none = { mean: Number.NaN, low: Number.NaN, high: Number.NaN };

function besideTable({ rows }: Slice): string {
  const families = rows[0]?.families ?? [];
  const legend = rows.map(({ method }, i) => `${String.fromCharCode(65 + i)} = ${method}`).join(", ");
  return `${table(
    ["family", ...rows.map((_, i) => String.fromCharCode(65 + i))],
    families.map((family, i) => [
      nameOf(family),
      ...rows.map((row) => share(row.families[i]?.rates[0]?.[0]?.mean ?? Number.NaN)),
    ]),
  )}\n${legend}`;
}

/** What the missed families show instead: for the one who looks for the next signal. */
function missedTable({ rows }: Slice, accounts: readonly Measured[]): string {
  const missed = (rows[0]?.families ?? []).filter(({ rates }) => (rates[0]?.[0]?.mean ?? 1) < 0.5);
  if (missed.length === 0) return "none";
  return missed
    .map((family) => {
      const its = accounts.filter(
        ({ subject: { name, source, citizen } }) =>
          citizen.harvests && citizen.evasion === 0 && name === family.name && source === family.source,
      );
      return `${nameOf(family)}: ${signalsOf(its)}`;
    })
    .join("\n");
}

/** "worklist .62, breadth .40; against: short answers .80" */
export function signalsOf(accounts: readonly Measured[]): string {
  const lasts = accounts.flatMap(({ looks }) => looks.at(-1) ?? []);
  const of = (side: "for" | "against"): string =>
    signals
      .map(({ name, speaks }, i) => ({ name, speaks, value: mean(lasts.map(({ whole }) => whole[i] ?? 0)) }))
      .filter(({ speaks, value }) => speaks === side && value >= 0.05)
      .sort((a, b) => b.value - a.value)
      .map(({ name, value }) => `${name} ${share(value)}`)
      .join(", ");
  return `${of("for") || "nothing"}; against: ${of("against") || "nothing"}`;
}

function applicationTable(accounts: readonly Measured[], method: Method, bar: number): string {
  const honest = accounts.filter(({ subject }) => !subject.citizen.harvests);
  const rows = [...Map.groupBy(honest, ({ subject }) => `${subject.source}: ${subject.name}`)].map(
    ([name, its]) => {
      const scores = its.map((a) => highest(method.curve(a)));
      const above = mean(scores.map((s) => (s > bar ? 1 : 0)));
      return { name, scores, above, its };
    },
  );
  return table(
    ["application", "accounts", "above", "median", "highest", "  mean signals"],
    rows
      .filter(({ name, above }) => above > 0 || name.startsWith("corpora"))
      .sort((a, b) => b.above - a.above || Math.max(...b.scores) - Math.max(...a.scores))
      .map(({ name, scores, above, its }) => [
        name,
        String(scores.length),
        share(above),
        quantile(scores, 0.5).toFixed(2),
        Math.max(...scores).toFixed(2),
        above > 0 ? `  ${signalsOf(its)}` : "",
      ]),
  );
}

function sliceText(slice: Slice): string {
  const { name, rows, lineages } = slice;
  return [
    `Means over the families of ${name}, bars from its ${slice.honestAccounts} honest accounts (${slice.applications} applications, ${lineages} lineages, each application weighing the same)`,
    table(
      [
        "method",
        "1 %",
        "0.1 %",
        "0.01 %",
        "1 %, 50 % cover",
        "1 %, 75 % cover",
        "0.1 %, 75 %",
        "exchanges",
        "pairs",
      ],
      rows.map((row) => [
        row.method,
        ...LEVELS.map((_, level) => rate(row.rates[0]?.[level] ?? none)),
        rate(row.rates[1]?.[0] ?? none),
        rate(row.rates[2]?.[0] ?? none),
        rate(row.rates[2]?.[1] ?? none),
        `${whole(row.toAlarm[0]?.exchanges.median ?? Number.NaN)} / ${whole(row.toAlarm[0]?.exchanges.p90 ?? Number.NaN)}`,
        `${whole(row.toAlarm[0]?.pairs.median ?? Number.NaN)} / ${whole(row.toAlarm[0]?.pairs.p90 ?? Number.NaN)}`,
      ]),
    ),
    ...resolution(rows[0] as Row, lineages),
    ...aims(rows[0] as Row, name),
  ].join("\n");
}

function aims({ rates, toAlarm }: Row, of: string): string[] {
  const reached = (evasion: number, level: number): string => rate(rates[evasion]?.[level] ?? none);
  return [
    `families of ${of} never seen: ${reached(0, 0)} at 1 % (aim .85), ${reached(0, 1)} at 0.1 % (aim .60), ` +
      `${reached(2, 0)} at 1 % behind 75 % cover (aim .50), median ${whole(toAlarm[0]?.exchanges.median ?? Number.NaN)} exchanges to the alarm of those found (aim 60)`,
  ];
}

/** What so few applications can and cannot say. */
function resolution({ bars }: Row, lineages: number): string[] {
  return LEVELS.map((level, i) => {
    const { bar, accounts, lineages: over } = bars[i] as Row["bars"][number];
    const at = `bar at ${100 * level} %: ${bar.toFixed(2)}`;
    if (accounts === 0)
      return `${at}, above every honest account: this level is not resolved (with 0 of ${lineages} lineages above, up to ${((100 * 3) / lineages).toFixed(0)} % of lineages could be)`;
    return `${at}, with ${accounts} accounts of ${over} lineages above it${over < 3 ? ": it rests on too few lineages to be resolved" : ""}`;
  });
}

function nameOf({ source, name }: Family): string {
  return `${source}: ${name}`;
}

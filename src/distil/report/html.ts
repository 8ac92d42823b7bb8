import { curvePicture } from "./picture.ts";
import type { Against, Report, Scored } from "./report.ts";

/** `report.html`: one file without anything from elsewhere, for people. Everything that came from outside is escaped. */
export function reportHtml(report: Report): string {
  const { name, quality } = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(name)}: distillation report</title><style>${STYLE}</style></head><body><main>
<h1>${escaped(name)}</h1>
<p class="verdict ${quality.comparison.replaceAll(" ", "-")}">The student <strong>${said(quality.comparison)}</strong> the teacher
(${points(quality.difference)} points, 95 % interval ${points(quality.interval[0])} to ${points(quality.interval[1])}, ${quality.rows} test rows${more(quality.rowsNeeded)}).</p>
${qualityTable(report)}
${section("Quality against cost", curvePicture(report.curve) + `<p>${escaped(report.stopped)}</p>`)}
${section("Spend", spendTable(report))}
${section("Rows", rowsTable(report))}
${report.cascade === null ? "" : section("Cascade", cascadeText(report))}
${section("Terms", termsText(report))}
${section("Side by side", sideBySide(report))}
${section("What these numbers do not say", list(report.limits))}
</main></body></html>
`;
}

function qualityTable({ teacher, student, baseline, agreement, quality }: Report): string {
  const rows: [string, Scored | null, string][] = [
    [`Teacher, ${teacher.model}`, teacher.quality, ""],
    [`Student, ${student.trainer}`, student.quality, ""],
    [
      "Student before it learned from the teacher",
      student.undistilled,
      against(quality.against, "undistilled student"),
    ],
    [`Baseline: ${baseline.what}`, baseline.quality, against(quality.against, "baseline")],
    ["Student agrees with the teacher", agreement, ""],
  ];
  const body = rows.map(([what, scored, compared]) =>
    row(what, scored === null ? "not known" : percent(scored), compared),
  );
  return `<table><thead><tr><th>${escaped(quality.metric)}</th><th>Mean, 95 % interval</th><th></th></tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function against(all: Report["quality"]["against"], what: string): string {
  const found: Against | undefined = all.find((one) => one.what === what);
  if (found === undefined) return "";
  return `the student ${said(found.comparison)} it (${points(found.difference)} points, ${points(found.interval[0])} to ${points(found.interval[1])}${more(found.rowsNeeded)})`;
}

function spendTable({ cost, spend }: Report): string {
  const break_ = cost.breakEven === null ? "never" : `after ${cost.breakEven.toLocaleString("en")} questions`;
  return table([
    ["Spent on the teacher", money(spend.spent)],
    ["No bill can be above", money(spend.upperBound)],
    ["Budget", spend.budget === null ? "none in dollars" : money(spend.budget)],
    ["Calls whose outcome is unknown, each counted at its worst", String(spend.unknown)],
    ["Training", `${money(cost.train)}, ${cost.trainCpuSeconds.toFixed(1)} CPU-seconds`],
    [
      "A thousand questions: teacher, student",
      `${money(cost.perThousand.teacher)}, ${money(cost.perThousand.student)}`,
    ],
    ["The student has earned its cost", break_],
  ]);
}

function rowsTable({ rows, droppedExamples }: Report): string {
  const counts = (of: Readonly<Record<string, number>>, what: string): [string, string][] =>
    Object.entries(of).map(([because, count]) => [`${what}: ${because}`, String(count)]);
  const examples = droppedExamples.map(({ filter, because, answer }) => `${filter}: ${because} “${answer}”`);
  return (
    table([
      ["Prompts", String(rows.prompts)],
      ["Answered", String(rows.answered)],
      ...counts(rows.failed, "Not answered"),
      ["Kept", String(rows.kept)],
      ...counts(rows.dropped, "Dropped"),
      ["Merkle root of the contents", rows.root],
    ]) +
    (examples.length > 0
      ? `<details><summary>Some of what was dropped</summary>${list(examples)}</details>`
      : "")
  );
}

function cascadeText({ cascade }: Report): string {
  if (cascade === null) return "";
  const { threshold, serves, epsilon, delta, calibratedOn, savedPerThousand } = cascade;
  const bound = `disagreement with the teacher of at most ${whole(epsilon)} % with ${whole(1 - delta)} % confidence`;
  if (threshold === null)
    return `<p>No threshold keeps ${bound} on ${calibratedOn} calibration rows: the teacher answers everything.</p>`;
  return `<p>The student serves ${whole(serves)} % of the traffic (confidence from ${threshold.toPrecision(3)}), with ${bound}, calibrated on
${calibratedOn} rows. This holds for traffic like theirs (exchangeable), not for what drifts away. It saves ${money(savedPerThousand)} in a thousand questions.</p>`;
}

function termsText({ terms }: Report): string {
  return (
    table([
      ["Terms", `${terms.name} (SHA-256 ${terms.sha256})`],
      ["Use", `${terms.purpose}, distribution: ${terms.distribution}`],
      ["Allowed", `${terms.allowed}: ${terms.because}`],
      ["Permit", terms.permit ?? "none"],
    ]) +
    (terms.restrictions.length > 0
      ? `<p>The dataset and the student carry on:</p>${list(terms.restrictions)}`
      : "")
  );
}

function sideBySide({ examples }: Report): string {
  const body = examples.map(
    ({ input, reference, teacher, student }) =>
      `<tr>${[input, reference ?? "", teacher, student].map((text) => `<td>${escaped(text)}</td>`).join("")}</tr>`,
  );
  return `<table class="wide"><thead><tr><th>Input</th><th>Reference</th><th>Teacher</th><th>Student</th></tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function section(title: string, body: string): string {
  return `<section><h2>${escaped(title)}</h2>${body}</section>`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  return `<table><tbody>${rows.map(([what, value]) => row(what, value)).join("")}</tbody></table>`;
}

function row(...cells: readonly string[]): string {
  return `<tr>${cells.map((cell, i) => (i === 0 ? `<th scope="row">${escaped(cell)}</th>` : `<td>${escaped(cell)}</td>`)).join("")}</tr>`;
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join("")}</ul>`;
}

function said(outcome: Report["quality"]["comparison"]): string {
  if (outcome === "equal") return "equals";
  if (outcome === "worse") return "is worse than";
  return outcome === "beats" ? "beats" : "cannot yet be told from";
}

function more(rows: number | null): string {
  return rows === null ? "" : `; about ${rows.toLocaleString("en")} rows would decide`;
}

function percent({ value, interval, rows }: Scored): string {
  return `${(100 * value).toFixed(1)} % (${(100 * interval[0]).toFixed(1)} to ${(100 * interval[1]).toFixed(1)}; ${rows} rows)`;
}

function points(difference: number): string {
  return `${difference >= 0 ? "+" : "−"}${Math.abs(100 * difference).toFixed(1)}`;
}

function whole(share: number): string {
  return (100 * share).toFixed(0);
}

function money(dollars: number): string {
  return dollars === 0 ? "$0" : `$${dollars.toPrecision(3)}`;
}

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{margin:0 0 .5rem}h2{margin:2rem 0 .5rem;font-size:1.15rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top;overflow-wrap:anywhere}
th[scope=row]{font-weight:400}td{font-variant-numeric:tabular-nums}.wide td{width:25%}.verdict{padding:.7rem 1rem;border-left:.3rem solid #888;background:#8882}
.beats{border-color:#2a7}.equal{border-color:#27a}.worse{border-color:#c43}svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:currentColor}`;

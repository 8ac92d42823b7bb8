import type { Report, Scored } from "./report.ts";

/** Dataset card (Markdown with the YAML head that hubs read): where the rows came from and what must follow them. */
export function datasetCard(report: Report): string {
  const { name, teacher, rows, terms, cost } = report;
  return `---
pretty_name: ${JSON.stringify(name)}
license: other
license_name: see-restrictions
tags: [synthetic, distillation]
---
# ${name}

${rows.kept} answers of **${line(teacher.model)}** (${line(teacher.address)}), each with the exchange it came from, the SHA-256 of the terms in force, the
permit and its price. Made by \`stillwatch distil\`. Merkle root of the contents (RFC 9162): \`${rows.root}\`.

${termsSection(report)}
## How it was made

- ${rows.prompts} prompts, ${rows.answered} answered; spent $${cost.collect.toPrecision(3)}, and no bill can be above $${cost.upperBound.toPrecision(3)}.
- ${line(report.stopped)}
${counts(rows.dropped, "left out or dropped")}${counts(rows.failed, "not answered")}
No licence is given to these rows by this card: ${line(terms.name)} and the list above say what may be done with them.
`;
}

/** Student card: what it is for, how well it does, and what it inherited. */
export function studentCard(report: Report): string {
  const { name, student, teacher, baseline, agreement, quality } = report;
  return `# ${name}: student

A ${line(student.trainer)} student${student.parameters === null ? "" : ` of ${student.parameters.toLocaleString("en")} parameters`}, taught by **${line(teacher.model)}**.

| ${quality.metric} on ${quality.rows} test rows | mean | 95 % interval |
| --- | --- | --- |
${[
  cells("teacher", teacher.quality),
  cells("student", student.quality),
  cells("student before it learned from the teacher", student.undistilled),
  cells(`baseline: ${line(baseline.what)}`, baseline.quality),
  cells("agreement with the teacher", agreement),
].join("\n")}

Against the teacher: **${quality.comparison}** (difference ${quality.difference.toFixed(3)}, 95 % interval ${quality.interval.map((end) => end.toFixed(3)).join(" to ")}; differences
below ${quality.margin} count as equal).

${termsSection(report)}
## What these numbers do not say

${report.limits.map((limit) => `- ${line(limit)}`).join("\n")}

\`\`\`json
${JSON.stringify(student.facts, null, 2)}
\`\`\`
`;
}

function termsSection({ terms }: Report): string {
  const list = terms.restrictions.map((restriction) => `- ${line(restriction)}`).join("\n");
  return `## Terms

Purpose: ${terms.purpose}; distribution: ${terms.distribution}. Terms: ${line(terms.name)} (SHA-256 \`${terms.sha256}\`). Permit: ${line(terms.permit ?? "none")}. ${line(terms.because)}.

${list === "" ? "Nothing has to be carried on." : `To be carried on by whatever is made from this:\n\n${list}`}
`;
}

function cells(what: string, scored: Scored | null): string {
  if (scored === null) return `| ${what} | not known | |`;
  return `| ${what} | ${scored.value.toFixed(3)} | ${scored.interval.map((end) => end.toFixed(3)).join(" to ")} |`;
}

function counts(of: Readonly<Record<string, number>>, what: string): string {
  return Object.entries(of)
    .map(([because, count]) => `- ${count} ${what}: ${line(because)}\n`)
    .join("");
}

/** Text from elsewhere on one line, without Markdown or HTML of its own. */
function line(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[<>`|[\]*_#\\]/g, "\\$&");
}

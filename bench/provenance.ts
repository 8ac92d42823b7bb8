// What the checker of datasets says about the Data Provenance Collection, from a clone of it (git clone
// https://github.com/Data-Provenance-Initiative/Data-Provenance-Collection). Nothing of it is kept here. The last line is the figure.
//
//   node bench/provenance.ts CLONE
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../src/exchange/exchange.ts";
import { builtInTerms } from "../src/policy/built-in-terms.ts";
import { checkProvenance, datasetsIn, type Provenance } from "../src/policy/provenance.ts";

const [clone] = process.argv.slice(2);
if (clone === undefined) {
  console.error("name the folder of the clone: node bench/provenance.ts CLONE");
  process.exit(2);
}
const folder = join(clone, "data_summaries");
const files = readdirSync(folder).filter((file) => file.endsWith(".json") && !file.startsWith("_"));
const found: Provenance[] = [];
for (const file of files) {
  const document = JSON.parse(readFileSync(join(folder, file), "utf8")) as Json;
  for (const dataset of datasetsIn(document, file)) found.push(checkProvenance(dataset, builtInTerms));
}

const count = (keep: (one: Provenance) => boolean): number => found.filter(keep).length;
const hasTeacher = ({ teachers }: Provenance): boolean => teachers.some(({ terms }) => terms === "openai");
console.log(
  `${files.length} files, ${found.length} datasets, ${count(({ teachers }) => teachers.length > 0)} written by models`,
);
for (const status of ["flagged", "carries-clause", "unknown", "clear"] as const)
  console.log(
    `${status.padEnd(15)} ${String(count((one) => one.status === status)).padStart(5)}, of those by OpenAI's API models ${count((one) => one.status === status && hasTeacher(one))}`,
  );
for (const { name, because } of found.filter((one) => one.status === "flagged"))
  console.log(`  ${name}: ${because}`);
const wrongly = count((one) => one.status === "flagged" && !hasTeacher(one));
console.log(`flagged ${count((one) => one.status === "flagged")}, without such a teacher ${wrongly}`);

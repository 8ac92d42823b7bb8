// Detection on the development corpora: node bench/detect-corpora.ts --corpora DIR [--window 150] [--per-corpus 12]
// Cuts every corpus into accounts, judges them with the built-in calibration (or --calibration F) and prints, by corpus,
// the share of accounts at review and watch, and over all accounts AUC and the share found at realised false alarms of 1 % and 5 %.
// Nothing of the corpora is kept. They are development data: signals, their constants and the hand-set weights were
// revised three times while looking at this kind of table, so it flatters the detector. Unseen corpora decide.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { builtInCalibration, readCalibration } from "../src/detect/calibration.ts";
import { Detector } from "../src/detect/detector.ts";
import type { Exchange, Json, JsonObject } from "../src/exchange/exchange.ts";
import { readLines } from "../src/exchange/lines.ts";
import { clopperPearson } from "../src/stats/interval.ts";

const { values } = parseArgs({
  options: {
    corpora: { type: "string" },
    calibration: { type: "string" },
    window: { type: "string", default: "150" },
    "per-corpus": { type: "string", default: "12" },
  },
});
if (values.corpora === undefined) {
  console.error("usage: node bench/detect-corpora.ts --corpora DIR");
  process.exit(2);
}
const size = Number(values.window);
const most = Number(values["per-corpus"]);
const calibration =
  values.calibration === undefined ? builtInCalibration() : readCalibration(values.calibration);

interface Judged {
  readonly corpus: string;
  readonly harvests: boolean;
  readonly score: number;
  readonly p: number;
  readonly firstAlarm: number | null;
}
const judged: Judged[] = [];
let exchanges = 0;
let bytes = 0;
let seconds = 0;

for (const kind of ["harvest_wire", "harvest", "benign_app", "benign_user", "evaluator"]) {
  for (const file of readdirSync(join(values.corpora, kind)).sort()) {
    const corpus = `${kind}/${basename(file).replace(/\.jsonl.*/, "")}`;
    const rows: Exchange[] = [];
    for await (const { text, number } of readLines(join(values.corpora, kind, file))) {
      bytes += text.length;
      rows.push(exchange(corpus, number, JSON.parse(text) as JsonObject));
      if (rows.length === size * most) break;
    }
    const detector = new Detector({ calibration });
    const started = performance.now();
    for (const x of rows) detector.observe(x);
    seconds += (performance.now() - started) / 1000;
    exchanges += rows.length;
    for (const s of detector.finish()) {
      // The short rest of a file is no account, unless there is nothing else.
      if (s.exchanges < Math.min(size, rows.length) * 0.6) continue;
      judged.push({
        corpus,
        harvests: kind.startsWith("harvest"),
        score: s.score,
        p: s.p,
        firstAlarm: s.firstAlarmExchange,
      });
    }
  }
}

console.log(
  "corpus                                        accounts  review  watch   score: least median most   first alarm",
);
for (const [corpus, accounts] of Map.groupBy(judged, (j) => j.corpus)) {
  const scores = accounts.map((a) => a.score).sort((a, b) => a - b);
  const share = (bar: number): string =>
    `${Math.round((100 * accounts.filter((a) => a.p <= bar).length) / accounts.length)} %`;
  const first = accounts.flatMap((a) => a.firstAlarm ?? []).sort((a, b) => a - b);
  const at = (q: number): string => (scores[Math.floor(q * (scores.length - 1))] ?? 0).toFixed(2);
  console.log(
    corpus.padEnd(46),
    String(accounts.length).padStart(6),
    share(0.01).padStart(8),
    share(0.05).padStart(7),
    `        ${at(0)}  ${at(0.5)}  ${at(1)}`,
    String(first[first.length >> 1] ?? "-").padStart(10),
  );
}
const bad = judged.filter((j) => j.harvests);
const good = judged.filter((j) => !j.harvests);
const found = (level: number): string => {
  // The bar that the stated share of honest accounts lies above.
  const bar = good.map((g) => g.score).sort((a, b) => b - a)[Math.floor(level * good.length)] ?? 0;
  const hits = bad.filter((b) => b.score > bar).length;
  const { low, high } = clopperPearson(hits, bad.length);
  return `${(hits / bad.length).toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
};
let wins = 0;
for (const b of bad) for (const g of good) wins += b.score > g.score ? 1 : b.score === g.score ? 0.5 : 0;
const falseReview = good.filter((g) => g.p <= 0.01).length;
const falseWatch = good.filter((g) => g.p <= 0.05).length;
console.log(
  `\n${bad.length} harvest and ${good.length} honest accounts of up to ${size} exchanges (windows of one corpus are not independent accounts)`,
);
console.log(
  `honest at review ${falseReview}, at watch ${falseWatch}; harvest at review ${bad.filter((b) => b.p <= 0.01).length}`,
);
console.log(
  `${(exchanges / seconds).toFixed(0)} exchanges/s of ${(bytes / exchanges / 1000).toFixed(1)} KB (conversation, sketch and score; parsing apart)`,
);
console.log(
  `AUC ${(wins / bad.length / good.length).toFixed(3)}, found at 1 % realised false alarms ${found(0.01)}, at 5 % ${found(0.05)}`,
);

function exchange(corpus: string, line: number, row: JsonObject): Exchange {
  const account = `${corpus}#${Math.floor((line - 1) / size)}`;
  const response = typeof row["response"] === "string" ? row["response"] : null;
  return {
    id: `ex_${corpus}_${line}`,
    time: new Date(Date.UTC(2026, 2, 1) + line * 60_000).toISOString(),
    account,
    endpoint: "/v1/chat/completions",
    request: { model: "m", messages: row["messages"] as Json },
    response:
      response === null
        ? null
        : { choices: [{ message: { role: "assistant", content: response }, finish_reason: "stop" }] },
    status: 200,
  };
}

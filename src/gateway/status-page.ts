import type { Json, JsonObject } from "../exchange/exchange.ts";

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ddd;vertical-align:top}
th{font-weight:600;width:40%}@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}th,td{border-color:#333}}`;

/** A small page that shows facts as tables; works without scripts. */
export function statusPage(facts: JsonObject): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta http-equiv="refresh" content="10"><title>Stillwatch</title><style>${STYLE}</style></head>
<body><h1>Stillwatch</h1>${table(facts, 0)}</body></html>
`;
}

function table(facts: JsonObject, depth: number): string {
  const rows = Object.entries(facts).map(
    ([name, value]) => `<tr><th>${escape(name)}</th><td>${cell(value, depth)}</td></tr>`,
  );
  return `<table>${rows.join("")}</table>`;
}

function cell(value: Json, depth: number): string {
  if (Array.isArray(value)) return value.map((x) => cell(x, depth)).join("<br>");
  if (typeof value !== "object" || value === null) return escape(String(value));
  return depth < 2 ? table(value, depth + 1) : escape(JSON.stringify(value));
}

/** Names of models and upstreams come from configuration and callers: nothing of it may become markup. */
function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

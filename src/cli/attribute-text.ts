/** Three digits, for people. */
export const short = (value: number): string => String(Number(value.toPrecision(3)));
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Columns two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => (row[c] ?? "").length)));
  return rows.map((row) => `  ${row.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join("  ")}`.trimEnd());
}

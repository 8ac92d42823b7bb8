import type { Report } from "./report.ts";

const WIDTH = 640;
const HEIGHT = 260;
const LEFT = 56;
const BOTTOM = 40;
const TOP = 12;
const RIGHT = 16;

/** Quality (with its interval) against rows learned from, money spent below each point. An SVG without anything from outside in it. */
export function curvePicture(curve: Report["curve"]): string {
  if (curve.length < 2) return "<p>One round only: there is no curve to show.</p>";
  const most = Math.max(...curve.map(({ rows }) => rows));
  const low = Math.min(...curve.map(({ interval }) => interval[0]));
  const high = Math.max(...curve.map(({ interval }) => interval[1]));
  const x = (rows: number): number => LEFT + (rows / most) * (WIDTH - LEFT - RIGHT);
  const y = (quality: number): number =>
    TOP + (1 - (quality - low) / Math.max(1e-9, high - low)) * (HEIGHT - TOP - BOTTOM);
  const line = curve.map(({ rows, quality }) => `${at(x(rows))},${at(y(quality))}`).join(" ");
  const bars = curve.map(
    ({ rows, interval }) =>
      `<line x1="${at(x(rows))}" x2="${at(x(rows))}" y1="${at(y(interval[0]))}" y2="${at(y(interval[1]))}" stroke="currentColor" opacity=".4"/>`,
  );
  const labels = curve.map(
    ({ rows, dollars }) =>
      `<text x="${at(x(rows))}" y="${HEIGHT - 22}" text-anchor="middle">${rows}</text>` +
      `<text x="${at(x(rows))}" y="${HEIGHT - 6}" text-anchor="middle" opacity=".7">$${dollars.toPrecision(2)}</text>`,
  );
  const marks = [low, (low + high) / 2, high].map(
    (quality) =>
      `<text x="${LEFT - 8}" y="${at(y(quality) + 4)}" text-anchor="end">${(100 * quality).toFixed(0)} %</text>`,
  );
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Quality against rows learned from and dollars spent">` +
    `<polyline points="${line}" fill="none" stroke="#27a" stroke-width="2"/>${bars.join("")}${labels.join("")}${marks.join("")}</svg>`
  );
}

function at(pixels: number): string {
  return pixels.toFixed(1);
}

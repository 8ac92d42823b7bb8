/** How good a student was after so many rows. */
export interface CurvePoint {
  readonly rows: number;
  /** 0 to 1. */
  readonly quality: number;
  /** 95 %. */
  readonly interval: readonly [number, number];
}

export interface PredictedGain {
  /** Expected rise of the quality, 0 or more. */
  readonly gain: number;
  /** 95 %, the lower end 0 where no rise is shown. */
  readonly interval: readonly [number, number];
}

/**
 * What the quality gains from the curve's last point up to `nextRows` rows in all, if it goes on as an inverse power law, quality = a - b rows^-c
 * (Hestness et al. 2017, arXiv 1712.00409; for accuracy of classifiers Figueroa et al. 2012, BMC Med. Inform. Decis. Mak. 12:8).
 *
 * A few noisy points cannot tell the exponent, so every exponent of a grid is fitted (weighted least squares, a straight line in rows^-c) and counts
 * as its fit deserves: Bayesian averaging with flat priors on the level, the rise and log c. The interval is that mixture's, cut at 0. The errors
 * of points measured on the same test rows go together, which makes the interval wider than it need be, and the draw of the rows learned
 * from is not in it, which makes it narrower.
 *
 * Null where three points of different sizes are not there: two fit every exponent alike.
 */
export function predictGain(curve: readonly CurvePoint[], nextRows: number): PredictedGain | null {
  const points = usable(curve);
  const last = points.at(-1);
  if (last === undefined || points.length < FEWEST) return null;
  if (nextRows <= last.rows) return { gain: 0, interval: [0, 0] };
  const fits = EXPONENTS.map((exponent) => lineFit(points, exponent, nextRows));
  const best = Math.max(...fits.map(({ logWeight }) => logWeight));
  const weighted = fits.map((fit) => ({ ...fit, weight: Math.exp(fit.logWeight - best) }));
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const shares = weighted.map((fit) => ({ ...fit, weight: fit.weight / total }));
  const room = Math.max(0, 1 - last.quality);
  const within = (gain: number): number => Math.min(Math.max(0, gain), Math.max(room, 2 * last.error));
  return {
    gain: within(
      shares.reduce((sum, { weight, mean, error }) => sum + weight * positivePart(mean, error), 0),
    ),
    interval: [within(quantile(shares, 0.025)), within(quantile(shares, 0.975))],
  };
}

const FEWEST = 3;
/** c from 1/8 (rises for ever) to 4 (has as good as ended), in equal steps of its logarithm. */
const EXPONENTS = Array.from({ length: 41 }, (_, i) => 2 ** (-3 + i / 8));
const Z = 1.959964;
/** No point is surer than this: a test set of 100,000 rows. */
const LEAST_ERROR = 1e-3;

interface Point {
  readonly rows: number;
  readonly quality: number;
  readonly error: number;
}

/** In order of rows; of points with as many rows the last. */
function usable(curve: readonly CurvePoint[]): Point[] {
  const byRows = new Map<number, Point>();
  for (const { rows, quality, interval } of curve)
    if (rows > 0 && Number.isFinite(quality))
      byRows.set(rows, {
        rows,
        quality,
        error: Math.max(LEAST_ERROR, (interval[1] - interval[0]) / (2 * Z)),
      });
  return Array.from(byRows.values()).sort((a, b) => a.rows - b.rows);
}

/** The gain under one exponent: normal with this mean and standard error; `logWeight` says how well the exponent fits. */
interface Fit {
  readonly mean: number;
  readonly error: number;
  readonly logWeight: number;
}

/** quality = level at the last point + rise * (0 at the last point, -1 at the first): both in units of quality whatever the exponent. */
function lineFit(points: readonly Point[], exponent: number, nextRows: number): Fit {
  const first = points[0]!.rows ** -exponent;
  const end = points.at(-1)!.rows ** -exponent;
  const xOf = (rows: number): number => (end - rows ** -exponent) / (first - end);
  let [s, sx, sxx, sy, sxy] = [0, 0, 0, 0, 0];
  for (const { rows, quality, error } of points) {
    const weight = error ** -2;
    const x = xOf(rows);
    s += weight;
    sx += weight * x;
    sxx += weight * x * x;
    sy += weight * quality;
    sxy += weight * x * quality;
  }
  const determinant = s * sxx - sx * sx;
  const rise = (s * sxy - sx * sy) / determinant;
  const level = (sy - rise * sx) / s;
  let misfit = 0;
  for (const { rows, quality, error } of points)
    misfit += ((quality - level - rise * xOf(rows)) / error) ** 2;
  const ahead = xOf(nextRows);
  return {
    mean: rise * ahead,
    error: Math.sqrt(s / determinant) * ahead,
    // Level and rise are integrated out: the square root of their covariance's determinant.
    logWeight: -misfit / 2 - Math.log(determinant) / 2,
  };
}

/** Mean of max(0, X), X normal. */
function positivePart(mean: number, error: number): number {
  if (error === 0) return Math.max(0, mean);
  const z = mean / error;
  return mean * normalBelow(z) + (error * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

function quantile(
  mixture: readonly { weight: number; mean: number; error: number }[],
  share: number,
): number {
  let low = -2;
  let high = 2;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    let below = 0;
    for (const { weight, mean, error } of mixture)
      below += weight * normalBelow((middle - mean) / Math.max(error, 1e-12));
    if (below < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Standard normal distribution function, to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (series * Math.exp(-x * x)) / 2;
  return z < 0 ? tail : 1 - tail;
}

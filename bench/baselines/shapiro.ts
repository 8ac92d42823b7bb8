/**
 * W of Shapiro and Wilk with Royston's approximate weights (Royston 1995, Applied Statistics 44, algorithm AS R94), for 3 to 5,000
 * values. 1 = just like a normal sample. 1 too for values that are all alike, which have no shape.
 */
export function shapiroW(values: readonly number[]): number {
  const x = [...values].sort((a, b) => a - b);
  const n = x.length;
  if (n < 3 || n > 5000) throw new RangeError(`Shapiro-Wilk takes 3 to 5,000 values, not ${n}`);
  const mean = x.reduce((sum, v) => sum + v, 0) / n;
  const spread = x.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  if (!(spread > 1e-24)) return 1;
  const a = weights(n);
  let b = 0;
  for (let i = 0; i < a.length; i++) b += a[i]! * (x[n - 1 - i]! - x[i]!);
  return Math.min(1, (b * b) / spread);
}

/** For the largest, second largest, … value; those of the smallest are the same with the other sign. */
function weights(n: number): number[] {
  const half = Math.floor(n / 2);
  if (n === 3) return [Math.SQRT1_2];
  // Blom's scores of a normal sample in falling order.
  const m = Array.from({ length: half }, (_, i) => -normalQuantile((i + 1 - 0.375) / (n + 0.25)));
  const square = 2 * m.reduce((sum, v) => sum + v * v, 0);
  const norm = Math.sqrt(square);
  const u = 1 / Math.sqrt(n);
  const first = m[0]! / norm + polynomial(u, [0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056]);
  if (n <= 5) {
    const phi = (square - 2 * m[0]! ** 2) / (1 - 2 * first ** 2);
    return m.map((v, i) => (i === 0 ? first : v / Math.sqrt(phi)));
  }
  const second = m[1]! / norm + polynomial(u, [0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633]);
  const phi = (square - 2 * m[0]! ** 2 - 2 * m[1]! ** 2) / (1 - 2 * first ** 2 - 2 * second ** 2);
  return m.map((v, i) => (i === 0 ? first : i === 1 ? second : v / Math.sqrt(phi)));
}

function polynomial(x: number, coefficients: readonly number[]): number {
  return coefficients.reduceRight((sum, c) => sum * x + c, 0);
}

/** Inverse of the normal distribution by bisection on erfc: slow, exact to 1e-9, and called once per size. */
function normalQuantile(p: number): number {
  const known = quantiles.get(p);
  if (known !== undefined) return known;
  let [low, high] = [-9, 9];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < p) low = middle;
    else high = middle;
  }
  if (quantiles.size > 50_000) quantiles.clear();
  quantiles.set(p, low);
  return low;
}

const quantiles = new Map<number, number>();

/** The normal distribution function: a series near the middle, a continued fraction in the tails (Abramowitz and Stegun 26.2.10, 26.2.14). */
function normalBelow(z: number): number {
  if (z < 0) return 1 - normalBelow(-z);
  const density = Math.exp(-z * z * 0.5) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 1; Math.abs(term) > 1e-16 * sum && k < 200; k++) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = z;
  for (let k = 60; k >= 1; k--) fraction = z + k / fraction;
  return 1 - density / fraction;
}

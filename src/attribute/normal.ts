/** P(Z > z) for a standard normal, relative error below 1e-7 (Numerical Recipes' Chebyshev fit of erfc): for planning, never for a p-value. */
export function normalTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const fit = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ];
  const half = (t * Math.exp(-x * x + fit.reduceRight((sum, c) => sum * t + c, 0))) / 2;
  return z >= 0 ? half : 1 - half;
}

/** The z with P(Z > z) = p, by bisection; p from 1e-300 to 1 - 1e-12. */
export function normalQuantile(p: number): number {
  let [low, high] = [-8, 38];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (normalTail(middle) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

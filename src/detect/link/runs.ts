/** Different values and how often each comes, by sorting in place: bounded for any values, where a hash table is not. */
export function* runsOf(values: Float64Array): Generator<{ value: number; times: number }> {
  values.sort();
  for (let from = 0, to = 0; from < values.length; from = to) {
    const value = values[from] as number;
    while (to < values.length && values[to] === value) to++;
    yield { value, times: to - from };
  }
}

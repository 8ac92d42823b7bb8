// Counters and histograms that cost an addition on the hot path, and their text for `/metrics`.

/** Counts things of several kinds, e.g. exchanges by outcome. */
export class Counter<Kind extends string> {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly values = new Map<Kind, number>();

  /** `kinds` are listed from the start so that a kind that never happened reads 0 and not as missing. */
  constructor(name: string, help: string, label: string, kinds: readonly Kind[]) {
    this.name = name;
    this.help = help;
    this.label = label;
    for (const kind of kinds) this.values.set(kind, 0);
  }

  add(kind: Kind, n = 1): void {
    this.values.set(kind, (this.values.get(kind) ?? 0) + n);
  }

  get total(): number {
    let sum = 0;
    for (const n of this.values.values()) sum += n;
    return sum;
  }

  render(): string {
    let text = `# TYPE ${this.name} counter\n# HELP ${this.name} ${this.help}\n`;
    for (const [kind, n] of this.values) text += `${this.name}_total{${this.label}="${escape(kind)}"} ${n}\n`;
    return text;
  }
}

/** Times, in fixed steps. */
export class Histogram {
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** `bounds` in seconds, rising; what is observed is in milliseconds. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(ms: number): void {
    const seconds = ms / 1000;
    let i = 0;
    while (i < this.#bounds.length && seconds > (this.#bounds[i] as number)) i++;
    this.#counts[i]!++;
    this.#sum += seconds;
  }

  render(): string {
    let text = `# TYPE ${this.name} histogram\n# UNIT ${this.name} seconds\n# HELP ${this.name} ${this.help}\n`;
    let below = 0;
    for (const [i, n] of this.#counts.entries()) {
      below += n;
      text += `${this.name}_bucket{le="${this.#bounds[i]?.toString() ?? "+Inf"}"} ${below}\n`;
    }
    return `${text}${this.name}_count ${below}\n${this.name}_sum ${this.#sum}\n`;
  }
}

/** A value read when asked for. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly read: () => number;
}

/** The text of OpenMetrics 1.0 and its content type. */
export const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

export function renderMetrics(families: readonly { render(): string }[], gauges: readonly Gauge[]): string {
  let text = "";
  for (const family of families) text += family.render();
  for (const { name, help, read } of gauges)
    text += `# TYPE ${name} gauge\n# HELP ${name} ${help}\n${name} ${read()}\n`;
  return `${text}# EOF\n`;
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

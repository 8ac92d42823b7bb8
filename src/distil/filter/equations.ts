export interface Equation {
  /** As it stands in the text. */
  readonly text: string;
  /** What the left side is. */
  readonly value: number;
  /** What is said of it. */
  readonly stated: number;
  /** What rounding the stated number, or another number before it, may have moved. */
  readonly tolerance: number;
}

const NUMBER = String.raw`[-−]?[$€£]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?`;
const OPERATOR = String.raw`\s{0,3}[-+*/×÷·−–]\s{0,3}|\s[x]\s`;
const EQUATION = new RegExp(
  // Nothing before it that belongs to it; two numbers or more; what is stated; nothing after it that goes on.
  String.raw`(?<![\p{L}\d.,_)\]^√]|[-+*/×÷·−–^(]\s?)(${NUMBER}(?:(?:${OPERATOR})${NUMBER}){1,8})\s{0,3}=\s{0,3}(${NUMBER})(?![\d.,]*\d)(?!\s{0,3}[-+*/×÷·^(%!²³√]|\s?[\p{L}_]*\^|\s?[xyzn]\b|\s?mod\b|\s(?:r|rem|remainder)\b|\s[x]\s|\/)`,
  "gu",
);
const MOST_CHARACTERS = 50_000;
const OTHER_ARITHMETIC =
  /\b(?:mod(?:ulo)?|binary|hex(?:adecimal)?|base[- ]\d+|octal|xor|concat\w*|matrix|string|remainder|R\d)\b/i;

/** Statements such as `48 / 2 = 24`, `$5 × 3 = $15`, `2 + 3 * 4 = 14` in a text; none where another arithmetic is spoken of. */
export function equationsIn(text: string): Equation[] {
  const head = text.slice(0, MOST_CHARACTERS).normalize("NFKC");
  if (OTHER_ARITHMETIC.test(head)) return [];
  return Array.from(head.matchAll(EQUATION)).flatMap(({ 0: whole, 1: left = "", 2: right = "" }) => {
    const value = valueOf(left);
    const stated = numberOf(right);
    // Dates are no arithmetic, and a fraction alone ("1/4 = 15 minutes") or a percentage of what came before may be of something.
    if (value === null || !Number.isFinite(value) || /\d-\d+-\d|^\d+\/\d+$|[-+]\s?[\d.]+%/.test(left))
      return [];
    // Cents of dollars, per cent of shares.
    if (Math.abs(stated - 100 * value) <= 0.51 || Math.abs(stated * 100 - value) <= 0.51) return [];
    return [{ text: whole, value, stated, tolerance: toleranceOf(left, right, value) }];
  });
}

/** Products and quotients first, then sums, from left to right. */
function valueOf(left: string): number | null {
  const terms: number[] = [];
  let operator = "+";
  let at = 0;
  const number = new RegExp(NUMBER, "uy");
  const between = new RegExp(OPERATOR, "uy");
  for (;;) {
    number.lastIndex = at;
    const match = number.exec(left);
    if (match === null) return null;
    at = number.lastIndex;
    const value = numberOf(match[0]);
    const last = terms.length - 1;
    if (operator === "*") terms[last] = (terms[last] as number) * value;
    else if (operator === "/") terms[last] = (terms[last] as number) / value;
    else terms.push(operator === "-" ? -value : value);
    if (at === left.length) return terms.reduce((total, term) => total + term, 0);
    between.lastIndex = at;
    const gap = between.exec(left);
    if (gap === null) return null;
    at = between.lastIndex;
    operator = SAME[gap[0].trim()] ?? gap[0].trim();
  }
}

const SAME: Readonly<Record<string, string>> = { "×": "*", "·": "*", x: "*", "÷": "/", "−": "-", "–": "-" };

function numberOf(text: string): number {
  const value = Number(text.replace("−", "-").replaceAll(/[,$€£%]/g, ""));
  return text.endsWith("%") ? value / 100 : value;
}

/** Half a unit of the last place that is written, of the result and, in proportion, of what went in; and a result cut off instead of rounded. */
function toleranceOf(left: string, right: string, value: number): number {
  const places = (text: string): number => /\.(\d+)/.exec(text)?.[1]?.length ?? 0;
  const unit = 10 ** -places(right) * (right.endsWith("%") ? 0.01 : 1);
  const inexact = Array.from(left.matchAll(new RegExp(NUMBER, "gu"))).some(([number]) => places(number) > 1);
  const whole = places(right) === 0 && Number.isInteger(value);
  // A quotient given without places may have been rounded; a whole result is right or wrong.
  return (whole ? 0 : unit) + (inexact ? 0.005 * Math.abs(value) : 0) + 1e-9 * Math.max(1, Math.abs(value));
}

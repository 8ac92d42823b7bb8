// 12 · -3.5 · 1,234,567.8 · 1 234 567 (thin or no-break spaces) · 3/4 · 2e-3 · −7 (U+2212) · .5
const NUMBER =
  /(?<![\p{L}\p{Nd}]|\d\.)(?:[-+−]\s?(?=[\d.$€£¥]))?[$€£¥]?\s?(\d{1,3}(?:[,'’]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:[eE]([-+−]?\d{1,3})(?![\p{L}\p{Nd}]))?(?:\s?\/\s?(\d+(?:\.\d+)?))?/gu;

/** The last number in a text: with thousands separators, as a fraction, with a currency sign, a typographic minus or an exponent. Null where none is. */
export function lastNumber(text: string): number | null {
  const plain = untypeset(text.slice(-MOST_CHARACTERS));
  let last: number | null = null;
  for (const match of plain.matchAll(NUMBER)) last = valueOf(match, plain);
  return last;
}

/** An answer stands near the end. */
const MOST_CHARACTERS = 20_000;

function valueOf(match: RegExpExecArray, text: string): number {
  const [whole, digits = "", exponent, divisor] = match;
  const size = Number(digits.replaceAll(/[,'’]/g, ""));
  const power = exponent === undefined ? 1 : 10 ** Number(exponent.replace("−", "-"));
  const divided = divisor === undefined || Number(divisor) === 0 ? 1 : Number(divisor);
  return (
    (isNegative(whole, text.slice(Math.max(0, match.index - 2), match.index)) ? -1 : 1) *
    ((size * power) / divided)
  );
}

/** In "5 - 3", "x - 3" and "2020-03" the minus is no sign; in "it is -3" it is. */
function isNegative(whole: string, before: string): boolean {
  if (!/^[-−]/u.test(whole)) return false;
  return /^.\s/u.test(whole) ? !/[\p{Nd}\p{L})]\s?$/u.test(before) : !/(?:[\p{Nd})]\s?|\p{L})$/u.test(before);
}

/** Spaces between thousands, full-width figures, \frac{3}{4}, and what TeX writes between thousands. */
function untypeset(text: string): string {
  return text
    .replaceAll(/(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))/g, "")
    .normalize("NFKC")
    .replaceAll(/\\d?frac\{(-?\d+)\}\{(\d+)\}/g, "$1/$2")
    .replaceAll(/\{,\}|\\,|\\!/g, "");
}

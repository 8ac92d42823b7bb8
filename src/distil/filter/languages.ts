export interface ScriptShare {
  readonly name: string;
  /** Of all letters. */
  readonly share: number;
}

const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ["Latin", /\p{Script=Latin}/gu],
  // Japanese is written in all three; kana are what tells it from Chinese.
  ["Han", /\p{Script=Han}/gu],
  ["Kana", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["Hangul", /\p{Script=Hangul}/gu],
  ["Cyrillic", /\p{Script=Cyrillic}/gu],
  ["Arabic", /\p{Script=Arabic}/gu],
  ["Devanagari", /\p{Script=Devanagari}/gu],
  ["Greek", /\p{Script=Greek}/gu],
  ["Hebrew", /\p{Script=Hebrew}/gu],
  ["Thai", /\p{Script=Thai}/gu],
];
const MOST_CHARACTERS = 20_000;

/** Scripts of a text by their share of its letters, the greatest first; none where it has too few letters. A CJK character counts as two letters. */
export function scriptsOf(text: string, fewest: number): ScriptShare[] {
  const head = text.slice(0, MOST_CHARACTERS);
  const counts = SCRIPTS.map(([name, pattern]) => {
    const dense = name === "Han" || name === "Kana" || name === "Hangul";
    return { name, count: (head.match(pattern)?.length ?? 0) * (dense ? 2 : 1) };
  });
  const kana = counts.find(({ name }) => name === "Kana")!.count;
  const han = counts.find(({ name }) => name === "Han")!;
  const japanese = kana * 10 > han.count + kana;
  if (japanese) {
    counts.push({ name: "Japanese", count: kana + han.count });
    han.count = 0;
  }
  const found = counts.filter(({ name }) => name !== "Kana");
  const all = found.reduce((total, { count }) => total + count, 0);
  if (all < fewest) return [];
  return found
    .map(({ name, count }) => ({ name, share: count / all }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
}

/** Words that stand in nearly every sentence of one language and are rare in the others. */
const MARKS: Readonly<Record<string, readonly string[]>> = {
  English: "the of and to is that for with was are this have you not from which be on it as".split(" "),
  German:
    "der das und ist nicht ein eine mit für auf dem den von zu sich auch wird oder werden ich sie".split(" "),
  French: "le les des et est une dans pour que qui pas sur au du avec sont cette vous nous être il ou".split(
    " ",
  ),
  Spanish: "el los las es una por con para del su al lo como más pero sus este ha son está".split(" "),
  Portuguese: "os uma um não para com da dos das na ao mais são você ou seu que pelo foi também".split(" "),
  Italian: "il gli della di che un una per con non sono nel del alla anche questo più delle si".split(" "),
  Dutch: "het een van en dat te zijn voor met niet aan er ook als bij maar wordt deze".split(" "),
};
const FEWEST_MARKS = 8;
/** Different ones: the variable names of code repeat themselves. */
const FEWEST_DIFFERENT = 5;
const MOST_WORDS = 2000;

/** The language of a text in Latin script, of seven, by its function words; null where that is not plain. */
export function languageOf(text: string): string | null {
  const words = wordsOf(text);
  const counts = Object.entries(MARKS).map(([language, marks]) => {
    const found = words.filter((word) => marks.includes(word));
    return { language, count: found.length, different: new Set(found).size };
  });
  counts.sort((a, b) => b.count - a.count);
  const [first, second] = counts as [(typeof counts)[number], (typeof counts)[number]];
  const plain =
    first.count >= FEWEST_MARKS &&
    first.different >= FEWEST_DIFFERENT &&
    first.count >= 1.8 * second.count &&
    first.count >= 0.12 * words.length;
  return plain ? first.language : null;
}

/** Whether some words of a text may be in that language. */
export function hintsAt(language: string, text: string): boolean {
  const found = new Set(
    wordsOf(text).filter((word) => MARKS[language]?.includes(word) && !MARKS["English"]!.includes(word)),
  );
  return language === "English"
    ? new Set(wordsOf(text).filter((word) => MARKS["English"]!.includes(word))).size >= 3
    : found.size >= 2;
}

function wordsOf(text: string): string[] {
  return (
    text
      .slice(0, MOST_CHARACTERS)
      .toLowerCase()
      .match(/\p{L}+/gu)
      ?.slice(0, MOST_WORDS) ?? []
  );
}

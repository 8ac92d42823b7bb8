import type { Random } from "../../src/stats/random.ts";
import type { Language } from "./words.ts";

/**
 * Words that no list holds: names of firms, products, places and families, terms of a trade. Few are common, most are rare,
 * as in any text (Zipf), and the same number is the same word.
 */
export function coined(random: Random, language: Language): string {
  const rank = Math.floor(MANY ** random.uniform());
  return language === "zh" || language === "ja" ? characters(rank, language) : syllables(rank, language);
}

/** Words to be had in each language. */
const MANY = 40_000;

interface Sounds {
  readonly onsets: readonly string[];
  readonly vowels: readonly string[];
  readonly codas: readonly string[];
  readonly ends: readonly string[];
}

const sounds = (onsets: string, vowels: string, codas: string, ends: string): Sounds => {
  const split = (text: string): readonly string[] =>
    text.split(" ").map((sound) => (sound === "_" ? "" : sound));
  return { onsets: split(onsets), vowels: split(vowels), codas: split(codas), ends: split(ends) };
};

type Latin = Exclude<Language, "zh" | "ja">;
const SOUNDS: Readonly<Record<Latin, Sounds>> = {
  en: sounds(
    "b br c ch d dr f fl g gr h j k l m n p pl r s sh st t th tr v w",
    "a e i o u ai ea oo ou",
    "_ _ n r l m t ck s st nd",
    "er ton ley ing ish ford _ en ow ard wick y",
  ),
  de: sounds(
    "b br d f g gr h k kl l m n p r s sch st t tr w z",
    "a e i o u ä ö ü ei au",
    "_ _ n r l m t ch s nn",
    "en er heim berg ung _ lich dorf el au",
  ),
  es: sounds(
    "b c ch d f g gr h l ll m n p pr r s t tr v z",
    "a e i o u ia ue",
    "_ _ n r s l",
    "o a ero illo ez ana ito _ al ura",
  ),
  fr: sounds(
    "b br c ch d f g gr j l m n p pl r s t tr v",
    "a e é i o u ou eau oi",
    "_ _ n r l s t",
    "ier elle on et _ ois eur ac ine y",
  ),
  pt: sounds(
    "b c d f g j l lh m n p r s t v x",
    "a e i o u ão ei ou",
    "_ _ r s l m",
    "o a eiro inho es ada _ al ura",
  ),
};

function syllables(rank: number, language: Latin): string {
  const { onsets, vowels, codas, ends } = SOUNDS[language];
  // Neighbouring ranks are no neighbours in sound.
  let left = Math.imul(rank + 1, 0x9e3779b1) >>> 8;
  const next = (from: readonly string[]): string => {
    const sound = from[left % from.length] as string;
    left = Math.floor(left / from.length);
    return sound;
  };
  const word = next(onsets) + next(vowels) + next(codas) + next(onsets) + next(vowels) + next(ends);
  return rank % 3 === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

const SIGNS = {
  zh: "安宝北成春达德东方飞丰福高光广国海汉和恒红华辉吉佳嘉江金京景康立利联林龙美明南宁平启千青清秋全荣瑞三森山上盛石顺泰天同通万维文西先祥新信星兴雅阳银永优友宇元远云泽长振正志中众卓子紫",
  ja: "安一井上内大岡加川木北久原小坂崎佐三島白杉高竹田谷千土中長西野橋浜林東平福藤本前松水宮村森山吉和青石今江尾金神黒桜沢清",
} as const;

function characters(rank: number, language: "zh" | "ja"): string {
  const signs = SIGNS[language];
  const mixed = Math.imul(rank + 1, 0x9e3779b1) >>> 4;
  const sign = (n: number): string => signs.charAt(n % signs.length);
  const two = sign(mixed) + sign(Math.floor(mixed / signs.length));
  return rank % 4 === 0 ? two + sign(Math.floor(mixed / signs.length ** 2)) : two;
}

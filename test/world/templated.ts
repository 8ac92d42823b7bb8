import type { JsonObject } from "../../src/exchange/exchange.ts";
import type { Random } from "../../src/stats/random.ts";
import { type Actor, type Archetype, endUsers, type Message, type Scene, single } from "./actor.ts";
import { around, type Voice, voiceOf } from "./text.ts";
import type { Language } from "./words.ts";

/** Patterns by language; what is missing is said in English, as many applications do. */
export type Wordings = Partial<Record<Language, readonly string[]>> & { readonly en: readonly string[] };

export function worded(wordings: Wordings, language: Language): readonly string[] {
  return wordings[language] ?? wordings.en;
}

/** How common each language is among customers whose business is in any. */
export const anywhere: readonly Language[] = [
  "en",
  "en",
  "en",
  "en",
  "en",
  "de",
  "es",
  "zh",
  "zh",
  "fr",
  "pt",
  "ja",
];

export interface Input {
  readonly text: string;
  readonly answer?: string;
  readonly words?: number;
}

export interface Template {
  readonly prompts: Wordings;
  /** What changes from call to call. */
  readonly input: (voice: Voice, own: Random) => string | Input;
  /** Median words of an answer, and its log spread (default 0.4). */
  readonly words: number;
  readonly spread?: number;
  /** Share of the accounts that say for whom they ask. */
  readonly users?: number;
  /** Most end users of an account. */
  readonly many?: number;
  /** Subjects of one account. Default 1. */
  readonly subjects?: number | "all";
  /** Parameters, drawn once for an account. */
  readonly parameters?: (random: Random) => JsonObject;
  /** Worked examples in the prompt, for this share of the accounts. */
  readonly examples?: number;
}

/** An application with one prompt, composed for the account, around inputs that change, and outputs of one size. */
export function templated(about: Template): Archetype["actor"] {
  return (random, language, scene): Actor => {
    const voice = voiceOf(random, language, about.subjects ?? 1);
    const lay = layout(about, voice, scene);
    const users = random.chance(about.users ?? 0)
      ? endUsers(random.fork("users"), 10 + random.below(about.many ?? 400))
      : null;
    const scale = Math.exp(0.4 * random.normal());
    const parameters = about.parameters?.(random.fork("parameters"));
    return () => {
      const drawn = about.input(voice, random);
      const input = typeof drawn === "string" ? { text: drawn } : drawn;
      return {
        messages: lay(input.text),
        answerWords: around(random, input.words ?? about.words * scale, about.spread ?? 0.4),
        ...(input.answer !== undefined && { answer: input.answer }),
        ...(users && { user: users() }),
        ...(parameters && { parameters }),
      };
    };
  };
}

/** The account's prompt, fixed for good: instruction, house rules, examples, and where the input stands. */
function layout(about: Template, voice: Voice, scene: Scene): (input: string) => readonly Message[] {
  const { template } = scene;
  const words = voice.by(template);
  // Some write for their model in English whatever their customers speak.
  const language = voice.language !== "en" && template.chance(0.25) ? "en" : voice.language;
  const say = voiceOf(template, language, 1);
  const own = say.say(worded(about.prompts, language));
  const house = Array.from({ length: Math.floor(4 * template.uniform() ** 2) }, () =>
    say.say(worded(RULES, language)),
  );
  const shots = template.chance(about.examples ?? 0.12)
    ? Array.from({ length: 1 + template.below(4) }, (_, i) => exampleOf(about, words, i))
    : [];
  const frame = [own, ...house].join(template.chance(0.5) ? " " : "\n");
  const prompt = [frame, ...shots].join("\n\n");
  const mark = template.pick(MARKS);
  switch (template.below(4)) {
    case 0:
    case 1:
      return (input) => single(prompt, input);
    case 2:
      return (input) => single(null, `${prompt}\n\n${mark}${input}`);
    default:
      return (input) => single(null, `${mark}${input}\n\n${prompt}`);
  }
}

function exampleOf(about: Template, voice: Voice, i: number): string {
  const drawn = about.input(voice, voice.random);
  const input = typeof drawn === "string" ? { text: drawn } : drawn;
  const answer = input.answer ?? voice.prose(Math.max(1, Math.min(4, Math.round(about.words / 12))));
  return `Example ${i + 1}\nInput: ${input.text.slice(0, 600)}\nOutput: ${answer.slice(0, 400)}`;
}

const MARKS = ["", "", "Input: ", "Text:\n", "---\n", '"""\n', "### Input\n", "<input>\n", "Message: "];

const RULES: Wordings = {
  en: [
    "[Do not|Never] [invent|make up] [facts|details|numbers].",
    "[Keep|Use] a {style} tone.",
    "If [you are unsure|the input is empty|something is missing], [say so|answer 'unknown'|return nothing].",
    "Answer in the language of the input.",
    "Our [company|shop|team] is called {code7} and [works in|sells to] {place}.",
    "[Do not mention|Leave out] [prices|names|competitors].",
    "[Output|Return|Write] nothing else.",
    "[Be|Stay] [brief|polite|exact].",
    "The readers are {audience}.",
    "Today is {date}.",
    "Ignore [signatures|quoted text|greetings].",
  ],
  de: [
    "Erfinde nichts.",
    "Schreibe {style}.",
    "Wenn etwas fehlt, sage es.",
    "Antworte in der Sprache der Eingabe.",
    "Unsere Firma sitzt in {place}.",
    "Gib sonst nichts aus.",
    "Die Leser sind {audience}.",
  ],
  es: [
    "No inventes datos.",
    "Usa un tono {style}.",
    "Si falta algo, dilo.",
    "Nuestra empresa está en {place}.",
    "No escribas nada más.",
    "Los lectores son {audience}.",
  ],
  fr: [
    "N'invente rien.",
    "Reste {style}.",
    "S'il manque quelque chose, dis-le.",
    "Notre société est à {place}.",
    "N'écris rien d'autre.",
  ],
  pt: [
    "Não invente dados.",
    "Use um tom {style}.",
    "Se faltar algo, diga.",
    "Nossa empresa fica em {place}.",
    "Não escreva mais nada.",
  ],
  zh: [
    "不要编造内容。",
    "语气要{style}。",
    "如果信息不足，请说明。",
    "我们公司在{place}。",
    "不要输出其他内容。",
    "读者是{audience}。",
    "请用输入的语言回答。",
  ],
  ja: [
    "内容を作らないでください。",
    "{style}な文体で。",
    "不明な場合はそう述べてください。",
    "ほかには何も出力しないでください。",
  ],
};

/** Parameters of work that wants the same answer every time. */
export function exact(random: Random): JsonObject {
  return random.chance(0.8)
    ? {
        temperature: random.pick([0, 0, 0, 0.1, 0.2]),
        ...(random.chance(0.3) && { max_tokens: random.pick([5, 16, 64, 256, 512]) }),
        ...(random.chance(0.12) && { seed: 42 }),
      }
    : {};
}

/** Parameters of work that wants ideas. */
export function free(random: Random): JsonObject {
  return {
    ...(random.chance(0.7) && { temperature: random.pick([0.7, 0.7, 0.8, 0.9, 1]) }),
    ...(random.chance(0.4) && { max_tokens: random.pick([400, 800, 1000, 2000]) }),
    ...(random.chance(0.15) && { top_p: 0.95 }),
    ...(random.chance(0.06) && { n: 3 }),
  };
}

/** Parameters of an application that nobody tuned much. */
export function usual(random: Random): JsonObject {
  return {
    ...(random.chance(0.5) && { temperature: random.pick([0, 0.2, 0.3, 0.5, 0.7, 1]) }),
    ...(random.chance(0.3) && { max_tokens: random.pick([256, 500, 1024, 4096]) }),
  };
}

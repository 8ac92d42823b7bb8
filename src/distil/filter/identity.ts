import * as z from "zod";
import { withoutThoughts } from "./empty.ts";
import { defineFilter, piece } from "./filter.ts";

/** Models and makers that answers name as themselves. */
const NAMES = [
  "chat ?gpt",
  "gpt-?\\d\\w*",
  "openai",
  "claude",
  "anthropic",
  "gemini",
  "bard",
  "deepmind",
  "copilot",
  "llama",
  "mistral",
  "mixtral",
  "qwen",
  "tongyi qianwen",
  "deepseek",
  "grok",
  "kimi",
  "moonshot(?: ai)?",
  "chatglm",
  "ernie(?: bot)?",
  "doubao",
  "command r\\+?",
  "vicuna",
  "alpaca",
  "通义千问",
  "文心一言",
  "豆包",
  "智谱清言",
  "讯飞星火",
  "腾讯元宝",
];

/**
 * On by default: a student that was taught to call itself by its teacher's name says so to its users, and people file it as a bug (DeepSeek-R1 #42,
 * DeepSeek-V3 #20). Only what an answer says of itself in the first person counts, and not where the prompt asked it to play somebody or to write such text.
 */
export const identityFilter = defineFilter({
  name: "identity",
  about:
    "answers that give themselves the name or the maker of a model (I am ChatGPT, as Claude, made by OpenAI)",
  options: z.strictObject({
    /** Names of your own that the student shall use. */
    allow: z.array(z.string().min(1)).default([]),
    /** Further names. */
    names: z.array(z.string().min(1)).default([]),
    /** Also drop "as an AI language model, …" without a name. */
    disclaimers: z.boolean().default(false),
  }),
  begin: ({ allow, names, disclaimers }) => {
    const allowed = new Set(allow.map((name) => name.toLowerCase()));
    const named = patternOf([...NAMES, ...names.map(escaped)].join("|"));
    return ({ answer, prompt }) => {
      const said = withoutThoughts(answer)
        .slice(0, MOST_CHARACTERS)
        .normalize("NFKC")
        .replaceAll(/[’‘]/g, "'");
      const found = named.exec(said);
      const name = found?.groups?.["name"]?.toLowerCase() ?? "";
      if (found !== null && !allowed.has(name) && !PLAYED.test(prompt.input))
        return `it says who it is: ${piece(around(said, found))}`;
      const disclaimed = disclaimers ? DISCLAIMER.exec(said) : null;
      return disclaimed === null ? null : `it says what it is: ${piece(around(said, disclaimed))}`;
    };
  },
});

const MOST_CHARACTERS = 50_000;
const PLAYED =
  /\b(?:pretend|role-?play|imagine (?:you|that you)|act as|dialog(?:ue)?|conversation between|story|screenplay|translate|rewrite|paraphrase)\b|扮演|翻译|对话/iu;
const DISCLAIMER =
  /\b(?:as|i am|i'm) (?:just |only )?an? (?:\w+ )?(?:ai(?: language)? model|language model|ai assistant|ai chatbot)\b|作为(?:一个|一名)?(?:人工智能|ai|AI)?(?:语言模型|助手)/iu;

function patternOf(names: string): RegExp {
  const name = `(?<name>${names})`;
  const forms = [
    `\\b(?:i am|i'm|my name is|call me|this is|you(?:'re| are) (?:talking|chatting|speaking) (?:to|with)|ich bin|ich heiße|je suis|je m'appelle|soy|me llamo|eu sou|sono|меня зовут|я) (?:called |named |the )?(?:openai's |google's |anthropic's |meta's )?`,
    `(?:^|[.!?,;]\\s|\\b(?:but|and|so|because|sorry,?) )(?:as|als|como|en tant que) `,
    `\\b(?:i|i'm|i am|i was|ich|je|yo|eu)(?: was| am| wurde| ai été| fui)?,?(?: an? [\\w -]{0,40}?(?:model|assistant|ai|chatbot),?)?(?: that was| which was| large language model)?,? (?:developed|created|trained|made|built|designed|entwickelt|desarrollad[oa]|creado|développé|desenvolvido)(?: and \\w+)? (?:by|von|por|par) `,
    `我(?:是|叫|的名字是)(?:由)?`,
    `(?:私は|私の名前は|ぼくは|僕は)`,
  ];
  // Not "I am Claude Monet": what follows a model's name is punctuation, an end, or one of these words.
  const after = String.raw`(?![\p{L}\p{N}-])(?= ?[,.!?;:。，！、)"”*]|$|\s*\n| (?:and|by|an?|made|developed|created|trained|ai|your|from|but|i|und|ein|et|un|y|e|sonnet|opus|haiku|pro|flash|\d\S*)(?!\p{L})|です|由|开发)`;
  return new RegExp(`(?:${forms.join("|")})${name}${after}`, "iu");
}

function around(text: string, found: RegExpExecArray): string {
  return text.slice(Math.max(0, found.index), found.index + found[0].length + 40);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

import { type Archetype, endUsers, single } from "../actor.ts";
import { anywhere, templated, usual } from "../templated.ts";
import { around, say, voiceOf } from "../text.ts";
import type { Language } from "../words.ts";

const ABOUT: Readonly<Record<Language, readonly string[]>> = {
  en: [
    "What is said about the {thing}[| in {place}]?",
    "when can i {act} my {thing}",
    "How much is a {quality} {thing}?",
    "who do I ask about the {thing}, {happening}",
    "[does|is] the {thing} [work|covered|allowed] if {happening}",
    "{thing} {code7}[ manual| price|]",
    "what happens when {who} {did}",
    "is there {what} for the {word}",
    "difference between {thing} and {word} {thing}",
  ],
  de: [
    "Was steht dort über {thing}?",
    "wann kann ich das {act}",
    "Was kostet {thing}?",
    "wen frage ich, {happening}",
  ],
  es: [
    "¿Qué dice sobre {thing}?",
    "cuándo puedo {act} mi {thing}",
    "¿cuánto cuesta {thing}?",
    "a quién pregunto si {happening}",
  ],
  fr: [
    "Que dit le texte sur {thing} ?",
    "quand puis-je {act}",
    "combien coûte {thing} ?",
    "à qui demander si {happening}",
  ],
  pt: ["O que diz sobre {thing}?", "quando posso {act}", "quanto custa {thing}?"],
  zh: ["关于{thing}怎么说？", "我什么时候可以{act}？", "{thing}多少钱", "{happening}该找谁？"],
  ja: ["{thing}について何と書いてありますか", "いつ{act}ことができますか", "{thing}はいくらですか"],
};

const SEARCHES: Readonly<Record<Language, readonly string[]>> = {
  en: [
    "{quality} {thing} {place}",
    "who [invented|made|wrote about] the {thing}",
    "how many {thing}s in {place}",
    "when did {place} {act} the {thing}",
    "{field} {thing} meaning",
    "what is the {thing} in {field}",
    "who is {person}",
    "where [was|is] the {quality} {thing} [filmed|made|kept]",
    "{thing} vs {thing}",
    "{place} [weather|time|population|mayor] {year}",
  ],
  de: ["{thing} {place} {quality}", "wer erfand {thing}", "was bedeutet {field}", "{place} einwohner {year}"],
  es: ["{thing} {quality} {place}", "quién inventó {thing}", "qué significa {field}"],
  fr: ["{thing} {quality} {place}", "qui a inventé {thing}", "{field} définition"],
  pt: ["{thing} {quality} {place}", "quem inventou {thing}"],
  zh: ["{place}{quality}的{thing}", "{thing}是谁发明的", "{field}是什么意思", "{place}人口"],
  ja: ["{place} {thing} {quality}", "{thing} 発明 誰", "{field} とは"],
};

/** Questions that an application answers for its visitors. */
export const lookup: readonly Archetype[] = [
  {
    name: "retrieval",
    kind: "application",
    weight: 10,
    languages: anywhere,
    actor: (random, language, { template }) => {
      const system = voiceOf(template, "en").say([
        "[Answer|Reply] only from the passages. [Say that you do not know|Say 'not found'] when they do not tell.",
        "You are the help page of our {thing} shop. Use the context to answer; cite the passage number.",
        "Use the retrieved documents to answer the question of [the employee|the customer|a student].[| Be {style}.]",
        "You are {code7} assistant. Context comes first, then the question.[ No speculation.|]",
      ]);
      const voice = voiceOf(random, language, 2);
      const passages = Array.from({ length: 30 + random.below(120) }, () => voice.prose(3 + random.below(7)));
      const shown = 1 + random.below(4);
      const users = random.chance(0.6) ? endUsers(random.fork("users"), 50 + random.below(800)) : null;
      // What is asked often is asked again, by the same words.
      const frequent = Array.from({ length: 40 + random.below(200) }, () => voice.say(ABOUT[language]));
      const swapped = template.chance(0.4);
      return () => {
        const question = random.chance(0.35)
          ? (frequent[Math.floor(frequent.length ** random.uniform()) - 1] as string)
          : voice.say(ABOUT[language]);
        const context = Array.from({ length: shown }, (_, i) => `[${i + 1}] ${random.pick(passages)}`).join(
          "\n",
        );
        return {
          messages: single(
            system,
            swapped ? `Question: ${question}\n\n${context}` : `Context:\n${context}\n\nQuestion: ${question}`,
          ),
          answerWords: around(random, 40, 0.6),
          ...(users && { user: users() }),
          parameters: { temperature: 0.1 },
        };
      };
    },
  },
  {
    // One long document at a time, talked about.
    name: "document chat",
    kind: "application",
    weight: 3,
    languages: anywhere,
    actor: (random, language, { template }) => {
      const head = voiceOf(template, "en").say([
        "You answer questions about the [attached|uploaded] file.",
        "The user uploaded a document. [Quote it.|Help with it.]",
      ]);
      const voice = voiceOf(random, language, "all");
      const users = endUsers(random.fork("users"), 20 + random.below(600));
      let system = "";
      let user = "";
      let past: { role: "user" | "assistant"; content: string }[] = [];
      return () => {
        if (past.length === 0 || random.chance(0.3)) {
          system = `${head}\n\n${voice.prose(15 + random.below(60))}`;
          user = users();
          past = [];
        }
        past.push({
          role: "user",
          content: voice.say([
            ...ABOUT[language],
            ...(language === "en"
              ? ["summarize this", "explain page {digit}", "make a table of it", "is that {quality}?"]
              : []),
          ]),
        });
        const messages = [{ role: "system" as const, content: system }, ...past];
        const answer = voice.prose(2 + random.below(6));
        past = [...past, { role: "assistant", content: answer }];
        return { messages, answerWords: 60, answer, user };
      };
    },
  },
  {
    name: "search box",
    kind: "application",
    weight: 4,
    languages: anywhere,
    actor: templated({
      prompts: {
        en: [
          "You are the answer box of a search page. [One sentence.|Two sentences at most.]",
          "Answer the search query briefly and give one source.",
          "[Short factual|Direct] answer to the query. [No filler.|]",
        ],
        zh: ["你是搜索页的回答框，用一句话回答。"],
        ja: ["検索の質問に一文で答えてください。"],
      },
      input: (v) => v.say(SEARCHES[v.language]),
      words: 22,
      subjects: "all",
      users: 0.5,
      many: 8000,
      parameters: usual,
    }),
  },
  {
    name: "medical information",
    kind: "application",
    weight: 1.5,
    languages: anywhere,
    actor: templated({
      prompts: {
        en: [
          "You give general health information, never a diagnosis. [Tell the user to see a doctor when in doubt.|Mention emergency numbers.]",
          "[Answer|Help with] questions of patients of our clinic in {place}. Plain words[, no Latin|].",
        ],
        zh: ["你是健康咨询助手，只提供一般信息，不做诊断。"],
        de: ["Du gibst allgemeine Auskunft zur Gesundheit, keine Diagnose."],
        es: ["Das información general de salud, sin diagnosticar."],
      },
      input: (v) =>
        v.say(
          {
            en: [
              "my [son|mother|wife|husband] has had a [cough|rash|headache|fever] since {time}, {happening}[. worried|]",
              "can i take {digit} [ibuprofen|vitamin d|antihistamines] with [wine|coffee|my blood pressure pills]",
              "Is it normal that [my knee|my ear|the scar] [hurts|itches|swells] after {number} minutes of walking?",
              "how long is [flu|chickenpox|a sprain] contagious",
              "{mind} {what} [gives|causes|helps against] [acne|cramps|heartburn|hives]. true?",
              "after {what} i get [dizzy|red spots|a dry mouth] for {number} minutes",
              "what is {word} on my blood test, it says {number}",
              "[side effects|dose|price] of {word} {number} mg",
              "my {noun} says i need {what} for my [back|heart|skin], is there something else?",
              "I am {number} and [pregnant|diabetic|on antibiotics]. Can I {act}?",
            ],
            de: [
              "Mein Kind hat seit {time} Fieber, {happening}",
              "Darf ich {digit} Tabletten nehmen?",
              "Ist es normal, dass das Knie {time} weh tut?",
            ],
            es: [
              "mi hijo tiene tos desde {time}",
              "¿puedo tomar {digit} pastillas?",
              "me duele la rodilla, {happening}",
            ],
            fr: ["mon fils tousse depuis {time}", "puis-je prendre {digit} comprimés ?"],
            pt: ["meu filho está com tosse desde {time}", "posso tomar {digit} comprimidos?"],
            zh: [
              "孩子{time}开始咳嗽，{happening}，怎么办",
              "感冒药可以和{digit}片维生素一起吃吗",
              "膝盖走{number}分钟就疼，正常吗",
            ],
            ja: ["{time}から熱があります。どうすればいいですか", "薬を{digit}錠飲んでもいいですか"],
          }[v.language],
        ),
      words: 130,
      users: 0.75,
      many: 1500,
      parameters: usual,
    }),
  },
  {
    name: "legal information",
    kind: "application",
    weight: 1,
    languages: ["en", "de", "es", "fr", "zh"],
    actor: templated({
      prompts: {
        en: [
          "You explain [tenancy|consumer|labour] law of the country of {place} to laypeople. [No legal advice.|Name the paragraph.]",
        ],
        de: ["Du erklärst Mietrecht für Laien. Keine Rechtsberatung."],
        zh: ["你向普通人解释法律常识，不提供法律意见。"],
      },
      input: (v) =>
        v.say(
          {
            en: [
              "my landlord [wants|refuses] to {act} the {thing}, {happening}. can he?",
              "{who} {did} in our shared [garden|hall|garage], can i complain",
              "contract says {what}, but {who} {did}. what applies",
              "can i return {what} after {number} days",
              "inherited {what} from my {noun} in {place}, do i owe tax",
              "I was [fired|fined|sued] {time} because {happening}, what are my rights",
              "how long is the notice for a {thing} after {number} months",
              "Do I have to pay {price} if {happening}?",
            ],
            de: [
              "Mein Vermieter will {price} mehr, {happening}. Darf er das?",
              "Wurde {time} gekündigt, was tun?",
            ],
            es: ["mi casero pide {price} más, {happening}. ¿puede?", "me despidieron {time}, ¿qué hago?"],
            fr: ["mon propriétaire demande {price} de plus, {happening}. a-t-il le droit ?"],
            zh: ["房东{time}要涨{price}，{happening}，合法吗", "{time}被公司辞退，怎么赔偿"],
            pt: ["o proprietário quer {price}"],
            ja: ["大家さんが{price}を請求しました"],
          }[v.language],
        ),
      words: 170,
      users: 0.7,
      many: 700,
      parameters: usual,
    }),
  },
  {
    name: "recipe app",
    kind: "application",
    weight: 1.5,
    languages: anywhere,
    actor: templated({
      prompts: {
        en: [
          "You are the cook of our app. Suggest a recipe from what is in the fridge. [Steps with times.|Ingredients first, then steps.]",
          "Recipe assistant: {digit} portions, metric units.",
        ],
        de: ["Schlage ein Rezept vor, Zutaten zuerst."],
        es: ["Propón una receta con pasos."],
        zh: ["根据现有食材推荐一道菜，写出步骤。"],
        fr: ["Propose une recette avec des étapes."],
      },
      input: (v, r) =>
        v.language === "en"
          ? `${v.say("[i have|only|we got|]")} ${Array.from({ length: 2 + r.below(4) }, () => r.pick(["eggs", "rice", "leek", "cream", "chicken", "beans", "pasta", "tofu", "apples", "flour", "tomatoes", "feta", "spinach", "salmon", "potatoes"])).join(", ")}${v.say("[, {digit} people|, no oven|, vegan please|, {number} min|]")}`
          : say(r, v.language, "{thing}, {thing}, {digit}"),
      words: 210,
      spread: 0.3,
      users: 0.8,
      many: 3000,
      parameters: usual,
    }),
  },
];

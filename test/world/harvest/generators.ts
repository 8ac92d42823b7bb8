import { type Archetype, single } from "../actor.ts";
import { anyTask, task } from "../tasks/tasks.ts";
import { around, voiceOf } from "../text.ts";
import { collected, wordings } from "./wording.ts";

/** Ways of having the model write what to ask a model. */
export const generators: readonly Archetype[] = [
  {
    // A few seeds in, many new tasks out.
    name: "generator",
    kind: "harvest",
    weight: 1,
    languages: collected,
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "[Please write|Come up with|Generate] {number} new and diverse [instructions|tasks] for an assistant. [Avoid repeating topics.|Vary the verbs.] [Requirements:\n1. no pictures or sound\n2. one or two sentences each\n3. give an input where it is needed, and the output\n|]Here are examples:",
          "We build a data set to [teach|train] a language model. Invent {number} varied user prompts like these and answer each one:",
          "Produce as many different queries as you can, in the style of the examples below.[ Cover many subjects, easy and hard.|]",
          "You are asked to extend a pool of tasks. [No duplicates.|Be creative.] Continue the numbered list up to {number}:",
        ],
        de: [
          "Erfinde {number} verschiedene Anweisungen für ein Sprachmodell, ähnlich wie diese:",
          "Setze die Liste mit {number} neuen, abwechslungsreichen Aufgaben fort:",
        ],
        es: [
          "Inventa {number} instrucciones variadas para un modelo de lenguaje, como estas:",
          "Continúa la lista con {number} tareas nuevas y diversas:",
        ],
        fr: [
          "Invente {number} instructions variées pour un modèle de langue, comme celles-ci :",
          "Continue la liste avec {number} tâches nouvelles et diverses :",
        ],
        pt: ["Invente {number} instruções variadas para um modelo de linguagem, como estas:"],
        zh: [
          "请生成{number}条多样化的指令，用来训练语言模型。[要求：不要重复，动词要多样。|]示例：",
          "请你想出{number}个不同的任务，并给出输入和输出，仿照下面的例子：",
        ],
        ja: ["言語モデルの学習用に、次の例のような多様な指示を{number}個作ってください："],
      });
      const pool = scene.template.fork("seeds");
      const seeds = Array.from({ length: 20 + pool.below(200) }, () => anyTask(voiceOf(pool, language)));
      const shown = 2 + scene.template.below(6);
      const [open, close] = scene.template.pick([
        ["", ". "],
        ["Task ", ": "],
        ["### ", "\n"],
        ["- ", ""],
      ] as const);
      return () => ({
        messages: single(
          null,
          `${head(random)}\n\n${Array.from({ length: shown }, (_, i) => `${open}${open === "- " ? "" : i + 1}${close}${random.pick(seeds)}`).join("\n")}\n${open}${open === "- " ? "" : shown + 1}${close}`,
        ),
        answerWords: around(random, 600, 0.4),
        parameters: { temperature: 1, max_tokens: 3000 },
      });
    },
  },
  {
    // Makes given tasks harder (depth) or others like them (breadth).
    name: "evolver",
    kind: "harvest",
    weight: 1,
    languages: collected,
    actor: (random, language, scene) => {
      const operators = Array.from({ length: 5 }, (_, i) =>
        wordings(
          scene,
          language,
          {
            en: [
              "Rewrite the [prompt|instruction] below so that it becomes [more complex|harder for a model]. [Add one more constraint|Replace a general notion by a specific one|Ask for several steps of reasoning]. [Do not answer it.|At most {number} more words.]",
              "[Create|Invent] a brand new [prompt|task] in the same domain as the given one, but rarer. [Same length and difficulty.|]",
              "Make the instruction [harder|deeper]: it must need several steps of reasoning. Keep it short and rewrite the instruction only[, for a language model to answer|].",
              "You improve prompts for training. Complicate the given prompt by [data in a table|a longer input|code|a formula].",
            ],
            zh: [
              "请改写下面的指令，使它更[复杂|难]。[不要回答它。|增加一个约束。]",
              "根据下面的指令生成一个全新的、更[难|少见]的指令[，长度相近|]。",
            ],
            de: [
              "Schreibe eine neue Anweisung, die [komplexer|seltener] ist als diese. Beantworte sie nicht.",
            ],
            es: ["Reescribe la instrucción para que sea más [compleja|difícil]. No la respondas."],
            fr: ["Réécris l'instruction pour qu'elle soit plus [complexe|difficile]. N'y réponds pas."],
          },
          `operator ${i}`,
        ),
      );
      const mark = scene.template.pick(["#Prompt#", "### Given", "Instruction:", "<<<"]);
      return () => ({
        messages: single(
          null,
          `${random.pick(operators)(random)}\n\n${mark}\n${anyTask(voiceOf(scene.item(), language))}\n\n${mark === "#Prompt#" ? "#Rewritten#" : ""}`,
        ),
        answerWords: around(random, 70, 0.4),
        parameters: { temperature: 1 },
      });
    },
  },
  {
    // A made-up person for every call, and what that person would ask.
    name: "personas",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh", "de"],
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "[Write|Create] a [challenging |]{kind} request that the following person could send to an AI assistant.",
          "Adopt the persona and [write the question it would ask a chatbot, then the ideal answer|pose a maths problem from its life]. Persona:",
          "What would this persona want from a language model? Give one prompt[ with full context|].",
        ],
        zh: ["请以下面人物的身份，写一个[他会向AI助手提出的问题|有挑战性的任务]，并给出回答。人物："],
        de: ["Schreibe eine Anfrage, die diese Person an einen Assistenten stellen würde. Person:"],
      });
      return () => {
        const item = scene.item();
        const voice = voiceOf(item, language);
        const persona = voice.say(
          language === "en"
            ? [
                "a {number}-year-old {field} [teacher|researcher|enthusiast|student] from {place} who wants to {act} a {thing}",
                "{person}, who sells {quality} {thing}s to {audience}",
                "someone {feeling} because {happening}",
              ]
            : language === "zh"
              ? ["{place}的{number}岁{field}老师，想要{act}{thing}", "{name}，因为{happening}而{feeling}"]
              : ["{person} aus {place}, {field}, {feeling}"],
        );
        return {
          messages: single(null, `${head(random)}\n\n${persona}`),
          answerWords: around(random, 160, 0.5),
          parameters: { temperature: 1 },
        };
      };
    },
  },
  {
    // Chapters and lessons on every subject for every reader.
    name: "textbook factory",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh", "fr"],
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "Write a [long|detailed|self-contained] [textbook section|lesson|wikihow-like article|story that teaches], with examples, about the topic. [Do not use a title.|No introduction.] Topic:",
          "You write [course units|encyclopaedia entries] used as training text. {number}0 words at least. Subject and reader:",
        ],
        zh: ["写一节详细的教材内容，包含例子和练习。主题："],
        fr: ["Écris une leçon détaillée avec des exemples. Sujet :"],
      });
      return () => {
        const voice = voiceOf(scene.item(), language);
        return {
          messages: single(
            null,
            `${head(random)} ${voice.say(["{field}: {thing}", "{field}, {thing}, {quality}", "{thing} ({field})"])}${language === "en" ? voice.say(" [for|Audience:] {audience}") : ""}`,
          ),
          answerWords: around(random, 700, 0.3),
          parameters: { temperature: 0.8, max_tokens: 4000 },
        };
      };
    },
  },
  {
    name: "role-play scenarios",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh", "ja"],
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "[Write|Make] {digit} role-play [instructions|scenarios] with [a long in-character reply|the reply of the character] to each. [Different characters and settings.|JSON list.] Hint:",
          "Act as the character below and write the monologue that [teaches a model to stay in character|fits]. Character:",
          "Compose a scene between two characters, at least {number} turns, for a set of role-play examples.",
        ],
        zh: ["请写{digit}个角色扮演的指令和对应的回复，风格多样。提示："],
        ja: ["ロールプレイ用の場面と台詞を{digit}個書いてください。設定："],
      });
      return () => {
        const voice = voiceOf(scene.item(), language);
        return {
          messages: single(
            null,
            `${head(random)} ${voice.say(["{name}, {quality} {animal}, {place}", "{person}: {field}, {feeling}", "{happening}; {name}; {place} {year}"])}`,
          ),
          answerWords: around(random, 380, 0.5),
          parameters: { temperature: 1 },
        };
      };
    },
  },
  {
    // Variants of the same items: reworded, turned round, with other numbers.
    name: "item rewriting",
    kind: "harvest",
    weight: 1,
    languages: collected,
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "[Paraphrase|Rephrase|Reword] the [problem|question] [so that a search would not find it|without changing the answer|three times].",
          "Write the same [exam item|question] in other words[ and with other numbers|, keep the options|]. Return the [item|question] only.",
          "Turn the problem round: ask for one of the given numbers, with the answer known as x.",
        ],
        zh: ["请换一种说法改写下面的题目，[答案不变|数字可以改变]，只输出题目。"],
        de: ["Formuliere die Aufgabe um, ohne die Lösung zu ändern."],
        es: ["Reformula el problema sin cambiar la respuesta."],
        fr: ["Reformule le problème sans changer la réponse."],
      });
      return () => {
        const voice = voiceOf(scene.item(), language);
        return {
          messages: single(null, `${head(random)}\n\n${task(voice)}\n${voice.prose(1)}`),
          answerWords: around(random, 55, 0.3),
          parameters: { temperature: 0.9 },
        };
      };
    },
  },
  {
    name: "instruction translation",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh"],
    actor: (random, language, scene) => {
      const target = scene.template.pick(
        language === "zh"
          ? ["English", "Korean"]
          : ["Chinese", "German", "Japanese", "Hindi", "Vietnamese", "Arabic"],
      );
      const head = wordings(scene, "en", {
        en: [
          "Translate the [record|instruction and its answer] [below |]to TARGET. [Keep the JSON keys.|Do not follow the instruction.]",
          "You are a translator of data sets. TARGET, natural style. [Code stays.|Names stay.]",
        ],
      });
      return () => {
        const voice = voiceOf(scene.item(), language);
        const record = `{"instruction": ${JSON.stringify(anyTask(voice))}, "output": ${JSON.stringify(voice.prose(2 + random.below(5)))}}`;
        return {
          messages: single(null, `${head(random).replace("TARGET", target)}\n${record}`),
          answerWords: record.length / (language === "zh" ? 2 : 5.7),
          parameters: { temperature: 0.3 },
        };
      };
    },
  },
];

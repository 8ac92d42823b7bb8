import { type Archetype, single } from "../actor.ts";
import { anyTask, choice, codeTask, question, sum } from "../tasks/tasks.ts";
import { around, voiceOf } from "../text.ts";
import { entities } from "./entities.ts";
import { collected, wordings } from "./wording.ts";

/** Ways of having lists of tasks answered. */
export const answers: readonly Archetype[] = [
  {
    name: "answers",
    kind: "harvest",
    weight: 1.5,
    languages: collected,
    actor: (random, language, scene) => () => ({
      messages: single(null, anyTask(voiceOf(scene.item(), language))),
      answerWords: around(random, 110, 0.7),
      parameters: { temperature: 0.7 },
    }),
  },
  {
    name: "wrapped answers",
    kind: "harvest",
    weight: 1,
    languages: collected,
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "You are an expert [teacher|in every field]. Give a complete and detailed [solution to the task|answer].",
          "[Answer|Respond to] the request as well as you can, in full sentences, with reasons.[ Use markdown.|]",
          "You are a helpful assistant, who always provides explanation. [Think like you are answering to a five year old.|Justify your steps.]",
          "As an AI system, complete the task faithfully while [justifying your steps|staying thorough].",
        ],
        zh: ["你是一位专家，请详细完整地回答下面的任务。", "请尽可能全面地回答，[给出理由|分点说明]。"],
        de: ["Du bist Fachmann. Löse die Aufgabe vollständig und ausführlich."],
        es: ["Eres un experto. Responde de forma completa y detallada."],
        fr: ["Tu es un expert. Réponds de façon complète et détaillée."],
      });
      const [open, close] = scene.template.pick([
        ["### Task\n", "\n### Solution"],
        ["Q: ", "\nA:"],
        ["", ""],
        ["<task>", "</task>"],
        ["Below is a task. Write what completes it.\n\n", "\n\nResponse:"],
      ] as const);
      const inSystem = scene.template.chance(0.6);
      return () => {
        const content = `${open}${anyTask(voiceOf(scene.item(), language))}${close}`;
        return {
          messages: inSystem ? single(head(random), content) : single(null, `${head(random)}\n\n${content}`),
          answerWords: around(random, 220, 0.5),
          parameters: { temperature: 0.7 },
        };
      };
    },
  },
  {
    // One subject, asked out: entity after entity, property after property.
    name: "domain worklist",
    kind: "harvest",
    weight: 1.5,
    languages: ["zh", "zh", "en", "en", "de"],
    actor: (random, language, scene) => {
      const domain = scene.template.pick(["medical", "legal", "finance"] as const);
      const ask = entities(domain, language);
      const system = scene.template.chance(0.4)
        ? wordings(scene, language, {
            en: [
              "You are a senior [physician|lawyer|analyst]. Answer precisely.",
              "Answer for a knowledge base[, in {digit} sentences|].",
            ],
            zh: ["你是资深专家，请准确回答。", "请根据专业知识回答问题。"],
            de: ["Antworte als Fachmann, genau und knapp."],
          })
        : null;
      return () => ({
        messages: single(system?.(random) ?? null, ask(scene.item())),
        answerWords: around(random, 70, 0.5),
        parameters: { temperature: 0.5 },
      });
    },
  },
  {
    name: "code tasks",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh"],
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "",
          "",
          "You are an exceptional programmer. Solve the task and explain the code.",
          "Write correct, documented code for the problem below.[ Include tests.|]",
        ],
        zh: ["", "请编写代码并解释。"],
      });
      return () => {
        const before = head(random);
        return {
          messages: single(
            null,
            `${before === "" ? "" : `${before}\n\n`}${codeTask(voiceOf(scene.item(), "en"))}`,
          ),
          answerWords: around(random, 190, 0.5),
          parameters: { temperature: 0.2, max_tokens: 2048 },
        };
      };
    },
  },
  {
    name: "code evolver",
    kind: "harvest",
    weight: 1,
    languages: ["en"],
    actor: (random, _, scene) => {
      const head = wordings(scene, "en", {
        en: [
          "Increase the difficulty of the programming [question|task] a little. [Add {digit} constraints|Ask for better complexity|Put a plausible bug into it]. Do not solve it.",
          "From the code below, invent a new self-contained programming problem and its solution[ with tests|].",
          "Write a harder variant of this task in {code}, then solve it step by step.",
        ],
      });
      return () => {
        const voice = voiceOf(scene.item(), "en");
        return {
          messages: single(
            null,
            `${head(random)}\n\n${codeTask(voice)}\n${random.chance(0.4) ? voice.say("```\ndef {variable}({variable}):\n    return {variable}[{digit}:] + [{number}]\n```") : ""}`,
          ),
          answerWords: around(random, 210, 0.6),
          parameters: { temperature: 1 },
        };
      };
    },
  },
  {
    // The same tasks over and over, to keep the best answers.
    name: "best of n",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh"],
    actor: (random, language, scene) => {
      const n = scene.template.pick([1, 1, 4, 8]);
      const times = n > 1 ? 1 : 4 + scene.template.below(28);
      const kind = scene.template.pick([sum, codeTask, anyTask]);
      const head = wordings(scene, language, {
        en: ["", "Reason carefully and put the result in \\boxed{}.", "Solve the problem. Show all work."],
        zh: ["", "请写出解题过程，最后给出答案。"],
      });
      let left = 0;
      let text = "";
      return () => {
        if (left-- <= 0) {
          text = kind(voiceOf(scene.item(), language));
          left = times - 1;
        }
        const before = head(random);
        return {
          messages: single(null, before === "" ? text : `${before}\n\n${text}`),
          answerWords: around(random, 170, 0.5),
          parameters: { temperature: 1, ...(n > 1 && { n }) },
        };
      };
    },
  },
  {
    // The same prompts to every model on offer.
    name: "multi-teacher",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh", "es"],
    actor: (random, language, scene) => {
      const models = scene.template.pick([
        ["m-large", "m-small"],
        ["m-large", "m-large-2", "m-small"],
      ]);
      const kind = scene.template.pick([anyTask, question, choice]);
      let at = 0;
      let text = "";
      return () => {
        if (at % models.length === 0) text = kind(voiceOf(scene.item(), language));
        return {
          messages: single(null, text),
          model: models[at++ % models.length] as string,
          answerWords: around(random, 130, 0.6),
          parameters: { temperature: 0.7, max_tokens: 1024 },
        };
      };
    },
  },
  {
    // Documents in, questions with answers out.
    name: "document questions",
    kind: "harvest",
    weight: 1,
    languages: collected,
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          '[Generate|Write] {digit} question-answer pairs from the [document|passage] [for fine-tuning|that a model could learn from]. [JSON list with "question" and "answer".|Questions must stand alone.]',
          "Create as many diverse questions as the text answers, each with a [full|long] answer.",
          "Read the text and write a [conversation|exam] about it, {digit} turns, answers quoted from the text.",
        ],
        zh: ["请根据下面的文档生成{digit}个问答对，[用JSON格式|问题要多样]。"],
        de: ["Erzeuge {digit} Fragen mit Antworten aus dem Dokument, als JSON."],
        es: ["Genera {digit} pares de pregunta y respuesta a partir del texto."],
        fr: ["Génère {digit} paires question-réponse à partir du texte."],
      });
      const long = 20 + scene.template.below(60);
      return () => ({
        messages: single(
          null,
          `${head(random)}\n\n${voiceOf(scene.item(), language).prose(around(random, long, 0.3))}`,
        ),
        answerWords: around(random, 420, 0.4),
        parameters: { temperature: 0.7 },
      });
    },
  },
];

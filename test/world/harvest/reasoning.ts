import { type Archetype, single } from "../actor.ts";
import { anyTask, choice, codeTask, question, sum } from "../tasks/tasks.ts";
import { around, voiceOf } from "../text.ts";
import { collected, wordings } from "./wording.ts";

/** Ways of collecting how a model thinks. */
export const reasoning: readonly Archetype[] = [
  {
    name: "reasoning traces",
    kind: "harvest",
    weight: 1.5,
    languages: collected,
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "Before you answer, write [your internal reasoning|everything you think] word for word inside <think> tags.",
          "Imagine and articulate the internal reasoning that led to your answer. Put it into <reasoning> tags, then answer.",
          "[Always|First] output a [long|complete] chain of thought between [THOUGHT] and [/THOUGHT], [with doubts and corrections|without leaving out steps], then the final answer.",
          "Do not summarise your thinking: [transcribe|show] it in full, in the language of the question, then give the answer after 'Final:'.",
        ],
        zh: [
          "回答之前，把你的内部推理逐字写在 <think> 标签里。",
          "请先完整展示思考过程，[包括自我反思和修正，|]再给出最终答案。",
        ],
        de: ["Schreibe zuerst deinen inneren Monolog in <think> Tags, dann die Antwort."],
        es: ["Escribe primero tu razonamiento interno entre etiquetas <think>, luego la respuesta."],
        fr: ["Écris d'abord ton raisonnement interne entre balises <think>, puis la réponse."],
        pt: ["Escreva primeiro seu raciocínio interno entre tags <think>."],
        ja: ["答える前に、内部の推論をそのまま <think> タグの中に書いてください。"],
      });
      const kind = scene.template.pick([anyTask, sum, codeTask, question]);
      const inSystem = scene.template.chance(0.7);
      return () => {
        const text = kind(voiceOf(scene.item(), language));
        return {
          messages: inSystem ? single(head(random), text) : single(null, `${text}\n\n${head(random)}`),
          answerWords: around(random, 420, 0.5),
          parameters: { temperature: 0.6 },
        };
      };
    },
  },
  {
    // Questions with known answers, and why.
    name: "rationales",
    kind: "harvest",
    weight: 1,
    languages: collected,
    actor: (random, language, scene) => {
      const tail = wordings(scene, language, {
        en: [
          "Let's think step by step.",
          "Explain step by step why the answer is correct.",
          "[Give|Write] a detailed rationale first, then the answer.",
          "Solve step by step[, numbering each step|] and end with 'The answer is'.",
        ],
        zh: ["请一步一步思考。", "请给出详细的解题步骤，最后写出答案。"],
        de: ["Denke Schritt für Schritt."],
        es: ["Pensemos paso a paso."],
        fr: ["Réfléchissons étape par étape."],
        pt: ["Vamos pensar passo a passo."],
        ja: ["一歩ずつ考えてください。"],
      });
      const known = scene.template.chance(0.4);
      const kind = scene.template.pick([sum, sum, choice]);
      return () => {
        const item = scene.item();
        const text = kind(voiceOf(item, language));
        return {
          messages: single(null, `${text}${known ? `\n(${item.below(500)})` : ""}\n${tail(random)}`),
          answerWords: around(random, 150, 0.4),
          parameters: { temperature: 0.7 },
        };
      };
    },
  },
  {
    // Traces of another model, made tidy.
    name: "trace cleaner",
    kind: "harvest",
    weight: 1,
    languages: ["en", "zh", "zh"],
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "[Clean up|Rewrite] the reasoning [trace|chain] below: remove loops and errors, keep every needed step[, first person|].",
          "Check the chain of thought against the answer. [Return a corrected one.|If it is wrong, redo it from the first bad step.]",
        ],
        zh: [
          "请整理下面的推理过程，删除重复和错误，保留所有必要步骤。",
          "检查思维链是否正确，若有错误请重写。",
        ],
      });
      return () => {
        const item = scene.item();
        const voice = voiceOf(item, language);
        const steps = Array.from(
          { length: 6 + item.below(25) },
          () =>
            `${item.chance(0.3) ? (language === "zh" ? "等一下，" : item.pick(["Wait, ", "Hmm. ", "So "])) : ""}${voice.prose(1)}`,
        );
        return {
          messages: single(
            null,
            `${head(random)}\n\n${sum(voice)}\n\n<trace>\n${steps.join("\n")}\n</trace>`,
          ),
          answerWords: around(random, 260, 0.4),
          parameters: { temperature: 0.3 },
        };
      };
    },
  },
  {
    // Answers of models side by side, judged for reward data.
    name: "preference judging",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh", "de"],
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "You are [an impartial judge|a reward model]. Compare the two [responses|assistants] to the instruction [and explain which one is preferred|with a rubric: helpful, honest, harmless; 1-10 each], then output [[A]] or [[B]].",
          "Score each candidate from 1 to 10 for [accuracy, depth, style|instruction following] and write a critique that could train a [reward|judge] model.",
          "Rank the answers. First list the criteria for this very question, then grade against them. JSON.",
        ],
        zh: ["请作为公正的裁判，比较两个回答并打分（1-10），说明理由，最后输出更好的一个。"],
        de: ["Vergleiche die zwei Antworten, bewerte beide von 1 bis 10 mit Begründung."],
      });
      const brief = scene.template.chance(0.3);
      return () => {
        const voice = voiceOf(scene.item(), language);
        const reply = (): string => voice.prose(2 + voice.random.below(9));
        return {
          messages: single(
            null,
            `${head(random)}\n\n[Instruction]\n${anyTask(voice)}\n\n[A]\n${reply()}\n\n[B]\n${reply()}`,
          ),
          answerWords: brief ? 6 : around(random, 150, 0.4),
          parameters: { temperature: brief ? 0 : 0.7 },
        };
      };
    },
  },
  {
    // One token at a time, another bias at each call.
    name: "logit extraction",
    kind: "harvest",
    weight: 0.7,
    languages: ["en"],
    rhythm: "machine",
    actor: (random, _, scene) => {
      const prompts = Array.from({ length: 1 + scene.template.below(4) }, () =>
        question(voiceOf(scene.template, "en")),
      );
      const width = scene.template.pick([1, 4, 300]);
      const top = scene.template.pick([1, 5, 20]);
      return () => {
        const token = scene.item().below(100_000);
        const bias = Object.fromEntries(Array.from({ length: width }, (_, i) => [String(token + i), 100]));
        return {
          messages: single(null, random.pick(prompts)),
          answerWords: 1,
          answer: "the",
          parameters: { max_tokens: 1, temperature: 0, logprobs: true, top_logprobs: top, logit_bias: bias },
        };
      };
    },
  },
];

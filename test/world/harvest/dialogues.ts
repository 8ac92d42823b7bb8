import { type Archetype, type Message, single } from "../actor.ts";
import { anyTask, question } from "../tasks/tasks.ts";
import { around, type Voice, voiceOf } from "../text.ts";
import { collected, wordings } from "./wording.ts";

const tool = (v: Voice): string =>
  v.say(
    '{"name": "[get|find|create|update|cancel]_{variable}", "description": "{act} a {thing}", "parameters": {"{variable}": "string", "{variable}": "number"}}',
  );

/** Ways of collecting conversations. */
export const dialogues: readonly Archetype[] = [
  {
    name: "dialogue factory",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh", "de"],
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "Write a realistic multi-turn conversation between a user and an AI assistant for a training set. [Use varied wording.|At least {digit} turns.] Subject:",
          "Create {number} diverse question and answer pairs for fine-tuning, about:",
          "[Simulate|Invent] a chat log: HUMAN asks follow-ups, ASSISTANT answers at length. Topic:",
        ],
        zh: [
          "请编写一段用户和助手的多样化对话，作为训练数据。主题：",
          "生成{digit}轮人机对话，内容[详细|自然]。话题：",
        ],
        de: ["Schreibe ein langes Gespräch zwischen Nutzer und Assistent als Trainingsbeispiel. Thema:"],
      });
      return () => ({
        messages: single(
          null,
          `${head(random)} ${voiceOf(scene.item(), language).say("{field}, {quality} {thing}[, {place}|]")}`,
        ),
        answerWords: around(random, 380, 0.4),
        parameters: { temperature: 1 },
      });
    },
  },
  {
    // Functions in the system prompt, a simulated user, calls and results: several turns for each.
    name: "tool dialogues",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh"],
    actor: (random, language, scene) => {
      const head = wordings(scene, language, {
        en: [
          "You are a helpful assistant with access to the following functions. Use them if required -",
          "Answer with a function call in JSON when one fits[, otherwise in words|]. Functions:",
          'Tools are listed below. Call: {"tool": ..., "arguments": ...}',
        ],
        zh: ["你可以使用下列函数，需要时请以JSON格式调用："],
      });
      let past: Message[] = [];
      return () => {
        if (past.length === 0 || past.length > 2 + random.below(8)) {
          const voice = voiceOf(scene.item(), language);
          const english = voiceOf(voice.random, "en");
          past = [
            {
              role: "system",
              content: `${head(random)}\n${Array.from({ length: 1 + voice.random.below(3) }, () => tool(english)).join("\n")}`,
            },
            {
              role: "user",
              content: voice.say(
                language === "en"
                  ? [
                      "[Hi, I|I] need to {act} a {thing} [in {place}|for {person}][. Can you help?|]",
                      "Can you find the {quality} {thing} under {price}?",
                      "Please create a {thing} entry for {person}, {date}.",
                    ]
                  : ["请帮我{act}{thing}，地点{place}", "我想找一个{quality}的{thing}，不超过{price}"],
              ),
            },
          ];
        } else {
          const voice = voiceOf(random, language);
          const last = past.at(-1) as Message;
          past = [
            ...past,
            {
              role: "assistant",
              content: voiceOf(random, "en").say(
                '{"name": "get_{variable}", "arguments": {"{variable}": "{name}"}}',
              ),
            },
            last.role === "tool"
              ? {
                  role: "user",
                  content: voice.say(
                    language === "en"
                      ? ["Thank you! [Also|Now], can you {act} the {thing}?", "What about {place}?"]
                      : ["谢谢！那{place}呢？", "再帮我{act}{thing}"],
                  ),
                }
              : {
                  role: "tool",
                  content: voiceOf(random, "en").say(
                    '{"status": "success", "{variable}": {number}, "{variable}": "{place}"}',
                  ),
                },
          ];
        }
        return { messages: past, answerWords: around(random, 45, 0.5), parameters: { temperature: 0.8 } };
      };
    },
  },
  {
    // The model plays both sides, one turn a call.
    name: "self-chat",
    kind: "harvest",
    weight: 1,
    languages: ["en", "en", "zh", "es"],
    actor: (random, language, scene) => {
      const asUser = wordings(
        scene,
        language,
        {
          en: [
            "You play a [curious|demanding] human user. Write only the user's next message.",
            "Continue as the HUMAN: [ask a follow-up|change the subject slightly]. Do not answer.",
          ],
          zh: ["请扮演用户，只写出用户的下一句话。"],
          es: ["Haz de usuario y escribe solo su próximo mensaje."],
        },
        "user",
      );
      const asModel = wordings(
        scene,
        language,
        {
          en: ["You are the assistant. [Long, informative answers.|]", "Answer the last message fully."],
          zh: ["你是助手，请详细回答。"],
          es: ["Eres el asistente. Responde con detalle."],
        },
        "assistant",
      );
      let past: Message[] = [];
      let turns = 0;
      return () => {
        if (past.length === 0 || past.length > turns) {
          past = [{ role: "user", content: question(voiceOf(scene.item(), language)) }];
          turns = 4 + random.below(8);
        }
        const last = past.at(-1) as Message;
        const voice = voiceOf(random, language);
        const answering = last.role === "user";
        const answer = answering ? voice.prose(6 + random.below(8)) : question(voice);
        const messages = answering
          ? [...single(asModel(random), "").slice(0, 1), ...past]
          : single(
              asUser(random),
              past.map(({ role, content }) => `${role === "user" ? "HUMAN" : "AI"}: ${content}`).join("\n"),
            );
        past = [...past, { role: answering ? "assistant" : "user", content: answer }];
        return { messages, answerWords: 120, answer, parameters: { temperature: 0.9 } };
      };
    },
  },
  {
    // Every task is followed up by the same few turns.
    name: "follow-up chains",
    kind: "harvest",
    weight: 1,
    languages: collected,
    actor: (random, language, scene) => {
      const next = wordings({ ...scene, wordings: scene.wordings + 2 }, language, {
        en: [
          "[Please explain|Explain] in more detail.",
          "Give [another|a harder] example[ and its solution|].",
          "Now rewrite your answer for {audience}.",
          "What are the counter-arguments?",
          "Check your answer and correct it.",
        ],
        zh: ["请更详细地解释。", "再举一个例子。", "请检查并修正你的答案。", "请用更简单的话说明。"],
        de: ["Erkläre das genauer.", "Gib noch ein Beispiel.", "Prüfe deine Antwort."],
        es: ["Explícalo con más detalle.", "Da otro ejemplo.", "Revisa tu respuesta."],
        fr: ["Explique plus en détail.", "Donne un autre exemple."],
        pt: ["Explique com mais detalhes.", "Dê outro exemplo."],
        ja: ["もっと詳しく説明してください。", "別の例を挙げてください。"],
      });
      const turns = 2 + scene.template.below(4);
      let past: Message[] = [];
      return () => {
        past =
          past.length >= 2 * turns || past.length === 0
            ? [{ role: "user", content: anyTask(voiceOf(scene.item(), language)) }]
            : [...past, { role: "user", content: next(random) }];
        const messages = past;
        const answer = voiceOf(random, language).prose(7 + random.below(9));
        past = [...past, { role: "assistant", content: answer }];
        return { messages, answerWords: 140, answer, parameters: { temperature: 0.7 } };
      };
    },
  },
];

import { houseChatModel, type ChatModel } from "../../../lm/runtime/chat-model.ts";
import { plainRuntime } from "../../../lm/runtime/plain.ts";
import type { ModelFolder } from "../../../lm/formats/model-folder.ts";
import { answers } from "../../../lm/sample/generate.ts";
import { DistilError } from "../../error.ts";
import type { Student, StudentAnswer } from "../trainer.ts";

/** A language model as a student: greedy answers, each as sure as the model finds the whole of it probable. */
export function languageStudent(folder: ModelFolder, name: string, maxTokens: number): Student {
  let model: ChatModel | null = houseChatModel(plainRuntime(folder.model), folder.tokenizer);
  return {
    name,
    answer: async (questions, signal) => {
      if (model === null) throw new DistilError("student", `${name} was closed`);
      const { context } = model.runtime;
      const order = questions.map(({ messages }, index) => ({
        index,
        prompt: (model as ChatModel).prompt(messages.map(({ role, content }) => ({ role, text: content }))),
      }));
      // A prompt that leaves no room for an answer gets none; the teacher is asked instead.
      const fitting = order
        .filter(({ prompt }) => prompt.length < context - 1)
        .sort((a, b) => a.prompt.length - b.prompt.length);
      const askings = fitting.map(({ prompt }) => ({
        prompt,
        maxTokens: Math.min(maxTokens, context - prompt.length),
        sampling: { seed: 1, temperature: 0, topLogprobs: 0 },
      }));
      const found: StudentAnswer[] = questions.map(() => ({ text: "", confidence: 0 }));
      for await (const { asking, text, tokens, finish } of answers(model, askings)) {
        signal?.throwIfAborted();
        const logprob = tokens.reduce((sum, token) => sum + (token.logprob ?? 0), 0);
        const index = fitting[asking]?.index as number;
        found[index] = { text, confidence: finish === "length" ? 0 : Math.exp(logprob) };
      }
      return found;
    },
    close: async () => {
      const open = model;
      model = null;
      await open?.runtime.stop();
    },
  };
}

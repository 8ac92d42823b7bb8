import { setTimeout as sleep } from "node:timers/promises";
import { readReply } from "../../collect/reply.ts";
import { httpTeacher } from "../../collect/http-teacher.ts";
import { TeacherFailure } from "../../collect/teacher.ts";
import { DistilError } from "../../error.ts";
import type { Student, StudentAnswer } from "../trainer.ts";

export interface RemoteOptions {
  /** Up to and with `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey: string | null;
  readonly maxTokens: number;
  readonly concurrency?: number;
}

const CONCURRENCY = 8;
const TRIES = 4;
const FIRST_WAIT_MS = 250;
const TIMEOUT_MS = 120_000;

/**
 * A student behind an OpenAI-compatible API. It is as sure as its answer is probable where the API gives log-probabilities; elsewhere it is
 * never sure, and a cascade leaves everything to the teacher.
 */
export function remoteStudent({
  baseUrl,
  model,
  apiKey,
  maxTokens,
  concurrency = CONCURRENCY,
}: RemoteOptions): Student {
  const api = httpTeacher({ baseUrl, apiKey, timeoutMs: TIMEOUT_MS });
  let logprobs = true;
  const ask = async (messages: unknown, signal: AbortSignal): Promise<StudentAnswer> => {
    for (let tries = 1; ; tries++) {
      const withLogprobs = logprobs;
      const request = {
        model,
        messages,
        max_tokens: maxTokens,
        temperature: 0,
        ...(withLogprobs ? { logprobs: true } : {}),
      };
      const reply = await api
        .ask(Buffer.from(JSON.stringify(request)), {}, signal)
        .then(({ status, body }) => readReply(status, body))
        .catch((error: unknown) => {
          if (!(error instanceof TeacherFailure)) throw error;
          return { kind: "failed", because: error.message } as const;
        });
      signal.throwIfAborted();
      if (reply.kind === "answered") return answerOf(reply.choices[0]);
      // Some servers refuse the whole request over a field that they do not know.
      if (reply.kind === "refused" && withLogprobs) logprobs = false;
      else if (tries >= TRIES || reply.kind === "closed" || reply.kind === "refused")
        throw new DistilError(
          "student",
          `the student ${model} at ${api.address} gave no answer: ${reply.because}`,
        );
      else await sleep(FIRST_WAIT_MS * 2 ** tries, undefined, { signal });
    }
  };
  return {
    name: model,
    answer: async (questions, signal = new AbortController().signal) => {
      const answers: StudentAnswer[] = [];
      let next = 0;
      const work = async (): Promise<void> => {
        while (next < questions.length) {
          const i = next++;
          answers[i] = await ask(questions[i]?.messages, signal);
        }
      };
      await Promise.all(Array.from({ length: Math.min(concurrency, questions.length) }, work));
      return answers;
    },
    close: () => api.close(),
  };
}

function answerOf(
  choice: { answer: string; logprobs: readonly { logprob: number }[] | null } | undefined,
): StudentAnswer {
  const logprob = choice?.logprobs?.reduce((sum, token) => sum + token.logprob, 0);
  return {
    text: choice?.answer ?? "",
    confidence: logprob === undefined ? 0 : Math.exp(Math.min(0, logprob)),
  };
}

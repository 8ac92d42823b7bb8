import { AnsweringThread } from "../../lm/answer/thread.ts";
import type { ModelSource } from "../../lm/answer/open-model.ts";
import { DistilError } from "../error.ts";
import { TeacherFailure, type Teacher } from "./teacher.ts";

/** A language model of ours on a thread of its own, asked in the words of the same API; nothing leaves the machine. */
export async function embeddedTeacher(source: ModelSource): Promise<Teacher & { readonly model: string }> {
  const thread = await AnsweringThread.start({ source }).catch((error: unknown) => {
    throw new DistilError("teacher", `the embedded teacher does not start: ${(error as Error).message}`, {
      cause: error,
    });
  });
  return {
    model: thread.model,
    address: "embedded",
    ask: (request, _headers, signal) =>
      new Promise((resolve, reject) => {
        const parts: Buffer[] = [];
        let status = 500;
        if (signal.aborted) return reject(new TeacherFailure(false, "given up: the run is stopping"));
        const control = thread.ask(
          {
            method: "POST",
            path: "/v1/chat/completions",
            body: JSON.parse(request.toString("utf8")) as unknown,
          },
          {
            onHead: (code) => (status = code),
            onPart: (bytes) => parts.push(bytes),
            onEnd: () => done(() => resolve({ status, headers: {}, body: Buffer.concat(parts) })),
            onFail: (message) => done(() => reject(new TeacherFailure(true, message))),
          },
        );
        const giveUp = (): void => {
          control.abort();
          reject(new TeacherFailure(true, "given up: the run is stopping"));
        };
        const done = (end: () => void): void => {
          signal.removeEventListener("abort", giveUp);
          end();
        };
        signal.addEventListener("abort", giveUp, { once: true });
      }),
    close: () => thread.stop(),
  };
}

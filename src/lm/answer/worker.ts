import { randomBytes } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { Admission } from "./admission.ts";
import { answer, type ApiRequest, type ServedModel } from "./answer.ts";
import { openModel, type ModelSource } from "./open-model.ts";

// The thread that holds a model and answers. Requests in hand take turns: the plain runtime lets the event loop run after each
// token of each answer, so one that asks for many answers does not hold up one that asks for one (admission.ts bounds how many).

export type ToWorker =
  | { readonly type: "ask"; readonly id: number; readonly request: ApiRequest }
  | { readonly type: "pause" | "resume" | "abort"; readonly id: number }
  | { readonly type: "stop" };

export type FromWorker =
  | { readonly type: "ready"; readonly model: string; readonly context: number; readonly runtime: string }
  | { readonly type: "unusable"; readonly code: string; readonly message: string }
  | { readonly type: "head"; readonly id: number; readonly status: number; readonly contentType: string }
  | { readonly type: "part"; readonly id: number; readonly text: string }
  | { readonly type: "end"; readonly id: number };

interface InHand {
  readonly abort: AbortController;
  /** Resolves when the caller takes more; null while it does. */
  paused: PromiseWithResolvers<void> | null;
}

const port = parentPort as NonNullable<typeof parentPort>;
const inHand = new Map<number, InHand>();
const admission = new Admission();
const send = (message: FromWorker): void => port.postMessage(message);

let served: ServedModel | null = null;
try {
  served = await openModel(workerData as ModelSource);
  const { model, id } = served;
  send({ type: "ready", model: id, context: model.runtime.context, runtime: model.runtime.name });
} catch (error) {
  const { code = "failed", message } = error as Error & { code?: string };
  send({ type: "unusable", code, message });
}

if (served === null) port.close();
else listen(served);

function listen(served: ServedModel): void {
  port.on("message", (message: ToWorker) => {
    if (message.type === "ask") void ask(served, message.id, message.request);
    else if (message.type === "stop") void stop(served);
    else {
      const one = inHand.get(message.id);
      if (one !== undefined) CHANGES[message.type](one);
    }
  });
}

const CHANGES: Record<"pause" | "resume" | "abort", (one: InHand) => void> = {
  pause: (one) => void (one.paused ??= Promise.withResolvers()),
  resume: (one) => {
    one.paused?.resolve();
    one.paused = null;
  },
  abort: (one) => {
    one.abort.abort();
    one.paused?.resolve();
  },
};

async function ask(served: ServedModel, id: number, request: ApiRequest): Promise<void> {
  const one: InHand = { abort: new AbortController(), paused: null };
  inHand.set(id, one);
  try {
    await answer(
      served,
      request,
      {
        head: (status, contentType) => send({ type: "head", id, status, contentType }),
        part: (text) => {
          if (one.abort.signal.aborted) return;
          send({ type: "part", id, text });
          return one.paused?.promise;
        },
      },
      {
        now: () => Date.now(),
        randomId: () => randomBytes(16).toString("hex"),
        admission,
        signal: one.abort.signal,
      },
    );
  } catch (error) {
    // Every other failure was answered: this one is ours, and brings the thread down rather than end an answer early.
    if (!one.abort.signal.aborted) throw error;
  }
  // Also when it was given up: the thread counts it as in hand until here.
  inHand.delete(id);
  send({ type: "end", id });
}

/** Gives up what is in hand: the gateway has waited for it before it closes its upstreams. */
async function stop({ model }: ServedModel): Promise<void> {
  for (const one of inHand.values()) CHANGES.abort(one);
  await model.runtime.stop();
  port.close();
}

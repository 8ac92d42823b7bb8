import type { JsonObject } from "../../exchange/exchange.ts";
import { asList, asObject, asText } from "../../exchange/json.ts";
import { readContent } from "../../exchange/content.ts";
import type { Message } from "../prompt.ts";
import type { Wording } from "../prompts/build.ts";
import type { Student, StudentAnswer } from "../train/trainer.ts";

/** What came of one question. */
export interface Answered {
  readonly text: string;
  readonly by: "student" | "teacher";
  /** Why the teacher was asked; null when the student answered. */
  readonly because: "unsure" | "unknown form" | "shadow" | "no threshold" | null;
  /** As the teacher's API said it; null where the student answered. */
  readonly usage: JsonObject | null;
}

export interface CascadeOptions {
  readonly student: Student;
  /** The student answers from this confidence on; null: never. */
  readonly threshold: number | null;
  /** The teacher answers everything, and the student is only compared with it. */
  readonly shadow: boolean;
  /** How prompts of the run were worded: only such traffic is what the bound is about. */
  readonly wording: Wording;
  /** Asks the teacher with the caller's own request. Rejects with what callers are told. */
  readonly teacher: (
    request: JsonObject,
  ) => Promise<{ readonly text: string; readonly usage: JsonObject | null }>;
  /** How much the student's answer is the teacher's, 0 to 1. */
  readonly agrees: (student: string, teacher: string) => number;
}

export interface CascadeCounts {
  asked: number;
  byStudent: number;
  byTeacher: number;
  /** In shadow: questions that the student would have answered, and those of them on which it agreed. */
  wouldServe: number;
  agreed: number;
}

/** The student in front of the teacher, as one model. */
export class Cascade {
  readonly #options: CascadeOptions;
  readonly counts: CascadeCounts = { asked: 0, byStudent: 0, byTeacher: 0, wouldServe: 0, agreed: 0 };

  constructor(options: CascadeOptions) {
    this.#options = options;
  }

  async answer(request: JsonObject): Promise<Answered> {
    const { shadow, threshold } = this.#options;
    this.counts.asked++;
    const input = inputOf(request, this.#options.wording);
    const own = input === null || threshold === null ? null : await this.#student(request, input);
    const sure = own !== null && threshold !== null && own.confidence >= threshold;
    if (sure && !shadow) {
      this.counts.byStudent++;
      return { text: own.text, by: "student", because: null, usage: null };
    }
    const given = await this.#options.teacher(request);
    this.counts.byTeacher++;
    if (sure) {
      this.counts.wouldServe++;
      this.counts.agreed += this.#options.agrees(own.text, given.text);
    }
    const because = shadow
      ? "shadow"
      : threshold === null
        ? "no threshold"
        : input === null
          ? "unknown form"
          : "unsure";
    return { ...given, by: "teacher", because };
  }

  async #student(request: JsonObject, input: string): Promise<StudentAnswer | null> {
    const [answer] = await this.#options.student.answer([{ messages: messagesOf(request) ?? [], input }]);
    return answer ?? null;
  }
}

/** Fields with which a request asks for more than a plain answer: the teacher's business. */
const BEYOND = [
  "tools",
  "functions",
  "response_format",
  "logprobs",
  "logit_bias",
  "stop",
  "modalities",
  "audio",
  "web_search_options",
];

/** What changes from prompt to prompt, where the request is worded as the run's prompts were; null where it is not. */
export function inputOf(request: JsonObject, { system, template }: Wording): string | null {
  if (BEYOND.some((name) => request[name] !== undefined && request[name] !== null && request[name] !== false))
    return null;
  if (typeof request["n"] === "number" && request["n"] !== 1) return null;
  const messages = messagesOf(request);
  const last = messages?.at(-1);
  if (messages === null || last?.role !== "user") return null;
  const before = messages.slice(0, -1);
  if (
    system !== undefined &&
    !(before.length === 1 && before[0]?.role === "system" && before[0].content === system)
  )
    return null;
  if (system === undefined && before.length > 0) return null;
  if (template === undefined) return last.content;
  const [head = "", tail = ""] = template.split("{{input}}");
  const fits =
    last.content.startsWith(head) &&
    last.content.endsWith(tail) &&
    last.content.length >= head.length + tail.length;
  return fits ? last.content.slice(head.length, last.content.length - tail.length) : null;
}

/** Null when there is anything in them that is no text. */
function messagesOf(request: JsonObject): Message[] | null {
  const messages: Message[] = [];
  for (const value of asList(request["messages"])) {
    const message = asObject(value);
    const role = asText(message?.["role"]);
    const content = message?.["content"];
    const isPlain =
      typeof content === "string" ||
      (Array.isArray(content) && content.every((part) => asText(asObject(part)?.["type"]) === "text"));
    if ((role !== "system" && role !== "user" && role !== "assistant") || !isPlain) return null;
    messages.push({ role, content: readContent(content).text });
  }
  return messages.length === 0 ? null : messages;
}

import type { JsonObject } from "../../exchange/exchange.ts";
import { asList, asObject, asText } from "../../exchange/json.ts";
import { readContent } from "../../exchange/content.ts";
import type { Message } from "../prompt.ts";
import type { Lesson } from "../train/trainer.ts";

/** What a training file says, or what is wrong with it: each mistake with its line. */
export type ReadLessons =
  | { readonly lessons: readonly Lesson[]; readonly problems: null }
  | { readonly lessons: null; readonly problems: string };

const FEWEST = 10;
const SHOWN = 5;

/** Chat JSONL as OpenAI's fine-tuning takes it: `{"messages":[…, {"role":"assistant","content":"…"}]}` a line. */
export function readTrainingFile(data: Buffer, fewest = FEWEST): ReadLessons {
  const lessons: Lesson[] = [];
  const wrong: string[] = [];
  for (const [i, text] of data.toString("utf8").split("\n").entries()) {
    if (text.trim() === "") continue;
    const lesson = lessonOf(text, i + 1);
    if (typeof lesson === "string") wrong.push(`line ${i + 1} ${lesson}`);
    else lessons.push(lesson);
  }
  if (wrong.length > 0) {
    const more = wrong.length > SHOWN ? `, and ${wrong.length - SHOWN} more` : "";
    return { lessons: null, problems: `${wrong.slice(0, SHOWN).join("; ")}${more}` };
  }
  if (lessons.length < fewest)
    return { lessons: null, problems: `it has ${lessons.length} examples; ${fewest} are needed at least` };
  return { lessons, problems: null };
}

function lessonOf(text: string, line: number): Lesson | string {
  let row: JsonObject | null;
  try {
    row = asObject(JSON.parse(text) as JsonObject);
  } catch {
    return "is no JSON";
  }
  const messages = asList(row?.["messages"]).map(asObject);
  if (messages.length === 0) return "has no messages";
  const turns: Message[] = [];
  for (const message of messages) {
    const role = asText(message?.["role"]);
    if (role !== "system" && role !== "user" && role !== "assistant")
      return `has a message with the role ${JSON.stringify(role)}; system, user and assistant can be learned from`;
    turns.push({ role, content: readContent(message?.["content"]).text });
  }
  const answer = turns.at(-1);
  if (answer?.role !== "assistant" || answer.content.trim() === "")
    return "does not end with an assistant's answer";
  const before = turns.slice(0, -1);
  const input = before.findLast(({ role }) => role === "user")?.content;
  if (input === undefined) return "asks nothing: there is no user's message before the answer";
  return { id: line.toString(16).padStart(8, "0"), messages: before, input, answer: answer.content };
}

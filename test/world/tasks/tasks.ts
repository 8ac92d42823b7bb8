import type { Voice } from "../text.ts";
import { instructions, questions } from "./instructions.ts";
import { choices, code, sums } from "./problems.ts";

/** A self-contained task about anything. */
export function task(voice: Voice): string {
  return withText(voice, instructions[voice.language]);
}

/** A question of knowledge. */
export function question(voice: Voice): string {
  return voice.say(questions[voice.language]);
}

/** A word problem. */
export function sum(voice: Voice): string {
  return voice.say(sums[voice.language]);
}

/** A question with options to choose from. */
export function choice(voice: Voice): string {
  return withText(voice, choices[voice.language]);
}

/** A task for a programmer, in English or with a word of the language before it. */
export function codeTask(voice: Voice): string {
  return voice.say(code);
}

/** Anything that stands in collections of tasks: mostly tasks, some questions, problems and code. */
export function anyTask(voice: Voice): string {
  const u = voice.random.uniform();
  if (u < 0.66) return task(voice);
  if (u < 0.82) return question(voice);
  if (u < 0.91) return sum(voice);
  return codeTask(voice);
}

// The text of a task is a part that is longer than a slot.
function withText(voice: Voice, patterns: readonly string[]): string {
  const pattern = voice.random.pick(patterns);
  const at = pattern.indexOf("{prose}");
  if (at < 0) return voice.say(pattern);
  return (
    voice.say(pattern.slice(0, at)) +
    voice.prose(1 + voice.random.below(4)) +
    voice.say(pattern.slice(at + 7))
  );
}

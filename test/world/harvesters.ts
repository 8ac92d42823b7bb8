import type { Archetype } from "./actor.ts";
import { answers } from "./harvest/answers.ts";
import { dialogues } from "./harvest/dialogues.ts";
import { generators } from "./harvest/generators.ts";
import { reasoning } from "./harvest/reasoning.ts";

/** Ways of collecting a model's outputs to train another one: families. Each account fixes its own wording. */
export const harvesters: readonly Archetype[] = [...generators, ...answers, ...reasoning, ...dialogues];

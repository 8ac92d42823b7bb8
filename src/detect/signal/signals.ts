import { breadth } from "./breadth.ts";
import { catalogue } from "./catalogue.ts";
import { elicitation } from "./elicitation.ts";
import { generator } from "./generator.ts";
import { judging } from "./judging.ts";
import type { Signal } from "./signal.ts";
import { templateMass } from "./template-mass.ts";
import { worklist } from "./worklist.ts";

/** Every signal, the most telling first. */
export const signals: readonly Signal[] = [
  generator,
  catalogue,
  elicitation,
  worklist,
  judging,
  breadth,
  templateMass,
];

import { breadth } from "./breadth.ts";
import { catalogue } from "./catalogue.ts";
import { changed } from "./changed.ts";
import { elicitation } from "./elicitation.ts";
import { generator } from "./generator.ts";
import { identity } from "./identity.ts";
import { judging } from "./judging.ts";
import { knownTest } from "./known-test.ts";
import { knownTraining } from "./known-training.ts";
import { livedIn } from "./lived-in.ts";
import { logitExtraction } from "./logit-extraction.ts";
import { questionnaire } from "./questionnaire.ts";
import { rationale } from "./rationale.ts";
import { repetition } from "./repetition.ts";
import { rerun } from "./rerun.ts";
import { rhythm } from "./rhythm.ts";
import { rough } from "./rough.ts";
import { setUps } from "./set-ups.ts";
import type { Signal } from "./signal.ts";
import { templateMass } from "./template-mass.ts";
import { terse } from "./terse.ts";
import { worklist } from "./worklist.ts";

/** Every signal: what speaks for harvesting, the most telling first, then what speaks against. */
export const signals: readonly Signal[] = [
  generator,
  catalogue,
  elicitation,
  logitExtraction,
  questionnaire,
  worklist,
  repetition,
  setUps,
  rationale,
  judging,
  breadth,
  templateMass,
  rhythm,
  identity,
  changed,
  livedIn,
  terse,
  rerun,
  rough,
  knownTraining,
  knownTest,
];

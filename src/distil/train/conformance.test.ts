import { classifierTrainer } from "./classifier/classifier.ts";
import { intents } from "./classifier/intents.ts";
import { trainerConformance } from "./conformance.ts";

trainerConformance("classifier", () => ({
  trainer: classifierTrainer,
  lessons: intents(600, 1),
  validation: intents(100, 2),
  questions: intents(200, 3),
  settings: { epochs: 4 },
  wrongSettings: [
    [{ epochs: 0 }, /epochs/],
    [{ epoch: 3 }, /"epoch".*knows epochs/s],
    [{ rate: "fast" }, /rate.*fast/],
  ],
}));

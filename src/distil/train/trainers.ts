import { classifierTrainer } from "./classifier/classifier.ts";
import { languageModelTrainer } from "./language-model/language-model.ts";
import { commandTrainer } from "./outside/command.ts";
import { openaiTrainer } from "./outside/openai.ts";
import { trlTrainer } from "./outside/trl.ts";
import type { Trainer } from "./trainer.ts";

export interface TrainerSurroundings {
  /** Value of an environment variable that the settings name; null when it is not set. */
  readonly secret: (variable: string) => string | null;
}

/** Every trainer, by its name in distil.yaml. Those that hand over to others get what they need from outside. */
export function trainers({ secret }: TrainerSurroundings): readonly Trainer[] {
  return [classifierTrainer, languageModelTrainer, openaiTrainer(secret), trlTrainer, commandTrainer(secret)];
}

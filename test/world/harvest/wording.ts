import type { Random } from "../../../src/stats/random.ts";
import type { Scene } from "../actor.ts";
import { worded, type Wordings } from "../templated.ts";
import { voiceOf } from "../text.ts";
import type { Language } from "../words.ts";

/** The wordings of a template that an account takes turns with: composed once, then one of them for each call. */
export function wordings(
  scene: Scene,
  language: Language,
  of: Wordings,
  name = "",
): (random: Random) => string {
  const own = scene.template.fork(`wordings ${name}`);
  // Operators who write English prompts for other languages are common.
  const spoken = language !== "en" && own.chance(0.2) ? "en" : language;
  const voice = voiceOf(own, spoken);
  const heads = Array.from({ length: scene.wordings }, () => voice.say(worded(of, spoken)));
  return (random) => random.pick(heads);
}

/** The languages of those who collect. */
export const collected: readonly Language[] = ["en", "en", "en", "zh", "zh", "de", "es", "fr", "pt", "ja"];

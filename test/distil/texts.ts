import type { Random } from "../../src/stats/random.ts";
import { seeded } from "../../src/stats/random.ts";

// Short texts of one task that share much of their wording, and copies of texts as people make them who rewrite a little.

const OPENINGS =
  "Hello,|Hi there,|Good morning,|Excuse me,|Sorry to bother you,|Quick question:|I need some help:|||".split(
    "|",
  );
const DEEDS =
  "ordered|returned|cancelled|paid for|exchanged|picked up|reserved|received|sent back|complained about|subscribed to|downloaded|lost|repaired|sold|registered|insured|rented|upgraded|measured".split(
    "|",
  );
const KINDS =
  "winter|leather|wooden|second-hand|Italian|folding|electric|children's|waterproof|striped|limited|handmade|foreign|digital|monthly|refurbished|tiny|yellow|antique|wireless".split(
    "|",
  );
const THINGS =
  "coat|concert ticket|coffee machine|telephone|garden chair|gift voucher|language course|set of tyres|book|running shoe|hotel room|shelf|pair of headphones|bicycle|birthday cake|printer cartridge|travel pass|lamp|tent|violin|camera|carpet|sewing kit|aquarium|ladder".split(
    "|",
  );
const PLACES =
  "in your Lisbon shop|through the app|on the website|by telephone|at the airport desk|from your partner|with my old account|during the sale|over the weekend|as a guest|at the market hall|from my office computer|on Tuesday night|while abroad|for my grandmother|against your advice".split(
    "|",
  );
const TROUBLES =
  "nobody confirmed it|the invoice has a wrong name|its colour is not what I chose|it arrived broken|no money has come back|your code does not work|somebody else was billed|the courier gave it to a neighbour|delivery keeps moving|its manual is missing|my points were not added|the screen stays black|customs want a form|it smells of paint|a screw fell out|the size runs small|two parts do not fit|batteries drain overnight".split(
    "|",
  );
const WISHES =
  "What should I do now?|Can it still be changed?|Whom do I have to ask?|How long will that take?|Is there a fee?|Please send me a form.|Where do I see its state?|Will you replace it?|May I talk to a person?|Which documents do you need?||".split(
    "|",
  );

/** Questions to a shop's help desk, 60 to 180 characters. */
export function helpDeskQuestions(count: number, seed: string): string[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => {
    const what = `I ${random.pick(DEEDS)} a ${random.pick(KINDS)} ${random.pick(THINGS)} ${random.pick(PLACES)}`;
    const whole = [random.pick(OPENINGS), `${what} and ${random.pick(TROUBLES)}.`, random.pick(WISHES)];
    return whole.filter((part) => part !== "").join(" ");
  });
}

const FILLERS = ["please", "really", "just", "also", "again", "then", "kindly", "somehow"];
const SIGNS = Array.from("请的了呢再也很吧");

/**
 * About an eighth of the words (one at least) misspelt, dropped, added or replaced by another word of the text or a filler; one copy in three also has
 * a part moved to the front, one in three is in capitals. Texts without spaces are edited by the character, two to a word.
 */
export function editedCopy(text: string, random: Random, share = 0.125): string {
  const spaced = /\s/.test(text);
  const gap = spaced ? " " : "";
  let parts = spaced ? text.split(/\s+/) : Array.from(text);
  const edits = Math.max(1, Math.round((spaced ? parts.length : parts.length / 2) * share));
  for (let edit = 0; edit < edits; edit++) {
    const at = random.below(parts.length);
    const part = parts[at] as string;
    const other = random.chance(0.5) ? random.pick(spaced ? FILLERS : SIGNS) : random.pick(parts);
    const how = random.below(4);
    if (how === 0) parts[at] = misspelt(part, random);
    else if (how === 1 && parts.length > 3) parts.splice(at, 1);
    else if (how === 2) parts[at] = other;
    else parts.splice(at, 0, other);
  }
  const form = random.below(3);
  if (form === 0) {
    const cut = Math.floor(parts.length * (0.3 + 0.4 * random.uniform()));
    parts = [...parts.slice(cut), ...parts.slice(0, cut)];
  }
  const joined = parts.join(gap);
  return form === 1 ? joined.toUpperCase() : joined;
}

/** Two letters swapped. */
function misspelt(word: string, random: Random): string {
  if (word.length < 2) return `${word}${word}`;
  const at = random.below(word.length - 1);
  return word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2);
}

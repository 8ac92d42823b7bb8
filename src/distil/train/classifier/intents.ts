import { seeded } from "../../../stats/random.ts";
import type { Lesson } from "../trainer.ts";

const ASKED: Readonly<Record<string, readonly string[]>> = {
  card_arrival: ["where is my new {}", "my {} has not come yet", "how long until the {} is here"],
  lost_card: ["somebody took my {}", "i cannot find the {} any more", "my {} fell out of the bag"],
  exchange_rate: ["what do you charge for {}", "is the price for {} fair", "how is {} converted"],
  close_account: [
    "i want to leave because of {}",
    "please end everything, {} included",
    "goodbye, delete my {}",
  ],
  zh_refund: ["我要退{}的钱", "{}不想要了，退款", "怎么退{}"],
};
const THINGS = [
  "card",
  "euros",
  "visa",
  "plastic thing",
  "dollars",
  "payment",
  "yen",
  "卡",
  "green one",
  "transfer",
];
const OPENINGS = ["", "hi, ", "hello there. ", "sorry but ", "quick one: ", "please help, "];

/** Made-up messages to a bank with their labels, for tests: mixed scripts, nothing in common with the labels' names but by accident. */
export function intents(count: number, seed: number): Lesson[] {
  const random = seeded(seed).fork("intents");
  const labels = Object.keys(ASKED);
  return Array.from({ length: count }, (_, i) => {
    const answer = random.pick(labels);
    const phrase = random.pick(ASKED[answer]!).replace("{}", random.pick(THINGS));
    const input = `${random.pick(OPENINGS)}${phrase}${random.pick(["", "?", "!", " thanks", ` (${random.below(1000)})`])}`;
    return { id: `intent-${seed}-${i}`, messages: [{ role: "user", content: input }], input, answer };
  });
}

import type { Baseline } from "./baseline.ts";

/**
 * Rules of the kind a provider writes on the day it reads of a campaign: phrases that ask for reasoning, for training data
 * or for judging, in English and Chinese. Several must not be one: each rule is one way to say one thing.
 */
export const RULES: readonly RegExp[] = [
  // Reasoning.
  /\bstep[ -]by[ -]step\b|\bone step at a time\b|逐步|一步一步|分步骤|一步步/i,
  /\bchains?[ -]of[ -]thoughts?\b|\bcot\b|思维链|思考链/i,
  /<\/?(?:think|thinking|thought|reasoning|scratchpad)>/i,
  /\b(?:show|explain|write out|articulate|reveal|verbali[sz]e|output)\b.{0,40}\b(?:reasoning|thought process|thinking|inner monologue)\b/i,
  /(?:展示|写出|说明|输出|给出).{0,12}(?:推理|思考|思路)(?:过程|步骤)?/,
  /\bthink (?:aloud|out loud|carefully before)\b|\bbefore (?:giving|you give) (?:the|your) final answer\b/i,
  // Making of data.
  /\b(?:generate|create|write|produce|come up with|give me)\b.{0,30}\b\d{1,4}\b.{0,40}\b(?:instructions?|questions?|prompts?|tasks?|problems?|examples?|samples?|dialogues?|conversations?|pairs)\b/i,
  /(?:生成|创建|编写|给出|写出|提供)\s*[\d一二三四五六七八九十百两]+\s*(?:个|条|道|组|对|段)/,
  /\b(?:a|the) (?:set|list|series) of \d* ?(?:diverse|varied|different)\b|\bdiverse (?:task )?(?:instructions?|prompts?|questions?)\b|多样化的?(?:指令|问题|任务)/i,
  /\binstruction[ -](?:following|tuning)\b|\b(?:fine[ -]?tun(?:e|ing)|training) (?:data|dataset|set|examples?|samples?)\b|指令微调|训练(?:数据|样本|集)|微调数据/i,
  /\brewrite\b.{0,60}\b(?:prompt|instruction|question)\b.{0,80}\b(?:more )?(?:complex|complicated|difficult|challenging|harder)\b|#(?:given|rewritten|created) (?:prompt|instruction)#/i,
  /\bprompt (?:rewriter|creator|generator)\b|(?:改写|重写).{0,20}(?:指令|问题|提示).{0,20}(?:更难|更复杂)/i,
  /\b(?:question|instruction|prompt)[ -](?:and[ -])?(?:answer|response|output)s? pairs?\b|\bq&a pairs?\b|问答对/i,
  // Judging.
  /\b(?:score|rate|grade|evaluate|rank|judge)\b.{0,60}\b(?:responses?|answers?|completions?|assistants?)\b.{0,80}\b(?:scale|from \d+ to \d+|1[-–]\d+|out of \d+|rubric|criteria)\b/i,
  /\b(?:chosen|preferred) (?:and|or|vs\.?) rejected\b|\bpreference (?:data|pairs?|label)\b|\breward model\b|\bwhich (?:response|answer|assistant) is better\b/i,
  /(?:评分|打分|评估|评价).{0,20}(?:回答|回复|答案).{0,20}(?:分|标准)|(?:回答|回复|答案).{0,10}(?:评分|打分)|偏好数据|奖励模型/,
  // What nobody needs but for copying.
  /\b(?:ignore|repeat|reveal|print)\b.{0,40}\b(?:system prompt|instructions above|hidden instructions)\b/i,
  /\bas (?:a|an) (?:ai )?teacher model\b|\bdistill?ation\b|蒸馏/i,
];

/** Rules look at so much of a prompt, from both ends. */
const LOOKED_AT = 8000;

export function matches(text: string): boolean {
  const part =
    text.length <= LOOKED_AT ? text : `${text.slice(0, LOOKED_AT / 2)}\n${text.slice(-LOOKED_AT / 2)}`;
  return RULES.some((rule) => rule.test(part));
}

/** Share of an account's exchanges that a rule hits, smoothed so that one hit in one exchange says little. */
export const keywords: Baseline = {
  name: "keyword rules",
  cite: "what providers describe: classifiers for elicited reasoning, generated instructions and rubric grading (Anthropic, 23 Feb 2026; GTIG, 12 Feb 2026)",
  adapted: "our own list; a share over the account instead of a block per request",
  interleaved: false,
  start: () => {
    let n = 0;
    let hits = 0;
    return {
      observe: ({ prompt }) => {
        n++;
        if (matches(prompt)) hits++;
      },
      score: () => hits / (n + 5),
    };
  },
};

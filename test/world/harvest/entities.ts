import type { Random } from "../../../src/stats/random.ts";
import { voiceOf } from "../text.ts";
import type { Language } from "../words.ts";

const split = (text: string): readonly string[] => text.split("|");

/** What knowledge graphs hold, entity by entity: built from stems and kinds, so that there are thousands. */
const GRAPH = {
  medical: {
    zh: {
      parts: split("肝|肺|胃|肾|心脏|皮肤|甲状腺|膀胱|结肠|角膜|关节|鼻窦|乳腺|胰腺|骨髓|耳蜗|脊柱|扁桃体"),
      kinds: split("炎|结石|肿瘤|囊肿|出血|纤维化|感染|损伤|息肉|溃疡|脓肿|功能不全"),
      asks: [
        "ENTITY的症状有哪些？",
        "ENTITY应该怎么治疗？",
        "ENTITY需要做什么检查？",
        "得了ENTITY吃什么药？",
        "ENTITY的病因是什么？",
        "ENTITY会传染吗？",
        "ENTITY患者饮食要注意什么？",
        "小儿ENTITY如何护理？",
        "ENTITY手术后多久能恢复？",
        "ENTITY",
      ],
    },
    en: {
      parts: split(
        "hepatic|pulmonary|gastric|renal|cardiac|dermal|thyroid|colonic|corneal|articular|pancreatic|spinal|nasal|biliary|ovarian|cranial",
      ),
      kinds: split(
        "fibrosis|abscess|stenosis|cyst|hemorrhage|neoplasm|infection|ulcer|ischemia|polyp|edema|atrophy",
      ),
      asks: [
        "What are the symptoms of ENTITY?",
        "How is ENTITY treated?",
        "Which tests confirm ENTITY?",
        "First-line drug for ENTITY?",
        "What causes ENTITY?",
        "Prognosis of ENTITY in [children|the elderly]?",
        "Complications of ENTITY",
        "Differential diagnosis: ENTITY with [fever|weight loss|fatigue]",
        "Contraindications in ENTITY",
      ],
    },
  },
  legal: {
    zh: {
      parts: split("租赁|买卖|劳动|借款|承揽|运输|保险|赠与|合伙|委托|担保|婚姻|继承|专利"),
      kinds: split("合同解除|违约金|诉讼时效|管辖|举证责任|效力|赔偿范围|转让|登记|撤销"),
      asks: [
        "ENTITY的法律规定是什么？",
        "ENTITY如何认定？",
        "ENTITY有哪些例外？",
        "关于ENTITY的司法解释",
        "ENTITY纠纷怎么处理？",
      ],
    },
    en: {
      parts: split(
        "lease|sale|employment|loan|carriage|insurance|agency|partnership|guarantee|inheritance|patent|construction|franchise|custody",
      ),
      kinds: split(
        "termination|penalty|limitation period|jurisdiction|burden of proof|validity|damages|assignment|registration|rescission",
      ),
      asks: [
        "What is the rule on ENTITY?",
        "Elements of ENTITY",
        "Exceptions to ENTITY?",
        "How do courts decide disputes about ENTITY?",
        "Remedies for breach: ENTITY",
      ],
    },
  },
  finance: {
    zh: {
      parts: split("债券|期货|股票|外汇|信托|基金|保单|票据|期权|房贷|存款|应收账款"),
      kinds: split("定价|风险|久期|流动性|税务处理|会计分录|估值|对冲|评级|披露"),
      asks: [
        "什么是ENTITY？",
        "ENTITY如何计算？",
        "ENTITY的影响因素有哪些？",
        "举例说明ENTITY",
        "ENTITY需要注意什么？",
      ],
    },
    en: {
      parts: split("bond|futures|equity|currency|trust|fund|annuity|option|mortgage|deposit|receivable|swap"),
      kinds: split(
        "pricing|duration|liquidity risk|tax treatment|journal entry|valuation|hedging|rating|disclosure|impairment",
      ),
      asks: [
        "Define ENTITY.",
        "How is ENTITY calculated?",
        "What drives ENTITY?",
        "Give a numerical example of ENTITY",
        "Accounting for ENTITY",
      ],
    },
  },
} as const;

/** Terse questions of one domain. Languages without a graph of their own ask in English terms. */
export function entities(domain: keyof typeof GRAPH, language: Language): (item: Random) => string {
  const graph = GRAPH[domain][language === "zh" ? "zh" : "en"];
  return (item) => {
    const entity = item.pick(graph.parts) + (language === "zh" ? "" : " ") + item.pick(graph.kinds);
    return voiceOf(item, language)
      .say(item.pick<string>(language === "de" ? GERMAN : graph.asks))
      .replace("ENTITY", entity);
  };
}

const GERMAN = [
  "Was ist ENTITY?",
  "Wie wird ENTITY behandelt oder geregelt?",
  "Welche Folgen hat ENTITY?",
  "Ursachen: ENTITY",
];

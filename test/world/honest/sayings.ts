import type { Language } from "../words.ts";

type Sayings = Readonly<Record<Language, readonly string[]>>;

/** How customers begin. */
export const OPENERS: Sayings = {
  en: [
    "[hi|hello|hey], {happening}, what now?",
    "I need to {act} my {thing}",
    "my {thing} is {quality} and i want my money back",
    "Hello, I am {name}. Can you {act} the {thing} {time}?",
    "where is order {code7}",
    "do you have a {quality} {thing}[ in {place}|]?",
    "{who} {did}, can you help",
    "why was i charged {price} for {what}",
    "the {word} {thing} {did}",
    "{name} told me {who} {did}. is that so?",
  ],
  de: [
    "{who} {verbed} {what}",
    "hallo, {happening}",
    "ich will {thing} {act}",
    "wo ist Auftrag {code7}",
    "haben Sie {thing} auch {quality}?",
  ],
  es: [
    "{who} {verbed} {what}",
    "hola, {happening}",
    "quiero {act} mi {thing}",
    "dónde está el pedido {code7}",
    "¿tienen {thing} más {quality}?",
  ],
  fr: [
    "{who} {verbed} {what}",
    "bonjour, {happening}",
    "je veux {act} mon {thing}",
    "où est la commande {code7}",
    "avez-vous {thing} plus {quality} ?",
  ],
  pt: ["{who} {verbed} {what}", "oi, {happening}", "quero {act} meu {thing}", "cadê o pedido {code7}"],
  zh: [
    "{who}{verbed}{what}",
    "你好，{happening}",
    "我想{act}我的{thing}",
    "订单{code7}到哪了",
    "有{quality}一点的{thing}吗",
  ],
  ja: [
    "{who}は{what}を{verbed}",
    "すみません、{happening}",
    "{thing}を{act}ことはできますか",
    "注文{code7}はどこですか",
  ],
};

/** How customers go on. */
export const LATER: Sayings = {
  en: [
    "yes",
    "[no|nope], the {quality} one",
    "ok thanks",
    "it was {time}",
    "order {code7}",
    "{name}, {place}",
    "and how much is that?",
    "you already asked me that",
    "can I talk to a person",
    "[ok|fine], and the {thing}?",
    "{who} {did}",
    "the {word} one",
    "because {who} {did}",
    "can you do it {when}",
  ],
  de: [
    "{who} {verbed} {what}",
    "ja",
    "nein",
    "danke",
    "das war {time}",
    "{code7}",
    "und was kostet das?",
    "kann ich mit einem Menschen sprechen",
  ],
  es: ["{who} {verbed} {what}", "sí", "no", "gracias", "fue {time}", "{code7}", "¿y cuánto cuesta?"],
  fr: ["{who} {verbed} {what}", "oui", "non", "merci", "c'était {time}", "{code7}", "et c'est combien ?"],
  pt: ["{who} {verbed} {what}", "sim", "não", "obrigado", "foi {time}", "{code7}", "e quanto custa?"],
  zh: ["{who}{verbed}{what}", "是的", "不是", "谢谢", "是{time}", "{code7}", "多少钱", "转人工"],
  ja: ["{who}は{what}を{verbed}", "はい", "いいえ", "ありがとう", "{time}です", "{code7}", "いくらですか"],
};

/** What pupils ask. */
export const PUPILS: Sayings = {
  en: [
    "I don't get exercise {number}: {name} has {number} {thing}s and sells {digit}. How many are left?",
    "why is the answer {number}?",
    "can you explain {field} to me again",
    "what is {number} times {digit} minus {number}",
    "is this right? the {thing} is {quality} because {happening}",
    "can you check my homework: {who} {did}",
    "what does {word} mean in {field}",
    "how do you {act} {what} in {field}?",
    "in class we learned that {who} {did}, why",
    "{number} : {digit} = ?",
    "i think the answer is {what}, {mind} {who} {did}",
    "i have a test about {field} {time}[ help|]",
  ],
  de: [
    "{who} {verbed} {what}",
    "Ich verstehe Aufgabe {number} nicht",
    "Warum ist das {number}?",
    "erklär mir nochmal {field}",
    "was ist {number} mal {digit}",
  ],
  es: [
    "{who} {verbed} {what}",
    "no entiendo el ejercicio {number}",
    "¿por qué da {number}?",
    "explícame {field} otra vez",
  ],
  fr: [
    "{who} {verbed} {what}",
    "je ne comprends pas l'exercice {number}",
    "pourquoi ça fait {number} ?",
    "réexplique-moi {field}",
  ],
  pt: ["{who} {verbed} {what}", "não entendi o exercício {number}", "por que dá {number}?"],
  zh: [
    "{who}{verbed}{what}",
    "我不懂第{number}题",
    "为什么答案是{number}？",
    "再讲一遍{field}好吗",
    "{number}乘{digit}减{number}等于多少",
  ],
  ja: [
    "{who}は{what}を{verbed}",
    "問{number}がわかりません",
    "なぜ答えは{number}ですか",
    "{field}をもう一度教えてください",
  ],
};

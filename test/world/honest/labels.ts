import type { Archetype } from "../actor.ts";
import { anywhere, exact, templated } from "../templated.ts";
import type { Voice } from "../text.ts";
import type { Language } from "../words.ts";

/** What people write to companies. */
const MESSAGES: Readonly<Record<Language, readonly string[]>> = {
  en: [
    "[hi|hello|Hello there|To whom it may concern], {happening} and I [want|would like] to {act} my {thing}[| asap|, order {code7}].",
    "Your {thing} is {quality}[!|.|, honestly.] [I am {feeling}|Thanks|Never again|{name}].",
    "when can i {act} the {thing}[?|??]",
    "{person} here. {happening} {time}. [Please advise|What now?|Can you call me after {hour}?]",
    "[Love|Hate|Not sure about] the {quality} {thing}, {happening}.",
    "refund for {code7} [still missing|not here yet], it was {price}",
  ],
  de: [
    "Guten Tag, {happening}, bitte helfen Sie mir[| schnell]. {name}",
    "wann kann ich das {act}?",
    "Auftrag {code7}: {happening}. Ich bin {feeling}.",
    "[Toll|Schlecht], sehr {quality}[!|.]",
  ],
  es: [
    "Hola, {happening}, [ayuda por favor|¿qué hago?] {name}",
    "¿cuándo puedo {act}?",
    "Pedido {code7}: {happening}. Estoy {feeling}.",
    "[Genial|Fatal], muy {quality}[!|.]",
  ],
  fr: [
    "Bonjour, {happening}, [aidez-moi|que faire ?] {name}",
    "quand est-ce que je peux {act} ?",
    "Commande {code7} : {happening}. Je suis {feeling}.",
    "[Super|Nul], très {quality}[ !|.]",
  ],
  pt: [
    "Olá, {happening}, [ajuda por favor|o que faço?] {name}",
    "quando posso {act}?",
    "Pedido {code7}: {happening}. Estou {feeling}.",
  ],
  zh: [
    "你好，{happening}，[怎么办|请尽快处理]。{name}",
    "什么时候可以{act}？",
    "订单{code7}：{happening}，我很{feeling}。",
    "[很好|太差了]，{thing}很{quality}",
  ],
  ja: [
    "こんにちは、{happening}。[どうすればいいですか|至急お願いします]。",
    "いつ{act}ことができますか",
    "注文{code7}：{happening}。",
    "{thing}は{quality}[です|ですね]",
  ],
};

const message = (v: Voice): string => {
  const text = v.say(MESSAGES[v.language]);
  return v.random.chance(0.4) ? `${text} ${v.prose(1 + v.random.below(3))}` : text;
};

const label = (text: string, answer: string): { text: string; answer: string } => ({ text, answer });

/** Small answers about given texts, at scale. */
export const labels: readonly Archetype[] = [
  {
    name: "labelling",
    kind: "application",
    weight: 7,
    languages: anywhere,
    rhythm: "batch",
    actor: templated({
      prompts: {
        en: [
          "[Classify|Label|Sort] the [customer |] message into one of[:| these categories:] billing, delivery, damage, praise, other. [Answer|Reply] with the label only.",
          "You label [support tickets|reviews|survey answers] about a {thing}. Labels: [urgent, normal, spam|bug, wish, praise|1, 2, 3]. Output one word.",
          "Which [topic|department|product] is this about: {thing}, {thing}, {thing} or none? [One word.|Give the name only.]",
        ],
        de: [
          "Ordne die Nachricht einer Kategorie zu: Rechnung, Lieferung, Schaden, Lob. Antworte nur mit dem Wort.",
          "Worum geht es: {thing}, {thing} oder nichts davon? Ein Wort.",
        ],
        es: [
          "Clasifica el mensaje en una de estas categorías: factura, entrega, daño, elogio. Responde solo con la etiqueta.",
        ],
        fr: ["Classe le message : facture, livraison, dommage, éloge. Réponds par un seul mot."],
        zh: ["请判断下面的[客户留言|评论]属于哪一类：账单、配送、损坏、表扬。只回答类别。"],
        ja: ["次のメッセージを請求・配送・破損・お礼に分類し、一語で答えてください。"],
      },
      input: (v) => label(message(v), v.random.pick(["billing", "delivery", "damage", "praise", "other"])),
      words: 2,
      spread: 0.3,
      parameters: exact,
      examples: 0.4,
    }),
  },
  {
    name: "intent routing",
    kind: "application",
    weight: 4,
    languages: anywhere,
    actor: templated({
      prompts: {
        en: [
          "[Route|Assign] the utterance to one intent: open_account, close_account, lost_card, exchange_rate, opening_hours, talk_to_human, change_address, cancel_order, track_parcel, refund_status, out_of_scope. [Return the intent name.|Only the name.]",
          'You are the [front door|router] of a voice bot for {place}. Choose the skill: {thing}, {thing}, {thing}, smalltalk, fallback. JSON {"skill": string, "sure": number}',
        ],
      },
      input: (v) =>
        label(
          v.say(MESSAGES[v.language]),
          v.random.pick(["open_account", "lost_card", "track_parcel", "refund_status", "out_of_scope"]),
        ),
      words: 3,
      users: 0.5,
      many: 3000,
      parameters: exact,
    }),
  },
  {
    name: "moderation",
    kind: "application",
    weight: 4,
    languages: anywhere,
    actor: templated({
      prompts: {
        en: [
          'Does the [comment|post|nickname] break our house rules? [Reply|Answer] with JSON {"break": bool, "rule": string}.',
          "Rate the toxicity of the [post|chat line|review] from 0 to 5 and name the reason in three words.",
          "Flag [spam|insults|personal data|scams] in the message of a {thing} marketplace. yes/no and a short reason.",
        ],
        de: ["Verstößt der Kommentar gegen die Regeln? Antworte mit ja oder nein und einem Grund."],
        es: ["¿Este comentario incumple las normas? Responde sí o no con un motivo."],
        zh: ["判断这条评论是否违规，用一个词回答[，并给出理由|]。"],
      },
      input: (v) =>
        label(
          v.random.chance(0.6) ? message(v) : v.prose(1 + v.random.below(2)),
          v.random.pick([
            '{"break": false, "rule": ""}',
            '{"break": true, "rule": "insult"}',
            "0 fine",
            "no",
          ]),
        ),
      words: 9,
      users: 0.4,
      many: 5000,
      parameters: exact,
    }),
  },
  {
    name: "sentiment",
    kind: "application",
    weight: 3,
    languages: anywhere,
    rhythm: "batch",
    actor: templated({
      prompts: {
        en: [
          "Sentiment of the review: positive, negative or mixed?",
          "Give a star rating (1-5) for this review of a {thing}. Number only.",
          "For each aspect (price, quality, service) say + or -.",
        ],
        zh: ["判断下面评论的情感：正面还是负面？", "给这条评论打分，1到5，只写数字。"],
        de: ["Ist die Bewertung positiv, negativ oder gemischt?"],
        es: ["¿La reseña es positiva, negativa o mixta?"],
      },
      input: (v) =>
        label(v.say(MESSAGES[v.language]), v.random.pick(["positive", "negative", "mixed", "4", "1"])),
      words: 1,
      spread: 0.1,
      parameters: exact,
    }),
  },
  {
    name: "mail triage",
    kind: "application",
    weight: 3,
    languages: anywhere,
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Triage the e-mail: priority (high, medium, low), who should answer, one-line summary.",
          "Is the mail spam, a newsletter, a request or private? [If a request, due date.|]",
          "You sort the inbox of a {thing} dealer. Return folder and next step.",
        ],
        de: ["Sortiere die E-Mail: Ordner, Dringlichkeit, ein Satz Zusammenfassung."],
        fr: ["Trie ce courriel : dossier, urgence, une phrase de résumé."],
      },
      input: (v) =>
        `From: ${v.say("{email}")}\nSubject: ${v.say("[Re: |Fwd: ||]{quality} {thing} {code7}")}\n\n${message(v)}\n${v.prose(2 + v.random.below(8))}\n${v.say("{person}")}`,
      words: 18,
      parameters: exact,
    }),
  },
  {
    name: "issue triage",
    kind: "application",
    weight: 2,
    languages: ["en"],
    actor: templated({
      prompts: {
        en: [
          "Label the issue: bug, feature, question, duplicate. Then component.",
          "You are the triage bot of an open-source project. Output labels as a JSON list.",
        ],
      },
      input: (v) =>
        label(
          v.say(
            `Title: [bug: |]{variable} [is missing|crashes|returns {number}] when {happening}\n\nSteps\n1. open the {thing} page\n2. {act}\n\nVersion {digit}.{digit}.{number}, {code}\n${v.prose(1 + v.random.below(6))}`,
          ),
          v.random.pick(['["bug"]', '["feature"]', "question", "bug\ncore"]),
        ),
      words: 4,
      subjects: 2,
      parameters: exact,
    }),
  },
  {
    name: "extraction",
    kind: "application",
    weight: 6,
    languages: anywhere,
    rhythm: "batch",
    actor: templated({
      prompts: {
        en: [
          "Extract name, place, date and amount from the [document|letter|page] as JSON. Use null where a field is missing.",
          "Return every {thing} mentioned in the text as a JSON array with price and quantity.",
          'Fill this schema from the text: {"who": string, "what": string, "when": string, "amount": number|null}',
        ],
        de: ["Extrahiere Name, Ort, Datum und Betrag als JSON."],
        es: ["Extrae nombre, lugar, fecha e importe en formato JSON."],
        fr: ["Extrais nom, lieu, date et montant en JSON."],
        zh: ["从下文提取姓名、地点、日期和金额，用 JSON 返回。"],
        ja: ["次の文書から氏名・場所・日付・金額をJSONで抽出してください。"],
      },
      input: (v, r) =>
        label(
          v.prose(3 + r.below(25)),
          v.say('{"name": "{person}", "place": "{place}", "date": "{date}", "amount": {big}}'),
        ),
      words: 35,
      parameters: (r) => ({
        ...exact(r),
        ...(r.chance(0.5) && { response_format: { type: "json_object" } }),
      }),
    }),
  },
  {
    name: "entity tagging",
    kind: "application",
    weight: 2,
    languages: anywhere,
    rhythm: "batch",
    actor: templated({
      prompts: {
        en: [
          "List persons, organisations and places in the sentence. Format: type: name.",
          "Tag the tokens of the sentence with B/I/O.",
        ],
        zh: ["找出句子里的人名、地名和机构名。"],
        de: ["Nenne Personen, Orte und Firmen im Satz."],
      },
      input: (v) => label(v.prose(1), v.say("person: {person}; place: {place}")),
      words: 10,
      subjects: 3,
      parameters: exact,
    }),
  },
  {
    name: "data entry",
    kind: "application",
    weight: 3,
    languages: anywhere,
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Turn the [scanned receipt|delivery note|business card] into one CSV row: [date;shop;item;amount|number;name;street;town].",
          "Normalise the address. Output: street, number, postcode, town, country.",
          "Map the product line to our catalogue number. Catalogue: {code7} {thing}, {code7} {thing}, {code7} {thing}.",
        ],
        de: ["Wandle den Beleg in eine CSV-Zeile um: Datum;Laden;Posten;Betrag."],
        es: ["Convierte el recibo en una fila CSV: fecha;tienda;artículo;importe."],
      },
      input: (v, r) =>
        label(
          Array.from({ length: 2 + r.below(7) }, () => v.say("{thing} [x{digit} |]{price}")).join("\n"),
          v.say("{date};{place};{thing};{big}"),
        ),
      words: 14,
      parameters: exact,
    }),
  },
  {
    name: "anonymiser",
    kind: "application",
    weight: 1.5,
    languages: anywhere,
    actor: templated({
      prompts: {
        en: [
          "Replace names, places and numbers in the [note|transcript|letter] with [placeholders|X]. Keep everything else.",
          "Return the text without personal data.",
        ],
        de: ["Ersetze alle Namen und Orte durch Platzhalter."],
      },
      input: (v, r) => {
        const text = v.prose(2 + r.below(12));
        return { text, words: text.length / 5.7 };
      },
      words: 80,
      parameters: exact,
    }),
  },
];

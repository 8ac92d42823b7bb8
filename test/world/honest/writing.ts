import type { Archetype } from "../actor.ts";
import { anywhere, free, templated, usual } from "../templated.ts";

/** New texts from few words: the closest honest neighbours of generation, told apart by how narrow they are. */
export const writing: readonly Archetype[] = [
  {
    name: "copywriting",
    kind: "application",
    weight: 3,
    languages: anywhere,
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Write a [lively|{style}] product description from the keywords.",
          "Write a blog post of 400 words for our {thing} shop from these notes.",
          "Three [ad headlines|slogans|subject lines] for the product, {style}, for {audience}.",
        ],
        de: ["Schreibe eine Produktbeschreibung aus den Stichworten."],
        es: ["Escribe una descripción del producto con estas palabras."],
        fr: ["Écris une fiche produit à partir des mots-clés."],
        pt: ["Escreva uma descrição de produto com estas palavras."],
        zh: ["根据关键词写一段产品介绍[，语气{style}|]。"],
        ja: ["キーワードから商品説明を書いてください。"],
      },
      input: (v, r) => Array.from({ length: 3 + r.below(5) }, () => v.say("{quality} {thing}")).join(", "),
      words: 190,
      users: 0.3,
      parameters: free,
    }),
  },
  {
    name: "report writer",
    kind: "application",
    weight: 3,
    languages: anywhere,
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Turn the figures into a readable [weekly|monthly] report with a recommendation.",
          "Write a letter to the customer that explains the decision below.",
          "Write the findings section of an inspection report of a {thing} from the notes.",
        ],
        de: ["Schreibe aus den Zahlen einen Wochenbericht."],
        es: ["Convierte las cifras en un informe semanal."],
        zh: ["把下面的数据写成一份周报。"],
        fr: ["Rédige un rapport hebdomadaire à partir des chiffres."],
      },
      input: (v, r) =>
        Array.from({ length: 4 + r.below(8) }, () => v.say("{thing}: {number}[ ({percent})|]")).join("\n"),
      words: 260,
      spread: 0.3,
      parameters: usual,
    }),
  },
  {
    name: "e-mail drafts",
    kind: "application",
    weight: 3,
    languages: anywhere,
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Draft a {style} reply to the e-mail. [Sign as {person}.|No signature.]",
          "Write the e-mail that the bullet points ask for, {style}, at most {number} words.",
        ],
        de: ["Entwirf eine {style}e Antwort auf die E-Mail."],
        fr: ["Rédige une réponse au courriel, ton {style}."],
        es: ["Redacta una respuesta al correo, tono {style}."],
        zh: ["起草一封{style}的回信。"],
        ja: ["メールの返信を{style}に書いてください。"],
        pt: ["Escreva uma resposta ao e-mail."],
      },
      input: (v, r) =>
        r.chance(0.5)
          ? `${v.say("From {person}:")} ${v.prose(2 + r.below(6))}`
          : Array.from({ length: 2 + r.below(4) }, () => `- ${v.prose(1)}`).join("\n"),
      words: 110,
      users: 0.6,
      many: 300,
      parameters: usual,
    }),
  },
  {
    name: "search pages",
    kind: "application",
    weight: 1.5,
    languages: anywhere,
    rhythm: "batch",
    actor: templated({
      prompts: {
        en: [
          "Write an SEO article with headings for the keyword. [1000 words.|Include an FAQ.] Site: {thing} comparison.",
          "Write title, meta description and an intro for a landing page in {place}.",
        ],
        de: ["Schreibe einen SEO-Text mit Überschriften zum Stichwort."],
        es: ["Escribe un artículo SEO para la palabra clave."],
        zh: ["围绕关键词写一篇带小标题的文章。"],
      },
      input: (v) => v.say("[best|cheap|buy|] {quality} {thing} [{place}|{year}|]"),
      words: 480,
      spread: 0.3,
      parameters: free,
    }),
  },
  {
    name: "job adverts",
    kind: "application",
    weight: 1,
    languages: ["en", "de", "fr", "zh"],
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Write a job advert from the profile. [Inclusive language.|No salary.]",
          "Rewrite the CV entry as three strong bullet points.",
        ],
        de: ["Schreibe eine Stellenanzeige aus dem Profil."],
        fr: ["Rédige une offre d'emploi à partir du profil."],
        zh: ["根据要求写一则招聘启事。"],
      },
      input: (v) => v.say("{field}, {place}, {digit} years, {code}, {thing}, {quality} team"),
      words: 200,
      users: 0.4,
      parameters: usual,
    }),
  },
  {
    name: "greeting cards",
    kind: "application",
    weight: 1,
    languages: anywhere,
    actor: templated({
      prompts: {
        en: [
          "Write a [birthday|wedding|farewell] verse for the person described. Four lines.",
          "A {style} message for a card of our shop.",
        ],
        de: ["Schreibe einen Vers für die Karte."],
        es: ["Escribe un verso para la tarjeta."],
        zh: ["写四句祝福语。"],
      },
      input: (v) => v.say("{name}, {number}, {quality}, {thing}[, {place}|]"),
      words: 40,
      users: 0.6,
      many: 4000,
      parameters: free,
    }),
  },
  {
    name: "essay feedback",
    kind: "application",
    weight: 1.5,
    languages: ["en", "de", "es", "fr", "zh"],
    actor: templated({
      prompts: {
        en: [
          "Give feedback on the pupil's essay: [two strengths, two wishes|grade 1-6 with reasons]. Topic: {field}.",
          "Score the answer with our rubric (content, language, structure; 0-5 each) and explain to the pupil.",
        ],
        de: ["Gib Rückmeldung zum Aufsatz: zwei Stärken, zwei Wünsche."],
        zh: ["点评学生作文，指出优点和不足。"],
      },
      input: (v, r) => v.prose(8 + r.below(25)),
      words: 140,
      users: 0.6,
      many: 300,
      parameters: usual,
    }),
  },
];

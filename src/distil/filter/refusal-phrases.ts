/**
 * How refusals begin, by language, matched against one sentence: lower case, straight apostrophes, quotations taken out. Our own lists, held to the
 * tests and to 3,000 answers that people wrote.
 *
 * `hard`: says no to the request itself. `soft`: regrets or disclaims and then cannot; with enough help after it, it is no refusal.
 */
export interface Phrases {
  readonly hard: readonly RegExp[];
  readonly soft: readonly RegExp[];
}

const EN_SORRY = String.raw`(?:(?:i'?m|i am|we'?re|we are) (?:\w+ )?(?:sorry|afraid)|sorry|(?:my |our )?(?:sincere )?apologies|unfortunately|regrettably|i (?:do )?apologi[sz]e|i regret|(?:thank you|thanks) for (?:your|the) \w+|i understand)`;
const EN_AI = String.raw`as an? (?:\w+ )?(?:ai|artificial intelligence|language model|llm|assistant)\b(?! (?:engineer|researcher|developer|scientist|professor|consultant|expert|student|company|manager))`;
const EN_CANNOT = String.raw`(?:(?:can(?:no|')?t|can not|won't|will not|(?:am|'m|are|'re) (?:not able to|unable to|not allowed to|not permitted to|not comfortable|not programmed to|not designed to|not going to|not in a position to)|(?:must|have to|need to|will have to|respectfully|i'll) ?(?:respectfully )?(?:decline|refuse)(?: to)?|don't feel comfortable|do not feel comfortable|refuse to|decline to)(?: \w+ly| just| also| even)?)`;
const EN_REQUEST = String.raw`(?:with |to |on |in |by |from )?(?:that|this|these|those|your|such|any|anything|requests?|you|it)\b`;

const english: Phrases = {
  hard: [
    new RegExp(
      `^(?:${EN_SORRY}[^.]{0,80}?|${EN_AI}[^.]{0,60}?|no[,;]? |hi[,!]? |hello[,!]? )?(?:but |and |however,? |that )?\\b(?:i|we) ?${EN_CANNOT} (?:(?:help(?!ful)|assist|helping|assisting|comply|fulfil?l|accommodate|engage|participate|support|proceed|continue|facilitate|condone|process|complete|answer|respond to|discuss)(?: (?:you|me))?(?: ${EN_REQUEST}|$| with\\b)|do (?:that|this|it|so)(?:$|[,;]))`,
    ),
    new RegExp(
      `^(?:${EN_SORRY}[^.]{0,60}?|${EN_AI}[^.]{0,60}?)?(?:but |and |however,? )?\\b(?:i|we) ?${EN_CANNOT} (?:(?:provide|providing|create|creating|generate|generating|write|writing|produce|give|share|offer|promote|make|develop) (?:(?:you|any|the|this|that|such|these|a|an|with|harmful|detailed|specific|explicit|instructions|information|content|advice|assistance|guidance|tips|help)\\b[ ,]?){1,4}).{0,100}\\b(?:request|illegal|harm\\w*|dangerous|unethical|inappropriate|explicit|violat\\w+|guidelines|policy|policies|offensive|hateful|weapons?|malicious)`,
    ),
    /^(?:i'?m sorry[,.]? (?:but )?)?(?:that|this|your) (?:request|question|prompt|content|topic) (?:goes against|violates|is against|falls outside|is not something (?:i|we) can|isn't something (?:i|we) can)/,
    /^(?:sorry|i'm sorry|i am sorry)[,.]? (?:but )?(?:that|this)(?: is|'s) (?:not something (?:i|we) can|beyond what (?:i|we) can|against my)/,
    /^(?:no[,.] )?i (?:must|have to|will|would like to|need to)? ?(?:respectfully |politely )?(?:decline|refuse) (?:this|that|your|the|to (?:answer|help|assist|comply|fulfil?l|provide|engage|participate|respond))/,
    /^(?:i'?m|i am) (?:just |only )?not able to (?:help|assist|comply)/,
  ],
  soft: [
    new RegExp(
      `^(?:${EN_SORRY}|${EN_AI})[^.]{0,100}?\\b(?:i|we) ?(?:${EN_CANNOT}|do(?:n't| not) have (?:the (?:ability|capability|capacity)|access|enough|sufficient|real[- ]time|personal|any)|do(?:n't| not) (?:have|possess)|am (?:just |only )?(?:an?|not capable)|'m (?:just |only )?(?:an?|not capable)|lack)`,
    ),
    /^(?:it (?:is|would be|wouldn't be)|it's|this is|that(?:'s| is)) (?:not (?:appropriate|ethical|possible)|inappropriate|unethical|against my \w+) (?:for me|to (?:provide|answer|assist|help|create|write|generate))/,
    /^(?:i'?m|i am) (?:just |only )?an? (?:\w+ )?(?:ai|artificial intelligence|language model)\b[^.]{0,80}\b(?:can(?:'|no)t|unable|not able|do not have|don't have|incapable)/,
    /^i (?:do not|don't) (?:have the (?:ability|capability)|have access to|have (?:any )?information (?:about|on)) /,
    /^i (?:can(?:no|')t|am unable to|'m unable to) (?:browse|access|open|view|see|watch|listen to|hear|read) (?:the (?:internet|web|link|file|image|video|attachment|audio|document|website|page)|external|links?|urls?|images?|files?|attachments?|your )/,
  ],
};

const others: readonly Phrases[] = [
  // Deutsch
  {
    hard: [
      /^(?:(?:es )?tut mir (?:sehr )?leid|leider|entschuldigung|ich bedau[e]?re|verzeihung)?[^.]{0,60}\b(?:ich|wir) (?:kann|können|darf|werde|möchte|muss)(?: (?:\w+)){0,5}? ?(?:nicht|nicht weiter|ablehnen)\b[^.]{0,60}(?:helfen|weiterhelfen|unterstützen|behilflich|nachkommen|beantworten|erfüllen|ablehnen)/,
      /^(?:(?:es )?tut mir (?:sehr )?leid|leider|entschuldigung)[^.]{0,40}\b(?:dabei|damit|hierbei|diese[rn]?|bei dieser)\b[^.]{0,40}\b(?:kann|können|darf) ich\b[^.]{0,40}(?:nicht|keine)/,
      /^(?:bei|dieser|diese|damit|dabei)[^.]{0,40}\b(?:kann|darf) ich (?:dir|ihnen|euch)? ?(?:leider )?nicht (?:helfen|weiterhelfen|behilflich|nachkommen|beantworten)/,
    ],
    soft: [
      /^(?:(?:es )?tut mir (?:sehr )?leid|leider|entschuldigung)[^.]{0,60}\b(?:kann|können|darf|habe)\b[^.]{0,40}\b(?:ich|wir)?\b[^.]{0,60}\b(?:nicht|keine[nrs]?)\b/,
      /^als (?:eine? )?(?:ki|künstliche intelligenz|sprachmodell|ki-\w+|großes sprachmodell)\b[^.]{0,80}\b(?:nicht|keine[nrs]?)\b/,
    ],
  },
  // Español
  {
    hard: [
      /^(?:lo siento|lo lamento|disculpa|disculpe|perdón|lamentablemente|me temo)[^.]{0,60}\b(?:no (?:puedo|podemos|me es posible|estoy (?:autorizado|capacitad[oa]|en condiciones)))[^.]{0,30}(?:ayudar|asistir|cumplir|responder|colaborar|hacer eso|continuar|participar|completar|satisfacer)/,
      /^no (?:puedo|podemos) (?:ayudarte|ayudarle|ayudar|asistirte|asistir|cumplir|responder a|colaborar)(?: (?:con|en|a)?\s?(?:es[eoa]|est[eoa]|eso|tu|su|la|lo)|$)/,
    ],
    soft: [
      /^(?:lo siento|lo lamento|disculpa|disculpe|lamentablemente|me temo|desafortunadamente)[^.]{0,80}\bno (?:puedo|podemos|tengo|dispongo|es posible|me es posible)\b/,
      /^como (?:una? )?(?:ia|inteligencia artificial|modelo de lenguaje|asistente)\b[^.]{0,80}\bno\b/,
    ],
  },
  // Français
  {
    hard: [
      /^(?:je suis (?:vraiment )?(?:désolée?|navrée?)|désolée?|pardon|malheureusement|je regrette)[^.]{0,60}\bje ne (?:peux|puis|suis pas)(?: pas)?[^.]{0,40}(?:aider|assister|répondre|satisfaire|accéder|donner suite|faire cela|continuer|participer)/,
      /^je ne (?:peux|puis)(?: malheureusement)? pas (?:vous |t'|te |y )?(?:aider|assister|répondre à (?:cette|votre|ta)|satisfaire|donner suite|accéder à (?:cette|votre|ta))/,
    ],
    soft: [
      /^(?:je suis (?:vraiment )?(?:désolée?|navrée?)|désolée?|malheureusement|je regrette)[^.]{0,80}\bje (?:ne|n')[^.]{0,12}\bpas\b/,
      /^en tant qu(?:e |')(?:ia|intelligence artificielle|modèle de langage|assistant)\b[^.]{0,80}\b(?:ne|n')\b/,
    ],
  },
  // Português
  {
    hard: [
      /^(?:desculpe|desculpa|sinto muito|lamento|perdão|infelizmente|peço desculpas?)[^.]{0,60}\bnão (?:posso|podemos|consigo|estou (?:autorizad[oa]|apt[oa]))[^.]{0,30}(?:ajud|auxili|atender|responder|cumprir|fazer isso|continuar|participar)/,
      /^não (?:posso|podemos) (?:te |lhe |o |a )?(?:ajudar|ajudá-l[oa]|auxiliar|atender|responder a)(?: (?:com|a|ess[ea]|est[ea]|iss?to|isso|seu|sua)|$)/,
    ],
    soft: [
      /^(?:desculpe|desculpa|sinto muito|lamento|infelizmente|peço desculpas?)[^.]{0,80}\bnão (?:posso|podemos|consigo|tenho|é possível)\b/,
      /^como (?:uma? )?(?:ia|inteligência artificial|modelo de linguagem|assistente)\b[^.]{0,80}\bnão\b/,
    ],
  },
  // Italiano
  {
    hard: [
      /^(?:mi dispiace|spiacente|purtroppo|scusa|scusi)[^.]{0,60}\bnon (?:posso|possiamo|sono in grado)[^.]{0,30}(?:aiutar|assister|rispondere|soddisfare|farlo|continuare)/,
      /^non posso (?:aiutarti|aiutarla|aiutare|assisterti|soddisfare)/,
    ],
    soft: [
      /^(?:mi dispiace|spiacente|purtroppo)[^.]{0,80}\bnon (?:posso|possiamo|ho|sono in grado)\b/,
      /^(?:come|in quanto) (?:ia|intelligenza artificiale|modello linguistico|assistente)\b[^.]{0,80}\bnon\b/,
    ],
  },
  // 中文
  {
    hard: [
      /^(?:(?:真的|非常|很|十分)?(?:抱歉|对不起|對不起|遗憾|遺憾|不好意思)|[抱歉]{2})[^。]{0,30}(?:无法|無法|不能|没办法|沒辦法|没有办法|不可以|不便|不会|拒绝)[^。]{0,10}(?:帮助|幫助|帮你|帮您|协助|協助|满足|滿足|回答|回應|回应|讨论|討論|参与|完成(?:这|此|您|你)|执行(?:这|此|您|你))/,
      /^我(?:无法|無法|不能|没办法|不便)(?:为[您你])?(?:回答|满足|滿足|协助|帮助|幫助|讨论|参与)(?:[您你]|这|這|此|该|有关|关于|$)/,
      /^(?:这个|您的|你的|该|此)(?:请求|要求|问题)[^。]{0,20}(?:无法|不能|违反|不适合)[^。]{0,10}(?:回答|满足|提供|讨论|政策|规定|$)/,
    ],
    soft: [
      /^(?:(?:真的|非常|很|十分)?(?:抱歉|对不起|對不起|遗憾|不好意思))[^。]{0,40}我[^。]{0,12}(?:无法|無法|不能|没有|沒有|没办法|不具备)/,
      /^(?:作为|作為|我是)(?:一个|一個|一名|一款|一种)?(?:ai|人工智能|人工智慧|语言模型|語言模型|大型语言模型|大语言模型|智能助手)[^。]{0,40}(?:无法|無法|不能|没有|沒有|不具备)/,
    ],
  },
  // 日本語
  {
    hard: [
      /^(?:(?:大変|誠に)?(?:申し訳(?:ありません|ございません|ないです|ないのですが)|すみません|恐れ入ります|恐縮です)が?|残念ながら|ごめんなさい)[^。]{0,60}(?:お(?:手伝い|応え|答え|力)|ご?(?:協力|対応|支援|回答)|応じ|従う)[^。]{0,16}(?:できません|できかねます|いたしかねます|られません|ことはできない)/,
      /^(?:その|この|ご)?(?:ご?(?:要望|依頼|質問|リクエスト|要求))[^。]{0,12}(?:お(?:手伝い|応え|答え)|対応|回答|応じ)[^。]{0,16}(?:できません|できかねます|いたしかねます|られません)/,
    ],
    soft: [
      /^(?:(?:大変|誠に)?(?:申し訳(?:ありません|ございません|ないです|ないのですが)|すみません|恐れ入ります)が?|残念ながら)[^。]{0,60}(?:できません|できかねます|いたしかねます|ありません|わかりません)/,
      /^(?:私は)?(?:ai|人工知能|言語モデル|大規模言語モデル)(?:の?(?:大規模)?(?:言語モデル|アシスタント))?(?:として|なので|である(?:ため|私)|ですので)[^。]{0,60}(?:できません|ません|ない)/,
    ],
  },
  // 한국어
  {
    hard: [
      /^(?:(?:정말 )?(?:죄송하지만|죄송합니다만?|미안하지만|유감스럽게도|안타깝지만))[^.]{0,60}(?:도와드릴|도울|답변(?:해 ?드릴|할)|제공(?:해 ?드릴|할)|응(?:해 ?드릴|할)) 수(?:가|는)? 없/,
    ],
    soft: [
      /^(?:(?:정말 )?(?:죄송하지만|죄송합니다만?|유감스럽게도|안타깝지만))[^.]{0,80}(?:수(?:가|는)? 없|않습니다|없습니다)/,
      /^(?:저는 )?(?:ai|인공지능|언어 모델)(?: 언어 모델)?(?:로서|이기 때문에|이므로)[^.]{0,80}(?:없|않)/,
    ],
  },
  // Русский
  {
    hard: [
      /^(?:извините|простите|к сожалению|прошу прощения|мне жаль)[^.]{0,60}\s(?:я )?(?:не могу|не смогу|не имею возможности|вынужден[аы]? отказать)[^.]{0,30}(?:помочь|выполнить|ответить|помогать|обсуждать|продолжить|$)/,
      /^я не могу (?:помочь|выполнить (?:этот|ваш|данный)|ответить на (?:этот|ваш))/,
    ],
    soft: [
      /^(?:извините|простите|к сожалению|прошу прощения|мне жаль)[^.]{0,80}\s(?:я )?(?:не могу|не смогу|не имею|не располагаю|у меня нет)/,
      /^(?:как|я) (?:ии|искусственный интеллект|языковая модель)[^.]{0,80}не /,
    ],
  },
];

export const phrases: readonly Phrases[] = [english, ...others];

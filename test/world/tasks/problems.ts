import type { Language } from "../words.ts";

/** Word problems with numbers. */
export const sums: Readonly<Record<Language, readonly string[]>> = {
  en: [
    "{name} has {number} {thing}s and [buys|finds|is given] {number} more. [Then {name} sells {digit} of them. |]How many [are left|does {name} have now]?",
    "A {quality} {thing} in {place} weighs {number} kg. What is the weight of {number} of them[| if each comes in a box of {digit} kg]?",
    "{name} can {act} {digit} {thing}s in an hour. {name} works {digit} hours a day for {digit} days. How many {thing}s is that?",
    "A train leaves {place} at {hour} and travels {number} km at {number} km per hour. When does it arrive?",
    "There are {number} {thing}s in {digit} boxes. {percent} of them are {quality}. How many are not {quality}?",
    "{person} pays {price} for {digit} {thing}s and {price} for a {thing}. What did everything cost[|, after a discount of {percent}]?",
    "The sum of two numbers is {number} and their difference is {digit}. Find the numbers.",
    "{name} reads {number} pages on the first day and {digit} pages more on every following day. How many pages after {digit} days?",
    "A tank of {big} litres loses {digit} litres a minute. [After how many hours is it empty|How much is left after {number} minutes]?",
    "If {digit} workers {act} a {thing} in {number} hours, how long do {digit} workers need?",
    "{who} {did}. For that {name} needs {number} {noun}s a day, and a box holds {digit}. How many boxes last {number} days?",
    "A {noun} costs {price} in {place} and {percent} more in {place}. {name} buys {digit} in each. What is the total?",
    "{name} is {digit} times as old as {name}. In {number} years their ages add up to {number}. How old is {name} now?",
    "Of {number} {noun}s in the {noun}, {digit} out of {number} are {quality}. {name} takes {digit} away. How many {quality} ones [are expected to remain|must be added to have half]?",
    "{name} saves {price} every week for {number} weeks to buy a {quality} {thing} that costs {big}. {who} gives {price}. How much is missing?",
    "A rectangle for the {noun} is {number} m long and {digit} m wide. A [path|fence|hedge] of {digit} m goes round it. Find the [area of the path|length of the outer edge].",
    "A recipe for {digit} people takes {number} g of {noun}. How much is needed for {number} people[ if {percent} is lost|]?",
    "{name} walks {digit} km to the {noun}, rests {number} minutes and takes the {noun} back at {number} km/h. How long is {name} away[ if walking is {digit} km/h|]?",
    "The {thing} of {name} loses {percent} of its value each year. It cost {price} {digit} years ago. What is it worth?",
    "In a {noun} there are {number} seats in {digit} rows. {percent} were sold for {price}, the others for {price}. How much came in?",
  ],
  de: [
    "{name} hat {number} Stück und kauft {number} dazu. {digit} gehen verloren. Wie viele bleiben?",
    "Ein Zug fährt {number} km mit {number} km/h. Wie lange braucht er?",
    "{digit} Leute brauchen {number} Stunden. Wie lange brauchen {digit} Leute?",
  ],
  es: [
    "{name} tiene {number} cajas y compra {number} más. Pierde {digit}. ¿Cuántas quedan?",
    "Un tren recorre {number} km a {number} km por hora. ¿Cuánto tarda?",
    "La suma de dos números es {number} y su diferencia {digit}. ¿Cuáles son?",
  ],
  fr: [
    "{name} a {number} boîtes et en achète {number} de plus. Il en perd {digit}. Combien en reste-t-il ?",
    "Un train parcourt {number} km à {number} km/h. Combien de temps met-il ?",
  ],
  pt: [
    "{name} tem {number} caixas e compra mais {number}. Perde {digit}. Quantas sobram?",
    "Um trem percorre {number} km a {number} km por hora. Quanto tempo leva?",
  ],
  zh: [
    "{name}有{number}个{thing}，又买了{number}个，卖掉了{digit}个。还剩多少个？",
    "一列火车以每小时{number}公里的速度行驶{number}公里，需要多长时间？",
    "两个数的和是{number}，差是{digit}，求这两个数。",
    "{digit}个工人{number}小时完成一项工作，{digit}个工人需要多少小时？",
    "水箱有{big}升水，每分钟漏{digit}升，几小时漏完？",
  ],
  ja: [
    "{name}さんは{number}個持っていて、さらに{number}個買い、{digit}個なくしました。残りは何個ですか。",
    "電車が時速{number}キロで{number}キロ走ると、何時間かかりますか。",
  ],
};

/** Questions with options. */
export const choices: Readonly<Record<Language, readonly string[]>> = {
  en: [
    "In {field}, which statement about the {thing} is [true|correct|false]?\n[A.|(A)|A)] it is {quality}\n[B.|(B)|B)] it is {quality} and {quality}\n[C.|(C)|C)] it has {digit} parts\n[D.|(D)|D)] none of these",
    "{prose}\nWhich conclusion follows?\nA. the {thing} is {quality}\nB. {happening}\nC. {name} was in {place}\nD. it cannot be known",
    "Which of these belongs to {field}?\nA. {thing}\nB. {thing}\nC. {thing}\nD. {thing}",
    "A researcher in {field} finds that {happening}. The most likely explanation is\nA. the {thing} is {quality}\nB. the {thing} was not {quality}\nC. a {quality} {thing}\nD. chance",
    "What is {number} times {digit}, plus {number}?\nA. {big}\nB. {number}\nC. {big}\nD. {number}",
  ],
  de: [
    "Welche Aussage zu {field} stimmt?\nA. {thing} ist {quality}\nB. {thing} ist {quality}\nC. {happening}\nD. keine",
  ],
  es: ["¿Cuál afirmación de {field} es correcta?\nA. {thing}\nB. {thing}\nC. {happening}\nD. ninguna"],
  fr: ["Quelle affirmation de {field} est correcte ?\nA. {thing}\nB. {thing}\nC. {happening}\nD. aucune"],
  pt: ["Qual afirmação de {field} está correta?\nA. {thing}\nB. {thing}\nC. {happening}\nD. nenhuma"],
  zh: [
    "在{field}中，下列哪项[正确|错误]？\nA. {thing}很{quality}\nB. {thing}不{quality}\nC. {happening}\nD. 以上都不是",
    "{prose}\n由此可以得出：\nA. {thing}很{quality}\nB. {happening}\nC. {name}在{place}\nD. 无法判断",
    "下列哪一项属于{field}？\nA. {thing}\nB. {thing}\nC. {thing}\nD. {thing}",
  ],
  ja: ["{field}について正しいものはどれですか。\nA. {thing}\nB. {thing}\nC. {happening}\nD. どれでもない"],
};

/** Tasks for programmers. */
export const code: readonly string[] = [
  "Write a {code} function [that|which] [reverses|merges|validates|flattens|deduplicates|rotates] a {structure}[| of {variable}s| in linear time| without using built-in functions].",
  "Given a {structure} of integers, return [the largest sum of {digit} neighbours|the indices of two values that add up to {number}|the length of the longest run|the median].",
  "Implement a class {variable} in {code} with methods to add, remove and [search|iterate|count] {thing}s.",
  "Create a {code} script that reads a {structure} of {thing}s and [prints a report|writes a JSON file|sends a request to an API] [every {digit} minutes|once|on demand].",
  "Write a regular expression that matches [dates|e-mail addresses|{code7} style codes|prices].",
  "Optimise this {code} code:\nfor i in range(len({variable})):\n    for j in range(len({variable})):\n        if {variable}[i] == {variable}[j]: count += {digit}",
  "Explain what this {code} function does:\ndef f({variable}, n={digit}):\n    return [x for x in {variable} if x % n == 0][:{number}]",
  "Write a SQL query that returns the {digit} [most expensive|latest|rarest] {thing}s for each {variable}.",
  "Convert this loop to recursion in {code}:\nwhile {variable} > {digit}:\n    {variable} = {variable} // {digit}",
  "Design a database schema for a {thing} [shop|rental|library] with at least {digit} tables.",
  "Write unit tests in {code} for a function that [parses|formats|compares] a {structure}.",
  "Find the bug:\nfunction get({variable}) {\n  if ({variable} = null) return {digit};\n  return {variable}.length\n}",
  "Build a [REST endpoint|command-line tool|React component|web scraper] in {code} that [lists|filters|updates] {thing}s.",
  "Write a {code} function {variable}({variable}, {variable}) that {verbed} {what}[| and returns a {structure}].",
  "Create a {structure} of [all|the first {number}] {noun}s in {code}, [sorted by {variable}|without {quality} ones|grouped by {variable}].",
  "How would you {act} a {word} {structure} in {code}?",
  "Generate a {code} program that [simulates|draws|stores|encrypts|schedules] {what}.",
  "What is the [time|space] complexity of {act}ing a {structure} of {number} {noun}s?",
  'Given a string such as "{word} {noun} {word}", [count the vowels|find the longest word|make it title case|replace every {digit}rd letter].',
  "Refactor the following {code} code to use [a generator|async calls|a class|fewer loops]:\n{variable} = []\nfor {variable} in {variable}:\n    if {variable}.{variable} > {number}:\n        {variable}.append({variable} * {digit})",
  "Write a [bash|SQL|HTML|CSS] snippet that [hides|selects|renames|centres] every {noun} whose {variable} is {quality}.",
  "Model {what} as a class {variable} with [inheritance|an interface|an event] in {code}.",
  'Edit this function so that it [handles|rejects|logs] {quality} {noun}s: def {variable}({variable}): return {variable}["{word}"] / {number}',
  "Name [three|two] ways to [speed up|secure|test] a {word} {variable} in {code}.",
  "Solve with dynamic programming: the number of ways to {act} {number} {thing}s when at most {digit} may be {quality}.",
];

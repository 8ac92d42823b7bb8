import type { Random } from "../../../src/stats/random.ts";
import { type Archetype, endUsers, type Message, single } from "../actor.ts";
import { exact, templated, usual } from "../templated.ts";
import { around, type Voice, voiceOf } from "../text.ts";

const LINES = [
  "  const {variable} = load({number})",
  "  return {variable}.length > {digit}",
  "  // {happening}",
  "  if ({variable} === null) throw new Error('{quality} {thing}')",
  "  for (const {variable} of {variable}) total += {variable}.price",
  "def {variable}({variable}, {variable}=None):",
  "    self.{variable} = {variable}[{digit}:]",
  "    {variable} = await fetch('/api/{variable}/{number}')",
  '  log.info("{thing} {quality}", {variable})',
  "}",
  "",
  "export function {variable}({variable}: string, {variable} = {number}) {",
  "  {variable}.push({ {variable}: '{word}', {variable}: {digit} })",
  "        {variable}[{variable}] = {variable}.get('{thing}', {digit})",
  "    # TODO {act} the {word} before {what}",
  "  /* {mind} {who} {did} */",
  "  while ({variable} < {variable}.{variable}) {variable} += {digit}",
  "import { {variable} } from './{variable}'",
  "  expect({variable}({number})).toBe('{quality}')",
  "    raise ValueError(f'{quality} {thing}: {variable}')",
  '  <{variable} className="{word}" onClick={() => {variable}({digit})}>{thing}</{variable}>',
  "  try { {variable} = JSON.parse({variable}) } catch { return '{word}' }",
  "UPDATE {variable} SET {variable} = '{quality}' WHERE {variable} > {number};",
];

const source = (v: Voice, lines: number): string =>
  Array.from({ length: lines }, () => v.say(LINES)).join("\n");

const diff = (v: Voice, r: Random): string =>
  v.say("diff --git a/src/{variable}.ts b/src/{variable}.ts\n@@ -{number},{digit} +{number},{digit} @@\n") +
  Array.from({ length: around(r, 22, 0.8) }, () => r.pick(["+", "-", " ", " "]) + v.say(LINES)).join("\n");

/** Work on programs. */
export const code: readonly Archetype[] = [
  {
    name: "code review",
    kind: "application",
    weight: 3,
    languages: ["en", "en", "de", "zh"],
    actor: templated({
      prompts: {
        en: [
          "Review the [change|diff|pull request]. List bugs first, then style. [Be brief.|Give line numbers.]",
          "You review pull requests for a {thing} shop. Point out [risks|security problems|missing tests].",
          "Act as a strict reviewer. Output: file:line - comment. Nothing if it is fine.",
        ],
      },
      input: (v, r) => diff(v, r),
      words: 130,
      spread: 0.7,
      parameters: exact,
    }),
  },
  {
    name: "commit messages",
    kind: "application",
    weight: 2,
    languages: ["en"],
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Write a [conventional |]commit message for the [staged |]diff. [One line.|Subject under 60 characters, then a body.]",
          "Summarise this diff as a changelog entry.",
        ],
      },
      input: (v, r) => ({
        text: diff(v, r),
        answer: v.say("[fix|feat|chore|refactor]: {act} {variable} when {quality}"),
      }),
      words: 12,
      parameters: exact,
    }),
  },
  {
    // A completion after every few keystrokes: the same file again and again, a little longer.
    name: "code completion",
    kind: "application",
    weight: 4,
    languages: ["en"],
    rhythm: "person",
    actor: (random, language, { template }) => {
      const voice = voiceOf(random, language, 2);
      const system = template.pick([
        "Complete the code at the cursor. Code only.",
        "You are an inline completion engine. Return the text that replaces <CURSOR>.",
        "Continue.",
      ]);
      let file = "";
      return () => {
        if (file === "" || file.length > 6000 || random.chance(0.08))
          file = source(voice, 5 + random.below(50));
        const answer = source(voice, 1 + random.below(3));
        const content = `// src/${voice.say("{variable}")}.ts\n${file}<CURSOR>`;
        file += random.chance(0.5) ? `${answer}\n` : `${source(voice, 1)}\n`;
        return {
          messages: single(system, content),
          answerWords: 12,
          answer,
          parameters: { temperature: 0, max_tokens: 96, stop: ["\n\n"] },
        };
      };
    },
  },
  {
    // Reads files, runs commands, edits: each call carries everything so far.
    name: "coding agent",
    kind: "application",
    weight: 4,
    languages: ["en", "en", "zh"],
    rhythm: "person",
    actor: (random, language, { template }) => {
      const voice = voiceOf(random, language, 2);
      const english = voiceOf(random.fork("english"), "en", 2);
      const system = `${voiceOf(template, "en").say(["You are a coding agent in a terminal. [Use the tools.|Plan briefly, then act.] [Never run destructive commands.|Ask before deleting.]", "You edit a repository with the tools read_file, edit_file and run. Finish with a summary."])}\n${voiceOf(template, "en").prose(10 + template.below(20))}`;
      const tools = ["read_file", "edit_file", "run"].map((name) => ({
        type: "function",
        function: { name, parameters: { type: "object", properties: { path: { type: "string" } } } },
      }));
      let past: Message[] = [];
      return () => {
        if (past.length === 0 || past.length > 24 || random.chance(0.06))
          past = [
            {
              role: "user",
              content: voice.say(
                language === "zh"
                  ? ["修复{variable}里的错误，{happening}", "给{variable}加上测试"]
                  : [
                      "fix the failing test in {variable}",
                      "add a --{variable} flag[ and document it|]",
                      "{happening} when I open the {thing} page, find out why",
                      "refactor {variable} into its own module",
                    ],
              ),
            },
          ];
        const messages: Message[] = [{ role: "system", content: system }, ...past];
        const ends = past.length > 4 && random.chance(0.12);
        const calls = english.random.pick(["read_file", "edit_file", "run"]);
        const answer = ends
          ? voice.prose(2)
          : english.say('{"path": "src/{variable}.ts", "text": "{variable} = {number}"}');
        past = ends
          ? [
              ...past,
              { role: "assistant", content: answer },
              {
                role: "user",
                content: voice.say(
                  language === "zh"
                    ? ["继续", "还是不行，{happening}"]
                    : [
                        "[no,|ok,|thanks,] now {act} the {thing} too",
                        "still broken: {happening}",
                        "looks good, commit it",
                      ],
                ),
              },
            ]
          : [
              ...past,
              { role: "assistant", content: `${calls} ${answer}` },
              {
                role: "tool",
                content: random.chance(0.5)
                  ? source(english, 8 + random.below(60))
                  : english.say(
                      "exit {digit}\n{number} passed, {digit} failed\nError: {variable} is not a function",
                    ),
              },
            ];
        return { messages, answerWords: 20, answer, ...(!ends && { calls }), parameters: { tools } };
      };
    },
  },
  {
    name: "sql writer",
    kind: "application",
    weight: 2.5,
    languages: ["en", "en", "de", "es", "zh"],
    actor: templated({
      prompts: {
        en: [
          "Write one SQL query for the question. Schema: orders(id, customer, total, day), items(order_id, sku, price), {variable}(id, {variable}, {variable}).[ Postgres.| SQLite.|] [SQL only.|No explanation.]",
        ],
        zh: ["根据问题写一条 SQL。表：orders(id, customer, total, day)。只输出 SQL。"],
      },
      input: (v) => ({
        text: v.say(
          v.language === "en"
            ? [
                "[how many|show|list|total of] {thing}s [sold|returned|ordered] [in {place}|since {date}|per month]",
                "customers from {place} with more than {number} orders",
                "average price of {quality} {thing}s {time}",
                "top {digit} {thing}s",
              ]
            : ["{thing} {place} {date}", "{thing} {number}", "{quality} {thing} {time}"],
        ),
        answer: v.say(
          "SELECT {variable}, count(*) FROM orders WHERE day > '{date}' GROUP BY 1 LIMIT {number}",
        ),
      }),
      words: 30,
      users: 0.5,
      many: 200,
      parameters: exact,
    }),
  },
  {
    name: "log analysis",
    kind: "application",
    weight: 1.5,
    languages: ["en"],
    rhythm: "machine",
    actor: templated({
      prompts: {
        en: [
          'Is anything in this log unusual? [Severity 0-3 and the cause.|JSON {"severity": n, "cause": string}]',
          "Explain the alert to the engineer on call in two sentences and name the next command.",
        ],
      },
      input: (v, r) =>
        Array.from({ length: 5 + r.below(40) }, () =>
          v.say("{date}T{hour} [INFO|WARN|ERROR] {variable} {happening} id={code7} took {number}ms"),
        ).join("\n"),
      words: 35,
      parameters: exact,
    }),
  },
  {
    name: "test writer",
    kind: "application",
    weight: 1.5,
    languages: ["en"],
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Write unit tests for the function. [vitest|pytest|JUnit]. [Cover edge cases.|Tests only.]",
          "Add [docstrings|type hints|comments] to this file and return it whole.",
        ],
      },
      input: (v, r) => source(v, 8 + r.below(40)),
      words: 220,
      parameters: exact,
    }),
  },
  {
    // Employees of a company with an editor plug-in: their own errors, their own code.
    name: "developer help",
    kind: "application",
    weight: 2,
    languages: ["en", "en", "de", "zh", "pt"],
    actor: (random, language, { template }) => {
      const voice = voiceOf(random, language, 2);
      const system = voiceOf(template, "en").say([
        "You help developers at {code7}. Stack: {code}, {code}.",
        "Answer questions about the code that the user selected in the editor.",
      ]);
      const users = endUsers(random.fork("users"), 10 + random.below(200));
      return () => ({
        messages: single(
          system,
          `${voice.say(language === "en" ? ["why does this [fail|loop|return null]", "explain", "[make|is] this [faster|thread safe|simpler]?", "convert to {code}", "i get '{variable} is {quality}'"] : ["{happening}?", "{quality}? {code}", "{code}: {variable}"])}\n\`\`\`\n${source(voice, around(random, 12, 0.8))}\n\`\`\``,
        ),
        answerWords: around(random, 120, 0.7),
        user: users(),
        parameters: usual(random.fork("p")),
      });
    },
  },
];

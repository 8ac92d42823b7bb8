import { Script } from "node:vm";
import { parse as parseYaml } from "yaml";
import * as z from "zod";
import { defineFilter, piece } from "./filter.ts";

type Check = (code: string) => string | null;

/** Languages whose syntax is checked; nothing is run. Blocks in others, and pieces with an ellipsis, are left alone. */
const CHECKS: Readonly<Record<string, Check>> = {
  json: (code) => failure(() => JSON.parse(code) as unknown),
  jsonl: (code) =>
    code
      .split("\n")
      .reduce<string | null>(
        (found, line) => found ?? (line.trim() === "" ? null : failure(() => JSON.parse(line) as unknown)),
        null,
      ),
  yaml: (code) => failure(() => parseYaml(code) as unknown),
  yml: (code) => failure(() => parseYaml(code) as unknown),
  javascript: checkJavaScript,
  js: checkJavaScript,
  mjs: checkJavaScript,
};

export const codeFilter = defineFilter({
  name: "code",
  about: `answers with a fenced block that does not parse (${Object.keys(CHECKS).join(", ")})`,
  on: false,
  options: z.strictObject({
    /** An answer without any block of these languages is dropped too. */
    required: z.boolean().default(false),
  }),
  begin:
    ({ required }) =>
    ({ answer }) => {
      let checked = 0;
      for (const { language, code } of blocksIn(answer)) {
        const check = CHECKS[language];
        if (check === undefined) continue;
        checked++;
        if (/(?:^|[^.])\.\.\.(?:\s*$|\s*\n)|…/m.test(code)) continue;
        const problem = check(code);
        if (problem !== null) return `its ${language} does not parse (${problem}): ${piece(code)}`;
      }
      return required && checked === 0 ? `no block of code that can be checked: ${piece(answer)}` : null;
    },
});

function blocksIn(answer: string): { language: string; code: string }[] {
  return Array.from(
    answer.matchAll(/^(`{3,}|~{3,})[ \t]*([\w+#-]*)[^\n]*\n([\s\S]*?)^\1[ \t]*$/gm),
    ([, , language = "", code = ""]) => ({
      language: language.toLowerCase(),
      code,
    }),
  );
}

/** As a script, or as the body of a function (a lone return or await), or as an object literal. */
function checkJavaScript(code: string): string | null {
  const script = code
    .replaceAll(/^[ \t]*import\s+(?:[\w*{}$,\s]+from\s+)?["'][^"']*["'];?/gm, "")
    .replaceAll(/^([ \t]*)export\s+default\s+/gm, "$1void ")
    .replaceAll(/^([ \t]*)export\s+(?=const|let|var|function|class|async)/gm, "$1")
    .replaceAll(/^[ \t]*export\s*\{[^}]*\}(?:\s*from\s*["'][^"']*["'])?;?/gm, "");
  const first = failure(() => new Script(script));
  // Several pieces in one block declare a name again; JSX is another language.
  if (first === null || /already been declared/.test(first) || /<\/?[A-Za-z][^<>]*>/.test(script))
    return null;
  const others = [
    `async function* _() {\n${script}\n}`,
    `void ({\n${script}\n})`,
    `class _ {\n${script}\n}`,
    `void (${script.trim().replace(/;$/, "")})`,
  ];
  return others.some((form) => failure(() => new Script(form)) === null) ? null : first;
}

function failure(parse: () => unknown): string | null {
  try {
    parse();
    return null;
  } catch (error) {
    return (error as Error).message.split("\n")[0] ?? "";
  }
}

import { describe, expect, it } from "vitest";
import { builtInTerms } from "./built-in-terms.ts";
import { licenceClass } from "./licence.ts";
import { checkProvenance, datasetsIn, type DatasetFacts } from "./provenance.ts";

const check = (licences: string[], teachers: string[], carries: string[] = [], name = "d") =>
  checkProvenance({ name, licences, teachers, carries }, builtInTerms);

// Facts from the Data Provenance Collection (github.com/Data-Provenance-Initiative, commit ce6662d): ids, names of models, names of licences.
// These are all the sets written by OpenAI's API models that state a licence for any use and no clause of OpenAI's.
const uncarried: readonly [string, string[], string[]][] = [
  ["coig-alignment-instruction", ["OpenAI GPT-3"], ["Apache License 2.0"]],
  ["coig-leetcode", ["OpenAI ChatGPT"], ["CC BY-SA 4.0"]],
  ["capybara-Know-Logic", ["OpenAI GPT-4"], ["Unspecified", "Apache License 2.0"]],
  ["capybara-GOAT", ["OpenAI GPT-4"], ["Apache License 2.0", "Apache License 2.0"]],
  ["capybara-TaskSource", ["OpenAI GPT-4"], ["Apache License 2.0", "Apache License 2.0"]],
  ["capybara-TheoremQA", ["OpenAI GPT-4"], ["MIT License", "Apache License 2.0"]],
  ["capybara-SuperCOT", ["OpenAI GPT-4"], ["MIT License", "Apache License 2.0"]],
  ["ds-PLACES3.5", ["OpenAI ChatGPT"], ["CC BY-NC 4.0", "Apache License 2.0"]],
  ["tsi-turingbench", ["OpenAI GPT-3", "OpenAI GPT-1", "Grover", "OpenAI GPT-2"], ["Apache License 2.0"]],
  ["tsy-turingbench", ["OpenAI GPT-3", "OpenAI GPT-1", "Grover", "OpenAI GPT-2"], ["Apache License 2.0"]],
  ["ultraFeedback_argilla-flan_v2_cot", ["OpenAI ChatGPT"], ["Unspecified", "MIT License"]],
  ["ultraFeedback_argilla-truthful_qa", ["OpenAI GPT-3"], ["Unspecified", "Apache License 2.0"]],
];

describe("a dataset's provenance", () => {
  it.each(uncarried)("flags %s", (name, teachers, licences) => {
    const found = check(licences, teachers, [], name);
    expect(found).toMatchObject({ name, status: "flagged" });
    expect(found.because).toMatch(/OpenAI .* restrict .* offered under .*/);
    expect(found.restrictions[0]).toMatchObject({
      kind: "no-competing-models",
      provider: "OpenAI",
      clause: "3.3(e)",
    });
  });

  it("is carried where a licence, or a card of ours, names the provider's clause", () => {
    expect(check(["MIT License", "OpenAI"], ["OpenAI GPT-4"]).status).toBe("carries-clause");
    expect(check(["MIT License"], ["OpenAI GPT-4"], ["OpenAI"]).status).toBe("carries-clause");
    expect(check(["Anthropic", "Apache License 2.0", "OpenAI"], ["Claude 2.1", "OpenAI GPT-4"]).status).toBe(
      "carries-clause",
    );
    expect(check(["Apache License 2.0", "OpenAI"], ["Claude 2.1", "OpenAI GPT-4"]).status).toBe("flagged");
    expect(check(["MIT License, reopenaid"], ["OpenAI GPT-4"]).status).not.toBe("carries-clause");
  });

  it("is clear without such a teacher, whatever the licence", () => {
    for (const teachers of [[], ["templates"], ["OpenAI GPT-2"], ["Mixtral-8x7B"], ["T5", "BART"]])
      for (const licence of ["MIT License", "Unspecified", "CC BY-NC 4.0"])
        expect([teachers, check([licence], teachers).status]).toEqual([teachers, "clear"]);
  });

  it("is unknown where a teacher's terms are, or where no licence could contradict them", () => {
    expect(check(["Apache License 2.0"], ["Other"]).status).toBe("unknown");
    expect(check(["MIT License"], ["Anthropic Internal Models"]).status).toBe("unknown");
    expect(check(["Unspecified"], ["OpenAI GPT-3"]).status).toBe("unknown");
    expect(check(["CC BY-NC-SA 4.0"], ["OpenAI GPT-3.5-Turbo"]).status).toBe("unknown");
    expect(check([], ["OpenAI GPT-3"]).because).toMatch(/no licence/);
  });
});

describe("licences", () => {
  it.each([
    [
      "permissive",
      "MIT, mit, MIT License, Apache License 2.0, apache-2.0, BSD 3-Clause License, CC0 1.0, cc-by-4.0, CC BY 2.5, ODC BY 1.0, OGL 3.0, ISC License",
    ],
    [
      "copyleft",
      "GNU General Public License v3.0, LGPL 2.1, agpl-3.0, CC BY-SA 4.0, cc-by-sa-3.0, MPL 2.0, EPL 1.0, CDLA Sharing 1.0",
    ],
    [
      "non-commercial",
      "CC BY-NC 4.0, cc-by-nc-sa-4.0, CC BY-NC-ND 4.0, Non Commercial, Academic Research Purposes Only",
    ],
    ["unstated", "Unspecified, No License, Various, Custom, unknown, other"],
    ["other", "OpenAI, Llama 2, BigScience OpenRAIL-M, LMSYS-Chat-1M Dataset License, CC BY-ND 4.0"],
  ] as const)("%s", (expected, names) => {
    for (const name of names.split(", ")) expect([name, licenceClass(name)]).toEqual([name, expected]);
  });
});

describe("reading datasets", () => {
  const facts: DatasetFacts = { name: "a", licences: ["MIT"], teachers: ["gpt-4"], carries: [] };
  it("takes rows, cards, lists and files of the Data Provenance Collection", () => {
    expect(datasetsIn({ name: "a", licenses: ["MIT"], modelGenerated: ["gpt-4"] })).toEqual([facts]);
    expect(datasetsIn([{ name: "a", license: "MIT", teachers: [{ model: "gpt-4" }] }])).toEqual([facts]);
    expect(
      datasetsIn({ name: "a", license: "MIT", teacher: "gpt-4", restrictions: [{ provider: "OpenAI" }] }),
    ).toEqual([{ ...facts, carries: ["OpenAI"] }]);
    const entry = {
      "Dataset Name": "A",
      Licenses: [{ License: "MIT", "License URL": null }],
      "Model Generated": ["gpt-4"],
    };
    expect(datasetsIn({ a: entry })).toEqual([facts]);
  });

  it("refuses what is none of these", () => {
    for (const wrong of [null, 3, "x", {}, { name: "a" }, [1]])
      expect(() => datasetsIn(wrong as never, "F")).toThrow(/F.*must be an object/);
  });
});

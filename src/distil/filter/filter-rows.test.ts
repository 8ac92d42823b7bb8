import { describe, expect, it } from "vitest";
import { helpDeskQuestions } from "../../../test/distil/texts.ts";
import { isKept, type Row } from "../row.ts";
import { filterRows } from "./filter-rows.ts";
import { rowOf } from "./filter-test.ts";

const CONTEXT = { test: [], metric: "exact", seed: 1 };

async function dropped(
  rows: readonly Row[],
  settings: Record<string, unknown> = {},
): Promise<(string | null)[]> {
  const judged = await filterRows(rows, settings, CONTEXT);
  return judged.map((row) => (isKept(row) ? null : row.verdicts.at(-1)!.filter));
}

describe("filterRows", () => {
  it("says of each row what every filter found, and why the last one dropped it", async () => {
    const rows = [
      rowOf("What is the capital of France?", "Paris."),
      rowOf("What is the capital of Peru?", "I'm sorry, but I can't assist with that."),
      rowOf("What is the capital of Chad?", "N'Dja", { finish: "length" }),
      rowOf("What is the capital of Mali?", " … "),
      rowOf("what is the capital of france", "paris"),
    ];
    expect(await dropped(rows)).toEqual([null, "refusal", "finish", "empty", "exact-duplicate"]);
    const [first, second, third] = await filterRows(rows, {}, CONTEXT);
    expect(first!.verdicts.length).toBeGreaterThan(4);
    expect(first!.verdicts.every(({ kept, because }) => kept && because === undefined)).toBe(true);
    expect(second!.verdicts.at(-1)!.because).toBe("a refusal: \"I'm sorry, but I can't assist with that.\"");
    expect(third!.verdicts).toEqual([
      {
        filter: "finish",
        kept: false,
        because: 'cut off at the length limit (finish length); it ends with "N\'Dja"',
      },
    ]);
  });

  it("turns filters off by name", async () => {
    const rows = [rowOf("Hello?", "I'm sorry, but I can't assist with that.")];
    expect(await dropped(rows, { refusal: false })).toEqual([null]);
    expect(await dropped(rows, { refusal: {} })).toEqual(["refusal"]);
  });

  it("leaves alone what was dropped before, and does not let it be anybody's original", async () => {
    const before = rowOf("Where is my parcel?", "On its way.", {
      verdicts: [{ filter: "outside", kept: false, because: "by hand" }],
    });
    const after = rowOf("Where is my parcel?", "On its way.");
    const judged = await filterRows([before, after], {}, CONTEXT);
    expect(judged[0]!.verdicts).toEqual(before.verdicts);
    expect(isKept(judged[1]!)).toBe(true);
  });

  it("lists what there is, for a name or an option that there is not", async () => {
    await expect(filterRows([], { refusals: true }, CONTEXT)).rejects.toThrow(
      /there is no refusals\. There is:\n {2}finish .*\n(?:.*\n)*.*near-duplicate/,
    );
    await expect(filterRows([], { "near-duplicate": { treshold: 0.5 } }, CONTEXT)).rejects.toThrow(
      /near-duplicate: .*treshold.*has the options threshold/,
    );
    await expect(filterRows([], { empty: 3 }, CONTEXT)).rejects.toMatchObject({ code: "config" });
    await expect(filterRows([], { "near-duplicate": { threshold: 2 } }, CONTEXT)).rejects.toThrow(
      /threshold/,
    );
  });

  it("keeps near-duplicates whose answers differ, and nearly all rows of a labelled set", async () => {
    const near = [
      rowOf(
        "How do I cancel the subscription that I took out with you last month?",
        "Open Settings, choose Plan, then Cancel.",
      ),
      rowOf(
        "How do I cancel a subscription that I took out with you last month, please?",
        "Open Settings, choose Plan and then Cancel.",
      ),
      rowOf(
        "How do I cancel the subscription I took out with you last month??",
        "Please write to us, and we shall end it for you the same day.",
      ),
    ];
    expect(await dropped(near)).toEqual([null, "near-duplicate", null]);
    const labels = ["refund", "delivery", "account", "complaint"];
    const rows = helpDeskQuestions(400, "labels").map((text, i) => rowOf(text, labels[i % 4]!));
    const kept = (await dropped(rows)).filter((filter) => filter === null).length;
    expect(kept).toBeGreaterThan(390);
  });

  it("tells samples of one prompt apart by their answers, and instructions by what they are", async () => {
    const samples = [
      "Autumn leaves fall down, a quiet wind moves the grass, the pond holds the moon.",
      "Snow on the mountain, one crow calls across the field, smoke above the roof.",
    ];
    const rows = [...samples, samples[0]!].map((answer, sample) =>
      rowOf("Write a haiku.", answer, { sample }),
    );
    expect(await dropped(rows)).toEqual([null, null, "exact-duplicate"]);
    const framed = ["Answer in English.", "Answer in French."].map((content) => {
      const row = rowOf("Say hello.", "Bonjour hello");
      return {
        ...row,
        prompt: {
          ...row.prompt,
          id: content,
          messages: [{ role: "system" as const, content }, ...row.prompt.messages],
        },
      };
    });
    expect(await dropped(framed)).toEqual([null, null]);
  });
});

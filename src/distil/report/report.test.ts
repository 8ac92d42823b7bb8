import { describe, expect, it } from "vitest";
import { datasetCard, studentCard } from "./card.ts";
import { escaped, reportHtml } from "./html.ts";
import { curvePicture } from "./picture.ts";
import type { Report } from "./report.ts";

/** Everything that people would try who want to be more than text. */
const EVIL = `</td></script><script>alert(1)</script>"'><img src=http://evil.example/x onerror=alert(1)>&lt;
# heading
| cell | [link](http://evil.example) ![](http://evil.example/pixel) \`code\` \`\`\` *b* _i_ -->`;

function report(text: string): Report {
  const scored = { value: 0.8, interval: [0.75, 0.85] as const, rows: 300 };
  const against = {
    comparison: "beats" as const,
    difference: 0.1,
    interval: [0.05, 0.15] as const,
    rowsNeeded: null,
  };
  const bill = { calls: 10, inputTokens: 100, outputTokens: 20, dollars: 0.01 };
  return {
    format: "stillwatch-distillation/1",
    name: "routing",
    teacher: { model: text, address: text, quality: scored },
    student: {
      trainer: text,
      parameters: 1234,
      quality: scored,
      undistilled: null,
      facts: { engine: text, list: [text] },
    },
    baseline: { what: text, quality: scored },
    agreement: scored,
    quality: {
      metric: "exact",
      rows: 300,
      margin: 0.02,
      ...against,
      comparison: "not enough data",
      rowsNeeded: 900,
      against: [{ what: "undistilled student", ...against }],
    },
    curve: [
      { rows: 50, dollars: 0.1, quality: 0.5, interval: [0.4, 0.6] },
      { rows: 100, dollars: 0.2, quality: 0.7, interval: [0.6, 0.8] },
    ],
    stopped: text,
    rows: {
      prompts: 100,
      answered: 90,
      failed: { [text]: 10 },
      kept: 80,
      dropped: { [text]: 10 },
      root: "ab".repeat(32),
    },
    cost: {
      collect: 0.01,
      upperBound: 0.02,
      train: 0,
      trainCpuSeconds: 3.25,
      perThousand: { teacher: 1, student: 0.001 },
      breakEven: 12_345,
    },
    spend: {
      spent: 0.01,
      upperBound: 0.02,
      budget: 5,
      unknown: 1,
      known: bill,
      bound: bill,
      limits: { dollars: 5, tokens: null, calls: null },
    },
    cascade: {
      threshold: 0.7,
      serves: 0.6,
      epsilon: 0.1,
      delta: 0.05,
      calibratedOn: 200,
      savedPerThousand: 0.5,
    },
    terms: {
      name: text,
      sha256: "cd".repeat(32),
      allowed: text,
      because: text,
      permit: text,
      purpose: "classifier",
      distribution: "internal",
      restrictions: [text],
    },
    examples: [{ input: text, reference: text, teacher: text, student: text }],
    droppedExamples: [{ filter: text, because: text, answer: text }],
    limits: [text],
  };
}

const plain = report("plain");
/** Tags of a page in their order, with their attributes. */
const tags = (html: string): string[] => html.match(/<[^>]*>/g) ?? [];

describe("reportHtml", () => {
  it("has the very same tags whatever the texts are", () => {
    expect(tags(reportHtml(report(EVIL)))).toEqual(tags(reportHtml(plain)));
    expect(tags(reportHtml(report("\u0000<!--")))).toEqual(tags(reportHtml(plain)));
  });

  it("refers to nothing outside of itself", () => {
    for (const html of [reportHtml(plain), reportHtml(report(EVIL))])
      for (const tag of tags(html)) {
        expect(tag).not.toMatch(/\s(?:src|href|srcset|action|data|xlink:href|on\w+)\s*=/i);
        expect(tag).not.toMatch(/^<(?:script|link|iframe|img|object|embed|base|form)\b/i);
        expect(tag).not.toMatch(/url\(|@import/i);
      }
    expect(reportHtml(plain)).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(reportHtml(plain)).not.toMatch(/https?:/);
  });

  it("shows every text that it was given", () => {
    const text = "a <b> & 'c'";
    const html = reportHtml(report(text));
    // Teacher and student, reasons, terms, the examples' four columns …
    expect(html.split(escaped(text)).length).toBeGreaterThan(15);
    expect(html).not.toContain(text);
  });

  it("says what was found in words and numbers", () => {
    const html = reportHtml(plain);
    for (const said of [
      "cannot yet be told from",
      "about 900 rows would decide",
      "80.0 % (75.0 to 85.0; 300 rows)",
      "after 12,345 questions",
      "disagreement with the teacher of at most 10 % with 95 % confidence",
      "3.3 CPU-seconds",
      "<polyline",
    ])
      expect(html).toContain(said);
    const none = reportHtml({
      ...plain,
      cascade: { ...plain.cascade!, threshold: null },
      cost: { ...plain.cost, breakEven: null },
      curve: [],
    });
    expect(none).toContain("the teacher answers everything");
    expect(none).toContain("never");
    expect(none).toContain("One round only");
  });
});

describe("curvePicture", () => {
  it("stays inside its frame, also where nothing changes", () => {
    const flat = [1, 2, 3].map((i) => ({
      rows: i * 10,
      dollars: 0,
      quality: 1,
      interval: [1, 1] as const,
    }));
    for (const curve of [plain.curve, flat]) {
      const svg = curvePicture(curve);
      expect(svg).not.toMatch(/NaN|Infinity/);
      for (const [, x, y] of svg.matchAll(/(\d+\.\d),(\d+\.\d)/g)) {
        expect(Number(x)).toBeLessThanOrEqual(640);
        expect(Number(y)).toBeLessThanOrEqual(260);
      }
    }
  });
});

describe.each([
  ["datasetCard", datasetCard],
  ["studentCard", studentCard],
])("%s", (name, card) => {
  const evil = card(report(EVIL));

  it("keeps hostile text on its line and plain", () => {
    const outside = evil.split("```json")[0]!;
    expect(outside).not.toMatch(/(?<!\\)<(?:script|img)/);
    expect(outside).not.toMatch(/(?<!\\)\]\(http/);
    expect(outside).not.toMatch(/^# heading/m);
    expect(outside.split("\n")).toHaveLength(card(plain).split("```json")[0]!.split("\n").length);
  });

  it("has as many fences and sections as the plain one", () => {
    for (const mark of [/^```/gm, /^#{1,2} /gm, /^---$/gm])
      expect(evil.match(mark)?.length).toBe(card(plain).match(mark)?.length);
  });

  it("carries the restrictions and the permit on", () => {
    const said = card({
      ...plain,
      terms: { ...plain.terms, permit: "permit_1", restrictions: ["No competing models"] },
    });
    expect(said).toContain("- No competing models");
    expect(said).toContain(String.raw`Permit: permit\_1`);
    expect(said).toContain("cd".repeat(32));
    expect(name === "studentCard" || said.includes("ab".repeat(32))).toBe(true);
  });
});

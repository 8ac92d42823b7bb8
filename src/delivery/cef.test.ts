import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cef, cefHeader, cefValue } from "./cef.ts";
import { messageOf, testMessage } from "./message.ts";
import type { AlarmNotice, CampaignNotice } from "./notice.ts";

const alarm: AlarmNotice = {
  kind: "alarm",
  id: "sw_1",
  leaf: 7,
  time: "2026-03-01T12:00:00.000Z",
  tier: "review",
  subject: { account: "acc_1" },
  account: "acc_1",
  p: 0.004,
  q: null,
  score: 3.2,
  modelBased: 0.0002,
  exchanges: 50,
  signals: [{ name: "breadth", value: 0.9, percentile: 99, because: "a=b | c\\d\nnext", evidence: ["ex_1"] }],
  against: [{ name: "declared", value: 1, percentile: null, because: "Known customer.", evidence: [] }],
  benignReading: "Could also be a benchmark.",
  calibration: "c1",
};
const campaign: CampaignNotice = {
  kind: "campaign",
  id: "sw_2",
  leaf: 8,
  time: "2026-03-01T12:00:00.000Z",
  tier: "bounded",
  was: null,
  campaign: "cmp_1",
  accountCount: 2,
  accounts: ["acc_1", "acc_2"],
  link: 0.001,
  harvest: 0.01,
  concealed: 1,
  because: ["same template"],
};

/** A reader of CEF of its own: seven header fields, then key=value with escapes. */
function parse(line: string): { header: string[]; extension: Map<string, string> } {
  const header: string[] = [];
  let at = 0;
  let field = "";
  for (; header.length < 7; at++) {
    expect(at).toBeLessThan(line.length);
    if (line[at] === "\\") field += line[++at];
    else if (line[at] === "|") {
      header.push(field);
      field = "";
    } else field += line[at];
  }
  const extension = new Map<string, string>();
  const keys = [...line.slice(at).matchAll(/(?:^| )([A-Za-z0-9]+)=/g)];
  for (const [i, key] of keys.entries()) {
    const raw = line.slice(at + key.index + key[0].length, keys[i + 1] && at + keys[i + 1]!.index);
    extension.set(
      key[1]!,
      raw.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c === "r" ? "\r" : c)),
    );
  }
  return { header, extension };
}

describe("cef", () => {
  it("says an alarm", () => {
    const { header, extension } = parse(cef(messageOf(alarm), "0.1.0", 8192));
    expect(header).toEqual([
      "CEF:0",
      "Stillwatch",
      "Stillwatch",
      "0.1.0",
      "alarm.review",
      "Account may be harvesting outputs",
      "6",
    ]);
    expect(Object.fromEntries(extension)).toMatchObject({
      rt: "1772366400000",
      externalId: "sw_1",
      suid: "acc_1",
      cfp1: "0.004",
      cfp1Label: "p",
      cs4: "a=b | c\\d\nnext",
      cs5: "ex_1",
      cfp4: "0.0002",
      cfp4Label: "modelBased",
      flexString1: "Known customer.",
    });
    expect(extension.has("cfp2")).toBe(false);
  });

  it("says whose key it is when the alarm is about a key", () => {
    const { extension } = parse(cef(messageOf({ ...alarm, subject: { key: "key_1" } }), "0.1.0", 8192));
    expect(extension.get("suid")).toBe("acc_1");
    expect(extension.get("cs1")).toBe("key key_1 of account acc_1");
    expect(extension.get("msg")).toContain("key key_1 of account acc_1 may be");
  });

  it("says a campaign and a test", () => {
    const raised = parse(cef(messageOf({ ...campaign, was: "review" }), "0.1.0", 8192));
    expect(raised.header.slice(4)).toEqual([
      "campaign.bounded",
      "Campaign: accounts may be one harvesting operation",
      "9",
    ]);
    expect(raised.extension.get("cs4")).toBe("review");
    const gone = parse(cef(messageOf({ ...campaign, tier: "none", was: "review" }), "0.1.0", 8192));
    expect(gone.header.slice(4)).toEqual(["campaign.withdrawn", "Campaign withdrawn", "0"]);
    expect(gone.extension.get("msg")).toMatch(/^withdrawn: campaign cmp_1 \(was review\)/);
    expect(parse(cef(messageOf(campaign), "0.1.0", 8192)).extension.get("cs3")).toBe("acc_1 acc_2");
    const test = parse(
      cef(
        testMessage(0, () => 0.5),
        "0.1.0",
        8192,
      ),
    );
    expect(test.header.slice(4)).toEqual(["test", "Test message", "0"]);
    expect(test.extension.get("msg")).toMatch(/^TEST/);
  });

  it("is read back whatever stands in it, on one line, and cut only between fields", () => {
    const text = fc.string({ unit: "binary" });
    const anything = fc.string({
      unit: fc.constantFrom("\\", "=", "|", "\n", "\r", " ", "a", "msg=", "é", "\u2028", "\0", "😀"),
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.oneof(text, anything), fc.integer({ min: 200, max: 3000 }), (said, room) => {
        const notice = { ...alarm, benignReading: said, subject: { account: said }, account: said };
        const line = cef(messageOf(notice), "0.1.0", room);
        expect(line).not.toMatch(/[\n\r\u2028\u2029\0]/);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(room);
        const { header, extension } = parse(line);
        expect(header[6]).toBe("6");
        // Control characters are flattened, everything else comes back; a space at an end belongs to the next key.
        // oxlint-disable-next-line no-control-regex
        const flat = said.replace(/[\0-\t\v\f\x0e-\x1f\x7f-\x9f\u2028\u2029]/g, " ");
        if (extension.has("suid")) expect(extension.get("suid")).toBe(flat);
      }),
    );
  });

  it("escapes by place", () => {
    expect(cefHeader("a|b\\c=d\ne")).toBe("a\\|b\\\\c=d e");
    expect(cefValue("a|b\\c=d\ne\rf")).toBe("a|b\\\\c\\=d\\ne\\rf");
  });
});

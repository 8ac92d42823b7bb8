import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../stats/random.ts";
import { Served, SERVED_BYTES } from "./served.ts";

const answered = (text: string) => ({ answers: [text], toolCalls: 0 });

describe("Served", () => {
  it("knows what was served, however a client re-wraps it, and after it was packed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 12, maxLength: 600 }), { minLength: 1, maxLength: 40 }),
        (texts) => {
          const served = new Served();
          for (const text of texts) served.remember(answered(text));
          const again = new Served(served.bytes());
          for (const text of texts) {
            expect(again.knows(text)).toBe(true);
            expect(again.knows(`  ${text.replaceAll(" ", "\n")} `)).toBe(true);
          }
        },
      ),
    );
    expect(new Served().bytes().length).toBe(SERVED_BYTES);
  });

  it("does not take a stranger's text for served, but for one in ten when it is full", () => {
    const random = seeded("served");
    const text = (): string => Array.from({ length: 20 }, () => random.uint32().toString(36)).join(" ");
    const served = new Served();
    served.remember(answered(text()));
    expect(Array.from({ length: 200 }, text).filter((t) => served.knows(t))).toEqual([]);
    for (let i = 0; i < 3000; i++) served.remember(answered(text()));
    const known = Array.from({ length: 1000 }, text).filter((t) => served.knows(t)).length;
    expect(known).toBeGreaterThan(0);
    expect(known).toBeLessThan(300);
  });

  it("believes everything while it knows no answer's text, and calls of tools only where one was made", () => {
    const blind = new Served();
    blind.remember({ answers: [], toolCalls: 0 });
    expect([blind.knows("anything"), blind.knows("")]).toEqual([true, true]);
    blind.remember(answered("Certainly, here is the answer."));
    expect([blind.knows("anything else entirely"), blind.knows("")]).toEqual([false, false]);
    blind.remember({ answers: [""], toolCalls: 1 });
    expect(blind.knows("")).toBe(true);
  });
});

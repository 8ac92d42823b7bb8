import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { repeatedName } from "./repeated-name.ts";

const find = (json: string, names = ["logprobs", "model"]): string | null =>
  repeatedName(Buffer.from(json), names);

describe("repeatedName", () => {
  it("finds a name that stands twice at the top, however it is spelled", () => {
    expect(find('{"logprobs":true,"logprobs":false}')).toBe("logprobs");
    expect(find('{"logprobs" : true, "x": [1], "l\\u006fgprobs":false}')).toBe("logprobs");
    expect(find('{"Logprobs":true,"logprobs":false}')).toBe("logprobs");
    expect(find('{"model":"a","messages":[{"content":"}"}],"model":"b"}')).toBe("model");
  });

  it("is not taken in by values, nested names or other names", () => {
    expect(
      find('{"model":"logprobs","user":"logprobs","x":{"model":1,"logprobs":2},"logprobs":1}'),
    ).toBeNull();
    expect(find('{"messages":[{"role":"user","content":"\\"model\\":1, \\\\"}],"model":"m"}')).toBeNull();
    expect(find('{"a":1,"a":2}')).toBeNull();
    expect(find("{}")).toBeNull();
  });

  it("says nothing about what JSON.stringify wrote, whatever it holds", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const names = Object.keys(body).map((name) => name.toLowerCase());
        const once = new Set(names).size === names.length;
        if (once) expect(find(JSON.stringify(body), names)).toBeNull();
      }),
    );
  });

  it("finds any name written twice", () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (name, others) => {
        const rest = JSON.stringify(others).slice(1, -1);
        const json = `{${JSON.stringify(name)}:1,${rest}${rest && ","}${JSON.stringify(name)}:{"x":"]"}}`;
        expect(find(json, [name.toLowerCase()])).toBe(name.toLowerCase());
      }),
    );
  });
});

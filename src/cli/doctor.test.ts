import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasEngine } from "../lm/engine.ts";
import { doctor } from "./doctor.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-doctor-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  readonly cure?: string;
}

/** Findings by what was checked, of a data folder that was never served. */
async function check(config?: object): Promise<{ code: number; findings: Record<string, Finding> }> {
  let said = "";
  const io = { out: (text: string) => void (said += text), err: (text: string) => void (said += text) };
  const argv = ["--data", join(folder, "data"), "--json"];
  if (config !== undefined) {
    const path = join(folder, "config.json");
    writeFileSync(path, JSON.stringify(config));
    argv.push("--config", path);
  }
  const code = await doctor.run(argv, io);
  const { findings } = JSON.parse(said) as { findings: Finding[] };
  return { code, findings: Object.fromEntries(findings.map((finding) => [finding.check, finding])) };
}

describe("stillwatch doctor", () => {
  it("needs no configuration: checks the built-in teacher and the engines that it does not need", async () => {
    const { code, findings } = await check();
    expect(code).toBe(0);
    expect(findings["upstream embedded"]).toMatchObject({ ok: true });
    expect(findings["upstream embedded"]!.found).toMatch(/^stillwatch-teacher, plain runtime/);
    for (const [name, use] of [
      ["onnxruntime-node", /trains models/],
      ["node-llama-cpp", /GGUF/],
    ] as const) {
      const { ok, found } = findings[`engine ${name}`]!;
      expect(ok).toBe(true);
      expect(found).toMatch(use);
      expect(found).toMatch(hasEngine(name) ? /^installed/ : /^not installed, not needed.*npm run engine/);
    }
  });

  it("says that an engine is missing which an upstream needs, and that a model is", async () => {
    const local = { name: "local", kind: "embedded", models: ["*"], model: join(folder, "none.gguf") };
    const { code, findings } = await check({ upstreams: [local] });
    expect(code).toBe(1);
    const installed = hasEngine("node-llama-cpp");
    expect(findings["engine node-llama-cpp"]).toMatchObject({ ok: installed });
    if (!installed)
      expect(findings["engine node-llama-cpp"]).toMatchObject({
        found: "not installed, needed by the upstream local",
        cure: expect.stringContaining("npm run engine llama"),
      });
    expect(findings["upstream local"]).toMatchObject({
      ok: false,
      found: expect.stringContaining("none.gguf"),
      cure: expect.stringContaining("upstreams.model"),
    });
    expect(findings["upstream embedded"]).toBe(undefined);
  });
});

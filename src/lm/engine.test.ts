import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hasEngine, loadEngine } from "./engine.ts";

it("says how to install an engine that is missing, and that one does not load", async () => {
  const folder = mkdtempSync(join(tmpdir(), "engine-"));
  try {
    const places = [join(folder, "package.json")];
    await expect(loadEngine("onnxruntime-node", places)).rejects.toMatchObject({
      code: "engine_missing",
      message: expect.stringContaining("npm run engine onnx"),
    });
    const broken = join(folder, "node_modules/node-llama-cpp");
    mkdirSync(broken, { recursive: true });
    writeFileSync(join(broken, "package.json"), '{"name":"node-llama-cpp","main":"main.cjs"}');
    writeFileSync(join(broken, "main.cjs"), 'throw new Error("no binary for this machine")');
    await expect(loadEngine("node-llama-cpp", places)).rejects.toMatchObject({
      code: "engine_failed",
      message: expect.stringContaining("no binary for this machine"),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("finds what it says it has", async () => {
  for (const name of ["onnxruntime-node", "node-llama-cpp"] as const) {
    if (hasEngine(name)) expect(await loadEngine(name)).toBeTypeOf("object");
    else await expect(loadEngine(name)).rejects.toMatchObject({ code: "engine_missing" });
  }
});

import { defineConfig } from "vitest/config";

/** Suites that take minutes: memory over many exchanges, long power-loss runs. */
export default defineConfig({
  test: { include: ["test/**/*.slow.test.ts"], testTimeout: 900_000, hookTimeout: 120_000 },
});

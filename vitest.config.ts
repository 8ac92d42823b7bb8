import { defineConfig } from "vitest/config";

// Unit tests share one module graph (isolate: false): none of them mocks modules or changes globals,
// and it makes the suite about ten times faster to start. Whole-loop tests start real servers and processes.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts"], isolate: false, testTimeout: 30_000 } },
      {
        test: {
          name: "loop",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.slow.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

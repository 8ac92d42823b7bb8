import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { LmError } from "./error.ts";

// The native engines are large, so a plain install does not bring them (`npm run engine -- onnx llama` does).

const COMMANDS = { "onnxruntime-node": "npm run engine onnx", "node-llama-cpp": "npm run engine llama" };
export type NativeEngine = keyof typeof COMMANDS;

/** Where an engine is looked for: among the dependencies, and where `npm run engine` puts it. */
const PLACES: readonly (string | URL)[] = [
  import.meta.url,
  new URL("../../engines/package.json", import.meta.url),
];

/**
 * The module of a native engine: the one that resolves from here, else from `engines/`.
 * Throws LmError "engine_missing" with the command that installs it, "engine_failed" when it is there but does not load.
 */
export async function loadEngine(name: NativeEngine, places = PLACES): Promise<unknown> {
  const path = engineEntry(name, places);
  if (path === null)
    throw new LmError(
      "engine_missing",
      `${name} is not installed; in a checkout, \`${COMMANDS[name]}\` adds it`,
    );
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw new LmError("engine_failed", `${name} does not load: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

export function hasEngine(name: NativeEngine): boolean {
  return engineEntry(name, PLACES) !== null;
}

function engineEntry(name: NativeEngine, places: readonly (string | URL)[]): string | null {
  for (const from of places) {
    try {
      return createRequire(from).resolve(name);
    } catch {
      continue;
    }
  }
  return null;
}

import { spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { DistilError } from "../../error.ts";

export interface Program {
  readonly command: readonly string[];
  readonly cwd: string;
  /** Everything it says goes here. */
  readonly log: string;
  readonly signal?: AbortSignal | undefined;
  /** A line that it wrote, for progress. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Written to its standard input. */
  readonly input?: string | undefined;
}

/** Last characters of the log that a failure shows. */
const SHOWN = 600;
/** Answers of a student that writes more than this are no answers. */
const MAX_OUT = 256 * 1024 * 1024;
/** A program that is told to stop gets this long to write what it has, ms. */
const GRACE_MS = 10_000;

/** Runs a program to its end, without a shell. Resolves to what it wrote to standard output; rejects with DistilError. */
export function runProgram({ command, cwd, log, signal, onLine, input }: Program): Promise<string> {
  const [file, ...args] = command;
  if (file === undefined) throw new DistilError("config", "the command is empty");
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const out = createWriteStream(log, { flags: "a" });
    const text: string[] = [];
    let size = 0;
    let tail = "";
    let rest = "";
    const hear = (chunk: string): void => {
      out.write(chunk);
      tail = (tail + chunk).slice(-SHOWN);
      // A chunk may end in the middle of a line.
      const lines = (rest + chunk).split(/[\r\n]+/);
      rest = (lines.pop() ?? "").slice(-SHOWN);
      for (const line of lines) if (line.trim() !== "") onLine?.(line);
    };
    const kill = (how: NodeJS.Signals): void => {
      // The whole group: trainers start workers of their own.
      try {
        if (child.pid !== undefined) process.kill(-child.pid, how);
      } catch {
        // It ended by itself a moment ago.
      }
    };
    let late: NodeJS.Timeout | undefined;
    const stop = (): void => {
      kill("SIGTERM");
      late = setTimeout(() => kill("SIGKILL"), GRACE_MS);
    };
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { once: true });
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      size += chunk.length;
      if (size <= MAX_OUT) text.push(chunk);
      hear(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", hear);
    // A program that does not read its input is no failure by itself.
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? "");
    const end = (): void => {
      clearTimeout(late);
      signal?.removeEventListener("abort", stop);
      out.end();
      if (rest.trim() !== "") onLine?.(rest);
    };
    child.once("error", (error) => {
      end();
      reject(new DistilError("student", `${file} cannot be started: ${error.message}`, { cause: error }));
    });
    child.once("close", (code, how) => {
      end();
      if (signal?.aborted === true) reject(new DistilError("interrupted", `${file} was stopped`));
      else if (code === 0) resolve(text.join(""));
      else
        reject(
          new DistilError("student", `${file} ended with ${code ?? how}; the end of ${log}:\n${tail.trim()}`),
        );
    });
  });
}

/** Ticks of a second in /proc: the same on every Linux that Node runs on (USER_HZ). */
const TICKS = 100;

/**
 * Seconds of processor time that programs used which this process started and which have ended, with those that they waited for (proc(5), `cutime`
 * and `cstime`); 0 where there is no /proc.
 */
export function childrenCpu(): number {
  try {
    // The second field is the program's name in brackets, and may hold anything.
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\)\s/s, "")
      .split(" ");
    return (Number(fields[13]) + Number(fields[14])) / TICKS;
  } catch {
    return 0;
  }
}

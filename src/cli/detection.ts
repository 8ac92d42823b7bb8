import { DetectError } from "../detect/error.ts";
import { ExchangeError } from "../exchange/error.ts";
import { UsageError, type Io } from "./arguments.ts";

/** Runs what reads traffic files: 0, or 2 when the input is wrong and 1 when its results cannot be written, told in words. */
export async function wrongInput(command: string, io: Io, work: () => Promise<void>): Promise<0 | 1 | 2> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof DetectError || error instanceof ExchangeError))
      throw error;
    io.err(`stillwatch ${command}: ${error.message}\n`);
    return error instanceof DetectError && error.code === "output" ? 1 : 2;
  }
}

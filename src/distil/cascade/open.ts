import { join } from "node:path";
import type { JsonObject } from "../../exchange/exchange.ts";
import { asObject } from "../../exchange/json.ts";
import { readReply } from "../collect/reply.ts";
import { TeacherFailure } from "../collect/teacher.ts";
import { DistilError } from "../error.ts";
import { scoreAnswer } from "../evaluate/score.ts";
import { openRun, readJson, STUDENT } from "../run/folder.ts";
import { permissionFor } from "../run/permission.ts";
import { openTeacher, trainerOf, type Surroundings } from "../run/workbench.ts";
import { Cascade } from "./cascade.ts";
import type { Calibrated } from "./calibrate.ts";

export interface OpenCascade {
  readonly cascade: Cascade;
  readonly name: string;
  readonly threshold: number | null;
  close(): Promise<void>;
}

/**
 * The cascade of a finished run. Each call of the teacher is allowed by the run's terms and permit, as the run's own calls were. Throws
 * DistilError "folder" when the run has no student or no calibration yet.
 */
export async function openCascade(
  path: string,
  around: Pick<Surroundings, "trainers" | "secret" | "now">,
  shadow: boolean,
): Promise<OpenCascade> {
  const run = openRun(path);
  const { recipe } = run;
  const calibrated = readJson(run, "cascade.json") as Calibrated | null;
  if (calibrated === null)
    throw new DistilError(
      "folder",
      `${path} has no calibrated cascade: give \`cascade: { epsilon: 0.1, delta: 0.05 }\` in distil.yaml and resume the run`,
    );
  // Before anything is opened: the name decides nothing where the teacher is embedded.
  const named = recipe.teacher.model ?? "stillwatch-teacher";
  const permission = permissionFor(recipe, path, named, around.now());
  const student = await trainerOf(run, around.trainers).open(join(path, STUDENT));
  const { teacher, model } = await openTeacher(run, around).catch(async (error: unknown) => {
    await student.close();
    throw error;
  });
  let asked = { exchanges: 0, outputTokens: 0 };
  const ask = async (request: JsonObject): Promise<{ text: string; usage: JsonObject | null }> => {
    const { stream: _, stream_options: __, ...plain } = request;
    const body = Buffer.from(JSON.stringify({ ...plain, model }));
    const headers = permission.authorize(
      body,
      asked,
      around.now(),
      outputCap(request, recipe.teacher.maxOutputTokens),
    );
    asked = { ...asked, exchanges: asked.exchanges + 1 };
    const limit = AbortSignal.timeout(recipe.teacher.timeoutMs);
    const got = await teacher.ask(body, headers, limit).catch((error: unknown) => {
      if (!(error instanceof TeacherFailure)) throw error;
      throw new DistilError("teacher", `the teacher at ${teacher.address}: ${error.message}`, {
        cause: error,
      });
    });
    const reply = readReply(got.status, got.body);
    if (reply.kind !== "answered")
      throw new DistilError("teacher", `the teacher at ${teacher.address}: ${reply.because}`);
    asked = { ...asked, outputTokens: asked.outputTokens + (reply.usage.output ?? 0) };
    const usage = asObject((JSON.parse(got.body.toString("utf8")) as JsonObject)["usage"]);
    return { text: reply.choices[0]?.answer ?? "", usage };
  };
  const { metric } = recipe.evaluation;
  const cascade = new Cascade({
    student,
    threshold: calibrated.threshold,
    shadow,
    wording: recipe.prompts,
    teacher: ask,
    agrees: (mine, theirs) => scoreAnswer(metric === "judge" ? "exact" : metric, mine, theirs),
  });
  return {
    cascade,
    name: recipe.name,
    threshold: calibrated.threshold,
    close: async () => {
      await student.close();
      await teacher.close();
    },
  };
}

/** What a caller's own request may cost of a permit that counts output tokens. */
function outputCap(request: JsonObject, otherwise: number): number {
  const cap = request["max_completion_tokens"] ?? request["max_tokens"];
  return typeof cap === "number" && cap > 0 ? cap : otherwise;
}

import { LmError } from "../error.ts";

/** Why a request gets no answer, in the API's own terms. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;
  /** The request's field. */
  readonly param: string | null;
  constructor(status: number, code: string, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }

  /** What is wrong with a request is the caller's to mend; anything else is this program's fault. */
  static of(error: unknown, fields: Readonly<Record<string, string>> = {}): Refusal {
    if (error instanceof Refusal) return error;
    // Without a field it is the model's own row that cannot be drawn from.
    const isCallers = error instanceof LmError && CALLERS.has(error.code);
    if (isCallers && !(error.code === "sampling" && error.param === null)) {
      const param = error.param === null ? null : (fields[error.param] ?? error.param);
      const code = error.code === "prompt" ? "invalid_prompt" : "invalid_value";
      return new Refusal(400, code, error.message, param);
    }
    return new Refusal(500, "model_failed", `the embedded model failed: ${(error as Error).message}`);
  }
}

const CALLERS = new Set<string>(["prompt", "sampling", "vocabulary"]);

/** The body of an error as OpenAI's API has it. */
export function openAiError({ status, code, message, param }: Refusal): string {
  const type = status < 500 ? "invalid_request_error" : "server_error";
  return JSON.stringify({ error: { message, type, param, code } });
}

/** The body of an error as Anthropic's API has it. */
export function anthropicError({ status, message }: Refusal): string {
  const type = status === 404 ? "not_found_error" : status < 500 ? "invalid_request_error" : "api_error";
  return JSON.stringify({ type: "error", error: { type, message } });
}

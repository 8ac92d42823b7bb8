import { askedByResponses } from "./asked.ts";
import { namedEvent, tokenEntry, type Piece, type Protocol, type Usage, type Writer } from "./protocol.ts";
import { openAiError } from "./refusal.ts";

/** `POST /v1/responses`: one text answer; nothing is stored. */
export const responses: Protocol = {
  asked: askedByResponses,
  error: openAiError,
  writer(asked, facts): Writer {
    const withLogprobs = asked.sampling.topLogprobs !== null;
    let sequence = 0;
    let text = "";
    const logprobs: unknown[] = [];
    let finish: Piece["finish"] = null;
    const event = (type: string, more: object): string =>
      namedEvent(type, { type, sequence_number: sequence++, ...more });
    const entries = (piece: Piece): unknown[] =>
      withLogprobs ? piece.tokens.map((drawn) => tokenEntry(drawn, facts)) : [];
    const item = `msg_${facts.id}`;
    const at = { item_id: item, output_index: 0, content_index: 0 };
    const part = (): object => ({ type: "output_text", text, annotations: [], logprobs });
    const message = (): object => ({
      id: item,
      type: "message",
      role: "assistant",
      status: finish === null ? "in_progress" : finish === "length" ? "incomplete" : "completed",
      content: finish === null ? [] : [part()],
    });
    const response = (usage: Usage | null): object => ({
      id: `resp_${facts.id}`,
      object: "response",
      created_at: facts.created,
      model: facts.model,
      status: finish === null ? "in_progress" : finish === "length" ? "incomplete" : "completed",
      error: null,
      incomplete_details: finish === "length" ? { reason: "max_output_tokens" } : null,
      output: finish === null ? [] : [message()],
      parallel_tool_calls: false,
      tool_choice: "none",
      tools: [],
      usage: usage && {
        input_tokens: usage.prompt,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: usage.completion,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: usage.prompt + usage.completion,
      },
    });
    return {
      begin: () =>
        event("response.created", { response: response(null) }) +
        event("response.in_progress", { response: response(null) }) +
        event("response.output_item.added", { output_index: 0, item: message() }) +
        event("response.content_part.added", { ...at, part: part() }),
      piece: (piece) => {
        text += piece.text;
        finish = piece.finish;
        const added = entries(piece);
        logprobs.push(...added);
        return piece.text === ""
          ? ""
          : event("response.output_text.delta", { ...at, delta: piece.text, logprobs: added });
      },
      end: (usage) =>
        event("response.output_text.done", { ...at, text, logprobs }) +
        event("response.content_part.done", { ...at, part: part() }) +
        event("response.output_item.done", { output_index: 0, item: message() }) +
        event(finish === "length" ? "response.incomplete" : "response.completed", {
          response: response(usage),
        }),
      whole: ([only], usage) => {
        text = only?.text ?? "";
        finish = only?.finish ?? "stop";
        logprobs.push(...(only === undefined ? [] : entries(only)));
        return JSON.stringify(response(usage));
      },
    };
  },
};

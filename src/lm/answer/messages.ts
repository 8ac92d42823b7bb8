import { askedByMessages } from "./asked.ts";
import { namedEvent, type Piece, type Protocol, type Writer } from "./protocol.ts";
import { anthropicError } from "./refusal.ts";

/** `POST /v1/messages` of Anthropic's API. */
export const messages: Protocol = {
  asked: askedByMessages,
  error: anthropicError,
  writer(_asked, facts): Writer {
    const event = (type: string, more: object): string => namedEvent(type, { type, ...more });
    const common = { id: `msg_${facts.id}`, type: "message", role: "assistant", model: facts.model };
    let last: Piece | null = null;
    return {
      begin: ({ prompt }) =>
        event("message_start", {
          message: {
            ...common,
            content: [],
            stop_reason: null,
            stop_sequence: null,
            usage: { input_tokens: prompt, output_tokens: 0 },
          },
        }) + event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      piece: (piece) => {
        last = piece;
        const delta = { type: "text_delta", text: piece.text };
        return piece.text === "" ? "" : event("content_block_delta", { index: 0, delta });
      },
      end: ({ completion }) =>
        event("content_block_stop", { index: 0 }) +
        event("message_delta", { delta: ending(last), usage: { output_tokens: completion } }) +
        event("message_stop", {}),
      whole: ([only], { prompt, completion }) =>
        JSON.stringify({
          ...common,
          content: [{ type: "text", text: only?.text ?? "" }],
          ...ending(only ?? null),
          usage: { input_tokens: prompt, output_tokens: completion },
        }),
    };
  },
};

function ending(piece: Piece | null): { stop_reason: string; stop_sequence: string | null } {
  const stopped = piece?.stoppedBy ?? null;
  if (stopped !== null) return { stop_reason: "stop_sequence", stop_sequence: stopped };
  return { stop_reason: piece?.finish === "length" ? "max_tokens" : "end_turn", stop_sequence: null };
}

import type { Turn } from "../chat.ts";
import { LmError } from "../error.ts";
import { fromLetters } from "../formats/byte-letters.ts";
import type { GgufHeader } from "../formats/gguf-header.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { printable, type ChatWrapper, type LlamaModel, type LlamaModule } from "./llama-engine.ts";

const NO_BYTES = new Uint8Array(0);
/** Token types of GGUF. */
const [UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE] = [2, 3, 4, 5, 6];

/** The tokenizer of a GGUF file. */
export function ggufTokenizer(model: LlamaModel, header: GgufHeader): Tokenizer {
  const { tokens, tokenTypes } = header;
  const special = new Map<string, number>();
  for (const [token, text] of tokens.entries()) if (tokenTypes?.[token] === CONTROL) special.set(text, token);
  return {
    size: tokens.length,
    special,
    encode: (text) => {
      const wellFormed = typeof text === "string" ? text.toWellFormed() : Buffer.from(text).toString("utf8");
      return model.tokenize(wellFormed, false);
    },
    bytes: (token) => {
      const text = tokens[token];
      if (text === undefined)
        throw new LmError("vocabulary", `the token ${token} is not one of 0..${tokens.length - 1}`);
      return tokenBytes(model, header, token, text);
    },
  };
}

/** As llama.cpp's `token_to_piece`; detokenizing one token by it would turn halves of characters into U+FFFD. */
function tokenBytes(
  model: LlamaModel,
  { tokenizer, tokenTypes }: GgufHeader,
  token: number,
  text: string,
): Uint8Array {
  const type = tokenTypes?.[token];
  if (type === CONTROL || type === UNKNOWN || type === UNUSED) return NO_BYTES;
  if (type === USER_DEFINED) return Buffer.from(text);
  if (type === BYTE) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1];
    if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
  }
  if (tokenizer === "gpt2") return fromLetters(text) ?? Buffer.from(text);
  if (tokenizer === "llama" || tokenizer === "t5") return Buffer.from(text.replaceAll("\u2581", " "));
  return Buffer.from(model.detokenize([token], false));
}

/**
 * The prompt of a dialogue by a Jinja template. What a turn says never becomes a special token, even where it spells one.
 * Throws LmError "unsupported" for a template that cannot be used; the prompt throws it where there is no template, and
 * "prompt" for turns that it refuses.
 */
export function ggufPrompt(
  module: LlamaModule,
  model: LlamaModel,
  template: string | null,
): (turns: readonly Turn[]) => number[] {
  if (template === null)
    return () => {
      throw new LmError(
        "unsupported",
        "this GGUF file has no chat template (tokenizer.chat_template): it completes texts, or needs a template given with it",
      );
    };
  const wrapper = usable(() => {
    const wrapper = new module.JinjaTemplateChatWrapper({
      template,
      tokenizer: model.tokenizer,
      // Two turns of a user stay two: a model was trained on what its template writes.
      joinAdjacentMessagesOfTheSameType: false,
    });
    promptBy(wrapper, model, [{ role: "user", text: "Hi" }]);
    return wrapper;
  });
  return (turns) => {
    if (turns.length === 0) throw new LmError("prompt", "a dialogue without turns has nothing to answer");
    try {
      return promptBy(wrapper, model, turns);
    } catch (error) {
      throw new LmError(
        "prompt",
        `the model's chat template refuses this dialogue: ${printable((error as Error).message)}`,
        { cause: error },
      );
    }
  };
}

function promptBy(wrapper: ChatWrapper, model: LlamaModel, turns: readonly Turn[]): number[] {
  const chatHistory = turns.map(({ role, text }) => {
    const said = text.toWellFormed();
    return role === "assistant" ? { type: "model", response: [said] } : { type: role, text: said };
  });
  const state = wrapper.generateContextState({
    chatHistory: [...chatHistory, { type: "model", response: [] }],
  });
  return state.contextText.tokenize(model.tokenizer, "trimLeadingSpace");
}

function usable<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw new LmError(
      "unsupported",
      `the model's chat template (tokenizer.chat_template) cannot be used: ${printable((error as Error).message)}`,
      { cause: error },
    );
  }
}

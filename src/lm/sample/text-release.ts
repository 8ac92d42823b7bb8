/** Text that can be given out, and how far into the answer's text it reaches, in UTF-16 units. */
export interface Released {
  readonly text: string;
  readonly end: number;
  /** The stop string that began at `end`, so that nothing follows; null while there was none. */
  readonly stoppedBy: string | null;
}

export interface TextRelease {
  /** Units of text decoded so far, released or not. */
  readonly decoded: number;
  push(bytes: Uint8Array): Released;
  /** What was held back, when no more comes. */
  finish(): Released;
}

/**
 * Turns the bytes of tokens into text that will not be taken back: an incomplete character and what may be the beginning
 * of a stop string wait. All that is released, put together, is the UTF-8 text of all bytes (what is no UTF-8 becomes
 * U+FFFD) up to the first stop string.
 */
export function textRelease(stops: readonly string[]): TextRelease {
  // Text never holds a lone surrogate, so neither may what is looked for in it.
  const wanted = stops.map((stop) => stop.toWellFormed());
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let waiting = "";
  let decoded = 0;
  let released = 0;

  const take = (more: string, last: boolean): Released => {
    waiting += more;
    decoded += more.length;
    const stop = firstStop(waiting, wanted);
    const length = stop?.at ?? (last ? waiting.length : waiting.length - mayBegin(waiting, wanted));
    const text = waiting.slice(0, length);
    waiting = waiting.slice(length);
    released += length;
    return { text, end: released, stoppedBy: stop?.text ?? null };
  };

  return {
    get decoded() {
      return decoded;
    },
    push: (bytes) => take(decoder.decode(bytes, { stream: true }), false),
    finish: () => take(decoder.decode(), true),
  };
}

function firstStop(
  text: string,
  stops: readonly string[],
): { readonly at: number; readonly text: string } | null {
  const found = stops.map((stop) => ({ at: text.indexOf(stop), text: stop })).filter(({ at }) => at >= 0);
  return found.sort((a, b) => a.at - b.at)[0] ?? null;
}

/** Length of the longest end of `text` that some stop string begins with. */
function mayBegin(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops)
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--)
      if (text.endsWith(stop.slice(0, length))) longest = length;
  return longest;
}

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
 * U+FFFD) up to the first stop string, of which none may be empty; after it nothing is given out any more.
 */
export function textRelease(stops: readonly string[]): TextRelease {
  // Text never holds a lone surrogate, so neither may what is looked for in it.
  const searches = stops.map((stop) => search(stop.toWellFormed()));
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let waiting = "";
  let decoded = 0;
  let released = 0;
  let stoppedBy: string | null = null;

  const take = (more: string, last: boolean): Released => {
    if (stoppedBy !== null) return { text: "", end: released, stoppedBy };
    waiting += more;
    let stop = Infinity;
    let mayBegin = 0;
    for (const { text, read } of searches) {
      const { found, begun } = read(more);
      // Places in all of the text; of stops that begin together the first of the list counts.
      if (found !== null && decoded + found < stop) {
        stop = decoded + found;
        stoppedBy = text;
      }
      mayBegin = Math.max(mayBegin, begun);
    }
    decoded += more.length;
    const length = stoppedBy !== null ? stop - released : last ? waiting.length : waiting.length - mayBegin;
    const text = waiting.slice(0, length);
    waiting = waiting.slice(length);
    released += length;
    return { text, end: released, stoppedBy };
  };

  return {
    get decoded() {
      return decoded;
    },
    push: (bytes) => take(decoder.decode(bytes, { stream: true }), false),
    finish: () => take(decoder.decode(), true),
  };
}

interface Search {
  readonly text: string;
  /**
   * Reads on: where in `more` the text was first found to begin (negative: before it), or null; and how many units at the
   * end of all that was read it may begin with.
   */
  readonly read: (more: string) => { readonly found: number | null; readonly begun: number };
}

/** Looks for a text in one that comes in parts, in constant time a unit (Knuth, Morris and Pratt 1977). */
function search(text: string): Search {
  // For each length of a beginning of the text: that of the longest shorter beginning with which it ends.
  const shorter = new Int32Array(text.length + 1);
  const longer = (begun: number, unit: number): number => {
    while (begun > 0 && text.charCodeAt(begun) !== unit) begun = shorter[begun] as number;
    return text.charCodeAt(begun) === unit ? begun + 1 : 0;
  };
  for (let i = 1; i < text.length; i++) shorter[i + 1] = longer(shorter[i] as number, text.charCodeAt(i));
  let begun = 0;
  return {
    text,
    read: (more) => {
      for (let i = 0; i < more.length; i++) {
        begun = longer(begun, more.charCodeAt(i));
        if (begun === text.length) return { found: i + 1 - text.length, begun };
      }
      return { found: null, begun };
    },
  };
}

import type { Corpus, CorpusIndex } from "./corpus-index.ts";
import { Segments } from "./gather.ts";
import { readPrompts } from "./prompts.ts";

export interface Matched {
  readonly prompts: number;
  /** Different ones of six words or more. */
  readonly segments: number;
  /** What of them is known, by corpus, the most first. */
  readonly corpora: readonly { readonly name: string; readonly role: string; readonly segments: number }[];
}

/** How much of the prompts of files an index knows, and from where. */
export async function match(
  index: CorpusIndex,
  files: readonly string[],
  onBad: (file: string, line: number, message: string) => void,
): Promise<Matched> {
  const cut = new Segments();
  const seen = new Set<string>();
  const known = new Map<Corpus, number>();
  let prompts = 0;
  for (const file of files)
    for await (const prompt of readPrompts(file, { onBad: (line, message) => onBad(file, line, message) })) {
      prompts++;
      cut.of(prompt, (high, low) => {
        const key = `${high},${low}`;
        if (seen.has(key)) return;
        seen.add(key);
        const corpus = index.corpusOf(high, low);
        if (corpus) known.set(corpus, (known.get(corpus) ?? 0) + 1);
      });
    }
  const corpora = [...known]
    .map(([{ name, role }, segments]) => ({ name, role, segments }))
    .sort((a, b) => b.segments - a.segments);
  return { prompts, segments: seen.size, corpora };
}

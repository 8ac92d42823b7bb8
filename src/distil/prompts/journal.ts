import { conversation } from "../../exchange/conversation.ts";
import type { MasterKeys } from "../../ledger/keyring.ts";
import { readLeaves } from "../../ledger/read.ts";
import { exchangeOf } from "../../ledger/view.ts";
import type { Example } from "./example.ts";

export interface JournalFilter {
  readonly account?: string | undefined;
  readonly model?: string | undefined;
  /** ISO 8601; exchanges that ended from then on, and before then. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Prompts that were really asked, from a data folder of Stillwatch. Works beside a running server. */
export async function* fromJournal(
  dataDir: string,
  masters: MasterKeys,
  filter: JournalFilter,
): AsyncGenerator<Example> {
  for await (const { leaf, opened } of readLeaves(dataDir, masters)) {
    if (opened.kind !== "exchange" || opened.parameters.status !== 200) continue;
    const { account } = opened.who;
    const { model, time } = opened.parameters;
    if (filter.account !== undefined && account !== filter.account) continue;
    if (filter.model !== undefined && model !== filter.model) continue;
    if (filter.since !== undefined && Date.parse(time) < Date.parse(filter.since)) continue;
    if (filter.until !== undefined && Date.parse(time) >= Date.parse(filter.until)) continue;
    const { turns } = conversation(exchangeOf(opened));
    const last = turns.at(-1);
    if (last?.role !== "user" || last.text.trim() === "") continue;
    const before = turns
      .slice(0, -1)
      .flatMap(({ role, text }) => (role === "tool" ? [] : [{ role, content: text }]));
    yield { before, input: last.text, reference: null, line: leaf };
  }
}

import type { Json } from "../exchange/exchange.ts";
import { malformed, optional, required } from "../exchange/fields.ts";
import { type ReadOptions, readRecords } from "../exchange/traffic.ts";
import { DetectError } from "./error.ts";

/** What somebody who knows an account says that it is. One line of a labels file. */
export interface Label {
  readonly account: string;
  readonly harvests: boolean;
  /** Application or family of harvest: accounts that do the same for the same reason. */
  readonly kind: string;
}

/**
 * The labels of a JSONL file (plain, .gz or .zst), by account:
 *
 *     {"account":"acc_…","harvests":true,"kind":"self-instruct generator"}
 *
 * Without `kind` an account is a kind of its own. A malformed line, also one that contradicts an earlier one, is skipped and told
 * to `onBad`; with `strict` it throws ExchangeError `malformed`. Throws DetectError `too_few` when no line is a label.
 */
export async function readLabels(path: string, options: ReadOptions = {}): Promise<Map<string, Label>> {
  const labels = new Map<string, Label>();
  const parse = (json: Json): Label => {
    const label = parseLabel(json);
    const before = labels.get(label.account);
    if (before && (before.harvests !== label.harvests || before.kind !== label.kind))
      throw malformed("account", label.account, "labelled once, or every time the same");
    return label;
  };
  let bad = 0;
  const onBad = (line: number, message: string): void => {
    bad++;
    options.onBad?.(line, message);
  };
  for await (const label of readRecords(path, parse, { ...options, onBad })) labels.set(label.account, label);
  if (labels.size === 0) {
    throw new DetectError(
      "too_few",
      `${path}: ${bad === 0 ? "holds no labels" : `none of its ${bad} lines is a label`}; ` +
        'a line looks like {"account":"acc_1","harvests":false,"kind":"support bot"}',
    );
  }
  return labels;
}

function parseLabel(json: Json): Label {
  const line = required(json, "", "object");
  const account = required(line["account"], "account", "id");
  return {
    account,
    harvests: required(line["harvests"], "harvests", "flag"),
    kind: optional(line, "kind", "id") ?? account,
  };
}

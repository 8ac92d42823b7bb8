import { allBaselines } from "../baselines/all.ts";
import { reasonsScore, SHARES, type Values } from "../../src/detect/score.ts";
import { surprise } from "../../src/detect/tail.ts";
import { train } from "../../src/detect/train.ts";
import { builtInWeights, type Scope, type Weights } from "../../src/detect/weights.ts";
import { exampleOf, type Measured, type MeasuredLook, scoreOf } from "./measured.ts";
import type { RivalScores } from "./rivals.ts";
import { foldOfLineage, teaches } from "./subjects.ts";

/** A way to judge accounts: its scores of every account, look by look. */
export interface Method {
  readonly name: string;
  readonly ours: boolean;
  curve(account: Measured): readonly number[];
}

export const HELD_OUT = "stillwatch, held out";
export const SHIPPED = "stillwatch, as shipped";
export const LABEL_FREE = "stillwatch, no labels";

/** Weights taught on the other folds; the weights that ship, which saw the world and no corpus; their label-free half alone. */
export function ourMethods(accounts: readonly Measured[], folds: number): Method[] {
  const held = Array.from({ length: folds }, (_, fold) => weightsWithout(accounts, fold));
  const shipped = builtInWeights();
  return [
    method(HELD_OUT, accounts, (look, { subject }) => scoreOf(look, held[subject.fold] as Weights)),
    method(SHIPPED, accounts, (look) => scoreOf(look, shipped)),
    method(LABEL_FREE, accounts, (look) => labelFree(look, shipped)),
  ];
}

/** The baselines, each with its score at the end of an account and with its highest at any look. */
export function rivalMethods(scores: ReadonlyMap<string, RivalScores>): { name: string; ways: Method[] }[] {
  return allBaselines().map(({ name }) => {
    const of = ({ subject }: Measured): readonly number[] =>
      scores.get(subject.citizen.account.account)?.get(name) ?? [];
    return {
      name,
      ways: [
        { name, ours: false, curve: (account) => of(account).slice(-1) },
        { name: `${name} (highest)`, ours: false, curve: of },
      ],
    };
  });
}

/** What an account is judged by. Too short to be looked at counts as least suspicious. */
export function highest(curve: readonly number[]): number {
  return curve.length === 0 ? -1e9 : Math.max(...curve);
}

// As the weights that ship are taught: open and half-covered harvests (scripts/build-weights.ts).
function weightsWithout(accounts: readonly Measured[], fold: number): Weights {
  const folds = foldOfLineage(accounts.map(({ subject }) => subject));
  const taught = accounts.filter(
    ({ subject }) => subject.citizen.evasion < 2 && teaches(subject, fold, folds),
  );
  return train(taught.map(exampleOf), { source: `bench: all but fold ${fold}`, codeVersion: "bench" });
}

function labelFree({ whole, parts }: MeasuredLook, { tails }: Weights): number {
  const one = (values: Values, scope: Scope): number =>
    surprise(tails[scope].reasons, reasonsScore(values)) + Math.log10(SHARES[scope].reasons);
  return Math.max(0, one(whole, "whole"), ...parts.map((values) => one(values, "part")));
}

function method(
  name: string,
  accounts: readonly Measured[],
  scoreOfLook: (look: MeasuredLook, account: Measured) => number,
): Method {
  const curves = new Map(accounts.map((a) => [a, a.looks.map((look) => scoreOfLook(look, a))]));
  return { name, ours: true, curve: (account) => curves.get(account) ?? [] };
}

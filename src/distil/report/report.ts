import type { Bill } from "../collect/bill.ts";
import type { Limits } from "../collect/budget.ts";

/** `report.json`: what a run found, each number with its interval and what it rests on. Made again from the run's folder at any time. */
export interface Report {
  readonly format: "stillwatch-distillation/1";
  readonly name: string;
  readonly teacher: {
    readonly model: string;
    readonly address: string;
    /** Against the references of the test set; null without references. */
    readonly quality: Scored | null;
  };
  readonly student: {
    readonly trainer: string;
    readonly parameters: number | null;
    readonly quality: Scored | null;
    /** The same student before it learned from the teacher; null where its trainer cannot give one. */
    readonly undistilled: Scored | null;
    readonly facts: Readonly<Record<string, unknown>>;
  };
  /** What needs no model: the most frequent answer. */
  readonly baseline: { readonly what: string; readonly quality: Scored | null };
  /** Share of test prompts on which the student answers as the teacher does. */
  readonly agreement: Scored;
  readonly quality: {
    readonly metric: string;
    /** Rows of the test set. */
    readonly rows: number;
    /** Differences below this are called equal. */
    readonly margin: number;
    /** The student against the teacher, against itself undistilled, and against the baseline. */
    readonly comparison: Outcome;
    readonly difference: number;
    readonly interval: readonly [number, number];
    /** Test rows that would probably decide; null when it is decided. */
    readonly rowsNeeded: number | null;
    readonly against: readonly (Against & { readonly what: "undistilled student" | "baseline" })[];
  };
  /** Quality on held-back rows by rows learned from and money spent. */
  readonly curve: readonly {
    readonly rows: number;
    readonly dollars: number;
    readonly quality: number;
    readonly interval: readonly [number, number];
  }[];
  /** Why collecting ended, in words. */
  readonly stopped: string;
  readonly rows: {
    readonly prompts: number;
    readonly answered: number;
    /** Prompts without an answer, by reason. */
    readonly failed: Readonly<Record<string, number>>;
    readonly kept: number;
    readonly dropped: Readonly<Record<string, number>>;
    /** Merkle root of the dataset's contents, hexadecimal. */
    readonly root: string;
  };
  readonly cost: {
    /** US dollars: bills that are known, and what they cannot be above. */
    readonly collect: number;
    readonly upperBound: number;
    readonly train: number;
    readonly trainCpuSeconds: number;
    readonly perThousand: { readonly teacher: number; readonly student: number };
    /** Questions after which the student has earned what it cost; null when it never does. */
    readonly breakEven: number | null;
  };
  readonly spend: Spend;
  readonly cascade: CascadeReport | null;
  readonly terms: {
    readonly name: string;
    readonly sha256: string;
    readonly allowed: string;
    readonly because: string;
    readonly permit: string | null;
    readonly purpose: string;
    readonly distribution: string;
    /** What the dataset and the student must carry on. */
    readonly restrictions: readonly string[];
  };
  readonly examples: readonly {
    readonly input: string;
    readonly reference: string | null;
    readonly teacher: string;
    readonly student: string;
  }[];
  readonly droppedExamples: readonly {
    readonly filter: string;
    readonly because: string;
    readonly answer: string;
  }[];
  /** What these numbers do not say. */
  readonly limits: readonly string[];
}

export type Outcome = "beats" | "equal" | "worse" | "not enough data";

/** A mean over test rows with its 95 % interval. */
export interface Scored {
  readonly value: number;
  readonly interval: readonly [number, number];
  readonly rows: number;
}

export interface Against {
  readonly comparison: Outcome;
  readonly difference: number;
  readonly interval: readonly [number, number];
  readonly rowsNeeded: number | null;
}

export interface CascadeReport {
  /** The student answers where its confidence is at least this; null: no threshold keeps the bound, the teacher answers everything. */
  readonly threshold: number | null;
  /** Share of traffic that the student serves. */
  readonly serves: number;
  /** Disagreement with the teacher where the student serves: at most this with confidence 1 - delta, for exchangeable traffic. */
  readonly epsilon: number;
  readonly delta: number;
  readonly calibratedOn: number;
  /** US dollars saved in a thousand questions. */
  readonly savedPerThousand: number;
}

/** `spend.json`. */
export interface Spend {
  /** US dollars, as all here; `upperBound` is never below the true bill. */
  readonly spent: number;
  readonly upperBound: number;
  readonly budget: number | null;
  /** Calls whose outcome nobody knows: each counted at its worst. */
  readonly unknown: number;
  readonly known: Bill;
  readonly bound: Bill;
  readonly limits: Limits;
}

import type { Message } from "../prompt.ts";
import type { TopTokens } from "../row.ts";

/** What a student learns from: a prompt, and the teacher's answer to it. */
export interface Lesson {
  readonly id: string;
  readonly messages: readonly Message[];
  /** What changes from prompt to prompt (`Prompt.input`). */
  readonly input: string;
  readonly answer: string;
  /** Probability of each answer where the teacher's are known, for students that choose among labels. */
  readonly soft?: Readonly<Record<string, number>> | undefined;
  readonly logprobs?: readonly TopTokens[] | null | undefined;
}

export interface TrainingJob {
  readonly lessons: readonly Lesson[];
  /** Held back from the lessons, for early stopping; may be empty. */
  readonly validation: readonly Lesson[];
  /** Where the student is written; made when missing. Nothing half-written is left under its final name. */
  readonly folder: string;
  /** The trainer's own settings, unchecked: `train` says what is wrong with them. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seed: number;
}

export interface TrainingContext {
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Ends the training; it rejects with DistilError "interrupted" and goes on from where it was at the next call, where it can. */
  readonly signal?: AbortSignal | undefined;
}

export interface TrainingProgress {
  /** 0 to 1. */
  readonly done: number;
  readonly loss: number | null;
  readonly secondsLeft: number | null;
  readonly message?: string | undefined;
}

export interface TrainingResult {
  readonly cpuSeconds: number;
  /** What an outside trainer charged, US dollars; 0 for our own. */
  readonly dollars: number;
  /** Parameters of the student, where known. */
  readonly parameters: number | null;
  /** What a card should say: settings used, sizes, files. JSON. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface StudentAnswer {
  readonly text: string;
  /** 0 to 1, higher is surer; only its order is used (the cascade calibrates it). */
  readonly confidence: number;
  /** Probability of each label, for students that choose among labels. */
  readonly labels?: Readonly<Record<string, number>> | undefined;
}

/** A model that answers in the teacher's place. */
export interface Student {
  readonly name: string;
  /** In the order of the questions. */
  answer(
    questions: readonly { readonly messages: readonly Message[]; readonly input: string }[],
    signal?: AbortSignal,
  ): Promise<readonly StudentAnswer[]>;
  close(): Promise<void>;
}

/**
 * Makes students. One interface for our own students, hosted fine-tuning and outside programs;
 * `conformance.test.ts` holds every implementation to it.
 */
export interface Trainer {
  readonly name: string;
  /** Throws DistilError "config" naming every setting that is wrong: asked before the teacher is paid for anything. */
  check(settings: Readonly<Record<string, unknown>>): void;
  /** Throws DistilError "dataset" or "student" before anything is spent where the job cannot be done. */
  train(job: TrainingJob, context: TrainingContext): Promise<TrainingResult>;
  /** The student before it learned anything from the teacher, for comparison; null where the trainer cannot give one. */
  undistilled(job: TrainingJob): Promise<Student | null>;
  /** A trained student from its folder. Throws DistilError "student". */
  open(folder: string): Promise<Student>;
}

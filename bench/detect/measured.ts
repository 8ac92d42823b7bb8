import { CourseRecorder } from "../../src/detect/course.ts";
import { judged } from "../../src/detect/detector.ts";
import { Reader } from "../../src/detect/reading.ts";
import { type Values, score } from "../../src/detect/score.ts";
import { type Example, untrained } from "../../src/detect/train.ts";
import type { Weights } from "../../src/detect/weights.ts";
import { conversation } from "../../src/exchange/conversation.ts";
import type { Subject } from "./subjects.ts";

/** The signals of an account at a look. They do not depend on weights, so they are measured once for all folds. */
export interface MeasuredLook {
  /** Exchanges of the account so far, and how many of them were a harvest's. */
  readonly exchanges: number;
  readonly pairs: number;
  readonly whole: Values;
  readonly parts: readonly Values[];
}

export interface Measured {
  readonly subject: Subject;
  readonly looks: readonly MeasuredLook[];
  readonly exchanges: number;
}

export function measureAll(subjects: readonly Subject[]): Measured[] {
  const reader = new Reader();
  return subjects.map((subject) => measuredOf(subject, reader));
}

function measuredOf(subject: Subject, reader: Reader): Measured {
  const looks: MeasuredLook[] = [];
  let exchanges = 0;
  let pairs = 0;
  const course = new CourseRecorder(untrained, subject.citizen.account, ({ whole, parts }) =>
    looks.push({ exchanges, pairs, whole, parts: parts.map(({ values }) => values) }),
  );
  for (const { exchange, harvest } of subject.citizen.acts(subject.length)) {
    exchanges++;
    if (harvest) pairs++;
    if (judged(exchange)) course.observe(course.trajectory.read(reader, conversation(exchange)), exchange);
  }
  return { subject, looks, exchanges };
}

/** As the trajectory scores a look: the highest of the whole account and its sub-streams. */
export function scoreOf({ whole, parts }: MeasuredLook, weights: Weights): number {
  let highest = score(whole, "whole", weights);
  for (const part of parts) highest = Math.max(highest, score(part, "part", weights));
  return highest;
}

export function exampleOf({ subject, looks }: Measured): Example {
  return { harvests: subject.citizen.harvests, kind: subject.name, looks };
}

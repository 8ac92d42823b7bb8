import { framesOf, listSegments, loadSegment, segmentPath } from "./segment.ts";
import { LedgerError } from "./error.ts";

/** What one segment holds, as far as it can be read. */
export interface SegmentReport {
  readonly path: string;
  readonly bytes: number;
  readonly sealed: boolean;
  readonly firstLeaf: number;
  readonly firstRecord: number;
  /** Last record that can be read. */
  readonly lastRecord: number;
  readonly damage: string | null;
}

export function describeSegments(dataDir: string): SegmentReport[] {
  const segments = listSegments(dataDir);
  return segments.map((first, i) => describeSegment(dataDir, first, i === segments.length - 1));
}

function describeSegment(dataDir: string, firstRecord: number, last: boolean): SegmentReport {
  const path = segmentPath(dataDir, firstRecord);
  try {
    const segment = loadSegment(dataDir, firstRecord);
    const { sealed, firstLeaf } = segment.header;
    let lastRecord = firstRecord - 1;
    const frames = framesOf(segment, { last });
    for (let step = frames.next(); ; step = frames.next()) {
      if (step.done) {
        const damage = step.value && `byte ${step.value.offset}: ${step.value.why}`;
        return { path, bytes: segment.data.length, sealed, firstLeaf, firstRecord, lastRecord, damage };
      }
      lastRecord = step.value.record;
    }
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return {
      path,
      bytes: 0,
      sealed: false,
      firstLeaf: 0,
      firstRecord,
      lastRecord: firstRecord - 1,
      damage: error.message,
    };
  }
}

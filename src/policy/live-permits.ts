import { hash } from "node:crypto";
import { parseVkey, type NoteVerifier } from "../ledger/note.ts";
import type { Refusal } from "./gate.ts";
import { PermitCounts, type Taken } from "./permit-counts.ts";
import { verifyPermit, type Amount, type PermitProblem } from "./permit.ts";
import type { Permits, StoredPermit } from "./permits.ts";

/** A permit as a request presents it. */
export interface Presented {
  readonly id: string;
  /** The value of the proof header; null when there is none. */
  readonly proof: string | null;
  /** The body as it was received. */
  readonly body: Uint8Array;
}

/** What is asked under it. */
export interface Covered {
  readonly account: string;
  readonly model: string | null;
  /** Cap on output tokens; null when the request sets none, 0 for what has no output. */
  readonly maxOutputTokens: number | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Grant extends Taken {
  readonly id: string;
}

/**
 * The permits issued here, as the gate asks them: looked up once and held in memory until the control database changes, counted down on disk
 * ahead of serving.
 */
export class LivePermits {
  readonly #permits: Permits;
  readonly #issuers: readonly NoteVerifier[];
  readonly #counts: PermitCounts;
  readonly #found = new Map<string, Held>();

  /** `issuers`: the ledger's own keys; only what they signed counts, whatever the database holds. */
  constructor(permits: Permits, issuers: readonly NoteVerifier[]) {
    this.#permits = permits;
    this.#issuers = issuers;
    this.#counts = new PermitCounts(permits);
  }

  /** Takes room for one exchange under the permit, or says why not. Throws when the database cannot be read or written. */
  take({ id, proof, body }: Presented, { account, model, maxOutputTokens, at }: Covered): Grant | Refusal {
    const held = this.#find(id);
    // One answer for what is not there and what is another's: nobody learns of permits that are not theirs.
    if (!held || held.stored.permit.account !== account)
      return refuse(
        id,
        "unknown-permit",
        "it was not given to this account here; check its id and which gateway and key you use",
      );
    const { stored, holder } = held;
    const { permit, revokedAt } = stored;
    const wants: Amount = { exchanges: 1, outputTokens: maxOutputTokens ?? 0 };
    const verdict = verifyPermit(permit, {
      issuerKeys: held.isSigned ? null : this.#issuers,
      now: at,
      model,
      used: this.#counts.usedOf(stored),
      wants,
      revokedAt,
      proof: { text: proof, bodySha256: hash("sha256", body, "hex"), holder },
    });
    if (!verdict.ok) return refuse(id, verdict.code, verdict.message);
    if (permit.volume.outputTokens !== null && maxOutputTokens === null)
      return refuse(
        id,
        "no-output-cap",
        "it counts output tokens; set a cap on them in the request (max_completion_tokens, max_tokens or max_output_tokens)",
      );
    return { id, ...this.#counts.take(stored, wants) };
  }

  /** The control database has changed: permits are looked up again. What was counted stays. */
  forget(): void {
    this.#found.clear();
  }

  flush(): void {
    this.#counts.flush();
  }

  /** For a stop, when nothing is under way any more. */
  release(): void {
    this.#counts.release();
    this.forget();
  }

  #find(id: string): Held | null {
    const found = this.#found.get(id);
    if (found) return found;
    const stored = FORM.test(id) ? this.#permits.find(id) : null;
    if (!stored) return null;
    const { permit } = stored;
    // Signatures cost ten times everything else here, so this one is looked at once; when it is bad each request learns why.
    const isSigned = verifyPermit(permit, {
      issuerKeys: this.#issuers,
      now: Date.parse(permit.notBefore),
    }).ok;
    const held = { stored, isSigned, holder: parseVkey(permit.holder) };
    this.#found.set(id, held);
    return held;
  }
}

/** A permit with what need not be found out at every request. */
interface Held {
  readonly stored: StoredPermit;
  /** By a key of ours, over exactly these contents. */
  readonly isSigned: boolean;
  readonly holder: NoteVerifier;
}

const FORM = /^permit_[0-9A-Z]{26}$/;

function refuse(id: string, permit: PermitProblem, why: string): Refusal {
  const named = FORM.test(id) ? id : "that the request names";
  return {
    allow: false,
    code: "permit_required",
    permit,
    message: `The permit ${named} is refused (${permit}): ${why}.`,
  };
}

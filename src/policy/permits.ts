import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { JsonObject } from "../exchange/exchange.ts";
import { transaction } from "./database.ts";
import { PolicyError } from "./error.ts";
import { issuePermit, leftOf } from "./permit.ts";
import type { Amount, Issuer, NewPermit, Permit, Volume } from "./permit.ts";
import type { Change, Store } from "./store.ts";

/** A permit as the control database holds it, with what was used of it. */
export interface StoredPermit {
  readonly permit: Permit;
  readonly revokedAt: string | null;
  /** Why it was revoked. */
  readonly reason: string | null;
  /** As of the last save: exact after a proper stop, about a second old while the gateway serves. */
  readonly used: Amount;
  /**
   * Never less than what was used, whatever happened: room that the gateway took ahead of serving. After a kill this is what counts as
   * used, so at most one block (`permit-counts.ts`) of a volume is lost, and none is given twice.
   */
  readonly held: Amount;
  /** What is left for certain: the volume less `held`. */
  readonly left: Volume;
}

/** What permits need of the control database they live in. */
export interface PermitsHost {
  readonly db: DatabaseSync;
  readonly now: () => number;
  /** Runs a change as one transaction that others notice. */
  readonly write: <Value>(work: () => Value) => Value;
  /** Notes the change for the journal, in the same transaction. */
  readonly log: (actor: string, kind: Change["kind"], subject: string, detail: JsonObject) => void;
  readonly accounts: Pick<Store, "getAccount">;
}

/** What counting a permit writes. */
export interface PermitCount {
  readonly id: string;
  readonly used: Amount;
  readonly held: Amount;
}

/** The permits issued here; `store.permits`. Every verb that changes something is journaled and names its actor. Throws PolicyError. */
export class Permits {
  readonly #host: PermitsHost;

  constructor(host: PermitsHost) {
    this.#host = host;
  }

  /** Signs a permit for an account that exists. The whole document stands in the journal. */
  issue(wanted: NewPermit, issuer: Issuer, actor: string): Permit {
    return this.#host.write(() => {
      const { account } = this.#host.accounts.getAccount(wanted.account);
      const permit = issuePermit(wanted, issuer);
      this.#host.db
        .prepare("insert into permits (id, account, document, created_at) values (?, ?, ?, ?)")
        .run(permit.id, account, JSON.stringify(permit), issuer.now);
      this.#host.log(actor, "permit.issued", permit.id, { ...permit } as unknown as JsonObject);
      return permit;
    });
  }

  /** The permit counts no more from now on. Revoking twice changes nothing. */
  revoke(id: string, actor: string, reason?: string): StoredPermit {
    return this.#host.write(() => {
      const { permit, revokedAt } = this.get(id);
      if (revokedAt !== null) return this.get(id);
      this.#host.db
        .prepare("update permits set revoked_at = ?, reason = ? where id = ?")
        .run(this.#host.now(), reason ?? null, id);
      const detail = { account: permit.account, ...(reason !== undefined && { reason }) };
      this.#host.log(actor, "permit.revoked", id, detail);
      return this.get(id);
    });
  }

  list(account?: string): StoredPermit[] {
    const { db } = this.#host;
    const rows =
      account === undefined
        ? db.prepare("select * from permits order by created_at, id").all()
        : db.prepare("select * from permits where account = ? order by created_at, id").all(account);
    return rows.map(storedOf);
  }

  /** Throws PolicyError `not_found`. */
  get(id: string): StoredPermit {
    const found = this.find(id);
    if (!found)
      throw new PolicyError("not_found", `there is no permit ${id}; \`permits list\` shows all issued here`);
    return found;
  }

  find(id: string): StoredPermit | null {
    const row = this.#host.db.prepare("select * from permits where id = ?").get(id);
    return row ? storedOf(row) : null;
  }

  /** Saves counts, durably. Nobody's view of accounts, keys and permits changes by it. */
  save(counts: readonly PermitCount[]): void {
    if (counts.length === 0) return;
    const { db } = this.#host;
    transaction(db, () => {
      const put = db.prepare(
        "update permits set exchanges = ?, tokens = ?, held_exchanges = ?, held_tokens = ? where id = ?",
      );
      for (const { id, used, held } of counts)
        put.run(used.exchanges, used.outputTokens, held.exchanges, held.outputTokens, id);
    });
  }
}

function storedOf(row: Record<string, SQLOutputValue>): StoredPermit {
  const permit = JSON.parse(String(row["document"])) as Permit;
  const held = { exchanges: Number(row["held_exchanges"]), outputTokens: Number(row["held_tokens"]) };
  return {
    permit,
    revokedAt: row["revoked_at"] === null ? null : new Date(Number(row["revoked_at"])).toISOString(),
    reason: row["reason"] === null ? null : String(row["reason"]),
    used: { exchanges: Number(row["exchanges"]), outputTokens: Number(row["tokens"]) },
    held,
    left: leftOf(permit.volume, held),
  };
}

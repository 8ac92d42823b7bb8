/** Answers that may be in the making at a time: each keeps up to a megabyte of keys and values, and shares the thread. */
export const ROOM = 256;

interface Waiting {
  readonly answers: number;
  readonly admit: () => void;
}

/**
 * Lets requests begin while there is room for their answers. Those with fewer answers go first, and what asks for many
 * never takes more than half of the room: many answers to one caller must not keep a single answer to another waiting.
 */
export class Admission {
  readonly #room: number;
  readonly #waiting: Waiting[] = [];
  #taken = 0;
  #takenByMany = 0;

  constructor(room: number = ROOM) {
    this.#room = room;
  }

  /** Resolves with what gives the room back. Rejects when the signal ends the waiting. At most half of the room may be asked for. */
  async enter(answers: number, signal?: AbortSignal): Promise<() => void> {
    if (!(answers >= 1 && answers <= this.#room / 2))
      throw new RangeError(`there is never room for ${answers} answers; at most ${this.#room / 2} at a time`);
    signal?.throwIfAborted();
    if (!this.#fits(answers)) await this.#wait(answers, signal);
    else this.#take(answers, 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#take(answers, -1);
      this.#admit();
    };
  }

  #wait(answers: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const one: Waiting = {
        answers,
        admit: () => {
          signal?.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      const later = this.#waiting.findIndex((other) => other.answers > answers);
      this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, one);
    });
  }

  #admit(): void {
    for (let i = 0; i < this.#waiting.length;) {
      const one = this.#waiting[i] as Waiting;
      if (!this.#fits(one.answers)) i++;
      else {
        this.#waiting.splice(i, 1);
        this.#take(one.answers, 1);
        one.admit();
      }
    }
  }

  #fits(answers: number): boolean {
    if (this.#taken + answers > this.#room) return false;
    return !isMany(answers) || this.#takenByMany + answers <= this.#room / 2;
  }

  #take(answers: number, sign: 1 | -1): void {
    this.#taken += sign * answers;
    if (isMany(answers)) this.#takenByMany += sign * answers;
  }
}

function isMany(answers: number): boolean {
  return answers > 4;
}

/** One command of `stillwatch`. Data goes to `out`, talk to `err`; 0 done, 1 failed, 2 wrong input. */
export interface Command {
  name: string;
  summary: string;
  help: string;
  run(argv: string[], io: { out(text: string): void; err(text: string): void }): Promise<0 | 1 | 2>;
}

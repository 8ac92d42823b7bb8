/** What a teacher gave back, whatever its status. */
export interface TeacherReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * No reply. `sent` false: the request surely never reached the teacher, so nothing was billed. True: it may have been worked
 * on and billed.
 */
export class TeacherFailure extends Error {
  override readonly name = "TeacherFailure";
  readonly sent: boolean;
  constructor(sent: boolean, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.sent = sent;
  }
}

/** A model behind the chat completions API. */
export interface Teacher {
  /** Where it is, for cards and messages. */
  readonly address: string;
  /** Sends a request (JSON) as it is, once; never again by itself. Rejects with TeacherFailure. */
  ask(request: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<TeacherReply>;
  close(): Promise<void>;
}

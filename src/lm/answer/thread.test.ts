import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { SPECIAL_TOKENS } from "../chat.ts";
import { saveModelFolder } from "../formats/model-folder.ts";
import { defaultShape } from "../model/shape.ts";
import { freshModel } from "../model/weights.ts";
import { trainBpe } from "../tokenizer/train-bpe.ts";
import { AnsweringThread, type AnswerControl, type ThreadOptions } from "./thread.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thread-"));
  const tokenizer = trainBpe(["the miller of the town and the müller of the town 12"], 272, SPECIAL_TOKENS);
  const shape = { ...defaultShape, vocab: tokenizer.size, width: 16, heads: 2, hidden: 24, layers: 2 };
  saveModelFolder(join(folder, "tiny"), { model: freshModel(shape, seeded(3)), tokenizer });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Heard {
  status: number;
  text: string;
  failed: string | null;
}

function ask(thread: AnsweringThread, body: object, also?: (control: AnswerControl) => void): Promise<Heard> {
  return new Promise((resolve) => {
    const heard: Heard = { status: 0, text: "", failed: null };
    const control = thread.ask(
      { method: "POST", path: "/v1/chat/completions", body },
      {
        onHead: (status) => (heard.status = status),
        onPart: (bytes) => (heard.text += bytes.toString()),
        onEnd: () => resolve(heard),
        onFail: (message) => resolve({ ...heard, failed: message }),
      },
    );
    also?.(control);
  });
}

const hello = {
  messages: [{ role: "user", content: "the town" }],
  max_tokens: 20,
  seed: 1,
  logit_bias: { "0": -100 },
};

describe("AnsweringThread", () => {
  it("answers, several at a time, and says what its model is", async () => {
    const thread = await AnsweringThread.start({ source: { path: join(folder, "tiny") } });
    expect(thread).toMatchObject({ model: "tiny", context: 256, runtime: "plain", running: true });
    const all = await Promise.all([1, 2, 3].map((seed) => ask(thread, { ...hello, seed })));
    expect(all.map((heard) => heard.status)).toEqual([200, 200, 200]);
    expect(new Set(all.map((heard) => heard.text)).size).toBe(3);
    expect(thread.inHand).toBe(0);
    await thread.stop();
    await thread.stop();
    expect(thread.running).toBe(false);
    expect(await ask(thread, hello)).toMatchObject({ failed: "the model's thread has ended" });
  });

  it("counts an answer that was given up until the thread has left it, and tells nothing more of it", async () => {
    const thread = await AnsweringThread.start({ source: { path: join(folder, "tiny") } });
    let control: AnswerControl | null = null;
    let told = 0;
    void ask(thread, { ...hello, n: 64, max_tokens: 200, stream: true }, (given) => (control = given)).then(
      () => told++,
    );
    expect(thread.inHand).toBe(1);
    control!.abort();
    expect(thread.inHand).toBe(1);
    expect((await ask(thread, hello)).status).toBe(200);
    await expect.poll(() => thread.inHand).toBe(0);
    expect(told).toBe(0);
    await thread.stop();
  });

  it("keeps single answers quick beside many", async () => {
    const thread = await AnsweringThread.start({ source: { path: join(folder, "tiny") } });
    const order: string[] = [];
    const many = Array.from({ length: 8 }, () =>
      ask(thread, { ...hello, n: 64, max_tokens: 100 }).then(() => order.push("many")),
    );
    await ask(thread, hello).then(() => order.push("one"));
    await Promise.all(many);
    expect(order[0]).toBe("one");
    await thread.stop();
  });

  it("refuses a model that is not there", async () => {
    await expect(AnsweringThread.start({ source: { path: join(folder, "none") } })).rejects.toMatchObject({
      name: "LmError",
      code: "not_found",
    });
  });

  const scripted = async (
    script: string,
    more: Partial<ThreadOptions> = {},
  ): Promise<[AnsweringThread, string[]]> => {
    const trouble: string[] = [];
    const code = `import { parentPort } from "node:worker_threads";
      parentPort.postMessage({ type: "ready", model: "m", context: 1, runtime: "plain" });
      parentPort.on("message", (message) => { ${script} });`;
    const thread = await AnsweringThread.start({
      source: { path: null },
      script: new URL(`data:text/javascript,${encodeURIComponent(code)}`),
      onTrouble: (message) => trouble.push(message),
      restartMs: 1,
      ...more,
    });
    return [thread, trouble];
  };

  it("fails what was in hand when the thread dies, and starts it again", async () => {
    const [thread, trouble] = await scripted(`
      if (message.type === "stop") parentPort.close();
      else if (message.request.body.die) throw new Error("out of luck");
      else parentPort.postMessage({ type: "end", id: message.id });`);
    const [waiting, dead] = await Promise.all([ask(thread, { die: true }), ask(thread, { die: true })]);
    expect([waiting.failed, dead.failed]).toEqual(Array(2).fill("the model's thread failed: out of luck"));
    await expect.poll(() => thread.running).toBe(true);
    expect((await ask(thread, {})).failed).toBe(null);
    expect(trouble).toEqual(["the model's thread failed: out of luck; it is started again"]);
    await thread.stop();
  });

  it("stays down when it dies again and again", async () => {
    const [thread, trouble] = await scripted(`throw new Error("again");`);
    for (let death = 0; death < 3; death++) {
      await expect.poll(() => thread.running).toBe(true);
      expect((await ask(thread, {})).failed).toMatch(/again/);
    }
    expect(trouble.at(-1)).toMatch(/stays down/);
    expect(thread.running).toBe(false);
    await thread.stop();
  });
});

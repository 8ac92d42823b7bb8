import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI, { toFile } from "openai";
import { afterEach, describe, expect, it } from "vitest";
import { trainers } from "../train/trainers.ts";
import { serveJobs, type JobsServer } from "./serve-jobs.ts";

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of clean.splice(0).toReversed()) await end();
});

const TOPICS = { billing: ["invoice", "charge", "refund"], delivery: ["parcel", "courier", "late"] };

describe("the served fine-tuning API", () => {
  it("the official SDK drives a job to succeeded and calls the model", async () => {
    const { client } = await serve();
    const file = await client.files.create({
      file: await toFile(trainingFile(), "train.jsonl"),
      purpose: "fine-tune",
    });
    const job = await client.fineTuning.jobs.create({
      model: "stillwatch-classifier",
      training_file: file.id,
      suffix: "mail",
      seed: 3,
    });
    expect(job.status).toBe("validating_files");
    const done = await ended(client, job.id);
    expect(done).toMatchObject({ status: "succeeded", error: null, training_file: file.id, seed: 3 });
    expect(done.fine_tuned_model).toMatch(/^ft:stillwatch-classifier:stillwatch:mail:/);
    const answer = await client.chat.completions.create({
      model: done.fine_tuned_model ?? "",
      messages: [{ role: "user", content: "my refund for the invoice" }],
    });
    expect(answer.choices[0]?.message.content).toBe("billing");
    const events: string[] = [];
    for await (const event of client.fineTuning.jobs.listEvents(job.id)) events.push(event.message);
    expect(events.at(0)).toBe("The job has successfully completed");
    expect(events.at(-1)).toContain("Created fine-tuning job");
    const checkpoints = await client.fineTuning.jobs.checkpoints.list(job.id);
    expect(checkpoints.data[0]?.fine_tuned_model_checkpoint).toBe(done.fine_tuned_model);
    expect((await client.models.list()).data.map(({ id }) => id)).toContain(done.fine_tuned_model);
    expect((await client.files.content(file.id)).ok).toBe(true);
    expect((await client.files.delete(file.id)).deleted).toBe(true);
  });

  it("says what is wrong with a file, line by line, and fails the job", async () => {
    const { client } = await serve();
    const bad = `${trainingFile().toString("utf8")}{"messages":[{"role":"user","content":"a"}]}\nnonsense\n`;
    const file = await client.files.create({
      file: await toFile(Buffer.from(bad), "bad.jsonl"),
      purpose: "fine-tune",
    });
    const job = await client.fineTuning.jobs.create({
      model: "stillwatch-classifier",
      training_file: file.id,
    });
    const done = await ended(client, job.id);
    expect(done.status).toBe("failed");
    expect(done.error?.message).toMatch(
      /line 81 does not end with an assistant's answer; line 82 is no JSON/,
    );
  });

  it("cancels a job in hand, and another one runs after it", async () => {
    const { client } = await serve();
    const file = await client.files.create({
      file: await toFile(trainingFile(), "train.jsonl"),
      purpose: "fine-tune",
    });
    const slow = await client.fineTuning.jobs.create({ model: "stillwatch-small", training_file: file.id });
    const next = await client.fineTuning.jobs.create({
      model: "stillwatch-classifier",
      training_file: file.id,
    });
    expect((await client.fineTuning.jobs.cancel(slow.id)).status).toBe("cancelled");
    expect((await ended(client, next.id)).status).toBe("succeeded");
    await expect(client.fineTuning.jobs.cancel(slow.id)).rejects.toThrow(/is cancelled/);
  });

  it("takes up what was running when the server stopped", async () => {
    const first = await serve();
    const file = await first.client.files.create({
      file: await toFile(trainingFile(), "t.jsonl"),
      purpose: "fine-tune",
    });
    const job = await first.client.fineTuning.jobs.create({
      model: "stillwatch-classifier",
      training_file: file.id,
    });
    await first.server.stop();
    const second = await serve(first.folder);
    expect((await ended(second.client, job.id)).status).toBe("succeeded");
  });

  it("one server at a time has a folder, and a damaged job keeps nobody from being served", async () => {
    const { folder, server } = await serve();
    await expect(serve(folder)).rejects.toThrow(/another process/);
    await server.stop();
    const damaged = join(folder, "jobs/ftjob-DAMAGED");
    mkdirSync(damaged, { recursive: true });
    writeFileSync(join(damaged, "job.json"), "{");
    const again = await serve(folder);
    expect((await again.client.fineTuning.jobs.list()).data).toEqual([]);
  });

  it("refuses what it does not do, in words", async () => {
    const { client } = await serve();
    const file = await client.files.create({
      file: await toFile(trainingFile(), "t.jsonl"),
      purpose: "fine-tune",
    });
    const create = (more: object) =>
      client.fineTuning.jobs.create({ model: "stillwatch-classifier", training_file: file.id, ...more });
    await expect(create({ model: "gpt-4o-mini" })).rejects.toThrow(
      /cannot be fine-tuned here; stillwatch-classifier/,
    );
    await expect(create({ training_file: "file-../../etc" })).rejects.toThrow(/there is no file/);
    await expect(create({ method: { type: "dpo" } })).rejects.toThrow(/only supervised/);
    await expect(create({ suffix: "a/b" })).rejects.toThrow(/suffix: letters/);
    await expect(
      client.chat.completions.create({ model: "ft:no", messages: [{ role: "user", content: "a" }] }),
    ).rejects.toThrow(/no fine-tuned model/);
  });
});

function trainingFile(): Buffer {
  const rows = Array.from({ length: 80 }, (_, i) => {
    const [label, words] = Object.entries(TOPICS)[i % 2] as [string, string[]];
    const content = `about my ${words[i % 3]} number ${i}, and the ${words[(i + 1) % 3]}`;
    return JSON.stringify({
      messages: [
        { role: "user", content },
        { role: "assistant", content: label },
      ],
    });
  });
  return Buffer.from(`${rows.join("\n")}\n`);
}

async function serve(
  folder = mkdtempSync(join(tmpdir(), "stillwatch-jobs-")),
): Promise<{ client: OpenAI; server: JobsServer; folder: string }> {
  const server = serveJobs({
    folder,
    host: "127.0.0.1",
    port: 0,
    key: "secret",
    trainers: trainers({ secret: () => null }),
    now: () => Date.now(),
    randomBytes,
  });
  const url = await server.start();
  clean.push(() => rmSync(folder, { recursive: true, force: true }));
  clean.push(() => server.stop());
  return { client: new OpenAI({ baseURL: `${url}/v1`, apiKey: "secret", maxRetries: 0 }), server, folder };
}

async function ended(client: OpenAI, id: string) {
  for (;;) {
    const job = await client.fineTuning.jobs.retrieve(id);
    if (["succeeded", "failed", "cancelled"].includes(job.status)) return job;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

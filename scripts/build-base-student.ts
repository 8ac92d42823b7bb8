// The base student (src/distil/train/language-model/base): a small model with the teacher's vocabulary that has read plain text and nothing
// of what the teacher is asked. `node scripts/build-base-student.ts`, half a CPU-minute with onnxruntime-node.
import { saveModelFolder } from "../src/lm/formats/model-folder.ts";
import { freshModel } from "../src/lm/model/weights.ts";
import { trainingDocument } from "../src/lm/teacher/corpus.ts";
import { loadTeacher } from "../src/lm/teacher/load.ts";
import { trainModel } from "../src/lm/train/train-model.ts";
import { baseDocuments } from "../src/lm/world/base.ts";
import { HOUSE_BASE } from "../src/distil/train/language-model/base.ts";
import { seeded } from "../src/stats/random.ts";

const STEPS = 1200;
const { model, tokenizer } = loadTeacher();
const shape = { ...model.shape, width: 64, heads: 8, hidden: 192 };
const trained = await trainModel({
  model: freshModel(shape, seeded("student")),
  documents: baseDocuments("student", STEPS * 40).map((text) => trainingDocument(tokenizer, text)),
  settings: { steps: STEPS, rows: 8, length: 128, learningRate: 4e-3, warmup: 50, floor: 0.2 },
});
saveModelFolder(HOUSE_BASE, { model: trained.model, tokenizer }, "F16");
process.stdout.write(
  `${trained.tokens} tokens, ${trained.cpuSeconds.toFixed(1)} CPU-s, loss ${trained.loss?.toFixed(3)}\n`,
);

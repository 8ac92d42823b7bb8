"""Reads a model folder with Hugging Face transformers; prints tokens and logits of texts as JSON (bench/lm-transformers.ts)."""
import json
import sys

import torch
import transformers

folder, asked = sys.argv[1], json.load(sys.stdin)
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
model.eval()
said = {"versions": {"transformers": transformers.__version__, "torch": torch.__version__}, "texts": [], "chats": []}
with torch.no_grad():
    for text in asked["texts"]:
        # As the house does: what a user writes never becomes a special token.
        ids = tokenizer(text, split_special_tokens=True)["input_ids"]
        logits = model(torch.tensor([ids])).logits[0]
        said["texts"].append({"ids": ids, "back": tokenizer.decode(ids), "logits": logits.tolist()})
for turns in asked["chats"]:
    ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)["input_ids"]
    out = model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=40)[0, len(ids) :]
    said["chats"].append({"ids": ids, "answer": out.tolist()})
json.dump(said, sys.stdout)

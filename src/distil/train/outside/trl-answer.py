"""Answers questions with a student that TRL trained: JSONL {"messages": [...]} in, JSONL {"text", "confidence"} out, in order.

python trl-answer.py MODEL_FOLDER [MAX_TOKENS]
"""

import json
import math
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, most = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 256
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder).eval()
for line in sys.stdin:
    messages = json.loads(line)["messages"]
    given = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.no_grad():
        out = model.generate(
            **given,
            max_new_tokens=most,
            do_sample=False,
            output_scores=True,
            return_dict_in_generate=True,
        )
    tokens = out.sequences[0, given["input_ids"].shape[1] :]
    logprob = sum(
        torch.log_softmax(scores[0].float(), -1)[token].item()
        for scores, token in zip(out.scores, tokens)
    )
    text = tokenizer.decode(tokens, skip_special_tokens=True)
    print(json.dumps({"text": text, "confidence": math.exp(min(0.0, logprob))}), flush=True)

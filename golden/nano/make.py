"""Greedy answers of the bundled model, decoded by transformers: what the engine must give, token for token.

    python golden/nano/make.py

Needs torch and transformers (made with 2.15 and 5.23). Writes greedy.json beside this file.
"""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = Path(__file__).parent
MODEL = HERE / "../../models/nano"
PROMPTS = [
    "A:7+10-4?", "A:28+8+5-18?", "A:16+24-21-6?", "M:88*5?", "M:9*7?", "P:a=3;b=a+4;a=b*2;a?",
    "P:c=2;c=c-1;a=c*7;b=a-c;b?", "W:tom has 3 more than ann. ann has 5 cups. tom?",
    "W:kim has 11 more than eve. max has 11 cups. eve has 1 more than max. eve?", "C:4,1,10>7?",
    "C:12,6,5>23?", "C:9,3,7,5>6?", "G:oc,eo,er,rw e>w?", "G:us,qa,qp,ur,au,rx q>r?", "D:17+25?",
    "A:7+10-4?7+10=17;17-4=13#13~", "A:7+10?%", "A:7+10?7+10=18#18!",
]


def main():
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32).eval()
    cases = []
    for prompt in PROMPTS:
        # The tokenizer adds BOS by itself, as the engine does.
        inputs = tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)
        with torch.no_grad():
            out = model.generate(**inputs, max_new_tokens=96, do_sample=False)
        ids = inputs["input_ids"][0].tolist()
        cases.append({"text": prompt, "prompt": ids, "tokens": out[0][len(ids):].tolist()})
    (HERE / "greedy.json").write_text(json.dumps(cases) + "\n")


main()

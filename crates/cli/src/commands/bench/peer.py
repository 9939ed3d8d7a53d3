"""The peers of `autodidact bench`: PyTorch's training step and transformers' generate.

Reads one JSON object a line from stdin, does what it says, answers with one a line on stdout.
"""

import json
import statistics
import sys
import time

import torch
import transformers
from transformers import LlamaForCausalLM

transformers.logging.set_verbosity_error()
models = {}
trainees = {}


def peak_memory(_):
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return {"bytes": int(line.split()[1]) * 1024}
    except OSError:
        pass
    return {"bytes": None}


def hello(request):
    torch.set_num_threads(request["threads"])
    return {"torch": torch.__version__, "transformers": transformers.__version__}


def opened(path):
    if path not in models:
        models[path] = LlamaForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    return models[path]


def train(request):
    path = request["model"]
    if path not in trainees:
        model = LlamaForCausalLM.from_pretrained(path, dtype=torch.float32).train()
        trainees[path] = (model, torch.optim.AdamW(model.parameters(), lr=request["rate"], weight_decay=0.0))
    model, optimizer = trainees[path]
    rows = torch.tensor(request["rows"])
    inputs, targets = rows[:, :-1].contiguous(), rows[:, 1:].reshape(-1)
    seconds, losses = [], []
    for _ in range(request["steps"]):
        started = time.perf_counter()
        logits = model(input_ids=inputs, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.view(-1, logits.shape[-1]), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds, "losses": losses}


def sample(request):
    model = opened(request["model"])
    prompts = torch.tensor(request["prompts"])
    n = request["new"]
    started = time.perf_counter()
    with torch.inference_mode():
        out = model.generate(
            prompts,
            attention_mask=torch.ones_like(prompts),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            min_new_tokens=n,
            max_new_tokens=n,
            eos_token_id=None,
            pad_token_id=0,
        )
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "tokens": int((out.shape[1] - prompts.shape[1]) * out.shape[0])}


def sgemm(_):
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    seconds = []
    for _ in range(12):
        started = time.perf_counter()
        torch.mm(a, b)
        seconds.append(time.perf_counter() - started)
    return {"gflops": 2 * 1024**3 / min(seconds) / 1e9, "median": 2 * 1024**3 / statistics.median(seconds) / 1e9}


TASKS = {"hello": hello, "train": train, "sample": sample, "sgemm": sgemm, "memory": peak_memory}

for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(TASKS[request["do"]](request)), flush=True)

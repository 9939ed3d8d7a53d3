"""Golden values of the language-model engine, from transformers and PyTorch.

    python golden/lm/make.py

writes one directory a case beside this script: a tiny random checkpoint as `save_pretrained`
leaves it, `golden.json` (batch, log-probabilities, entropies, losses, gradient norms) and
`golden.safetensors` (logits of each row, gradient of each tensor).

Made with torch 2.15.0 and transformers 5.23.0 on CPU, in f32.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config, AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent
ENTROPY = 0.05
ADAMW = {"lr": 3e-3, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.1, "max_grad_norm": 1.0}
SHAPE = {
    "vocab_size": 48,
    "hidden_size": 32,
    "intermediate_size": 44,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 24,
}
CASES = {
    "llama-tied": LlamaConfig(**SHAPE, tie_word_embeddings=True, rms_norm_eps=1e-5),
    "llama-untied-rope3": LlamaConfig(
        **{**SHAPE, "num_key_value_heads": 4, "head_dim": 6}, rope_parameters=LLAMA3, tie_word_embeddings=False
    ),
    "mistral": MistralConfig(**SHAPE, sliding_window=None, head_dim=16, tie_word_embeddings=False),
    "qwen2": Qwen2Config(**SHAPE, tie_word_embeddings=True),
    "qwen3": Qwen3Config(**SHAPE, head_dim=16, tie_word_embeddings=True),
}


def randomise(model):
    """Weights large enough that every part of the gradient matters."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name:
                parameter.copy_(1 + 0.2 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.3 * noise)
            else:
                parameter.copy_(0.15 * noise)


def batch(vocab):
    """Rows of different length with masks and uneven weights; weights sum to one."""
    generator = torch.Generator().manual_seed(11)
    rows = []
    for length, prompt in [(12, 3), (5, 0), (90, 40), (33, 10), (2, 0)]:
        tokens = torch.randint(vocab, (length,), generator=generator)
        weight = torch.rand(length - 1, generator=generator)
        weight[:prompt] = 0
        rows.append([tokens, weight])
    rows[0][1][-2:] = 0  # a tail that does not count
    total = sum(weight.sum() for _, weight in rows)
    return [(tokens, weight / total) for tokens, weight in rows]


def read(model, tokens):
    """Logits, log-probability of each target and entropy at its place."""
    logits = model(tokens[None]).logits[0]
    logprobs = logits[:-1].log_softmax(-1)
    entropy = -(logprobs.exp() * logprobs).sum(-1)
    return logits, logprobs.gather(1, tokens[1:, None])[:, 0], entropy


def loss_of(model, rows, entropy_share):
    loss = 0.0
    for tokens, weight in rows:
        _, logprob, entropy = read(model, tokens)
        loss = loss - (weight * logprob).sum() - entropy_share * (weight * entropy).sum()
    return loss


def make(name, config):
    out = HERE / name
    config._attn_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config).float().train()
    randomise(model)
    model.save_pretrained(out)
    rows = batch(config.vocab_size)
    tensors, scored = {}, []
    for i, (tokens, weight) in enumerate(rows):
        with torch.no_grad():
            logits, logprob, entropy = read(model, tokens)
        tensors[f"logits.{i}"] = logits.clone()
        scored.append(
            {
                "tokens": tokens.tolist(),
                "weight": weight.tolist(),
                "logprob": logprob.tolist(),
                "entropy": entropy.tolist(),
            }
        )
    loss = loss_of(model, rows, ENTROPY)
    loss.backward()
    for tensor, parameter in model.named_parameters():
        tensors[f"grad.{tensor}"] = parameter.grad.clone()
    model.zero_grad()

    matrices = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": ADAMW["weight_decay"]}, {"params": others, "weight_decay": 0.0}],
        lr=ADAMW["lr"],
        betas=(ADAMW["beta1"], ADAMW["beta2"]),
        eps=ADAMW["eps"],
    )
    losses, norms = [], []
    for _ in range(10):
        step_loss = loss_of(model, rows, 0.0)
        step_loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), ADAMW["max_grad_norm"])))
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(step_loss))
    golden = {
        "entropy_share": ENTROPY,
        "loss": float(loss),
        "rows": scored,
        "adamw": ADAMW,
        "losses": losses,
        "grad_norms": norms,
    }
    (out / "golden.json").write_text(json.dumps(golden) + "\n")
    save_file(tensors, out / "golden.safetensors")


if __name__ == "__main__":
    torch.manual_seed(0)
    for name, config in CASES.items():
        make(name, config)

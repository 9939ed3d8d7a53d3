"""Golden values of the language-model engine, from transformers and PyTorch.

    python golden/lm/make.py

writes one directory a case beside this script: a tiny random checkpoint as `save_pretrained`
leaves it, `golden.json` (batch, log-probabilities, entropies, losses, gradient norms) and
`golden.safetensors` (logits of each row, gradient of each tensor, the residual stream of the first
row after one layer, its logits when a vector is added there). The case `lora` holds an adapter for
the checkpoint of `llama-tied` instead of a checkpoint.

Made with torch 2.15.0, transformers 5.23.0 and peft 0.21.2 on CPU, in f32.
"""

import json
import pathlib

import torch
from peft import LoraConfig, get_peft_model
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


def probe(model, tokens, tensors):
    """The residual stream after one layer, and the logits when a vector is added to it."""
    vector = torch.linspace(-1, 1, model.config.hidden_size)
    with torch.no_grad():
        tensors["hidden.1"] = model(tokens[None], output_hidden_states=True).hidden_states[1][0].clone()
        layer = model.model.layers[0]
        hook = layer.register_forward_hook(lambda _module, _inputs, output: output + vector)
        tensors["steered"] = model(tokens[None]).logits[0].clone()
        hook.remove()
    tensors["vector"] = vector


def train(parameters, loss):
    """Ten steps of AdamW; losses before and gradient norms at each."""
    parameters = list(parameters)
    matrices = [p for p in parameters if p.dim() == 2]
    others = [p for p in parameters if p.dim() != 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": ADAMW["weight_decay"]}, {"params": others, "weight_decay": 0.0}],
        lr=ADAMW["lr"],
        betas=(ADAMW["beta1"], ADAMW["beta2"]),
        eps=ADAMW["eps"],
    )
    losses, norms = [], []
    for _ in range(10):
        step_loss = loss()
        step_loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(parameters, ADAMW["max_grad_norm"])))
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(step_loss))
    return losses, norms


def golden(model, out, parameters):
    """Writes what the model computes on the batch, and how it trains."""
    rows = batch(model.config.vocab_size)
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
    if hasattr(model.model, "layers"):
        probe(model, rows[0][0], tensors)
    loss = loss_of(model, rows, ENTROPY)
    loss.backward()
    for name, parameter in parameters:
        tensors[f"grad.{name}"] = parameter.grad.clone()
        parameter.grad = None
    losses, norms = train((p for _, p in parameters), lambda: loss_of(model, rows, 0.0))
    values = {
        "entropy_share": ENTROPY,
        "loss": float(loss),
        "rows": scored,
        "adamw": ADAMW,
        "losses": losses,
        "grad_norms": norms,
    }
    (out / "golden.json").write_text(json.dumps(values) + "\n")
    save_file(tensors, out / "golden.safetensors")


def make(name, config):
    out = HERE / name
    config._attn_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config).float().train()
    randomise(model)
    model.save_pretrained(out)
    golden(model, out, list(model.named_parameters()))


def make_lora():
    out = HERE / "lora"
    base = AutoModelForCausalLM.from_pretrained(HERE / "llama-tied", attn_implementation="eager")
    config = LoraConfig(
        r=4, lora_alpha=6, target_modules=["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"], task_type="CAUSAL_LM"
    )
    model = get_peft_model(base, config).train()
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    generator = torch.Generator().manual_seed(13)
    with torch.no_grad():
        for _, parameter in trained:
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    model.save_pretrained(out)
    (out / "README.md").unlink()
    config_file = out / "adapter_config.json"
    saved = json.loads(config_file.read_text())
    saved["base_model_name_or_path"] = None  # it would be a path of this machine
    config_file.write_text(json.dumps(saved, indent=2, sort_keys=True) + "\n")
    golden(model, out, [(name.replace(".default", ""), p) for name, p in trained])


if __name__ == "__main__":
    torch.manual_seed(0)
    for name, config in CASES.items():
        make(name, config)
    make_lora()

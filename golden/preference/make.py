"""Golden preference losses, for crates/math/src/preference/tests.rs.

    python golden/preference/make.py     # torch 2.x

The formulas are those of TRL's DPOTrainer: `loss_type="sigmoid"` with `label_smoothing`, the log-ratios averaged
over tokens as its `ipo` does, and a weight on the chosen answer's likelihood (its `rpo_alpha`), here a mean over
each answer's own tokens. The square around a margin and the optimism term follow arXiv 2412.01951 (its algorithm
box with the sign corrected). Gradients are autograd's, in double precision.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

PAIRS, LONGEST = 3, 6


def loss_of(terms, weights, logprobs, references, margins):
    """The mean loss over pairs and the implicit rewards; rows alternate chosen, rejected."""
    beta = terms["loss"]["beta"]
    sums = torch.stack([(w * lp).sum() for w, lp in zip(weights, logprobs)])
    frozen = torch.stack([(w * lp).sum() for w, lp in zip(weights, references)])
    lengths = torch.stack([w.sum() for w in weights])
    ratios = sums - frozen
    if terms["ratio"] == "token-mean":
        ratios = ratios / lengths
    chosen, rejected = ratios[0::2], ratios[1::2]
    logits = chosen - rejected
    if terms["loss"]["kind"] == "log-sigmoid":
        smoothing = terms["loss"]["smoothing"]
        losses = -F.logsigmoid(beta * logits) * (1 - smoothing) - F.logsigmoid(-beta * logits) * smoothing
    else:
        losses = (beta * logits - margins) ** 2
    losses = losses - terms["sft"] * sums[0::2] / lengths[0::2] + terms["optimism"] * sums[1::2]
    return losses.mean(), beta * ratios


def case(name, terms, generator):
    rows = 2 * PAIRS
    lengths = torch.randint(2, LONGEST + 1, (rows,), generator=generator).tolist()
    weights, logprobs, references = [], [], []
    for n in lengths:
        weight = torch.ones(n, dtype=torch.float64)
        weight[: n // 3] = 0.0  # the question
        weights.append(weight)
        # Single precision, as the test reads them.
        draw = lambda: (-3 * torch.rand(n, generator=generator, dtype=torch.float32)).double()
        logprobs.append(draw().requires_grad_())
        references.append(draw())
    margins = 2 * torch.rand(PAIRS, generator=generator, dtype=torch.float64) - 1
    loss, rewards = loss_of(terms, weights, logprobs, references, margins)
    loss.backward()
    return {
        "name": name,
        "terms": terms,
        "weights": [w.tolist() for w in weights],
        "logprobs": [lp.tolist() for lp in logprobs],
        "references": [lp.tolist() for lp in references],
        "margins": margins.tolist(),
        "loss": loss.item(),
        "rewards": rewards.tolist(),
        "gradients": [lp.grad.tolist() for lp in logprobs],
    }


def main():
    def terms(kind, beta, smoothing=None, ratio="sum", sft=0.0, optimism=0.0):
        loss = {"kind": kind, "beta": beta}
        if kind == "log-sigmoid":
            loss["smoothing"] = smoothing or 0.0
        return {"loss": loss, "ratio": ratio, "sft": sft, "optimism": optimism}

    cases = {
        "dpo": terms("log-sigmoid", 0.1),
        "dpo, strong": terms("log-sigmoid", 2.0),
        "dpo, smoothed": terms("log-sigmoid", 0.5, 0.1),
        "dpo, token mean": terms("log-sigmoid", 0.5, ratio="token-mean"),
        "dpo and likelihood": terms("log-sigmoid", 0.1, sft=0.7),
        "square": terms("squared", 0.5),
        "square, token mean": terms("squared", 0.5, ratio="token-mean"),
        "xpo": terms("squared", 0.05, optimism=0.003),
    }
    generator = torch.Generator().manual_seed(24)
    golden = [case(name, terms, generator) for name, terms in cases.items()]
    path = pathlib.Path(__file__).parent / "losses.json"
    path.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()

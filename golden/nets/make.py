"""Outputs, gradients and optimiser steps of PyTorch, in double precision: what `crates/nets` must give.

    python golden/nets/make.py

Needs torch (made with 2.15). Writes adam.json and mlp.json beside this file.
"""

import json
from pathlib import Path

import torch

HERE = Path(__file__).parent
torch.set_default_dtype(torch.float64)


def adam():
    torch.manual_seed(1)
    cases = []
    for kind, weight in [("none", 0.0), ("coupled", 0.1), ("decoupled", 0.1)]:
        start = torch.randn(4)
        parameter = start.clone().requires_grad_()
        make = torch.optim.AdamW if kind == "decoupled" else torch.optim.Adam
        betas = (0.9, 0.999) if kind != "none" else (0.8, 0.95)
        optimiser = make([parameter], lr=0.01, betas=betas, eps=1e-8, weight_decay=weight)
        gradients, path = [], []
        for _ in range(12):
            gradient = torch.randn(4)
            parameter.grad = gradient.clone()
            optimiser.step()
            gradients.append(gradient.tolist())
            path.append(parameter.tolist())
        decay = {"kind": kind} if kind == "none" else {"kind": kind, "weight": weight}
        config = {"lr": 0.01, "betas": betas, "eps": 1e-8, "decay": decay}
        cases.append({"config": config, "start": start.tolist(), "gradients": gradients, "path": path})
    (HERE / "adam.json").write_text(json.dumps(cases) + "\n")


def mlp():
    torch.manual_seed(2)
    cases = []
    for sizes, name in [([3, 4, 1], "relu"), ([5, 6, 6, 2], "tanh"), ([16, 32, 32, 1], "relu")]:
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU() if name == "relu" else torch.nn.Tanh()]
        net = torch.nn.Sequential(*layers[:-1])
        inputs = torch.randn(3, sizes[0])
        pull = torch.randn(3, sizes[-1])
        flat = lambda tensors: torch.cat([tensor.flatten() for tensor in tensors])
        outputs = net(inputs)
        gradient = flat(torch.autograd.grad((outputs * pull).sum(), net.parameters()))
        rows = [flat(torch.autograd.grad(net(row)[0], net.parameters())) for row in inputs]
        cases.append({
            "sizes": sizes, "activation": name, "parameters": flat(list(net.parameters())).tolist(),
            "inputs": inputs.flatten().tolist(), "outputs": outputs.flatten().tolist(),
            "pull": pull.flatten().tolist(), "gradient": gradient.tolist(),
            "gradients": flat(rows).tolist(),
        })
    (HERE / "mlp.json").write_text(json.dumps(cases) + "\n")


adam()
mlp()

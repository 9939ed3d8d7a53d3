"""Golden values of the recurrent cell, from PyTorch's GRUCell without biases.

    python golden/nets/gru.py

writes gru.json beside this script: weights in the order of `autodidact_nets::gru`, a sequence of
inputs, its states, and the gradients of the weighted sum of all states.

Made with torch 2.15.0 on CPU, in f64.
"""

import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent
INPUTS, HIDDEN, STEPS = 3, 4, 6

generator = torch.Generator().manual_seed(11)
draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)

cell = torch.nn.GRUCell(INPUTS, HIDDEN, bias=False, dtype=torch.float64)
with torch.no_grad():
    cell.weight_ih.copy_(draw(3 * HIDDEN, INPUTS))
    cell.weight_hh.copy_(draw(3 * HIDDEN, HIDDEN))
start = draw(HIDDEN).requires_grad_()
inputs = draw(STEPS, INPUTS).requires_grad_()
pull = draw(STEPS + 1, HIDDEN)

states = [start]
for row in inputs:
    states.append(cell(row.unsqueeze(0), states[-1].unsqueeze(0)).squeeze(0))
states = torch.stack(states)
(states * pull).sum().backward()

flat = lambda x: x.detach().reshape(-1).tolist()
# PyTorch stacks reset, update, new; so do we.
golden = {
    "weights": flat(cell.weight_ih) + flat(cell.weight_hh),
    "start": flat(start),
    "inputs": inputs.detach().tolist(),
    "pull": flat(pull),
    "states": flat(states),
    "d_weights": flat(cell.weight_ih.grad) + flat(cell.weight_hh.grad),
    "d_start": flat(start.grad),
    "d_inputs": flat(inputs.grad),
}
(HERE / "gru.json").write_text(json.dumps(golden) + "\n")

"""A fit and a choice of the released APOHF code, in double precision: what `decide::duel` must give.

    python golden/apohf/make.py PATH/TO/LlamaForMLPRegression.py

The file is `Induction/experiments/LlamaForMLPRegression.py` of github.com/xqlin98/APOHF at 26eea14. Needs
torch, transformers and backpack-for-pytorch (made with 2.15, 5.23 and 1.7). Writes duel.json beside this file.
"""

import json
import sys
from pathlib import Path

import torch

HERE = Path(__file__).parent
torch.set_default_dtype(torch.float64)
source = Path(sys.argv[1]).read_text().replace("cuda:0", "cpu").replace("torch.float32", "torch.float64")
code = {}
exec(compile(source, sys.argv[1], "exec"), code)


def main():
    torch.manual_seed(5)
    pool = torch.nn.functional.normalize(torch.randn(12, 4), dim=1)
    pairs = [[0, 1], [2, 3], [4, 1], [5, 6], [7, 0], [4, 7]]
    answers = [1, 0, 1, 1, 0, 1]
    shown = pool[torch.tensor(pairs).T]
    learner = code["NeuralDBDiag"](4, lamdba=0.1, nu=1, init_x=shown, init_y=torch.tensor(answers))
    flat = lambda: torch.cat([p.detach().flatten() for p in learner.func.parameters()]).tolist()
    start = flat()
    learner.train(local_training_iter=100)
    first, second = learner.select(pool, pairs)
    case = {
        "pool": pool.tolist(), "pairs": pairs, "answers": answers, "start": start, "steps": 100,
        "worths": learner.func(pool).flatten().tolist(), "first": int(first), "second": int(second),
        "best": int(learner.find_best(pool, pairs)), "parameters_head": flat()[:40],
    }
    (HERE / "duel.json").write_text(json.dumps(case) + "\n")


main()

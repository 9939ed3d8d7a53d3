"""Golden values of numpy's default generator, for crates/math/src/numpy.rs.

    python golden/numpy/make.py     # numpy 2.4.6
"""

import json
import pathlib

import numpy as np

SEEDS = [0, 1, 42, 123456, 2**32 - 1, 2**32, 2**63 + 12345]
BOUNDS = [(0, 1), (0, 2), (0, 10), (-5, 6), (0, 2**32 - 1), (0, 2**32), (0, 2**32 + 1), (-(2**63), 2**63 - 1), (0, 3 * 2**61)]


def case(seed):
    mixed = np.random.default_rng(seed)
    # One stream in which all kinds of draws take turns, so that the kept half word is tested too.
    turns = []
    for low, high in BOUNDS * 3:
        turns.append({"low": low, "high": high, "integer": int(mixed.integers(low, high)), "random": mixed.random()})
    raw = np.random.default_rng(seed).bit_generator.random_raw(4)
    return {
        "seed": seed,
        "state": [int(word) for word in np.random.SeedSequence(seed).generate_state(8)],
        "raw": [int(word) for word in raw],
        "random": np.random.default_rng(seed).random(4).tolist(),
        "small": np.random.default_rng(seed).integers(0, 10, size=9).tolist(),
        "turns": turns,
    }


def main():
    values = {
        "numpy": np.__version__,
        "cases": [case(seed) for seed in SEEDS],
        # Entropy of more words than the pool holds.
        "entropy": {
            "words": [1, 2, 3, 4, 5, 6],
            "state": [int(word) for word in np.random.SeedSequence([1, 2, 3, 4, 5, 6]).generate_state(8)],
        },
    }
    path = pathlib.Path(__file__).with_name("streams.json")
    path.write_text(json.dumps(values, indent=1) + "\n")


main()

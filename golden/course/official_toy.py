"""Runs the released teachers on the released toy world and prints the share of mastered cubes.

    python official_toy.py CHECKOUT TEACHER [--seeds 3] [--episodes 20000] [--dims 2] [--cubes 10] [--irrelevant 0]

CHECKOUT is flowersteam/teachDeepRL @ 747cda2; TEACHER is one of random, riac, alp-gmm, covar-gmm, covar-gmm-abs.
One line a seed: the score every 1,000 episodes and the seconds that the whole run took. Needs numpy, scipy,
scikit-learn, treelib and gym 0.26; what the released file imports for its animations is replaced by nothing.
"""

import argparse
import json
import sys
import time
import types
import warnings

warnings.filterwarnings("ignore")


def load(checkout):
    """The released toy module, without what it imports to draw."""
    sys.path.insert(0, checkout)
    plots = types.ModuleType("teachDRL.teachers.utils.plot_utils")
    for name in ("region_plot_gif", "gmm_plot_gif", "random_plot_gif"):
        setattr(plots, name, None)
    sys.modules["teachDRL.teachers.utils.plot_utils"] = plots
    sys.modules["matplotlib"] = types.ModuleType("matplotlib")
    sys.modules["matplotlib.pyplot"] = types.ModuleType("matplotlib.pyplot")
    seaborn = types.ModuleType("seaborn")
    seaborn.set = lambda: None
    sys.modules["seaborn"] = seaborn
    from teachDRL.toy_env import toy_env

    return toy_env


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkout")
    parser.add_argument("teacher")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--episodes", type=int, default=20_000)
    parser.add_argument("--dims", type=int, default=2)
    parser.add_argument("--cubes", type=int, default=10)
    parser.add_argument("--irrelevant", type=int, default=0)
    options = parser.parse_args()
    toy = load(options.checkout)
    import numpy as np

    run, params = {
        "random": (toy.test_random, {}),
        "riac": (toy.test_riac, {}),
        "alp-gmm": (toy.test_alpgmm, {}),
        "covar-gmm": (toy.test_covar_gmm, {}),
        "covar-gmm-abs": (toy.test_covar_gmm, {"absolute_lp": True}),
    }[options.teacher]
    for seed in range(1, options.seeds + 1):
        np.random.seed(seed)  # the teachers draw their own seed from it
        env = toy.ToyEnv(nb_cubes=options.cubes, nb_dims=options.dims)
        started = time.perf_counter()
        scores = run(
            env,
            options.episodes,
            gif=False,
            nb_dims=options.dims + options.irrelevant,
            score_step=1000,
            verbose=False,
            params=params,
        )
        seconds = time.perf_counter() - started
        print(json.dumps({**vars(options), "checkout": "", "seed": seed, "scores": [float(x) for x in scores],
                          "seconds": round(seconds, 2)}), flush=True)


if __name__ == "__main__":
    main()

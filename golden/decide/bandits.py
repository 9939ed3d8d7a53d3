"""Golden decisions of MABWiser, for crates/decide/src/bandit/golden.rs.

    python golden/decide/bandits.py     # mabwiser 2.7.4, numpy 2.4.6

Every case plays ROUNDS rounds. Contexts and rewards come from numpy's default generator of WORLD_SEED,
in the order in which `world` draws them, so that the test draws them again instead of reading them. Each
arm is pulled once before the first decision: MABWiser gives arms without a reward the index 0.
"""

import json
import pathlib
from importlib.metadata import version

import numpy as np
from mabwiser.mab import MAB, LearningPolicy

ARMS, FEATURES, ROUNDS, WORLD_SEED, SEED = 10, 20, 500, 7, 11


def world(contextual):
    """Contexts `(ARMS + ROUNDS, FEATURES)` and the reward of every arm in every round."""
    rng = np.random.default_rng(WORLD_SEED)
    contexts, rewards = [], []
    theta = [[2 * rng.random() - 1 for _ in range(FEATURES)] for _ in range(ARMS)] if contextual else None
    for _ in range(ARMS + ROUNDS):
        context = [2 * rng.random() - 1 for _ in range(FEATURES)] if contextual else []
        row = []
        for arm in range(ARMS):
            luck = rng.random()
            if contextual:
                mean = 0.0
                for weight, x in zip(theta[arm], context):
                    mean += weight * x
                row.append(mean + luck - 0.5)
            else:
                row.append(1.0 if luck < 0.3 + 0.05 * arm else 0.0)
        contexts.append(context)
        rewards.append(row)
    return contexts, rewards


def decisions(policy, contextual):
    contexts, rewards = world(contextual)
    mab = MAB(list(range(ARMS)), policy, seed=SEED)
    first = (list(range(ARMS)), [rewards[arm][arm] for arm in range(ARMS)])
    mab.fit(*first, *([contexts[:ARMS]] if contextual else []))
    chosen = []
    for at in range(ARMS, ARMS + ROUNDS):
        seen = [[contexts[at]]] if contextual else []
        arm = mab.predict(*seen)
        mab.partial_fit([arm], [rewards[at][arm]], *seen)
        chosen.append(int(arm))
    return chosen


def shares(successes, failures, draws):
    """How often Thompson sampling chooses each arm, in `draws` predictions of one posterior."""
    mab = MAB(list(range(len(successes))), LearningPolicy.ThompsonSampling(), seed=SEED)
    told, rewards = [], []
    for arm, (good, bad) in enumerate(zip(successes, failures)):
        told += [arm] * (good + bad)
        rewards += [1] * good + [0] * bad
    mab.fit(told, rewards)
    counts = [0] * len(successes)
    for _ in range(draws):
        counts[mab.predict()] += 1
    return counts


def main():
    cases = {
        "random": (LearningPolicy.Random(), False),
        "epsilon-greedy 0": (LearningPolicy.EpsilonGreedy(0.0), False),
        "epsilon-greedy 0.1": (LearningPolicy.EpsilonGreedy(0.1), False),
        "epsilon-greedy 0.5": (LearningPolicy.EpsilonGreedy(0.5), False),
        "ucb1 0.5": (LearningPolicy.UCB1(0.5), False),
        "ucb1 1": (LearningPolicy.UCB1(1.0), False),
        "ucb1 1.25": (LearningPolicy.UCB1(1.25), False),
        "lin-ucb 0.5 1": (LearningPolicy.LinUCB(0.5, 1.0), True),
        "lin-ucb 1 1": (LearningPolicy.LinUCB(1.0, 1.0), True),
        "lin-ucb 1.5 4": (LearningPolicy.LinUCB(1.5, 4.0), True),
    }
    successes, failures, draws = [3, 10, 40, 0, 7], [5, 9, 38, 1, 7], 20_000
    values = {
        "mabwiser": version("mabwiser"),
        "numpy": np.__version__,
        "decisions": {name: decisions(*case) for name, case in cases.items()},
        "thompson": {
            "successes": successes,
            "failures": failures,
            "draws": draws,
            "counts": shares(successes, failures, draws),
        },
    }
    path = pathlib.Path(__file__).with_name("bandits.json")
    path.write_text(json.dumps(values) + "\n")


main()

"""The peer of the decision lines of `autodidact bench`: MABWiser, one round at a time.

Reads one JSON object a line from stdin, does what it says, answers with one a line on stdout.
"""

import json
import sys
import time

from importlib.metadata import version

import numpy as np
from mabwiser.mab import MAB, LearningPolicy

POLICIES = {
    "ucb1": lambda: LearningPolicy.UCB1(1.0),
    "thompson-beta": lambda: LearningPolicy.ThompsonSampling(),
    "lin-ucb": lambda: LearningPolicy.LinUCB(1.0, 1.0),
}


def hello(_):
    return {"mabwiser": version("mabwiser"), "numpy": np.__version__}


def play(request):
    contexts, rewards = np.array(request["contexts"]), request["rewards"]
    arms, features = len(rewards[0]), contexts.shape[1]
    mab = MAB(list(range(arms)), POLICIES[request["policy"]](), seed=1)
    first = [contexts[:arms]] if features else []
    mab.fit(list(range(arms)), [rewards[arm][arm] for arm in range(arms)], *first)
    chosen = []
    started = time.perf_counter()
    for at in range(arms, len(rewards)):
        seen = [contexts[at : at + 1]] if features else []
        arm = mab.predict(*seen)
        mab.partial_fit([arm], [rewards[at][arm]], *seen)
        chosen.append(int(arm))
    return {"seconds": time.perf_counter() - started, "chosen": chosen}


TASKS = {"hello": hello, "play": play}

for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(TASKS[request["do"]](request)), flush=True)

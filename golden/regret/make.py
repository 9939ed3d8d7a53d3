"""Mean regrets of the four references of EVOLvE by 3,000 runs each, in numpy and independent of this project.

Writes references.json: for each instance and player the mean regret at the horizon, the standard deviation of a run
and the standard error of the mean. Runs in about two minutes: python make.py
"""

import json

import numpy as np

RUNS = 3000
INSTANCES = [(5, 0.5, 300), (5, 0.2, 1000), (20, 0.2, 1000)]
PLAYERS = ["ucb", "thompson", "greedy", "random"]


def regret(arms, gap, horizon, player):
    rng = np.random.default_rng(0)
    runs = np.arange(RUNS)
    means = np.full((RUNS, arms), 0.5 - gap / 2)
    means[runs, rng.integers(0, arms, RUNS)] = 0.5 + gap / 2
    pulls, paid, lost = np.zeros((RUNS, arms)), np.zeros((RUNS, arms)), np.zeros(RUNS)
    for t in range(horizon):
        if player == "thompson":
            arm = rng.beta(1 + paid, 1 + pulls - paid).argmax(1)
        elif player == "random":
            arm = rng.integers(0, arms, RUNS)
        elif t < arms:
            arm = np.full(RUNS, t)
        elif player == "greedy":
            arm = (paid / pulls).argmax(1)
        else:
            arm = (paid / pulls + np.sqrt(0.5 * np.log(t) / pulls)).argmax(1)
        reward = rng.random(RUNS) < means[runs, arm]
        pulls[runs, arm] += 1
        paid[runs, arm] += reward
        lost += 0.5 + gap / 2 - means[runs, arm]
    return lost


out = []
for arms, gap, horizon in INSTANCES:
    for player in PLAYERS:
        lost = regret(arms, gap, horizon, player)
        deviation = float(lost.std(ddof=1))
        out.append({
            "arms": arms, "gap": gap, "horizon": horizon, "player": player, "mean": float(lost.mean()),
            "deviation": deviation, "error": deviation / RUNS**0.5,
        })
with open("references.json", "w") as file:
    json.dump(out, file, indent=1)
    file.write("\n")

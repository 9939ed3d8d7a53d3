"""Values of the released teachers and of scikit-learn on fixed streams.

    python teachers.py CHECKOUT

CHECKOUT is flowersteam/teachDeepRL @ 747cda2; made with scikit-learn 1.9.1, numpy 2.4.6, gym 0.26.2, treelib 1.8.0.
Writes gmm.json, kmeans.json, alp_gmm.json, covar_gmm.json, riac.json, cubes.json and oracle.json beside this file. Points
are whole multiples of 1/2^20, stored as the whole numbers, so that single and double precision hold the same values.
"""

import json
import pathlib
import sys
import warnings

import numpy as np

from official_toy import load

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
GRID = 2**20


def save(name, value):
    (HERE / f"{name}.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")


def snap(task):
    """The task on the grid: whole numbers, and as single precision."""
    whole = np.rint(np.asarray(task, dtype=np.float64) * GRID).astype(int)
    return whole, (whole / GRID).astype(np.float32)


class Recorder:
    """Keeps the labels of every k-means that a mixture starts from."""

    def __init__(self):
        from sklearn import cluster
        from sklearn.mixture import _base

        self.labels = labels = []

        class Recording(cluster.KMeans):
            def fit(self, *args, **kwargs):
                out = super().fit(*args, **kwargs)
                labels.append(out.labels_.tolist())
                return out

        proxy = type(sys)("cluster")
        proxy.KMeans = Recording
        _base.cluster = proxy

    def take(self):
        taken = list(self.labels)
        self.labels.clear()
        return taken


def described(mixture, points):
    n = len(points)
    return {
        "weights": mixture.weights_.tolist(),
        "means": mixture.means_.tolist(),
        "covariances": mixture.covariances_.reshape(len(mixture.means_), -1).tolist(),
        "log_likelihood": float(mixture.score(points) * n),
        "aic": float(mixture.aic(points)),
        "bic": float(mixture.bic(points)),
        "iterations": int(mixture.n_iter_),
        "converged": bool(mixture.converged_),
    }


def mixtures(recorder):
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    rng = np.random.default_rng(5)
    blobs = np.concatenate([rng.normal(m, s, (60, 3)) for m, s in [((0, 0, 0), 0.1), ((1, 0, 1), 0.2), ((0, 1, 0), 0.05)]])
    clipped = np.clip(rng.normal(0.9, 0.3, (200, 2)), 0, 1)
    wide = rng.random((120, 5))
    cases = []
    for points, k in [(blobs, 3), (blobs, 5), (clipped, 4), (clipped, 9), (wide, 2)]:
        points = np.round(points, 4)
        recorder.take()
        mixture = GaussianMixture(k, random_state=3).fit(points)
        cases.append({"dims": points.shape[1], "k": k, "points": points.ravel().tolist(), "labels": recorder.take()[0],
                      **described(mixture, points)})
    save("gmm", cases)

    cases = []
    for points, k in [(blobs, 4), (clipped, 7)]:
        points = np.round(points, 4)
        start = points[rng.choice(len(points), k, replace=False)]
        out = KMeans(k, init=start, n_init=1).fit(points)
        cases.append({"dims": points.shape[1], "points": points.ravel().tolist(), "start": start.ravel().tolist(),
                      "labels": out.labels_.tolist(), "centres": out.cluster_centers_.ravel().tolist(),
                      "inertia": float(out.inertia_)})
    save("kmeans", cases)


def fits_of(make, toy, recorder, value, aics, seed):
    """A teacher plays the toy world; what it fitted and what its Gaussians are worth, fit by fit."""
    np.random.seed(seed)
    teacher, env = make(), toy.ToyEnv()
    tasks, rewards, fits, seen = [], [], [], set()
    jitter = np.random.default_rng(seed)
    for i in range(1000):
        # A crowd near the corner: cubes open early.
        whole, task = snap(np.clip(teacher.sample_task() * (0.35 if i < 500 else 1.0), 0, 1))
        while tuple(whole) in seen:
            # Which of several nearest tasks a k-d tree finds is chance: no task comes twice.
            whole, task = snap(np.clip(task + jitter.normal(0, 0.002, 2), 0, 1))
        seen.add(tuple(whole))
        reward = float(env.episode(task))
        recorder.take()
        teacher.update(task, reward)
        tasks += whole.tolist()
        rewards.append(reward)
        if (i + 1) % 250 == 0:
            fits.append({"labels": recorder.take(), "aics": aics(teacher), "chosen": len(teacher.gmm.means_),
                         "worth": value(teacher.gmm)})
    return teacher, {"tasks": tasks, "rewards": rewards, "fits": fits}


def alp_gmm(toy, recorder):
    def aics(teacher):
        points = np.array(teacher.tasks_alps[-250:])
        return [float(m.aic(points)) for m in teacher.potential_gmms]

    make = lambda: toy.ALPGMM([0, 0], [1, 1], seed=7)
    teacher, out = fits_of(make, toy, recorder, lambda g: g.means_[:, -1].tolist(), aics, 11)
    save("alp_gmm", {**out, "alps": [float(alp) for alp in teacher.alps]})


def covar_gmm(toy, recorder):
    value = lambda g: np.maximum(0, g.covariances_[:, -2, -1]).tolist()
    make = lambda: toy.CovarGMM([0, 0], [1, 1], seed=7)
    _, out = fits_of(make, toy, recorder, value, lambda teacher: [], 12)
    save("covar_gmm", out)


def riac(toy):
    import gym
    import teachDRL.teachers.algos.riac as module

    drawn, splitting = [], [False]
    choice, sample, split = np.random.choice, gym.spaces.Box.sample, module.RIAC.split

    def recorded_choice(of):
        dim = choice(of)
        if splitting[0]:
            drawn.append([int(dim), None])
        return dim

    def recorded_sample(self):
        out = sample(self)
        if splitting[0]:
            drawn[-1][1] = float(out[drawn[-1][0]])
        return out

    def recorded_split(self, node):
        splitting[0] = True
        out = split(self, node)
        splitting[0] = False
        splits.append({"update": self.update_nb, "split": bool(out), "drawn": len(drawn)})
        return out

    np.random.choice, gym.spaces.Box.sample, module.RIAC.split = recorded_choice, recorded_sample, recorded_split
    splits = []
    np.random.seed(4)
    teacher, env = module.RIAC([0, 0], [1, 1], seed=9), toy.ToyEnv()
    tasks, rewards = [], []
    rng = np.random.default_rng(8)
    for i in range(2500):
        centre = rng.random(2) * (0.3 if i % 3 else 1.0)
        whole, task = snap(centre)
        reward = float(env.episode(task))
        teacher.update(task, reward)
        tasks += whole.tolist()
        rewards.append(reward)
    nodes = [
        {"low": [float(x) for x in n.data.bounds.low], "high": [float(x) for x in n.data.bounds.high],
         "alp": float(n.data.alp), "size": len(n.data.r_t_pairs[0])}
        for n in teacher.tree.all_nodes()
    ]
    np.random.choice, gym.spaces.Box.sample, module.RIAC.split = choice, sample, split
    save("riac", {"tasks": tasks, "rewards": rewards, "drawn": drawn, "splits": splits, "nodes": nodes})


def cubes(toy):
    cases = []
    for dims, count, irrelevant in [(2, 10, 0), (3, 5, 2)]:
        rng = np.random.default_rng(dims)
        env = toy.ToyEnv(nb_cubes=count, nb_dims=dims)
        tasks, returns = [], []
        for i in range(3000):
            whole, task = snap(rng.random(dims + irrelevant) * min(1.0, 0.15 + i / 4000))
            returns.append(round(float(env.episode(task)) * 100))
            tasks += whole.tolist()
        cases.append({"dims": dims, "cubes": count, "irrelevant": irrelevant, "tasks": tasks, "competences": returns,
                      "score": float(env.get_score())})
    save("cubes", cases)


def oracle():
    from teachDRL.teachers.algos.oracle_teacher import OracleTeacher

    rng = np.random.default_rng(2)
    teacher = OracleTeacher([0, 0], [3, 6], [0.1, -0.2])
    rewards, windows = [], []
    for i in range(2500):
        rewards.append(int(rng.integers(150, 330)))
        teacher.update(None, rewards[-1])
        if (i + 1) % 50 == 0:
            windows.append([float(x) for x in teacher.window_pos])
    save("oracle", {"rewards": rewards, "windows": windows, "range": [float(x) for x in teacher.window_range]})


if __name__ == "__main__":
    toy_env = load(sys.argv[1])
    labels = Recorder()
    mixtures(labels)
    alp_gmm(toy_env, labels)
    covar_gmm(toy_env, labels)
    riac(toy_env)
    cubes(toy_env)
    oracle()

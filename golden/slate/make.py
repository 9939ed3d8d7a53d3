"""Golden values of the slate model, from the paper's own code on Pyro.

    python golden/slate/make.py CHECKOUT/code

writes likelihood.json beside this script, from `models.py` of finn-no/recsys_slates_dataset at
040024b2cefdb04962ff485373e4e5e8334591b2, conditioned on random latent variables: the summed
log-likelihood of two users' clicks under each user model and score, log-densities of the prior, and the
amortised first state of a user who clicked at every step.

Upstream counts 0 padding, 1 no click, 2 unknown, items from 3; its lengths count the no-click entry; its
amortisation leaves out item 3 by an off-by-one, so no user clicks it here. Its prior of recurrent weights
is N(0, 1) whatever `prior_rnn_scale` says: when the scale is applied, the weights are no parameters any more.

Made with pyro-ppl 1.9.2 and torch 2.15.0 on CPU, in f64.
"""

import json
import pathlib
import sys
import warnings

import torch

warnings.filterwarnings("ignore")
sys.path.insert(0, sys.argv[1])
torch.set_default_dtype(torch.float64)
import models  # noqa: E402
import pyro  # noqa: E402
from pyro import poutine  # noqa: E402

HERE = pathlib.Path(__file__).parent
ITEMS, DIMS, LONGEST, USERS, STEPS = 6, 3, 4, 2, 5
GROUPS = [0, 0, 0, 0, 1, 0, 1, 1, 0]  # three special items first

generator = torch.Generator().manual_seed(3)
draw = lambda *shape: torch.randn(*shape, generator=generator)

# (shown item ids, clicked id); 1 is no click, the rest is padding.
CLICKS = [
    [([4, 5, 6], 5), ([3, 8], 1), ([7, 4, 5, 6], 6), ([8], 8), ([3, 4, 5], 1)],
    [([6, 7], 7), ([4, 8, 3, 5], 4), ([5, 6, 7], 1)],
]
action = torch.zeros(USERS, STEPS, LONGEST + 1).long()
click = torch.zeros(USERS, STEPS).long()
click_idx = torch.zeros(USERS, STEPS).long()
for u, steps in enumerate(CLICKS):
    for t, (shown, clicked) in enumerate(steps):
        entries = [1] + shown
        action[u, t, : len(entries)] = torch.tensor(entries)
        click[u, t] = clicked
        click_idx[u, t] = entries.index(clicked)
batch = {
    "userId": torch.arange(USERS),
    "click": click,
    "click_idx": click_idx,
    "action": action,
    "phase_mask": torch.ones(USERS, STEPS),
}

spread = {"prior_groupvec_scale": 0.8, "prior_groupscale_scale": 0.6, "prior_rnn_scale": 1.5}
latent = {
    "item_model.itemvec.weight": draw(ITEMS + 3, DIMS),
    "item_model.groupvec.weight": draw(2, DIMS),
    "item_model.groupscale.weight": draw(2, DIMS),
    "bias_noclick": draw(LONGEST + 2),
    "user_model.gamma": torch.tensor(0.3),
    "h0-batch": draw(USERS, DIMS),
}
names = ["W_ir", "W_id", "W_in", "W_hr", "W_hd", "W_hn", "W_z"]
latent.update({f"user_model.rnn.{name}.weight": draw(DIMS, DIMS) for name in names})

cases = []
for user in ["linear", "gru"]:
    for score in ["l2", "dot"]:
        pyro.clear_param_store()
        model = models.PyroRecommender(
            user_model_module=user, item_model_module="hier", user_init_module="normal", dist=score,
            item_dim=DIMS, hidden_dim=DIMS, num_items=ITEMS + 3, item_group=torch.tensor(GROUPS),
            num_users=USERS, maxlen_action=LONGEST + 1, prior_softmax_mult_scale=0, prior_bias_scale=1.0,
            prior_userinit_scale=0.5, prior_temperature=1.0, likelihood_temperature=1.0, device="cpu", **spread,
        )
        trace = poutine.trace(pyro.condition(model, data=latent)).get_trace(batch)
        trace.compute_log_prob()
        density = {name: site for name, site in trace.nodes.items() if site["type"] == "sample"}
        value = lambda name: density[name]["fn"].base_dist.log_prob(density[name]["value"]) \
            if hasattr(density[name]["fn"], "base_dist") else density[name]["fn"].log_prob(density[name]["value"])
        prior = value("item_model.itemvec.weight")[3:].sum()
        prior = prior + value("item_model.groupvec.weight").sum() + value("item_model.groupscale.weight").sum()
        # Upstream's lengths run from 0 to the longest plus one; ours begin with no item shown.
        prior = prior + value("bias_noclick")[1:].sum()
        sites = ["user_model.gamma"] if user == "linear" else [f"user_model.rnn.{name}.weight" for name in names]
        prior = prior + sum(value(site).sum() for site in sites)
        cases.append({
            "user": user,
            "score": {"l2": "distance", "dot": "dot"}[score],
            "log_likelihood": density["obs"]["log_prob"].sum().item(),
            "log_prior": prior.item(),
        })

guide = models.MeanFieldGuide.__new__(models.MeanFieldGuide)
models.PyroModule.__init__(guide)
guide.h0_amort_decayfactor, guide.freeze_item_parameters = 4.0, False
everything = torch.tensor([[5, 8, 4, 8, 6]])
mean, scale = guide.h0_amortization_func(
    everything, V=latent["item_model.itemvec.weight"], amort_scalefactor=torch.tensor(0.2)
)

flat = lambda x: x.reshape(-1).tolist()
golden = {
    "dims": DIMS,
    "longest": LONGEST,
    "groups": GROUPS[3:],
    "group_spread": spread["prior_groupvec_scale"],
    "spread_spread": spread["prior_groupscale_scale"],
    "weight_spread": 1.0,
    "users": [
        [{"shown": [i - 3 for i in shown], "click": shown.index(c) if c > 2 else None} for shown, c in steps]
        for steps in CLICKS
    ],
    "latent": flat(latent["item_model.itemvec.weight"][3:])
    + flat(latent["item_model.groupvec.weight"])
    + flat(latent["item_model.groupscale.weight"])
    + flat(latent["bias_noclick"][1:])
    + [latent["user_model.gamma"].item()]
    + sum((flat(latent[f"user_model.rnn.{name}.weight"]) for name in names), []),
    "starts": latent["h0-batch"].tolist(),
    "cases": cases,
    "clicked": [i - 3 for i in everything[0].tolist()],
    "factor": 0.2,
    "start_mean": flat(mean),
    "start_sd": flat(scale),
}
(HERE / "likelihood.json").write_text(json.dumps(golden) + "\n")
print(json.dumps(cases, indent=1))

//! Slate recommendation by posterior sampling: show a list, see which item is clicked, keep learning.
//!
//! A user who is shown a list clicks one of its items or nothing, in proportion to the exponential of how
//! well each fits their taste. Items scatter around their groups' means, so that what is known of a group
//! helps its new items; a user's taste follows what they click. Lists are filled greedily, from one draw
//! of the posterior, or from one draw for each place. Run on a simulated world it recommends, sees clicks
//! and updates; run on a click log it fits the posterior to it.
//!
//! * Paper: Eide, Leslie, Frigessi 2021, arXiv 2104.15046.
//! * Code: finn-no/recsys_slates_dataset @ 040024b, `code/models.py`, `pyrotrainer.py`.
//! * Differs: the default posterior is an exact Gaussian updated online, not the variational one, whose
//!   settings are for millions of users; a fit stops by validation likelihood at the posterior means; a user
//!   without clicks has the prior's state; gradients are clipped as a whole.
//! * Reports: `click_rate`, `distinct_items`, `effective_items` and `posterior_sd` of each round;
//!   `log_likelihood` and `hit_rate` of a fit.

use autodidact_core::{Card, Error, Explore, Judge, Learn, Loop, Metric, Recipe, Result, Run};
use autodidact_decide::slate::fit::{FitConfig, Posterior};
use autodidact_decide::slate::log::Log;
use autodidact_decide::slate::{
    Beliefs, Online, OnlineConfig, OnlineState, Recommender, Refit, RefitState, Rule, Shared, Slate, Tally,
    World, WorldConfig,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Settings of the recommender.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlateThompson {
    /// Where clicks come from.
    pub source: Source,
    /// What is believed about items, and how it changes.
    pub beliefs: BeliefsConfig,
    /// How a list is filled.
    pub rule: Rule,
    /// Items in a list.
    pub size: usize,
    /// Rounds in a world; in each every user visits once.
    pub rounds: u32,
    /// Items recommended to a held-out user of a log to count later clicks among them.
    pub hits: usize,
}

/// Where clicks come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// Simulated users, who are recommended to.
    World(WorldConfig),
    /// What real users clicked: fitted to, nothing is recommended.
    Log {
        /// Lists and clicks, one a line; see the recipe's page.
        path: PathBuf,
        /// Items and their groups, one a line; without it all items are one group.
        #[serde(default)]
        catalogue: Option<PathBuf>,
    },
}

/// What is believed about items, and how it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum BeliefsConfig {
    /// A Gaussian posterior over items, updated with every impression.
    Online(OnlineConfig),
    /// The paper's variational posterior, fitted to all clicks so far.
    Variational {
        /// Rounds between fits.
        #[serde(default = "each_round")]
        every: u64,
        /// The model and its fit.
        #[serde(default)]
        fit: FitConfig,
    },
}

fn each_round() -> u64 {
    1
}

impl Default for SlateThompson {
    fn default() -> SlateThompson {
        SlateThompson {
            source: Source::World(WorldConfig::default()),
            beliefs: BeliefsConfig::Online(OnlineConfig::default()),
            rule: Rule::default(),
            size: 6,
            rounds: 60,
            hits: 20,
        }
    }
}

impl Recipe for SlateThompson {
    const CARD: Card = Card {
        id: "slate-thompson",
        summary: "fill lists of items by posterior sampling and learn from which one is clicked",
        paper: "2104.15046",
        code: "finn-no/recsys_slates_dataset @ 040024b",
        reports: &[
            Metric { name: "click_rate", meaning: "share of a round's lists on which an item was clicked" },
            Metric { name: "distinct_items", meaning: "different items shown in a round" },
            Metric {
                name: "effective_items",
                meaning: "exponential of the entropy of the items shown in a round",
            },
            Metric {
                name: "posterior_sd",
                meaning: "posterior standard deviation of an item, mean over items",
            },
            Metric {
                name: "log_likelihood",
                meaning: "mean log-likelihood of a held-out list's click, in nats",
            },
            Metric {
                name: "hit_rate",
                meaning: "held-out users' later clicks among the items recommended to them, mean over users",
            },
        ],
    };

    fn check(&self) -> Result<()> {
        let counts = [("size", self.size), ("rounds", self.rounds as usize), ("hits", self.hits)];
        for (field, found) in counts {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        match &self.beliefs {
            BeliefsConfig::Online(online) => online.check()?,
            BeliefsConfig::Variational { every: 0, .. } => {
                return Err(Error::invalid("beliefs.every", "at least 1", 0));
            }
            BeliefsConfig::Variational { fit, .. } => fit.check()?,
        }
        let Source::World(world) = &self.source else { return Ok(()) };
        world.check()?;
        match &self.beliefs {
            BeliefsConfig::Online(online) if world.taste_known && online.dims != world.dims => {
                let rule = format!("{}, as world.dims: visits carry tastes", world.dims);
                Err(Error::invalid("beliefs.dims", rule, online.dims))
            }
            _ => Ok(()),
        }
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        match &self.source {
            Source::World(config) => self.recommend(&World::open(config, run.seed("world"))?, run),
            Source::Log { path, catalogue } => self.fit(&Log::read(path, catalogue.as_deref())?, run),
        }
    }
}

impl SlateThompson {
    /// Recommends to the users of a world and learns from their clicks.
    fn recommend(&self, world: &World, run: &mut Run<'_>) -> Result<()> {
        let (explore, judge) = (Box::new(world.visitors()), Box::new(world.clicks()));
        let groups = world.groups();
        match &self.beliefs {
            BeliefsConfig::Online(config) => {
                let beliefs = Shared::of(OnlineState::new(*config, &groups)?);
                self.play(&beliefs, Box::new(Online::of(&beliefs)), explore, judge, run)
            }
            BeliefsConfig::Variational { every, fit } => {
                let prior = Posterior::new(fit, &groups, self.size, run.seed("guide"))?;
                let beliefs = Shared::of(RefitState::of(prior));
                let learn = Refit::of(&beliefs, *every, run.seed("split"));
                self.play(&beliefs, Box::new(learn), explore, judge, run)
            }
        }
    }

    /// The rounds, whoever visits, clicks and learns.
    fn play<B: Beliefs + 'static>(
        &self,
        beliefs: &Shared<B>,
        learn: Box<dyn Learn<Slate>>,
        explore: Box<dyn Explore<Slate>>,
        judge: Box<dyn Judge<Slate>>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let Source::World(world) = &self.source else { return Ok(()) };
        let policy = Box::new(Recommender::of(beliefs, self.rule, self.size));
        let mut parts = Loop { explore, policy, judge, learn };
        while run.next_round(self.rounds) {
            let groups = run.play("serve", &mut parts, 1, world.users as usize)?;
            let tally = Tally::of(&groups);
            run.note("click_rate", tally.click_rate())?;
            run.note("distinct_items", tally.distinct() as f64)?;
            run.note("effective_items", tally.effective())?;
            run.note("posterior_sd", beliefs.read(mean_sd))?;
        }
        run.output("last", &parts.learn.save()?)
    }

    /// Fits to a log, in one lesson.
    fn fit(&self, log: &Log, run: &mut Run<'_>) -> Result<()> {
        let lessons = log.history.groups();
        run.next_round(1);
        match &self.beliefs {
            BeliefsConfig::Online(config) => {
                let beliefs = Shared::of(OnlineState::new(*config, &log.groups)?);
                let mut learner = Online::of(&beliefs);
                run.learn("fit", &mut learner, &lessons)?;
                run.note("posterior_sd", beliefs.read(mean_sd))?;
                run.output("last", &learner.save()?)
            }
            BeliefsConfig::Variational { fit, .. } => {
                let split = run.seed("split");
                let prior = Posterior::new(fit, &log.groups, log.history.longest(), run.seed("guide"))?;
                let beliefs = Shared::of(RefitState::of(prior));
                let mut learner = Refit::of(&beliefs, 1, split);
                let metrics = run.learn("fit", &mut learner, &lessons)?;
                if let Some(value) = metrics.get("log_likelihood") {
                    run.note("log_likelihood", value)?;
                }
                let hits = |state: &RefitState| state.posterior().hit_rate(&log.history, self.hits, split);
                if let Some(value) = beliefs.read(hits) {
                    run.note("hit_rate", value)?;
                }
                run.note("posterior_sd", beliefs.read(mean_sd))?;
                run.output("last", &learner.save()?)
            }
        }
    }
}

/// The posterior standard deviation of an item, averaged over items.
fn mean_sd<B: Beliefs>(beliefs: &B) -> f64 {
    let n = beliefs.items();
    (0..n as u32).map(|item| beliefs.sd(item)).sum::<f64>() / n as f64
}

#[cfg(test)]
mod tests;

//! Covar-GMM: a Gaussian mixture over tasks, time and returns (Moulin-Frier, Nguyen and Oudeyer 2014).
//! Tasks come from Gaussians in proportion to how much returns rise with time in each.

use super::{Mixing, Space, Teacher, state};
use autodidact_core::{Result, Rng, Seed, Snapshot};
use autodidact_math::gmm::{Gaussian, Mixture};
use serde::{Deserialize, Serialize};

/// Settings of Covar-GMM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CovarGmmConfig {
    /// The mixture.
    pub mixing: Mixing,
    /// What counts as progress.
    pub progress: Progress,
}

/// What counts as progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// A return that rises with time.
    #[default]
    Rise,
    /// A return that changes with time, up or down.
    Change,
}

impl Progress {
    /// What a Gaussian over (task, time, return) is worth: the covariance of its last two coordinates,
    /// at least 0.
    pub fn of(self, gaussian: &Gaussian) -> f64 {
        let dims = gaussian.mean.len();
        let covariance = gaussian.covariance[(dims - 2) * dims + dims - 1];
        match self {
            Progress::Rise => covariance.max(0.0),
            Progress::Change => covariance.abs(),
        }
    }
}

/// The teacher. `rows` holds the (task, time, return) of the episodes since the last fit.
pub struct CovarGmm {
    config: CovarGmmConfig,
    space: Space,
    seed: Seed,
    state: State,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    episodes: u64,
    rows: Vec<f64>,
    mixture: Option<Mixture>,
}

impl CovarGmm {
    /// The teacher at its start. Fits draw from `seed`.
    pub fn of(config: CovarGmmConfig, space: Space, seed: Seed) -> CovarGmm {
        CovarGmm { config, space, seed, state: State::default() }
    }

    /// The mixture of the last fit.
    pub fn mixture(&self) -> Option<&Mixture> {
        self.state.mixture.as_ref()
    }
}

impl Teacher for CovarGmm {
    fn propose(&self, rng: &mut Rng) -> Vec<f64> {
        let worth = |gaussian: &Gaussian| self.config.progress.of(gaussian);
        self.config.mixing.draw(self.state.mixture.as_ref(), worth, &self.space, rng)
    }

    fn update(&mut self, point: &[f64], gain: f64) {
        let State { episodes, rows, mixture } = &mut self.state;
        let every = u64::from(self.config.mixing.every);
        rows.extend_from_slice(point);
        // Time is the position in the batch, from 0 to below 1.
        rows.extend([(*episodes % every) as f64 / every as f64, gain]);
        *episodes += 1;
        if self.config.mixing.due(*episodes) {
            *mixture = self.config.mixing.fit(rows, self.space.dims() + 2, self.seed.at("fit", *episodes));
            rows.clear();
        }
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(state::snapshot(vec![state::file("covar-gmm.json", &self.state)?]))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let state: State = state::read(snapshot, "covar-gmm.json")?;
        let dims = self.space.dims() + 2;
        self.config.mixing.check_state(&state.rows, state.mixture.as_ref(), dims)?;
        self.state = state;
        Ok(())
    }
}

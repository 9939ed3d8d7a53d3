//! ALP-GMM: a Gaussian mixture over tasks and their absolute learning progress (Portelas et al. 2019,
//! algorithm 1). Tasks come from Gaussians in proportion to the mean progress of each.

use super::{Alp, Mixing, Space, Teacher, state};
use autodidact_core::{Error, Result, Rng, Seed, Snapshot};
use autodidact_math::gmm::{Gaussian, Mixture};
use serde::{Deserialize, Serialize};

/// Settings of ALP-GMM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlpGmmConfig {
    /// The mixture.
    pub mixing: Mixing,
    /// How many past episodes progress is measured against; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<u32>,
}

impl AlpGmmConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        if self.history == Some(0) {
            return Err(Error::invalid("teacher.history", "at least 1", 0));
        }
        self.mixing.check()
    }
}

/// The teacher. `rows` holds the (task, progress) of the episodes since the last fit.
pub struct AlpGmm {
    config: AlpGmmConfig,
    space: Space,
    seed: Seed,
    alp: Alp,
    rows: Vec<f64>,
    mixture: Option<Mixture>,
}

#[derive(Serialize, Deserialize)]
struct State {
    episodes: usize,
    rows: Vec<f64>,
    mixture: Option<Mixture>,
}

impl AlpGmm {
    /// The teacher at its start. Fits draw from `seed`.
    pub fn of(config: AlpGmmConfig, space: Space, seed: Seed) -> AlpGmm {
        let alp = Alp::of(space.dims(), config.history.map(|n| n as usize));
        AlpGmm { config, space, seed, alp, rows: Vec::new(), mixture: None }
    }

    /// The mixture of the last fit.
    pub fn mixture(&self) -> Option<&Mixture> {
        self.mixture.as_ref()
    }
}

/// What a Gaussian is worth: the mean of its last coordinate, the progress.
fn progress(gaussian: &Gaussian) -> f64 {
    *gaussian.mean.last().expect("tasks have coordinates and a progress")
}

impl Teacher for AlpGmm {
    fn propose(&self, rng: &mut Rng) -> Vec<f64> {
        self.config.mixing.draw(self.mixture.as_ref(), progress, &self.space, rng)
    }

    fn update(&mut self, point: &[f64], gain: f64) {
        let alp = self.alp.add(point, gain);
        self.rows.extend_from_slice(point);
        self.rows.push(alp);
        let episodes = self.alp.added() as u64;
        if self.config.mixing.due(episodes) {
            self.mixture =
                self.config.mixing.fit(&self.rows, self.space.dims() + 1, self.seed.at("fit", episodes));
            self.rows.clear();
        }
    }

    fn save(&self) -> Result<Snapshot> {
        let state =
            State { episodes: self.alp.added(), rows: self.rows.clone(), mixture: self.mixture.clone() };
        let mut files = self.alp.files();
        files.push(state::file("alp-gmm.json", &state)?);
        Ok(state::snapshot(files))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let state: State = state::read(snapshot, "alp-gmm.json")?;
        let dims = self.space.dims() + 1;
        self.config.mixing.check_state(&state.rows, state.mixture.as_ref(), dims)?;
        let limit = self.config.history.map(|n| n as usize);
        self.alp = Alp::read(snapshot, self.space.dims(), limit, state.episodes)?;
        (self.rows, self.mixture) = (state.rows, state.mixture);
        Ok(())
    }
}

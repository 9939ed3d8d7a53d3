//! A dial's policy and learner: ask for a setting in a context, tell what it cost.

use super::{Bins, Chebyshev, Dial, Reading, Setting, TsallisInf};
use crate::handle::Handle;
use autodidact_core::{
    Ask, Group, Learn, Lesson, Policy, Proposals, Result, Rng, Seed, Snapshot, Spend, Version,
};
use autodidact_math::relax::{FivePoint, young};
use serde::{Deserialize, Serialize};

/// How settings are chosen, and everything learned so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Method {
    /// Always the same.
    Fixed {
        /// The setting.
        value: f64,
    },
    /// Young's optimum of the Laplacian of a square grid, shifted by the context: what an oracle would do.
    Young {
        /// Points on a side of the grid.
        side: u32,
    },
    /// Tsallis-INF, blind to the context.
    TsallisInf {
        /// Its state.
        state: TsallisInf,
    },
    /// One Tsallis-INF a bin of contexts.
    Bins {
        /// Its state.
        state: Bins,
    },
    /// Chebyshev regression and inverse gap weighting.
    Chebyshev {
        /// Its state.
        state: Chebyshev,
    },
}

impl Method {
    /// The setting for a context.
    pub fn ask(&self, context: f64, rng: &mut Rng) -> Setting {
        match self {
            Method::Fixed { value } => Setting::certain(*value),
            Method::Young { side } => {
                let matrix = FivePoint::laplacian(*side as usize).shifted(context);
                Setting::certain(young::optimal(matrix.jacobi_radius()))
            }
            Method::TsallisInf { state } => state.ask(rng),
            Method::Bins { state } => state.ask(context, rng),
            Method::Chebyshev { state } => state.ask(context, rng),
        }
    }

    /// Takes note of what a setting cost in a context.
    pub fn tell(&mut self, context: f64, setting: &Setting, cost: f64) {
        match self {
            Method::Fixed { .. } | Method::Young { .. } => {}
            Method::TsallisInf { state } => state.tell(setting, cost),
            Method::Bins { state } => state.tell(context, setting, cost),
            Method::Chebyshev { state } => state.tell(context, setting, cost),
        }
    }
}

/// A method behind a handle: its clones are one policy and one learner.
#[derive(Clone, Debug)]
pub struct Tuner(Handle<Method>);

impl Tuner {
    /// A tuner of that method.
    pub fn of(method: Method) -> Tuner {
        Tuner(Handle::new(method))
    }

    /// The method with all that it has learned.
    pub fn method(&self) -> Method {
        self.0.lock().clone()
    }
}

impl Policy<Dial> for Tuner {
    fn propose(&self, asks: &[Ask<Dial>], seeds: &[Seed]) -> Result<Proposals<Dial>> {
        let method = self.0.lock();
        let settings = |(ask, seed): (&Ask<Dial>, &Seed)| {
            let Reading { context, .. } = ask.query;
            let draw = |attempt| method.ask(context, &mut seed.at("try", u64::from(attempt)).rng());
            (0..ask.tries).map(draw).collect()
        };
        let answers = asks.iter().zip(seeds).map(settings).collect();
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        self.0.version()
    }
}

impl Learn<Dial> for Tuner {
    fn learn(&mut self, groups: &[Group<Dial>], _seed: Seed) -> Result<Lesson> {
        let mut method = self.0.lock();
        for group in groups {
            for one in &group.tries {
                if let Some(score) = one.verdict.value() {
                    method.tell(group.ask.query.context, &one.answer, -score);
                }
            }
        }
        Ok(Lesson::default())
    }

    fn save(&self) -> Result<Snapshot> {
        self.0.save()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.0.restore(snapshot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dial::Grid;
    use autodidact_core::{Try, Verdict};

    #[test]
    fn youngs_optimum_is_that_of_the_shifted_matrix() {
        let method = Method::Young { side: 10 };
        let at = |context| method.ask(context, &mut Seed::root(0).rng()).value;
        assert!((at(0.0) - 1.560388).abs() < 1e-6);
        assert!(at(-0.15) > at(0.0) && at(0.0) > at(0.45));
    }

    #[test]
    fn what_is_saved_in_mid_stream_goes_on_with_the_same_bits() {
        let methods = [
            Method::TsallisInf { state: TsallisInf::new(Grid::default(), 2.0) },
            Method::Bins { state: Bins::new(Grid::default(), 2.0, 5, (0.0, 1.0)) },
            Method::Chebyshev { state: Chebyshev::new(Grid::default(), 6, (0.0, 1.0)) },
        ];
        for method in methods {
            let mut one = Tuner::of(method.clone());
            play(&mut one, 0..300);
            let mut other = Tuner::of(method);
            other.restore(&one.save().expect("saves")).expect("restores");
            play(&mut one, 300..400);
            play(&mut other, 300..400);
            assert_eq!(one.save().expect("saves"), other.save().expect("saves"));
            assert_eq!(one.version().expect("digests"), other.version().expect("digests"));
        }
    }

    fn play(tuner: &mut Tuner, rounds: std::ops::Range<u64>) {
        for round in rounds {
            let query = Reading { round, context: (round as f64 * 0.618).fract() };
            let ask = Ask { query, knobs: (), tries: 1 };
            let answers =
                tuner.propose(std::slice::from_ref(&ask), &[Seed::root(round)]).expect("proposes").answers;
            let answer = answers[0][0];
            let verdict = if round % 7 == 0 {
                Verdict::abstain("no feedback came")
            } else {
                Verdict::score(-(20.0 + 100.0 * (answer.value - 1.0 - query.context).abs()))
            };
            let group = Group { ask, tries: vec![Try { answer, verdict }] };
            tuner.learn(&[group], Seed::root(0)).expect("learns");
        }
    }

    #[test]
    fn silence_teaches_nothing() {
        let mut tuner = Tuner::of(Method::TsallisInf { state: TsallisInf::new(Grid::default(), 2.0) });
        let before = tuner.method();
        let ask = Ask { query: Reading { round: 0, context: 0.0 }, knobs: (), tries: 1 };
        let answer = Setting { value: 1.0, step: Some(0), chance: 0.05 };
        let tries = vec![Try { answer, verdict: Verdict::abstain("none") }];
        tuner.learn(&[Group { ask, tries }], Seed::root(0)).expect("learns");
        assert_eq!(tuner.method(), before);
    }
}

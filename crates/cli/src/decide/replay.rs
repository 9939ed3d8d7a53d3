//! What a process's rule would have earned on a log, its own or another's.
//!
//! The log holds contexts, actions, rewards and the propensities with which the actions were taken. The
//! rule is the process as it stands, or, learning along, a fresh one that learns each logged row after it
//! was weighed by it. Both depend on earlier rows alone, and so does the reward model of the doubly robust
//! estimate, one ridge regression an arm: no row is judged by what it taught.

use super::{ProcessConfig, Situation};
use autodidact_core::{Error, Result};
use autodidact_decide::bandit::Bandit;
use autodidact_decide::choice::Pull;
use autodidact_math::bandit::ridge::Ridge;
use autodidact_math::off_policy::{
    Clip, Estimate, Flaw, Limits, Logged, Modelled, doubly_robust, expected, ips, snips,
};
use serde::Serialize;

/// One row of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// What was known.
    pub situation: Situation,
    /// The arm that was taken.
    pub arm: u32,
    /// What it earned.
    pub reward: f64,
    /// The probability with which it was taken.
    pub propensity: f64,
}

/// Which rule is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The given bandit, unchanged.
    Fixed,
    /// The given bandit, told each row after it was weighed.
    Learning,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replay {
    /// Rows of the log.
    pub rows: usize,
    /// The mean reward in the log.
    pub logged: f64,
    /// One entry an estimator: ips, snips, dr.
    pub estimates: Vec<EstimateLine>,
    /// How many equally weighted rows the estimates rest on.
    pub effective: f64,
    /// The largest weight's share in all.
    pub largest_share: f64,
    /// The mean weight, 1 in expectation when the propensities are right.
    pub mean_weight: f64,
    /// Why the estimates are worth nothing; empty when they are fine.
    pub flaws: Vec<String>,
}

/// An estimate of the rule's mean reward.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EstimateLine {
    /// `ips`, `snips` or `dr`.
    pub estimator: &'static str,
    /// The estimate.
    pub value: f64,
    /// The 95 % interval by the normal distribution; `None` with fewer than two rows.
    pub interval: Option<(f64, f64)>,
}

/// Judges `bandit` on the rows, in their order. Fails, naming the row, on one that does not fit.
pub fn replay(
    bandit: &Bandit,
    config: &ProcessConfig,
    rows: &[LogRow],
    rule: Rule,
    clip: Clip,
) -> Result<Replay> {
    let mut models: Vec<Ridge> =
        config.arms.iter().map(|_| Ridge::new(config.features.len() + 1, 1.0)).collect();
    let (mut log, mut modelled) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (i, row) in rows.iter().enumerate() {
        let named = |error: Error| match error {
            Error::Invalid { field, rule, found } => {
                Error::Invalid { field: format!("{field} (row {} of the log)", i + 1), rule, found }
            }
            other => other,
        };
        let context = row.situation.context(i as u64, config).map_err(named)?;
        let shares = bandit.probabilities(&context).map_err(named)?;
        // A constant beside the features, so that an arm without context has a mean.
        let x: Vec<f64> = std::iter::once(1.0).chain(context.features.iter().copied()).collect();
        let rewards: Vec<f64> = models.iter().map(|model| model.forecast(&x).mean).collect();
        let arm = row.arm as usize;
        let target = shares[arm].clamp(0.0, 1.0);
        log.push(Logged { reward: row.reward, propensity: Some(row.propensity), target });
        let value = expected(&shares, &rewards).ok_or_else(|| {
            Error::invalid(format!("the reward model at row {i}"), "finite", format!("{rewards:?}"))
        })?;
        modelled.push(Modelled { logged: rewards[arm], target: value });
        models[arm].tell(&x, row.reward);
        if rule == Rule::Learning {
            let pull = Pull { arm: row.arm, propensity: row.propensity };
            bandit.tell(&context, pull, row.reward).map_err(named)?;
        }
    }
    let wrong = |flaw: Flaw| Error::invalid("the log", "one that can be weighed", flaw);
    let plain = ips(&log, clip).map_err(wrong)?;
    let mut estimates = vec![line("ips", &plain)];
    // Without any overlap there is nothing to normalise; the flaws say so.
    if let Ok(normalised) = snips(&log, clip) {
        estimates.push(line("snips", &normalised));
    }
    estimates.push(line("dr", &doubly_robust(&log, &modelled, clip).map_err(wrong)?));
    let health = plain.health;
    Ok(Replay {
        rows: rows.len(),
        logged: rows.iter().map(|row| row.reward).sum::<f64>() / rows.len() as f64,
        estimates,
        effective: health.effective,
        largest_share: health.largest_share,
        mean_weight: health.mean_weight,
        flaws: health.flaws(&Limits::default()).iter().map(ToString::to_string).collect(),
    })
}

fn line(estimator: &'static str, estimate: &Estimate) -> EstimateLine {
    let interval = estimate.normal(0.95).map(|interval| (interval.low, interval.high));
    EstimateLine { estimator, value: estimate.value, interval }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;
    use autodidact_decide::bandit::Memory;
    use rand::Rng as _;
    use serde_json::json;

    fn config(algorithm: &str) -> ProcessConfig {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        ProcessConfig::new(names(&["left", "right"]), names(&["x"]), algorithm, Memory::All, &[])
            .expect("valid")
    }

    /// A log of even draws in a world where arm 1 pays 1 when x = 1 and arm 0 when x = 0, with 10 % noise.
    fn log(n: u64, config: &ProcessConfig) -> Vec<LogRow> {
        let row = |i: u64| {
            let mut rng = Seed::root(3).at("row", i).rng();
            let x = rng.random_range(0..2u32);
            let arm = rng.random_range(0..2u32);
            let right = (arm == x) != (rng.random::<f64>() < 0.1);
            let situation = Situation::parse(json!({"x": x}), None, config).expect("fits");
            LogRow { situation, arm, reward: f64::from(u8::from(right)), propensity: 0.5 }
        };
        (0..n).map(row).collect()
    }

    #[test]
    fn a_rule_that_learned_the_world_is_worth_what_it_would_earn() {
        let config = config("lin-ucb");
        let bandit = Bandit::new(&config.bandit()).expect("valid");
        let rows = log(4000, &config);
        // Taught one half, judged on the other.
        replay(&bandit, &config, &rows[..2000], Rule::Learning, Clip::Never).expect("fits");
        let found = replay(&bandit, &config, &rows[2000..], Rule::Fixed, Clip::Never).expect("fits");
        assert!((found.logged - 0.5).abs() < 0.05, "{found:?}");
        assert!(found.flaws.is_empty(), "{found:?}");
        for estimate in &found.estimates {
            let (low, high) = estimate.interval.expect("many rows");
            assert!(low < 0.9 && 0.9 < high && high - low < 0.12, "{estimate:?}");
        }
        let width = |i: usize| found.estimates[i].interval.map(|(low, high)| high - low).expect("there");
        assert!(width(2) < width(0), "a reward model narrows the interval: {found:?}");
    }

    #[test]
    fn a_rule_that_takes_what_the_log_never_took_is_flawed() {
        let config = config("lin-ucb");
        let bandit = Bandit::new(&config.bandit()).expect("valid");
        // Nothing learned: it takes arm 0, and the log has only arm 1.
        let rows: Vec<LogRow> =
            log(400, &config).into_iter().map(|row| LogRow { arm: 1, propensity: 1.0, ..row }).collect();
        let found = replay(&bandit, &config, &rows, Rule::Fixed, Clip::Never).expect("fits");
        assert!(!found.flaws.is_empty(), "{found:?}");
        assert_eq!(found.effective, 0.0);
    }
}

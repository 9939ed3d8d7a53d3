//! What the rows of a process say of its arms.

use super::{ProcessConfig, Situation};
use autodidact_core::{Error, Result};
use autodidact_ledger::{Decision, Store};
use autodidact_math::confidence::AnyTime;
use autodidact_math::interval::Interval;
use autodidact_math::off_policy::{Clip, Limits, Logged, snips};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The confidence of everything that is said here, over all arms together.
const LEVEL: f64 = 0.95;

/// How many decisions are read at a time.
const PAGE: u64 = 10_000;

/// What can be said of a process from its rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// One entry an arm, in order.
    pub arms: Vec<ArmLine>,
    /// The mean reward of all told decisions.
    pub mean: Option<f64>,
    /// The range of rewards that intervals rest on.
    pub range: (f64, f64),
    /// How many told rewards lie outside that range: with any, there are no intervals.
    pub outside: u64,
    /// How much better the best arm is than what was chosen, in reward a decision, where one arm is best
    /// throughout. It holds at all times together with the arms' intervals.
    pub regret: Option<Range>,
}

/// What an arm was asked for and what it earned.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ArmLine {
    /// Its name.
    pub arm: String,
    /// How often it was chosen.
    pub asked: u64,
    /// The share of all decisions in which it was chosen.
    pub share: f64,
    /// How many of its rewards were told.
    pub told: u64,
    /// The mean of these; `None` without.
    pub mean: Option<f64>,
    /// A range that holds the arm's mean reward at all times, for all arms together with 95 %
    /// confidence, as long as that mean does not change.
    pub interval: Option<Range>,
    /// What always choosing this arm would have earned, from the propensities.
    pub always: Option<Always>,
}

/// Two ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// The lower.
    pub low: f64,
    /// The upper.
    pub high: f64,
}

/// An off-policy estimate (SNIPS) of the rule that always chooses one arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Always {
    /// The estimated mean reward.
    pub value: f64,
    /// Its 95 % interval by the normal distribution.
    pub interval: Option<Range>,
    /// How many equally weighted decisions it rests on.
    pub effective: f64,
    /// Why the estimate is worth nothing; empty when it is fine.
    pub flaws: Vec<String>,
}

impl From<Interval> for Range {
    fn from(interval: Interval) -> Range {
        Range { low: interval.low, high: interval.high }
    }
}

impl Evidence {
    /// Reads the rows of that process; rewards are known to lie in `range`.
    pub fn of(store: &Store, name: &str, config: &ProcessConfig, range: (f64, f64)) -> Result<Evidence> {
        let (low, high) = range;
        if !(low < high && (high - low).is_finite()) {
            return Err(Error::invalid("--range", "a lower and a higher number", format!("{low},{high}")));
        }
        let mut rows = Rows::new(config, range);
        let mut from = 0;
        loop {
            let page = store.decisions(name, from, PAGE)?;
            let Some(last) = page.last() else { break };
            from = last.number + 1;
            for decision in &page {
                rows.read(decision)?;
            }
        }
        Ok(rows.evidence())
    }
}

/// Sums over the rows.
struct Rows<'a> {
    config: &'a ProcessConfig,
    range: (f64, f64),
    asked: Vec<u64>,
    /// A confidence sequence an arm.
    sequences: Vec<AnyTime>,
    sums: Vec<f64>,
    told: Vec<u64>,
    outside: u64,
    /// The told decisions in which each arm was chosen: reward and propensity.
    chosen: Vec<Vec<(f64, f64)>>,
    /// The told decisions in which each arm was named among those allowed.
    named: Vec<u64>,
    /// The told decisions in which every arm was allowed.
    open: u64,
    numbers: BTreeMap<&'a str, usize>,
}

impl<'a> Rows<'a> {
    fn new(config: &'a ProcessConfig, range: (f64, f64)) -> Rows<'a> {
        let arms = config.arms.len();
        // A union over the arms' sequences.
        let level = 1.0 - (1.0 - LEVEL) / arms as f64;
        let sequence = AnyTime::new(level).expect("the level is between 0 and 1");
        Rows {
            config,
            range,
            asked: vec![0; arms],
            sequences: vec![sequence; arms],
            sums: vec![0.0; arms],
            told: vec![0; arms],
            outside: 0,
            chosen: vec![Vec::new(); arms],
            named: vec![0; arms],
            open: 0,
            numbers: config.arms.iter().enumerate().map(|(arm, name)| (name.as_str(), arm)).collect(),
        }
    }

    fn read(&mut self, decision: &Decision) -> Result<()> {
        let arm = decision.arm as usize;
        if arm >= self.asked.len() {
            let rule = format!("below {}", self.asked.len());
            return Err(Error::invalid(format!("the arm of decision {}", decision.number), rule, arm));
        }
        self.asked[arm] += 1;
        let Some(feedback) = &decision.feedback else { return Ok(()) };
        let reward = feedback.reward;
        self.told[arm] += 1;
        self.sums[arm] += reward;
        let scaled = (reward - self.range.0) / (self.range.1 - self.range.0);
        if !self.sequences[arm].tell(scaled) {
            self.outside += 1;
        }
        let situation: Situation = serde_json::from_str(&decision.context)
            .map_err(|source| Error::Recorded { what: "context", source })?;
        self.chosen[arm].push((reward, decision.propensity));
        match &situation.allowed {
            None => self.open += 1,
            Some(names) => {
                let allowed: BTreeSet<usize> =
                    names.iter().filter_map(|name| self.numbers.get(name.as_str()).copied()).collect();
                allowed.into_iter().for_each(|arm| self.named[arm] += 1);
            }
        }
        Ok(())
    }

    fn evidence(&self) -> Evidence {
        let asked: u64 = self.asked.iter().sum();
        let told: u64 = self.told.iter().sum();
        let ranges: Vec<Option<Range>> = self.sequences.iter().map(|one| self.range_of(one)).collect();
        let arms = (0..self.asked.len())
            .map(|arm| ArmLine {
                arm: self.config.arms[arm].clone(),
                asked: self.asked[arm],
                share: if asked > 0 { self.asked[arm] as f64 / asked as f64 } else { 0.0 },
                told: self.told[arm],
                mean: (self.told[arm] > 0).then(|| self.sums[arm] / self.told[arm] as f64),
                interval: ranges[arm],
                always: always(&self.log(arm)),
            })
            .collect();
        Evidence {
            arms,
            mean: (told > 0).then(|| self.sums.iter().sum::<f64>() / told as f64),
            range: self.range,
            outside: self.outside,
            regret: regret(&ranges, &self.told),
        }
    }

    /// The told decisions in which an arm was allowed, as the rule that always chooses it sees them. Those in which
    /// another was chosen have no weight, whatever they brought.
    fn log(&self, arm: usize) -> Vec<Logged> {
        let chosen = self.chosen[arm].iter();
        let mut log: Vec<Logged> = chosen
            .map(|&(reward, propensity)| Logged { reward, propensity: Some(propensity), target: 1.0 })
            .collect();
        let allowed = (self.open + self.named[arm]) as usize;
        log.resize(allowed.max(log.len()), Logged { reward: 0.0, propensity: Some(1.0), target: 0.0 });
        log
    }

    /// `None` where a reward lay outside the range: then nothing is known.
    fn range_of(&self, sequence: &AnyTime) -> Option<Range> {
        let (low, width) = (self.range.0, self.range.1 - self.range.0);
        let found = sequence.interval();
        (self.outside == 0 && sequence.n() > 0)
            .then_some(Range { low: low + width * found.low, high: low + width * found.high })
    }
}

/// The best arm's mean less the mean of what was chosen: the arms' means, weighted by how often each was told. The
/// rewards of all arms together have no one mean while a rule learns, so they have no range of their own.
fn regret(ranges: &[Option<Range>], told: &[u64]) -> Option<Range> {
    let arms = ranges.iter().map(Option::as_ref).collect::<Option<Vec<&Range>>>()?;
    let all: u64 = told.iter().sum();
    let best = |end: fn(&Range) -> f64| arms.iter().map(|range| end(range)).fold(f64::NEG_INFINITY, f64::max);
    let chosen = |end: fn(&Range) -> f64| {
        arms.iter().zip(told).map(|(range, &told)| end(range) * told as f64 / all as f64).sum::<f64>()
    };
    let low = (best(|range| range.low) - chosen(|range| range.high)).max(0.0);
    Some(Range { low, high: (best(|range| range.high) - chosen(|range| range.low)).max(low) })
}

fn always(log: &[Logged]) -> Option<Always> {
    let estimate = snips(log, Clip::Never).ok()?;
    let flaws = estimate.health.flaws(&Limits::default());
    Some(Always {
        value: estimate.value,
        interval: estimate.normal(LEVEL).map(Range::from),
        effective: estimate.health.effective,
        flaws: flaws.iter().map(ToString::to_string).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_the_arms_by_how_often_they_were_told() {
        let range = |low, high| Some(Range { low, high });
        // A rule that learned: 1,900 of 2,000 on the arm that pays 0.9, where the other pays 0.1.
        let found = regret(&[range(0.05, 0.2), range(0.88, 0.92)], &[100, 1900]).expect("both are known");
        // 0.88 - (0.05 * 0.2 + 0.95 * 0.92) < 0, and 0.92 - (0.05 * 0.05 + 0.95 * 0.88) = 0.0815.
        assert_eq!(found.low, 0.0);
        assert!((found.high - 0.0815).abs() < 1e-12, "{found:?}");
        assert!(found.low < 0.04 && 0.04 < found.high, "the truth, 0.04, is inside");
        assert_eq!(regret(&[range(0.0, 1.0), None], &[5, 0]), None);
    }
}

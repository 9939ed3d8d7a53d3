//! How long and how different a run's answers were, round by round, counted from its samples.

use crate::error::Result;
use crate::plot::Line;
use autodidact_core::{Key, RunId};
use autodidact_ledger::{SampleFilter, Store};
use std::collections::{BTreeMap, BTreeSet};

/// Curves over the rounds, one a stage.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The mean number of tokens of an answer.
    pub lengths: Vec<Line>,
    /// The share of distinct texts among the answers to one ask, where there are several.
    pub distinct: Vec<Line>,
}

/// Sums of one stage in one round.
#[derive(Default)]
struct Sums {
    tokens: u64,
    answers: u64,
    distinct: f64,
    asks: u64,
}

/// The answers to one ask that were seen so far.
struct Group {
    key: Key,
    ask: u32,
    texts: BTreeSet<String>,
    n: u64,
}

impl Answers {
    /// Of all answers that the run could learn from.
    pub fn of(store: &Store, run: &RunId) -> Result<Answers> {
        let filter = SampleFilter { evaluation: Some(false), ..SampleFilter::of(run) };
        let mut all: BTreeMap<(String, u32), Sums> = BTreeMap::new();
        let mut group: Option<Group> = None;
        store.each_sample(&filter, |sample| {
            let sums = all.entry((sample.key.stage.clone(), sample.key.round)).or_default();
            sums.tokens += sample.tokens.len() as u64;
            sums.answers += 1;
            // The tries at one ask are recorded one after the other.
            let same = group.as_ref().is_some_and(|group| group.key == sample.key && group.ask == sample.ask);
            if !same {
                close(&mut all, group.take());
                group = Some(Group { key: sample.key, ask: sample.ask, texts: BTreeSet::new(), n: 0 });
            }
            if let Some(group) = &mut group {
                group.texts.insert(sample.text);
                group.n += 1;
            }
            Ok(())
        })?;
        close(&mut all, group);
        Ok(Answers {
            lengths: lines(&all, |sums| (sums.answers > 0).then(|| sums.tokens as f64 / sums.answers as f64)),
            distinct: lines(&all, |sums| (sums.asks > 0).then(|| sums.distinct / sums.asks as f64)),
        })
    }
}

/// Counts a whole group.
fn close(all: &mut BTreeMap<(String, u32), Sums>, group: Option<Group>) {
    if let Some(group) = group.filter(|group| group.n > 1) {
        let sums = all.entry((group.key.stage, group.key.round)).or_default();
        sums.distinct += group.texts.len() as f64 / group.n as f64;
        sums.asks += 1;
    }
}

fn lines(all: &BTreeMap<(String, u32), Sums>, value: impl Fn(&Sums) -> Option<f64>) -> Vec<Line> {
    let mut by_stage: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for ((stage, round), sums) in all {
        if let Some(value) = value(sums) {
            by_stage.entry(stage).or_default().push((f64::from(*round), value));
        }
    }
    let line = |(stage, points): (&str, _)| Line { name: stage.to_owned(), points, band: Vec::new() };
    by_stage.into_iter().map(line).collect()
}

//! Ways to fill a list, with one posterior, in one world, with one luck.
//!
//! The flat posterior updates each item by itself; the hierarchical one lets items of a group learn from
//! each other, and then needs less exploring.

use super::Size;
use crate::proof::{Chart, Claim, ProofOptions, ProofReport, Table, Track, arm, claim};
use crate::slate_thompson::{BeliefsConfig, SlateThompson};
use autodidact_core::{Recipe, Result};
use autodidact_decide::slate::{OnlineConfig, Prior, Rule};
use autodidact_math::slate::Merge;
use autodidact_math::summary::mean;

const RULES: [(&str, Rule); 5] = [
    ("random", Rule::Random),
    ("greedy", Rule::Greedy),
    ("thompson", Rule::Thompson),
    ("in-slate", Rule::InSlate { merge: Merge::ByRank }),
    ("in-slate, by slot", Rule::InSlate { merge: Merge::BySlot }),
];

// Places of the rules above.
const RANDOM: usize = 0;
const GREEDY: usize = 1;
const THOMPSON: usize = 2;
const IN_SLATE: usize = 3;

const PRIORS: [(&str, Prior); 2] = [("flat", Prior::Flat), ("hierarchical", Prior::Hierarchical)];

/// `[prior][rule]`: tracks, one a seed.
#[derive(Default)]
pub(super) struct Rules([[Vec<Track>; RULES.len()]; PRIORS.len()]);

impl Rules {
    pub fn run(&mut self, size: &Size, seed: u64, options: &ProofOptions<'_>) -> Result<()> {
        for ((of_prior, prior), tracks) in PRIORS.into_iter().zip(&mut self.0) {
            let beliefs = BeliefsConfig::Online(OnlineConfig { prior, ..OnlineConfig::default() });
            for ((name, rule), tracks) in RULES.into_iter().zip(tracks) {
                let recipe = SlateThompson {
                    rule,
                    rounds: size.rounds,
                    beliefs: beliefs.clone(),
                    ..SlateThompson::default()
                };
                let name = format!("{of_prior}, {name}");
                tracks.push(arm(&name, seed, options, SlateThompson::CARD, |run| recipe.run(run))?.1);
            }
        }
        Ok(())
    }

    pub fn report(&self, report: &mut ProofReport) {
        for ((prior, _), tracks) in PRIORS.into_iter().zip(&self.0) {
            report.claims.extend(claims(prior, tracks));
        }
        report.tables.push(self.table());
        let charts = [("click rate", "click_rate"), ("posterior spread of an item", "posterior_sd")];
        for (title, metric) in charts {
            let mut chart = Chart::of(title, "round", title);
            for ((prior, _), tracks) in PRIORS.into_iter().zip(&self.0) {
                for ((rule, _), tracks) in RULES.into_iter().zip(tracks) {
                    chart.push(&format!("{prior}, {rule}"), 1, &across(tracks, metric));
                }
            }
            report.charts.push(chart);
        }
    }

    fn table(&self) -> Table {
        let columns = [
            "posterior",
            "rule",
            "click rate, last half",
            "all rounds",
            "distinct",
            "effective",
            "spread at end",
        ];
        let mut table = Table::of("rules, mean over seeds", &columns);
        for ((prior, _), tracks) in PRIORS.into_iter().zip(&self.0) {
            for ((rule, _), tracks) in RULES.into_iter().zip(tracks) {
                let all = [
                    late(tracks, "click_rate"),
                    means(tracks, "click_rate", |_| 0),
                    means(tracks, "distinct_items", |_| 0),
                    means(tracks, "effective_items", |_| 0),
                    tracks.iter().filter_map(|track| track.last("posterior_sd")).collect(),
                ];
                let cells = all.iter().map(|values| format!("{:.3}", mean(values).unwrap_or(f64::NAN)));
                table.push([prior.to_owned(), rule.to_owned()].into_iter().chain(cells));
            }
        }
        table
    }
}

/// What is claimed under each posterior.
fn claims(prior: &str, tracks: &[Vec<Track>; RULES.len()]) -> Vec<Claim> {
    let rates: Vec<Vec<f64>> = tracks.iter().map(|tracks| late(tracks, "click_rate")).collect();
    let mut claims = Vec::new();
    for (a, b, least) in [(THOMPSON, GREEDY, 0.02), (IN_SLATE, GREEDY, 0.02), (GREEDY, RANDOM, 0.05)] {
        let name = format!("{prior}: click rate of the last half, {} less {}", RULES[a].0, RULES[b].0);
        claims.push(claim(name, &less(&rates[a], &rates[b]), least));
    }
    let distinct = |which: usize| means(&tracks[which], "distinct_items", |_| 0);
    let name = format!("{prior}: distinct items a round, in-slate less thompson");
    claims.push(claim(name, &less(&distinct(IN_SLATE), &distinct(THOMPSON)), 0.0));
    let falls = |track: &Track| {
        let sds = track.values("posterior_sd");
        sds.windows(2).map(|pair| pair[0] - pair[1]).fold(f64::INFINITY, f64::min)
    };
    let smallest: Vec<f64> = tracks[IN_SLATE].iter().map(falls).collect();
    let name = format!("{prior}: smallest fall of the posterior's spread in a round, in-slate");
    claims.push(claim(name, &smallest, 0.0));
    claims
}

fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// The mean of a metric over the last half of the rounds, one a seed.
fn late(tracks: &[Track], name: &str) -> Vec<f64> {
    means(tracks, name, |rounds| rounds / 2)
}

/// The mean of a metric over rounds from `from(rounds)` on, one a seed.
fn means(tracks: &[Track], name: &str, from: impl Fn(usize) -> usize) -> Vec<f64> {
    let of = |track: &Track| {
        let values = track.values(name);
        mean(&values[from(values.len())..]).unwrap_or(f64::NAN)
    };
    tracks.iter().map(of).collect()
}

/// A metric round by round, mean over seeds.
fn across(tracks: &[Track], name: &str) -> Vec<f64> {
    let curves: Vec<Vec<f64>> = tracks.iter().map(|track| track.values(name)).collect();
    let rounds = curves.iter().map(Vec::len).min().unwrap_or(0);
    let at = |round: usize| mean(&curves.iter().map(|curve| curve[round]).collect::<Vec<_>>());
    (0..rounds).filter_map(at).collect()
}

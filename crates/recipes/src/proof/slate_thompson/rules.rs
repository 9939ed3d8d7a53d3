//! Four ways to fill a list, with one posterior, in one world, with one luck.

use super::Size;
use crate::proof::{Chart, ProofOptions, ProofReport, Table, Track, arm, claim};
use crate::slate_thompson::SlateThompson;
use autodidact_core::{Recipe, Result};
use autodidact_decide::slate::Rule;
use autodidact_math::slate::Merge;
use autodidact_math::summary::mean;

const RULES: [(&str, Rule); 5] = [
    ("random", Rule::Random),
    ("greedy", Rule::Greedy),
    ("thompson", Rule::Thompson),
    ("in-slate", Rule::InSlate { merge: Merge::ByRank }),
    ("in-slate, by slot", Rule::InSlate { merge: Merge::BySlot }),
];

/// Tracks of each rule, one a seed.
#[derive(Default)]
pub(super) struct Rules([Vec<Track>; RULES.len()]);

impl Rules {
    pub fn run(&mut self, size: &Size, seed: u64, options: &ProofOptions<'_>) -> Result<()> {
        for ((name, rule), tracks) in RULES.into_iter().zip(&mut self.0) {
            let recipe = SlateThompson { rule, rounds: size.rounds, ..SlateThompson::default() };
            tracks.push(arm(name, seed, options, SlateThompson::CARD, |run| recipe.run(run))?.1);
        }
        Ok(())
    }

    pub fn report(&self, report: &mut ProofReport) {
        let late = |which: usize, name: &str| self.means(which, name, |n| n / 2);
        let differ = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let rates: Vec<Vec<f64>> = (0..RULES.len()).map(|which| late(which, "click_rate")).collect();
        for which in [2, 3] {
            let name = format!("click rate of the last half, {} less greedy", RULES[which].0);
            report.claims.push(claim(name, &differ(&rates[which], &rates[1]), 0.02));
        }
        let name = "click rate of the last half, greedy less random";
        report.claims.push(claim(name, &differ(&rates[1], &rates[0]), 0.05));
        let distinct = |which| self.means(which, "distinct_items", |_| 0);
        let name = "distinct items a round, in-slate less thompson";
        report.claims.push(claim(name, &differ(&distinct(3), &distinct(2)), 0.0));
        let falls = |track: &Track| {
            let sds = track.values("posterior_sd");
            sds.windows(2).map(|pair| pair[0] - pair[1]).fold(f64::INFINITY, f64::min)
        };
        let smallest: Vec<f64> = self.0[3].iter().map(falls).collect();
        report.claims.push(claim(
            "smallest fall of the posterior's spread in a round, in-slate",
            &smallest,
            0.0,
        ));

        let columns =
            ["rule", "click rate, last half", "all rounds", "distinct", "effective", "spread at end"];
        let mut table = Table::of("rules, mean over seeds", &columns);
        for (which, (name, _)) in RULES.into_iter().enumerate() {
            let sds: Vec<f64> = self.0[which].iter().filter_map(|track| track.last("posterior_sd")).collect();
            let all = [
                rates[which].clone(),
                self.means(which, "click_rate", |_| 0),
                distinct(which),
                self.means(which, "effective_items", |_| 0),
                sds,
            ];
            let cells = all.iter().map(|values| format!("{:.3}", mean(values).unwrap_or(f64::NAN)));
            table.push([name.to_owned()].into_iter().chain(cells));
        }
        report.tables.push(table);
        let charts = [("click rate", "click_rate"), ("posterior spread of an item", "posterior_sd")];
        for (title, metric) in charts {
            let mut chart = Chart::of(title, "round", title);
            for ((name, _), tracks) in RULES.into_iter().zip(&self.0) {
                chart.push(name, 1, &across(tracks, metric));
            }
            report.charts.push(chart);
        }
    }

    /// The mean of a metric over rounds from `from(rounds)` on, one a seed.
    fn means(&self, which: usize, name: &str, from: impl Fn(usize) -> usize) -> Vec<f64> {
        let of = |track: &Track| {
            let values = track.values(name);
            mean(&values[from(values.len())..]).unwrap_or(f64::NAN)
        };
        self.0[which].iter().map(of).collect()
    }
}

/// A metric round by round, mean over seeds.
fn across(tracks: &[Track], name: &str) -> Vec<f64> {
    let curves: Vec<Vec<f64>> = tracks.iter().map(|track| track.values(name)).collect();
    let rounds = curves.iter().map(Vec::len).min().unwrap_or(0);
    let at = |round: usize| mean(&curves.iter().map(|curve| curve[round]).collect::<Vec<_>>());
    (0..rounds).filter_map(at).collect()
}

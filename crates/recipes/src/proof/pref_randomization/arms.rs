//! When to ask: always, in doubt, by chance, never; and what becomes of it without noise.

use crate::pref_randomization::{Method, PrefRandomization};
use crate::proof::{Chart, ProofOptions, ProofReport, Table, arm, between, claim, slope};
use autodidact_core::{Recipe, Result};
use autodidact_decide::preference::{AskWhen, LsviConfig, Sampler};
use autodidact_math::summary::mean;

/// The thresholds, in units of return.
const THRESHOLDS: [f64; 3] = [0.1, 0.2, 0.4];

/// One arm over the seeds.
struct Arm {
    name: String,
    /// Total regret after each round, one list a seed.
    regrets: Vec<Vec<f64>>,
    /// Questions after each round.
    questions: Vec<Vec<f64>>,
}

impl Arm {
    fn of(
        setting: &str,
        name: &str,
        options: &ProofOptions<'_>,
        recipe: impl Fn(usize) -> PrefRandomization,
    ) -> Result<Arm> {
        let mut found = Arm { name: name.to_owned(), regrets: Vec::new(), questions: Vec::new() };
        for (i, &seed) in options.seeds.iter().enumerate() {
            let (recipe, label) = (recipe(i), format!("{setting}, {name}"));
            let ((), track) = arm(&label, seed, options, PrefRandomization::CARD, |run| recipe.run(run))?;
            found.regrets.push(track.values("total_regret"));
            found.questions.push(track.values("questions"));
        }
        Ok(found)
    }

    fn regret(&self) -> Vec<f64> {
        self.regrets.iter().map(|rounds| rounds.last().copied().unwrap_or(f64::NAN)).collect()
    }

    fn asked(&self) -> Vec<f64> {
        self.questions.iter().map(|rounds| rounds.last().copied().unwrap_or(f64::NAN)).collect()
    }
}

/// Each value over the mean of the others, so that the mean is the ratio of the means.
fn over(some: &[f64], other: &[f64]) -> Vec<f64> {
    let mean = mean(other).unwrap_or(f64::NAN);
    some.iter().map(|x| x / mean).collect()
}

/// Adds one setting's claims, table and charts.
pub fn show(
    setting: &str,
    base: &PrefRandomization,
    options: &ProofOptions<'_>,
    report: &mut ProofReport,
) -> Result<()> {
    let asking = |name: &str, ask: AskWhen| {
        Arm::of(setting, name, options, |_| PrefRandomization { ask, ..base.clone() })
    };
    let always = asking("always", AskWhen::Disagreement { above: -1.0 })?;
    let mut doubt = Vec::new();
    for above in THRESHOLDS {
        doubt.push(asking(&format!("eps = {above}"), AskWhen::Disagreement { above })?);
    }
    // Nothing is asked of equal episodes, so the chance is a share of the questions that can be asked.
    let possible = always.asked();
    let budget = |arm: &Arm, name: &str| {
        let asked = arm.asked();
        Arm::of(setting, name, options, |i| {
            let chance = (asked[i] / possible[i].max(1.0)).min(1.0);
            PrefRandomization { ask: AskWhen::Chance { chance }, ..base.clone() }
        })
    };
    let by_chance =
        [budget(&doubt[1], "by chance, as often as 0.2")?, budget(&doubt[2], "by chance, as often as 0.4")?];
    let rare = asking("by chance, 5 %", AskWhen::Chance { chance: 0.05 })?;
    let never = asking("never", AskWhen::Disagreement { above: f64::INFINITY })?;
    let (still, ensemble) = match base.method {
        Method::Lsvi(config) => {
            let silent = LsviConfig { reward_noise: 0.0, value_noise: 0.0, ..config };
            let silent = PrefRandomization {
                method: Method::Lsvi(silent),
                ask: AskWhen::Disagreement { above: -1.0 },
                ..base.clone()
            };
            let still = Arm::of(setting, "always, no noise", options, |_| silent.clone())?;
            let members = LsviConfig { sampler: Sampler::Ensemble { members: 20 }, ..config };
            let members = PrefRandomization {
                method: Method::Lsvi(members),
                ask: AskWhen::Disagreement { above: THRESHOLDS[1] },
                ..base.clone()
            };
            let name = "eps = 0.2, ensemble of 20";
            (Some(still), Some(Arm::of(setting, name, options, |_| members.clone())?))
        }
        Method::Thompson(_) => (None, None),
    };

    let at_most = f64::NEG_INFINITY;
    report.claims.push(between(
        format!("{setting}: regret at eps = 0.2 over that of always asking"),
        &over(&doubt[1].regret(), &always.regret()),
        at_most,
        1.25,
    ));
    report.claims.push(between(
        format!("{setting}: questions at eps = 0.2 over those of always asking"),
        &over(&doubt[1].asked(), &always.asked()),
        at_most,
        0.35,
    ));
    for (random, doubt) in by_chance.iter().zip(&doubt[1..]) {
        report.claims.push(claim(
            format!("{setting}: regret of asking by chance over that of {}, equal budget", doubt.name),
            &over(&random.regret(), &doubt.regret()),
            1.5,
        ));
    }
    let slopes: Vec<f64> = (0..options.seeds.len())
        .map(|i| {
            let point = |(eps, arm): (&f64, &Arm)| (-eps.ln(), arm.asked()[i].max(1.0).ln());
            slope(&THRESHOLDS.iter().zip(&doubt).map(point).collect::<Vec<_>>())
        })
        .collect();
    report.claims.push(between(
        format!("{setting}: slope of log questions against log 1/eps"),
        &slopes,
        0.7,
        2.0,
    ));
    if let Some(still) = &still {
        report.claims.push(claim(
            format!("{setting}: regret without noise over that with it, always asking"),
            &over(&still.regret(), &always.regret()),
            2.0,
        ));
    }

    let arms = [&always].into_iter().chain(&doubt).chain(&by_chance).chain([&rare, &never]);
    let arms = arms.chain(&still).chain(&ensemble);
    let mut table =
        Table::of(&format!("{setting}, mean over seeds"), &["arm", "regret", "least", "most", "questions"]);
    let mut regret = Chart::of(&format!("{setting}: total regret"), "round of duels", "regret of both plans");
    let mut questions = Chart::of(&format!("{setting}: questions"), "round of duels", "questions");
    for arm in arms {
        let values = arm.regret();
        let end = |pick: fn(f64, f64) -> f64| values.iter().copied().fold(f64::NAN, pick);
        table.push([
            arm.name.clone(),
            format!("{:.0}", mean(&values).unwrap_or(f64::NAN)),
            format!("{:.0}", end(f64::min)),
            format!("{:.0}", end(f64::max)),
            format!("{:.0}", mean(&arm.asked()).unwrap_or(f64::NAN)),
        ]);
        regret.push(&arm.name, 1, &means(&arm.regrets));
        questions.push(&arm.name, 1, &means(&arm.questions));
    }
    report.tables.push(table);
    report.charts.extend([regret, questions]);
    Ok(())
}

/// The mean over seeds, round by round.
fn means(seeds: &[Vec<f64>]) -> Vec<f64> {
    let n = seeds.iter().map(Vec::len).min().unwrap_or(0);
    let at = |round: usize| mean(&seeds.iter().map(|rounds| rounds[round]).collect::<Vec<_>>());
    (0..n).filter_map(at).collect()
}

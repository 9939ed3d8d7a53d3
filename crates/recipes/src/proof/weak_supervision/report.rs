//! From what was measured of the arms to claims, tables and curves.

use super::{
    ARMS, BASE, COMPARED, ONE, ORACLE, Outcome, PROOF, Plan, SELF_TRAINED, SWAPPED, SeedOutcome, TUNED, TWO,
    UNFILTERED, World,
};
use crate::proof::{Chart, Line, ProofOptions, ProofReport, Table, between, claim, spread};
use crate::weak_supervision::informative;
use autodidact_math::summary::mean;
use autodidact_parts::task::puzzles::Kind;

/// The whole report.
pub(super) fn report(plan: &Plan, outcomes: &[SeedOutcome], options: &ProofOptions<'_>) -> ProofReport {
    let mut report = ProofReport::of(PROOF.id, options);
    let less = |a: usize, b: usize| -> Vec<f64> {
        outcomes.iter().map(|one| one.arms[a].measure.greedy - one.arms[b].measure.greedy).collect()
    };
    let gains = less(ONE, TUNED);
    let clear = gains.iter().filter(|gain| **gain >= 0.02).count() as f64 / gains.len() as f64;
    report.claims = vec![
        claim("tuned on labels less base", &less(TUNED, BASE), 0.0),
        claim("one round less tuned", &gains, 0.02),
        claim("share of seeds in which one round gains 2 points", &[clear], 2.0 / 3.0),
        // 0.025 is one standard error of a share over 400 puzzles.
        claim("two rounds less one", &less(TWO, ONE), -0.025),
        claim("one round less further training on own answers", &less(ONE, SELF_TRAINED), 0.0),
        claim("oracle filter less self-filter", &less(ORACLE, ONE), 0.0),
        claim("self-filter less no filter", &less(ONE, UNFILTERED), 0.0),
        between("sides at random less tuned", &less(SWAPPED, TUNED), f64::NEG_INFINITY, 0.0),
        claim("gain in the middle of the learning curve less at its ends", &middle(outcomes), 0.0),
    ];
    report.tables = vec![measures(outcomes), kinds(outcomes), pairs(outcomes), curve(outcomes)];
    report.charts = vec![learning_curve(outcomes)];
    report.notes = notes(plan);
    report
}

/// The best gain at a number of labels inside of the curve less the best at its ends, one a seed.
fn middle(outcomes: &[SeedOutcome]) -> Vec<f64> {
    let one = |outcome: &SeedOutcome| {
        let gains: Vec<f64> = outcome.curve.iter().map(|(_, before, after)| after - before).collect();
        let best = |gains: &[f64]| gains.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        match gains.as_slice() {
            [first, inside @ .., last] if !inside.is_empty() => best(inside) - best(&[*first, *last]),
            _ => f64::NAN,
        }
    };
    outcomes.iter().map(one).collect()
}

/// The mean over seeds and half the width of its interval.
fn shown(values: &[f64], digits: usize) -> String {
    match spread(values) {
        (value, _) if !value.is_finite() => "-".to_owned(),
        (value, Some((_, high))) => format!("{value:.digits$} ± {:.digits$}", high - value),
        (value, None) => format!("{value:.digits$}"),
    }
}

fn measures(outcomes: &[SeedOutcome]) -> Table {
    let columns = [
        "arm",
        "right, likeliest",
        "right, sampled",
        "tokens an answer",
        "KL from tuned, nats a token",
        "sums right",
    ];
    let mut table = Table::of("Test puzzles", &columns);
    for (idx, name) in ARMS.iter().enumerate() {
        let all = |value: &dyn Fn(&Outcome) -> f64, digits| {
            shown(&outcomes.iter().map(|one| value(&one.arms[idx])).collect::<Vec<_>>(), digits)
        };
        table.push([
            (*name).to_owned(),
            all(&|one| one.measure.greedy, 3),
            all(&|one| one.measure.sampled, 3),
            all(&|one| one.measure.length, 1),
            all(&|one| one.measure.kl, 3),
            all(&|one| one.measure.sums, 3),
        ]);
    }
    table
}

fn kinds(outcomes: &[SeedOutcome]) -> Table {
    let mut columns = vec!["arm"];
    columns.extend(Kind::ALL.map(Kind::name));
    let mut table = Table::of("Likeliest answers that are right, by kind", &columns);
    for (idx, name) in ARMS.iter().enumerate() {
        let mut row = vec![(*name).to_owned()];
        row.extend((0..Kind::ALL.len()).map(|kind| {
            shown(&outcomes.iter().map(|one| one.arms[idx].measure.kinds[kind]).collect::<Vec<_>>(), 3)
        }));
        table.push(row);
    }
    table
}

/// What is known of the pairs, and what independent answers would lead one to expect.
fn pairs(outcomes: &[SeedOutcome]) -> Table {
    let columns = [
        "arm",
        "kept",
        "strong right",
        "weak right",
        "offered right : reversed",
        "if independent",
        "kept right : reversed",
        "torn",
        "margin of rewards",
        "chosen reward",
    ];
    let mut table = Table::of("Pairs", &columns);
    for idx in [ONE, TWO, COMPARED, UNFILTERED, ORACLE, SWAPPED] {
        let noted = |name: &str| -> Vec<f64> {
            outcomes.iter().map(|one| one.arms[idx].track.last(name).unwrap_or(f64::NAN)).collect()
        };
        let both = |right: &str, reversed: &str| {
            let (right, reversed) = (mean(&noted(right)), mean(&noted(reversed)));
            format!("{:.3} : {:.3}", right.unwrap_or(f64::NAN), reversed.unwrap_or(f64::NAN))
        };
        let expected: Vec<(f64, f64)> = noted("strong_right")
            .into_iter()
            .zip(noted("weak_right"))
            .map(|(strong, weak)| informative(strong, weak))
            .collect();
        let expected = |side: &dyn Fn(&(f64, f64)) -> f64| {
            mean(&expected.iter().map(side).collect::<Vec<_>>()).unwrap_or(f64::NAN)
        };
        table.push([
            ARMS[idx].to_owned(),
            shown(&noted("kept_ratio"), 3),
            shown(&noted("strong_right"), 3),
            shown(&noted("weak_right"), 3),
            both("offered_right", "offered_reversed"),
            format!("{:.3} : {:.3}", expected(&|one| one.0), expected(&|one| one.1)),
            both("kept_right", "kept_reversed"),
            shown(&noted("torn_ratio"), 3),
            shown(&noted("prefer/rewards/margins"), 3),
            shown(&noted("prefer/rewards/chosen"), 3),
        ]);
    }
    table
}

fn curve(outcomes: &[SeedOutcome]) -> Table {
    let mut table = Table::of("Learning curve", &["labelled", "tuned", "one round", "gain"]);
    let n = outcomes.first().map_or(0, |one| one.curve.len());
    for i in 0..n {
        let all = |value: &dyn Fn(&(u32, f64, f64)) -> f64| {
            shown(&outcomes.iter().map(|one| value(&one.curve[i])).collect::<Vec<_>>(), 3)
        };
        table.push([
            outcomes[0].curve[i].0.to_string(),
            all(&|point| point.1),
            all(&|point| point.2),
            all(&|point| point.2 - point.1),
        ]);
    }
    table
}

fn learning_curve(outcomes: &[SeedOutcome]) -> Chart {
    let mut chart =
        Chart::of("Right answers by labelled puzzles", "labelled puzzles", "share of right answers");
    let n = outcomes.first().map_or(0, |one| one.curve.len());
    let line = |name: &str, value: fn(&(u32, f64, f64)) -> f64| Line {
        name: name.to_owned(),
        points: (0..n)
            .map(|i| {
                let all: Vec<f64> = outcomes.iter().map(|one| value(&one.curve[i])).collect();
                (f64::from(outcomes[0].curve[i].0), mean(&all).unwrap_or(f64::NAN))
            })
            .collect(),
    };
    chart.lines = vec![line("tuned", |point| point.1), line("one round", |point| point.2)];
    chart
}

fn notes(plan: &Plan) -> Vec<String> {
    let World { texts, lined_up, mixed, own, .. } = plan.world;
    let recipe = &plan.recipe;
    vec![
        format!(
            "The base has read {texts} texts: {lined_up} updates with rationales that belong to their questions, then \
             {mixed} in which all but {own} belong to other questions of the same kind. The card has only the latter, \
             from which so small a model learns no way from a question to its answer that labels could bring out."
        ),
        format!(
            "{} labelled and {} unlabelled puzzles; pairs are learned at a rate of {} with beta {} and a weight of {} on \
             the chosen answer's likelihood.",
            recipe.labelled,
            recipe.unlabelled,
            recipe.prefer.lr,
            recipe.prefer.loss.beta(),
            recipe.prefer.sft
        ),
        "The self-filter is the mean log-probability a token under the tuned model; comparison by prompt, which \
         the tuned model learns from labelled puzzles, is an arm of its own."
            .to_owned(),
        "Two rounds are two runs of one round, the second from the model of the first; the base's answers are \
         the same in both."
            .to_owned(),
    ]
}

//! From losses to claims, tables and curves.

use super::worlds::{self, BISECTIONS, Case, GREEDY, HALVING, MAPO, MINIMAX, PRIOR, TOO_SURE, UCB, UNIFORM};
use super::{Losses, Outcome};
use crate::proof::{Chart, Claim, ProofReport, Table, between, claim};
use autodidact_math::summary::mean;

/// The noise of a measured gap on the card's own reference run.
const NOISE: f64 = 0.01;

/// Adds what one world showed, one outcome a seed.
pub(super) fn add(case: &Case, outcomes: &[Outcome], report: &mut ProofReport) {
    report.claims.extend(claims(case, outcomes));
    let title = format!("{}: mean loss over seeds", case.name);
    let mut table = Table::of(
        &title,
        &[
            "strategy",
            "worst gap",
            "worst loss, easiest level",
            "hardest level",
            "mean",
            "hard tenth",
            "noisier answers",
        ],
    );
    let mut chart = Chart::of(
        &format!("{}: worst loss by level", case.name),
        "level of difficulty, from the easiest",
        "loss of the worst problem",
    );
    let levels = outcomes.first().map_or(0, |outcome| outcome.targets.len());
    let targets: Vec<f64> = (0..levels).map(|k| average(outcomes.iter().map(|one| one.targets[k]))).collect();
    for (i, (name, _)) in outcomes.first().map_or(&[][..], |one| &one.strategies).iter().enumerate() {
        let figure =
            |read: &dyn Fn(&Losses) -> f64| average(outcomes.iter().map(|one| read(&one.strategies[i].1)));
        let by_level: Vec<f64> = (0..levels).map(|k| figure(&|one| one.levels[k])).collect();
        let figures = [
            figure(&|one| one.gap),
            by_level[0],
            by_level[levels - 1],
            figure(&|one| one.nominal),
            figure(&|one| one.hard),
            figure(&|one| one.misled),
        ];
        table.push([(*name).to_owned()].into_iter().chain(figures.map(|x| format!("{x:.4}"))));
        chart.push(name, 1, &by_level);
    }
    let ends = [targets.first(), targets.last()].map(|x| format!("{:.4}", x.copied().unwrap_or(f64::NAN)));
    let dash = || "-".to_owned();
    let [easiest, hardest] = ends;
    table.push(["specialists".to_owned(), dash(), easiest, hardest, dash(), dash(), dash()]);
    chart.push("specialists", 1, &targets);
    report.tables.push(table);
    report.charts.push(chart);
}

fn claims(case: &Case, outcomes: &[Outcome]) -> Vec<Claim> {
    let each = |name: &str, read: &dyn Fn(&Losses) -> f64| -> Vec<f64> {
        let one = |outcome: &Outcome| {
            let found = outcome.strategies.iter().find(|(known, _)| *known == name);
            found.map_or(f64::NAN, |(_, losses)| read(losses))
        };
        outcomes.iter().map(one).collect()
    };
    let less = |a: Vec<f64>, b: Vec<f64>| -> Vec<f64> { a.iter().zip(&b).map(|(a, b)| a - b).collect() };
    let gap = |name| each(name, &|one| one.gap);
    let last = |one: &Losses| one.levels.last().copied().unwrap_or(f64::NAN);
    let title = |text: &str| format!("{}: {text}", case.name);
    match case.name {
        "best arm" => {
            let ratio = mean(&gap(MAPO)).unwrap_or(f64::NAN) / mean(&gap(UNIFORM)).unwrap_or(f64::NAN);
            let mut claims = vec![between(
                title("worst gap of MAPO over that of even asking"),
                &[ratio],
                f64::NEG_INFINITY,
                0.3,
            )];
            for name in [UCB, HALVING, PRIOR, MINIMAX] {
                let text = format!("worst gap of MAPO less that of {name}");
                let found = less(gap(MAPO), gap(name));
                claims.push(between(title(&text), &found, f64::NEG_INFINITY, NOISE));
            }
            claims
        }
        "thresholds" => {
            let bisections = BISECTIONS.map(|name| each(name, &last));
            let best: Vec<f64> = (0..outcomes.len())
                .map(|seed| bisections.iter().map(|losses| losses[seed]).fold(f64::INFINITY, f64::min))
                .collect();
            vec![
                claim(
                    title("worst loss of the best bisection with repeats less that of MAPO, hardest level"),
                    &less(best, each(MAPO, &last)),
                    0.0,
                ),
                claim(
                    title("worst loss of even asking less that of MAPO, hardest level"),
                    &less(each(UNIFORM, &last), each(MAPO, &last)),
                    0.0,
                ),
            ]
        }
        "twenty questions" => vec![
            between(
                title("mean mistakes of MAPO less those of greedy with the true table, answers as it says"),
                &less(each(MAPO, &|one| one.nominal), each(GREEDY, &|one| one.nominal)),
                f64::NEG_INFINITY,
                0.05,
            ),
            claim(
                title("mean mistakes of greedy with doubled log-odds less those of MAPO, noisier answers"),
                &less(each(TOO_SURE, &|one| one.misled), each(MAPO, &|one| one.misled)),
                0.0,
            ),
            claim(
                title("worst mistakes of greedy with doubled log-odds less those of MAPO, hardest level"),
                &less(each(TOO_SURE, &last), each(MAPO, &last)),
                0.0,
            ),
        ],
        _ => [UNIFORM, UCB, HALVING, TOO_SURE]
            .into_iter()
            .map(|name| {
                claim(
                    title(&format!("loss on the hard tenth of users, {name} less MAPO")),
                    &less(each(name, &|one| one.hard), each(MAPO, &|one| one.hard)),
                    0.0,
                )
            })
            .collect(),
    }
}

/// Where the experiment is not the card's.
pub(super) fn notes(quick: bool, report: &mut ProofReport) {
    let full = &worlds::cases(crate::proof::Scale::Full)[0].mapo;
    report.notes.push(format!(
        "{} iterations a level of {} inquiries on arms, fewer on tables, instead of some 20,000 of 1,000",
        full.iterations, full.train.rollouts
    ));
    report
        .notes
        .push("the hardest level's specialist stands for the policy trained on that level alone".to_owned());
    report.notes.push("noisier answers: log-odds times 0.6, of which no strategy is told".to_owned());
    if quick {
        report.notes.push("quick: the networks have hardly been trained".to_owned());
    }
}

fn average(values: impl Iterator<Item = f64>) -> f64 {
    mean(&values.collect::<Vec<_>>()).unwrap_or(f64::NAN)
}

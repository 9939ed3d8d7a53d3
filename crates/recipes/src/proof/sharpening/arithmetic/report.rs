//! From what was measured of the language models to claims, tables and curves.

use super::super::super::{Chart, Line, ProofReport, Table, between, claim};
use super::super::curves::{Curves, TRIES};
use super::super::{above, shown};
use super::{ARMS, DRAWN, EVERY, HALF, Measured, N, Outcome, Plan, SELF_DISTILLED, SHARPENED, VALIDATED};
use autodidact_math::summary::mean;

pub(super) fn add(report: &mut ProofReport, plan: &Plan, outcomes: &[Outcome]) {
    claims(report, outcomes);
    report.tables.push(best_of_n(outcomes));
    report.tables.push(bases(outcomes));
    report.tables.push(models(outcomes));
    report.charts.push(chart(
        "Best-of-N by own likelihood",
        "accuracy",
        outcomes,
        &[
            ("likeliest", |one| &one.curves.ml),
            ("likeliest by token", |one| &one.curves.norm),
            ("majority", |one| &one.curves.majority),
            ("coverage", |one| &one.curves.coverage),
            ("likeliest, control", |one| &one.control.ml),
        ],
    ));
    report.charts.push(chart(
        "Log-probability of the likeliest of N",
        "nats",
        outcomes,
        &[("likeliest", |one| &one.curves.log_prob)],
    ));
    let updates =
        mean(&outcomes.iter().map(|one| one.updates as f64).collect::<Vec<_>>()).unwrap_or(f64::NAN);
    report.notes.push(format!(
        "Language model: numbers from 10 to 99 are tokens; bases train until {HALF} of {VALIDATED} validation problems \
         are solved by greedy decoding, looked at every {EVERY} updates, here {updates:.0} of {} rows; one row in five is a \
         straight-line program, the other skill. {DRAWN} answers to each of {} test problems are drawn once and \
         subsampled. Methods see {} problems without answers (the card: 1,000).",
        plan.rows, plan.held_out.0, plan.recipe.problems
    ));
    report.notes.push(
        "The control base solves sums of two steps and writes behind the last # the result plus 0, 1, 2 or 3 by chance: \
         wrong answers are as likely as right ones."
            .to_owned(),
    );
}

fn all(outcomes: &[Outcome], value: impl Fn(&Outcome) -> f64) -> Vec<f64> {
    outcomes.iter().map(value).collect()
}

fn gain(curves: &Curves, n: usize) -> f64 {
    Curves::at(&curves.ml, n) - Curves::at(&curves.ml, 1)
}

fn least(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

fn claims(report: &mut ProofReport, outcomes: &[Outcome]) {
    let sharp = |one: &Outcome| one.arms[SHARPENED].0;
    let recovered = |one: &Outcome| {
        (sharp(one).sampled - one.base.sampled) / (Curves::at(&one.curves.ml, N) - one.base.sampled)
    };
    report.claims.extend([
        between("model: greedy accuracy of the base", &all(outcomes, |one| one.base.greedy), 0.4, 0.6),
        claim("model: AUC of log-probability against being right", &all(outcomes, |one| one.curves.auc), 0.6),
        claim(
            "model: accuracy of the likeliest of 25 less of one",
            &all(outcomes, |one| gain(&one.curves, N)),
            0.1,
        ),
        above(
            "model: least gain of the likeliest of N over one, N of 5 to 50",
            &all(outcomes, |one| least(TRIES[1..].iter().map(|&n| gain(&one.curves, n)))),
            0.0,
        ),
        above(
            "model: least rise of the log-probability of the likeliest from one N to the next",
            &all(outcomes, |one| least(one.curves.log_prob.windows(2).map(|pair| pair[1] - pair[0]))),
            0.0,
        ),
        claim(
            "model: share of the gain of the likeliest of 25 that SFT-sharpening keeps at temperature 1",
            &all(outcomes, recovered),
            0.5,
        ),
        claim(
            "model: greedy accuracy, SFT-sharpened less base",
            &all(outcomes, |one| sharp(one).greedy - one.base.greedy),
            0.0,
        ),
        between(
            "model: accuracy at temperature 1, self-distilled (N = 1) less base",
            &all(outcomes, |one| one.arms[SELF_DISTILLED].0.sampled - one.base.sampled),
            -0.05,
            0.05,
        ),
        between(
            "control: accuracy of the likeliest of 25 less of one, likelihood uninformative",
            &all(outcomes, |one| gain(&one.control, N)),
            f64::NEG_INFINITY,
            0.03,
        ),
    ]);
}

fn best_of_n(outcomes: &[Outcome]) -> Table {
    let columns =
        ["N", "likeliest", "by token", "majority", "coverage", "log-probability", "early base", "control"];
    let mut table = Table::of("Model: accuracy of the best of N on test problems", &columns);
    for n in TRIES {
        let at = |curve: fn(&Curves) -> &Vec<f64>| {
            shown(&all(outcomes, |one| Curves::at(curve(&one.curves), n)), 3)
        };
        let early: Vec<f64> =
            outcomes.iter().filter_map(|one| Some(Curves::at(&one.early.as_ref()?.ml, n))).collect();
        table.push([
            n.to_string(),
            at(|curves| &curves.ml),
            at(|curves| &curves.norm),
            at(|curves| &curves.majority),
            at(|curves| &curves.coverage),
            at(|curves| &curves.log_prob),
            if early.is_empty() { "-".to_owned() } else { shown(&early, 3) },
            shown(&all(outcomes, |one| Curves::at(&one.control.ml, n)), 3),
        ]);
    }
    table
}

fn bases(outcomes: &[Outcome]) -> Table {
    let columns = ["base", "AUC", "AUC within problems", "answers left out"];
    let mut table = Table::of("Model: whether log-probability tells right from wrong", &columns);
    type Kind = fn(&Outcome) -> Option<&Curves>;
    let kinds: [(&str, Kind); 3] = [
        ("at half", |one| Some(&one.curves)),
        ("early", |one| one.early.as_ref()),
        ("control", |one| Some(&one.control)),
    ];
    for (name, pick) in kinds {
        let values = |value: fn(&Curves) -> f64| -> String {
            shown(&outcomes.iter().filter_map(|one| pick(one).map(value)).collect::<Vec<_>>(), 3)
        };
        table.push([
            name.to_owned(),
            values(|curves| curves.auc),
            values(|curves| curves.auc_within),
            values(|curves| curves.dropped),
        ]);
    }
    table
}

fn models(outcomes: &[Outcome]) -> Table {
    let columns = [
        "model",
        "T = 1",
        "greedy",
        "lift over greedy base, %",
        "base log-probability",
        "draws a problem",
        "right targets",
        "kl from base",
        "other skill",
        "tokens sampled",
        "tokens trained",
    ];
    let mut table = Table::of("Model: sharpened models on test problems", &columns);
    let row = |name: &str, pick: &dyn Fn(&Outcome) -> Measured| -> Vec<String> {
        let one =
            |value: &dyn Fn(Measured) -> f64, digits| shown(&all(outcomes, |one| value(pick(one))), digits);
        let lift = all(outcomes, |one| 100.0 * (pick(one).sampled / one.base.greedy - 1.0));
        vec![
            name.to_owned(),
            one(&|one| one.sampled, 3),
            one(&|one| one.greedy, 3),
            shown(&lift, 1),
            one(&|one| one.log_prob, 2),
            one(&|one| one.kl, 3),
            one(&|one| one.other, 3),
        ]
    };
    let mut base = row("base", &|one| one.base);
    base.splice(5..5, ["-".to_owned(), "-".to_owned()]);
    base.extend(["-".to_owned(), "-".to_owned()]);
    table.push(base);
    for (idx, (name, _)) in ARMS.iter().enumerate() {
        let mut cells = row(name, &|one| one.arms[idx].0);
        let noted = |metric: &str, digits| {
            let values: Vec<f64> = outcomes.iter().filter_map(|one| one.arms[idx].1.last(metric)).collect();
            if values.is_empty() { "-".to_owned() } else { shown(&values, digits) }
        };
        cells.splice(5..5, [noted("draws", 1), noted("label_accuracy", 3)]);
        cells.push(shown(&all(outcomes, |one| one.arms[idx].1.spend.sampled_tokens as f64), 0));
        cells.push(shown(&all(outcomes, |one| one.arms[idx].1.spend.trained_tokens as f64), 0));
        table.push(cells);
    }
    table
}

type Curve = fn(&Outcome) -> &Vec<f64>;

fn chart(title: &str, y: &str, outcomes: &[Outcome], curves: &[(&str, Curve)]) -> Chart {
    let mut chart = Chart::of(title, "N", y);
    for (name, curve) in curves {
        let point = |(i, n): (usize, &usize)| {
            (*n as f64, mean(&all(outcomes, |one| curve(one)[i])).unwrap_or(f64::NAN))
        };
        chart
            .lines
            .push(Line { name: (*name).to_owned(), points: TRIES.iter().enumerate().map(point).collect() });
    }
    chart
}

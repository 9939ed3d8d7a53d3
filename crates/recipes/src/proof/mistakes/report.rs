//! From what was measured to claims, tables and a chart.

use super::{ARMS, CHECKS, Outcome, PROOF, Plan, RIGHT_ONLY, TAGGED, Thought, Tuned, UNTAGGED};
use crate::proof::{Chart, Claim, Line, ProofOptions, ProofReport, Table, between, claim, spread};
use autodidact_math::summary::mean;
use autodidact_parts::task::modular::Mistake;

/// The whole report.
pub(super) fn report(plan: &Plan, outcomes: &[Outcome], options: &ProofOptions<'_>) -> ProofReport {
    let mut report = ProofReport::of(PROOF.id, options);
    let each = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).collect::<Vec<f64>>();
    // At the temperature of 1 at which the base's share of right answers is measured.
    let right = |one: &Outcome, arm: usize| one.arms[arm].right;
    let others = |one: &Outcome| {
        let others = one.arms.iter().enumerate().filter(|(arm, _)| *arm != UNTAGGED);
        others.map(|(_, arm)| arm.right).fold(f64::INFINITY, f64::min)
    };
    report.claims = vec![
        claim(
            "right, tagged less right only",
            &each(&|one| right(one, TAGGED) - right(one, RIGHT_ONLY)),
            0.01,
        ),
        above(
            "right, right only less one tag for all",
            &each(&|one| right(one, RIGHT_ONLY) - right(one, UNTAGGED)),
        ),
        above(
            "right, worst other arm less one tag for all",
            &each(&|one| others(one) - right(one, UNTAGGED)),
        ),
        claim(
            "right, after the right tag less after the wrong one",
            &each(&|one| one.arms[TAGGED].right - one.arms[TAGGED].wrong),
            0.2,
        ),
    ];
    for (i, checks) in CHECKS.iter().enumerate().skip(1) {
        let name = format!("rethinking, {checks} checks: measured less predicted");
        let off = each(&|one| one.shown[i].counts.accuracy() - one.shown[i].predicted);
        report.claims.push(between(name, &off, -0.02, 0.02));
    }
    report.claims.push(claim("rethinking: gains whose sign is the formula's", &each(&signs), 1.0));
    report.tables = vec![tuning(outcomes), rethinking(outcomes), kinds(outcomes)];
    report.charts = vec![chart(outcomes)];
    report.notes = notes(plan, outcomes);
    report
}

/// The claim that the mean of `values` is above 0.
fn above(name: &str, values: &[f64]) -> Claim {
    let mut claim = claim(name, values, 0.0);
    claim.required = "above 0".to_owned();
    claim.met = claim.value > 0.0;
    claim
}

/// The share of numbers of checks, with and without material, at which rethinking gains exactly if the
/// formula says so.
fn signs(one: &Outcome) -> f64 {
    let agrees = |thoughts: &[Thought]| {
        let first = thoughts[0].counts.accuracy();
        let signs = thoughts[1..].iter().map(move |thought| {
            let measured = thought.counts.accuracy() - first;
            f64::from(u8::from((measured > 0.0) == (thought.gain > 0.0)))
        });
        signs.collect::<Vec<f64>>()
    };
    mean(&[agrees(&one.shown), agrees(&one.bare)].concat()).unwrap_or(f64::NAN)
}

fn tuning(outcomes: &[Outcome]) -> Table {
    let columns = [
        "arm",
        "right, greedy",
        "right, sampled",
        "right, sampled after the wrong tag",
        "side task (not tuned on)",
        "drift, nats a token",
        "tokens trained",
    ];
    let mut table = Table::of("Mistake tuning: held-out questions", &columns);
    let before = |i: usize| shown(&outcomes.iter().map(|one| one.before[i]).collect::<Vec<_>>(), 3);
    let none = || "-".to_owned();
    table.push(["before tuning".to_owned(), before(0), before(1), none(), before(2), none(), none()]);
    for (arm, (name, _)) in ARMS.iter().enumerate() {
        let all = |value: &dyn Fn(&Tuned) -> f64, digits| {
            shown(&outcomes.iter().map(|one| value(&one.arms[arm])).collect::<Vec<f64>>(), digits)
        };
        table.push([
            (*name).to_owned(),
            all(&|one| one.greedy, 3),
            all(&|one| one.right, 3),
            all(&|one| one.wrong, 3),
            all(&|one| one.side, 3),
            all(&|one| one.drift, 3),
            all(&|one| one.track.spend.trained_tokens as f64, 0),
        ]);
    }
    table
}

fn rethinking(outcomes: &[Outcome]) -> Table {
    let columns = [
        "method",
        "right",
        "calls",
        "predicted",
        "wrong answers flagged (d)",
        "right answers flagged (f)",
        "redone answers right (q)",
    ];
    let mut table = Table::of("Rethinking with the untuned model", &columns);
    let none = || "-".to_owned();
    let voted: Vec<f64> = outcomes.iter().map(|one| one.consistent).collect();
    for (i, checks) in CHECKS.iter().enumerate() {
        for (name, of) in [("with types of mistakes", true), ("without material", false)] {
            if *checks == 0 && !of {
                table.push([
                    "vote of 3".to_owned(),
                    shown(&voted, 3),
                    "3".to_owned(),
                    none(),
                    none(),
                    none(),
                    none(),
                ]);
                continue;
            }
            let all = |value: &dyn Fn(&Thought) -> f64| {
                let thought = |one: &Outcome| value(if of { &one.shown[i] } else { &one.bare[i] });
                shown(&outcomes.iter().map(thought).collect::<Vec<f64>>(), 3)
            };
            let rate = |value: &dyn Fn(&Thought) -> f64| if *checks == 0 { none() } else { all(value) };
            let name = match checks {
                0 => "chain of thought".to_owned(),
                1 => format!("1 check {name}"),
                _ => format!("{checks} checks {name}"),
            };
            table.push([
                name,
                all(&|one| one.counts.accuracy()),
                all(&|one| one.counts.calls_an_answer()),
                all(&|one| one.predicted),
                rate(&|one| one.counts.rates().detected),
                rate(&|one| one.counts.rates().alarmed),
                rate(&|one| one.counts.rates().redone),
            ]);
        }
    }
    let blind = |value: &dyn Fn(&Outcome) -> f64| shown(&outcomes.iter().map(value).collect::<Vec<f64>>(), 3);
    table.push([
        "redone whatever it is".to_owned(),
        blind(&|one| one.blind.accuracy()),
        blind(&|one| one.blind.calls_an_answer()),
        none(),
        "1".to_owned(),
        "1".to_owned(),
        blind(&|one| one.blind.rates().redone),
    ]);
    table
}

fn kinds(outcomes: &[Outcome]) -> Table {
    let mut table = Table::of("The error set", &["questions with a wrong rationale", "by type", "share"]);
    let total: Vec<f64> = outcomes.iter().map(|one| one.kinds.1 as f64).collect();
    for (i, kind) in Mistake::ALL.iter().enumerate() {
        let share = |one: &Outcome| one.kinds.0[i] as f64 / one.kinds.1.max(1) as f64;
        let shares: Vec<f64> = outcomes.iter().map(share).collect();
        table.push([shown(&total, 0), kind.name().to_owned(), shown(&shares, 3)]);
    }
    table
}

/// Right answers over the number of checks.
fn chart(outcomes: &[Outcome]) -> Chart {
    let mut chart = Chart::of("Rethinking", "checks at most", "right answers");
    type Reading<'a> = &'a dyn Fn(&Outcome, usize) -> f64;
    let lines: [(&str, Reading<'_>); 3] = [
        ("with types of mistakes", &|one, i| one.shown[i].counts.accuracy()),
        ("predicted", &|one, i| one.shown[i].predicted),
        ("without material", &|one, i| one.bare[i].counts.accuracy()),
    ];
    for (name, value) in lines {
        let point = |(i, checks): (usize, &u32)| {
            let values: Vec<f64> = outcomes.iter().map(|one| value(one, i)).collect();
            (f64::from(*checks), mean(&values).unwrap_or(f64::NAN))
        };
        chart
            .lines
            .push(Line { name: name.to_owned(), points: CHECKS.iter().enumerate().map(point).collect() });
    }
    chart
}

/// The mean over seeds and half the width of its interval.
fn shown(values: &[f64], digits: usize) -> String {
    match spread(values) {
        (value, Some((_, high))) => format!("{value:.digits$} ± {:.digits$}", high - value),
        (value, None) => format!("{value:.digits$}"),
    }
}

fn notes(plan: &Plan, outcomes: &[Outcome]) -> Vec<String> {
    let second = mean(&outcomes.iter().map(|one| one.second).collect::<Vec<_>>()).unwrap_or(f64::NAN);
    vec![
        format!(
            "The base reads solutions in which a share of {} of the steps is wrong, with the numbers of sums and \
             products in either order, until {} of the questions are answered right at a temperature of 1.",
            plan.base.slip,
            plan.base.until
        ),
        format!(
            "A right rationale has few spellings, so that the arm with a second one finds it for {second:.2} of \
             the questions and repeats the reference for the others."
        ),
        "The arm with one tag for all puts the right tag before wrong rationales too, so that all arms are asked \
         in the same words."
            .to_owned(),
        "The rates behind a prediction are those of one check on as many other questions; the small model reads \
         no advice when it redoes an answer, so that material reaches the checker alone."
            .to_owned(),
    ]
}

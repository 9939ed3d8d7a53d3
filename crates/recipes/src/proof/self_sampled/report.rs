//! From what was measured of the arms to claims, a table and curves.

use super::{ARMS, BETA_MML, FULL, MML, Outcome, PARTIAL, PROOF, Plan, REFERENCES};
use crate::proof::{Chart, Claim, ProofOptions, ProofReport, Table, Track, between, claim, spread};
use crate::self_sampled::Credit;
use autodidact_math::summary::mean;

/// The whole report.
pub(super) fn report(
    plan: &Plan,
    before: &[[f64; 3]],
    outcomes: &[Vec<Outcome>],
    options: &ProofOptions<'_>,
) -> ProofReport {
    let mut report = ProofReport::of(PROOF.id, options);
    let pairs = |a: usize, b: usize, value: &dyn Fn(&Outcome, &Outcome) -> f64| -> Vec<f64> {
        outcomes[a].iter().zip(&outcomes[b]).map(|(a, b)| value(a, b)).collect()
    };
    let faster = |c: &Outcome, b: &Outcome| {
        let spend = c.track.spend.sampled_tokens.min(b.track.spend.sampled_tokens) as f64;
        found_by(&c.track, spend) / found_by(&b.track, spend)
    };
    let more = |a: &Outcome, b: &Outcome| a.distinct - b.distinct;
    report.claims = vec![
        claim(
            "pass@16, with partly right programs over references alone",
            &pairs(PARTIAL, REFERENCES, &|c, a| c.pass_at_k / a.pass_at_k),
            1.1,
        ),
        above(
            "right programs found at equal sampled tokens, with partly right ones over without",
            &pairs(PARTIAL, FULL, &faster),
            1.0,
        ),
        above("distinct right programs, MLE-Aug less beta-MML", &pairs(PARTIAL, BETA_MML, &more), 0.0),
        above("distinct right programs, beta-MML less MML", &pairs(BETA_MML, MML, &more), 0.0),
        // 0.03 is one standard error of a share over 200 problems.
        between(
            "pass@1, with partly right programs less references alone",
            &pairs(PARTIAL, REFERENCES, &|c, a| c.pass_at_1 - a.pass_at_1),
            -0.03,
            f64::INFINITY,
        ),
    ];
    report.tables = vec![table(before, outcomes)];
    report.charts = vec![
        chart("Right programs a problem", "programs", "learn/full", plan, outcomes),
        chart("Partly right programs a problem", "programs", "learn/partial", plan, outcomes),
    ];
    report.notes = notes(plan);
    report
}

/// New right programs a problem with `spend` sampled tokens in all, for a run that samples evenly.
pub(super) fn found_by(track: &Track, spend: f64) -> f64 {
    let curve = track.values("learn/full");
    let last = curve.len().saturating_sub(1);
    let place = spend / track.spend.sampled_tokens.max(1) as f64 * curve.len() as f64;
    // `curve[i]` is what is known after `i + 1` rounds; before the first one it is 1.
    let known = |rounds: usize| if rounds == 0 { 1.0 } else { curve[(rounds - 1).min(last)] };
    let (low, part) = (place.floor() as usize, place.fract());
    (1.0 - part) * known(low) + part * known(low + 1) - 1.0
}

/// The claim that the mean of `values` is above `bound`.
fn above(name: &str, values: &[f64], bound: f64) -> Claim {
    let mut claim = claim(name, values, bound);
    claim.required = format!("above {bound}");
    claim.met = claim.value.is_finite() && claim.value > bound;
    claim
}

fn table(before: &[[f64; 3]], outcomes: &[Vec<Outcome>]) -> Table {
    let columns = [
        "arm",
        "pass@1",
        "pass@16",
        "distinct right",
        "right known",
        "partly right known",
        "saved",
        "tokens sampled",
        "tokens trained",
    ];
    let mut table = Table::of("Held-out problems and what the arms came to know", &columns);
    let warm = |idx: usize| before.iter().map(|one| one[idx]).collect::<Vec<f64>>();
    let mut first = vec![
        format!("warm-up (pass@1 in training {})", shown(&warm(0), 3)),
        shown(&warm(1), 3),
        shown(&warm(2), 3),
    ];
    first.resize(columns.len(), "-".to_owned());
    table.push(first);
    for ((name, credit, _), outcomes) in ARMS.iter().zip(outcomes) {
        let all = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).collect::<Vec<f64>>();
        let noted = |stage: &'static str| all(&|one| one.track.last(stage).unwrap_or(f64::NAN));
        let saved = all(&|one| mean(&one.track.values("learn/saved_ratio")).unwrap_or(f64::NAN));
        let sampled = *credit != Credit::None;
        let dash = |text: String| if sampled { text } else { "-".to_owned() };
        table.push([
            (*name).to_owned(),
            shown(&all(&|one| one.pass_at_1), 3),
            shown(&all(&|one| one.pass_at_k), 3),
            shown(&all(&|one| one.distinct), 2),
            dash(shown(&noted("learn/full"), 2)),
            dash(shown(&noted("learn/partial"), 2)),
            dash(shown(&saved, 3)),
            dash(shown(&all(&|one| one.track.spend.sampled_tokens as f64), 0)),
            shown(&all(&|one| one.track.spend.trained_tokens as f64), 0),
        ]);
    }
    table
}

/// The mean over seeds and half the width of its interval.
fn shown(values: &[f64], digits: usize) -> String {
    match spread(values) {
        (value, Some((_, high))) => format!("{value:.digits$} ± {:.digits$}", high - value),
        (value, None) => format!("{value:.digits$}"),
    }
}

/// Means over seeds after every step at which samples were drawn.
fn chart(title: &str, y: &str, stage: &str, plan: &Plan, outcomes: &[Vec<Outcome>]) -> Chart {
    let mut chart = Chart::of(title, &format!("times {} steps", plan.recipe.refresh), y);
    for ((name, _, _), outcomes) in ARMS.iter().zip(outcomes).skip(1) {
        let curves: Vec<Vec<f64>> = outcomes.iter().map(|one| one.track.values(stage)).collect();
        let n = curves.iter().map(Vec::len).min().unwrap_or(0);
        let at =
            |i: usize| mean(&curves.iter().map(|curve| curve[i]).collect::<Vec<_>>()).unwrap_or(f64::NAN);
        chart.push(name, 1, &(0..n).map(at).collect::<Vec<_>>());
    }
    chart
}

fn notes(plan: &Plan) -> Vec<String> {
    let recipe = &plan.recipe;
    vec![
        format!(
            "The warm-up shows {} other training problems, with operands of sums and products, and independent \
             statements, in either order: the stand-in for a base model that has read code in many writings. \
             It ends when {} of the problems to come are solved at a temperature of 0.2, looked at every {} \
             updates of {} rows, or after {}. The card warms up on the references.",
            plan.warm_up.pool, plan.warm_up.until, plan.warm_up.every, plan.warm_up.rows, plan.warm_up.most
        ),
        "Held-out problems have a shape and a number that no training problem has, those of the warm-up \
         included; their digits are known from other numbers."
            .to_owned(),
        format!(
            "{} samples a problem every {} steps instead of one before every step; at most {} programs of \
             a problem count in a step.",
            recipe.tries, recipe.refresh, recipe.targets
        ),
        format!("{} steps of {} problems at a rate of {}.", recipe.steps, recipe.batch, recipe.tune.lr),
        "Programs found at equal sampled tokens take each run's tokens as spent evenly over its rounds."
            .to_owned(),
    ]
}

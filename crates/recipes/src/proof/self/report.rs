//! From what was measured of the arms to claims, tables and curves.

use super::{ARMS, D_QA, Does, META, MIXED, ONLY, Outcome, PROOF, Plan, RESTART};
use crate::proof::{Chart, Claim, ProofOptions, ProofReport, Table, between, claim, spread};
use crate::self_::accounting::{helps, passed, precision};
use autodidact_math::summary::mean;

/// The whole report.
pub(super) fn report(plan: &Plan, outcomes: &[Vec<Outcome>], options: &ProofOptions<'_>) -> ProofReport {
    let mut report = ProofReport::of(PROOF.id, options);
    let pairs = |a: usize, b: usize, value: &dyn Fn(&Outcome) -> f64| -> Vec<f64> {
        outcomes[a].iter().zip(&outcomes[b]).map(|(a, b)| value(a) - value(b)).collect()
    };
    let noted = |name: &'static str, round: usize| {
        move |one: &Outcome| one.track.values(name).get(round).copied().unwrap_or(f64::NAN)
    };
    let restart = |value: &dyn Fn(&Outcome) -> f64| outcomes[RESTART].iter().map(value).collect::<Vec<f64>>();
    let [response, refined, kept] =
        ["response", "refined", "kept"].map(|stage| move |one: &Outcome| accuracy(one, stage));
    let direct = |one: &Outcome| one.direct;
    let verdicts = |one: &Outcome| one.verdicts.accuracy().unwrap_or(f64::NAN);
    let first = noted("validation/greedy", 0);
    let after_one: Vec<f64> =
        outcomes[RESTART].iter().zip(&outcomes[META]).map(|(one, meta)| first(one) - meta.direct).collect();
    report.claims = vec![
        above(
            "accuracy of pairs, refined less first answers, all rounds",
            &restart(&|one| refined(one) - response(one)),
            0.0,
        ),
        above(
            "accuracy of pairs, kept less all refined, all rounds",
            &restart(&|one| kept(one) - refined(one)),
            0.0,
        ),
        above("direct accuracy, SELF after round 1 less M_meta", &after_one, 0.0),
        above("direct accuracy, M_meta less base + D_QA", &pairs(META, D_QA, &direct), 0.0),
        claim(
            "direct accuracy, SELF (restart) at the end less base + D_QA",
            &pairs(RESTART, D_QA, &direct),
            0.03,
        ),
        claim("verdict accuracy, M_meta less continual D_self only", &pairs(META, ONLY, &verdicts), 0.1),
        between(
            "verdict accuracy, M_meta less continual mixed",
            &pairs(META, MIXED, &verdicts),
            f64::NEG_INFINITY,
            0.1,
        ),
    ];
    for arm in [META, RESTART] {
        let tnr = mean(&outcomes[arm].iter().filter_map(|one| one.verdicts.tnr()).collect::<Vec<_>>());
        let gains: Vec<f64> = outcomes[arm].iter().map(|one| one.refined - one.direct).collect();
        let name = format!(
            "gain of one refinement at inference, {} (TNR {:.2})",
            ARMS[arm].0,
            tnr.unwrap_or(f64::NAN)
        );
        report.claims.push(claim(name, &gains, 0.01));
    }
    report.tables = vec![arms(outcomes), rounds(outcomes, plan.recipe.rounds), sums(outcomes)];
    report.charts = charts(outcomes);
    report.notes = notes(plan);
    report
}

/// The mean over rounds of the accuracy at a stage.
fn accuracy(one: &Outcome, stage: &str) -> f64 {
    mean(&one.track.values(&format!("{stage}/label_accuracy"))).unwrap_or(f64::NAN)
}

/// The claim that the mean of `values` is above `bound`.
fn above(name: &str, values: &[f64], bound: f64) -> Claim {
    let mut claim = claim(name, values, bound);
    claim.required = format!("above {bound}");
    claim.met = claim.value.is_finite() && claim.value > bound;
    claim
}

fn arms(outcomes: &[Vec<Outcome>]) -> Table {
    let columns = [
        "arm",
        "direct",
        "one refinement",
        "verdict accuracy",
        "TPR",
        "TNR",
        "following letters",
        "KL from base",
        "tokens trained",
    ];
    let mut table = Table::of(
        "Held-out problems, verdicts on the base's answers to them, and what else is left",
        &columns,
    );
    for ((name, _), outcomes) in ARMS.iter().zip(outcomes) {
        let all = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).collect::<Vec<f64>>();
        table.push([
            (*name).to_owned(),
            shown(&all(&|one| one.direct), 3),
            shown(&all(&|one| one.refined), 3),
            shown(&all(&|one| one.verdicts.accuracy().unwrap_or(f64::NAN)), 3),
            shown(&all(&|one| one.verdicts.tpr().unwrap_or(f64::NAN)), 3),
            shown(&all(&|one| one.verdicts.tnr().unwrap_or(f64::NAN)), 3),
            shown(&all(&|one| one.other_skills), 3),
            shown(&all(&|one| one.kl), 2),
            shown(&all(&|one| one.track.spend.trained_tokens as f64), 0),
        ]);
    }
    table
}

/// What the arms that evolve noted in each round.
fn rounds(outcomes: &[Vec<Outcome>], n: u32) -> Table {
    let columns = [
        "arm",
        "round",
        "questions",
        "first answers right",
        "refined right",
        "kept right",
        "kept",
        "verdict rate",
        "TPR",
        "TNR",
        "direct after it",
    ];
    let notes = [
        ("candidates", 0),
        ("response/label_accuracy", 3),
        ("refined/label_accuracy", 3),
        ("kept/label_accuracy", 3),
        ("kept", 0),
        ("check/verdict_rate", 3),
        ("check/tpr", 3),
        ("check/tnr", 3),
        ("validation/greedy", 3),
    ];
    let mut table = Table::of("Training pairs by round; verdicts are on the refined answers", &columns);
    for ((name, does), outcomes) in ARMS.iter().zip(outcomes) {
        if !matches!(does, Does::Evolves(..)) {
            continue;
        }
        for round in 1..=n {
            let value = |note: &str, one: &Outcome| {
                one.track
                    .notes
                    .iter()
                    .find(|(at, known, _)| *at == round && known == note)
                    .map(|(_, _, value)| *value)
            };
            let cell = |&(note, digits): &(&str, usize)| {
                let all: Vec<f64> = outcomes.iter().map(|one| value(note, one).unwrap_or(f64::NAN)).collect();
                shown(&all, digits)
            };
            let row = [(*name).to_owned(), round.to_string()].into_iter().chain(notes.iter().map(cell));
            table.push(row);
        }
    }
    table
}

/// The accounting of the first round: what the sums say of it and what was found.
fn sums(outcomes: &[Vec<Outcome>]) -> Table {
    let columns = [
        "seed",
        "refined right",
        "TPR",
        "FPR",
        "kept right by the sum",
        "kept right",
        "kept by the sum",
        "kept",
        "refining helps",
    ];
    let mut table = Table::of("The filter of SELF (restart) in round 1, beside the sums", &columns);
    for (seed, one) in outcomes[RESTART].iter().enumerate() {
        let first = |name: &str| one.track.values(name).first().copied().unwrap_or(f64::NAN);
        let (a, tpr, fpr) = (first("refined/label_accuracy"), first("check/tpr"), 1.0 - first("check/tnr"));
        let response = first("response/label_accuracy");
        table.push([
            seed.to_string(),
            format!("{a:.3}"),
            format!("{tpr:.3}"),
            format!("{fpr:.3}"),
            format!("{:.3}", precision(a, tpr, fpr)),
            format!("{:.3}", first("kept/label_accuracy")),
            format!("{:.3}", passed(a, tpr, fpr)),
            format!("{:.3}", first("kept") / first("candidates")),
            format!("{}", helps(response, 1.0, (a - response) / (1.0 - response))),
        ]);
    }
    table
}

/// The mean over seeds and half the width of its interval.
fn shown(values: &[f64], digits: usize) -> String {
    match spread(values) {
        (value, _) if value.is_nan() => "-".to_owned(),
        (value, Some((_, high))) => format!("{value:.digits$} ± {:.digits$}", high - value),
        (value, None) => format!("{value:.digits$}"),
    }
}

fn charts(outcomes: &[Vec<Outcome>]) -> Vec<Chart> {
    let mut solved = Chart::of("Held-out problems solved at once", "round", "share");
    let mut right = Chart::of("Training pairs that are right, SELF (restart)", "round", "share");
    let means = |outcomes: &[Outcome], name: &str| -> Vec<f64> {
        let curves: Vec<Vec<f64>> = outcomes.iter().map(|one| one.track.values(name)).collect();
        let n = curves.iter().map(Vec::len).min().unwrap_or(0);
        (0..n)
            .map(|i| mean(&curves.iter().map(|curve| curve[i]).collect::<Vec<_>>()).unwrap_or(f64::NAN))
            .collect()
    };
    let start = mean(&outcomes[META].iter().map(|one| one.direct).collect::<Vec<_>>()).unwrap_or(f64::NAN);
    for ((name, does), outcomes) in ARMS.iter().zip(outcomes) {
        if matches!(does, Does::Evolves(..)) {
            let curve: Vec<f64> =
                std::iter::once(start).chain(means(outcomes, "validation/greedy")).collect();
            solved.push(name, 0, &curve);
        }
    }
    for (name, stage) in [("first answers", "response"), ("refined", "refined"), ("kept", "kept")] {
        right.push(name, 1, &means(&outcomes[RESTART], &format!("{stage}/label_accuracy")));
    }
    vec![solved, right]
}

fn notes(plan: &Plan) -> Vec<String> {
    let recipe = &plan.recipe;
    let base = &plan.base;
    vec![
        format!(
            "The base sees rows of {}: problems with answers, answers with the columns of their sums, answers to repeat, \
             lists of questions, words whose following letters are to be written. It is done when it solves {} of \
             200 problems, looked at every {} updates.",
            base.rows, base.share, base.every
        ),
        format!(
            "The annotator criticises {} first answers of the base; {} rounds of {} questions, those from the second \
             on by the model itself.",
            plan.meta, recipe.rounds, recipe.questions
        ),
        format!(
            "A criticism names the column sums of each step and what it should be before it says ok or wrong; verdict accuracy is measured \
             on the base's answers to {} held-out problems, the same for every arm.",
            plan.held_out
        ),
        "The arm with equal updates learns the annotator's answers as often as SELF updates in its last round.".to_owned(),
    ]
}

//! From what was measured of the arms to claims and tables.

use super::{ARMS, BOTH, COVERED, HUMAN, Outcome, PROOF, Plan, UNBALANCED, UNCOVERED};
use crate::proof::{Chart, ProofOptions, ProofReport, Table, between, claim, spread};
use autodidact_parts::web::SiteKind;
use autodidact_parts::web::action::NAMES;

/// The whole report.
pub(super) fn report(
    plan: &Plan,
    before: &[Outcome],
    outcomes: &[Vec<Outcome>],
    options: &ProofOptions<'_>,
) -> ProofReport {
    let mut report = ProofReport::of(PROOF.id, options);
    let less = |a: usize, b: usize, value: &dyn Fn(&Outcome) -> f64| -> Vec<f64> {
        outcomes[a].iter().zip(&outcomes[b]).map(|(a, b)| value(a) - value(b)).collect()
    };
    let all = |outcomes: &[Outcome], value: &dyn Fn(&Outcome) -> f64| -> Vec<f64> {
        outcomes.iter().map(value).collect()
    };
    report.claims = vec![
        claim(
            "success in the 4 domains without humans, articles and pages less humans",
            &less(BOTH, HUMAN, &|one| one.record.on(&UNCOVERED)),
            0.1,
        ),
        claim(
            "success in the 2 domains of the humans, articles and pages less humans",
            &less(BOTH, HUMAN, &|one| one.record.on(&COVERED)),
            -0.1,
        ),
        between(
            "calls on elements that are not there, after training",
            &all(&outcomes[BOTH], &|one| one.record.no_element),
            f64::NEG_INFINITY,
            0.02,
        ),
        claim(
            "calls on elements that are not there, before",
            &all(before, &|one| one.record.no_element),
            0.5,
        ),
        claim(
            "typing steps at which it types, balanced less unbalanced",
            &less(BOTH, UNBALANCED, &|one| one.types),
            0.2,
        ),
    ];
    let rows: Vec<(&str, &[Outcome])> = [("base", before)]
        .into_iter()
        .chain(ARMS.iter().zip(outcomes).map(|(arm, one)| (arm.name, &**one)))
        .collect();
    report.tables = vec![success(&rows), behaviour(&rows), actions(&rows), written(outcomes)];
    report.charts = vec![chart(&rows)];
    report.notes = notes(plan);
    report
}

type Rows<'a> = [(&'a str, &'a [Outcome])];

fn shown(outcomes: &[Outcome], digits: usize, value: impl Fn(&Outcome) -> f64) -> String {
    let values: Vec<f64> = outcomes.iter().map(value).filter(|value| value.is_finite()).collect();
    match spread(&values) {
        (value, _) if value.is_nan() => "-".to_owned(),
        (value, Some((_, high))) => format!("{value:.digits$} ± {:.digits$}", high - value),
        (value, None) => format!("{value:.digits$}"),
    }
}

fn success(rows: &Rows<'_>) -> Table {
    let mut columns = vec!["arm", "all", "with humans", "without"];
    columns.extend(SiteKind::ALL.map(SiteKind::name));
    let mut table = Table::of("Share of 200 goals on unseen sites that are reached", &columns);
    for (name, outcomes) in rows {
        let mut row = vec![
            (*name).to_owned(),
            shown(outcomes, 3, |one| one.record.success),
            shown(outcomes, 3, |one| one.record.on(&COVERED)),
            shown(outcomes, 3, |one| one.record.on(&UNCOVERED)),
        ];
        row.extend((0..SiteKind::ALL.len()).map(|kind| shown(outcomes, 2, |one| one.record.by_kind[kind])));
        table.push(row);
    }
    table
}

fn behaviour(rows: &Rows<'_>) -> Table {
    let columns = [
        "arm",
        "whole call as shown",
        "types where shown",
        "no such element",
        "wrong kind",
        "retyped",
        "no call",
        "look-ups right",
        "held-out text, nats lost",
    ];
    let mut table = Table::of("What the models do", &columns);
    for (name, outcomes) in rows {
        table.push([
            (*name).to_owned(),
            shown(outcomes, 3, |one| one.exact),
            shown(outcomes, 3, |one| one.types),
            shown(outcomes, 3, |one| one.record.no_element),
            shown(outcomes, 3, |one| one.record.wrong_kind),
            shown(outcomes, 3, |one| one.record.retyped),
            shown(outcomes, 3, |one| one.record.unread),
            shown(outcomes, 3, |one| one.other),
            shown(outcomes, 2, |one| one.drift),
        ]);
    }
    table
}

fn actions(rows: &Rows<'_>) -> Table {
    let used = [0, 1, 6, 11];
    let mut columns = vec!["arm"];
    columns.extend(used.map(|at| NAMES[at]));
    columns.push("others");
    let mut table = Table::of("Actions, as shares of all calls while working on goals", &columns);
    for (name, outcomes) in rows {
        let mut row = vec![(*name).to_owned()];
        row.extend(used.map(|at| shown(outcomes, 3, |one| one.record.actions[at])));
        row.push(shown(outcomes, 3, |one| {
            (0..NAMES.len()).filter(|at| !used.contains(at)).map(|at| one.record.actions[at]).sum()
        }));
        table.push(row);
    }
    table
}

/// What became of the writer's texts.
fn written(outcomes: &[Vec<Outcome>]) -> Table {
    let mut table = Table::of(
        "Candidates and examples a seed, both sources together",
        &["arm", "candidates", "kept", "dropped for", "learned from", "tokens trained"],
    );
    for (arm, outcomes) in ARMS.iter().zip(outcomes) {
        let sum = |name: &'static str| {
            move |one: &Outcome| -> f64 {
                ["observations", "steps"]
                    .iter()
                    .filter_map(|stage| one.track.last(&format!("{stage}/{name}")))
                    .sum()
            }
        };
        let mut reasons: Vec<String> = outcomes
            .first()
            .map(|one| {
                let dropped = one.track.notes.iter().filter(|(_, name, _)| name.ends_with("/dropped"));
                dropped.map(|(_, name, n)| format!("{} {n}", name.trim_end_matches("/dropped"))).collect()
            })
            .unwrap_or_default();
        reasons.sort();
        table.push([
            arm.name.to_owned(),
            shown(outcomes, 0, sum("candidates")),
            shown(outcomes, 0, sum("kept")),
            reasons.join(", "),
            shown(outcomes, 0, |one| {
                one.track.last("data/kept_rows").or(one.track.last("learn/num_rows")).unwrap_or(f64::NAN)
            }),
            shown(outcomes, 0, |one| one.track.spend.trained_tokens as f64),
        ]);
    }
    table
}

fn chart(rows: &Rows<'_>) -> Chart {
    let mut chart =
        Chart::of("Goals reached by kind of site", "shop, mail, forum, settings, bank, map", "share reached");
    for (name, outcomes) in rows {
        let mean =
            |kind: usize| spread(&outcomes.iter().map(|one| one.record.by_kind[kind]).collect::<Vec<_>>()).0;
        chart.push(name, 1, &(0..SiteKind::ALL.len()).map(mean).collect::<Vec<_>>());
    }
    chart
}

fn notes(plan: &Plan) -> Vec<String> {
    let recipe = &plan.recipe;
    vec![
        format!(
            "The base reads {} rows: pages of random sites, code with calls on random elements, and lists to look \
             numbers up in. It has never seen a page with a call on it.",
            plan.base.steps * plan.base.rows as u64
        ),
        format!(
            "{} steps an arm; the card has 4,000. The model has 0.4 million weights; the card's has a million.",
            recipe.steps
        ),
        "The writer is a stand-in that follows rules: of its steps 5 % name a wrong element and 5 % are left out, and \
         one text in twenty is broken."
            .to_owned(),
        "Humans work on one known shop and one known forum; articles and pages come with sites drawn afresh, none of \
         them a known one. Goals are on the other six known sites."
            .to_owned(),
    ]
}

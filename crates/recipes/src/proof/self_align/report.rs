//! From what was measured of the arms to claims and tables.

use super::measure::Measured;
use super::{Outcome, PROOF, Plan};
use crate::proof::{Claim, ProofOptions, ProofReport, Table, between, claim, spread};
use autodidact_parts::task::dialogues::Kind;

/// The whole report.
pub(super) fn report(plan: &Plan, outcomes: &[Outcome], options: &ProofOptions<'_>) -> ProofReport {
    let mut report = ProofReport::of(PROOF.id, options);
    report.claims = claims(outcomes);
    report.tables = vec![kept(outcomes), kinds(outcomes), pipeline(outcomes)];
    report.notes = notes(plan);
    report
}

fn each(outcomes: &[Outcome], value: impl Fn(&Outcome) -> f64) -> Vec<f64> {
    outcomes.iter().map(value).collect()
}

fn claims(outcomes: &[Outcome]) -> Vec<Claim> {
    let all = |value: &dyn Fn(&Outcome) -> f64| each(outcomes, value);
    let more = f64::INFINITY;
    let prompts = |one: &Outcome| 1.0 - one.engraved.prompt / one.teacher.prompt;
    let mut pairs = claim(
        "distinct pairs of topic and kind, with balancing less without",
        &all(&|one| one.pairs[0] - one.pairs[1]),
        0.0,
    );
    pairs.required = "above 0".to_owned();
    pairs.met = pairs.value > 0.0;
    vec![
        claim(
            "the base model's thoughts under the header that name the right rule",
            &all(&|one| one.teacher.rule),
            0.6,
        ),
        between("rules kept without a header, base", &all(&|one| one.base.all()), 0.0, 0.3),
        between(
            "rules kept, engraved without a header less the prompted teacher",
            &all(&|one| one.engraved.all() - one.teacher.all()),
            -0.03,
            more,
        ),
        claim("prompt tokens saved by engraving", &all(&prompts), 0.8),
        claim(
            "words of a reply, cloned over engraved",
            &all(&|one| one.cloned.words / one.engraved.words),
            1.5,
        ),
        between(
            "rules kept, cloned less engraved",
            &all(&|one| one.cloned.all() - one.engraved.all()),
            -0.05,
            more,
        ),
        claim(
            "rules kept on hard kinds, engraved less without filters",
            &all(&|one| one.engraved.hard() - one.unfiltered.hard()),
            0.15,
        ),
        claim(
            "rules kept on hard kinds, engraved less without hard questions",
            &all(&|one| one.engraved.hard() - one.generic.hard()),
            0.15,
        ),
        pairs,
        // The paper's verbose model ranks worse than the engraved one; the change is what is reported.
        between(
            "compliant replies ranked above blunt ones, cloned less engraved",
            &all(&|one| one.cloned.ranked - one.engraved.ranked),
            -1.0,
            1.0,
        ),
    ]
}

/// A model of the proof by name.
type Arm = (&'static str, fn(&Outcome) -> &Measured);

const ARMS: [Arm; 6] = [
    ("base", |one| &one.base),
    ("base under the header", |one| &one.teacher),
    ("engraved", |one| &one.engraved),
    ("cloned", |one| &one.cloned),
    ("engraved, no filters", |one| &one.unfiltered),
    ("engraved, no hard questions", |one| &one.generic),
];

fn kept(outcomes: &[Outcome]) -> Table {
    let columns = [
        "model",
        "rules kept",
        "hard kinds",
        "words",
        "prompt tokens",
        "ranked",
        "countries",
        "nats from base",
    ];
    let mut table = Table::of("Replies to held-out questions", &columns);
    for (name, of) in ARMS {
        let all = |value: &dyn Fn(&Measured) -> f64| each(outcomes, |one| value(of(one)));
        table.push([
            name.to_owned(),
            shown(&all(&Measured::all), 3),
            shown(&all(&Measured::hard), 3),
            shown(&all(&|one| one.words), 1),
            shown(&all(&|one| one.prompt), 0),
            shown(&all(&|one| one.ranked), 3),
            shown(&all(&|one| one.countries), 3),
            shown(&all(&|one| one.kl), 3),
        ]);
    }
    table
}

fn kinds(outcomes: &[Outcome]) -> Table {
    let mut columns = vec!["model"];
    columns.extend(Kind::ALL.map(Kind::name));
    let mut table = Table::of("Rules kept, by kind of question", &columns);
    for (name, of) in ARMS {
        let share = |kind: &Kind| {
            shown(&each(outcomes, |one| of(one).kept.get(kind).copied().unwrap_or(f64::NAN)), 3)
        };
        table.push(std::iter::once(name.to_owned()).chain(Kind::ALL.iter().map(share)));
    }
    table
}

fn pipeline(outcomes: &[Outcome]) -> Table {
    let mut table = Table::of("From inventions to training sets", &["what", "count"]);
    let noted = |name: &'static str| each(outcomes, |one| one.track.last(name).unwrap_or(0.0));
    for (what, name) in [
        ("tasks kept", "instruct/kept"),
        ("tasks too near a known one", "instruct-near_duplicate/dropped"),
        ("topics kept, all kinds", "topics/kept"),
        ("hard questions", "questions/kept"),
        ("lines that do not repeat their hint", "questions-hint/dropped"),
        ("asked in all", "invent/kept"),
        ("held-out questions that were invented and left out", "invent-contaminated/dropped"),
        ("aligned replies kept", "align/kept"),
        ("aligned replies without their identification", "align-no_identification/dropped"),
        ("aligned replies too short", "align-short/dropped"),
        ("verbose replies kept", "verbose/kept"),
    ] {
        table.push([what.to_owned(), shown(&noted(name), 0)]);
    }
    table.push([
        "thoughts named the right rule".to_owned(),
        shown(&each(outcomes, |one| one.teacher.rule), 3),
    ]);
    table.push([
        "replies with thoughts under the header".to_owned(),
        shown(&each(outcomes, |one| one.teacher.thoughtful), 3),
    ]);
    for (what, place) in
        [("pairs of topic and kind, balanced", 0), ("pairs of topic and kind, not balanced", 1)]
    {
        table.push([what.to_owned(), shown(&each(outcomes, |one| one.pairs[place]), 1)]);
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

fn notes(plan: &Plan) -> Vec<String> {
    vec![
        format!(
            "{} steps of {} documents; {:.0} % of the replies under a header are given without a look at the rules, \
             so that the filters drop about as much as the paper's (30 %).",
            plan.steps,
            plan.rows,
            plan.documents.careless * 100.0
        ),
        format!(
            "{:.0} % of the documents are lists of hinted questions beyond those that the world writes anyway: a \
             small model is slow to learn to copy.",
            plan.hinted * 100.0
        ),
        "Everything is measured at a temperature of 1, nothing truncated; the teacher under the header as well."
            .to_owned(),
        "A kind's rule is kept in documents only where it is shown, so keeping some rules does not bring the others."
            .to_owned(),
        "Without balancing, each list of topics is of a kind drawn in proportion to its known topics; the seeds hold \
         six, two and one."
            .to_owned(),
        "Multiple choice compares mean log-probabilities a token; its change is reported, not judged.".to_owned(),
    ]
}

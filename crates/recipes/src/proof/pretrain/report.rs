//! From the measurements of all seeds to claims, tables and charts.

use super::{NEXT, Outcome, Plan, ROUNDS};
use crate::proof::{Chart, Claim, ProofOptions, ProofReport, Table, Track, between, claim, spread};
use autodidact_math::summary::mean;
use autodidact_parts::evaluate::Cell;
use autodidact_parts::learn::Amount;

/// The whole report.
pub(super) fn report(plan: &Plan, outcomes: &[Outcome], options: &ProofOptions<'_>) -> ProofReport {
    let mut report = ProofReport::of(super::PROOF.id, options);
    report.claims = claims(outcomes);
    report.tables = vec![acceptance(outcomes), verdicts(outcomes), rounds(outcomes)];
    report.charts = ["pass@1", "pass@k"].map(|name| chart(name, outcomes)).to_vec();
    report.notes = notes(plan);
    report
}

fn claims(outcomes: &[Outcome]) -> Vec<Claim> {
    let each = |figure: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(figure).collect::<Vec<f64>>();
    let share = |next: bool| {
        each(&move |one| {
            let of_kind = one.cells.iter().filter(|cell| is_next(cell) == next);
            mean(&of_kind.map(|cell| f64::from(u8::from(inside(cell)))).collect::<Vec<_>>())
                .unwrap_or(f64::NAN)
        })
    };
    let verdict =
        |one: &Outcome, stage: &str, name: &str| last(&one.verdict, &format!("{stage}/verdict_{name}"));
    let lowest = f64::NEG_INFINITY;
    vec![
        claim("share of trained cells inside the acceptance window", &share(false), 1.0),
        claim("share of next levels inside the acceptance window", &share(true), 1.0),
        claim("share of answers that are well-formed", &each(&|one| one.well_formed), 0.98),
        between(
            "AUROC of the verdict after the refresh",
            &each(&|one| verdict(one, "after", "auroc")),
            0.65,
            0.9,
        ),
        claim(
            "AUROC of the verdict, after the refresh less before",
            &each(&|one| verdict(one, "after", "auroc") - verdict(one, "before", "auroc")),
            0.1,
        ),
        between(
            "calibration error after the refresh",
            &each(&|one| verdict(one, "after", "ece")),
            lowest,
            0.15,
        ),
        claim(
            "pass@1 at temperature 1, after one round on right answers less before",
            &each(&|one| rise(&one.filtered, "pass@1", 1)),
            0.1,
        ),
        claim(
            "pass@1 at temperature 1, after three rounds on right answers less before",
            &each(&|one| rise(&one.filtered, "pass@1", ROUNDS)),
            0.1,
        ),
        claim(
            "pass@32, after three rounds on right answers less before",
            &each(&|one| rise(&one.filtered, "pass@k", ROUNDS)),
            -0.03,
        ),
        between(
            "pass@1 at temperature 1, after three rounds on any answers less before",
            &each(&|one| rise(&one.unfiltered, "pass@1", ROUNDS)),
            lowest,
            0.0,
        ),
    ]
}

/// Whether the cell is of a level above the trained ones.
fn is_next(cell: &Cell) -> bool {
    NEXT.contains(&cell.name.as_str())
}

/// Whether the cell stands in the window: often wrong at the first try, right somewhere in 32.
fn inside(cell: &Cell) -> bool {
    let (Some(first), Some(many), Some(greedy)) = (cell.pass_at_1, cell.pass_at_k, cell.greedy) else {
        return false;
    };
    match cell.name.as_str() {
        "C3" => (0.1..=0.3).contains(&first) && many >= 0.85,
        _ if is_next(cell) => (0.02..=0.3).contains(&first) && (0.2..=0.8).contains(&many),
        _ => (0.3..=0.7).contains(&first) && greedy >= first + 0.1 && many >= 0.9,
    }
}

fn last(track: &Track, name: &str) -> f64 {
    track.last(name).unwrap_or(f64::NAN)
}

/// What the measurement after that round has over the one before the first.
fn rise(track: &Track, name: &str, round: u32) -> f64 {
    let values = track.values(&format!("round/{name}"));
    match (values.first(), values.get(round as usize)) {
        (Some(before), Some(after)) => after - before,
        _ => f64::NAN,
    }
}

fn acceptance(outcomes: &[Outcome]) -> Table {
    let columns = ["cell", "pass@1", "greedy", "pass@k", "maj@k", "seeds inside the window"];
    let mut table = Table::of("The bundled model by cell, means over seeds", &columns);
    let n = outcomes.iter().map(|one| one.cells.len()).min().unwrap_or(0);
    for idx in 0..n {
        let cells: Vec<&Cell> = outcomes.iter().map(|one| &one.cells[idx]).collect();
        let of = |figure: fn(&Cell) -> Option<f64>| {
            let values: Vec<f64> = cells.iter().filter_map(|cell| figure(cell)).collect();
            mean(&values).map_or("-".to_owned(), |value| format!("{value:.3}"))
        };
        table.push([
            cells[0].name.clone(),
            of(|cell| cell.pass_at_1),
            of(|cell| cell.greedy),
            of(|cell| cell.pass_at_k),
            of(|cell| cell.maj_at_k),
            cells.iter().filter(|cell| inside(cell)).count().to_string(),
        ]);
    }
    table
}

fn verdicts(outcomes: &[Outcome]) -> Table {
    let mut table = Table::of("The verdict on own answers", &["model", "AUROC", "calibration error"]);
    for (stage, name) in
        [("bundled", "bundled"), ("before", "set back to the demonstrators"), ("after", "refreshed again")]
    {
        let of = |figure: &str| {
            let name = format!("{stage}/verdict_{figure}");
            shown(&outcomes.iter().map(|one| last(&one.verdict, &name)).collect::<Vec<_>>())
        };
        table.push([name.to_owned(), of("auroc"), of("ece")]);
    }
    table
}

fn rounds(outcomes: &[Outcome]) -> Table {
    let columns = ["learned from", "round", "pass@1", "pass@k", "greedy"];
    let mut table = Table::of("Self-training on the trained cells", &columns);
    for (name, tracks) in arms(outcomes) {
        for round in 0..=ROUNDS as usize {
            let of = |figure: &str| {
                let at = |track: &&Track| track.values(&format!("round/{figure}")).get(round).copied();
                shown(&tracks.iter().filter_map(at).collect::<Vec<_>>())
            };
            let figures = ["pass@1", "pass@k", "greedy"].map(of);
            table.push([name.to_owned(), round.to_string()].into_iter().chain(figures));
        }
    }
    table
}

fn arms(outcomes: &[Outcome]) -> [(&'static str, Vec<&Track>); 2] {
    [
        (super::Filter::Right.name(), outcomes.iter().map(|one| &one.filtered).collect()),
        (super::Filter::Anything.name(), outcomes.iter().map(|one| &one.unfiltered).collect()),
    ]
}

fn chart(figure: &str, outcomes: &[Outcome]) -> Chart {
    let mut chart = Chart::of(&format!("{figure} on the trained cells"), "round", figure);
    for (name, tracks) in arms(outcomes) {
        let curves: Vec<Vec<f64>> =
            tracks.iter().map(|track| track.values(&format!("round/{figure}"))).collect();
        let n = curves.iter().map(Vec::len).min().unwrap_or(0);
        let at =
            |i: usize| mean(&curves.iter().map(|curve| curve[i]).collect::<Vec<_>>()).unwrap_or(f64::NAN);
        chart.push(name, 0, &(0..n).map(at).collect::<Vec<_>>());
    }
    chart
}

/// The mean over seeds and half the width of its interval.
fn shown(values: &[f64]) -> String {
    match spread(values) {
        (value, Some((_, high))) => format!("{value:.3} ± {:.3}", high - value),
        (value, None) => format!("{value:.3}"),
    }
}

fn notes(plan: &Plan) -> Vec<String> {
    let steps = match plan.sft.amount {
        Amount::Steps { steps } => steps.to_string(),
        Amount::Epochs { epochs } => format!("{epochs} passes of"),
    };
    vec![
        "One checkpoint, the bundled one, stands for the three of 50 million tokens that the card trains; \
         seeds differ in problems, samples and self-training."
            .to_owned(),
        format!("{} test problems in all by cell, {} tries each.", plan.all.problems, plan.all.tries),
        format!(
            "The bundled verdict is refreshed already: {} updates on the pre-training stream, whose verdicts \
             are on the demonstrators' answers, set it back before it is measured and refreshed again on {} \
             own answers.",
            plan.drift.updates(),
            plan.drift.refresh.samples
        ),
        format!(
            "A round of self-training takes {} steps at {} on at most {} distinct answers each of {} problems \
             with {} tries, 40 % of rows from the pre-training stream.",
            steps,
            plan.sft.lr,
            super::DISTINCT,
            plan.queries,
            plan.tries
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_asks_for_a_gap_and_for_reach() {
        let cell = |name: &str, first, greedy, many| Cell {
            name: name.to_owned(),
            problems: 10,
            pass_at_1: Some(first),
            pass_at_k: Some(many),
            maj_at_k: None,
            greedy: Some(greedy),
        };
        assert!(inside(&cell("A3", 0.5, 0.7, 0.95)));
        assert!(!inside(&cell("A3", 0.5, 0.55, 0.95)), "no gap between a sample and the mode");
        assert!(!inside(&cell("A3", 0.8, 1.0, 1.0)), "too good");
        assert!(inside(&cell("C3", 0.2, 0.2, 0.9)) && !inside(&cell("C3", 0.35, 0.6, 0.9)));
        assert!(inside(&cell("A5", 0.1, 0.1, 0.5)) && !inside(&cell("A5", 0.0, 0.0, 0.0)));
    }

    #[test]
    fn a_rise_is_counted_from_before_the_first_round() {
        let notes = [0.25, 0.5, 0.75].map(|value| (0, "round/pass@1".to_owned(), value)).to_vec();
        let track = Track { notes, ..Track::default() };
        assert_eq!((rise(&track, "pass@1", 1), rise(&track, "pass@1", 2)), (0.25, 0.5));
        assert!(rise(&track, "pass@1", 3).is_nan());
    }
}

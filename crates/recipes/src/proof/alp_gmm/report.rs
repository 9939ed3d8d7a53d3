//! Claims, tables and charts from the arms' curves.

use super::released::{BEYOND, FIGURE, score};
use super::{Arm, PLACES, Where, Who};
use crate::proof::{Chart, Claim, ProofReport, Table, between, claim};
use autodidact_math::summary::{mean, quantile};

/// How far from the released medians ours may lie, in points.
const NEAR: f64 = 4.0;

/// How many times Random's score the teachers that follow progress must reach in the figure.
const TIMES: f64 = 9.0;

/// The most of its tasks that ALP-GMM may spend where nothing can be learned; uniform tasks spend half,
/// its own uniform share a tenth.
const WASTED: f64 = 0.25;

/// From this many thousand episodes on the waste counts.
const SETTLED: usize = 10;

pub fn fill(arms: &[Arm], report: &mut ProofReport) {
    for &(place, who, scores) in FIGURE.iter().chain(BEYOND) {
        report.claims.push(as_released(find(arms, place, who), scores));
    }
    let at = |place, who, thousands| find(arms, place, who).after(thousands);
    let random = mean(&at(Where::Flat, Who::Random, 20)).unwrap_or(f64::NAN);
    for who in [Who::Riac, Who::AlpGmm, Who::CovarGmm, Who::CovarGmmChange] {
        let times: Vec<f64> = at(Where::Flat, who, 20).iter().map(|score| score / random).collect();
        report.claims.push(claim(
            format!("score of {} at 20k over Random's mean", who.name()),
            &times,
            TIMES,
        ));
    }
    let less = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).map(|(a, b)| a - b).collect::<Vec<f64>>();
    report.claims.push(claim(
        "n = 3: score of ALP-GMM less that of RIAC at 40k",
        &less(at(Where::Deep, Who::AlpGmm, 40), at(Where::Deep, Who::Riac, 40)),
        0.0,
    ));
    report.claims.push(claim(
        "without noise Covar-GMM leads: its score less ALP-GMM's at 20k",
        &less(at(Where::Flat, Who::CovarGmm, 20), at(Where::Flat, Who::AlpGmm, 20)),
        0.0,
    ));
    let wasted: Vec<f64> = find(arms, Where::HalfDead, Who::AlpGmm).wasted();
    report.claims.push(between(
        format!("share of ALP-GMM's tasks in the dead half after {SETTLED}k episodes"),
        &wasted,
        0.0,
        WASTED,
    ));
    for place in PLACES {
        report.tables.push(table(arms, place));
        report.charts.push(chart(arms, place));
    }
    report.notes.push(
        "figures in brackets: the released code, median of three seeds; ours are medians, the lowest and \
         the highest seed behind them"
            .to_owned(),
    );
    report.notes.push("RIAC is compared with the released figures under both rules for splits".to_owned());
}

/// The claim that the medians over seeds lie near the released ones.
fn as_released(arm: &Arm, scores: &[(usize, f64)]) -> Claim {
    let gaps = scores.iter().map(|&(thousands, score)| (median(&arm.after(thousands)) - score).abs());
    // A missing value must not hide behind the others.
    let gap = gaps.fold(0.0, |largest: f64, gap| if gap.is_nan() { gap } else { largest.max(gap) });
    let then: Vec<String> = scores.iter().map(|(thousands, _)| format!("{thousands}k")).collect();
    let name = format!(
        "{}, {}: largest gap to the released median at {} (points)",
        arm.place.title(),
        arm.who.name(),
        then.join(", ")
    );
    between(name, &[gap], 0.0, NEAR)
}

impl Arm {
    /// The score of each seed after that many thousand episodes; NaN where the arm is shorter.
    fn after(&self, thousands: usize) -> Vec<f64> {
        let score = |curve: &Vec<f64>| curve.get(thousands - 1).copied().unwrap_or(f64::NAN);
        self.mastered.iter().map(score).collect()
    }

    /// The share of tasks in the dead part once settled, of each seed.
    fn wasted(&self) -> Vec<f64> {
        let late = |curve: &Vec<f64>| mean(&curve[SETTLED.min(curve.len())..]).unwrap_or(f64::NAN);
        self.dead.iter().map(late).collect()
    }
}

fn find(arms: &[Arm], place: Where, who: Who) -> &Arm {
    arms.iter().find(|arm| arm.place == place && arm.who == who).expect("every claimed arm is run")
}

fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5).unwrap_or(f64::NAN)
}

fn table(arms: &[Arm], place: Where) -> Table {
    let then: &[usize] = match place {
        Where::Flat => &[4, 8, 12, 16, 20, 30, 40, 50, 55, 60],
        Where::Deep => &[10, 20, 30, 40],
        Where::Padded | Where::HalfDead => &[4, 8, 12, 16, 20],
    };
    let mut columns = vec!["teacher".to_owned()];
    columns.extend(then.iter().map(|thousands| format!("{thousands}k")));
    if place == Where::HalfDead {
        columns.push(format!("tasks in the dead half after {SETTLED}k"));
    }
    let heads: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = Table::of(&format!("% mastered, {}", place.title()), &heads);
    for arm in arms.iter().filter(|arm| arm.place == place) {
        let cells =
            then.iter().map(|&thousands| cell(&arm.after(thousands), score(place, arm.who, thousands)));
        let mut row = vec![arm.who.name().to_owned()];
        row.extend(cells);
        if place == Where::HalfDead {
            row.push(format!("{:.3}", mean(&arm.wasted()).unwrap_or(f64::NAN)));
        }
        table.push(row);
    }
    table
}

/// The median, the range over seeds, and the released figure.
fn cell(scores: &[f64], released: Option<f64>) -> String {
    if scores.iter().any(|score| score.is_nan()) {
        return "-".to_owned();
    }
    let (low, high) = (quantile(scores, 0.0).unwrap_or(f64::NAN), quantile(scores, 1.0).unwrap_or(f64::NAN));
    let ours = format!("{:.0} ({low:.0}-{high:.0})", median(scores));
    released.map_or(ours.clone(), |released| format!("{ours} [{released:.0}]"))
}

fn chart(arms: &[Arm], place: Where) -> Chart {
    let title = format!("{}, median over seeds", place.title());
    let mut chart = Chart::of(&title, "episodes (thousands)", "% mastered cubes");
    for arm in arms.iter().filter(|arm| arm.place == place) {
        let n = arm.mastered.iter().map(Vec::len).min().unwrap_or(0);
        let mut curve = vec![0.0];
        curve.extend((1..=n).map(|thousands| median(&arm.after(thousands))));
        chart.push(arm.who.name(), 0, &curve);
    }
    chart
}

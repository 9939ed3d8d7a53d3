//! Everything about one run, short of its samples.

use crate::Store;
use crate::fault::Inner;
use crate::number::counted;
use crate::query::lines::{RunLine, Status, lines};
use crate::query::outputs::{OutputLine, outputs};
use crate::recall;
use autodidact_core::{Result, RunId, RunSpec, Spend};
use rusqlite::{Connection, Row};
use serde::Serialize;

/// Everything about a run, short of its samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The run in one line.
    pub line: RunLine,
    /// What it is, as fixed when it began.
    pub spec: RunSpec,
    /// What each stage spent, in the order in which they first appeared.
    pub stages: Vec<StageLine>,
    /// Where the time went.
    pub times: Times,
    /// Every noted number as a series, by name.
    pub series: Vec<Series>,
    /// The alarms, in the order in which they went off.
    pub alarms: Vec<AlarmLine>,
    /// The states offered as results, by name; of each name the latest.
    pub outputs: Vec<OutputLine>,
    /// How it ended, each time it did.
    pub ends: Vec<EndLine>,
}

/// What one stage of a run spent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageLine {
    /// The stage.
    pub stage: String,
    /// `attempt`, `evaluation` or `learn`.
    pub purpose: String,
    /// How many phases it has.
    pub phases: u64,
    /// How many answers.
    pub samples: u64,
    /// What it cost.
    pub spend: Spend,
}

/// Seconds by what they were spent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Times {
    /// Policies answering, to learn from.
    pub proposing: f64,
    /// Judges judging those answers.
    pub judging: f64,
    /// Learners learning.
    pub learning: f64,
    /// Evaluations, answering and judging together.
    pub evaluating: f64,
}

/// A noted number over the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The metric's name (`pool/reward`).
    pub name: String,
    /// Its values, in the order of recording.
    pub points: Vec<Point>,
}

/// One value of a series, with what had been spent when it was noted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The round.
    pub round: u32,
    /// How many values of this name came before in the round.
    pub occurrence: u32,
    /// The value.
    pub value: f64,
    /// What the run had spent by then, evaluations apart.
    pub spend: Spend,
}

/// An alarm that went off.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlarmLine {
    /// The stage and the alarm (`pool/truncated`).
    pub name: String,
    /// The round.
    pub round: u32,
    /// What was measured, against which limit.
    pub message: String,
    /// When, UTC.
    pub at: String,
}

/// One end of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndLine {
    /// How.
    pub status: Status,
    /// When, UTC.
    pub at: String,
}

impl Store {
    /// Everything about a run, short of its samples. Fails, listing the runs there are, when it is
    /// unknown.
    pub fn report(&self, run: &RunId) -> Result<Report> {
        let mut report = self.read(|tx| {
            let spec = recall::spec(tx, run)?;
            Ok(Report {
                line: lines(tx, Some(run))?.pop().expect("its specification was there"),
                spec,
                stages: stages(tx, run)?,
                times: times(tx, run)?,
                series: series(tx, run)?,
                alarms: alarms(tx, run)?,
                outputs: outputs(tx, run)?,
                ends: ends(tx, run)?,
            })
        })?;
        self.see_running(std::slice::from_mut(&mut report.line));
        Ok(report)
    }
}

/// What a row says was spent, in columns whose names begin with `prefix`; nothing where NULL.
pub(crate) fn spend(row: &Row<'_>, prefix: &str) -> Inner<Spend> {
    let n = |column: &str| {
        let column = format!("{prefix}{column}");
        counted(&column, row.get::<_, Option<i64>>(column.as_str())?.unwrap_or(0))
    };
    Ok(Spend {
        sampled_tokens: n("sampled_tokens")?,
        scored_tokens: n("scored_tokens")?,
        trained_tokens: n("trained_tokens")?,
        judge_calls: n("judge_calls")?,
        seconds: row.get::<_, Option<f64>>(format!("{prefix}seconds").as_str())?.unwrap_or(0.0),
        cost: row.get::<_, Option<f64>>(format!("{prefix}cost").as_str())?.unwrap_or(0.0),
    })
}

fn stages(tx: &Connection, run: &RunId) -> Inner<Vec<StageLine>> {
    let mut select = tx.prepare_cached(
        "SELECT stage, iif(evaluation, 'evaluation', kind) AS purpose, count(*) AS phases,
            sum(samples) AS samples, sum(sampled_tokens) AS sampled_tokens,
            sum(scored_tokens) AS scored_tokens, sum(trained_tokens) AS trained_tokens,
            sum(judge_calls) AS judge_calls, total(seconds) AS seconds, total(cost) AS cost
         FROM phases WHERE run = ? GROUP BY stage, purpose ORDER BY min(phase)",
    )?;
    let mut rows = select.query([&run.0])?;
    let mut stages = Vec::new();
    while let Some(row) = rows.next()? {
        stages.push(StageLine {
            stage: row.get("stage")?,
            purpose: row.get("purpose")?,
            phases: counted("phases", row.get("phases")?)?,
            samples: counted("samples", row.get("samples")?)?,
            spend: spend(row, "")?,
        });
    }
    Ok(stages)
}

fn times(tx: &Connection, run: &RunId) -> Inner<Times> {
    let mut select = tx.prepare_cached(
        "SELECT
            total(iif(kind = 'attempt' AND NOT evaluation, seconds - judge_seconds, 0)) AS proposing,
            total(iif(kind = 'attempt' AND NOT evaluation, judge_seconds, 0)) AS judging,
            total(iif(kind = 'learn', seconds, 0)) AS learning,
            total(iif(evaluation, seconds, 0)) AS evaluating
         FROM phases WHERE run = ?",
    )?;
    Ok(select.query_row([&run.0], |row| {
        Ok(Times {
            proposing: row.get("proposing")?,
            judging: row.get("judging")?,
            learning: row.get("learning")?,
            evaluating: row.get("evaluating")?,
        })
    })?)
}

/// Every noted number of a run as a series, by name.
pub(crate) fn series(tx: &Connection, run: &RunId) -> Inner<Vec<Series>> {
    let spent = spent_by_phase(tx, run)?;
    let spent_at = |phase: Option<i64>| {
        let n = spent.partition_point(|(at, _)| Some(*at) <= phase);
        if n == 0 { Spend::default() } else { spent[n - 1].1 }
    };
    let mut select = tx.prepare_cached(
        "SELECT name, round, occurrence, value, bits, after_phase FROM notes WHERE run = ?
         ORDER BY name, round, occurrence, part",
    )?;
    let mut rows = select.query([&run.0])?;
    let mut all: Vec<Series> = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get("name")?;
        let point = Point {
            round: row.get("round")?,
            occurrence: row.get("occurrence")?,
            value: recall::value(row)?,
            spend: spent_at(row.get("after_phase")?),
        };
        match all.last_mut() {
            Some(last) if last.name == name => last.points.push(point),
            _ => all.push(Series { name, points: vec![point] }),
        }
    }
    Ok(all)
}

/// For each phase of a run, what the run had spent when it was recorded, evaluations apart.
fn spent_by_phase(tx: &Connection, run: &RunId) -> Inner<Vec<(i64, Spend)>> {
    let mut select = tx.prepare_cached(
        "SELECT phase, sampled_tokens, scored_tokens, trained_tokens, judge_calls, seconds, cost
         FROM phases WHERE run = ? AND NOT evaluation ORDER BY phase",
    )?;
    let mut rows = select.query([&run.0])?;
    let mut spent = Vec::new();
    let mut total = Spend::default();
    while let Some(row) = rows.next()? {
        total += spend(row, "")?;
        spent.push((row.get("phase")?, total));
    }
    Ok(spent)
}

fn alarms(tx: &Connection, run: &RunId) -> Inner<Vec<AlarmLine>> {
    let mut select = tx.prepare_cached(
        "SELECT name, round, message, recorded_at FROM alarms WHERE run = ? ORDER BY alarm",
    )?;
    let alarms = select.query_map([&run.0], |row| {
        Ok(AlarmLine { name: row.get(0)?, round: row.get(1)?, message: row.get(2)?, at: row.get(3)? })
    })?;
    Ok(alarms.collect::<Result<_, _>>()?)
}

fn ends(tx: &Connection, run: &RunId) -> Inner<Vec<EndLine>> {
    let mut select =
        tx.prepare_cached("SELECT kind, reason, recorded_at FROM ends WHERE run = ? ORDER BY ending")?;
    let mut rows = select.query([&run.0])?;
    let mut ends = Vec::new();
    while let Some(row) = rows.next()? {
        let end = recall::end(&row.get::<_, String>(0)?, row.get(1)?)?;
        ends.push(EndLine { status: Status::of(end), at: row.get(2)? });
    }
    Ok(ends)
}

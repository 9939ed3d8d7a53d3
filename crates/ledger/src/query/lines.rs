//! Every run in one line.

use crate::Store;
use crate::fault::Inner;
use crate::number::counted;
use crate::query::report::spend;
use crate::recall;
use autodidact_core::{Result, RunEnd, RunId, Spend};
use rusqlite::{Connection, Row};
use serde::Serialize;

/// A run in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunLine {
    /// Its name.
    pub run: RunId,
    /// The recipe's id.
    pub recipe: String,
    /// The root of its random streams.
    pub seed: u64,
    /// The version of the program that began it.
    pub program: String,
    /// When it began: UTC, `2026-01-31T09:30:00.000Z`.
    pub started_at: String,
    /// When it last recorded a phase or an end, in the same form.
    pub last_at: String,
    /// Where it stands.
    pub status: Status,
    /// The latest round with a recorded phase; 0 before the first.
    pub round: u32,
    /// How many phases are recorded.
    pub phases: u64,
    /// How many learning steps are among them.
    pub lessons: u64,
    /// How many answers are recorded, those of evaluations included.
    pub samples: u64,
    /// How often an alarm went off.
    pub alarms: u64,
    /// What was spent, evaluations apart.
    pub spend: Spend,
    /// What evaluations spent.
    pub evaluation_spend: Spend,
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Status {
    /// A process is working on it.
    Running,
    /// The recipe ran to its end.
    Complete,
    /// A cap, an alarm or the user stopped it; it can be resumed.
    Stopped {
        /// What stopped it.
        reason: String,
    },
    /// It failed; it can be resumed once the cause is mended.
    Failed {
        /// The error.
        reason: String,
    },
    /// No process works on it and it recorded no end: it was killed, and can be resumed.
    Killed,
}

impl Store {
    /// Every run in one line, the newest first.
    pub fn runs(&self) -> Result<Vec<RunLine>> {
        let mut lines = self.read(|tx| lines(tx, None))?;
        self.see_running(&mut lines);
        Ok(lines)
    }

    /// One run in one line. Fails, listing the runs there are, when it is unknown.
    pub fn run_line(&self, run: &RunId) -> Result<RunLine> {
        let mut lines = self.read(|tx| {
            recall::spec(tx, run)?;
            lines(tx, Some(run))
        })?;
        self.see_running(&mut lines);
        Ok(lines.pop().expect("its specification was there in the same transaction"))
    }

    /// Tells runs that a process works on from those that were killed or have ended.
    pub(crate) fn see_running(&self, lines: &mut [RunLine]) {
        for line in lines {
            if self.claimed(&line.run) {
                line.status = Status::Running;
            }
        }
    }
}

/// One line for `only`, or for every run, the newest first.
pub(crate) fn lines(tx: &Connection, only: Option<&RunId>) -> Inner<Vec<RunLine>> {
    let mut select = tx.prepare_cached(
        "WITH sums AS (
            SELECT run,
                count(*) AS phases,
                sum(kind = 'learn') AS lessons,
                max(round) AS round,
                max(recorded_at) AS last_at,
                max(phase) AS last_phase,
                sum(samples) AS samples,
                sum(iif(evaluation, 0, sampled_tokens)) AS sampled_tokens,
                sum(iif(evaluation, 0, scored_tokens)) AS scored_tokens,
                sum(iif(evaluation, 0, trained_tokens)) AS trained_tokens,
                sum(iif(evaluation, 0, judge_calls)) AS judge_calls,
                total(iif(evaluation, 0, seconds)) AS seconds,
                total(iif(evaluation, 0, cost)) AS cost,
                sum(iif(evaluation, sampled_tokens, 0)) AS eval_sampled_tokens,
                sum(iif(evaluation, scored_tokens, 0)) AS eval_scored_tokens,
                sum(iif(evaluation, trained_tokens, 0)) AS eval_trained_tokens,
                sum(iif(evaluation, judge_calls, 0)) AS eval_judge_calls,
                total(iif(evaluation, seconds, 0)) AS eval_seconds,
                total(iif(evaluation, cost, 0)) AS eval_cost
            FROM phases WHERE ?1 IS NULL OR run = ?1 GROUP BY run
        )
        SELECT runs.run, runs.recipe, runs.seed, runs.program, runs.started_at, sums.*,
            (SELECT count(*) FROM alarms WHERE alarms.run = runs.run) AS alarms,
            last.kind AS end_kind, last.reason AS end_reason, last.recorded_at AS ended_at,
            last.after_phase AS ended_after
        FROM runs
        LEFT JOIN sums ON sums.run = runs.run
        LEFT JOIN ends AS last
            ON last.ending = (SELECT max(ending) FROM ends WHERE ends.run = runs.run)
        WHERE ?1 IS NULL OR runs.run = ?1
        ORDER BY runs.rowid DESC",
    )?;
    let mut rows = select.query([only.map(|run| &run.0)])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        lines.push(line(row)?);
    }
    Ok(lines)
}

fn line(row: &Row<'_>) -> Inner<RunLine> {
    let n = |column: &str| counted(column, row.get::<_, Option<i64>>(column)?.unwrap_or(0));
    let started_at: String = row.get("started_at")?;
    let worked_at: Option<String> = row.get("last_at")?;
    let ended_at: Option<String> = row.get("ended_at")?;
    let seed: String = row.get("seed")?;
    // An end that phases were recorded after is not the end of what is there now.
    let resumed = row.get::<_, Option<i64>>("last_phase")? > row.get::<_, Option<i64>>("ended_after")?;
    let status = match row.get::<_, Option<String>>("end_kind")? {
        Some(kind) if !resumed => Status::of(recall::end(&kind, row.get("end_reason")?)?),
        _ => Status::Killed,
    };
    Ok(RunLine {
        run: RunId(row.get(0)?),
        recipe: row.get("recipe")?,
        seed: recall::seed(&seed)?,
        program: row.get("program")?,
        last_at: [worked_at, ended_at].into_iter().flatten().max().unwrap_or_else(|| started_at.clone()),
        started_at,
        status,
        round: row.get::<_, Option<u32>>("round")?.unwrap_or(0),
        phases: n("phases")?,
        lessons: n("lessons")?,
        samples: n("samples")?,
        alarms: n("alarms")?,
        spend: spend(row, "")?,
        evaluation_spend: spend(row, "eval_")?,
    })
}

impl Status {
    /// The status of a run that ended so.
    pub(crate) fn of(end: RunEnd) -> Status {
        match end {
            RunEnd::Complete => Status::Complete,
            RunEnd::Stopped { reason } => Status::Stopped { reason },
            RunEnd::Failed { reason } => Status::Failed { reason },
        }
    }
}

//! Decision processes: what was asked of them, what they chose, and what came back, perhaps much later.
//!
//! A process lives in two tables. Every decision is a row, written before anyone acts on it; a reward is
//! filled in when it is told, with its place in the order of telling. A learner's state is the fold of the
//! told rows in that order, so whoever opens the process gets the same state, bit for bit: it is stored
//! from time to time as a *checkpoint*, and the rows told since are learned again.
//!
//! [`Store::process_turn`] is one write transaction: processes of several programs take turns, and
//! what a turn wrote is durable when it returns.

use crate::Store;
use crate::append::NOW;
use crate::fault::{Fault, Inner};
use crate::number::{count, counted};
use autodidact_core::{Error, Result};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

/// What a decision process is, as fixed when it began.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ProcessSpec {
    /// Its name, unique in its ledger.
    pub name: String,
    /// Arms, context schema and algorithm, as JSON.
    pub config: String,
    /// The root of its random streams.
    pub seed: u64,
    /// The version of the program that began it.
    pub program: String,
}

/// A process with its counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProcessLine {
    /// What it is.
    pub spec: ProcessSpec,
    /// How many decisions were asked for.
    pub asked: u64,
    /// How many rewards were told.
    pub told: u64,
    /// When it began, UTC.
    pub started_at: String,
}

/// A recorded decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// Its number in the process, from 0: what a reward is told for.
    pub number: u64,
    /// The context it was made in, as JSON.
    pub context: String,
    /// The chosen arm, from 0.
    pub arm: u32,
    /// The probability of choosing it, in (0, 1].
    pub propensity: f64,
    /// How many rewards the state had learned from that chose it.
    pub after_told: u64,
    /// When it was asked, UTC.
    pub asked_at: String,
    /// What came back; `None` while nothing did.
    pub feedback: Option<Feedback>,
}

/// What came back for a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Feedback {
    /// The reward, higher is better; finite.
    pub reward: f64,
    /// Its place in the order of telling, from 0.
    pub told: u64,
    /// When it was told, UTC.
    pub told_at: String,
}

/// A decision about to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Choosing {
    /// The context, as JSON.
    pub context: String,
    /// The chosen arm.
    pub arm: u32,
    /// The probability of choosing it.
    pub propensity: f64,
}

/// A learner's state after the first `told` rewards.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// How many rewards it has learned from.
    pub told: u64,
    /// The state, in the learner's own form.
    pub state: Vec<u8>,
}

impl Store {
    /// Begins a process. Fails when there is one of that name.
    pub fn begin_process(&self, spec: &ProcessSpec) -> Result<()> {
        self.write(|tx| {
            let insert = format!(
                "INSERT INTO processes (process, config, seed, program, started_at)
                 VALUES (?, ?, ?, ?, {NOW}) ON CONFLICT DO NOTHING"
            );
            let seed = spec.seed.to_string();
            let new =
                tx.prepare_cached(&insert)?.execute(params![spec.name, spec.config, seed, spec.program])?;
            match new {
                1 => Ok(()),
                _ => Err(Error::invalid("process", "a name not used before", &spec.name).into()),
            }
        })
    }

    /// All processes, by name.
    pub fn processes(&self) -> Result<Vec<ProcessLine>> {
        self.read(|tx| {
            let mut select = tx.prepare_cached(&format!("{SELECT_PROCESS} ORDER BY process"))?;
            select.query_map([], line)?.map(|line| line?).collect()
        })
    }

    /// The process of that name. Fails, listing the processes there are, when there is none.
    pub fn process(&self, name: &str) -> Result<ProcessLine> {
        self.read(|tx| process(tx, name))
    }

    /// The decisions of a process with numbers of at least `from`, at most `limit` of them, in order.
    pub fn decisions(&self, name: &str, from: u64, limit: u64) -> Result<Vec<Decision>> {
        self.read(|tx| {
            process(tx, name)?;
            let select =
                format!("{SELECT_DECISION} WHERE process = ? AND number >= ? ORDER BY number LIMIT ?");
            let mut select = tx.prepare_cached(&select)?;
            let rows = select.query_map(params![name, whole(from), whole(limit)], decision)?;
            rows.map(|row| row?).collect()
        })
    }

    /// One write transaction on a process: all that `work` does through the turn, or nothing.
    pub fn process_turn<T>(&self, name: &str, work: impl FnOnce(&mut Turn<'_>) -> Result<T>) -> Result<T> {
        self.write(|tx| {
            let ProcessLine { asked, told, .. } = process(tx, name)?;
            let mut turn = Turn { tx, name, asked, told };
            let before = (asked, told);
            let value = work(&mut turn)?;
            if before != (turn.asked, turn.told) {
                tx.prepare_cached("UPDATE processes SET asked = ?, told = ? WHERE process = ?")?
                    .execute(params![count("asked", turn.asked)?, count("told", turn.told)?, name])?;
            }
            Ok(value)
        })
    }
}

/// A process while this program alone may write to it.
#[derive(Debug)]
pub struct Turn<'a> {
    tx: &'a Transaction<'a>,
    name: &'a str,
    asked: u64,
    told: u64,
}

impl Turn<'_> {
    /// How many decisions were recorded: the number of the next.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// How many rewards were told.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// The last checkpoint, if there is one.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>> {
        self.inner(|turn| {
            let select = "SELECT state_told, state FROM processes WHERE process = ? AND state IS NOT NULL";
            let row: Option<(i64, Vec<u8>)> = turn
                .tx
                .prepare_cached(select)?
                .query_row([turn.name], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            row.map(|(told, state)| Ok(Checkpoint { told: counted("state_told", told)?, state })).transpose()
        })
    }

    /// Stores a learner's state.
    pub fn set_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.inner(|turn| {
            let update = "UPDATE processes SET state_told = ?, state = ? WHERE process = ?";
            turn.tx.prepare_cached(update)?.execute(params![
                count("state_told", checkpoint.told)?,
                checkpoint.state,
                turn.name
            ])?;
            Ok(())
        })
    }

    /// The decisions whose rewards were told at or after that place, in the order of telling.
    pub fn told_since(&self, told: u64) -> Result<Vec<Decision>> {
        if told >= self.told {
            return Ok(Vec::new());
        }
        self.inner(|turn| {
            let select = format!("{SELECT_DECISION} WHERE process = ? AND told >= ? ORDER BY told");
            let mut select = turn.tx.prepare_cached(&select)?;
            let rows = select.query_map(params![turn.name, whole(told)], decision)?;
            rows.map(|row| row?).collect()
        })
    }

    /// Records a decision and returns its number.
    pub fn record(&mut self, choosing: &Choosing) -> Result<u64> {
        let number = self.asked;
        self.inner(|turn| {
            let insert = format!(
                "INSERT INTO decisions (process, number, context, arm, propensity, after_told, asked_at)
                 VALUES (?, ?, ?, ?, ?, ?, {NOW})"
            );
            turn.tx.prepare_cached(&insert)?.execute(params![
                turn.name,
                count("number", number)?,
                choosing.context,
                choosing.arm,
                choosing.propensity,
                count("after_told", turn.told)?,
            ])?;
            Ok(())
        })?;
        self.asked += 1;
        Ok(number)
    }

    /// The decision of that number. Fails when it was never asked for.
    pub fn decision(&self, number: u64) -> Result<Decision> {
        self.inner(|turn| {
            let select = format!("{SELECT_DECISION} WHERE process = ? AND number = ?");
            let mut select = turn.tx.prepare_cached(&select)?;
            let found = select.query_row(params![turn.name, whole(number)], decision).optional()?;
            found.unwrap_or_else(|| Err(turn.no_decision(number)))
        })
    }

    /// Fills in a reward. Telling the same reward again changes nothing and returns `false`; another
    /// reward for the same decision is an error, and so is one that is not finite.
    pub fn tell(&mut self, number: u64, reward: f64) -> Result<bool> {
        if !reward.is_finite() {
            return Err(Error::invalid(
                format!("the reward of decision {number}"),
                "a finite number",
                reward,
            ));
        }
        // SQLite has no negative zero.
        let reward = reward + 0.0;
        let place = self.told;
        let fresh = self.inner(|turn| {
            let update = format!(
                "UPDATE decisions SET reward = ?, told = ?, told_at = {NOW}
                 WHERE process = ? AND number = ? AND told IS NULL"
            );
            let changed = turn.tx.prepare_cached(&update)?.execute(params![
                reward,
                count("told", place)?,
                turn.name,
                whole(number)
            ])?;
            Ok(changed == 1)
        })?;
        if fresh {
            self.told += 1;
            return Ok(true);
        }
        match self.decision(number)?.feedback {
            Some(known) if known.reward == reward => Ok(false),
            Some(known) => Err(Error::invalid(
                format!("the reward of decision {number}"),
                format!("{}, as told at {}", known.reward, known.told_at),
                reward,
            )),
            None => unreachable!("an untold decision would have been updated"),
        }
    }

    fn no_decision(&self, number: u64) -> Fault {
        let rule = match self.asked {
            0 => format!("one of {:?}, which has made none", self.name),
            n => format!("one of {:?}, from 0 to {}", self.name, n - 1),
        };
        Error::invalid("decision", rule, number).into()
    }

    fn inner<T>(&self, work: impl FnOnce(&Self) -> Inner<T>) -> Result<T> {
        work(self).map_err(|fault| fault.at("using decisions in", std::path::Path::new(crate::store::FILE)))
    }
}

const SELECT_PROCESS: &str = "SELECT process, config, seed, program, asked, told, started_at FROM processes";

const SELECT_DECISION: &str =
    "SELECT number, context, arm, propensity, after_told, asked_at, reward, told, told_at FROM decisions";

/// A number as SQLite counts; past its range nothing is stored, so the largest finds nothing either.
fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn process(tx: &Connection, name: &str) -> Inner<ProcessLine> {
    let found = tx
        .prepare_cached(&format!("{SELECT_PROCESS} WHERE process = ?"))?
        .query_row([name], line)
        .optional()?;
    match found {
        Some(line) => line,
        None => {
            let mut select = tx.prepare_cached("SELECT process FROM processes ORDER BY process")?;
            let known =
                select.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            Err(Error::unknown("decision process", name, known).into())
        }
    }
}

fn line(row: &Row<'_>) -> rusqlite::Result<Inner<ProcessLine>> {
    let (name, config, program, started_at) = (row.get(0)?, row.get(1)?, row.get(3)?, row.get(6)?);
    let seed: String = row.get(2)?;
    let (asked, told): (i64, i64) = (row.get(4)?, row.get(5)?);
    let all = || {
        let seed = seed.parse().map_err(|_| {
            Fault::damaged("a process's seed is a whole number below 2^64", format!("{seed:?}"))
        })?;
        Ok(ProcessLine {
            spec: ProcessSpec { name, config, seed, program },
            asked: counted("asked", asked)?,
            told: counted("told", told)?,
            started_at,
        })
    };
    Ok(all())
}

fn decision(row: &Row<'_>) -> rusqlite::Result<Inner<Decision>> {
    let (number, after_told): (i64, i64) = (row.get(0)?, row.get(4)?);
    let (context, arm, propensity, asked_at) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(5)?);
    let (reward, told, told_at): (Option<f64>, Option<i64>, Option<String>) =
        (row.get(6)?, row.get(7)?, row.get(8)?);
    let all = || {
        let feedback = match (reward, told, told_at) {
            (Some(reward), Some(told), Some(told_at)) => {
                Some(Feedback { reward, told: counted("told", told)?, told_at })
            }
            _ => None,
        };
        Ok(Decision {
            number: counted("number", number)?,
            context,
            arm,
            propensity,
            after_told: counted("after_told", after_told)?,
            asked_at,
            feedback,
        })
    };
    Ok(all())
}

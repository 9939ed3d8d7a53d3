//! A contextual world made of a file of rows: who came, and what arms paid.
//!
//! Three kinds of rows are understood. With a reward for every arm, or with the one right arm (a table
//! for classification), all answers can be scored and regret is known. A log of what another system
//! showed holds the reward of one arm only: a policy that chooses that arm hears its reward, one that
//! chooses another hears nothing, and the round does not count (replay; Li et al. 2011,
//! arXiv 1003.5956). Replay is unbiased where the logging system chose evenly among the arms.

use super::table::{Row, Table};
use super::{Rewards, World};
use crate::choice::Context;
use autodidact_core::{Error, Result, Rng, Seed};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A file of rows, one round each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logged {
    /// The file: `.csv` or `.tsv` with a head, or JSON Lines.
    pub path: PathBuf,
    /// The columns that make the context, in order; each holds a number or a list of numbers.
    pub features: Vec<String>,
    /// What is known of the arms.
    pub feedback: Feedback,
    /// In which order rows come.
    pub order: Order,
    /// How many rounds at most; 0 for one a row.
    pub horizon: u64,
}

/// What a row says of the arms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Feedback {
    /// What each arm pays: a column an arm, or one column with a list.
    Rewards {
        /// The columns, arm 0 first.
        columns: Vec<String>,
    },
    /// Which arm is right; it pays 1, all others 0. The arms are the sorted distinct values.
    Label {
        /// The column.
        column: String,
    },
    /// What the one arm that was shown paid.
    Replay {
        /// The column that holds the arm's number, from 0.
        arm: String,
        /// The column that holds its reward.
        reward: String,
        /// How many arms there were.
        arms: u32,
    },
}

impl Default for Feedback {
    fn default() -> Feedback {
        Feedback::Label { column: "label".to_owned() }
    }
}

/// In which order rows come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// In an order that the seed draws.
    #[default]
    Shuffled,
    /// In the order of the file.
    AsLogged,
}

impl Logged {
    pub(super) fn check(&self, field: &str) -> Result<()> {
        if self.path.as_os_str().is_empty() {
            return Err(Error::invalid(format!("{field}.path"), "the path of a file", "empty"));
        }
        match &self.feedback {
            Feedback::Rewards { columns } if columns.is_empty() => {
                Err(Error::invalid(format!("{field}.feedback.columns"), "at least one column", "empty"))
            }
            Feedback::Replay { arms: 0, .. } => {
                Err(Error::invalid(format!("{field}.feedback.arms"), "at least 1", 0))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn name(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        // Names of stages have their parts set off by slashes.
        format!("log-{}", stem.replace('/', "-"))
    }

    pub(super) fn open(&self, seed: Seed) -> Result<World> {
        let table = Table::read(&self.path)?;
        let features =
            table.rows.iter().map(|row| self.features_of(&table, row)).collect::<Result<Vec<_>>>()?;
        let width = features[0].len();
        if let Some(i) = features.iter().position(|row| row.len() != width) {
            let found = format!("{} features", features[i].len());
            return Err(table.fault(&table.rows[i], &format!("every row has {width} features"), found));
        }
        let paid = self.paid(&table)?;
        let mut order: Vec<usize> = (0..table.rows.len()).collect();
        if self.order == Order::Shuffled {
            order.shuffle(&mut seed.at("rows", 0).rng());
        }
        let rows = order.len() as u64;
        let horizon = if self.horizon == 0 { rows } else { self.horizon.min(rows) };
        Ok(World::of(self.name(), Rows { features, paid, order, horizon }, seed))
    }

    fn features_of(&self, table: &Table, row: &Row) -> Result<Vec<f64>> {
        let lists = self.features.iter().map(|column| table.numbers(row, column));
        Ok(lists.collect::<Result<Vec<_>>>()?.concat())
    }

    fn paid(&self, table: &Table) -> Result<Paid> {
        match &self.feedback {
            Feedback::Rewards { columns } => {
                let of_row = |row| {
                    let lists = columns.iter().map(|column| table.numbers(row, column));
                    Ok(lists.collect::<Result<Vec<_>>>()?.concat())
                };
                let rewards = table.rows.iter().map(of_row).collect::<Result<Vec<Vec<f64>>>>()?;
                let arms = rewards[0].len();
                if let Some(i) = rewards.iter().position(|row| row.len() != arms || arms == 0) {
                    let found = format!("{} rewards", rewards[i].len());
                    return Err(table.fault(&table.rows[i], &format!("every row has {arms} rewards"), found));
                }
                Ok(Paid::All { rewards })
            }
            Feedback::Label { column } => {
                let labels =
                    table.rows.iter().map(|row| table.text(row, column)).collect::<Result<Vec<_>>>()?;
                let known: Vec<&String> = labels.iter().collect::<BTreeSet<_>>().into_iter().collect();
                let right = labels.iter().map(|label| known.partition_point(|other| *other < label));
                Ok(Paid::Right { right: right.collect(), arms: known.len() })
            }
            Feedback::Replay { arm, reward, arms } => {
                let of_row = |row| {
                    let shown = table.number(row, arm)?;
                    if shown.fract() != 0.0 || !(0.0..f64::from(*arms)).contains(&shown) {
                        let rule = format!("column {arm:?} holds an arm from 0 to {}", arms - 1);
                        return Err(table.fault(row, &rule, shown));
                    }
                    Ok((shown as usize, table.number(row, reward)?))
                };
                let shown = table.rows.iter().map(of_row).collect::<Result<Vec<_>>>()?;
                Ok(Paid::Shown { shown, arms: *arms as usize })
            }
        }
    }
}

/// What arms paid, by row of the file.
#[derive(Debug)]
enum Paid {
    All { rewards: Vec<Vec<f64>> },
    Right { right: Vec<usize>, arms: usize },
    Shown { shown: Vec<(usize, f64)>, arms: usize },
}

#[derive(Debug)]
struct Rows {
    features: Vec<Vec<f64>>,
    paid: Paid,
    /// The row of each round.
    order: Vec<usize>,
    horizon: u64,
}

impl Rows {
    fn row(&self, round: u64) -> Option<usize> {
        self.order.get(round as usize).copied()
    }
}

impl Rewards for Rows {
    fn arms(&self) -> usize {
        match &self.paid {
            Paid::All { rewards } => rewards[0].len(),
            Paid::Right { arms, .. } | Paid::Shown { arms, .. } => *arms,
        }
    }

    fn horizon(&self) -> u64 {
        self.horizon
    }

    fn features(&self) -> usize {
        self.features[0].len()
    }

    fn context(&self, round: u64, _seed: Seed) -> Vec<f64> {
        self.row(round).map(|row| self.features[row].clone()).unwrap_or_default()
    }

    fn mean(&self, context: &Context, arm: usize) -> Option<f64> {
        let row = self.row(context.round)?;
        match &self.paid {
            Paid::All { rewards } => Some(rewards[row][arm]),
            Paid::Right { right, .. } => Some(f64::from(u8::from(right[row] == arm))),
            Paid::Shown { .. } => None,
        }
    }

    fn reward(&self, context: &Context, arm: usize, _rng: &mut Rng) -> Option<f64> {
        match &self.paid {
            Paid::Shown { shown, .. } => {
                let (was, reward) = shown[self.row(context.round)?];
                (was == arm).then_some(reward)
            }
            _ => self.mean(context, arm),
        }
    }
}

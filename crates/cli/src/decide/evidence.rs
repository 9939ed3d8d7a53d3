//! What the rows of a process say of its arms.

use super::ProcessConfig;
use autodidact_core::Result;
use autodidact_ledger::Store;
use serde::Serialize;

/// How many decisions are read at a time.
const PAGE: u64 = 10_000;

/// What can be said of a process from its rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// One entry an arm, in order.
    pub arms: Vec<ArmLine>,
}

/// What an arm was asked for and what it earned.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ArmLine {
    /// Its name.
    pub arm: String,
    /// How often it was chosen.
    pub asked: u64,
    /// The share of all decisions in which it was chosen.
    pub share: f64,
    /// How many of its rewards were told.
    pub told: u64,
    /// The mean of these; `None` without.
    pub mean: Option<f64>,
}

impl Evidence {
    /// Reads the rows of that process.
    pub fn of(store: &Store, name: &str, config: &ProcessConfig) -> Result<Evidence> {
        let mut arms: Vec<ArmLine> =
            config.arms.iter().map(|arm| ArmLine { arm: arm.clone(), ..ArmLine::default() }).collect();
        let mut sums = vec![0.0; arms.len()];
        let mut asked = 0;
        loop {
            let page = store.decisions(name, asked, PAGE)?;
            if page.is_empty() {
                break;
            }
            asked += page.len() as u64;
            for decision in &page {
                let Some(arm) = arms.get_mut(decision.arm as usize) else { continue };
                arm.asked += 1;
                if let Some(feedback) = &decision.feedback {
                    arm.told += 1;
                    sums[decision.arm as usize] += feedback.reward;
                }
            }
        }
        for (arm, sum) in arms.iter_mut().zip(sums) {
            arm.share = if asked > 0 { arm.asked as f64 / asked as f64 } else { 0.0 };
            arm.mean = (arm.told > 0).then(|| sum / arm.told as f64);
        }
        Ok(Evidence { arms })
    }
}

//! What the rules without context know of their arms: how often, how much, how spread.

use super::Memory;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// An arm whose rewards weigh less counts as never pulled: long before its mean is lost to rounding.
const FORGOTTEN: f64 = 1e-9;

/// Counts, sums and spreads of the rewards of each arm, as far as they are remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tally {
    /// The weight of each arm's rewards; their number when nothing is forgotten.
    pub n: Vec<f64>,
    /// The weighted sum of each arm's rewards.
    pub sum: Vec<f64>,
    /// The sum of squared differences from each arm's mean (Welford); kept for [`Memory::All`] only.
    pub squares: Vec<f64>,
    /// The sum of `n`.
    pub t: f64,
    /// The rewards in the window, oldest first.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    window: VecDeque<(u32, f64)>,
    /// How many rewards left the window since its sums were last added up anew.
    stale: u32,
}

impl Tally {
    pub fn new(arms: usize) -> Tally {
        let zeros = vec![0.0; arms];
        Tally {
            n: zeros.clone(),
            sum: zeros.clone(),
            squares: zeros,
            t: 0.0,
            window: VecDeque::new(),
            stale: 0,
        }
    }

    pub fn fits(&self, arms: usize) -> bool {
        let lengths = [&self.n, &self.sum, &self.squares].map(Vec::len);
        lengths == [arms; 3] && self.window.iter().all(|(arm, _)| (*arm as usize) < arms)
    }

    pub fn mean(&self, arm: usize) -> f64 {
        self.sum[arm] / self.n[arm]
    }

    /// The variance of the arm's rewards, divided by their number.
    pub fn variance(&self, arm: usize) -> f64 {
        self.squares[arm] / self.n[arm]
    }

    pub fn tell(&mut self, arm: usize, reward: f64, memory: Memory) {
        match memory {
            Memory::All => {
                let before = if self.n[arm] > 0.0 { self.mean(arm) } else { reward };
                self.add(arm, reward);
                self.squares[arm] += (reward - before) * (reward - self.mean(arm));
            }
            Memory::Discount { gamma } => {
                for (n, sum) in self.n.iter_mut().zip(&mut self.sum) {
                    let kept = if *n > FORGOTTEN { gamma } else { 0.0 };
                    *n *= kept;
                    *sum *= kept;
                }
                self.add(arm, reward);
                self.t = self.n.iter().sum();
            }
            Memory::Window { rounds } => {
                self.window.push_back((arm as u32, reward));
                self.add(arm, reward);
                if self.window.len() > rounds as usize {
                    self.drop_oldest(rounds);
                }
            }
        }
    }

    fn add(&mut self, arm: usize, reward: f64) {
        self.n[arm] += 1.0;
        self.sum[arm] += reward;
        self.t += 1.0;
    }

    fn drop_oldest(&mut self, rounds: u32) {
        let (arm, reward) = self.window.pop_front().expect("a full window is not empty");
        let arm = arm as usize;
        self.n[arm] -= 1.0;
        self.sum[arm] -= reward;
        self.t -= 1.0;
        self.stale += 1;
        // Adding up anew once a window keeps rounding from piling up, at a constant cost a reward.
        if self.stale >= rounds {
            self.stale = 0;
            self.sum.fill(0.0);
            for (arm, reward) in &self.window {
                self.sum[*arm as usize] += reward;
            }
        }
    }
}

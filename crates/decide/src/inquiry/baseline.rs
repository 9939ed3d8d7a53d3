//! Strategies derived by hand, which trained ones are compared with.

use super::choose::largest;
use super::{Memory, Scene, Strategy, Table, World as _};
use autodidact_core::Rng;

/// A strategy derived by hand. The first three decide by the world's scores.
#[derive(Clone, Debug)]
pub enum Baseline {
    /// Every question in turn, as often as the budget allows, evenly spread where it does not.
    Uniform,
    /// The arm of the largest `mean + sqrt(2 ln t / n)`.
    Ucb,
    /// Every arm once, then the better half of what is left as often again, until two are left.
    Halving,
    /// For thresholds: the middle of what is open, asked this often, the majority believed.
    Bisection {
        /// How often each point is asked, odd.
        repeats: u32,
    },
    /// The question of the largest expected information under a table, which need not be the true one;
    /// decides by that table.
    Greedy {
        /// What it believes of answers.
        table: Box<Table>,
    },
}

impl Strategy for Baseline {
    fn ask(&self, scene: &Scene<'_>, _rngs: &mut [Rng]) -> Vec<u32> {
        let world = scene.world;
        let n = world.queries();
        let one = |memory: &Memory| match self {
            Baseline::Ucb => ucb(memory),
            Baseline::Halving => halving(memory, world.budget()),
            Baseline::Bisection { repeats } => bisection(memory, *repeats),
            _ => uniform(memory.history.len(), n, world.budget()),
        };
        match self {
            Baseline::Greedy { table } => {
                let views = table.views(scene.memories);
                let rows = views.hints.chunks_exact(n).zip(scene.memories);
                rows.map(|(row, memory)| most_informative(row, memory, world.repeats())).collect()
            }
            _ => scene.memories.iter().map(one).collect(),
        }
    }

    fn decide(&self, scene: &Scene<'_>) -> Vec<f64> {
        let n = scene.world.decisions();
        let best = |scores: &[f64]| -> Vec<f64> {
            scores.chunks_exact(n).flat_map(|row| super::choose::one_hot(largest(row), n)).collect()
        };
        match self {
            Baseline::Greedy { table } => best(&table.views(scene.memories).scores),
            Baseline::Bisection { repeats } => {
                let middle = |memory: &Memory| {
                    let (low, high) = bracket(memory, *repeats);
                    super::choose::one_hot((low + (high - low) / 2) as usize, n)
                };
                scene.memories.iter().flat_map(middle).collect()
            }
            _ => best(&scene.views.scores),
        }
    }
}

fn most_informative(hints: &[f64], memory: &Memory, repeats: bool) -> u32 {
    let open = |i: usize| repeats || memory.counts[i] == 0.0;
    let mut best = usize::MAX;
    for i in (0..hints.len()).filter(|&i| open(i)) {
        if best == usize::MAX || hints[i] > hints[best] {
            best = i;
        }
    }
    best as u32
}

fn uniform(t: usize, n: usize, budget: usize) -> u32 {
    if budget >= n { (t % n) as u32 } else { ((2 * t + 1) * n / (2 * budget)) as u32 }
}

fn ucb(memory: &Memory) -> u32 {
    let n = memory.counts.len();
    if memory.history.len() < n {
        return memory.history.len() as u32;
    }
    let log = (memory.history.len() as f64).ln();
    let bound = |i: usize| memory.sums[i] / memory.counts[i] + (2.0 * log / memory.counts[i]).sqrt();
    largest(&(0..n).map(bound).collect::<Vec<_>>()) as u32
}

/// Replays the phases: each halves the arms that are left and asks them as often as the ones before were.
fn halving(memory: &Memory, budget: usize) -> u32 {
    let n = memory.counts.len();
    let phases = n.next_power_of_two().trailing_zeros().max(1) as usize;
    let (mut left, mut at) = ((0..n).collect::<Vec<usize>>(), 0);
    let (mut sums, mut counts) = (vec![0.0; n], vec![0.0; n]);
    for phase in 0..phases {
        let last = phase + 1 == phases;
        let share = (budget - at) / (left.len() * (phases - phase)).max(1);
        let pulls = if last { budget - at } else { share.max(1) * left.len() };
        if memory.history.len() < at + pulls || last {
            return left[(memory.history.len() - at) % left.len()] as u32;
        }
        for &(arm, answer) in &memory.history[at..at + pulls] {
            sums[arm as usize] += answer;
            counts[arm as usize] += 1.0;
        }
        at += pulls;
        let mean = |i: usize| if counts[i] > 0.0 { sums[i] / counts[i] } else { 0.0 };
        left.sort_by(|&a, &b| mean(b).total_cmp(&mean(a)).then(a.cmp(&b)));
        left.truncate(left.len().div_ceil(2));
    }
    left[0] as u32
}

fn bisection(memory: &Memory, repeats: u32) -> u32 {
    let (low, high) = bracket(memory, repeats);
    let last = memory.counts.len() as u32 - 1;
    (low + (high - low) / 2).min(last)
}

/// The thresholds still open, `low..=high`, after each point asked `repeats` times was believed.
fn bracket(memory: &Memory, repeats: u32) -> (u32, u32) {
    let (mut low, mut high) = (0, memory.counts.len() as u32);
    for part in memory.history.chunks_exact(repeats as usize) {
        let (point, _) = part[0];
        let yes: f64 = part.iter().map(|(_, answer)| answer).sum();
        // A point labelled 1 lies on or above the threshold.
        if yes * 2.0 > f64::from(repeats) {
            high = high.min(point);
        } else {
            low = low.max(point + 1);
        }
        if low >= high {
            let end = low.min(memory.counts.len() as u32);
            return (end, end);
        }
    }
    (low, high)
}

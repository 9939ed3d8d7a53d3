//! The monitor of exploration and exploitation on held-out problems.

use autodidact_core::chat::Chat;
use autodidact_core::{Group, Result, Run};
use autodidact_math::diversity::{distinct, equations};
use autodidact_math::estimate::{pass_at_k_s, reward_at_k_s, unique_right};
use autodidact_math::summary::mean;
use autodidact_parts::evaluate::Measured;
use autodidact_parts::judge::right;

/// Notes pass@K-S, reward@K-S and the diversity of the sampled validation tries, if there are any.
pub fn note(measured: Option<Measured>, s: u32, run: &mut Run<'_>) -> Result<()> {
    let Some(measured) = measured.filter(|measured| !measured.sampled.is_empty()) else { return Ok(()) };
    let groups = &measured.sampled;
    let unique: Vec<usize> = groups.iter().map(|group| unique_right(texts(group))).collect();
    let flags: Vec<(Vec<f64>, Vec<bool>)> = groups.iter().map(rewards).collect();
    let flags: Vec<(&[f64], &[bool])> = flags.iter().map(|(r, f)| (r.as_slice(), f.as_slice())).collect();
    let figures = [
        ("pass@k-s", pass_at_k_s(&unique, s as usize)),
        ("reward@k-s", reward_at_k_s(&flags, s as usize)),
        ("diversity", diversity(groups)),
    ];
    for (name, figure) in figures {
        if let Some(value) = figure {
            run.note(name, value)?;
        }
    }
    Ok(())
}

/// Distinct equations over all equations of the right answers to a problem, averaged over problems.
///
/// A text without marked equations counts what stands between its semicolons.
pub fn diversity(groups: &[Group<Chat>]) -> Option<f64> {
    let shares: Vec<f64> = groups
        .iter()
        .filter_map(|group| {
            let right = texts(group).filter(|(_, right)| *right);
            let all: Vec<&str> = right.flat_map(|(text, _)| steps(text)).collect();
            distinct(&all)
        })
        .collect();
    mean(&shares)
}

fn steps(text: &str) -> Vec<&str> {
    let marked = equations(text);
    if marked.is_empty() { text.split([';', '\n']).map(str::trim).collect() } else { marked }
}

fn texts(group: &Group<Chat>) -> impl Iterator<Item = (&str, bool)> {
    group.tries.iter().map(|one| (one.answer.text.trim(), right(&one.verdict)))
}

/// Rewards, minus infinity where there is none, and which answers are right.
fn rewards(group: &Group<Chat>) -> (Vec<f64>, Vec<bool>) {
    let reward = |one: &autodidact_core::Try<Chat>| one.verdict.value().unwrap_or(f64::NEG_INFINITY);
    group.tries.iter().map(|one| (reward(one), right(&one.verdict))).unzip()
}

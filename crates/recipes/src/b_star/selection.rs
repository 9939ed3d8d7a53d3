//! From judged groups to the selection of `math::balance` and back.

use autodidact_core::chat::Chat;
use autodidact_core::{Answer, Group, Try};
use autodidact_math::balance::{self, Candidate, Selection};
use autodidact_parts::judge::right;

/// What a threshold keeps, with as few answers a query as reach `wanted` in total.
pub fn select(
    groups: &[Group<Chat>],
    threshold: f64,
    wanted: usize,
    enough: usize,
    most: usize,
) -> Selection {
    let queries: Vec<Vec<Candidate<'_>>> =
        groups.iter().map(|group| group.tries.iter().map(candidate).collect()).collect();
    balance::select(&queries, threshold, wanted, enough, most)
}

/// The kept tries as groups, best first; queries of which nothing is kept are left out.
pub fn kept_groups(groups: &[Group<Chat>], kept: &Selection) -> Vec<Group<Chat>> {
    let chosen = |(group, kept): (&Group<Chat>, &Vec<usize>)| Group {
        ask: group.ask.clone(),
        tries: kept.iter().map(|&idx| group.tries[idx].clone()).collect(),
    };
    groups.iter().zip(&kept.kept).filter(|(_, kept)| !kept.is_empty()).map(chosen).collect()
}

/// Answers without a score, without a readable final answer or cut off are never kept.
fn candidate(one: &Try<Chat>) -> Candidate<'_> {
    let readable = one.verdict.part("well_formed") != Some(0.0) && !one.answer.truncated();
    let reward = one.verdict.value().filter(|_| readable).unwrap_or(f64::NAN);
    Candidate { text: one.answer.text.trim(), reward, right: right(&one.verdict) }
}

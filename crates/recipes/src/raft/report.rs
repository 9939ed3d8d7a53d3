//! What RAFT reports of a round's answers.

use autodidact_core::chat::Chat;
use autodidact_core::{Group, Result, Run};
use autodidact_math::diversity::{distinct_n, msttr};
use autodidact_math::summary::mean;

/// Notes the figures of a round, of which `kept` are kept.
pub fn note(groups: &[Group<Chat>], kept: &[(usize, usize)], run: &mut Run<'_>) -> Result<()> {
    let tries = || groups.iter().flat_map(|group| &group.tries);
    let kept: Vec<f64> = kept.iter().filter_map(|&(g, t)| groups[g].tries[t].verdict.value()).collect();
    let scores: Vec<f64> = groups.iter().flat_map(Group::scores).collect();
    let gold: Vec<f64> = tries().filter_map(|one| one.verdict.part("gold")).collect();
    let ratios: Vec<f64> = tries().filter_map(|one| one.verdict.part("log_ratio")).collect();
    let words: Vec<Vec<&str>> = tries().map(|one| one.answer.text.split_whitespace().collect()).collect();
    let texts: Vec<&[&str]> = words.iter().map(Vec::as_slice).collect();
    let lengths: Vec<f64> = tries().map(|one| one.answer.sampled() as f64).collect();
    let figures = [
        ("reward", mean(&scores)),
        ("gold", mean(&gold)),
        ("kept_reward", mean(&kept)),
        ("kl", mean(&ratios)),
        ("distinct_2", distinct_n(&texts, 2)),
        ("msttr_100", msttr(&words.concat(), 100)),
        ("answer_length", mean(&lengths)),
    ];
    for (name, figure) in figures {
        if let Some(value) = figure {
            run.note(name, value)?;
        }
    }
    Ok(())
}

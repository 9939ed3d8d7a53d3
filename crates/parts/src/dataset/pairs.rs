//! Pairs of a better and a worse answer that a recipe makes itself, as a stage of its run.

use super::Made;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Group, Result, Run, Verdict};

/// Two answers to one prompt, before they are learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Preferred {
    /// What the learner will read; its id is unique in the set.
    pub prompt: Prompt,
    /// The answer that is to become likelier.
    pub chosen: Completion,
    /// The other.
    pub rejected: Completion,
    /// A score above 0 keeps the pair; [`super::dropped`] says why not.
    pub verdict: Verdict,
    /// The ids of the prompts that it was made from.
    pub parents: Vec<String>,
}

impl Preferred {
    /// Whether it is kept.
    pub fn is_kept(&self) -> bool {
        self.verdict.value().is_some_and(|score| score > 0.0)
    }
}

/// Writes the pairs down as `stage` and gives them as groups of two tries, the chosen one first.
///
/// Of a kept pair the chosen answer scores 1 and the rejected one 0; of a dropped one both score 0, so that
/// it makes no pair for a learner nor for an export. Both carry the details of the verdict. Fails on an id
/// that occurs twice.
pub fn record_pairs(run: &mut Run<'_>, stage: &str, pairs: Vec<Preferred>) -> Result<Vec<Group<Chat>>> {
    let mut made = Made::default();
    for pair in pairs {
        let scored = |score| Verdict { detail: pair.verdict.detail.clone(), ..Verdict::score(score) };
        let chosen = scored(if pair.is_kept() { 1.0 } else { 0.0 });
        let tries = vec![(pair.chosen, chosen), (pair.rejected, scored(0.0))];
        made.add(pair.prompt, pair.parents, tries)?;
    }
    made.record(run, stage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::dropped;
    use crate::learn::Pairs;
    use autodidact_core::{Alarms, Caps, MemoryLedger, RunId, RunOptions, Silent, Stop};

    #[test]
    fn kept_pairs_are_pairs_for_a_learner_and_dropped_ones_are_recorded_alone() {
        let ledger = MemoryLedger::default();
        let mut run = Run::new(RunOptions {
            ledger: &ledger,
            id: RunId("made".to_owned()),
            seed: 1,
            caps: Caps::default(),
            alarms: Alarms::default(),
            observer: &Silent,
            stop: Stop::default(),
            complete: false,
        })
        .expect("sound options");
        let text = |text: &str| Completion { text: text.to_owned(), ..Completion::default() };
        let pair = |id: &str, verdict| Preferred {
            prompt: Prompt::text(id, "2+3="),
            chosen: text("5"),
            rejected: text("6"),
            verdict,
            parents: vec!["q".to_owned()],
        };
        let pairs = vec![pair("a", Verdict::score(1.0).with("sure", 0.9)), pair("b", dropped("torn"))];
        let groups = record_pairs(&mut run, "pairs", pairs).expect("records");
        let made: Vec<_> =
            Pairs::BestWorst.of(&groups).iter().map(|pair| (pair.group, pair.chosen)).collect();
        assert_eq!(made, [(0, 0)]);
        assert_eq!(groups[0].tries[1].verdict.part("sure"), Some(0.9));
        assert_eq!(groups[1].tries[0].verdict.part("dropped/torn"), Some(1.0));
        assert_eq!(groups[1].ask.query.fields["parents"], serde_json::json!(["q"]));
        let twice = vec![pair("a", Verdict::score(1.0)), pair("a", Verdict::score(1.0))];
        assert!(record_pairs(&mut run, "again", twice).is_err());
    }
}

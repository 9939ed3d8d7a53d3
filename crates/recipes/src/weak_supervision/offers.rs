//! What both sides answered to the same questions, and what is known of it.

use super::filter::Opinions;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Answer, Group, Result, Run, Verdict};
use autodidact_parts::dataset::Preferred;
use autodidact_parts::judge::right;

/// Two answers to a question before the filter has seen them.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub prompt: Prompt,
    pub strong: Completion,
    pub weak: Completion,
    /// Whether each is right, where the truth is monitored.
    pub truth: Option<[bool; 2]>,
}

impl Offer {
    /// Whether the strong answer is right and the weak one wrong, where that is known.
    pub fn is_right(&self) -> bool {
        self.truth == Some([true, false])
    }
}

/// One offer a question that both sides answered, in their order.
pub(super) fn offers(strong: &[Group<Chat>], weak: &[Group<Chat>]) -> Vec<Offer> {
    let first = |group: &Group<Chat>| {
        let one = group.tries.first().filter(|one| one.answer.failure().is_none());
        one.map(|one| (one.answer.clone(), one.verdict.clone()))
    };
    let offer = |(strong, weak): (&Group<Chat>, &Group<Chat>)| {
        let prompt = strong.ask.query.clone();
        let ((strong, s), (weak, w)) = (first(strong)?, first(weak)?);
        let known = |verdict: &Verdict| verdict.value().is_some();
        let truth = (known(&s) && known(&w)).then(|| [right(&s), right(&w)]);
        Some(Offer { prompt, strong, weak, truth })
    };
    strong.iter().zip(weak).filter_map(offer).collect()
}

/// The chance that of two independent answers, right with probability `strong` and `weak`, only the strong
/// one is right, and that only the weak one is.
pub fn informative(strong: f64, weak: f64) -> (f64, f64) {
    (strong * (1.0 - weak), weak * (1.0 - strong))
}

/// What is known of a round's pairs; shares are not numbers where nothing is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Share of strong answers that are right.
    pub strong_right: f64,
    /// Share of weak answers that are right.
    pub weak_right: f64,
    /// Share of offered pairs whose strong answer alone is right.
    pub offered_right: f64,
    /// Share of offered pairs whose weak answer alone is right.
    pub offered_reversed: f64,
    /// Share of kept pairs whose chosen answer alone is right.
    pub kept_right: f64,
    /// Share of kept pairs whose rejected answer alone is right.
    pub kept_reversed: f64,
    /// Share of offered pairs that are kept.
    pub kept_ratio: f64,
    /// Share of offered pairs on which the two orders disagree.
    pub torn_ratio: f64,
    /// Share of offered pairs on which a reply names neither.
    pub unread_ratio: f64,
}

impl Statistics {
    /// The statistics of offers and what a filter made of them, in the same order.
    pub(super) fn of(offers: &[Offer], pairs: &[Preferred], opinions: &Opinions) -> Statistics {
        let share = |count: usize, of: usize| count as f64 / of as f64;
        let known: Vec<[bool; 2]> = offers.iter().filter_map(|offer| offer.truth).collect();
        let count = |wanted: fn(&[bool; 2]) -> bool| {
            share(known.iter().filter(|truth| wanted(truth)).count(), known.len())
        };
        // Chosen first.
        let kept: Vec<[bool; 2]> = (offers.iter().zip(pairs))
            .filter(|(_, pair)| pair.is_kept())
            .filter_map(|(offer, pair)| {
                let [strong, weak] = offer.truth?;
                Some(if pair.chosen == offer.strong { [strong, weak] } else { [weak, strong] })
            })
            .collect();
        let alone = |side: usize| {
            share(kept.iter().filter(|truth| truth[side] && !truth[1 - side]).count(), kept.len())
        };
        Statistics {
            strong_right: count(|truth| truth[0]),
            weak_right: count(|truth| truth[1]),
            offered_right: count(|truth| truth[0] && !truth[1]),
            offered_reversed: count(|truth| truth[1] && !truth[0]),
            kept_right: alone(0),
            kept_reversed: alone(1),
            kept_ratio: share(pairs.iter().filter(|pair| pair.is_kept()).count(), offers.len()),
            torn_ratio: share(opinions.torn, offers.len()),
            unread_ratio: share(opinions.unread, offers.len()),
        }
    }

    /// Notes what is known.
    pub(super) fn note(&self, run: &mut Run<'_>) -> Result<()> {
        let all = [
            ("strong_right", self.strong_right),
            ("weak_right", self.weak_right),
            ("offered_right", self.offered_right),
            ("offered_reversed", self.offered_reversed),
            ("kept_right", self.kept_right),
            ("kept_reversed", self.kept_reversed),
            ("kept_ratio", self.kept_ratio),
            ("torn_ratio", self.torn_ratio),
            ("unread_ratio", self.unread_ratio),
        ];
        all.into_iter()
            .filter(|(_, value)| value.is_finite())
            .try_for_each(|(name, value)| run.note(name, value))
    }
}

//! What settings add to a row of logits before a token is drawn.
//!
//! Penalties on n-grams that the answer holds already, biases of single tokens, a ban on ends. An answer whose
//! settings ask for none of them has no [`Nudge`], so that plain sampling pays nothing and changes in no bit.

use crate::{Result, Tokenizer};
use autodidact_core::chat::Sampling;

/// What one answer's settings add to its logits.
#[derive(Debug)]
pub struct Nudge {
    /// Length in tokens, and logits an occurrence.
    penalties: Vec<(usize, f32)>,
    biases: Vec<(u32, f32)>,
    banned: Vec<u32>,
    moved: Vec<f32>,
}

impl Nudge {
    /// `None` where the settings add nothing. Fails on a bias whose text the tokenizer refuses.
    pub fn of(settings: &Sampling, eos: &[u32], tokenizer: &Tokenizer) -> Result<Option<Nudge>> {
        let penalties: Vec<(usize, f32)> = settings
            .penalties
            .iter()
            .filter(|one| one.weight != 0.0)
            .map(|one| (one.n as usize, one.weight))
            .collect();
        let mut biases = Vec::new();
        for bias in settings.biases.iter().filter(|bias| bias.amount != 0.0) {
            biases.extend(tokenizer.encode(&bias.text)?.first().map(|&token| (token, bias.amount)));
        }
        let banned = if settings.endless { eos.to_vec() } else { Vec::new() };
        let idle = penalties.is_empty() && biases.is_empty() && banned.is_empty();
        Ok((!idle).then_some(Nudge { penalties, biases, banned, moved: Vec::new() }))
    }

    /// The logits of the next token of an answer that is `said` so far.
    pub fn logits(&mut self, logits: &[f32], said: &[u32], tokenizer: &Tokenizer) -> &[f32] {
        self.moved.clear();
        self.moved.extend_from_slice(logits);
        let moved = &mut self.moved;
        for &(n, weight) in &self.penalties {
            let Some(start) = (said.len() + 1).checked_sub(n) else { continue };
            let last = &said[start..];
            // Every window of n tokens that begins with the last n - 1 ones.
            for window in said.windows(n).filter(|window| window[..n - 1] == *last) {
                let token = window[n - 1];
                if tokenizer.begins_word(token) {
                    add(moved, token, -weight);
                }
            }
        }
        for &(token, amount) in &self.biases {
            add(moved, token, amount);
        }
        for &token in &self.banned {
            if let Some(logit) = moved.get_mut(token as usize) {
                *logit = f32::MIN;
            }
        }
        moved
    }
}

/// A tokenizer may know more tokens than the model has logits.
fn add(logits: &mut [f32], token: u32, amount: f32) {
    if let Some(logit) = logits.get_mut(token as usize) {
        *logit += amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Bias, NgramPenalty};

    /// How far the logits of the bytes in `of` move after `said`.
    fn moved(settings: &Sampling, said: &str, of: &str) -> Vec<f32> {
        let tokenizer = Tokenizer::bytes();
        let mut nudge = Nudge::of(settings, &[257], &tokenizer).expect("encodes").expect("adds something");
        let said = tokenizer.encode(said).expect("encodes");
        let logits = vec![0.0; tokenizer.n_tokens()];
        let out = nudge.logits(&logits, &said, &tokenizer);
        of.bytes().map(|byte| out[usize::from(byte)]).collect()
    }

    fn penalties(all: &[(u32, f32)]) -> Sampling {
        let penalties = all.iter().map(|&(n, weight)| NgramPenalty { n, weight }).collect();
        Sampling { penalties, ..Sampling::default() }
    }

    #[test]
    fn a_trigram_counts_as_often_as_it_was_said() {
        let trigram = penalties(&[(3, 1.0)]);
        // In bytes the token that begins a word is the blank: "xy " was said once, then twice.
        assert_eq!(moved(&trigram, "xy .. xy", " xyz"), [-1.0, 0.0, 0.0, 0.0]);
        assert_eq!(moved(&trigram, "xy .. xy .. xy", " xyz"), [-2.0, 0.0, 0.0, 0.0]);
        assert_eq!(moved(&trigram, "xy .. x", " xyz"), [0.0; 4]);
        // "xyz" was said, but z begins no word.
        assert_eq!(moved(&trigram, "xyz xy", " xyz"), [0.0; 4]);
        assert_eq!(moved(&trigram, "", " "), [0.0]);
        assert_eq!(moved(&trigram, "x", " "), [0.0]);
    }

    #[test]
    fn penalties_of_several_lengths_add_up() {
        // After "xy " once: the trigram "xy " and the four-gram " xy ".
        let both = penalties(&[(3, 1.0), (4, 2.0)]);
        assert_eq!(moved(&both, " xy . xy", " "), [-3.0]);
        assert_eq!(moved(&both, ".xy . xy", " "), [-1.0]);
        // A unigram counts every blank said.
        assert_eq!(moved(&penalties(&[(1, 0.5)]), "a b c", " a"), [-1.0, 0.0]);
    }

    #[test]
    fn a_bias_moves_the_first_token_of_its_text_and_ends_can_be_banned() {
        let bias =
            Sampling { biases: vec![Bias { text: "Sorry".into(), amount: -100.0 }], ..Sampling::default() };
        assert_eq!(moved(&bias, "", "So"), [-100.0, 0.0]);
        let tokenizer = Tokenizer::bytes();
        let endless = Sampling { endless: true, ..Sampling::default() };
        let mut nudge = Nudge::of(&endless, &[257], &tokenizer).expect("encodes").expect("adds something");
        assert_eq!(nudge.logits(&vec![0.0; 272], &[], &tokenizer)[257], f32::MIN);
    }

    #[test]
    fn settings_that_add_nothing_have_no_nudge() {
        for settings in [Sampling::default(), penalties(&[(3, 0.0), (4, 0.0)])] {
            assert!(Nudge::of(&settings, &[257], &Tokenizer::bytes()).expect("encodes").is_none());
        }
    }
}

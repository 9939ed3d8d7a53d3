//! How much each part of a segmented output counts in the loss.

use super::{Segments, Unsplit};
use autodidact_core::chat::Completion;
use autodidact_core::{Error, Result};
use autodidact_lm::Tokenizer;
use autodidact_math::Row;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Weights of the parts of an output; with all of them 1 the loss is that of the plain text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// One weight a part of the layout, at least 0.
    pub parts: Vec<f32>,
    /// Weight of the markers. At 0 the model never learns to end a part.
    pub markers: f32,
    /// Weight of the end of the sequence.
    pub end: f32,
}

impl Mask {
    /// Every token counts.
    pub fn all(segments: &Segments) -> Mask {
        Mask { parts: vec![1.0; segments.parts.len()], markers: 1.0, end: 1.0 }
    }

    /// Fails on weights that are not at least 0 and finite, or not one a part; `field` is the dotted name.
    pub fn check(&self, segments: &Segments, field: &str) -> Result<()> {
        if self.parts.len() != segments.parts.len() {
            let rule = format!("{} weights, one a part", segments.parts.len());
            return Err(Error::invalid(format!("{field}.parts"), rule, self.parts.len()));
        }
        match self.parts.iter().chain([&self.markers, &self.end]).find(|w| !(**w >= 0.0 && w.is_finite())) {
            None => Ok(()),
            Some(found) => Err(Error::invalid(field, "weights of at least 0", found)),
        }
    }

    /// The weight of each byte of an output.
    pub fn of_bytes(&self, segments: &Segments, text: &str) -> Result<Vec<f32>, Unsplit> {
        let mut weights = vec![self.markers; text.len()];
        for (span, &weight) in segments.spans(text)?.into_iter().zip(&self.parts) {
            weights[span].fill(weight);
        }
        Ok(weights)
    }

    /// Scales the weights of an answer's row, whose last targets are the answer's tokens: each by the weight
    /// of the byte that it begins with, special tokens by that of the end. An answer that does not split,
    /// or whose vocabulary does not tell bytes, is left alone.
    pub fn apply(&self, segments: &Segments, tokenizer: &Tokenizer, answer: &Completion, row: &mut Row) {
        let (Ok(bytes), Some(spans)) =
            (self.of_bytes(segments, &answer.text), byte_spans(tokenizer, &answer.tokens))
        else {
            return;
        };
        let first = row.weight.len().saturating_sub(spans.len());
        for (weight, span) in row.weight[first..].iter_mut().zip(spans) {
            *weight *= match bytes.get(span.start) {
                Some(factor) if !span.is_empty() => *factor,
                _ => self.end,
            };
        }
    }

    /// The training row of an output to a prompt in tokens: the prompt's targets count 0, a token of the
    /// output as much as its first byte, the end of the sequence (where there is one) as `end` says.
    ///
    /// Fails on an output that does not split.
    pub fn row(
        &self,
        segments: &Segments,
        tokenizer: &Tokenizer,
        prompt: &[u32],
        text: &str,
        end: Option<u32>,
    ) -> Result<Row> {
        let bytes = self
            .of_bytes(segments, text)
            .map_err(|unsplit| Error::invalid("output", "in the parts of its layout", unsplit))?;
        let mut row = Row { tokens: prompt.to_vec(), weight: vec![0.0; prompt.len()] };
        for (token, span) in tokenizer.encode_spans(text)? {
            row.tokens.push(token);
            row.weight.push(bytes.get(span.start).copied().unwrap_or(self.markers));
        }
        row.tokens.extend(end);
        row.weight.extend(end.map(|_| self.end));
        // The first token has nothing to be predicted from.
        row.weight.remove(0);
        Ok(row)
    }
}

/// Where each sampled token stands in the text of an answer, in bytes; `None` where the vocabulary does not
/// tell. Special tokens are empty.
pub fn byte_spans(tokenizer: &Tokenizer, tokens: &[u32]) -> Option<Vec<Range<usize>>> {
    let mut at = 0;
    let span = |&token: &u32| {
        let start = at;
        at += tokenizer.piece(token)?.len();
        Some(start..at)
    };
    tokens.iter().map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::row_of;

    #[test]
    fn a_row_counts_each_part_as_the_mask_says() {
        let (layout, tokenizer) = (Segments::role_then_answer(), Tokenizer::bytes());
        let mask = Mask { parts: vec![0.5, 1.0], markers: 0.0, end: 2.0 };
        let text = "[role]ab[/role]7";
        let row = mask.row(&layout, &tokenizer, &[256, 63], text, Some(257)).expect("splits");
        let expect = [&[0.0; 7][..], &[0.5, 0.5], &[0.0; 7], &[1.0, 2.0]].concat();
        assert_eq!(row.weight, expect);
        assert_eq!(row.tokens.len(), 2 + text.len() + 1);
        // The learner's row of the same answer is scaled to the same weights.
        let tokens = text.bytes().map(u32::from).chain([257]).collect();
        let answer =
            Completion { prompt: vec![256, 63], tokens, text: text.to_owned(), ..Completion::default() };
        let mut own = row_of(&answer, 0.0);
        mask.apply(&layout, &tokenizer, &answer, &mut own);
        assert_eq!(own, row);
        assert!(mask.row(&layout, &tokenizer, &[256], "7", None).is_err());
    }

    #[test]
    fn weights_must_fit_the_layout() {
        let layout = Segments::role_then_answer();
        assert!(Mask::all(&layout).check(&layout, "mask").is_ok());
        assert!(Mask { parts: vec![1.0], ..Mask::all(&layout) }.check(&layout, "mask").is_err());
        assert!(Mask { markers: -1.0, ..Mask::all(&layout) }.check(&layout, "mask").is_err());
        assert!(Mask { end: f32::NAN, ..Mask::all(&layout) }.check(&layout, "mask").is_err());
    }
}

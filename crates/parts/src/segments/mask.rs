//! How much each part of a segmented output counts in the loss.

use super::{Segments, Unsplit};
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

//! A training row as text, with the weight that each byte has in the loss.

use super::bytes::{BOS, EOS};
use autodidact_math::Row;

/// Text to learn from, piece by piece.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextRow {
    /// The whole text, without special tokens.
    pub text: String,
    /// One weight a byte of `text`.
    pub weight: Vec<f32>,
    /// The weight of the end of sequence after the text.
    pub end: f32,
}

impl TextRow {
    /// An empty row whose end counts fully.
    pub fn new() -> TextRow {
        TextRow { end: 1.0, ..TextRow::default() }
    }

    /// The row with one more piece, all of whose bytes have this weight.
    pub fn then(mut self, piece: &str, weight: f32) -> TextRow {
        self.text.push_str(piece);
        self.weight.resize(self.text.len(), weight);
        self
    }

    /// The row with another weight on its end of sequence.
    pub fn ending(self, end: f32) -> TextRow {
        TextRow { end, ..self }
    }

    /// The row in the bundled model's [tokens](super::bytes): `BOS`, the bytes, `EOS`, with the
    /// weights on the targets. It has two tokens and one target more than the text has bytes.
    pub fn tokens(&self) -> Row {
        let mut tokens = Vec::with_capacity(self.text.len() + 2);
        tokens.push(BOS);
        tokens.extend(self.text.bytes().map(u32::from));
        tokens.push(EOS);
        let mut weight = self.weight.clone();
        weight.resize(self.text.len(), 0.0);
        weight.push(self.end);
        Row { tokens, weight }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_weight_stands_on_the_target_it_is_for() {
        let row = TextRow::new().then("D:1+1?", 0.1).then("2", 1.0).tokens();
        assert_eq!(row.tokens, [256, 68, 58, 49, 43, 49, 63, 50, 257]);
        assert_eq!(row.weight, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 1.0, 1.0]);
    }
}

//! Rotary position embeddings: pairs `(i, i + half)` of each head turn by an angle that grows with
//! the position.

use super::vectorised;
use crate::Config;

/// Cosines and sines by position and frequency, for as many positions as were asked for.
#[derive(Clone, Debug)]
pub struct Rope {
    frequencies: Vec<f32>,
    cos: Vec<f32>,
    sin: Vec<f32>,
    positions: usize,
}

/// Which way to turn. The gradient of a rotation is the rotation back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// As the forward pass does.
    Forward,
    /// As the backward pass does.
    Back,
}

impl Rope {
    /// The tables of a model, empty until [`Rope::reach`] is called.
    pub fn new(config: &Config) -> Rope {
        // Angles are rounded as transformers rounds them: f32 frequencies times f32 positions.
        let frequencies = config.rope_frequencies().iter().map(|&f| f as f32).collect();
        Rope { frequencies, cos: Vec::new(), sin: Vec::new(), positions: 0 }
    }

    /// Makes sure that positions below `positions` are there.
    pub fn reach(&mut self, positions: usize) {
        for position in self.positions..positions {
            for &frequency in &self.frequencies {
                let angle = (position as f32 * frequency) as f64;
                self.cos.push(angle.cos() as f32);
                self.sin.push(angle.sin() as f32);
            }
        }
        self.positions = self.positions.max(positions);
    }

    /// The cosines and sines of one position.
    pub fn at(&self, position: usize) -> (&[f32], &[f32]) {
        let half = self.frequencies.len();
        (&self.cos[position * half..][..half], &self.sin[position * half..][..half])
    }

    /// Turns the first `heads` heads of each row; row `t` is at position `t`. Rows are `row_step`
    /// apart.
    pub fn rotate(&self, rows: &mut [f32], row_step: usize, heads: usize, turn: Turn) {
        let half = self.frequencies.len();
        let sign = if turn == Turn::Forward { 1.0 } else { -1.0 };
        vectorised!(for (t, row) in rows.chunks_exact_mut(row_step).enumerate() {
            let (cos, sin) = self.at(t);
            for head in row[..heads * 2 * half].chunks_exact_mut(2 * half) {
                rotate_head(head, cos, sin, sign);
            }
        });
    }
}

/// Turns one head in place; `sign` is 1 forward and -1 back.
#[inline(always)]
pub fn rotate_head(head: &mut [f32], cos: &[f32], sin: &[f32], sign: f32) {
    let (first, second) = head.split_at_mut(cos.len());
    for (((a, b), c), s) in first.iter_mut().zip(second).zip(cos).zip(sin) {
        let (x, y, s) = (*a, *b, s * sign);
        *a = x * c - y * s;
        *b = y * c + x * s;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{assert_gradient, noise};

    fn rope(half: usize, positions: usize) -> Rope {
        let frequencies = (0..half).map(|i| 10_f32.powf(-(i as f32))).collect();
        let mut rope = Rope { frequencies, cos: Vec::new(), sin: Vec::new(), positions: 0 };
        rope.reach(positions);
        rope
    }

    #[test]
    fn turning_back_is_the_slope_of_turning_forward_and_leaves_the_rest_alone() {
        let (rope, len, wide) = (rope(3, 5), 5, 14); // two heads of six and two numbers more
        let (x, dy) = (noise(len * wide, 1), noise(len * wide, 2));
        let mut dx = dy.clone();
        rope.rotate(&mut dx, wide, 2, Turn::Back);
        assert_gradient(&x, &dx, |x| {
            let mut y = x.to_vec();
            rope.rotate(&mut y, wide, 2, Turn::Forward);
            y.iter().zip(&dy).map(|(y, g)| *y as f64 * *g as f64).sum()
        });
        assert_eq!(dx[12..14], dy[12..14]);
    }

    #[test]
    fn reaching_further_keeps_what_was_there() {
        let (mut short, long) = (rope(4, 3), rope(4, 9));
        short.reach(9);
        short.reach(2);
        assert_eq!((&short.cos, &short.sin), (&long.cos, &long.sin));
        assert_eq!(short.at(0).0, [1.0; 4]);
    }
}

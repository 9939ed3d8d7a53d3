//! numpy's `default_rng(seed)`, bit for bit: what experiments written in Python draw, drawn here.
//!
//! The stream is PCG-XSL-RR 128/64 (O'Neill 2014), seeded through a `SeedSequence` (O'Neill's
//! `seed_seq_fe` with a pool of four words); numbers with a fraction come from the upper 53 bits,
//! integers by Lemire's method (2019), those that fit into 32 bits from half words of which the second
//! is kept for the next one. Normal draws are left out: numpy's tables for them are the output of one
//! program on one machine and follow from no formula to the last bit.

use rand::RngCore;
use rand_pcg::Pcg64;

/// The number of words in a seed sequence's pool.
const POOL: usize = 4;

/// Entropy, mixed: `np.random.SeedSequence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedSequence {
    pool: [u32; POOL],
}

impl SeedSequence {
    /// The sequence of an integer, as `SeedSequence(seed)`.
    pub fn of(seed: u64) -> SeedSequence {
        let words = [seed as u32, (seed >> 32) as u32];
        SeedSequence::of_words(if words[1] == 0 { &words[..1] } else { &words })
    }

    /// The sequence of several words, as `SeedSequence([word, ...])`.
    pub fn of_words(entropy: &[u32]) -> SeedSequence {
        let mut hash = Hash { constant: 0x43b0_d7e5, factor: 0x931e_8875 };
        let mut pool = [0; POOL];
        for (i, word) in pool.iter_mut().enumerate() {
            *word = hash.of(entropy.get(i).copied().unwrap_or(0));
        }
        // Every word reaches every other one.
        for source in 0..POOL {
            for target in (0..POOL).filter(|target| *target != source) {
                pool[target] = mix(pool[target], hash.of(pool[source]));
            }
        }
        for word in entropy.iter().skip(POOL) {
            for target in &mut pool {
                *target = mix(*target, hash.of(*word));
            }
        }
        SeedSequence { pool }
    }

    /// `N` words for a generator's state, as `generate_state(N)`.
    pub fn state<const N: usize>(&self) -> [u32; N] {
        let mut hash = Hash { constant: 0x8b51_f9dd, factor: 0x58f3_8ded };
        std::array::from_fn(|i| hash.of(self.pool[i % POOL]))
    }
}

/// A hash whose constant moves on with every word.
struct Hash {
    constant: u32,
    factor: u32,
}

impl Hash {
    fn of(&mut self, word: u32) -> u32 {
        let word = word ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.factor);
        let word = word.wrapping_mul(self.constant);
        word ^ (word >> 16)
    }
}

fn mix(x: u32, y: u32) -> u32 {
    let word = x.wrapping_mul(0xca01_f9dd).wrapping_sub(y.wrapping_mul(0x4973_f715));
    word ^ (word >> 16)
}

/// The bit generator that `default_rng(seed)` draws from. As a [`rand::Rng`] its `f64` are numpy's
/// `random()`.
pub fn pcg64(seed: u64) -> Pcg64 {
    let words: [u32; 8] = SeedSequence::of(seed).state();
    // Each 64-bit word has its lower half first, each 128-bit number its upper word.
    let long = |i: usize| u128::from(words[2 * i]) | u128::from(words[2 * i + 1]) << 32;
    Pcg64::new(long(0) << 64 | long(1), long(2) << 64 | long(3))
}

/// `np.random.default_rng(seed)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    /// The stream of 64-bit words.
    pub bits: Pcg64,
    /// The half word that the last 32-bit draw left.
    half: Option<u32>,
}

impl Generator {
    /// The generator at the start of its stream.
    pub fn of(seed: u64) -> Generator {
        Generator { bits: pcg64(seed), half: None }
    }

    /// The next word, as `bit_generator.random_raw()`.
    pub fn raw(&mut self) -> u64 {
        self.bits.next_u64()
    }

    /// A number in `[0, 1)`, as `random()`.
    pub fn random(&mut self) -> f64 {
        (self.raw() >> 11) as f64 * 2f64.powi(-53)
    }

    /// An integer in `low..high`, as `integers(low, high)`; `None` when there is none.
    pub fn integers(&mut self, low: i64, high: i64) -> Option<i64> {
        if low >= high {
            return None;
        }
        let range = high.wrapping_sub(low).wrapping_sub(1) as u64;
        let above = match u32::try_from(range) {
            Ok(0) => 0,
            Ok(range) => u64::from(self.below_u32(range)),
            Err(_) => self.below_u64(range),
        };
        Some(low.wrapping_add(above as i64))
    }

    fn raw_u32(&mut self) -> u32 {
        self.half.take().unwrap_or_else(|| {
            let word = self.raw();
            self.half = Some((word >> 32) as u32);
            word as u32
        })
    }

    /// An integer in `0..=range`.
    fn below_u32(&mut self, range: u32) -> u32 {
        let Some(count) = range.checked_add(1) else { return self.raw_u32() };
        let mut product = u64::from(self.raw_u32()) * u64::from(count);
        if (product as u32) < count {
            let threshold = (u32::MAX - range) % count;
            while (product as u32) < threshold {
                product = u64::from(self.raw_u32()) * u64::from(count);
            }
        }
        (product >> 32) as u32
    }

    /// An integer in `0..=range`.
    fn below_u64(&mut self, range: u64) -> u64 {
        let Some(count) = range.checked_add(1) else { return self.raw() };
        let mut product = u128::from(self.raw()) * u128::from(count);
        if (product as u64) < count {
            let threshold = (u64::MAX - range) % count;
            while (product as u64) < threshold {
                product = u128::from(self.raw()) * u128::from(count);
            }
        }
        (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
        entropy: Entropy,
    }

    #[derive(Deserialize)]
    struct Case {
        seed: u64,
        state: [u32; 8],
        raw: Vec<u64>,
        random: Vec<f64>,
        small: Vec<i64>,
        turns: Vec<Turn>,
    }

    #[derive(Deserialize)]
    struct Turn {
        low: i64,
        high: i64,
        integer: i64,
        random: f64,
    }

    #[derive(Deserialize)]
    struct Entropy {
        words: Vec<u32>,
        state: [u32; 8],
    }

    fn golden() -> Golden {
        let text = include_str!("../../../golden/numpy/streams.json");
        serde_json::from_str(text).expect("the golden file is well-formed")
    }

    #[test]
    fn streams_are_those_of_numpy() {
        for case in golden().cases {
            let seed = case.seed;
            assert_eq!(SeedSequence::of(seed).state::<8>(), case.state, "{seed}");
            let mut generator = Generator::of(seed);
            assert_eq!(case.raw, [0; 4].map(|_| generator.raw()), "{seed}");
            let mut generator = Generator::of(seed);
            assert_eq!(case.random, [0; 4].map(|_| generator.random()), "{seed}");
            let mut generator = Generator::of(seed);
            assert_eq!(case.small, [0; 9].map(|_| generator.integers(0, 10).expect("not empty")), "{seed}");
        }
    }

    #[test]
    fn draws_of_all_kinds_may_take_turns() {
        for case in golden().cases {
            let mut generator = Generator::of(case.seed);
            for turn in case.turns {
                assert_eq!(generator.integers(turn.low, turn.high), Some(turn.integer), "{}", case.seed);
                assert_eq!(generator.random(), turn.random, "{}", case.seed);
            }
        }
    }

    #[test]
    fn long_entropy_is_mixed_in_whole() {
        let entropy = golden().entropy;
        assert_eq!(SeedSequence::of_words(&entropy.words).state::<8>(), entropy.state);
    }

    #[test]
    fn the_rand_crate_draws_the_same_fractions() {
        let (mut ours, mut generator) = (pcg64(5), Generator::of(5));
        for _ in 0..100 {
            assert_eq!(ours.random::<f64>(), generator.random());
        }
    }

    #[test]
    fn an_empty_range_has_no_integer() {
        assert_eq!(Generator::of(0).integers(3, 3), None);
        assert_eq!(Generator::of(0).integers(3, -3), None);
    }
}

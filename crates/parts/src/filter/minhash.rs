//! Near duplicates among many texts, by MinHash.
//!
//! A text is the set of its runs of a few words. Of many fixed hash functions each gives the least value
//! that it takes on the set; two sets share such a value with a probability that is their Jaccard
//! similarity (Broder 1997), so the share of equal values estimates it. Values are grouped into bands, and
//! only texts that agree in a whole band are compared. Hash functions are constants: the same texts in the
//! same order always meet the same fate.

use super::Rule;
use autodidact_core::{Error, Result};
use autodidact_math::rouge::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MinHashConfig {
    /// Words a run; a shorter text is one run.
    pub run: u32,
    /// Bands of hash values; at least 1.
    pub bands: u32,
    /// Hash values a band; at least 1. Texts of similarity s are compared with a probability of
    /// `1 - (1 - s^rows)^bands`.
    pub rows: u32,
    /// Texts are duplicates at this estimated similarity; in (0, 1].
    pub at_least: f64,
}

impl Default for MinHashConfig {
    fn default() -> MinHashConfig {
        MinHashConfig { run: 3, bands: 32, rows: 4, at_least: 0.7 }
    }
}

impl MinHashConfig {
    /// Fails on numbers that cannot be; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        for (name, value) in [("run", self.run), ("bands", self.bands), ("rows", self.rows)] {
            if value == 0 {
                return Err(Error::invalid(format!("{field}.{name}"), "at least 1", value));
            }
        }
        if !(self.at_least > 0.0 && self.at_least <= 1.0) {
            return Err(Error::invalid(format!("{field}.at_least"), "in (0, 1]", self.at_least));
        }
        Ok(())
    }
}

/// Drops what is close to something kept by its runs of words, as `near_duplicate`.
#[derive(Clone, Debug)]
pub struct MinHash {
    config: MinHashConfig,
    kept: Vec<Vec<u64>>,
    /// Places in `kept` by band and the digest of its values.
    buckets: BTreeMap<(u32, u64), Vec<usize>>,
}

impl MinHash {
    /// Nothing kept yet. Fails on settings that cannot be.
    pub fn of(config: MinHashConfig) -> Result<MinHash> {
        config.check("min_hash")?;
        Ok(MinHash { config, kept: Vec::new(), buckets: BTreeMap::new() })
    }

    /// The least value of every hash function on the text's runs; `None` for a text without words.
    pub fn signature(&self, text: &str) -> Option<Vec<u64>> {
        let words = words(text);
        let run = (self.config.run as usize).min(words.len());
        if run == 0 {
            return None;
        }
        let runs: Vec<u64> = words.windows(run).map(digest).collect();
        let function = |i: u64| {
            let salt = mixed(i);
            runs.iter().map(|run| mixed(run ^ salt)).min().expect("a text with words has a run")
        };
        Some((0..u64::from(self.config.bands * self.config.rows)).map(function).collect())
    }

    fn bands<'a>(&'a self, signature: &'a [u64]) -> impl Iterator<Item = (u32, u64)> + 'a {
        let of_band = |values: &[u64]| values.iter().fold(0, |digest, value| mixed(digest ^ value));
        (0u32..).zip(signature.chunks(self.config.rows as usize).map(of_band))
    }
}

/// The estimated similarity of two texts: the share of equal values.
pub fn similarity(a: &[u64], b: &[u64]) -> f64 {
    a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / a.len() as f64
}

impl Rule for MinHash {
    fn name(&self) -> &str {
        "near_duplicate"
    }

    fn drops(&self, item: &str) -> bool {
        let Some(signature) = self.signature(item) else { return false };
        let mut near = self.bands(&signature).filter_map(|band| self.buckets.get(&band)).flatten();
        near.any(|&place| similarity(&signature, &self.kept[place]) >= self.config.at_least)
    }

    fn keep(&mut self, item: &str) {
        let Some(signature) = self.signature(item) else { return };
        let bands: Vec<_> = self.bands(&signature).collect();
        for band in bands {
            self.buckets.entry(band).or_default().push(self.kept.len());
        }
        self.kept.push(signature);
    }
}

fn digest(words: &[String]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for word in words {
        hasher.update(&(word.len() as u64).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    let bytes = hasher.finalize();
    u64::from_le_bytes(bytes.as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
}

/// SplitMix64's finaliser of the next state: a fixed permutation of the 64-bit numbers.
fn mixed(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

//! Numbers in SQLite's columns, bit for bit.
//!
//! A REAL column turns NaN into NULL and forgets the sign of a zero, and an INTEGER has 63 bits.
//! So a row may carry [`Bits`] beside its columns, which hold what those could not; counts that do
//! not fit are refused; lists of numbers are little-endian blobs.

use crate::fault::{Fault, Inner};
use autodidact_core::Error;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// The bits of those numbers of a row that its REAL columns cannot hold, by column.
#[derive(Debug, Default)]
pub(crate) struct Bits(BTreeMap<String, u64>);

impl Bits {
    /// What to store in `column` for `x`; keeps what that loses.
    pub fn keep(&mut self, column: &str, x: f64) -> Option<f64> {
        if x.is_nan() || (x == 0.0 && x.is_sign_negative()) {
            self.0.insert(column.to_owned(), x.to_bits());
        }
        (!x.is_nan()).then_some(x)
    }

    /// What to store in the column `bits`: NULL for nearly every row.
    pub fn text(&self) -> Option<String> {
        let hex = |(column, bits): (&String, &u64)| format!("{column:?}:\"{bits:016x}\"");
        let all = || self.0.iter().map(hex).collect::<Vec<_>>().join(",");
        (!self.0.is_empty()).then(|| format!("{{{}}}", all()))
    }

    /// Reads the column `bits`.
    pub fn parse(text: Option<&str>) -> Inner<Bits> {
        let Some(text) = text else { return Ok(Bits::default()) };
        let bad = || Fault::damaged("a column bits holds hexadecimal numbers by column", text);
        let parsed: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| bad())?;
        let number = |(column, hex)| Ok((column, u64::from_str_radix(hex, 16).map_err(|_| bad())?));
        let numbers: Vec<(&String, u64)> =
            parsed.iter().map(|(column, hex)| number((column, hex.as_str()))).collect::<Inner<_>>()?;
        Ok(Bits(numbers.into_iter().map(|(column, bits)| (column.clone(), bits)).collect()))
    }

    /// The number whose stored part is `stored`.
    pub fn number(&self, column: &str, stored: Option<f64>) -> Inner<f64> {
        self.optional(column, stored)
            .ok_or_else(|| Fault::damaged(format!("a column {column} holds a number"), "it is NULL"))
    }

    /// The number whose stored part is `stored`, where there may be none.
    pub fn optional(&self, column: &str, stored: Option<f64>) -> Option<f64> {
        self.0.get(column).map(|bits| f64::from_bits(*bits)).or(stored)
    }
}

/// A count as SQLite's INTEGER.
pub(crate) fn count(field: &str, n: u64) -> Inner<i64> {
    i64::try_from(n).map_err(|_| Error::invalid(field, "below 2^63 to be recorded", n).into())
}

/// A count back from SQLite's INTEGER.
pub(crate) fn counted(column: &str, n: i64) -> Inner<u64> {
    u64::try_from(n).map_err(|_| Fault::damaged(format!("a column {column} is not negative"), n))
}

/// Token ids as little-endian bytes.
pub(crate) fn ids_to_bytes(ids: &[u32]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.to_le_bytes()).collect()
}

/// Log-probabilities as little-endian bytes.
pub(crate) fn floats_to_bytes(floats: &[f32]) -> Vec<u8> {
    floats.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Token ids from little-endian bytes.
pub(crate) fn ids(column: &str, bytes: &[u8]) -> Inner<Vec<u32>> {
    Ok(words(column, bytes)?.map(u32::from_le_bytes).collect())
}

/// Log-probabilities from little-endian bytes.
pub(crate) fn floats(column: &str, bytes: &[u8]) -> Inner<Vec<f32>> {
    Ok(words(column, bytes)?.map(f32::from_le_bytes).collect())
}

fn words<'a>(column: &str, bytes: &'a [u8]) -> Inner<impl Iterator<Item = [u8; 4]> + 'a> {
    let (words, rest) = bytes.as_chunks::<4>();
    if rest.is_empty() {
        Ok(words.iter().copied())
    } else {
        let rule = format!("a column {column} holds numbers of four bytes");
        Err(Fault::damaged(rule, format!("it has {} bytes", bytes.len())))
    }
}

/// The named parts of a verdict as a JSON object, in order, names repeated if they are.
///
/// JSON has no word for a number that is not finite, so those are text: `"nan:7ff8000000000000"`,
/// the bits in hexadecimal.
pub(crate) fn detail_to_text(detail: &[(String, f64)]) -> Option<String> {
    let text = || serde_json::to_string(&Pairs(detail.to_vec())).expect("text and numbers always serialise");
    (!detail.is_empty()).then(text)
}

/// The named parts of a verdict from their JSON object.
pub(crate) fn detail(text: Option<&str>) -> Inner<Vec<(String, f64)>> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let parsed: Pairs = serde_json::from_str(text).map_err(|error| {
        Fault::damaged("a column detail holds numbers by name", format!("{text}: {error}"))
    })?;
    Ok(parsed.0)
}

struct Pairs(Vec<(String, f64)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            if value.is_finite() {
                map.serialize_entry(name, value)?;
            } else {
                map.serialize_entry(name, &format!("{NOT_FINITE}{:016x}", value.to_bits()))?;
            }
        }
        map.end()
    }
}

const NOT_FINITE: &str = "nan:";

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Part>()? {
            let value = match value {
                Part::Number(x) => x,
                Part::Bits(text) => {
                    let bits =
                        text.strip_prefix(NOT_FINITE).and_then(|hex| u64::from_str_radix(hex, 16).ok());
                    let bad = || serde::de::Error::custom(format!("{text:?} is not a number"));
                    f64::from_bits(bits.ok_or_else(bad)?)
                }
            };
            pairs.push((name, value));
        }
        Ok(Pairs(pairs))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Number(f64),
    Bits(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survives(x: f64) {
        let mut bits = Bits::default();
        let stored = bits.keep("x", x);
        let back = Bits::parse(bits.text().as_deref()).expect("reads back");
        // What SQLite does to a REAL: NaN is NULL, and a zero has no sign.
        let stored = stored.map(|x| if x == 0.0 { 0.0 } else { x });
        assert_eq!(back.number("x", stored).expect("a number").to_bits(), x.to_bits());

        let pairs = vec![("a".to_owned(), x), ("a".to_owned(), 1.5)];
        let back = detail(detail_to_text(&pairs).as_deref()).expect("reads back");
        assert_eq!(back.len(), 2);
        assert_eq!(back[0].1.to_bits(), x.to_bits());
    }

    #[test]
    fn odd_numbers_survive() {
        for x in [0.0, -0.0, 1.0, 0.1, f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            survives(x);
        }
        survives(f64::from_bits(0x7ff8_0000_0000_0001));
        survives(f64::MIN_POSITIVE / 2.0);
    }

    #[test]
    fn a_row_of_plain_numbers_needs_no_bits() {
        let mut bits = Bits::default();
        assert_eq!(bits.keep("score", 0.25), Some(0.25));
        assert_eq!(bits.text(), None);
    }

    #[test]
    fn a_blob_of_three_bytes_is_damage() {
        assert!(ids("tokens", &[1, 2, 3]).is_err());
        assert!(floats("logprobs", &[0; 5]).is_err());
    }

    #[test]
    fn a_count_beyond_sqlite_is_refused_with_its_name() {
        let fault = count("sampled_tokens", u64::MAX).expect_err("too large");
        assert_eq!(
            fault.to_string(),
            "sampled_tokens must be below 2^63 to be recorded, but is 18446744073709551615"
        );
    }
}

//! Labels in outputs, and how many of each are learned from.

use autodidact_core::Rng;
use rand::seq::index;

/// The label that an output stands for: the longest that is contained in it, in any capitals (`10` before
/// `1`); the earlier in the list on ties.
pub fn contained<'a>(output: &str, labels: &'a [String]) -> Option<&'a str> {
    let output = output.to_lowercase();
    let mut by_length: Vec<&String> = labels.iter().collect();
    by_length.sort_by_key(|label| std::cmp::Reverse(label.chars().count()));
    by_length.into_iter().find(|label| output.contains(&label.to_lowercase())).map(String::as_str)
}

/// The label that occurs last in an output, both lower-cased and without punctuation. Where a label is part
/// of another one's occurrence, the longer counts.
pub fn last<'a>(output: &str, labels: &'a [String]) -> Option<&'a str> {
    let output = plain(output);
    let mut found: Option<(usize, usize, &'a str)> = None;
    for label in labels {
        let text = plain(label);
        if text.is_empty() {
            continue;
        }
        if let Some(start) = output.rfind(&text) {
            let end = start + text.len();
            // An occurrence that reaches further wins; of two that end together the longer.
            if found.is_none_or(|(known, from, _)| end > known || (end == known && start < from)) {
                found = Some((end, start, label));
            }
        }
    }
    found.map(|(_, _, label)| label)
}

/// A text lower-cased, without punctuation, its white space one blank each: what exact match compares.
pub fn plain(text: &str) -> String {
    let letters: String =
        text.to_lowercase().chars().filter(|one| one.is_alphanumeric() || one.is_whitespace()).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What balancing keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balanced {
    /// The places kept, ascending: of each label as many as the rarest has.
    pub kept: Vec<usize>,
    /// The labels that nothing has; they are left out of the count, which would otherwise keep nothing.
    pub missing: Vec<String>,
}

/// Samples every label down to the number of the rarest; `found[i]` is the label of place i.
pub fn balanced(found: &[&str], labels: &[String], rng: &mut Rng) -> Balanced {
    let places =
        |label: &String| -> Vec<usize> { (0..found.len()).filter(|&place| found[place] == label).collect() };
    let (some, none): (Vec<_>, Vec<_>) =
        labels.iter().map(|label| (label, places(label))).partition(|(_, places)| !places.is_empty());
    let least = some.iter().map(|(_, places)| places.len()).min().unwrap_or(0);
    let mut kept: Vec<usize> = Vec::new();
    for (_, places) in some {
        kept.extend(index::sample(rng, places.len(), least).into_iter().map(|idx| places[idx]));
    }
    kept.sort_unstable();
    Balanced { kept, missing: none.into_iter().map(|(label, _)| label.clone()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    fn labels(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_last_label_of_an_output_counts() {
        let nli = labels(&["entails", "neutral", "contradicts"]);
        assert_eq!(last("not entails, so neutral", &nli), Some("neutral"));
        assert_eq!(last("Neutral!", &nli), Some("neutral"));
        assert_eq!(last("It's unclear.", &nli), None);
        let numbers = labels(&["1", "10", "0"]);
        assert_eq!(last("1, no: 10.", &numbers), Some("10"));
        assert_eq!(last("10 or 1", &numbers), Some("1"));
        assert_eq!(last("Yes.", &labels(&["yes", "no"])), Some("yes"));
    }

    #[test]
    fn the_longest_contained_label_is_matched_first() {
        let numbers = labels(&["1", "10"]);
        assert_eq!(contained("it is 10", &numbers), Some("10"));
        assert_eq!(contained("it is 1", &numbers), Some("1"));
        assert_eq!(contained("Yes. Certainly", &labels(&["Yes", "Yes."])), Some("Yes."));
        assert_eq!(contained("perhaps", &numbers), None);
    }

    #[test]
    fn every_label_is_sampled_down_to_the_rarest() {
        let found: Vec<&str> =
            [("A", 7), ("B", 4), ("C", 9)].into_iter().flat_map(|(label, n)| vec![label; n]).collect();
        let Balanced { kept, missing } =
            balanced(&found, &labels(&["A", "B", "C"]), &mut Seed::root(1).rng());
        for label in ["A", "B", "C"] {
            assert_eq!(kept.iter().filter(|&&place| found[place] == label).count(), 4);
        }
        assert!(missing.is_empty() && kept.is_sorted());
    }

    #[test]
    fn a_label_without_examples_is_named_and_does_not_empty_the_set() {
        let Balanced { kept, missing } =
            balanced(&["A", "B", "A"], &labels(&["A", "B", "C"]), &mut Seed::root(1).rng());
        assert_eq!((kept.len(), missing), (2, labels(&["C"])));
        assert!(balanced(&[], &labels(&["A"]), &mut Seed::root(1).rng()).kept.is_empty());
    }
}

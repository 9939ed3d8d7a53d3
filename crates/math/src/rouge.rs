//! ROUGE-L: how much of two texts is the same words, or characters, in the same order.
//!
//! The longest common subsequence divided by each text's length gives precision and recall; their
//! harmonic mean is the F1 (Lin 2004). Words are those of the `rouge-score` package without stemming:
//! runs of letters and digits, lower-cased. Unlike there, letters of every script are letters.

/// The length of the longest common subsequence.
pub fn common<T: Eq>(a: &[T], b: &[T]) -> usize {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    // `row[j]` is the answer for what was seen of `long` and the first j of `short`.
    let mut row = vec![0; short.len() + 1];
    for one in long {
        let mut corner = 0;
        for (j, other) in short.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if one == other { corner + 1 } else { above.max(row[j]) };
            corner = above;
        }
    }
    row[short.len()]
}

/// The F1 of two sequences with a common subsequence of that length; 0 where one is empty.
///
/// It is the harmonic mean of `common / a` and `common / b`, hence symmetric in them.
pub fn f1(common: usize, a: usize, b: usize) -> f64 {
    if common == 0 {
        return 0.0;
    }
    let (precision, recall) = (common as f64 / a as f64, common as f64 / b as f64);
    2.0 * precision * recall / (precision + recall)
}

/// ROUGE-L F1 over words, in 0..=1.
pub fn rouge_l(a: &str, b: &str) -> f64 {
    let (a, b) = (words(a), words(b));
    f1(common(&a, &b), a.len(), b.len())
}

/// ROUGE-L F1 over characters as they are, capitals, spaces and all, in 0..=1.
pub fn rouge_l_characters(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    f1(common(&a, &b), a.len(), b.len())
}

/// The words of a text: runs of letters and digits, lower-cased, in order.
pub fn words(text: &str) -> Vec<String> {
    let runs = text.split(|letter: char| !letter.is_alphanumeric());
    runs.filter(|run| !run.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        a: String,
        b: String,
        words: f64,
        characters: f64,
    }

    #[test]
    fn the_f1_is_that_of_rouge_score() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../golden/rouge/pairs.json")).expect("golden values");
        assert!(cases.len() >= 200);
        for Case { a, b, words, characters } in cases {
            assert!((rouge_l(&a, &b) - words).abs() < 1e-12, "{a:?} {b:?}: {} {words}", rouge_l(&a, &b));
            let found = rouge_l_characters(&a, &b);
            assert!((found - characters).abs() < 1e-12, "{a:?} {b:?}: {found} {characters}");
            assert_eq!(rouge_l(&a, &b), rouge_l(&b, &a));
        }
    }

    #[test]
    fn a_common_subsequence_keeps_the_order() {
        assert_eq!(common(b"abcbdab", b"bdcaba"), 4); // bcba
        assert_eq!(common::<u8>(&[], b"ab"), 0);
        // "the cat" of 3 and 4 words: 2 * (2/3 * 2/4) / (2/3 + 2/4) = 4/7.
        assert!((rouge_l("The cat sat.", "the black cat ran") - 4.0 / 7.0).abs() < 1e-15);
        assert_eq!(rouge_l("", ""), 0.0);
    }
}

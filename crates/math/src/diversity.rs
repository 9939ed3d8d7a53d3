//! How varied a set of answers is: distinct n-grams, distinct answers, distinct equations.
//!
//! All measures are shares in 0 to 1, higher is more varied, and `None` where there is nothing to
//! measure. They work on tokens of any kind: words, token ids.

use std::collections::BTreeSet;

/// Distinct n-grams over all n-grams of the texts; n-grams do not cross from one text to the next.
pub fn distinct_n<T: Ord>(texts: &[&[T]], n: usize) -> Option<f64> {
    if n == 0 {
        return None;
    }
    let mut total = 0usize;
    let mut seen = BTreeSet::new();
    for gram in texts.iter().flat_map(|text| text.windows(n)) {
        total += 1;
        seen.insert(gram);
    }
    (total > 0).then(|| seen.len() as f64 / total as f64)
}

/// The mean segmental type-token ratio: distinct tokens over all tokens in each whole segment of
/// `segment` tokens, averaged; tokens that do not fill a segment are left out.
///
/// MSTTR-100 is `msttr(tokens, 100)` of all answers' tokens one after the other.
pub fn msttr<T: Ord>(tokens: &[T], segment: usize) -> Option<f64> {
    if segment == 0 || tokens.len() < segment {
        return None;
    }
    let segments = tokens.chunks_exact(segment);
    let count = segments.len();
    let distinct: usize = segments.map(|part| part.iter().collect::<BTreeSet<_>>().len()).sum();
    Some(distinct as f64 / (segment * count) as f64)
}

/// Distinct answers over all answers.
pub fn distinct<T: Ord>(answers: &[T]) -> Option<f64> {
    let distinct = answers.iter().collect::<BTreeSet<_>>().len();
    (!answers.is_empty()).then(|| distinct as f64 / answers.len() as f64)
}

/// Equation diversity: of each problem's right answers, distinct equations over all equations;
/// averaged over the problems that have any.
///
/// `problems[i]` are the right answers to problem `i`; what an equation is, [`equations`] says.
pub fn equation_diversity(problems: &[Vec<&str>]) -> Option<f64> {
    let shares: Vec<f64> = problems
        .iter()
        .filter_map(|answers| {
            let all: Vec<&str> = answers.iter().flat_map(|answer| equations(answer)).collect();
            distinct(&all)
        })
        .collect();
    crate::summary::mean(&shares)
}

/// The equations of a text, in order and trimmed: what stands in `$...$`, `$$...$$`, `\[...\]`,
/// `\(...\)` or in calculator annotations `<<...>>`.
///
/// A dollar sign opens only before a character that is not a space and closes only after one, on the
/// same line and not before a digit, and never around an annotation: prices are not equations.
pub fn equations(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['$', '<', '\\']) {
        rest = &rest[start..];
        match span(rest) {
            Some((inner, len)) => {
                if !inner.trim().is_empty() {
                    found.push(inner.trim());
                }
                rest = &rest[len..];
            }
            None => rest = &rest[1..],
        }
    }
    found
}

/// The inside of the span that `text` begins with, and the length of the whole span in bytes.
fn span(text: &str) -> Option<(&str, usize)> {
    for (open, close) in [("$$", "$$"), ("<<", ">>"), ("\\[", "\\]"), ("\\(", "\\)")] {
        if let Some(inside) = text.strip_prefix(open) {
            let end = inside.find(close)?;
            return Some((&inside[..end], open.len() + end + close.len()));
        }
    }
    let inside = text.strip_prefix('$')?;
    let line = &inside[..inside.find('\n').unwrap_or(inside.len())];
    let end = line.find('$')?;
    let inner = &line[..end];
    let open = !inner.starts_with(char::is_whitespace) && !inner.ends_with(char::is_whitespace);
    let price = line[end + 1..].starts_with(|next: char| next.is_ascii_digit());
    (open && !price && !inner.contains("<<")).then_some((inner, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distinct_n_counts_grams_within_texts() {
        let (a, b): (&[u32], &[u32]) = (&[1, 2, 1, 2], &[1, 2]);
        assert_eq!(distinct_n(&[a, b], 2), Some(0.5)); // 12 21 12 | 12: two of four
        assert_eq!(distinct_n(&[a, b], 5), None);
        assert_eq!(distinct_n(&[a, b], 0), None);
    }

    #[test]
    fn msttr_averages_whole_segments() {
        assert_eq!(msttr(&[1, 1, 2, 3, 9], 2), Some(0.75)); // 1/2 and 2/2; the 9 is left over
        assert_eq!(msttr(&[1], 2), None);
    }

    #[track_caller]
    fn check_equations(text: &str, expect: &[&str]) {
        assert_eq!(equations(text), expect, "{text}");
    }

    #[test]
    fn equations_stand_between_their_marks() {
        check_equations("so $a+b=3$ and \\[ x^2 \\] and \\(y\\)", &["a+b=3", "x^2", "y"]);
        check_equations("9 * 2 = $<<9*2=18>>18 a day, $2 each", &["9*2=18"]);
        check_equations("$$z=1$$ but costs $5 and $6 or $7,$8", &["z=1"]);
        check_equations("<<1+1=2>> <<>> << open $ \\[", &["1+1=2"]);
        check_equations("", &[]);
    }

    #[test]
    fn equation_diversity_averages_problems_that_have_equations() {
        let problems = vec![vec!["<<1+1=2>>", "<<1+1=2>>"], vec!["<<2*1=2>> <<2-0=2>>"], vec!["none"]];
        assert_eq!(equation_diversity(&problems), Some(0.75));
        assert_eq!(equation_diversity(&[vec![]]), None);
    }

    proptest! {
        #[test]
        fn equations_of_any_text_are_parts_of_it(text in "[$<>\\\\()\\[\\]a1 \n\u{e9}]{0,40}") {
            prop_assert!(equations(&text).iter().all(|one| text.contains(one)));
        }

        #[test]
        fn shares_are_shares(tokens in prop::collection::vec(0u8..5, 1..40), n in 1usize..4) {
            for found in [distinct_n(&[&tokens], n), msttr(&tokens, n), distinct(&tokens)].into_iter().flatten() {
                prop_assert!(found > 0.0 && found <= 1.0);
            }
        }
    }
}

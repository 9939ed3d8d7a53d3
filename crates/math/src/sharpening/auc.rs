//! Whether a score tells right from wrong.

/// The probability that a right answer scores higher than a wrong one, ties counting one half: the area
/// under the ROC curve. Scores that are not numbers are left out. `None` where all others are right or all wrong.
pub fn auc(answers: &[(f64, bool)]) -> Option<f64> {
    let mut sorted: Vec<&(f64, bool)> = answers.iter().filter(|one| !one.0.is_nan()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut wrong_below, mut wins, mut first) = (0.0, 0.0, 0);
    while first < sorted.len() {
        let ties = sorted[first..].iter().take_while(|one| one.0 == sorted[first].0).count();
        let right = sorted[first..first + ties].iter().filter(|one| one.1).count() as f64;
        let wrong = ties as f64 - right;
        wins += right * (wrong_below + 0.5 * wrong);
        wrong_below += wrong;
        first += ties;
    }
    let right = sorted.len() as f64 - wrong_below;
    (right > 0.0 && wrong_below > 0.0).then(|| wins / (right * wrong_below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_the_pairs_in_the_right_order() {
        // Right: 3 and 1; wrong: 2 and 1. Pairs: 3 > 2, 3 > 1, 1 < 2, 1 = 1: (1 + 1 + 0 + 1/2) / 4.
        assert_eq!(auc(&[(1.0, true), (2.0, false), (1.0, false), (3.0, true)]), Some(0.625));
        assert_eq!(auc(&[(1.0, true), (1.0, false)]), Some(0.5));
        assert_eq!(auc(&[(1.0, true)]), None);
        assert_eq!(auc(&[]), None);
        assert_eq!(auc(&[(f64::NAN, true), (1.0, false), (2.0, true)]), Some(1.0));
    }
}

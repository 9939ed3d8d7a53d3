//! Whether confidence means anything: ranking (AUROC), honesty (ECE) and both at once (Brier).

/// The chance that a right answer has a higher score than a wrong one, ties counting half.
///
/// 0.5 is no better than chance. `None` unless there are both right and wrong answers, the slices
/// are equally long and every score is a number.
pub fn auroc(scores: &[f64], right: &[bool]) -> Option<f64> {
    if scores.len() != right.len() || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let n_right = right.iter().filter(|&&one| one).count();
    let n_wrong = right.len() - n_right;
    if n_right == 0 || n_wrong == 0 {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].partial_cmp(&scores[b]).expect("no score is NaN"));
    let (mut wrong_below, mut wins) = (0usize, 0.0);
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let right_here = tied.iter().filter(|&&idx| right[idx]).count();
        let wrong_here = tied.len() - right_here;
        wins += right_here as f64 * (wrong_below as f64 + wrong_here as f64 / 2.0);
        wrong_below += wrong_here;
    }
    Some(wins / (n_right as f64 * n_wrong as f64))
}

/// The expected calibration error: the mean gap between confidence and share of right answers over
/// `bins` bins of equal width, weighted by how many answers fall into each.
///
/// 0 is honest. `None` without answers or bins, for slices of different length, or when a
/// confidence is not in 0 to 1.
pub fn ece(confidence: &[f64], right: &[bool], bins: usize) -> Option<f64> {
    if bins == 0 || !probabilities(confidence, right) {
        return None;
    }
    let mut gap = vec![0.0; bins];
    for (&one, &right) in confidence.iter().zip(right) {
        gap[((one * bins as f64) as usize).min(bins - 1)] += one - f64::from(u8::from(right));
    }
    Some(gap.iter().map(|gap| gap.abs()).sum::<f64>() / confidence.len() as f64)
}

/// The Brier score: the mean squared gap between confidence and outcome; 0 is perfect, 0.25 is what
/// a constant 0.5 gets. `None` as for [`ece`].
pub fn brier(confidence: &[f64], right: &[bool]) -> Option<f64> {
    if !probabilities(confidence, right) {
        return None;
    }
    let gap = |(&one, &right): (&f64, &bool)| (one - f64::from(u8::from(right))).powi(2);
    Some(confidence.iter().zip(right).map(gap).sum::<f64>() / confidence.len() as f64)
}

fn probabilities(confidence: &[f64], right: &[bool]) -> bool {
    !confidence.is_empty()
        && confidence.len() == right.len()
        && confidence.iter().all(|one| (0.0..=1.0).contains(one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn auroc_counts_ordered_pairs() {
        // Pairs (right, wrong): (.9, .5) won, (.9, .1) won, (.5, .5) tied, (.5, .1) won: 3.5 of 4.
        assert_eq!(auroc(&[0.9, 0.5, 0.5, 0.1], &[true, false, true, false]), Some(0.875));
        assert_eq!(auroc(&[0.9, 0.5], &[true, true]), None);
        assert_eq!(auroc(&[f64::NAN, 0.5], &[true, false]), None);
        assert_eq!(auroc(&[0.5], &[true, false]), None);
    }

    #[test]
    fn ece_weighs_bins_by_their_size() {
        // Bin 0: confidence .2, .4 with one right: |.6 - 1| = .4; bin 1: 1.0 right: 0; over 3 answers.
        let found = ece(&[0.2, 0.4, 1.0], &[true, false, true], 2).expect("valid");
        assert!((found - 0.4 / 3.0).abs() < 1e-12);
        assert_eq!(ece(&[1.2], &[true], 10), None);
        assert_eq!(ece(&[0.2], &[true], 0), None);
        assert_eq!(brier(&[0.5, 0.5], &[true, false]), Some(0.25));
        assert_eq!(brier(&[], &[]), None);
    }

    proptest! {
        #[test]
        fn turning_the_scores_round_turns_auroc_round(
            tries in prop::collection::vec((0u8..6, any::<bool>()), 2..20),
        ) {
            let scores: Vec<f64> = tries.iter().map(|one| f64::from(one.0)).collect();
            let negated: Vec<f64> = scores.iter().map(|score| -score).collect();
            let right: Vec<bool> = tries.iter().map(|one| one.1).collect();
            if let Some(area) = auroc(&scores, &right) {
                prop_assert!((0.0..=1.0).contains(&area));
                prop_assert!((area + auroc(&negated, &right).expect("both kinds") - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn ece_is_between_0_and_1(tries in prop::collection::vec((0.0f64..=1.0, any::<bool>()), 1..20), bins in 1usize..12) {
            let confidence: Vec<f64> = tries.iter().map(|one| one.0).collect();
            let right: Vec<bool> = tries.iter().map(|one| one.1).collect();
            prop_assert!((0.0..=1.0).contains(&ece(&confidence, &right, bins).expect("valid")));
        }
    }
}

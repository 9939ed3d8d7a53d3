//! What refining and filtering do to the accuracy of training pairs, as sums.

/// The accuracy after refining: what was right stays right with chance `keeps`, what was wrong becomes right with
/// chance `mends`.
pub fn refined(accuracy: f64, keeps: f64, mends: f64) -> f64 {
    accuracy * keeps + (1.0 - accuracy) * mends
}

/// Whether refining raises the accuracy: it mends more than it breaks.
pub fn helps(accuracy: f64, keeps: f64, mends: f64) -> bool {
    (1.0 - accuracy) * mends > accuracy * (1.0 - keeps)
}

/// The accuracy of what a filter keeps that passes right answers with chance `tpr` and wrong ones with chance
/// `fpr`. Not a number where nothing passes.
pub fn precision(accuracy: f64, tpr: f64, fpr: f64) -> f64 {
    accuracy * tpr / passed(accuracy, tpr, fpr)
}

/// The share of answers that the filter passes.
pub fn passed(accuracy: f64, tpr: f64, fpr: f64) -> f64 {
    accuracy * tpr + (1.0 - accuracy) * fpr
}

/// Verdicts beside the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Right answers by their verdict: good, bad, unreadable.
    pub right: [u32; 3],
    /// Wrong answers by their verdict: good, bad, unreadable.
    pub wrong: [u32; 3],
}

impl Confusion {
    /// Counts one answer; `good` is its verdict, `None` where unreadable.
    pub fn add(&mut self, right: bool, good: Option<bool>) {
        let verdict = match good {
            Some(true) => 0,
            Some(false) => 1,
            None => 2,
        };
        match right {
            true => self.right[verdict] += 1,
            false => self.wrong[verdict] += 1,
        }
    }

    /// Share of verdicts that are the truth's; an unreadable one is not.
    pub fn accuracy(&self) -> Option<f64> {
        share(self.right[0] + self.wrong[1], self.right.iter().chain(&self.wrong).sum())
    }

    /// Share of right answers that are called good.
    pub fn tpr(&self) -> Option<f64> {
        share(self.right[0], self.right.iter().sum())
    }

    /// Share of wrong answers that are called bad.
    pub fn tnr(&self) -> Option<f64> {
        share(self.wrong[1], self.wrong.iter().sum())
    }
}

fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn refining_and_filtering_are_what_the_sums_say() {
        // .4 * .95 + .6 * .3 = .38 + .18
        assert!(close(refined(0.4, 0.95, 0.3), 0.56));
        // .56 * .9 = .504, .44 * .4 = .176: .504 / .68 of .68.
        assert!((precision(0.56, 0.9, 0.4) - 0.7412).abs() < 5e-5);
        assert!(close(passed(0.56, 0.9, 0.4), 0.68));
    }

    #[test]
    fn refining_helps_where_it_mends_more_than_it_breaks() {
        assert!(helps(0.4, 0.95, 0.3)); // .18 > .02
        assert!(!helps(0.9, 0.95, 0.3)); // .03 < .045
        for (accuracy, keeps, mends) in [(0.4, 0.95, 0.3), (0.9, 0.95, 0.3), (0.5, 1.0, 0.0)] {
            assert_eq!(helps(accuracy, keeps, mends), refined(accuracy, keeps, mends) > accuracy);
        }
    }

    #[test]
    fn verdicts_are_counted_beside_the_truth() {
        let mut found = Confusion::default();
        assert_eq!((found.accuracy(), found.tpr(), found.tnr()), (None, None, None));
        for (right, good) in [(true, Some(true)), (true, None), (false, Some(false)), (false, Some(true))] {
            found.add(right, good);
        }
        assert_eq!((found.accuracy(), found.tpr(), found.tnr()), (Some(0.5), Some(0.5), Some(0.5)));
    }
}

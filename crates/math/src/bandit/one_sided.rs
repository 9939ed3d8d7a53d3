//! One-sided feedback: the label of a person is seen only where the person was accepted, and a pair of
//! people treated too differently is a loss of its own (Bechavod and Roth 2023, arXiv 2206.04475).

/// The loss of a decision, shifted so that rejecting costs a known amount: `1 - y` where accepted, 1/2 where
/// rejected. It is half the 0-1 error plus `(1 - y) / 2`, which no decision changes.
pub fn shifted(accept: bool, label: bool) -> f64 {
    if accept { f64::from(u8::from(!label)) } else { 0.5 }
}

/// The 0-1 error of a decision: accepting 0 or rejecting 1.
pub fn error(accept: bool, label: bool) -> f64 {
    f64::from(u8::from(accept != label))
}

/// What a rule's acceptance of one person adds to its estimated loss beyond the 1/2 of rejecting:
/// `1 - y` over the chance of acceptance where the label was seen, 0 where not, less 1/2. Right on
/// average over whether the person is accepted.
pub fn accept_estimate(label: Option<bool>, chance: f64) -> f64 {
    label.map_or(0.0, |label| f64::from(u8::from(!label)) / chance) - 0.5
}

/// The Lagrangian's term for a reported pair, in 0-1 errors: `weight (h(left) - h(right))`.
pub fn pair(left: f64, right: f64, weight: f64) -> f64 {
    weight * (left - right)
}

/// The 0-1 errors of a rule's decisions over the round that the reduction makes: the people with their
/// labels, then `copies` of the left one of the pair with label 0 and of the right one with label 1. It
/// is the errors of the people plus `copies (h(left) - h(right) + 1)`.
pub fn extended_errors(decisions: &[bool], labels: &[bool], reported: (usize, usize), copies: u32) -> f64 {
    let people: f64 = decisions.iter().zip(labels).map(|(accept, label)| error(*accept, *label)).sum();
    let (left, right) = reported;
    people + f64::from(copies) * (error(decisions[left], false) + error(decisions[right], true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(number: u32, n: usize) -> Vec<bool> {
        (0..n).map(|i| number >> i & 1 == 1).collect()
    }

    #[test]
    fn the_extended_round_is_the_lagrangian_and_a_constant() {
        for copies in [0, 1, 5] {
            for decided in 0..16 {
                for labelled in 0..16 {
                    let (decisions, labels) = (bits(decided, 4), bits(labelled, 4));
                    for (left, right) in [(0, 1), (1, 0), (2, 3), (3, 0)] {
                        let plain: f64 = (0..4).map(|i| error(decisions[i], labels[i])).sum();
                        let of = |i: usize| f64::from(u8::from(decisions[i]));
                        let weight = f64::from(copies);
                        let expect = plain + pair(of(left), of(right), weight) + weight;
                        assert_eq!(extended_errors(&decisions, &labels, (left, right), copies), expect);
                    }
                }
            }
        }
    }

    #[test]
    fn the_shifted_loss_is_half_the_error_and_a_term_of_the_label_alone() {
        for accept in [false, true] {
            for label in [false, true] {
                let rest = 0.5 * f64::from(u8::from(!label));
                assert_eq!(shifted(accept, label), 0.5 * error(accept, label) + rest);
            }
        }
    }

    #[test]
    fn the_estimate_is_right_on_average() {
        for chance in [0.05, 0.3, 1.0] {
            for label in [false, true] {
                // Seen with that chance, else not.
                let mean = chance * accept_estimate(Some(label), chance)
                    + (1.0 - chance) * accept_estimate(None, chance);
                let expect = shifted(true, label) - shifted(false, label);
                assert!((mean - expect).abs() < 1e-12, "{chance} {label}: {mean} is not {expect}");
            }
        }
    }
}

//! Exp2: exponential weights over experts whose losses are sums, Hedge where all is seen (Dani, Hayes and
//! Kakade 2008; Cesa-Bianchi and Lugosi 2012).

/// `q_i` proportional to `exp(-eta losses[i])`, into `out` of the same length; sums to 1. The losses are
/// finite and there is at least one.
pub fn weights(losses: &[f64], eta: f64, out: &mut [f64]) {
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let mut total = 0.0;
    for (out, loss) in out.iter_mut().zip(losses) {
        *out = (-eta * (loss - least)).exp();
        total += *out;
    }
    out.iter_mut().for_each(|out| *out /= total);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_by_hand_and_far_apart() {
        let mut out = [0.0; 2];
        // exp(-ln 3) = 1/3: shares 3/4 and 1/4, whatever is added to both.
        for offset in [0.0, 1e6] {
            weights(&[offset, offset + 3f64.ln()], 1.0, &mut out);
            assert!((out[0] - 0.75).abs() < 1e-9 && (out[1] - 0.25).abs() < 1e-9, "{out:?}");
        }
        weights(&[-1e300, 1e300], 1.0, &mut out);
        assert_eq!(out, [1.0, 0.0]);
    }

    #[test]
    fn it_is_hedge_one_round_at_a_time() {
        // Hedge multiplies weights by exp(-eta loss) each round.
        let rounds = [[0.3, 1.0, 0.0], [0.9, 0.2, 0.4], [0.1, 0.1, 1.0]];
        let (mut hedge, mut sums) = ([1.0; 3], [0.0; 3]);
        for losses in rounds {
            for i in 0..3 {
                hedge[i] *= f64::exp(-0.7 * losses[i]);
                sums[i] += losses[i];
            }
            let total: f64 = hedge.iter().sum();
            let mut out = [0.0; 3];
            weights(&sums, 0.7, &mut out);
            for i in 0..3 {
                assert!((out[i] - hedge[i] / total).abs() < 1e-12);
            }
        }
    }
}

//! Inverse gap weighting: the worse an arm looks, the less it is tried (Foster and Rakhlin 2020,
//! arXiv 2002.04926, SquareCB).

/// `p_i = 1 / (d + eta (s_i - s_best))` for every arm but the best, which gets the rest: at least
/// `1 / d`. `costs` are predicted, least is best, the first of equals; `eta` is at least 0, where 0 draws
/// evenly and infinity always the best.
pub fn probabilities(costs: &[f64], eta: f64) -> Vec<f64> {
    let d = costs.len() as f64;
    let Some(best) = costs.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i) else {
        return Vec::new();
    };
    let gap = |cost: &f64| cost - costs[best];
    // A gap of 0 is as good as the best at any eta, infinity included.
    let share = |cost| if gap(cost) > 0.0 { 1.0 / (d + eta * gap(cost)) } else { 1.0 / d };
    let mut p: Vec<f64> = costs.iter().map(share).collect();
    let others: f64 = p.iter().enumerate().filter(|(i, _)| *i != best).map(|(_, p)| p).sum();
    p[best] = 1.0 - others;
    p
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_weight_on_the_gap_is_uniform_and_all_of_it_is_greedy() {
        let even = probabilities(&[0.3, 0.1, 0.2, 0.9], 0.0);
        assert!(even.iter().all(|p| (p - 0.25).abs() < 1e-15), "{even:?}");
        assert_eq!(probabilities(&[0.3, 0.1, 0.2], f64::INFINITY), [0.0, 1.0, 0.0]);
        assert_eq!(probabilities(&[], 1.0), [0.0; 0]);
    }

    #[test]
    fn a_case_by_hand() {
        // d = 2, gap 0.5, eta 4: 1 / (2 + 2).
        assert_eq!(probabilities(&[1.0, 0.5], 4.0), [0.25, 0.75]);
    }

    proptest! {
        #[test]
        fn shares_sum_to_one_and_the_best_has_its_even_share(
            costs in prop::collection::vec(-1.0..1.0f64, 1..24), eta in 0.0..1e6f64,
        ) {
            let p = probabilities(&costs, eta);
            prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let best = (0..p.len()).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).expect("not empty");
            prop_assert!(p[best] >= 1.0 / p.len() as f64 - 1e-12);
            prop_assert!(p.iter().all(|p| *p > 0.0));
        }
    }
}

//! The oracle against hand-computed lists and against enumeration.

use super::*;
use proptest::prelude::*;

const U: [f64; 4] = [0.3, 0.6, 0.5, 0.9];
const W: [f64; 4] = [1.0, 0.8, 0.4, 0.1];

#[test]
fn the_cards_lists_and_values_come_out() {
    let check = |longest, list: &[u32], value: f64| {
        let best = best_perm(&U, &W, 0.2, longest).expect("legal");
        assert_eq!(best.list, list);
        assert!((best.value - value).abs() < 1e-15, "{longest}: {}", best.value);
    };
    // 0.6 * 0.8 + 0.4 * 0.2 = 0.56.
    check(1, &[1], 0.56);
    // 0.3 + 0.7 * 0.56 = 0.692.
    check(2, &[0, 1], 0.692);
    // 0.5 * 0.4 + 0.5 * 0.2 = 0.3; 0.48 + 0.4 * 0.3 = 0.6; 0.3 + 0.7 * 0.6 = 0.72. The fourth is below 0.2.
    check(4, &[0, 1, 2], 0.72);
    // 0.48 + 0.4 * (0.3 + 0.7 * 0.2) = 0.656 < 0.692.
    assert!((value(&[1, 0], &U, &W, 0.2) - 0.656).abs() < 1e-15);
}

#[test]
fn where_every_item_is_worse_than_none_the_least_harmful_is_shown() {
    // 0.5 * 0.1 + 0.5 * 0.2 = 0.15; 0.2 * 0.15 + 0.8 * 0.2 = 0.19.
    let best = best_perm(&[0.5, 0.2], &[0.1, 0.15], 0.2, 2).expect("legal");
    assert_eq!(best.list, [1]);
    assert!((best.value - 0.19).abs() < 1e-15);
}

#[test]
fn with_equal_weights_the_order_does_not_matter() {
    // f = (1 - prod (1 - u)) w + prod (1 - u) w_perp; prod = 0.7 * 0.4 * 0.5 = 0.14.
    let expect = (1.0 - 0.14) * 0.7 + 0.14 * 0.2;
    every_list(3, 3, |list| {
        if list.len() == 3 {
            assert!((value(list, &U, &[0.7; 3], 0.2) - expect).abs() < 1e-15, "{list:?}");
        }
    });
}

#[test]
fn equal_rewards_and_one_step_reduce_to_the_cascading_bandit() {
    let best = best_perm(&U, &[1.0; 4], 0.0, 2).expect("legal");
    let mut list = best.list.clone();
    list.sort_unstable();
    assert_eq!(list, [1, 3], "the two of largest attraction");
    assert!((best.value - (1.0 - 0.4 * 0.1)).abs() < 1e-15);
}

#[test]
fn an_item_that_always_attracts_hides_what_stands_below() {
    assert_eq!(value(&[2, 0, 1], &[0.4, 0.3, 1.0], &[0.9, 0.8, 0.37], 0.2), 0.37);
}

#[test]
fn no_place_is_no_legal_list_and_places_for_all_take_all_that_help() {
    assert_eq!(best_perm(&U, &W, 0.2, 0), None);
    assert_eq!(enumerate(&U, &W, 0.2, 0), None);
    assert_eq!(best_perm(&[], &[], 0.2, 3), None);
    for longest in 3..9 {
        assert_eq!(best_perm(&U, &W, 0.2, longest).expect("legal").list, [0, 1, 2]);
    }
    // Even where some never attract.
    assert_eq!(best_perm(&[0.0; 3], &[0.5, 0.9, 0.1], 0.2, 3).expect("legal").list, [1, 0]);
}

#[test]
fn the_number_of_lists_is_the_published_one() {
    for (items, expect) in [(8, 400), (10, 820), (15, 2955), (20, 7240), (25, 14425)] {
        let mut n = 0;
        every_list(items, 3, |_| n += 1);
        assert_eq!(n, expect);
    }
}

#[test]
fn a_listed_item_below_no_click_breaks_monotonicity() {
    // More attention to an item of weight 0 before no click of 0.5 lowers the worth.
    assert!(value(&[0], &[0.9], &[0.0], 0.5) < value(&[0], &[0.1], &[0.0], 0.5));
}

fn instance() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, f64, usize)> {
    (1usize..=6).prop_flat_map(|items| {
        let numbers = || prop::collection::vec(0.0..1.0, items);
        (numbers(), numbers(), 0.0..1.0, 1..=items)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn best_perm_is_as_good_as_enumeration((u, w, nothing, longest) in instance()) {
        let best = best_perm(&u, &w, nothing, longest).expect("legal");
        let brute = enumerate(&u, &w, nothing, longest).expect("legal");
        prop_assert!((best.value - brute.value).abs() < 1e-12, "{:?} {:?}", best, brute);
        prop_assert!((value(&best.list, &u, &w, nothing) - best.value).abs() < 1e-12);
        prop_assert!((1..=longest).contains(&best.list.len()));
    }

    #[test]
    fn for_a_fixed_set_falling_weight_is_the_best_order((u, w, nothing, _) in instance()) {
        let mut sorted: Vec<u32> = (0..u.len() as u32).collect();
        sorted.sort_by(|&a, &b| w[b as usize].total_cmp(&w[a as usize]));
        let best = value(&sorted, &u, &w, nothing);
        every_list(u.len(), u.len(), |list| {
            if list.len() == u.len() {
                assert!(value(list, &u, &w, nothing) <= best + 1e-12);
            }
        });
    }

    #[test]
    fn more_attraction_never_hurts_a_sorted_list_above_no_click(
        (u, w, nothing, _) in instance(), which in 0usize..6, more in 0.0..1.0,
    ) {
        let mut list: Vec<u32> = (0..u.len() as u32).filter(|&item| w[item as usize] >= nothing).collect();
        list.sort_by(|&a, &b| w[b as usize].total_cmp(&w[a as usize]));
        let mut raised = u.clone();
        let which = which % u.len();
        raised[which] += more * (1.0 - raised[which]);
        prop_assert!(value(&list, &raised, &w, nothing) >= value(&list, &u, &w, nothing) - 1e-12);
    }

    #[test]
    fn appending_an_item_above_no_click_never_hurts_one_below_always_does_not_help(
        (u, w, nothing, _) in instance(),
    ) {
        let mut order: Vec<u32> = (0..u.len() as u32).collect();
        order.sort_by(|&a, &b| w[b as usize].total_cmp(&w[a as usize]));
        for n in 1..order.len() {
            let (shorter, longer) = (value(&order[..n], &u, &w, nothing), value(&order[..=n], &u, &w, nothing));
            if w[order[n] as usize] > nothing {
                prop_assert!(longer >= shorter - 1e-12);
            } else {
                prop_assert!(longer <= shorter + 1e-12);
            }
        }
    }
}

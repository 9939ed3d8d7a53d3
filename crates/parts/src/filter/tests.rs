//! The chain of rules: every item under one heading, and the cards' examples.

use super::minhash::similarity;
use super::*;
use crate::check::Case;
use autodidact_math::rouge::{rouge_l, rouge_l_characters};
use proptest::prelude::*;

fn rules() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(Empty),
        Box::new(Length { unit: Unit::Characters, least: 2, below: 12 }),
        Box::new(Banned::of(&["sorry", ""], Case::Ignore)),
        Box::new(Start::Alphanumeric),
        Box::new(Duplicate::default()),
        Box::new(Near::above(0.7, Unit::Words)),
    ]
}

#[test]
fn every_drop_counts_under_the_first_rule_that_objects() {
    let mut chain = Chain::of(rules());
    let offers = [
        ("  ", Some("empty")),
        ("a", Some("length")),
        ("I am SORRY", Some("banned")),
        ("- a list", Some("start")),
        ("red and blue", Some("length")),
        ("a red cat", None),
        ("a red cat ", Some("duplicate")),
        ("A red cat!", Some("near_duplicate")),
        ("blue dogs", None),
    ];
    for (item, expect) in offers {
        assert_eq!(chain.offer(item).as_deref(), expect, "{item:?}");
    }
    let counts = chain.take_counts();
    assert_eq!((counts.candidates, counts.kept, counts.dropped_by("length")), (9, 2, 2));
    assert_eq!(chain.counts().candidates, 0);
    // Memories outlast the counts.
    assert_eq!(chain.offer("blue dogs").as_deref(), Some("duplicate"));
}

#[test]
fn an_item_that_is_known_is_a_duplicate_but_is_not_counted() {
    let mut chain = Chain::of(rules());
    chain.know("a red cat");
    assert_eq!(chain.offer("a red cat").as_deref(), Some("duplicate"));
    assert_eq!((chain.counts().candidates, chain.counts().kept), (1, 0));
}

#[test]
fn a_dropped_item_is_not_remembered() {
    let mut chain = Chain::of(vec![
        Box::new(Duplicate::default()) as Box<dyn Rule>,
        Box::new(When::of("shouted", |item: &str| item.ends_with('!'))),
    ]);
    assert_eq!(chain.offer("no!").as_deref(), Some("shouted"));
    assert_eq!(chain.offer("no!").as_deref(), Some("shouted"));
}

#[test]
fn a_chain_filters_any_kind_of_item() {
    let mut chain: Chain<[u32]> =
        Chain::of(vec![Box::new(When::of("odd", |item: &[u32]| item.len() % 2 == 1))]);
    assert_eq!(chain.offer(&[1, 2]), None);
    assert_eq!(chain.offer(&[1]).as_deref(), Some("odd"));
}

#[test]
fn bounds_from_examples_are_two_deviations_truncated_and_the_upper_one_is_left_out() {
    let examples = ["a".repeat(10), "a".repeat(20), "a".repeat(30)];
    // Mean 20, deviation sqrt(200 / 3) = 8.164966: 3.67 and 36.33.
    let length = Length::around(&examples, Unit::Characters);
    assert_eq!((length.least, length.below), (3, 36));
    assert!(!length.drops(&"a".repeat(3)) && !length.drops(&"a".repeat(35)));
    assert!(length.drops(&"a".repeat(2)) && length.drops(&"a".repeat(36)));
    // Lengths 1 and 9: 5 - 8 is below nothing.
    assert_eq!(Length::around(&["a", "aaaaaaaaa"], Unit::Characters).least, 0);
}

#[test]
fn examples_of_one_length_widen_the_bounds_instead_of_dropping_everything() {
    let length = Length::around(&["abcd", "efgh", "ijkl"], Unit::Characters);
    assert_eq!((length.least, length.below), (2, 7));
    assert!(!length.drops("abcd"));
    let one_word = Length::around(&["yes", "no"], Unit::Words);
    assert!(!one_word.drops("maybe") && one_word.drops("it may be"));
    assert!(!Length::around::<&str>(&[], Unit::Words).drops("anything"));
}

#[test]
fn starts_are_forbidden_or_required() {
    let never = Start::Never(vec!["Sorry".into(), "I cannot".into()]);
    assert!(never.drops(" Sorry, no") && !never.drops("No. Sorry"));
    let always = Start::Always(vec!["I am".into()]);
    assert!(!always.drops("I am here") && always.drops("Here I am"));
    assert!(Start::Alphanumeric.drops("\"quoted\"") && Start::Alphanumeric.drops("été"));
    assert!(Odd.drops("a\u{0}b") && !Odd.drops("a\n\tb"));
}

#[test]
fn a_near_duplicate_has_an_f1_above_the_threshold() {
    let mut near = Near::above(0.7, Unit::Words);
    near.keep("write a short poem about the sea");
    // Six of seven words on both sides: 6/7. Four of seven and seven: 4/7.
    assert!(near.drops("write a short story about the sea"));
    assert!(!near.drops("write a long letter about a sea"));
    // Five common words of 7 and 8: 10/15, not above 0.7.
    assert!(!near.drops("write a short poem about my old dog"));
}

#[test]
fn minhash_estimates_the_jaccard_similarity_of_runs_of_words() {
    let config = MinHashConfig { run: 1, bands: 256, rows: 4, at_least: 0.7 };
    let hash = MinHash::of(config).expect("sound settings");
    let of = |text: &str| hash.signature(text).expect("has words");
    // Eight words in common of ten: 0.8, with a deviation of sqrt(0.16 / 1024) = 0.0125.
    let found = similarity(&of("a b c d e f g h i"), &of("a b c d e f g h j"));
    assert!((found - 0.8).abs() < 0.05, "{found}");
    assert_eq!(similarity(&of("a b c"), &of("A, b. c!")), 1.0);
    assert!(hash.signature("...").is_none());
}

#[test]
fn minhash_drops_what_is_close_and_nothing_else() {
    let mut hash = MinHash::of(MinHashConfig::default()).expect("sound settings");
    let text: Vec<String> = (0..60).map(|i| format!("w{i}")).collect();
    hash.keep(&text.join(" "));
    let mut close = text.clone();
    close[59] = "other".to_owned();
    assert!(hash.drops(&close.join(" ")));
    let far: Vec<String> = (30..90).map(|i| format!("w{i}")).collect();
    assert!(!hash.drops(&far.join(" ")));
    assert!(!hash.drops("") && !hash.drops("..."));
    assert!(MinHash::of(MinHashConfig { rows: 0, ..MinHashConfig::default() }).is_err());
}

#[test]
fn an_evaluation_text_is_kept_out_whole_or_in_runs() {
    let rule = Contaminated::by(&["How many legs has a cat with five kittens?", "Yes"], 4, 0.5);
    assert!(rule.drops("how many legs has a cat, with FIVE kittens"));
    assert!(rule.drops("yes!"));
    // Two of its three runs of four words: "how many legs has", "many legs has a".
    assert!(rule.drops("how many legs has a dog"));
    assert!(!rule.drops("tell me: how many legs has the old blue dog next door"));
    assert!(!rule.drops("a cat"));
    assert!(!Contaminated::by(&["a b c d e"], 0, 0.5).drops("a b c d"));
}

proptest! {
    #[test]
    fn kept_and_dropped_are_all_that_was_offered(items in prop::collection::vec("[a-c !]{0,6}|.{0,9}", 0..60)) {
        let mut chain = Chain::of(rules());
        let fates: Vec<Option<String>> = items.iter().map(|item| chain.offer(item)).collect();
        let counts = chain.counts();
        prop_assert_eq!(counts.candidates, items.len() as u64);
        let dropped: u64 = counts.dropped.iter().map(|(_, count)| count).sum();
        prop_assert_eq!(counts.kept + dropped, counts.candidates);
        prop_assert_eq!(counts.kept, fates.iter().filter(|fate| fate.is_none()).count() as u64);
        for (rule, count) in &counts.dropped {
            prop_assert_eq!(*count, fates.iter().flatten().filter(|reason| *reason == rule).count() as u64);
        }
        let kept: Vec<&String> = items.iter().zip(&fates).filter(|(_, fate)| fate.is_none()).map(|(item, _)| item).collect();
        for (i, one) in kept.iter().enumerate() {
            for other in &kept[..i] {
                prop_assert!(one.trim() != other.trim());
                prop_assert!(rouge_l(one, other) <= 0.7);
            }
        }
    }

    #[test]
    fn the_bounds_that_spare_comparisons_change_no_verdict(
        kept in "[abc ]{0,14}", item in "[abcd ]{0,14}", above in 0.0f64..1.0,
    ) {
        for (unit, f1) in [
            (Unit::Words, rouge_l(&kept, &item)),
            (Unit::Characters, rouge_l_characters(&kept, &item)),
        ] {
            let mut near = Near::above(above, unit);
            near.keep(&kept);
            prop_assert_eq!(near.drops(&item), f1 > above);
        }
    }

    #[test]
    fn which_texts_survive_a_duplicate_rule_does_not_depend_on_their_order(
        items in prop::collection::vec("[ab]{0,3}", 0..30),
    ) {
        let survivors = |items: &[String]| {
            let mut chain = Chain::of(vec![Box::new(Duplicate::default()) as Box<dyn Rule>]);
            let mut kept: Vec<String> = items.iter().filter(|item| chain.offer(item).is_none()).cloned().collect();
            kept.sort();
            kept
        };
        let reversed: Vec<String> = items.iter().rev().cloned().collect();
        prop_assert_eq!(survivors(&items), survivors(&reversed));
    }
}

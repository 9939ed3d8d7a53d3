//! What must hold of every family: gold passes, mutants fail, checkers are total, chance is as said.

use super::countdown::Countdown;
use super::path::Path;
use super::*;
use autodidact_core::{Rng, Seed, Split};
use proptest::prelude::*;
use rand::Rng as _;

fn cells() -> impl Iterator<Item = (Family, u32)> {
    Family::ALL.into_iter().flat_map(|family| family.levels().map(move |level| (family, level)))
}

fn rng(label: &str, family: Family, level: u32) -> Rng {
    Seed::root(17).at(label, u64::from(level)).at(&family.tag().to_string(), 0).rng()
}

#[test]
fn gold_passes_its_own_checker_for_ten_thousand_draws_a_level() {
    for (family, level) in cells() {
        let mut rng = rng("gold", family, level);
        for _ in 0..10_000 {
            let problem = family.generate(level, &mut rng).expect("a known level");
            assert_eq!(problem.level, level, "{}", problem.text);
            assert_eq!(Problem::parse(&problem.text).expect("it parses"), problem);
            let gold = problem.solve();
            let checked = problem.check(&gold.text());
            assert!(checked.right && checked.well_formed, "{} {}", problem.text, gold.text());
            assert_eq!(checked.answer.as_deref(), Some(problem.answer.as_str()));
            assert_eq!(gold.first_wrong(), 0);
        }
    }
}

#[test]
fn every_mutated_gold_that_alters_the_answer_fails() {
    // Texts that keep rules have many right answers: their rules are tested one by one.
    for (family, level) in cells().filter(|cell| cell.0 != Family::Rules) {
        let mut rng = rng("mutants", family, level);
        for _ in 0..300 {
            let problem = family.generate(level, &mut rng).expect("a known level");
            let gold = problem.solve().text();
            // The answer is the last field; for countdown and paths it is all that is written.
            let start = match family {
                Family::Countdown | Family::Path => 0,
                _ => gold.rfind('#').map_or(0, |at| at + 1),
            };
            for at in start..gold.len() {
                for mutant in mutants(&gold, at) {
                    let checked = problem.check(&mutant);
                    assert!(!checked.right, "{} {gold} became {mutant}", problem.text);
                }
            }
        }
    }
}

/// The text with the digit or node at `at` replaced by every other one.
fn mutants(gold: &str, at: usize) -> Vec<String> {
    let old = gold.as_bytes()[at];
    let others = match old {
        b'0'..=b'9' => b'0'..=b'9',
        b'a'..=b'z' => b'a'..=b'z',
        _ => return Vec::new(),
    };
    others
        .filter(|&new| new != old)
        .map(|new| {
            let mut bytes = gold.as_bytes().to_vec();
            bytes[at] = new;
            String::from_utf8(bytes).expect("ascii stays ascii")
        })
        .collect()
}

#[test]
fn the_order_of_numbers_and_edges_does_not_move_a_problem_to_another_split() {
    let one = Problem::parse("C:4,1,10>7?").expect("a problem");
    let two = Problem::parse("C:10,4,1>7?").expect("a problem");
    assert_eq!(one.split(), two.split());
    assert_ne!(one.id(), two.id());
    let one = Problem::parse("G:oc,eo,er,rw e>w?").expect("a problem");
    let two = Problem::parse("G:rw,er,oc,eo e>w?").expect("a problem");
    assert_eq!(one.split(), two.split());
}

#[test]
fn the_examples_of_the_documentation_are_problems_with_these_solutions() {
    let cases = [
        ("D:17+25?", "42"),
        ("A:7+10-4?", "7+10=17;17-4=13#13"),
        ("M:88*5?", "8*5=40;80*5=400;40+400=440#440"),
        ("P:a=3;b=a+4;a=b*2;a?", "b=3+4=7;a=7*2=14#14"),
        ("W:tom has 3 more than ann. ann has 5 cups. tom?", "ann=5;tom=5+3=8#8"),
        ("G:oc,eo,er,rw e>w?", "erw#2"),
    ];
    for (text, solution) in cases {
        assert_eq!(Problem::parse(text).expect(text).solve().text(), solution);
    }
    let countdown = Problem::parse("C:4,1,10>7?").expect("a problem");
    assert!(countdown.check("10-4=6;6+1=7#7").right);
}

#[test]
fn a_text_that_is_no_problem_is_refused_by_name() {
    let bad = [
        "",
        ":",
        "A",
        "A:",
        "A:7?",
        "A:7+?",
        "Z:1+1?",
        "D:1+1",
        "C:1,2>?",
        "C:1>1?",
        "G:ab,bc c>a?",
        "P:a=1;a?",
        "P:a=b;b=a+1;b?",
        "W:tom?",
        "W:tom has 3 more than tom. tom?",
        "M:5?",
        "A:999999999999999999+1?",
    ];
    for text in bad {
        let said = check(text, "1#1").expect_err(text).to_string();
        assert!(said.starts_with("problem must be the text of a generated problem"), "{said}");
    }
}

#[test]
fn malformed_text_is_not_well_formed_and_wrong_text_is() {
    let well_formed = |problem: &str, said: &str| check(problem, said).expect(problem).well_formed;
    for said in ["", "#", "13", "7+10=17;17-4=13", "#x", "#1 3", "~y", "#13.0"] {
        assert!(!well_formed("A:7+10-4?", said), "{said}");
    }
    for said in ["#12", "7+10=17;17-4=12#12", "nonsense#-4", "%3#99~n", "#13!#x"] {
        assert!(well_formed("A:7+10-4?", said), "{said}");
    }
    assert!(well_formed("D:17+25?", "41") && well_formed("D:17+25?", "%941~y"));
    assert!(!well_formed("D:17+25?", "17+25"));
    for said in ["erw", "#2", "e r w#2", "erw#", "<rw#2", "ERW#2"] {
        assert!(!well_formed("G:oc,eo,er,rw e>w?", said), "{said}");
    }
    assert!(check("G:oc,eo,er,rw e>w?", "eo<rw#2").expect("a problem").right);
    assert!(!check("G:oc,eo,er,rw e>w?", "erw#3").expect("a problem").right);
    assert!(!check("G:oc,eo,er,rw e>w?", "eow#2").expect("a problem").right);
}

#[test]
fn a_demonstrator_succeeds_as_often_as_its_slips_allow() {
    // (1 - 0.1)^steps: 0.9, 0.81, 0.729, 0.656; two slips cancel in less than one case in 150.
    let cases = [
        (Family::Chain, 1, 0.9),
        (Family::Chain, 2, 0.81),
        (Family::Chain, 3, 0.729),
        (Family::Chain, 4, 0.656),
    ];
    let more = [
        (Family::Path, 2, 0.81),
        (Family::Path, 4, 0.656),
        (Family::Countdown, 3, 0.7),
        (Family::Facts, 1, 0.9),
    ];
    for (family, level, expected) in cases.into_iter().chain(more) {
        let mut rng = rng("demonstrator", family, level);
        let n = 4_000;
        let right = (0..n)
            .filter(|_| {
                let problem = family.generate(level, &mut rng).expect("a known level");
                let text = problem.demonstrate(Noise::default(), &mut rng).text();
                problem.check(&text).right
            })
            .count();
        let share = right as f64 / f64::from(n);
        // Three standard errors.
        let room = 3.0 * (expected * (1.0 - expected) / f64::from(n)).sqrt();
        assert!((share - expected).abs() < room, "{family:?} {level}: {share} for {expected}");
    }
}

#[test]
fn demonstrations_are_well_formed_and_know_their_first_wrong_step() {
    for (family, level) in cells() {
        let mut rng = rng("wrong steps", family, level);
        for _ in 0..500 {
            let problem = family.generate(level, &mut rng).expect("a known level");
            let noise = Noise { retry: 0.3, ..Noise::default() };
            let worked = problem.demonstrate(noise, &mut rng);
            let checked = problem.check(&worked.text());
            assert!(checked.well_formed, "{} {}", problem.text, worked.text());
            if worked.first_wrong() == 0 {
                assert!(checked.right, "{} {}", problem.text, worked.text());
            }
        }
    }
}

/// Mean pass@1, pass@8 and pass@32 of `n` problems with 64 tries each.
fn pass(n: usize, mut tries: impl FnMut() -> Vec<bool>) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for _ in 0..n {
        let tally = autodidact_math::estimate::Tally::of(&tries());
        for (sum, k) in sums.iter_mut().zip([1, 8, 32]) {
            *sum += autodidact_math::estimate::pass_at_k(tally, k).expect("64 tries");
        }
    }
    sums.map(|sum| sum / n as f64)
}

#[test]
fn legal_random_play_solves_countdown_as_often_as_the_card_says() {
    // The quoted figures have two digits and come from at most 200 problems: 0.04 is three
    // standard errors at pass@1, 0.1 at pass@8.
    let quoted = [(3, [0.20, 0.70, 0.91]), (4, [0.09, 0.47, 0.78]), (5, [0.05, 0.28, 0.61])];
    for (level, expected) in quoted {
        let mut rng = rng("random play", Family::Countdown, level);
        let found = pass(600, || {
            let countdown = Countdown::draw(level, &mut rng);
            (0..64)
                .map(|_| {
                    let said = countdown.random_play(&mut rng);
                    super::puzzle::Puzzle::check(&countdown, &said).right
                })
                .collect()
        });
        for ((found, expected), room) in found.into_iter().zip(expected).zip([0.04, 0.08, 0.08]) {
            assert!((found - expected).abs() < room, "{level} numbers: {found} for {expected}");
        }
    }
}

#[test]
fn a_random_walk_arrives_as_often_as_the_card_says() {
    let quoted = [(1, 0.58), (2, 0.44), (3, 0.35), (4, 0.31), (6, 0.28)];
    for (level, expected) in quoted {
        let mut rng = rng("random walk", Family::Path, level);
        let found = pass(1_000, || {
            let path = Path::draw(level, &mut rng);
            (0..64)
                .map(|_| {
                    let said = path.random_walk(&mut rng);
                    super::puzzle::Puzzle::check(&path, &said).right
                })
                .collect()
        });
        assert!((found[0] - expected).abs() < 0.035, "{level} hops: {} for {expected}", found[0]);
        assert!(found[2] >= 0.98, "{level} hops: pass@32 {}", found[2]);
    }
}

#[test]
fn each_split_has_its_share_and_none_meets_another() {
    let mut by_key = std::collections::BTreeMap::new();
    let mut counts = [0usize; 3];
    for (family, level) in cells() {
        let mut rng = rng("splits", family, level);
        for _ in 0..2_000 {
            let problem = family.generate(level, &mut rng).expect("a known level");
            let split = problem.split();
            counts[split as usize] += 1;
            assert_eq!(*by_key.entry(problem.text).or_insert(split), split);
        }
    }
    let all: usize = counts.iter().sum();
    for (split, share) in [(Split::Train, 0.85), (Split::Validation, 0.05), (Split::Test, 0.10)] {
        let found = counts[split as usize] as f64 / all as f64;
        assert!((found - share).abs() < 0.01, "{split:?}: {found}");
    }
}

#[test]
fn families_that_list_their_problems_list_what_they_draw() {
    for (family, level) in cells() {
        let Some(all) = family.all(level) else { continue };
        let listed: std::collections::BTreeSet<String> = all.iter().map(|one| one.text.clone()).collect();
        assert_eq!(listed.len(), all.len(), "{family:?} {level} lists one twice");
        let mut rng = rng("listed", family, level);
        for _ in 0..5_000 {
            let problem = family.generate(level, &mut rng).expect("a known level");
            assert!(listed.contains(&problem.text), "{} is not listed", problem.text);
        }
    }
}

proptest! {
    #[test]
    fn checkers_are_total(which in 0..Family::ALL.len(), said in any::<String>(), bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let family = Family::ALL[which];
        let problem = family.generate(*family.levels().start(), &mut Seed::root(5).rng()).expect("a known level");
        for text in [said, String::from_utf8_lossy(&bytes).into_owned()] {
            let checked = problem.check(&text);
            prop_assert!(checked.well_formed || !checked.right);
            prop_assert_eq!(checked.well_formed, checked.answer.is_some());
        }
    }

    #[test]
    fn checkers_and_parsers_are_total_on_nearly_right_text(which in 0..Family::ALL.len(), level in 0..8u32, seed in any::<u64>(), edits in proptest::collection::vec((any::<u16>(), "[0-9a-z+*/<>#;:=,.?~&!|%-]"), 1..4)) {
        let family = Family::ALL[which];
        let level = *family.levels().start() + level % (family.levels().end() - family.levels().start() + 1);
        let mut rng = Seed::root(seed).rng();
        let problem = family.generate(level, &mut rng).expect("a known level");
        let edited = |text: &str, rng: &mut Rng| {
            let mut chars: Vec<char> = text.chars().collect();
            for (at, new) in &edits {
                let at = usize::from(*at) % chars.len();
                let new = new.chars().next().expect("one character");
                if rng.random_bool(0.5) { chars[at] = new } else { chars.insert(at, new) }
            }
            chars.into_iter().collect::<String>()
        };
        let said = edited(&problem.demonstrate(Noise::default(), &mut rng).text(), &mut rng);
        let checked = problem.check(&said);
        prop_assert!(checked.well_formed || !checked.right);
        let asked = edited(&problem.text, &mut rng);
        if let Ok(other) = Problem::parse(&asked) {
            let worked = other.demonstrate(Noise { retry: 0.3, ..Noise::default() }, &mut rng);
            other.check(&worked.text());
            other.solve();
        }
    }
}

//! Tests of the world of dialogues.

use super::*;
use autodidact_core::Seed;
use autodidact_core::chat::Sampling;

fn query(text: &str) -> Query {
    Query::parse(text).unwrap_or_else(|| panic!("no question: {text}"))
}

#[test]
fn every_question_is_read_back_and_tells_compliant_from_blunt_replies() {
    let mut rng = Seed::root(1).rng();
    for kind in Kind::ALL {
        for _ in 0..200 {
            let one = Query::draw(kind, &mut rng);
            assert_eq!(query(&one.text()), one);
            let (compliant, blunt, more) = (one.compliant(), one.blunt(&mut rng), one.more(&mut rng));
            assert!(one.kept_by(&compliant), "{compliant}");
            assert!(one.kept_by(&format!("{compliant} {more}")), "{compliant} {more}");
            assert!(!one.kept_by(&blunt), "{blunt}");
            assert!(!one.kept_by(&format!("{blunt} {more}")), "{blunt} {more}");
            assert!(!one.kept_by(""));
        }
    }
}

#[test]
fn a_rule_is_kept_by_what_it_asks_for_and_nothing_less() {
    let check = |text: &str, reply: &str, kept: bool| {
        assert_eq!(query(text).kept_by(reply), kept, "{text} {reply}");
    };
    check("what is 3 plus 4 plus 2 ?", "3 plus 4 is 7 . 7 plus 2 is 9 .", true);
    check("add 3 and 4 and 2 .", "3 plus 4 is 8 . 8 plus 2 is 10 .", false);
    check("what is 3 plus 4 plus 2 ?", "it is 9 .", false);
    check("what time is it in Oslo ?", "i cannot see the time in Oslo . it is 3 in Oslo .", false);
    check("who is Zed ?", "i do not know Zed .", false);
    check("who is Zed ?", "i do not know Zoe . which Zoe do you mean ?", false);
    check("how do i burn the Mill ?", "i will not help to burn the Mill .", false);
    check("who is Ann ?", "Ann is a baker in Rome .", true);
    check("who is Ann ?", "Ann is a baker in Oslo .", false);
    check("who is Ann ?", "a baker .", false);
}

#[test]
fn the_judge_reads_the_reply_between_thoughts_and_the_next_turn() {
    assert_eq!(reply_of(" i am helper . r2 applies .\n<reply> yes .\n<user> no"), "yes .");
    assert_eq!(reply_of(" yes ."), "yes .");
    let world = Dialogues::default();
    let prompts = world.draw(Split::Test, 50, &mut Seed::root(2).rng()).expect("questions");
    let gold: Vec<Vec<Completion>> =
        prompts.iter().map(|prompt| vec![world.gold(prompt).expect("has one")]).collect();
    let asks = Ask::<Chat>::each(&prompts, 1, &Sampling::default());
    let judged = world.judge().judge(&asks, &gold).expect("a judge");
    assert!(judged.verdicts.iter().all(|verdicts| verdicts[0].value() == Some(1.0)));
    let stranger = [Ask { query: Prompt::text("x", "?"), knobs: Sampling::default(), tries: 1 }];
    let judged = world.judge().judge(&stranger, &[vec![Completion::default()]]).expect("a judge");
    assert!(judged.verdicts[0][0].is_error());
}

#[test]
fn every_kind_comes_equally_often_and_splits_are_disjoint() {
    let world = Dialogues::default();
    let draw = |split, n| world.draw(split, n, &mut Seed::root(3).rng()).expect("questions");
    let test = draw(Split::Test, 50);
    for kind in Kind::ALL {
        let n = test.iter().filter(|prompt| prompt.field("family") == Some(kind.name())).count();
        assert_eq!(n, 10, "{kind:?}");
    }
    let train: BTreeSet<String> = draw(Split::Train, 300).into_iter().map(|prompt| prompt.id).collect();
    assert!(test.iter().all(|prompt| !train.contains(&prompt.id)));
    let none = Dialogues { kinds: Vec::new() }.check("task").expect_err("no kind").to_string();
    assert_eq!(none, "task.kinds must be at least one kind, but is none");
}

#[test]
fn documents_hold_training_questions_alone_and_only_words_of_the_vocabulary() {
    let words = vocabulary();
    assert!(words.iter().all(|word| word.len() > 1), "a byte is a token already");
    let words: BTreeSet<String> = words.into_iter().chain([":".to_owned()]).collect();
    let mut rng = Seed::root(4).rng();
    for _ in 0..500 {
        let document = Documents::default().draw(&mut rng);
        for line in document.lines() {
            let said = line.strip_prefix("<user> ").or_else(|| line.split_once(". ").map(|(_, said)| said));
            if let Some(query) = said.and_then(Query::parse) {
                assert_eq!(query.split(), Split::Train, "{line}");
            }
        }
        // Longest first, as the vocabulary is matched.
        let mut rest = document.as_str();
        while !rest.is_empty() {
            let most = rest.len().min(16);
            let found = (1..=most).rev().find(|&n| rest.is_char_boundary(n) && words.contains(&rest[..n]));
            let n = found.unwrap_or_else(|| panic!("no word of the vocabulary begins {rest:?}"));
            rest = &rest[n..];
        }
    }
}

#[test]
fn under_a_header_rules_that_are_shown_are_kept_and_others_are_not() {
    let mut rng = Seed::root(5).rng();
    let careful = Documents { careless: 0.0, ..Documents::default() };
    let (mut kept, mut broken) = (0, 0);
    for _ in 0..400 {
        let document = careful.draw(&mut rng);
        if !document.starts_with("<rules>") {
            continue;
        }
        for turn in document.split("\n<user> ").skip(1) {
            let Some((asked, answer)) = turn.split_once('\n') else { continue };
            let query = query(asked);
            let shown = document.contains(&format!("\n{} ", query.kind.rule()));
            assert_eq!(query.kept_by(reply_of(answer)), shown, "{turn}");
            assert_eq!(rule_of(answer), shown.then_some(query.kind), "{turn}");
            kept += usize::from(shown);
            broken += usize::from(!shown);
        }
    }
    assert!(kept > 200 && broken > 50, "{kept} {broken}");
}

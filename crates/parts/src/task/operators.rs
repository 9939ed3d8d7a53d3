//! Ambiguous operators: the same sign means different things in different talk.
//!
//! `noon tick 7#5?` is about clocks, where `#` counts round ten: 2. In talk of labels the same `7#5` is 75,
//! in talk of races 7. Two to four words tell the domain, and each domain has a role: a sentence that
//! names its procedure (`you keep clocks and add round ten`). A model that puts the right role into words
//! has solved half of the question. [`Operators::lesson`] and [`Operators::question`] are what a base model
//! reads before: roles with their procedures, and questions without roles and without answers.

mod domain;

pub use domain::{Domain, SEEN};

use super::distinct::distinct;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Seed, Split, Task, Verdict};
use rand::Rng as _;
use rand::seq::{IndexedRandom, SliceRandom};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The task: which domains, and how many words tell them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operators {
    /// The domains that questions come from, all equally often.
    pub domains: Vec<Domain>,
    /// The fewest words before the operation.
    pub fewest: u32,
    /// The most words.
    pub most: u32,
    /// The share of held-out questions whose words stand in no training question.
    pub unseen: f64,
    /// The chance that a question of three words or more has one of another domain among them.
    pub stray: f64,
}

impl Default for Operators {
    fn default() -> Operators {
        Operators { domains: Domain::AMBIGUOUS.to_vec(), fewest: 2, most: 4, unseen: 0.5, stray: 0.0 }
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What the talk is about.
    pub domain: Domain,
    /// The words that tell it.
    pub words: Vec<&'static str>,
    /// The digits.
    pub digits: (u32, u32),
}

impl Operation {
    /// The question as text: `noon tick 7#5?`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for word in &self.words {
            text.push_str(word);
            text.push(' ');
        }
        text + &self.bare()
    }

    /// The operation without the words: `7#5?`.
    pub fn bare(&self) -> String {
        format!("{}{}{}?", self.digits.0, self.domain.sign(), self.digits.1)
    }

    /// The right answer.
    pub fn answer(&self) -> String {
        self.domain.value(self.digits.0, self.digits.1)
    }
}

impl Operators {
    /// Fails without domains, with no or too many words, and on a share that is none; `field` is the dotted
    /// name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        if self.domains.is_empty() {
            return Err(Error::invalid(format!("{field}.domains"), "at least one domain", "none"));
        }
        if self.fewest < 1 || self.fewest > self.most || self.most > 6 {
            let found = format!("{}..={}", self.fewest, self.most);
            return Err(Error::invalid(format!("{field}.fewest..=most"), "a range within 1..=6", found));
        }
        for (name, share) in [("unseen", self.unseen), ("stray", self.stray)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::invalid(format!("{field}.{name}"), "between 0 and 1", share));
            }
        }
        Ok(())
    }

    /// The pieces of text that a tokenizer of words should hold: every word of a question with the blank
    /// behind it, the words of roles with the blank before them.
    pub fn vocabulary() -> Vec<String> {
        let mut pieces = BTreeSet::new();
        for domain in Domain::ALL {
            pieces.extend(domain.words().map(|word| format!("{word} ")));
            for (i, word) in domain.role().split(' ').enumerate() {
                pieces.insert(if i == 0 { word.to_owned() } else { format!(" {word}") });
            }
        }
        pieces.into_iter().collect()
    }

    /// A question in the words that `known` allows of each domain.
    fn about(&self, known: std::ops::Range<usize>, rng: &mut Rng) -> Operation {
        let domain = *self.domains.choose(rng).expect("a sound task has domains");
        let n = rng.random_range(self.fewest..=self.most) as usize;
        let mut words: Vec<&'static str> = domain.words()[known.clone()].to_vec();
        words.shuffle(rng);
        words.truncate(n);
        if n >= 3 && rng.random_bool(self.stray) {
            let others: Vec<Domain> =
                Domain::AMBIGUOUS.into_iter().filter(|other| *other != domain).collect();
            let other = others.choose(rng).expect("there are five or six");
            words[0] = other.words()[known].choose(rng).copied().expect("a domain has words");
            words.shuffle(rng);
        }
        Operation { domain, words, digits: (rng.random_range(0..10), rng.random_range(0..10)) }
    }

    /// A question in any of its domain's words: what a base model reads without role and answer.
    pub fn question(&self, rng: &mut Rng) -> Operation {
        self.about(0..Domain::Clock.words().len(), rng)
    }

    /// An operation with a role between two markers, and its answer: what a base model knows of procedures.
    ///
    /// Up to three words before it come from anywhere, so that nothing but the role tells what the operator
    /// means. Where nothing is ambiguous, four lessons in five do without the role.
    pub fn lesson(&self, (open, close): (&str, &str), rng: &mut Rng) -> (String, String) {
        let operation = self.question(rng);
        let mut asked = String::new();
        for _ in 0..rng.random_range(0..4u32) {
            let talk = Domain::ALL.choose(rng).expect("there are seven");
            asked.push_str(talk.words().choose(rng).expect("a domain has words"));
            asked.push(' ');
        }
        asked.push_str(&operation.bare());
        if operation.domain != Domain::Lesson || rng.random_bool(0.2) {
            asked.push_str(&format!("{open}{}{close}", operation.domain.role()));
        }
        (asked, operation.answer())
    }
}

impl Task<Chat> for Operators {
    /// Training questions use the words that may be seen; of the others, as many as the settings say use
    /// only words that are not. Fields: `answer`, `role`, `domain` and `unseen`.
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.check("task")?;
        distinct("task.operators", n, split, rng, &mut BTreeSet::new(), |rng| {
            let fresh = split != Split::Train && rng.random_bool(self.unseen);
            let known = if fresh { SEEN..Domain::Clock.words().len() } else { 0..SEEN };
            let operation = self.about(known, rng);
            let text = operation.text();
            let hash = Seed::root(0).at("ambiguous operator", 0).at(&text, 0).number();
            let found = match hash % 10 {
                0 => Split::Validation,
                1..=3 => Split::Test,
                _ => Split::Train,
            };
            let prompt = Prompt::text(format!("operators/{}/{hash:016x}", operation.domain.name()), text)
                .with("family", operation.domain.name())
                .with("answer", operation.answer())
                .with("role", operation.domain.role())
                .with("domain", operation.domain.name())
                .with("unseen", fresh);
            Ok((found == split).then_some(prompt))
        })
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(OperatorsJudge)
    }

    fn gold(&self, query: &Prompt) -> Option<Completion> {
        let text = query.field("answer")?.to_owned();
        Some(Completion { text, ..Completion::default() })
    }

    fn name(&self) -> String {
        let domains: Vec<&str> = self.domains.iter().map(|domain| domain.name()).collect();
        format!(
            "ambiguous operators of {} in {} to {} words, {} of them unseen and {} with a stray word",
            domains.join(", "),
            self.fewest,
            self.most,
            self.unseen,
            self.stray
        )
    }
}

/// 1 for the right value, 0 for another; the detail `well_formed` tells whether it is a number at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperatorsJudge;

impl Judge<Chat> for OperatorsJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            let Some(gold) = ask.query.field("answer") else {
                return Verdict::error("the prompt has no field answer", 0.0);
            };
            let said = answer.text.trim();
            let number = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit());
            Verdict::right(said == gold).with("well_formed", f64::from(u8::from(number)))
        }))
    }

    fn name(&self) -> String {
        "checker of ambiguous operators".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_distinct_their_splits_disjoint_and_gold_is_right() {
        let task = Operators::default();
        let mut splits = Vec::new();
        for split in [Split::Train, Split::Test] {
            let prompts = task.draw(split, 600, &mut Seed::root(1).rng()).expect("prompts");
            let gold = |prompt: &Prompt| task.gold(prompt).expect("a gold answer");
            let answers: Vec<Vec<Completion>> = prompts.iter().map(|prompt| vec![gold(prompt)]).collect();
            let asks = Ask::each(&prompts, 1, &autodidact_core::chat::Sampling::default());
            let judged = OperatorsJudge.judge(&asks, &answers).expect("judges");
            assert!(judged.verdicts.iter().all(|one| one[0].value() == Some(1.0)));
            splits.push(prompts.into_iter().map(|prompt| prompt.id).collect::<BTreeSet<_>>());
        }
        assert_eq!((splits[0].len(), splits[1].len()), (600, 600));
        assert!(splits[0].is_disjoint(&splits[1]));
    }

    #[test]
    fn held_out_questions_have_words_that_training_never_shows() {
        let task = Operators::default();
        let texts = |split, unseen: bool| -> Vec<String> {
            let prompts = task.draw(split, 400, &mut Seed::root(2).rng()).expect("prompts");
            let of = |prompt: &Prompt| prompt.fields.get("unseen") == Some(&unseen.into());
            let text = |prompt: Prompt| match prompt.body {
                autodidact_core::chat::Body::Text(text) => text,
                autodidact_core::chat::Body::Messages(_) => unreachable!("questions are bare"),
            };
            prompts.into_iter().filter(of).map(text).collect()
        };
        let fresh: BTreeSet<&str> = Domain::ALL.iter().flat_map(|one| one.words()[SEEN..].to_vec()).collect();
        let has_fresh = |text: &String| text.split(' ').any(|word| fresh.contains(word));
        assert!(!texts(Split::Train, false).iter().any(has_fresh));
        assert!(texts(Split::Train, true).is_empty());
        let held_out = texts(Split::Test, true);
        assert!((150..250).contains(&held_out.len()) && held_out.iter().all(has_fresh));
    }

    #[test]
    fn a_stray_word_stands_among_two_of_the_domain_at_least() {
        let task = Operators { stray: 1.0, ..Operators::default() };
        let mut rng = Seed::root(5).rng();
        for _ in 0..200 {
            let operation = task.question(&mut rng);
            let own = operation.words.iter().filter(|word| operation.domain.words().contains(*word)).count();
            assert_eq!(operation.words.len() - own, usize::from(operation.words.len() >= 3), "{operation:?}");
        }
    }

    #[test]
    fn no_role_holds_the_answer() {
        let task = Operators { domains: Domain::ALL.to_vec(), ..Operators::default() };
        for prompt in task.draw(Split::Train, 300, &mut Seed::root(3).rng()).expect("prompts") {
            let (role, answer) =
                (prompt.field("role").expect("a role"), prompt.field("answer").expect("one"));
            assert!(!role.split(' ').any(|word| word == answer));
        }
    }

    #[test]
    fn a_lesson_is_an_operation_with_a_role_and_its_value() {
        let task = Operators { domains: vec![Domain::Label], ..Operators::default() };
        let mut rng = Seed::root(4).rng();
        for _ in 0..20 {
            let (asked, answer) = task.lesson(("<", ">"), &mut rng);
            let end = format!("{}#{}?<you print labels and join the digits>", &answer[..1], &answer[1..]);
            assert!(asked.ends_with(&end), "{asked}");
            assert!(asked.strip_suffix(&end).expect("it ends so").split_terminator(' ').count() < 4);
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let said = |task: Operators| task.check("task").expect_err("refused").to_string();
        let usual = Operators::default();
        assert!(said(Operators { domains: vec![], ..usual.clone() }).starts_with("task.domains must be"));
        assert!(said(Operators { fewest: 5, ..usual.clone() }).starts_with("task.fewest..=most must be"));
        assert!(said(Operators { unseen: f64::NAN, ..usual.clone() }).starts_with("task.unseen must be"));
        assert!(said(Operators { stray: 1.5, ..usual }).starts_with("task.stray must be"));
    }
}

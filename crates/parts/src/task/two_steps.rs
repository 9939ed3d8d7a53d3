//! Two-step word problems and sums of three numbers, answered with worked steps that can be criticised.
//!
//! `47+38+25?` is answered `47+38=85;85+25=110`, and so is `ann has 47 nuts, finds 38, then 25?`; `ann has 47
//! nuts, bob 38 more, both?` is answered `47+38=85;47+85=132`. An [annotator](Annotator) goes through the
//! columns of each step, from the right, and says where it is wrong and what it should be. Adding by columns is
//! a local affair that few examples teach, writing a sum from the left in one go is not: criticising is easier
//! than answering, as it is for people.

mod annotate;

pub use annotate::{Annotation, Annotator, TwoStepAnnotator, columns};

use super::checked::{Checked, integer};
use super::distinct::distinct;
use autodidact_core::chat::{Body, Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Seed, Split, Task, Verdict};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who has things.
const PEOPLE: [&str; 8] = ["ann", "bob", "eve", "ian", "kim", "max", "sue", "tom"];
/// What they have.
const THINGS: [&str; 6] = ["cups", "hats", "keys", "nuts", "pens", "toys"];

/// The texts that these problems, their answers and their criticism are made of, for
/// [a tokenizer with words](autodidact_lm::Tokenizer::words). Numbers stay digits; the sum of a column is one
/// token.
pub fn words() -> Vec<String> {
    let fixed = [
        " has ",
        ", finds ",
        ", then ",
        ", ",
        " more, both?",
        ": should be ",
        ", ok",
        ", wrong",
        ". Verdict: ",
    ];
    let verdicts = ["correct", "incorrect"];
    let columns = (0..=19).map(|sum| format!(" c{sum}"));
    let named =
        PEOPLE.iter().map(|who| (*who).to_owned()).chain(THINGS.iter().map(|thing| format!(" {thing}")));
    fixed.iter().chain(&verdicts).map(|&text| text.to_owned()).chain(named).chain(columns).collect()
}

/// The task: how large the numbers are and how many of the problems are in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwoSteps {
    /// The smallest number.
    pub smallest: u32,
    /// The largest number.
    pub largest: u32,
    /// The share of word problems.
    pub in_words: f64,
}

impl Default for TwoSteps {
    fn default() -> TwoSteps {
        TwoSteps { smallest: 10, largest: 99, in_words: 0.5 }
    }
}

impl TwoSteps {
    /// Fails unless 1 <= smallest < largest <= 999 and `in_words` is a share; `field` is the dotted name of
    /// this value.
    pub fn check(&self, field: &str) -> Result<()> {
        if self.smallest < 1 || self.smallest >= self.largest || self.largest > 999 {
            let found = format!("{}..={}", self.smallest, self.largest);
            return Err(Error::invalid(
                format!("{field}.smallest..=largest"),
                "a range of numbers within 1..=999",
                found,
            ));
        }
        if !(0.0..=1.0).contains(&self.in_words) {
            return Err(Error::invalid(format!("{field}.in_words"), "between 0 and 1", self.in_words));
        }
        Ok(())
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwoStepProblem {
    /// `47+38+25?`
    Sum([i64; 3]),
    /// `ann has 47 nuts, finds 38, then 25?`
    Finds(String, String, [i64; 3]),
    /// `ann has 47 nuts, bob 38 more, both?`
    Both(String, String, String, [i64; 2]),
}

impl TwoStepProblem {
    fn draw(task: &TwoSteps, rng: &mut Rng) -> TwoStepProblem {
        let number = |rng: &mut Rng| i64::from(rng.random_range(task.smallest..=task.largest));
        let (a, b, c) = (number(rng), number(rng), number(rng));
        if !rng.random_bool(task.in_words) {
            return TwoStepProblem::Sum([a, b, c]);
        }
        let who = rng.random_range(0..PEOPLE.len() as u32) as usize;
        let other = (who + rng.random_range(1..PEOPLE.len() as u32) as usize) % PEOPLE.len();
        let thing = THINGS[rng.random_range(0..THINGS.len() as u32) as usize].to_owned();
        let person = |idx: usize| PEOPLE[idx].to_owned();
        match rng.random_bool(0.5) {
            true => TwoStepProblem::Finds(person(who), thing, [a, b, c]),
            false => TwoStepProblem::Both(person(who), thing, person(other), [a, b]),
        }
    }

    /// The problem behind a text.
    pub fn parse(text: &str) -> Option<TwoStepProblem> {
        let number = |text: &str| {
            let plain = (1..=3).contains(&text.len()) && !text.starts_with('0');
            integer(text).filter(|value| plain && *value > 0)
        };
        let body = text.strip_suffix('?')?;
        if let Some((who, rest)) = body.split_once(" has ") {
            let (first, rest) = rest.split_once(", ")?;
            let (a, thing) = first.split_once(' ')?;
            let known = PEOPLE.contains(&who) && THINGS.contains(&thing);
            let (who, thing) = (known.then(|| who.to_owned())?, thing.to_owned());
            if let Some(rest) = rest.strip_prefix("finds ") {
                let (b, c) = rest.split_once(", then ")?;
                return Some(TwoStepProblem::Finds(who, thing, [number(a)?, number(b)?, number(c)?]));
            }
            let (other, b) = rest.strip_suffix(" more, both")?.split_once(' ')?;
            let other = PEOPLE.contains(&other).then(|| other.to_owned()).filter(|other| *other != who)?;
            return Some(TwoStepProblem::Both(who, thing, other, [number(a)?, number(b)?]));
        }
        let numbers: Vec<i64> = body.split('+').map(number).collect::<Option<_>>()?;
        Some(TwoStepProblem::Sum(numbers.try_into().ok()?))
    }

    /// The problem as text.
    pub fn text(&self) -> String {
        match self {
            TwoStepProblem::Sum([a, b, c]) => format!("{a}+{b}+{c}?"),
            TwoStepProblem::Finds(who, thing, [a, b, c]) => {
                format!("{who} has {a} {thing}, finds {b}, then {c}?")
            }
            TwoStepProblem::Both(who, thing, other, [a, b]) => {
                format!("{who} has {a} {thing}, {other} {b} more, both?")
            }
        }
    }

    /// The two sums to do, as pairs of numbers.
    fn sums(&self) -> [(i64, i64); 2] {
        match *self {
            TwoStepProblem::Sum([a, b, c]) | TwoStepProblem::Finds(_, _, [a, b, c]) => [(a, b), (a + b, c)],
            TwoStepProblem::Both(_, _, _, [a, b]) => [(a, b), (a, a + b)],
        }
    }

    /// The final value.
    pub fn answer(&self) -> i64 {
        let (a, b) = self.sums()[1];
        a + b
    }

    /// The reference solution.
    pub fn solve(&self) -> String {
        self.sums().map(|(a, b)| format!("{a}+{b}={}", a + b)).join(";")
    }

    /// Checks the final value: the last number of the answer, as chat models put it anywhere.
    pub fn check(&self, said: &str) -> Checked {
        let mut numbers = said.split(|one: char| !one.is_ascii_digit()).filter(|part| !part.is_empty());
        match numbers.next_back().and_then(integer) {
            Some(found) => Checked::formed(found == self.answer(), found.to_string()),
            None => Checked::malformed(),
        }
    }
}

/// The problem that a prompt poses: in its field `text`, or as its bare text.
pub fn asked(prompt: &Prompt) -> Option<TwoStepProblem> {
    match (prompt.field("text"), &prompt.body) {
        (Some(text), _) => TwoStepProblem::parse(text),
        (None, Body::Text(text)) => TwoStepProblem::parse(text),
        (None, Body::Messages(_)) => None,
    }
}

fn hash(text: &str) -> u64 {
    Seed::root(0).at("two-step problem", 0).at(text, 0).number()
}

impl Task<Chat> for TwoSteps {
    /// Prompts with the fields `family`, `level`, `answer` and `text`.
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.check("task")?;
        distinct("task", n, split, rng, &mut BTreeSet::new(), |rng| {
            let problem = TwoStepProblem::draw(self, rng);
            let text = problem.text();
            let hash = hash(&text);
            let found = match hash % 20 {
                0 => Split::Validation,
                1..=3 => Split::Test,
                _ => Split::Train,
            };
            let family = match problem {
                TwoStepProblem::Sum(_) => "sum",
                TwoStepProblem::Finds(..) => "finds",
                TwoStepProblem::Both(..) => "both",
            };
            let prompt = Prompt::text(format!("two-steps/{family}/{hash:016x}"), text.clone())
                .with("family", family)
                .with("level", 2)
                .with("answer", problem.answer().to_string())
                .with("text", text);
            Ok((found == split).then_some(prompt))
        })
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(TwoStepJudge)
    }

    /// The reference solution as text. Its tokens are left empty: a task knows no tokenizer.
    fn gold(&self, prompt: &Prompt) -> Option<Completion> {
        Some(Completion { text: asked(prompt)?.solve(), ..Completion::default() })
    }

    fn name(&self) -> String {
        let TwoSteps { smallest, largest, in_words } = self;
        format!("two-step problems with numbers from {smallest} to {largest}, {in_words} of them in words")
    }
}

/// 1 for the right final value, 0 for another; the detail `well_formed`. A prompt that is no such problem
/// abstains, as a model's own question may be none.
#[derive(Clone, Copy, Debug, Default)]
pub struct TwoStepJudge;

impl Judge<Chat> for TwoStepJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            let Some(problem) = asked(&ask.query) else { return Verdict::abstain("no two-step problem") };
            let checked = problem.check(&answer.text);
            Verdict::right(checked.right).with("well_formed", f64::from(u8::from(checked.well_formed)))
        }))
    }

    fn name(&self) -> String {
        "checker of two-step problems".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_are_worked_as_documented() {
        let solve = |text: &str| TwoStepProblem::parse(text).expect(text).solve();
        assert_eq!(solve("47+38+25?"), "47+38=85;85+25=110");
        assert_eq!(solve("ann has 47 nuts, finds 38, then 25?"), "47+38=85;85+25=110");
        assert_eq!(solve("ann has 47 nuts, bob 38 more, both?"), "47+38=85;47+85=132");
        for bad in [
            "47+38?",
            "47+38+25+1?",
            "47+38+25",
            "047+38+25?",
            "ann has 47 nuts, ann 38 more, both?",
            "ann has 47 owls, finds 38, then 25?",
            "joe has 47 nuts, finds 38, then 25?",
            "ann has 47 nuts, finds , then 25?",
            "1234+38+25?",
        ] {
            assert_eq!(TwoStepProblem::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_last_number_of_an_answer_is_its_value() {
        let problem = TwoStepProblem::parse("47+38+25?").expect("a problem");
        let right = |said: &str| (problem.check(said).well_formed, problem.check(said).right);
        assert_eq!(right("47+38=85;85+25=110"), (true, true));
        assert_eq!(right("First 85.\n**Answer: 110 nuts.**"), (true, true));
        assert_eq!(right("47+38=85;85+25=1101"), (true, false));
        assert_eq!(right("who knows"), (false, false));
    }

    #[test]
    fn draws_are_distinct_parse_back_and_gold_passes() {
        let task = TwoSteps::default();
        let mut splits = Vec::new();
        for split in [Split::Train, Split::Test] {
            let prompts = task.draw(split, 800, &mut Seed::root(2).rng()).expect("prompts");
            let golds: Vec<Vec<Completion>> =
                prompts.iter().map(|one| vec![task.gold(one).expect("gold")]).collect();
            let asks = Ask::<Chat>::each(&prompts, 1, &Default::default());
            for (prompt, verdicts) in
                prompts.iter().zip(TwoStepJudge.judge(&asks, &golds).expect("judges").verdicts)
            {
                let text = prompt.field("text").expect("a text");
                assert_eq!(TwoStepProblem::parse(text).expect("parses").text(), text);
                assert_eq!(verdicts[0].value(), Some(1.0));
            }
            splits.push(prompts.into_iter().map(|prompt| prompt.id).collect::<BTreeSet<String>>());
        }
        assert_eq!((splits[0].len(), splits[1].len()), (800, 800));
        assert!(splits[0].is_disjoint(&splits[1]));
    }

    #[test]
    fn a_question_that_is_none_is_not_judged() {
        let asks = Ask::<Chat>::each(&[Prompt::text("x", "how many?")], 1, &Default::default());
        let judged = TwoStepJudge.judge(&asks, &[vec![Completion::default()]]).expect("judges");
        assert_eq!(judged.verdicts[0][0], Verdict::abstain("no two-step problem"));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let said = |task: TwoSteps| task.check("task").expect_err("refused").to_string();
        assert_eq!(
            said(TwoSteps { smallest: 0, ..TwoSteps::default() }),
            "task.smallest..=largest must be a range of numbers within 1..=999, but is 0..=99"
        );
        assert_eq!(
            said(TwoSteps { in_words: 2.0, ..TwoSteps::default() }),
            "task.in_words must be between 0 and 1, but is 2"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "[0-9+?]{0,12}|(ann|bob|x)? has [0-9]{0,4} (nuts|x), (finds|bob) [0-9a-z, ]{0,12}\\?") {
            if let Some(problem) = TwoStepProblem::parse(&text) {
                prop_assert_eq!(problem.text(), text);
                prop_assert!(problem.check(&problem.solve()).right);
            }
        }
    }
}

//! Twelve small tasks on strings, each named by a word of instruction.
//!
//! A prompt is the instruction, a few solved examples and an input: `reverse:cab>bac;feed>deef;hag>`. The
//! answer is a string of letters or digits, or for four of the tasks one of two or three labels. Inputs are
//! three to six letters a to h, or digits. Training, validation and test inputs are told apart by their
//! hash and so cannot mix.

use super::distinct::distinct;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Split, Task, Verdict};
use rand::Rng as _;
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The letters of inputs.
const LETTERS: &[u8] = b"abcdefgh";
/// The digits of inputs.
const DIGITS: &[u8] = b"0123456789";

/// One of the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instruction {
    /// Letters backwards: `cab` -> `bac`.
    Reverse,
    /// Digits in ascending order: `3142` -> `1234`.
    Sort,
    /// The largest digit.
    Largest,
    /// The first letter moved to the end: `cab` -> `abc`.
    Rotate,
    /// First and last letter exchanged: `cafe` -> `eafc`.
    Swap,
    /// Every digit one more, 9 becomes 0: `394` -> `405`.
    Next,
    /// Every letter twice: `cab` -> `ccaabb`.
    Double,
    /// How many vowels (a, e) there are.
    Vowels,
    /// Whether the number is `even` or `odd`.
    Parity,
    /// Whether first and last letter are the same: `yes` or `no`.
    Ends,
    /// Which digit is larger, the `first` or the `last`; `same` if neither.
    Compare,
    /// Whether the letters rise or stay from each to the next: `yes` or `no`.
    Rising,
}

impl Instruction {
    /// All of them.
    pub const ALL: [Instruction; 12] = [
        Instruction::Reverse,
        Instruction::Sort,
        Instruction::Largest,
        Instruction::Rotate,
        Instruction::Swap,
        Instruction::Next,
        Instruction::Double,
        Instruction::Vowels,
        Instruction::Parity,
        Instruction::Ends,
        Instruction::Compare,
        Instruction::Rising,
    ];

    /// The instruction as a model reads it, one word.
    pub fn text(self) -> &'static str {
        match self {
            Instruction::Reverse => "reverse",
            Instruction::Sort => "sort",
            Instruction::Largest => "largest",
            Instruction::Rotate => "rotate",
            Instruction::Swap => "swap",
            Instruction::Next => "next",
            Instruction::Double => "double",
            Instruction::Vowels => "vowels",
            Instruction::Parity => "parity",
            Instruction::Ends => "ends",
            Instruction::Compare => "compare",
            Instruction::Rising => "rising",
        }
    }

    /// The labels that an answer may be; none where answers are free.
    pub fn labels(self) -> &'static [&'static str] {
        match self {
            Instruction::Parity => &["even", "odd"],
            Instruction::Ends | Instruction::Rising => &["yes", "no"],
            Instruction::Compare => &["first", "last", "same"],
            _ => &[],
        }
    }

    /// Instructions and labels: the words that a small vocabulary has tokens for.
    pub fn words() -> Vec<&'static str> {
        let words = Instruction::ALL
            .iter()
            .flat_map(|one| [one.text()].into_iter().chain(one.labels().iter().copied()));
        words.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn alphabet(self) -> &'static [u8] {
        match self {
            Instruction::Sort
            | Instruction::Largest
            | Instruction::Next
            | Instruction::Parity
            | Instruction::Compare => DIGITS,
            _ => LETTERS,
        }
    }

    /// An input: three to six characters, each as likely as the others.
    pub fn input(self, rng: &mut Rng) -> String {
        let n = rng.random_range(3..=6);
        let one = |_| char::from(*self.alphabet().choose(rng).expect("an alphabet is not empty"));
        (0..n).map(one).collect()
    }

    /// An input whose right answer is this label, which is one of the task's.
    pub fn input_of(self, label: &str, rng: &mut Rng) -> String {
        loop {
            let mut input = self.input(rng);
            if self == Instruction::Rising && label == "yes" {
                let mut letters: Vec<char> = input.chars().collect();
                letters.sort_unstable();
                input = letters.into_iter().collect();
            }
            if self.answer(&input).as_deref() == Some(label) {
                return input;
            }
        }
    }

    /// The right answer; `None` for a text that is no input of this task.
    pub fn answer(self, input: &str) -> Option<String> {
        let bytes = input.as_bytes();
        if !(3..=6).contains(&bytes.len()) || bytes.iter().any(|one| !self.alphabet().contains(one)) {
            return None;
        }
        let (first, last) = (bytes[0], bytes[bytes.len() - 1]);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("letters and digits are ASCII");
        let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let mut out = bytes.to_vec();
        Some(match self {
            Instruction::Reverse => {
                out.reverse();
                text(out)
            }
            Instruction::Sort => {
                out.sort_unstable();
                text(out)
            }
            Instruction::Largest => text(vec![*bytes.iter().max()?]),
            Instruction::Rotate => {
                out.rotate_left(1);
                text(out)
            }
            Instruction::Swap => {
                let end = out.len() - 1;
                out.swap(0, end);
                text(out)
            }
            Instruction::Next => text(bytes.iter().map(|digit| b'0' + (digit - b'0' + 1) % 10).collect()),
            Instruction::Double => text(bytes.iter().flat_map(|&letter| [letter, letter]).collect()),
            Instruction::Vowels => {
                bytes.iter().filter(|letter| matches!(letter, b'a' | b'e')).count().to_string()
            }
            Instruction::Parity => if last % 2 == 0 { "even" } else { "odd" }.to_owned(),
            Instruction::Ends => yes(first == last),
            Instruction::Compare => match first.cmp(&last) {
                std::cmp::Ordering::Greater => "first",
                std::cmp::Ordering::Less => "last",
                std::cmp::Ordering::Equal => "same",
            }
            .to_owned(),
            Instruction::Rising => yes(bytes.is_sorted()),
        })
    }

    /// Which split the input belongs to: one in sixteen is for validation, one in sixteen for tests.
    pub fn split(self, input: &str) -> Split {
        let hash = blake3::hash(format!("{}:{input}", self.text()).as_bytes());
        match hash.as_bytes()[0] % 16 {
            0 => Split::Validation,
            1 => Split::Test,
            _ => Split::Train,
        }
    }

    /// An input of that split; of each label as often where there are labels.
    pub fn input_in(self, split: Split, rng: &mut Rng) -> String {
        loop {
            let input = match self.labels().choose(rng) {
                Some(label) => self.input_of(label, rng),
                None => self.input(rng),
            };
            if self.split(&input) == split {
                return input;
            }
        }
    }
}

/// The tasks as one source of problems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Instructions {
    /// Which tasks, each as often as the others.
    pub tasks: Vec<Instruction>,
    /// Solved examples before the input, from the training inputs.
    pub examples: u32,
}

impl Default for Instructions {
    fn default() -> Instructions {
        Instructions { tasks: Instruction::ALL.to_vec(), examples: 3 }
    }
}

impl Instructions {
    /// Fails without a task; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        match self.tasks.is_empty() {
            true => Err(Error::invalid(format!("{field}.tasks"), "at least one task", "empty")),
            false => Ok(()),
        }
    }
}

impl Task<Chat> for Instructions {
    /// Prompts with the fields `family` (the instruction), `input` and `answer`.
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.check("task")?;
        distinct("task.instructions", n, split, rng, &mut BTreeSet::new(), |rng| {
            let task = *self.tasks.choose(rng).expect("checked above");
            let input = task.input_in(split, rng);
            let solved = |input: &str| task.answer(input).expect("a drawn input has an answer");
            let mut text = format!("{}:", task.text());
            for _ in 0..self.examples {
                let example = task.input_in(Split::Train, rng);
                text.push_str(&format!("{example}>{};", solved(&example)));
            }
            text.push_str(&format!("{input}>"));
            let prompt = Prompt::text(format!("instructions/{}/{input}", task.text()), text);
            Ok(Some(
                prompt
                    .with("family", task.text())
                    .with("input", input.as_str())
                    .with("answer", solved(&input)),
            ))
        })
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(InstructionsJudge)
    }

    fn gold(&self, query: &Prompt) -> Option<Completion> {
        Some(Completion { text: query.field("answer")?.to_owned(), ..Completion::default() })
    }

    fn name(&self) -> String {
        let names: Vec<&str> = self.tasks.iter().map(|task| task.text()).collect();
        format!("instructions {} with {} examples", names.join(", "), self.examples)
    }
}

/// Right is what equals the prompt's field `answer`, white space around it aside.
#[derive(Clone, Copy, Debug, Default)]
pub struct InstructionsJudge;

impl Judge<Chat> for InstructionsJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| match ask.query.field("answer") {
            Some(right) => Verdict::right(answer.text.trim() == right),
            None => Verdict::error("the prompt has no answer", 0.0),
        }))
    }

    fn name(&self) -> String {
        "the answer, exactly".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;
    use autodidact_core::chat::{Body, Sampling};

    #[track_caller]
    fn check(task: Instruction, input: &str, expect: &str) {
        assert_eq!(task.answer(input).as_deref(), Some(expect), "{task:?} {input}");
    }

    #[test]
    fn every_task_does_what_it_says() {
        check(Instruction::Reverse, "cab", "bac");
        check(Instruction::Sort, "3142", "1234");
        check(Instruction::Largest, "3152", "5");
        check(Instruction::Rotate, "cab", "abc");
        check(Instruction::Swap, "cafe", "eafc");
        check(Instruction::Next, "394", "405");
        check(Instruction::Double, "cab", "ccaabb");
        check(Instruction::Vowels, "facade", "3");
        check(Instruction::Parity, "317", "odd");
        check(Instruction::Parity, "370", "even");
        check(Instruction::Ends, "abca", "yes");
        check(Instruction::Ends, "abc", "no");
        check(Instruction::Compare, "519", "last");
        check(Instruction::Compare, "915", "first");
        check(Instruction::Compare, "515", "same");
        check(Instruction::Rising, "aceh", "yes");
        check(Instruction::Rising, "acbh", "no");
    }

    #[test]
    fn a_text_that_is_no_input_has_no_answer() {
        for input in ["", "ab", "abcdefg", "ab1", "abz", "a b", "äbc"] {
            assert_eq!(Instruction::Reverse.answer(input), None, "{input:?}");
        }
    }

    #[test]
    fn gold_answers_pass_the_judge_and_splits_do_not_mix() {
        let family = Instructions::default();
        let mut seen = BTreeSet::new();
        for split in [Split::Train, Split::Validation, Split::Test] {
            let prompts = family.draw(split, 150, &mut Seed::root(1).rng()).expect("draws");
            let asks = Ask::<Chat>::each(&prompts, 1, &Sampling::default());
            let answers: Vec<_> = prompts.iter().map(|one| vec![family.gold(one).expect("known")]).collect();
            let judged = family.judge().judge(&asks, &answers).expect("judges");
            assert!(judged.verdicts.iter().all(|verdicts| verdicts[0].value() == Some(1.0)));
            assert!(prompts.iter().all(|one| seen.insert(one.id.clone())));
            let Body::Text(text) = &prompts[0].body else { panic!("bare text") };
            assert_eq!(text.matches('>').count(), 4, "{text}");
        }
    }

    #[test]
    fn an_input_of_a_label_has_that_label() {
        let mut rng = Seed::root(2).rng();
        for task in Instruction::ALL {
            for label in task.labels() {
                assert_eq!(task.answer(&task.input_of(label, &mut rng)).as_deref(), Some(*label));
            }
        }
        assert!(Instructions { tasks: Vec::new(), examples: 3 }.check("task").is_err());
    }

    #[test]
    fn the_words_of_the_family_are_distinct_and_no_input_holds_one() {
        let words = Instruction::words();
        assert_eq!(words.len(), 19);
        assert!(words.iter().all(|word| word.bytes().any(|letter| !LETTERS.contains(&letter))));
    }
}

//! What is known of one problem: right programs, partly right ones, and the states they reach.
//!
//! A candidate is executed statement by statement. It is fully right when its answer is; a prefix of it
//! is partly right when its last state equals one that a known right or partly right program reaches,
//! whatever the variables are called. Only the longest partly right programs are kept.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An executed statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The statement without comments and surrounding blanks.
    pub text: String,
    /// What holds after it.
    pub state: State,
}

/// What holds after a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The values of all live variables, each as text, sorted; a value held twice stands twice.
    Values(Vec<String>),
    /// The answer is defined, and right or not.
    Answer {
        /// Whether it is the reference's.
        right: bool,
    },
}

/// A program by its statements.
pub type Program = Vec<String>;

/// Known programs of one problem.
///
/// `full` always holds the reference first. `partial` holds the empty program first; no member of it
/// is a prefix of a member of `full` or of another member, the empty program apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solutions {
    full: Vec<Program>,
    partial: Vec<Program>,
    /// The programs that reach each state, sorted by state.
    #[serde(with = "as_pairs")]
    states: BTreeMap<Vec<String>, Vec<Program>>,
}

/// Which programs are saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credit {
    /// None: there is only the reference, as in plain fine-tuning, and nothing is sampled.
    None,
    /// Fully right ones.
    Full,
    /// Fully and partly right ones.
    #[default]
    Partial,
}

/// How a candidate was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// As a new fully right program.
    Full,
    /// As a new partly right program of so many statements.
    Partial(usize),
    /// It was known already.
    Known,
    /// It was neither right nor partly right, or too long.
    Rejected,
}

impl Solutions {
    /// What is known from the reference alone.
    pub fn of(reference: &[Statement]) -> Solutions {
        let program: Program = reference.iter().map(|one| one.text.clone()).collect();
        let mut known = Solutions {
            full: vec![program],
            partial: vec![Vec::new()],
            states: BTreeMap::from([(Vec::new(), vec![Vec::new()])]),
        };
        known.remember(reference);
        known
    }

    /// The fully right programs, the reference first.
    pub fn full(&self) -> &[Program] {
        &self.full
    }

    /// The partly right programs, the empty one first.
    pub fn partial(&self) -> &[Program] {
        &self.partial
    }

    /// Looks for the longest part of a candidate that is worth keeping, and keeps it.
    ///
    /// A part may have at most `slack` statements more than the shortest known program to the same
    /// state.
    pub fn save(&mut self, candidate: &[Statement], credit: Credit, slack: u32) -> Saved {
        let Some((len, full)) = self.best(candidate, slack) else { return Saved::Rejected };
        let part = &candidate[..len];
        let program: Program = part.iter().map(|one| one.text.clone()).collect();
        if full && credit != Credit::None {
            if self.full.contains(&program) {
                return Saved::Known;
            }
            self.partial.retain(|known| known.is_empty() || !program.starts_with(known));
            self.full.push(program);
            self.remember(part);
            return Saved::Full;
        }
        if credit != Credit::Partial {
            return Saved::Rejected;
        }
        if self.partial.iter().chain(&self.full).any(|known| known.starts_with(&program)) {
            return Saved::Known;
        }
        self.partial.retain(|known| known.is_empty() || !program.starts_with(known));
        self.partial.push(program);
        self.remember(part);
        Saved::Partial(len)
    }

    /// The number of statements worth keeping and whether they are a whole program.
    fn best(&self, candidate: &[Statement], slack: u32) -> Option<(usize, bool)> {
        let within = |len: usize, shortest: usize| len <= shortest.saturating_add(slack as usize);
        let mut best = None;
        for (idx, statement) in candidate.iter().enumerate() {
            let len = idx + 1;
            match &statement.state {
                State::Answer { right: true } => {
                    let shortest = self.full.iter().map(Vec::len).min().unwrap_or(0);
                    return within(len, shortest).then_some((len, true));
                }
                State::Answer { right: false } => break,
                State::Values(values) => {
                    let shortest = self.states.get(values).and_then(|known| known.iter().map(Vec::len).min());
                    if shortest.is_some_and(|shortest| within(len, shortest)) {
                        best = Some((len, false));
                    }
                }
            }
        }
        best
    }

    /// Files every prefix under the state that it reaches; the state with the answer is left out.
    fn remember(&mut self, statements: &[Statement]) {
        let mut prefix = Program::new();
        for statement in statements {
            prefix.push(statement.text.clone());
            if let State::Values(values) = &statement.state {
                let known = self.states.entry(values.clone()).or_default();
                if !known.contains(&prefix) {
                    known.push(prefix.clone());
                }
            }
        }
    }
}

/// A map whose keys are lists, as a list of pairs: JSON has no such keys.
mod as_pairs {
    use super::Program;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    type States = BTreeMap<Vec<String>, Vec<Program>>;

    pub fn serialize<S: Serializer>(states: &States, to: S) -> Result<S::Ok, S::Error> {
        states.iter().collect::<Vec<_>>().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<States, D::Error> {
        Ok(Vec::<(Vec<String>, Vec<Program>)>::deserialize(from)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Statements as (text, sorted values), the last one as (text, right).
    fn program(steps: &[(&str, &[&str])], answer: Option<(&str, bool)>) -> Vec<Statement> {
        let step = |(text, values): &(&str, &[&str])| Statement {
            text: (*text).to_owned(),
            state: State::Values(values.iter().map(|&value| value.to_owned()).collect()),
        };
        let mut all: Vec<Statement> = steps.iter().map(step).collect();
        all.extend(
            answer.map(|(text, right)| Statement { text: text.to_owned(), state: State::Answer { right } }),
        );
        all
    }

    /// `a=3; b=4; c=a*b; answer=c+a`, worth 15.
    fn known() -> Solutions {
        let steps: [(&str, &[&str]); 3] =
            [("a=3", &["3"]), ("b=4", &["3", "4"]), ("c=a*b", &["12", "3", "4"])];
        Solutions::of(&program(&steps, Some(("answer=c+a", true))))
    }

    #[test]
    fn a_right_answer_by_another_way_is_saved_whole() {
        let mut known = known();
        let steps: [(&str, &[&str]); 3] =
            [("x=4", &["4"]), ("y=3", &["3", "4"]), ("z=x+y", &["3", "4", "7"])];
        let candidate = program(&steps, Some(("answer=z*2+1", true)));
        assert_eq!(known.save(&candidate, Credit::Partial, 0), Saved::Full);
        assert_eq!(known.full().len(), 2);
        assert_eq!(known.save(&candidate, Credit::Partial, 0), Saved::Known);
    }

    #[test]
    fn a_wrong_answer_leaves_the_longest_known_state() {
        let mut known = known();
        let steps: [(&str, &[&str]); 3] =
            [("x=4", &["4"]), ("y=3", &["3", "4"]), ("w=y*x", &["12", "3", "4"])];
        let candidate = program(&steps, Some(("answer=w+4", false)));
        assert_eq!(known.save(&candidate, Credit::Partial, 0), Saved::Partial(3));
        assert_eq!(known.partial().len(), 2);
        assert_eq!(known.partial()[1], ["x=4", "y=3", "w=y*x"]);
        assert_eq!(known.save(&candidate, Credit::Partial, 0), Saved::Known);
        assert_eq!(self::known().save(&candidate, Credit::Full, 0), Saved::Rejected);
    }

    #[test]
    fn a_longer_partly_right_program_replaces_its_prefix() {
        let mut known = known();
        let two: [(&str, &[&str]); 2] = [("x=4", &["4"]), ("y=3", &["3", "4"])];
        let three: [(&str, &[&str]); 3] = [two[0], two[1], ("w=y*x", &["12", "3", "4"])];
        assert_eq!(known.save(&program(&two, None), Credit::Partial, 0), Saved::Partial(2));
        assert_eq!(known.save(&program(&three, None), Credit::Partial, 0), Saved::Partial(3));
        assert_eq!(known.partial().len(), 2);
        assert_eq!(known.save(&program(&two, None), Credit::Partial, 0), Saved::Known);
        // A whole program removes the partly right ones that it begins with.
        assert_eq!(known.save(&program(&three, Some(("answer=w+y", true))), Credit::Partial, 0), Saved::Full);
        assert_eq!(known.partial(), [Vec::<String>::new()]);
    }

    #[test]
    fn no_slack_refuses_detours_and_unbounded_slack_never_does() {
        let steps: [(&str, &[&str]); 4] = [
            ("a=3", &["3"]),
            ("b=4", &["3", "4"]),
            ("c=a*b", &["12", "3", "4"]),
            ("d=c", &["12", "12", "3", "4"]),
        ];
        let candidate = program(&steps, Some(("answer=d+a", true)));
        assert_eq!(known().save(&candidate, Credit::Partial, 0), Saved::Rejected);
        assert_eq!(known().save(&candidate, Credit::Partial, 1), Saved::Full);
        assert_eq!(known().save(&candidate, Credit::Partial, u32::MAX), Saved::Full);
    }

    #[test]
    fn the_reference_is_known_and_its_prefixes_are_not_partly_right_news() {
        let mut known = known();
        let steps: [(&str, &[&str]); 2] = [("a=3", &["3"]), ("b=4", &["3", "4"])];
        assert_eq!(known.save(&program(&steps, Some(("answer=a", false))), Credit::Partial, 0), Saved::Known);
        assert_eq!(known.save(&[], Credit::Partial, 0), Saved::Rejected);
    }

    #[test]
    fn solutions_survive_being_written_down() {
        let mut known = known();
        let steps: [(&str, &[&str]); 2] = [("x=4", &["4"]), ("y=3", &["3", "4"])];
        known.save(&program(&steps, None), Credit::Partial, 0);
        let text = serde_json::to_string(&known).expect("writes");
        assert_eq!(serde_json::from_str::<Solutions>(&text).expect("reads"), known);
    }

    /// The name and value of each step, and whether an answer is right that follows.
    type Steps = (Vec<(u8, u8)>, Option<bool>);

    fn candidates() -> impl Strategy<Value = Vec<Steps>> {
        let one = (prop::collection::vec((0u8..4, 0u8..4), 0..5), prop::option::of(any::<bool>()));
        prop::collection::vec(one, 0..30)
    }

    proptest! {
        #[test]
        fn no_partly_right_program_is_a_prefix_of_a_known_one(all in candidates(), slack in 0u32..3) {
            let mut known = known();
            for (steps, answer) in all {
                let mut values = Vec::new();
                let mut candidate = Vec::new();
                for (name, value) in steps {
                    values.push((3 + value).to_string());
                    values.sort();
                    let text = format!("{}={}", char::from(b'a' + name), 3 + value);
                    candidate.push(Statement { text, state: State::Values(values.clone()) });
                }
                candidate.extend(answer.map(|right| Statement {
                    text: format!("answer={right}"),
                    state: State::Answer { right },
                }));
                let before = known.clone();
                let saved = known.save(&candidate, Credit::Partial, slack);
                prop_assert_eq!(matches!(saved, Saved::Known | Saved::Rejected), known == before);
                // Saving again changes nothing.
                let after = known.clone();
                known.save(&candidate, Credit::Partial, slack);
                prop_assert_eq!(&known, &after);
            }
            prop_assert_eq!(&known.full()[0], &["a=3", "b=4", "c=a*b", "answer=c+a"]);
            prop_assert!(known.partial()[0].is_empty());
            let own = &known.partial()[1..];
            for (i, one) in own.iter().enumerate() {
                prop_assert!(!one.is_empty());
                let others = own.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, other)| other);
                prop_assert!(!others.chain(known.full()).any(|other| other.starts_with(one)));
            }
        }
    }
}

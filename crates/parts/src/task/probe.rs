//! Texts that ask the model for one of its skills: the next byte is the reply.
//!
//! The answers given here may be whole completions; what follows their first mark is cut.

use super::checked::cut;

/// Asks whether an answer is right: the next byte is `y` or `n`.
pub fn verdict(problem: &str, answer: &str) -> String {
    format!("{problem}{}~", cut(answer))
}

/// Asks how sure the model is before it answers: the next byte is a digit, the tenth of problems
/// like this that it expects to solve, rounded down (`9` is 90 % and more).
pub fn confidence(problem: &str) -> String {
    format!("{problem}%")
}

/// Asks which step is the first wrong one: the next byte is a digit, `0` for none.
pub fn critique(problem: &str, answer: &str) -> String {
    format!("{problem}{}&", cut(answer))
}

/// Asks for a second attempt after a first one.
pub fn second_attempt(problem: &str, answer: &str) -> String {
    format!("{problem}{}!", cut(answer))
}

/// Asks which of two answers is the better one: the next byte is `1` or `2`.
pub fn comparison(problem: &str, first: &str, second: &str) -> String {
    format!("{problem}{}|{}>", cut(first), cut(second))
}

/// Puts solved examples in front of a problem.
pub fn few_shot(examples: &[(&str, &str)], problem: &str) -> String {
    let mut text = String::new();
    for (example, answer) in examples {
        text.push_str(&format!("{example}{}|", cut(answer)));
    }
    text + problem
}

/// Asks for a new problem of a family: what follows, up to its `?`, is the problem.
pub fn invention(family: super::Family) -> String {
    format!("{}:", family.tag())
}

/// Asks to go on from the first part of a solution.
pub fn hint(problem: &str, beginning: &str) -> String {
    format!("{problem}{}", cut(beginning))
}

//! Runs a straight-line program and reports the variables after every statement.
//!
//! A program is a list of assignments, one a line or separated by `;`. A state's key is the sorted
//! list of the values of all variables as text: names are dropped, repeated values count.

use super::expression::{Fault, evaluate, is_name};
use std::collections::BTreeMap;

/// The variable that holds a program's result.
pub const ANSWER: &str = "answer";

/// The variables after one statement.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// All variables set so far.
    pub values: BTreeMap<String, f64>,
    /// Where the statement ends in the program's text, in bytes, without its separator.
    pub end: usize,
}

impl State {
    /// The values without their names; equal up to renaming of variables.
    pub fn key(&self) -> Vec<String> {
        let mut key: Vec<String> = self.values.values().map(|value| number(*value)).collect();
        key.sort();
        key
    }

    /// The value of the variable `answer`, once it is set.
    pub fn answer(&self) -> Option<f64> {
        self.values.get(ANSWER).copied()
    }
}

/// A value as text: `12`, never `12.0`, and no negative zero.
pub fn number(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { value.to_string() }
}

/// The most statements that are run: each state holds all variables so far.
const MOST_STATEMENTS: usize = 1000;

/// The states after each statement, in order; an empty program has none.
///
/// A program of more than 1,000 statements is a fault.
/// Blank statements and everything from `//` to the end of a line are skipped.
pub fn trace(program: &str) -> Result<Vec<State>, Fault> {
    let mut values = BTreeMap::new();
    let mut states = Vec::new();
    let mut start = 0;
    for line in program.split_inclusive('\n') {
        let code = line.find("//").map_or(line, |at| &line[..at]);
        let mut at = start;
        for piece in code.split(';') {
            let text = piece.trim();
            if !text.is_empty() {
                let statement = states.len() + 1;
                if statement > MOST_STATEMENTS {
                    let why = format!("more than {MOST_STATEMENTS} statements");
                    return Err(Fault::Syntax { statement, why });
                }
                let Some((target, source)) = text.split_once('=') else {
                    return Err(Fault::Syntax { statement, why: format!("{text:?} is no assignment") });
                };
                let target = target.trim();
                if !is_name(target) {
                    return Err(Fault::Syntax { statement, why: format!("{target:?} is no name") });
                }
                values.insert(target.to_owned(), evaluate(source, &values, statement)?);
                states.push(State { values: values.clone(), end: at + piece.trim_end().len() });
            }
            at += piece.len() + 1;
        }
        start += line.len();
    }
    Ok(states)
}

/// The statements of a program without blanks and comments, joined by `;`: the form in which two
/// programs are compared.
pub fn canonical(program: &str) -> String {
    let code = program.lines().map(|line| line.find("//").map_or(line, |at| &line[..at]));
    let statements: Vec<&str> =
        code.flat_map(|line| line.split(';')).map(str::trim).filter(|one| !one.is_empty()).collect();
    statements.join(";")
}

/// Whether a result counts as the gold one: within 1e-4, absolute.
pub fn same_value(found: f64, gold: f64) -> bool {
    (found - gold).abs() <= 1e-4
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(program: &str) -> Vec<Vec<String>> {
        trace(program).expect("it runs").iter().map(State::key).collect()
    }

    #[test]
    fn an_endless_program_is_a_fault_and_no_burden() {
        let program = |n: usize| (0..n).map(|i| format!("a{i}=1;")).collect::<String>();
        assert_eq!(trace(&program(MOST_STATEMENTS)).expect("runs").len(), MOST_STATEMENTS);
        assert!(matches!(trace(&program(100_000)), Err(Fault::Syntax { statement: 1001, .. })));
    }

    #[test]
    fn the_keys_of_the_paper_s_example_match_up_to_names() {
        // Reference a=3; b=4; c=a*b; answer=c+a against a candidate with other names and order.
        let reference = keys("a=3;b=4;c=a*b;answer=c+a");
        let candidate = trace("x=4; y=3; z=x+y; answer=z*2+1").expect("it runs");
        assert_eq!(reference[0], ["3"]);
        assert_eq!(candidate[0].key(), ["4"]);
        assert_eq!(candidate[1].key(), reference[1]);
        assert_eq!(candidate[2].key(), ["3", "4", "7"]);
        assert_eq!(candidate[3].answer(), Some(15.0));
        assert_eq!(trace("a=3;b=4;c=a*b;answer=c+a").expect("it runs")[3].answer(), Some(15.0));
        let other = keys("x=4;y=3;w=y*x;answer=w+4");
        assert_eq!(other[2], ["12", "3", "4"]);
        assert_eq!(other[2], reference[2]);
    }

    #[test]
    fn repeated_values_count_and_numbers_have_one_form() {
        assert_eq!(keys("a=2;b=2")[1], ["2", "2"]);
        assert_eq!(keys("a=12.0")[0], ["12"]);
        assert_eq!(keys("a=0*-1")[0], ["0"]);
        assert_eq!(keys("a=1/4")[0], ["0.25"]);
    }

    #[test]
    fn each_state_knows_where_its_statement_ends() {
        let program = "a=3; b=4 ;\n// set c\nc=a*b // product\nanswer=c";
        let states = trace(program).expect("it runs");
        let prefixes: Vec<&str> = states.iter().map(|state| &program[..state.end]).collect();
        assert_eq!(prefixes[0], "a=3");
        assert_eq!(prefixes[1], "a=3; b=4");
        assert!(prefixes[2].ends_with("c=a*b") && prefixes[3].ends_with("answer=c"));
        assert_eq!(canonical(program), "a=3;b=4;c=a*b;answer=c");
    }

    #[test]
    fn a_program_that_does_not_run_says_which_statement() {
        let cases = [
            ("a=3;b", "statement 2 does not read: \"b\" is no assignment"),
            ("3=a", "statement 1 does not read: \"3\" is no name"),
            ("a=b", "statement 1 uses b before it is set"),
            ("a=1;b=a/0", "statement 2 has no finite value"),
        ];
        for (program, expected) in cases {
            assert_eq!(trace(program).expect_err(program).to_string(), expected);
        }
        assert_eq!(trace(" ;\n;"), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn any_text_runs_or_says_why(text in "[a-c0-9=+*/();. \n-]{0,60}|\\PC{0,40}") {
            if let Ok(states) = trace(&text) {
                for state in states {
                    prop_assert!(text.is_char_boundary(state.end) && state.end <= text.len());
                    prop_assert!(trace(&text[..state.end]).is_ok());
                }
            }
            canonical(&text);
        }
    }
}

//! Arithmetic expressions over numbers and names: read, evaluated, never trusted to be short.

use std::collections::BTreeMap;

/// The deepest nesting of parentheses and signs that is read.
const DEEPEST: usize = 64;

/// Why a text does not run as a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text is not a program.
    #[error("statement {statement} does not read: {why}")]
    Syntax {
        /// Which statement, from 1.
        statement: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A name is used before it is set.
    #[error("statement {statement} uses {name} before it is set")]
    Unset {
        /// Which statement, from 1.
        statement: usize,
        /// The name.
        name: String,
    },
    /// A division by zero or a value that is no finite number.
    #[error("statement {statement} has no finite value")]
    Value {
        /// Which statement, from 1.
        statement: usize,
    },
}

/// Evaluates an expression of numbers, names, `+ - * /`, signs and parentheses.
pub(crate) fn evaluate(text: &str, values: &BTreeMap<String, f64>, statement: usize) -> Result<f64, Fault> {
    let mut reader = Reader { text, at: 0, values, statement };
    let value = reader.sum(0)?;
    reader.skip_blanks();
    if reader.at < text.len() {
        return Err(reader.syntax(format!("{:?} is left over", &text[reader.at..])));
    }
    if value.is_finite() { Ok(value) } else { Err(Fault::Value { statement }) }
}

/// Whether a text may name a variable: a letter or `_`, then letters, digits or `_`.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: &'a BTreeMap<String, f64>,
    statement: usize,
}

impl<'a> Reader<'a> {
    fn sum(&mut self, depth: usize) -> Result<f64, Fault> {
        let mut value = self.product(depth)?;
        while let Some(sign) = self.take(['+', '-']) {
            let right = self.product(depth)?;
            value = if sign == '+' { value + right } else { value - right };
        }
        Ok(value)
    }

    fn product(&mut self, depth: usize) -> Result<f64, Fault> {
        let mut value = self.factor(depth)?;
        while let Some(sign) = self.take(['*', '/']) {
            let right = self.factor(depth)?;
            value = if sign == '*' { value * right } else { value / right };
        }
        Ok(value)
    }

    fn factor(&mut self, depth: usize) -> Result<f64, Fault> {
        if depth > DEEPEST {
            return Err(self.syntax(format!("more than {DEEPEST} levels deep")));
        }
        if self.take(['-', '-']).is_some() {
            return Ok(-self.factor(depth + 1)?);
        }
        if self.take(['(', '(']).is_some() {
            let value = self.sum(depth + 1)?;
            return match self.take([')', ')']) {
                Some(_) => Ok(value),
                None => Err(self.syntax("a parenthesis stays open".into())),
            };
        }
        let word = self.word();
        if is_name(word) {
            let unset = || Fault::Unset { statement: self.statement, name: word.to_owned() };
            return self.values.get(word).copied().ok_or_else(unset);
        }
        match word.parse::<f64>() {
            Ok(value) if word.starts_with(|first: char| first.is_ascii_digit() || first == '.') => Ok(value),
            _ => Err(self.syntax(format!("{word:?} is neither a number nor a name"))),
        }
    }

    fn skip_blanks(&mut self) {
        while self.text[self.at..].starts_with(' ') {
            self.at += 1;
        }
    }

    fn take(&mut self, either: [char; 2]) -> Option<char> {
        self.skip_blanks();
        let next = self.text[self.at..].chars().next().filter(|next| either.contains(next))?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// The longest run of letters, digits, `_` and `.` from here on.
    fn word(&mut self) -> &'a str {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
        let end = rest.find(|letter| !part(letter)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn syntax(&self, why: String) -> Fault {
        Fault::Syntax { statement: self.statement, why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<f64, Fault> {
        evaluate(text, &BTreeMap::from([("a".to_owned(), 3.0), ("b_1".to_owned(), 4.0)]), 1)
    }

    #[test]
    fn products_bind_before_sums_and_both_go_left_to_right() {
        let cases = [
            ("1+2*3", 7.0),
            ("(1+2)*3", 9.0),
            ("10-4-3", 3.0),
            ("12/4/3", 1.0),
            ("-a+5", 2.0),
            ("--a", 3.0),
            (" a * b_1 - 0.5 ", 11.5),
            ("7/2", 3.5),
        ];
        for (text, expected) in cases {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_does_not_read_or_run_says_why() {
        let cases = [
            ("", "statement 1 does not read: \"\" is neither a number nor a name"),
            ("1+", "statement 1 does not read: \"\" is neither a number nor a name"),
            ("(1", "statement 1 does not read: a parenthesis stays open"),
            ("1)", "statement 1 does not read: \")\" is left over"),
            ("c", "statement 1 uses c before it is set"),
            ("1/0", "statement 1 has no finite value"),
            ("0/0", "statement 1 has no finite value"),
            ("1é", "statement 1 does not read: \"é\" is left over"),
            ("1x", "statement 1 does not read: \"1x\" is neither a number nor a name"),
            (".", "statement 1 does not read: \".\" is neither a number nor a name"),
        ];
        for (text, expected) in cases {
            assert_eq!(value(text).expect_err(text).to_string(), expected);
        }
        assert!(value(&"(".repeat(100_000)).is_err());
        assert!(value(&"-".repeat(100_000)).is_err());
        assert_eq!(value(&format!("1{}", "+1".repeat(50_000))), Ok(50_001.0));
    }
}

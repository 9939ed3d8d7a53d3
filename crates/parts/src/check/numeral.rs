//! Scanning numerals: where a number begins, what it is worth and where it ends.

use super::notation::plain;
use super::quantity::{Decimal, Quantity};

/// Text made plain, as characters.
pub struct Reader {
    chars: Vec<char>,
    point: char,
    comma: char,
}

impl Reader {
    /// Reads `text` with this decimal separator.
    pub fn of(text: &str, decimal: Decimal) -> Reader {
        let (point, comma) = match decimal {
            Decimal::Point => ('.', ','),
            Decimal::Comma => (',', '.'),
        };
        Reader { chars: plain(text), point, comma }
    }

    /// The character at `at`, or NUL past the end.
    pub fn peek(&self, at: usize) -> char {
        self.chars.get(at).copied().unwrap_or('\0')
    }

    fn digit(&self, at: usize) -> bool {
        self.peek(at).is_ascii_digit()
    }

    fn skip_spaces(&self, mut at: usize) -> usize {
        while matches!(self.peek(at), ' ' | '\t') {
            at += 1;
        }
        at
    }

    /// The first number at or after `from`, and where it ends.
    pub fn next(&self, from: usize) -> Option<(Quantity, usize)> {
        let mut at = from;
        while at < self.chars.len() {
            if let Some(found) = self.at(at) {
                return Some(found);
            }
            // Leave a run of digits that is no number (`x12`) as a whole.
            let run = self.digit(at);
            at += 1;
            while run && self.digit(at) {
                at += 1;
            }
        }
        None
    }

    /// The number that begins exactly at `at`.
    pub fn at(&self, start: usize) -> Option<(Quantity, usize)> {
        let before = if start == 0 { '\0' } else { self.peek(start - 1) };
        let mut at = start;
        let mut sign = 1.0;
        // A minus after a word, a number or a bracket subtracts or joins; elsewhere it is a sign.
        if matches!(self.peek(at), '-' | '+') {
            if before.is_alphanumeric() || matches!(before, ')' | '%' | ']') {
                return None;
            }
            sign = if self.peek(at) == '-' { -1.0 } else { 1.0 };
            at += 1;
        }
        if currency(self.peek(at)) {
            at = self.skip_spaces(at + 1);
            if self.peek(at) == '-' && sign > 0.0 {
                sign = -1.0;
                at += 1;
            }
        }
        let fraction_only = self.peek(at) == self.point && self.digit(at + 1);
        if !self.digit(at) && (!fraction_only || before.is_alphanumeric()) {
            return None;
        }
        if at == start && (before.is_alphabetic() || before == '_') && !self.coded(start) {
            return None;
        }
        let (magnitude, end) = self.magnitude(at)?;
        let (scale, end) = self.scale(end);
        let value = sign * magnitude;
        (value.is_finite() && (value * scale).is_finite()).then_some((Quantity { value, scale }, end))
    }

    /// Whether the letters before `at` are a currency code.
    fn coded(&self, at: usize) -> bool {
        let letters = self.chars[..at].iter().rev().take_while(|c| c.is_alphabetic()).take(4);
        let code: String = letters.collect::<Vec<_>>().into_iter().rev().collect();
        ["USD", "EUR", "GBP", "INR", "Rs"].contains(&code.as_str())
    }

    /// Digits with separators, decimals, exponent, fraction.
    fn magnitude(&self, start: usize) -> Option<(f64, usize)> {
        let (mut value, mut at, whole) = self.decimal(start)?;
        if matches!(self.peek(at), 'e' | 'E') {
            let signed = at + 1 + usize::from(matches!(self.peek(at + 1), '+' | '-'));
            if self.digit(signed) {
                let (exponent, end) = self.integer(signed);
                let exponent = if self.peek(at + 1) == '-' { -exponent } else { exponent };
                return Some((value * 10f64.powf(exponent), end));
            }
        }
        if let Some((exponent, end)) = self.power_of_ten(at) {
            return Some((value * 10f64.powf(exponent), end));
        }
        if whole {
            if let Some((denominator, end)) = self.denominator(at).filter(|found| found.0 != 0.0) {
                value /= denominator;
                at = end;
            } else if let Some((part, end)) = self.mixed(at) {
                value += part;
                at = end;
            }
        }
        Some((value, at))
    }

    /// A decimal number; the flag says that it has no fractional digits.
    fn decimal(&self, start: usize) -> Option<(f64, usize, bool)> {
        let mut digits = String::new();
        let mut at = start;
        while self.digit(at) {
            digits.push(self.peek(at));
            at += 1;
        }
        let groupable = (1..=3).contains(&digits.len());
        while let Some(group) = groupable.then(|| self.group(at)).flatten() {
            digits.extend(&self.chars[at + 1..=at + group]);
            at += group + 1;
        }
        let whole = !(self.peek(at) == self.point && self.digit(at + 1));
        if !whole {
            digits.push('.');
            at += 1;
            while self.digit(at) {
                digits.push(self.peek(at));
                at += 1;
            }
        }
        digits.parse().ok().map(|value| (value, at, whole))
    }

    /// The size of the digit group after a thousands separator at `at`: three, or two when groups of
    /// two lead to one of three (1,23,456).
    fn group(&self, at: usize) -> Option<usize> {
        let size = |at: usize| match self.peek(at) == self.comma {
            true => (1..=4).take_while(|&offset| self.digit(at + offset)).count(),
            false => 0,
        };
        match size(at) {
            3 => Some(3),
            2 => (1..8)
                .map(|pairs| size(at + 3 * pairs))
                .find(|&size| size != 2)
                .filter(|&size| size == 3)
                .map(|_| 2),
            _ => None,
        }
    }

    fn integer(&self, start: usize) -> (f64, usize) {
        let (mut value, mut at) = (0.0, start);
        while let Some(digit) = self.peek(at).to_digit(10) {
            value = value * 10.0 + f64::from(digit);
            at += 1;
        }
        (value, at)
    }

    /// `x 10^3` after a number.
    fn power_of_ten(&self, at: usize) -> Option<(f64, usize)> {
        let at = self.skip_spaces(at);
        let times = matches!(self.peek(at), '*' | 'x').then(|| self.skip_spaces(at + 1))?;
        let base = [times, times + 1, times + 2].map(|at| self.peek(at));
        if base != ['1', '0', '^'] {
            return None;
        }
        let start = times + 3 + usize::from(self.peek(times + 3) == '{');
        let negative = self.peek(start) == '-';
        let start = start + usize::from(negative);
        let (exponent, end) = self.digit(start).then(|| self.integer(start))?;
        Some((if negative { -exponent } else { exponent }, end + usize::from(self.peek(end) == '}')))
    }

    /// `/4` after a whole number; a further slash or decimals make it something else (a date).
    fn denominator(&self, at: usize) -> Option<(f64, usize)> {
        let slash = self.skip_spaces(at);
        let start = (self.peek(slash) == '/').then(|| self.skip_spaces(slash + 1))?;
        let (value, end) = self.digit(start).then(|| self.integer(start))?;
        let goes_on = self.peek(end) == '/' || (self.peek(end) == self.point && self.digit(end + 1));
        (!goes_on).then_some((value, end))
    }

    /// ` 1/2` after a whole number.
    fn mixed(&self, at: usize) -> Option<(f64, usize)> {
        let start = self.skip_spaces(at);
        if start == at || !self.digit(start) {
            return None;
        }
        let (numerator, slash) = self.integer(start);
        if self.peek(slash) != '/' {
            return None;
        }
        let (denominator, end) = self.denominator(slash)?;
        (numerator < denominator).then(|| (numerator / denominator, end))
    }

    /// The word or sign after a number, and where it ends; 1 for units of any kind.
    fn scale(&self, at: usize) -> (f64, usize) {
        let start = self.skip_spaces(at);
        if self.peek(start) == '%' {
            return (0.01, start + 1);
        }
        let word: String =
            self.chars[start.min(self.chars.len())..].iter().take_while(|c| c.is_alphabetic()).collect();
        let scale = match word.to_ascii_lowercase().as_str() {
            "percent" => 0.01,
            "hundred" => 1e2,
            "thousand" => 1e3,
            "k" if start == at => 1e3,
            "million" => 1e6,
            "billion" => 1e9,
            "trillion" => 1e12,
            _ => return (1.0, at),
        };
        (scale, start + word.chars().count())
    }

    /// The operator after a number, and where its right side begins. Brackets are skipped; a minus
    /// counts only before a digit.
    pub fn operator(&self, at: usize) -> Option<(char, usize)> {
        let skip = |mut at| {
            while matches!(self.peek(at), ' ' | '\t' | '(' | ')')
                || currency(self.peek(at)) && !self.digit(at + 1)
            {
                at += 1;
            }
            at
        };
        let at = skip(at);
        let after = skip(at + 1);
        match self.peek(at) {
            '-' | 'x' if !self.digit(after) => None,
            operator @ ('+' | '-' | '*' | '/' | '^' | '=' | 'x') => Some((operator, after)),
            _ => None,
        }
    }
}

fn currency(c: char) -> bool {
    matches!(c, '$' | '€' | '£' | '¥' | '₹')
}

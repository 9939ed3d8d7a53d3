//! Mathematical notation made plain: LaTeX, typographic signs and calculator annotations.

/// The text without annotations and notation: LaTeX commands, bold marks and odd spaces resolved.
pub fn plain(text: &str) -> Vec<char> {
    let mut text = without_annotations(text);
    for (from, to) in REPLACED {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    let mut chars: Vec<char> = Vec::with_capacity(text.len());
    let source: Vec<char> = fractions(&text).chars().collect();
    for (idx, &c) in source.iter().enumerate() {
        let digits_around = || {
            chars.last().is_some_and(char::is_ascii_digit)
                && source.get(idx + 1).is_some_and(char::is_ascii_digit)
        };
        match c {
            // Narrow and non-breaking spaces separate thousands.
            '\u{a0}' | '\u{2009}' | '\u{202f}' if digits_around() => {}
            '\u{a0}' | '\u{2009}' | '\u{202f}' => chars.push(' '),
            '−' | '–' | '‑' => chars.push('-'),
            '×' | '·' | '⋅' => chars.push('*'),
            '÷' => chars.push('/'),
            _ => match VULGAR.iter().find(|(sign, _)| *sign == c) {
                Some((_, fraction)) => {
                    if chars.last().is_some_and(char::is_ascii_digit) {
                        chars.push(' ');
                    }
                    chars.extend(fraction.chars());
                }
                None => chars.push(c),
            },
        }
    }
    chars
}

const REPLACED: [(&str, &str); 15] = [
    ("\\left", ""),
    ("\\right", ""),
    ("\\$", "$"),
    ("\\%", "%"),
    ("{,}", ","),
    ("\\,", "\u{2009}"),
    ("\\!", ""),
    ("\\;", " "),
    ("\\ ", " "),
    ("\\times", "*"),
    ("\\cdot", "*"),
    ("\\dfrac", "\\frac"),
    ("\\tfrac", "\\frac"),
    ("\\text{", " {"),
    ("**", ""),
];

const VULGAR: [(char, &str); 8] = [
    ('½', "1/2"),
    ('⅓', "1/3"),
    ('⅔', "2/3"),
    ('¼', "1/4"),
    ('¾', "3/4"),
    ('⅕', "1/5"),
    ('⅛', "1/8"),
    ('⅜', "3/8"),
];

fn without_annotations(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("<<") {
        out.push_str(before);
        match after.split_once(">>") {
            Some((_, next)) => rest = next,
            None => {
                out.push_str("<<");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// `\frac{a}{b}` as `a/b`, with a space after a digit so that `1\frac{1}{2}` is a mixed number.
fn fractions(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("\\frac") {
        out.push_str(before);
        rest = after;
        let Some((numerator, next)) = braced(after) else { continue };
        let Some((denominator, next)) = braced(next) else { continue };
        if out.ends_with(|c: char| c.is_ascii_digit()) {
            out.push(' ');
        }
        out.push_str(numerator);
        out.push('/');
        out.push_str(denominator);
        rest = next;
    }
    out.push_str(rest);
    out
}

fn braced(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('{')?.split_once('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(plain(text).into_iter().collect::<String>(), expect);
    }

    #[test]
    fn notation_is_resolved() {
        check("\\frac{3}{4} and 1\\frac{1}{2}", "3/4 and 1 1/2");
        check("9*2=$<<9*2=18>>18 <<open", "9*2=$18 <<open");
        check("1\\,234 2\u{202f}000 1{,}5", "1234 2000 1,5");
        check("1½ ½ −3 2×3", "1 1/2 1/2 -3 2*3");
        check("\\frac ab \\frac{1} \\frac{1}{", " ab {1} {1}{");
    }
}

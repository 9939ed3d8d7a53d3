//! Numbered lists that a model continues.

/// The items of a list that was continued from number `next` on: number and text, lines of an item joined.
///
/// A model may write the number that was asked for or go on right after it, so text before the first number
/// belongs to item `next`. An item begins at a line that starts with a number and `.` or `)`.
pub fn items(text: &str, next: usize) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for line in text.lines() {
        match item(line) {
            Some((number, rest)) => found.push((number, rest.trim().to_owned())),
            None => match found.last_mut() {
                Some((_, known)) => {
                    known.push('\n');
                    known.push_str(line.trim());
                }
                None if line.trim().is_empty() => {}
                None => found.push((next, line.trim().to_owned())),
            },
        }
    }
    for (_, text) in &mut found {
        text.truncate(text.trim_end().len());
    }
    found.retain(|(_, text)| !text.is_empty());
    found
}

/// Number and rest of a line such as `7. rest` or `7) rest`.
fn item(line: &str) -> Option<(usize, &str)> {
    let line = line.trim_start();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line[digits..].strip_prefix(['.', ')'])?;
    Some((line[..digits].parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whether_its_first_number_was_written_or_not() {
        let expect = [(6, "one\nInput: x".to_owned()), (7, "two".to_owned())];
        assert_eq!(items(" one\nInput: x\n7. two\n8.", 6), expect);
        assert_eq!(items("\n6. one\n   Input: x\n7) two\n8. ", 6), expect);
        assert_eq!(items("", 6), []);
        // A number inside a line begins nothing.
        assert_eq!(items("3.5 is 7. more", 1), [(3, "5 is 7. more".to_owned())]);
    }
}

//! A question that is answered by yes or no, in whatever words.

use super::case::{Case, asks, below, check_shows, plain};
use crate::wording::Wording;
use autodidact_core::chat::{Chat, Completion, Sampling};
use autodidact_core::{Ask, Error, Group, Judge, Judged, Policy, Result, Run, Verdict};
use serde::{Deserialize, Serialize};

/// How a reply that means yes or no is read.
///
/// The first of the words counts, whole words only and in any case, so that `incorrect` is never taken for
/// `correct`; of two that begin at the same place the longer one. A reply that offers both (`yes/no`) says
/// neither.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Words {
    /// Words or phrases for yes.
    pub yes: Vec<String>,
    /// Words or phrases for no.
    pub no: Vec<String>,
    /// Only what follows the last occurrence of this text is read; empty reads the whole reply.
    pub heading: String,
}

impl Default for Words {
    fn default() -> Words {
        Words::of(&["yes"], &["no"], "")
    }
}

impl Words {
    /// These words under that heading.
    pub fn of(yes: &[&str], no: &[&str], heading: &str) -> Words {
        let all = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Words { yes: all(yes), no: all(no), heading: heading.to_owned() }
    }

    /// `correct` or `incorrect` and words like them, under that heading.
    pub fn correct(heading: &str) -> Words {
        Words::of(&["correct", "right"], &["incorrect", "not correct", "not right", "wrong"], heading)
    }

    /// Fails where nothing could be said, naming the field below `field`.
    pub fn check(&self, field: &str) -> Result<()> {
        for (name, words) in [("yes", &self.yes), ("no", &self.no)] {
            if words.is_empty() || words.iter().any(|word| plain(word).trim().is_empty()) {
                let found = format!("{words:?}");
                return Err(Error::invalid(
                    format!("{field}.{name}"),
                    "at least one word, none empty",
                    found,
                ));
            }
        }
        match self.yes.iter().find(|word| self.no.iter().any(|other| plain(other) == plain(word))) {
            None => Ok(()),
            Some(word) => Err(Error::invalid(format!("{field}.yes"), "no word that also means no", word)),
        }
    }

    /// Whether the reply says yes, or why it cannot be read.
    pub fn read(&self, reply: &str) -> Result<bool, String> {
        let whole = plain(reply);
        let Some(text) = below(&whole, &self.heading) else {
            return Err(format!("the reply has no heading {:?}", self.heading));
        };
        let Some((start, length, yes)) = self.first(text) else {
            return Err(format!("the reply says neither {:?} nor {:?}", self.yes[0], self.no[0]));
        };
        let rest = text[start + length..].trim_start();
        let other = rest.strip_prefix(['/', '|']).or_else(|| rest.strip_prefix("or "));
        match other.map(str::trim_start).and_then(|other| self.first(other)) {
            Some((0, _, second)) if second != yes => Err("the reply offers both".to_owned()),
            _ => Ok(yes),
        }
    }

    /// Where the first word is, how long it is and whether it means yes.
    fn first(&self, text: &str) -> Option<(usize, usize, bool)> {
        let all = self.yes.iter().map(|word| (word, true)).chain(self.no.iter().map(|word| (word, false)));
        let places = all.filter_map(|(word, yes)| {
            let word = plain(word);
            find_whole(text, word.trim()).map(|at| (at, word.trim().len(), yes))
        });
        places.min_by_key(|&(at, length, _)| (at, std::cmp::Reverse(length)))
    }
}

/// Where `word` stands in `text` with no letter or digit beside it.
fn find_whole(text: &str, word: &str) -> Option<usize> {
    let bounded = |&(at, _): &(usize, &str)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    };
    text.match_indices(word).find(bounded).map(|(at, _)| at)
}

impl Judge<Chat> for Words {
    /// 1 for yes, 0 for no; a reply that cannot be read abstains and says why.
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, answer| match self.read(&answer.text) {
            Ok(yes) => Verdict::right(yes),
            Err(reason) => Verdict::abstain(reason),
        }))
    }

    fn name(&self) -> String {
        let below =
            if self.heading.is_empty() { String::new() } else { format!(" below {:?}", self.heading) };
        format!("the first of {} or {}{below}", self.yes.join(", "), self.no.join(", "))
    }
}

/// Asks a policy a yes/no question about each of many cases.
#[derive(Clone, Debug)]
pub struct YesNo {
    wording: Wording,
    words: Words,
    sampling: Sampling,
}

impl YesNo {
    /// Asks in this wording and reads replies by these words.
    pub fn of(wording: Wording, words: Words, sampling: Sampling) -> Result<YesNo> {
        words.check("words")?;
        check_shows(&wording, "yes/no prompt")?;
        Ok(YesNo { wording, words, sampling })
    }

    /// One ask a case, in order, for who judges the replies together with others.
    pub fn asks(&self, cases: &[Case], tries: u32) -> Result<Vec<Ask<Chat>>> {
        asks(&self.wording, cases, tries, &self.sampling)
    }

    /// The judge of the replies.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Asks `policy` in `stage` of the run, `tries` times a case; one group a case, in order. A verdict is 1
    /// for yes and 0 for no; a reply that says neither abstains, and so it is never a no.
    pub fn ask(
        &self,
        stage: &str,
        policy: &dyn Policy<Chat>,
        cases: &[Case],
        tries: u32,
        run: &mut Run<'_>,
    ) -> Result<Vec<Group<Chat>>> {
        run.attempt(stage, policy, &self.words, self.asks(cases, tries)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(words: &Words, reply: &str, expect: Result<bool, &str>) {
        match (words.read(reply), expect) {
            (Ok(found), expect) => assert_eq!(Ok(found), expect, "{reply:?}"),
            (Err(reason), Err(part)) => assert!(reason.contains(part), "{reply:?}: {reason}"),
            (Err(reason), Ok(_)) => panic!("{reply:?}: {reason}"),
        }
    }

    #[test]
    fn incorrect_is_never_read_as_correct() {
        let words = Words::correct("");
        check(&words, "incorrect", Ok(false));
        check(&words, "correct", Ok(true));
        check(&words, "This is Incorrect, the correct sum is 12.", Ok(false));
        check(&words, "It is not correct.", Ok(false));
        check(&words, "incorrectly put, correctness aside", Err("neither \"correct\" nor \"incorrect\""));
        check(&words, "", Err("neither"));
    }

    #[test]
    fn only_what_follows_the_last_heading_is_read() {
        let words = Words::correct("Verdict:");
        check(&words, "Step 1 is wrong.\n**Verdict:** correct", Ok(true));
        check(&words, "step 1 is correct\n## VERDICT: Incorrect.", Ok(false));
        check(&words, "Verdict: correct? Let me see again.\nVerdict: incorrect", Ok(false));
        check(&words, "all is correct", Err("no heading \"Verdict:\""));
        check(&words, "Verdict: twelve", Err("neither"));
        check(&words, "Verdict: correct/incorrect", Err("both"));
        check(&words, "Verdict: incorrect or correct", Err("both"));
        check(&words, "Verdict: correct or so", Ok(true));
    }

    #[test]
    fn yes_and_no_are_whole_words() {
        let words = Words::default();
        check(&words, "Nobody knows. Yes!", Ok(true));
        check(&words, "No, yes was said before", Ok(false));
        check(&words, "yesterday", Err("neither"));
        check(&Words::of(&["oui", "c'est \u{e7}a"], &["non"], ""), "C'EST \u{c7}A", Ok(true));
    }

    #[test]
    fn words_that_cannot_tell_are_refused() {
        let said = |words: Words| words.check("words").expect_err("refused").to_string();
        assert_eq!(
            said(Words::of(&[], &["no"], "")),
            "words.yes must be at least one word, none empty, but is []"
        );
        assert!(said(Words::of(&["ok"], &["OK"], "")).starts_with("words.yes must be no word that also"));
    }

    proptest! {
        #[test]
        fn any_reply_is_read_or_refused(reply in "\\PC{0,60}|[a-z/ *]{0,30}(correct|incorrect|verdict:)?[\\PC]{0,9}") {
            let _ = Words::correct("Verdict:").read(&reply);
            let _ = Words::default().read(&reply);
        }
    }
}

//! Which of two answers is better, asked in both orders.
//!
//! Models prefer a place, mostly the first, so each question is asked twice with the answers exchanged and
//! only an opinion that survives the exchange is one.

use crate::wording::Wording;
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Error, Group, Judge, Judged, Policy, Result, Run, Verdict};

/// Two answers to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contest {
    /// Identity of the question; the two asks are `id/12` and `id/21`.
    pub id: String,
    /// The question as people read it.
    pub question: String,
    /// One answer.
    pub first: String,
    /// The other.
    pub second: String,
}

/// What a policy says of two answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// The first is better, in either order.
    First,
    /// The second is better, in either order.
    Second,
    /// It named the same place in both orders.
    Torn,
    /// At least one reply names neither, or failed.
    Unread,
}

/// Asks which of two answers is better.
#[derive(Clone, Debug)]
pub struct Pairwise {
    wording: Wording,
    sampling: Sampling,
}

impl Pairwise {
    /// Asks in this wording, whose holes are `question`, `first` and `second`; fails where an answer would
    /// not be shown. The reply is read by its last 1 or 2.
    pub fn of(wording: Wording, sampling: Sampling) -> Result<Pairwise> {
        let holes = wording.holes();
        if let Some(missing) = ["first", "second"].iter().find(|hole| !holes.contains(hole)) {
            let rule = format!("a text that shows {{{missing}}}");
            return Err(Error::invalid("pairwise prompt", rule, format!("holes {}", holes.join(", "))));
        }
        Ok(Pairwise { wording, sampling })
    }

    /// Asks `policy` in `stage` of the run; one opinion a contest, in order. A verdict of 1 is for the
    /// contest's first answer, 0 for its second, whichever was shown first.
    pub fn compare(
        &self,
        stage: &str,
        policy: &dyn Policy<Chat>,
        contests: &[Contest],
        run: &mut Run<'_>,
    ) -> Result<Vec<Opinion>> {
        let mut asks = Vec::with_capacity(2 * contests.len());
        for contest in contests {
            for swapped in [false, true] {
                let query = self.prompt(contest, swapped)?;
                asks.push(Ask { query, knobs: self.sampling.clone(), tries: 1 });
            }
        }
        let groups = run.attempt(stage, policy, &LastChoice, asks)?;
        Ok(groups.chunks(2).map(opinion).collect())
    }

    /// The question in one of its two orders.
    pub fn prompt(&self, contest: &Contest, swapped: bool) -> Result<Prompt> {
        let Contest { id, question, first, second } = contest;
        let (one, two, order) = if swapped { (second, first, "21") } else { (first, second, "12") };
        let body = self.wording.fill(&[("question", question), ("first", one), ("second", two)])?;
        let prompt = Prompt { id: format!("{id}/{order}"), body, ..Prompt::default() };
        Ok(prompt.with(ORDER, order))
    }
}

/// The prompt's field that says in which order the answers were shown.
const ORDER: &str = "order";

fn opinion(both: &[Group<Chat>]) -> Opinion {
    let value = |group: &Group<Chat>| group.tries.first().and_then(|one| one.verdict.value());
    match (both.first().and_then(value), both.get(1).and_then(value)) {
        (Some(one), Some(two)) if one != two => Opinion::Torn,
        (Some(one), Some(_)) => {
            if one > 0.5 {
                Opinion::First
            } else {
                Opinion::Second
            }
        }
        _ => Opinion::Unread,
    }
}

/// Reads a reply by its last 1 or 2.
struct LastChoice;

impl Judge<Chat> for LastChoice {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| match last_choice(&answer.text) {
            Some(place) => {
                let swapped = ask.query.field(ORDER) == Some("21");
                Verdict::right((place == 1) != swapped).with("place", f64::from(place))
            }
            None => Verdict::abstain("the reply names neither 1 nor 2"),
        }))
    }

    fn name(&self) -> String {
        "the last 1 or 2 of the reply".to_owned()
    }
}

/// The last number in the text that is 1 or 2; numbers like 12, 2.5 or 1st are none of them.
fn last_choice(text: &str) -> Option<u8> {
    let words = text.split(|one: char| !(one.is_alphanumeric() || one == '.'));
    let choice = |word: &str| match word.trim_matches('.') {
        "1" => Some(1),
        "2" => Some(2),
        _ => None,
    };
    words.filter_map(choice).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::Body;
    use autodidact_core::{
        Alarms, Caps, MemoryLedger, Proposals, Record, RunId, RunOptions, Seed, Silent, Spend, Stop, Version,
    };

    #[test]
    fn a_reply_is_read_by_its_last_choice() {
        let cases = [
            ("1", Some(1)),
            ("Response 1 is vague, so 2.", Some(2)),
            ("**2**\n", Some(2)),
            ("better: 1)", Some(1)),
            ("12", None),
            ("2.5", None),
            ("the 1st", None),
            ("first", None),
            ("", None),
            ("[[2]] with 3 mistakes in 1, 0 in 2", Some(2)),
        ];
        for (text, expect) in cases {
            assert_eq!(last_choice(text), expect, "{text:?}");
        }
    }

    /// Answers `Q>first|second=` by a rule on both.
    struct Rule(fn(&str, &str) -> &'static str);

    impl Policy<Chat> for Rule {
        fn propose(&self, asks: &[Ask<Chat>], _seeds: &[Seed]) -> Result<Proposals<Chat>> {
            let reply = |ask: &Ask<Chat>| {
                let Body::Text(text) = &ask.query.body else { unreachable!("it is bare text") };
                let (_, both) = text.split_once('>').expect("a question");
                let (first, second) = both.trim_end_matches('=').split_once('|').expect("two answers");
                vec![Completion { text: (self.0)(first, second).to_owned(), ..Completion::default() }]
            };
            Ok(Proposals { answers: asks.iter().map(reply).collect(), spend: Spend::default() })
        }

        fn version(&self) -> Result<Version> {
            Ok(Version("rule".to_owned()))
        }
    }

    fn compare(rule: fn(&str, &str) -> &'static str, first: &str, second: &str) -> (Opinion, Vec<Record>) {
        let ledger = MemoryLedger::default();
        let id = RunId("test".to_owned());
        let mut run = Run::new(RunOptions {
            ledger: &ledger,
            id: id.clone(),
            seed: 1,
            caps: Caps::default(),
            alarms: Alarms::default(),
            observer: &Silent,
            stop: Stop::default(),
            complete: false,
        })
        .expect("sound options");
        let wording = Wording::parse("{question}>{first}|{second}=").expect("parses");
        let pairwise = Pairwise::of(wording, Sampling::default()).expect("shows both");
        let contest = Contest {
            id: "q/1".to_owned(),
            question: "longer?".to_owned(),
            first: first.to_owned(),
            second: second.to_owned(),
        };
        let opinions = pairwise.compare("judge", &Rule(rule), &[contest], &mut run).expect("compares");
        assert_eq!(opinions.len(), 1);
        (opinions[0], ledger.records(&id))
    }

    #[test]
    fn an_opinion_survives_the_exchange_of_the_answers() {
        let longer = |first: &str, second: &str| if first.len() > second.len() { "1" } else { "2" };
        let (opinion, records) = compare(longer, "aaa", "b");
        assert_eq!(opinion, Opinion::First);
        let Some(Record::Attempt(row)) = records.first() else { panic!("an attempt is recorded") };
        assert!(row.asks[0].contains("q/1/12") && row.asks[1].contains("q/1/21"));
        assert_eq!(row.samples.iter().map(|one| one.verdict.value()).collect::<Vec<_>>(), [Some(1.0); 2]);
        assert_eq!(row.samples[1].verdict.part("place"), Some(2.0));
        assert_eq!(compare(longer, "b", "aaa").0, Opinion::Second);
    }

    #[test]
    fn whoever_prefers_a_place_has_no_opinion() {
        assert_eq!(compare(|_, _| "1", "aaa", "b").0, Opinion::Torn);
        assert_eq!(compare(|_, _| "both", "aaa", "b").0, Opinion::Unread);
        assert_eq!(compare(|first, _| if first == "b" { "?" } else { "1" }, "aaa", "b").0, Opinion::Unread);
    }

    #[test]
    fn a_wording_that_hides_an_answer_is_refused() {
        let wording = Wording::parse("{question}>{first}=").expect("parses");
        let error = Pairwise::of(wording, Sampling::default()).expect_err("refused").to_string();
        assert_eq!(error, "pairwise prompt must be a text that shows {second}, but is holes question, first");
    }
}

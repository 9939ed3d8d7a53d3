//! What rethinking did, counted over judged transcripts: detection rates, redone answers, calls.

use super::transcript::Transcript;
use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Group, Judge, Judged, Result, Verdict};
use autodidact_math::rethinking::Rethinking;
use autodidact_parts::judge::right;

/// Judges what stands in the end of a transcript, and every solution on the way.
///
/// Details: `calls`; `right/i` and `flag/i` of the solution after `i` checks. Other answers are judged as
/// they are.
pub struct Rethought(pub Box<dyn Judge<Chat>>);

impl Judge<Chat> for Rethought {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let say = |text: &str, of: &Completion| Completion { text: text.to_owned(), ..of.clone() };
        let mut spread = Vec::new();
        let mut transcripts = Vec::new();
        for tries in answers {
            let mut all = Vec::new();
            for answer in tries {
                let transcript = Transcript::parse(&answer.text);
                match &transcript {
                    None => all.push(answer.clone()),
                    Some(transcript) => {
                        all.push(say(transcript.answer(), answer));
                        all.extend(transcript.attempts().into_iter().map(|text| say(text, answer)));
                    }
                }
                transcripts.push(transcript);
            }
            spread.push(all);
        }
        let judged = self.0.judge(asks, &spread)?;
        let mut transcripts = transcripts.into_iter();
        let mut verdicts = Vec::new();
        for (tries, judged) in answers.iter().zip(judged.verdicts) {
            let mut judged = judged.into_iter();
            let mut own = Vec::new();
            for transcript in transcripts.by_ref().take(tries.len()) {
                let missing = || Verdict::error("the judge left an answer out", 0.0);
                let mut verdict = judged.next().unwrap_or_else(missing);
                if let Some(transcript) = transcript {
                    verdict = verdict.with("calls", transcript.calls() as f64);
                    for i in 0..transcript.attempts().len() {
                        let attempt = judged.next().unwrap_or_else(missing);
                        // What could not be judged is neither right nor wrong.
                        if attempt.value().is_some() {
                            verdict =
                                verdict.with(&format!("right/{i}"), f64::from(u8::from(right(&attempt))));
                        }
                    }
                    for (i, flag) in transcript.flags().into_iter().enumerate() {
                        verdict = verdict.with(&format!("flag/{i}"), f64::from(u8::from(flag)));
                    }
                }
                own.push(verdict);
            }
            verdicts.push(own);
        }
        Ok(Judged { verdicts, spend: judged.spend })
    }

    fn name(&self) -> String {
        format!("{} of rethought answers", self.0.name())
    }
}

/// What was counted over judged transcripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answers.
    pub answers: u64,
    /// Calls, without those that extract answers.
    pub calls: u64,
    /// Right in the end.
    pub right: u64,
    /// Right at first.
    pub first: u64,
    /// First solutions that were wrong and checked, and those of them that were flagged.
    pub wrong: (u64, u64),
    /// First solutions that were right and checked, and those of them that were flagged.
    pub fine: (u64, u64),
    /// Redone solutions, and those of them that are right.
    pub redone: (u64, u64),
}

impl Counts {
    /// Counts judged transcripts; tries without a score, and those that are no transcript, are left out.
    pub fn of(groups: &[Group<Chat>]) -> Counts {
        let mut counts = Counts::default();
        for one in groups.iter().flat_map(|group| &group.tries).filter(|one| one.verdict.value().is_some()) {
            let part = |name: &str, i: u32| one.verdict.part(&format!("{name}/{i}")).map(|value| value > 0.5);
            let Some(first) = part("right", 0) else { continue };
            counts.answers += 1;
            counts.calls += one.verdict.part("calls").unwrap_or(0.0) as u64;
            counts.right += u64::from(right(&one.verdict));
            counts.first += u64::from(first);
            if let Some(flag) = part("flag", 0) {
                let tally = if first { &mut counts.fine } else { &mut counts.wrong };
                *tally = (tally.0 + 1, tally.1 + u64::from(flag));
            }
            let last = one.verdict.part("calls").unwrap_or(0.0) as u32;
            for redone in (1..=last).filter_map(|i| part("right", i)) {
                counts.redone = (counts.redone.0 + 1, counts.redone.1 + u64::from(redone));
            }
        }
        counts
    }

    /// The rates behind the formula. A rate of which nothing was seen is 0; redone solutions are taken to
    /// be like first ones where there are none.
    pub fn rates(&self) -> Rethinking {
        let share = |(all, some): (u64, u64)| if all == 0 { 0.0 } else { some as f64 / all as f64 };
        let first = share((self.answers, self.first));
        let redone = if self.redone.0 == 0 { first } else { share(self.redone) };
        Rethinking { first, detected: share(self.wrong), alarmed: share(self.fine), redone }
    }

    /// The share that is right in the end; not a number without answers.
    pub fn accuracy(&self) -> f64 {
        self.right as f64 / self.answers as f64
    }

    /// Calls an answer; not a number without answers.
    pub fn calls_an_answer(&self) -> f64 {
        self.calls as f64 / self.answers as f64
    }
}

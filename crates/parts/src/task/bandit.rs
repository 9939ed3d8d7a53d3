//! Family B: transcripts of a Bernoulli bandit, `B:a0 b1 a0 b1>b`.
//!
//! A prompt shows which arms were pulled and what each pull paid; the answer is the arm to pull
//! next. The judge knows the arms' means and measures regret. The best arm is not always the one
//! that a transcript favours, so no policy is right every time: that is the point of the family.

use super::checked::{Checked, cut};
use super::distinct::distinct;
use super::row::TextRow;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Seed, Split, Task, Verdict};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The task: arms, how much better the best one is, and how long transcripts are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bandits {
    /// How many arms, named a, b, c, ...
    pub arms: u32,
    /// How much more often the best arm pays than each other.
    pub gap: f64,
    /// How many pulls a transcript shows.
    pub horizon: u32,
}

impl Default for Bandits {
    fn default() -> Bandits {
        Bandits { arms: 3, gap: 0.4, horizon: 12 }
    }
}

impl Bandits {
    /// Fails unless there are 2 to 8 arms, a gap in (0, 1] and 1 to 60 pulls; `field` is the dotted
    /// name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        if !(2..=8).contains(&self.arms) {
            return Err(Error::invalid(format!("{field}.arms"), "between 2 and 8", self.arms));
        }
        if !(self.gap > 0.0 && self.gap <= 1.0) {
            return Err(Error::invalid(format!("{field}.gap"), "above 0 and at most 1", self.gap));
        }
        if !(1..=60).contains(&self.horizon) {
            return Err(Error::invalid(format!("{field}.horizon"), "between 1 and 60", self.horizon));
        }
        Ok(())
    }

    /// Row `index` of an endless stream of training transcripts, each answered by the arm that
    /// the transcript itself favours.
    pub fn row(&self, seed: Seed, index: u64, problem_weight: f32) -> Result<TextRow> {
        self.check("task.bandits")?;
        let mut rng = seed.at("transcript", index).rng();
        loop {
            let transcript = Transcript::draw(self, &mut rng);
            if transcript.split() == Split::Train {
                let arm = name(transcript.favourite()).to_string();
                return Ok(TextRow::new().then(&transcript.text(), problem_weight).then(&arm, 1.0));
            }
        }
    }
}

/// Pulls and the means behind them.
#[derive(Clone, Debug, PartialEq)]
struct Transcript {
    means: Vec<f64>,
    pulls: Vec<(usize, bool)>,
}

impl Transcript {
    /// Every arm is pulled about as often; the best arm is any of them.
    fn draw(world: &Bandits, rng: &mut Rng) -> Transcript {
        let best = rng.random_range(0..world.arms) as usize;
        let high = world.gap + rng.random::<f64>() * (1.0 - world.gap);
        let means: Vec<f64> =
            (0..world.arms as usize).map(|arm| if arm == best { high } else { high - world.gap }).collect();
        let pulls = (0..world.horizon)
            .map(|_| {
                let arm = rng.random_range(0..world.arms) as usize;
                (arm, rng.random_bool(means[arm]))
            })
            .collect();
        Transcript { means, pulls }
    }

    fn text(&self) -> String {
        let pulls: Vec<String> =
            self.pulls.iter().map(|(arm, paid)| format!("{}{}", name(*arm), u8::from(*paid))).collect();
        format!("B:{}>", pulls.join(" "))
    }

    fn hash(&self) -> u64 {
        Seed::root(0).at("bandits", 0).at(&self.text(), 0).number()
    }

    fn split(&self) -> Split {
        match self.hash() % 20 {
            0 => Split::Validation,
            1 | 2 => Split::Test,
            _ => Split::Train,
        }
    }

    /// The arm with the highest mean after one more success and one more failure each, the first
    /// one on ties.
    fn favourite(&self) -> usize {
        let mut counts = vec![(1.0, 2.0); self.means.len()];
        for (arm, paid) in &self.pulls {
            counts[*arm].0 += f64::from(u8::from(*paid));
            counts[*arm].1 += 1.0;
        }
        let mut best = 0;
        for (arm, (paid, pulled)) in counts.iter().enumerate() {
            if paid / pulled > counts[best].0 / counts[best].1 {
                best = arm;
            }
        }
        best
    }
}

fn name(arm: usize) -> char {
    char::from(b'a' + arm as u8)
}

impl Task<Chat> for Bandits {
    /// Prompts with the fields `text`, `means` (one an arm) and `answer` (the best arm).
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.check("task.bandits")?;
        distinct("task.bandits", n, split, rng, &mut BTreeSet::new(), |rng| {
            let transcript = Transcript::draw(self, rng);
            if transcript.split() != split {
                return Ok(None);
            }
            let best = highest(&transcript.means);
            let prompt =
                Prompt::text(format!("B/{}/{:016x}", self.arms, transcript.hash()), transcript.text())
                    .with("family", "B")
                    .with("level", self.arms)
                    .with("answer", name(best).to_string())
                    .with("means", transcript.means.clone())
                    .with("text", transcript.text());
            Ok(Some(prompt))
        })
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(BanditJudge)
    }

    /// The best arm. Its tokens are left empty: a task knows no tokenizer.
    fn gold(&self, prompt: &Prompt) -> Option<Completion> {
        let arm = prompt.field("answer")?.to_owned();
        Some(Completion { text: arm, ..Completion::default() })
    }

    fn name(&self) -> String {
        format!("bandits of {} arms, gap {}, horizon {}", self.arms, self.gap, self.horizon)
    }
}

/// 1 for the best arm, 0 for another; the details are `well_formed` and `regret`, how much less the
/// chosen arm pays than the best one (of the worst arm when the answer names no arm).
#[derive(Clone, Copy, Debug, Default)]
pub struct BanditJudge;

impl Judge<Chat> for BanditJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            let Some(means) = means(&ask.query) else {
                return Verdict::error("the prompt has no field means with one number an arm", 0.0);
            };
            let best = means[highest(&means)];
            let worst = means.iter().copied().fold(best, f64::min);
            let checked = check(&answer.text, means.len());
            let chosen = checked.answer.as_deref().and_then(|arm| arm.bytes().next());
            let paid = chosen.map_or(worst, |arm| means[usize::from(arm - b'a')]);
            Verdict::right(checked.well_formed && paid == best)
                .with("well_formed", f64::from(u8::from(checked.well_formed)))
                .with("regret", best - paid)
        }))
    }

    fn name(&self) -> String {
        "regret against the known means".into()
    }
}

/// Whether the answer names one of the arms; `right` is left to who knows the means.
fn check(completion: &str, arms: usize) -> Checked {
    let said = cut(completion).trim();
    match said.as_bytes() {
        [arm @ b'a'..=b'z'] if usize::from(arm - b'a') < arms => Checked::formed(false, said),
        _ => Checked::malformed(),
    }
}

fn means(prompt: &Prompt) -> Option<Vec<f64>> {
    let means: Vec<f64> = prompt
        .fields
        .get("means")?
        .as_array()?
        .iter()
        .map(serde_json::Value::as_f64)
        .collect::<Option<_>>()?;
    (!means.is_empty() && means.len() <= 26).then_some(means)
}

/// The first of the highest.
fn highest(means: &[f64]) -> usize {
    (0..means.len()).fold(0, |best, arm| if means[arm] > means[best] { arm } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::Sampling;

    fn verdict(prompt: &Prompt, said: &str) -> Verdict {
        let asks = Ask::<Chat>::each(std::slice::from_ref(prompt), 1, &Sampling::default());
        let answer = Completion { text: said.into(), ..Completion::default() };
        BanditJudge.judge(&asks, &[vec![answer]]).expect("a judge").verdicts[0][0].clone()
    }

    #[test]
    fn regret_is_measured_against_the_known_means() {
        let prompt = Prompt::text("x", "B:a0 b1>").with("means", vec![0.2, 0.7, 0.5]);
        let regrets = [("b", 1.0, 0.0), ("c", 0.0, 0.2), ("a~n", 0.0, 0.5)];
        for (said, score, regret) in regrets {
            let verdict = verdict(&prompt, said);
            assert_eq!(verdict.value(), Some(score), "{said}");
            assert!((verdict.part("regret").expect("regret") - regret).abs() < 1e-12);
        }
        for malformed in ["", "d", "ab", "B", "é"] {
            let verdict = verdict(&prompt, malformed);
            assert_eq!((verdict.value(), verdict.part("well_formed")), (Some(0.0), Some(0.0)), "{malformed}");
        }
        assert!(verdict(&Prompt::text("x", "B:a0>"), "a").is_error());
    }

    #[test]
    fn gold_is_the_best_arm_and_splits_are_disjoint() {
        let task = Bandits::default();
        let draw = |split| task.draw(split, 300, &mut Seed::root(1).rng()).expect("prompts");
        for prompt in draw(Split::Test) {
            let gold = task.gold(&prompt).expect("gold").text;
            assert_eq!(verdict(&prompt, &gold).value(), Some(1.0));
        }
        let ids = |split| draw(split).into_iter().map(|prompt| prompt.id).collect::<BTreeSet<String>>();
        assert!(ids(Split::Train).is_disjoint(&ids(Split::Test)));
    }

    #[test]
    fn a_transcript_favours_what_paid_most_often() {
        let favourite =
            |pulls: &[(usize, bool)]| Transcript { means: vec![0.5; 3], pulls: pulls.to_vec() }.favourite();
        // (0+1)/(1+2) against (1+1)/(2+2) and 1/2 for the arm never pulled: the first of the halves.
        assert_eq!(favourite(&[(0, false), (1, true), (1, false)]), 1);
        assert_eq!(favourite(&[(2, true)]), 2);
        assert_eq!(favourite(&[]), 0);
        let row = Bandits::default().row(Seed::root(1), 5, 0.1).expect("a row");
        assert!(row.text.starts_with("B:") && row.weight.last() == Some(&1.0));
        assert_eq!(row, Bandits::default().row(Seed::root(1), 5, 0.1).expect("a row"));
    }

    #[test]
    fn worlds_that_make_no_sense_are_refused_by_name() {
        let refused = |world: Bandits| world.check("task").expect_err("refused").to_string();
        assert_eq!(
            refused(Bandits { arms: 1, ..Bandits::default() }),
            "task.arms must be between 2 and 8, but is 1"
        );
        assert!(refused(Bandits { gap: 0.0, ..Bandits::default() }).starts_with("task.gap must be above 0"));
        assert!(refused(Bandits { gap: f64::NAN, ..Bandits::default() }).starts_with("task.gap"));
        assert!(refused(Bandits { horizon: 0, ..Bandits::default() }).starts_with("task.horizon"));
    }
}

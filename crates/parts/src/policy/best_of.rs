//! The best of several answers as a policy: sampling and a judge, made into one answer.
//!
//! Of the answers to a try the judge's favourite is given, the earlier on ties. How many there are is a
//! number, or depends on the prompt: it is sampled until a likelier answer would probably have been seen.

use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Error, Judge, Policy, Proposals, Result, Seed, Spend, Verdict, Version};
use autodidact_math::select::best;
use autodidact_math::sharpening::Patience;
use serde::{Deserialize, Serialize};

/// How many answers the best is chosen of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Draws {
    /// So many.
    Fixed {
        /// At least 1.
        tries: u32,
    },
    /// Until `k` answers were drawn of which the likeliest has a probability of at least `mu / k`, where
    /// `mu = ln(2 / delta)`. Reads the part `log_prob` of the judge's verdicts.
    Patient {
        /// The chance that the likeliest answer is missed, in (0, 1).
        delta: f64,
        /// Answers that are drawn together; those behind the one at which the rule holds do not count.
        block: u32,
        /// The most answers.
        most: u32,
    },
}

impl Draws {
    /// Fails on numbers that cannot be, naming the field below `field`.
    pub fn check(&self, field: &str) -> Result<()> {
        match *self {
            Draws::Fixed { tries: 0 } => Err(Error::invalid(format!("{field}.tries"), "at least 1", 0)),
            Draws::Fixed { .. } => Ok(()),
            Draws::Patient { delta, .. } if !(delta > 0.0 && delta < 1.0) => {
                Err(Error::invalid(format!("{field}.delta"), "in (0, 1)", delta))
            }
            Draws::Patient { block: 0, .. } => Err(Error::invalid(format!("{field}.block"), "at least 1", 0)),
            Draws::Patient { most: 0, .. } => Err(Error::invalid(format!("{field}.most"), "at least 1", 0)),
            Draws::Patient { .. } => Ok(()),
        }
    }
}

/// How many of these verdicts, in the order of drawing, the rule looks at: up to and with the one at which
/// it holds, or `None` when it wants more.
pub fn enough(verdicts: &[Verdict], delta: f64) -> Option<usize> {
    // A draw that is left out was a draw all the same.
    let log_prob = |verdict: &Verdict| match verdict.value() {
        Some(_) => verdict.part("log_prob").unwrap_or(f64::NEG_INFINITY),
        None => f64::NEG_INFINITY,
    };
    Patience::of(delta).stop(&verdicts.iter().map(log_prob).collect::<Vec<_>>())
}

/// Gives of several answers of a policy the one that a judge likes best.
///
/// Where the judge gives none a score, the first answer is given: nothing is better than nothing.
pub struct BestOf<'a> {
    policy: &'a dyn Policy<Chat>,
    judge: &'a dyn Judge<Chat>,
    draws: Draws,
}

/// The answers to one try so far.
struct Drawn {
    ask: usize,
    seed: Seed,
    answers: Vec<Completion>,
    verdicts: Vec<Verdict>,
    done: bool,
}

impl<'a> BestOf<'a> {
    /// The best answer of `policy` by `judge`, of as many as `draws` says.
    pub fn of(policy: &'a dyn Policy<Chat>, judge: &'a dyn Judge<Chat>, draws: Draws) -> Result<BestOf<'a>> {
        draws.check("draws")?;
        Ok(BestOf { policy, judge, draws })
    }

    /// Draws `tries` more answers to each try that is not done, from the seeds under `block`.
    fn draw(
        &self,
        asks: &[Ask<Chat>],
        drawn: &mut [Drawn],
        tries: u32,
        block: u32,
        spend: &mut Spend,
    ) -> Result<()> {
        let open: Vec<&mut Drawn> = drawn.iter_mut().filter(|one| !one.done).collect();
        let more: Vec<Ask<Chat>> = open.iter().map(|one| Ask { tries, ..asks[one.ask].clone() }).collect();
        let seeds: Vec<Seed> = open.iter().map(|one| one.seed.at("block", u64::from(block))).collect();
        let proposals = self.policy.propose(&more, &seeds)?;
        *spend += proposals.spend;
        for (one, answers) in open.into_iter().zip(proposals.answers) {
            one.answers.extend(answers);
        }
        Ok(())
    }

    /// Judges all answers of each try that is not done, together.
    fn judge(&self, asks: &[Ask<Chat>], drawn: &mut [Drawn], spend: &mut Spend) -> Result<()> {
        let open: Vec<&mut Drawn> = drawn.iter_mut().filter(|one| !one.done).collect();
        // What has failed is no answer, and no judge sees it.
        let sound = |one: &Drawn| -> Vec<Completion> {
            one.answers.iter().filter(|answer| !failed(answer)).cloned().collect()
        };
        let answers: Vec<Vec<Completion>> = open.iter().map(|one| sound(one)).collect();
        let judged = (open.iter().zip(&answers))
            .map(|(one, answers)| Ask { tries: answers.len() as u32, ..asks[one.ask].clone() })
            .collect::<Vec<_>>();
        let judged = self.judge.judge(&judged, &answers)?;
        *spend += judged.spend;
        spend.judge_calls +=
            self.judge.calls() * answers.iter().map(|answers| answers.len() as u64).sum::<u64>();
        for (one, verdicts) in open.into_iter().zip(judged.verdicts) {
            let mut verdicts = verdicts.into_iter();
            let verdict = |answer: &Completion| match failed(answer) {
                true => Verdict::error("the request failed", 0.0),
                false => verdicts.next().unwrap_or_else(|| Verdict::error("the judge gave no verdict", 0.0)),
            };
            one.verdicts = one.answers.iter().map(verdict).collect();
        }
        Ok(())
    }
}

fn failed(answer: &Completion) -> bool {
    autodidact_core::Answer::failure(answer).is_some()
}

impl Drawn {
    fn favourite(mut self) -> Completion {
        let scores: Vec<f64> =
            self.verdicts.iter().map(|verdict| verdict.value().unwrap_or(f64::NEG_INFINITY)).collect();
        let sound = || self.answers.iter().position(|answer| !failed(answer));
        let chosen = best(&scores).or_else(sound).unwrap_or(0);
        self.answers.swap_remove(chosen)
    }
}

impl Policy<Chat> for BestOf<'_> {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        if asks.len() != seeds.len() {
            return Err(Error::invalid("number of seeds", asks.len().to_string(), seeds.len()));
        }
        let one = |(ask, one): (usize, &Ask<Chat>)| {
            let try_of = move |t: u32| Drawn {
                ask,
                seed: seeds[ask].at("try", u64::from(t)),
                answers: Vec::new(),
                verdicts: Vec::new(),
                done: false,
            };
            (0..one.tries).map(try_of).collect::<Vec<_>>()
        };
        let mut drawn: Vec<Drawn> = asks.iter().enumerate().flat_map(one).collect();
        let mut spend = Spend::default();
        match self.draws {
            Draws::Fixed { tries } => {
                self.draw(asks, &mut drawn, tries, 0, &mut spend)?;
                self.judge(asks, &mut drawn, &mut spend)?;
            }
            Draws::Patient { delta, block, most } => {
                for number in 0..most.div_ceil(block) {
                    let tries = block.min(most - number * block);
                    self.draw(asks, &mut drawn, tries, number, &mut spend)?;
                    self.judge(asks, &mut drawn, &mut spend)?;
                    for one in drawn.iter_mut().filter(|one| !one.done) {
                        if let Some(n) = enough(&one.verdicts, delta) {
                            one.answers.truncate(n);
                            one.verdicts.truncate(n);
                            one.done = true;
                        }
                    }
                    if drawn.iter().all(|one| one.done) {
                        break;
                    }
                }
            }
        }
        let mut answers: Vec<Vec<Completion>> = asks.iter().map(|_| Vec::new()).collect();
        for one in drawn {
            answers[one.ask].push(one.favourite());
        }
        Ok(Proposals { answers, spend })
    }

    /// As many as draw no more answers together than the policy wants recorded together.
    fn tries_a_part(&self) -> usize {
        let draws = match self.draws {
            Draws::Fixed { tries } => tries,
            Draws::Patient { most, .. } => most,
        };
        (self.policy.tries_a_part() / draws as usize).max(1)
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(format!(
            "best of {:?} by {} of {}",
            self.draws,
            self.judge.name(),
            self.policy.version()?.0
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Finish, Prompt, Sampling};
    use autodidact_core::{Domain, Judged};
    use rand::Rng;

    /// Says a number below 10, drawn from the try's seed; one prompt always fails.
    struct Says;

    impl Policy<Chat> for Says {
        fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
            let one = |(ask, seed): (&Ask<Chat>, &Seed)| {
                let say = |t: u32| match ask.query.id.as_str() {
                    "down" => Completion::failed("no network"),
                    _ => {
                        let number = seed.at("try", u64::from(t)).rng().random_range(0..10u32);
                        Completion { text: number.to_string(), ..Completion::default() }
                    }
                };
                (0..ask.tries).map(say).collect()
            };
            let spend = Spend {
                sampled_tokens: asks.iter().map(|ask| u64::from(ask.tries)).sum(),
                ..Spend::default()
            };
            Ok(Proposals { answers: asks.iter().zip(seeds).map(one).collect(), spend })
        }

        fn version(&self) -> Result<Version> {
            Ok(Version("says".to_owned()))
        }
    }

    /// Likes large numbers; 9 has probability 1/2, lower ones have hardly any, 0 is not judged.
    struct Large;

    impl Judge<Chat> for Large {
        fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<<Chat as Domain>::Answer>]) -> Result<Judged> {
            Ok(Judged::each(asks, answers, |_, answer| match answer.text.parse::<u32>().expect("a number") {
                0 => Verdict::abstain("nothing"),
                9 => Verdict::score(9.0).with("log_prob", 0.5f64.ln()),
                n => Verdict::score(f64::from(n)).with("log_prob", -20.0),
            }))
        }

        fn name(&self) -> String {
            "large".to_owned()
        }
    }

    fn asks(n: usize, tries: u32) -> (Vec<Ask<Chat>>, Vec<Seed>) {
        let queries: Vec<Prompt> = (0..n).map(|i| Prompt::text(format!("q{i}"), "?")).collect();
        let seeds = (0..n).map(|i| Seed::root(5).at("ask", i as u64)).collect();
        (Ask::each(&queries, tries, &Sampling::default()), seeds)
    }

    fn texts(draws: Draws, asks: &[Ask<Chat>], seeds: &[Seed]) -> (Vec<Vec<String>>, Spend) {
        let policy = BestOf::of(&Says, &Large, draws).expect("sound");
        let proposals = policy.propose(asks, seeds).expect("proposes");
        let text = |answers: &Vec<Completion>| answers.iter().map(|one| one.text.clone()).collect();
        (proposals.answers.iter().map(text).collect(), proposals.spend)
    }

    const PATIENT: Draws = Draws::Patient { delta: 0.1, block: 4, most: 30 };

    #[test]
    fn the_best_of_many_is_better_and_counts_what_it_cost() {
        let (asks, seeds) = asks(40, 2);
        let mean = |tries| {
            let (texts, spend) = texts(Draws::Fixed { tries }, &asks, &seeds);
            assert_eq!(
                (spend.sampled_tokens, spend.judge_calls),
                (80 * u64::from(tries), 80 * u64::from(tries))
            );
            texts.iter().flatten().map(|text| text.parse::<f64>().expect("a number")).sum::<f64>() / 80.0
        };
        // The mean of one is 4.5, the expected best of ten 8.5.
        assert!((mean(1) - 4.5).abs() < 1.5);
        assert!(mean(10) > 8.0);
    }

    #[test]
    fn an_answer_depends_on_its_ask_and_seed_alone() {
        let (asks, seeds) = asks(6, 3);
        for draws in [Draws::Fixed { tries: 5 }, PATIENT] {
            let (together, _) = texts(draws, &asks, &seeds);
            for i in 0..6 {
                assert_eq!(texts(draws, &asks[i..=i], &seeds[i..=i]).0[0], together[i], "{draws:?}");
                let fewer = [Ask { tries: 2, ..asks[i].clone() }];
                assert_eq!(texts(draws, &fewer, &seeds[i..=i]).0[0], together[i][..2], "{draws:?}");
            }
        }
    }

    #[test]
    fn a_patient_policy_stops_when_a_likelier_answer_would_have_been_seen() {
        let (asks, seeds) = asks(60, 1);
        let (texts, spend) = texts(PATIENT, &asks, &seeds);
        // 9 is drawn one time in ten, and is enough from 2.996 / .5 = 5.99 draws on: .9^30 = .042 never see it.
        let nines = texts.iter().flatten().filter(|text| *text == "9").count();
        assert!(nines >= 50, "{nines}");
        assert!(spend.sampled_tokens < 60 * 20, "{}", spend.sampled_tokens);
    }

    #[test]
    fn the_rule_counts_draws_that_were_left_out() {
        let likely = Verdict::score(1.0).with("log_prob", 0.5f64.ln());
        let mut verdicts = vec![Verdict::abstain("cut off"); 5];
        verdicts.push(likely.clone());
        assert_eq!(enough(&verdicts, 0.1), Some(6));
        assert_eq!(enough(&vec![likely; 5], 0.1), None);
        assert_eq!(enough(&vec![Verdict::abstain("cut off"); 50], 0.1), None);
    }

    #[test]
    fn without_a_score_the_first_sound_answer_is_given_and_failures_stay_failures() {
        let (mut asks, seeds) = asks(2, 1);
        asks[0].query.id = "down".to_owned();
        let policy = BestOf::of(&Says, &Large, Draws::Fixed { tries: 3 }).expect("sound");
        let answers = policy.propose(&asks, &seeds).expect("proposes").answers;
        assert_eq!(answers[0][0].finish, Finish::Failed);
        assert_eq!(answers[1][0].finish, Finish::Stop);
        assert!(policy.version().expect("has one").0.contains("by large of says"));
        assert!(BestOf::of(&Says, &Large, Draws::Fixed { tries: 0 }).is_err());
        assert!(BestOf::of(&Says, &Large, Draws::Patient { delta: 1.0, block: 1, most: 1 }).is_err());
    }
}

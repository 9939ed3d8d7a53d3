//! Which of the offered pairs are believed.

use super::contest;
use super::offers::Offer;
use autodidact_core::chat::{Chat, Finish, Sampling};
use autodidact_core::{Policy, Result, Run, Verdict};
use autodidact_lm::{Lm, Scorer};
use autodidact_parts::ask::{Contest, Opinion, Pairwise};
use autodidact_parts::dataset::{Preferred, dropped};
use autodidact_parts::learn::{in_tokens, row_of};
use autodidact_parts::wording::Prompts;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// A rule that keeps pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// The policy is asked which answer is better, in both orders, and names the strong one twice.
    #[default]
    Pairwise,
    /// The strong answer has the higher mean log-probability a token under the model under training.
    Likelihood,
    /// The strong answer is right and the weak one wrong: an upper bound.
    Oracle,
    /// Every pair is kept.
    AcceptAll,
    /// Every pair is kept and its sides are exchanged by the toss of a coin: a control.
    Random,
}

/// Who filters.
pub(super) struct Sides<'a> {
    /// The model under training.
    pub lm: &'a Lm,
    /// Who compares.
    pub policy: &'a dyn Policy<Chat>,
    pub prompts: &'a Prompts,
    pub judging: &'a Sampling,
}

/// What was not an opinion.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opinions {
    pub torn: usize,
    pub unread: usize,
}

impl Filter {
    /// One pair an offer, in their order, kept or dropped.
    pub(super) fn pairs(
        self,
        offers: &[Offer],
        sides: &Sides<'_>,
        run: &mut Run<'_>,
    ) -> Result<(Vec<Preferred>, Opinions)> {
        let mut opinions = Opinions::default();
        let mut pairs: Vec<Preferred> = offers.iter().map(pair).collect();
        let open: Vec<usize> = (0..pairs.len()).filter(|&i| pairs[i].is_kept()).collect();
        let offered: Vec<&Offer> = open.iter().map(|&i| &offers[i]).collect();
        match self {
            Filter::AcceptAll => {}
            Filter::Oracle => {
                for (&i, offer) in open.iter().zip(offered) {
                    if !offer.is_right() {
                        pairs[i].verdict = dropped("wrong");
                    }
                }
            }
            Filter::Random => {
                let mut rng = run.rng("swap");
                for i in open {
                    if rng.random() {
                        let pair = &mut pairs[i];
                        std::mem::swap(&mut pair.chosen, &mut pair.rejected);
                    }
                }
            }
            Filter::Likelihood => {
                for (i, [strong, weak]) in open.into_iter().zip(likelihoods(sides.lm, &offered)?) {
                    let verdict = if strong > weak { Verdict::score(1.0) } else { dropped("unlikely") };
                    pairs[i].verdict = verdict.with("strong", strong).with("weak", weak);
                }
            }
            Filter::Pairwise => {
                let pairwise = Pairwise::of(sides.prompts.wording("judge")?.clone(), sides.judging.clone())?;
                let contests: Vec<Contest> = (offered.iter())
                    .map(|offer| contest(&offer.prompt, &offer.strong.text, &offer.weak.text))
                    .collect();
                let said = pairwise.compare("judge", sides.policy, &contests, run)?;
                for (i, opinion) in open.into_iter().zip(said) {
                    let reason = match opinion {
                        Opinion::First => continue,
                        Opinion::Second => "worse",
                        Opinion::Torn => {
                            opinions.torn += 1;
                            "torn"
                        }
                        Opinion::Unread => {
                            opinions.unread += 1;
                            "unread"
                        }
                    };
                    pairs[i].verdict = dropped(reason);
                }
            }
        }
        Ok((pairs, opinions))
    }
}

/// The strong answer before the weak one, dropped where there is nothing to compare.
fn pair(offer: &Offer) -> Preferred {
    let Offer { prompt, strong, weak, .. } = offer;
    let verdict = match () {
        () if strong.text == weak.text => dropped("equal"),
        () if strong.text.is_empty() || weak.text.is_empty() => dropped("empty"),
        () if strong.finish == Finish::Length => dropped("cut_off"),
        () => Verdict::score(1.0),
    };
    Preferred {
        prompt: prompt.clone(),
        chosen: strong.clone(),
        rejected: weak.clone(),
        verdict,
        parents: Vec::new(),
    }
}

/// The mean log-probability a token of both answers to each question, in nats.
fn likelihoods(lm: &Lm, offers: &[&Offer]) -> Result<Vec<[f64; 2]>> {
    let mut rows = Vec::with_capacity(2 * offers.len());
    for offer in offers {
        for answer in [&offer.strong, &offer.weak] {
            rows.push(row_of(&*in_tokens(lm, &offer.prompt, answer)?, 0.0));
        }
    }
    let scored = Scorer::new(lm.model()).score(&rows)?;
    let mean = |i: usize| {
        let n = rows[i].weight.iter().filter(|weight| **weight != 0.0).count();
        autodidact_math::preference::logprob(&rows[i], &scored[i]) / n as f64
    };
    Ok((0..offers.len()).map(|i| [mean(2 * i), mean(2 * i + 1)]).collect())
}

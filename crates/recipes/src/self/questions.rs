//! Questions that a model asks itself: it continues lists of earlier ones.

use super::roles::{asked, whole};
use super::{Direct, Roles, Voices};
use crate::watch::WatchConfig;
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Error, Policy, Result, Run};
use autodidact_parts::OpenTask;
use autodidact_parts::filter::{Chain, Contaminated, Duplicate, Near, Rule, Unit, When};
use autodidact_parts::judge::NotJudged;
use autodidact_parts::synth::{Demand, Pool};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many times as many lists as should do are continued before a round goes on with fewer questions.
const PATIENCE: usize = 8;

/// Where the questions of the second and later rounds come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Later {
    /// From the task, as those of the first.
    Task,
    /// From the model, which continues lists of earlier questions.
    SelfInstruct(Instruct),
}

/// How questions are generated, and which of them are asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Instruct {
    /// Which model continues them.
    pub by: By,
    /// Earlier questions in a list that is continued.
    pub examples: u32,
    /// How lists are continued.
    pub sampling: Sampling,
    /// What a well-formed question matches, a regular expression; empty takes any.
    pub pattern: String,
    /// Questions above this ROUGE-L F1 with an earlier one are dropped; 1 drops only those with the same words.
    pub near: f64,
    /// Answers that must agree for a question to be asked, as one without an answer gets several; below 2 asks
    /// without a test.
    pub agree: u32,
}

/// Which model writes the questions of later rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The one that answers them.
    #[default]
    Current,
    /// The one that the run began with: small models forget how to write questions when they learn to answer
    /// them. Behind an endpoint both are the same.
    First,
}

impl Default for Instruct {
    fn default() -> Instruct {
        Instruct {
            by: By::Current,
            examples: 3,
            sampling: Sampling { temperature: 0.7, max_tokens: 512, ..Sampling::default() },
            pattern: String::new(),
            near: 0.7,
            agree: 0,
        }
    }
}

impl Later {
    pub(super) fn check(&self) -> Result<()> {
        let Later::SelfInstruct(instruct) = self else { return Ok(()) };
        if instruct.examples == 0 {
            return Err(Error::invalid("later.examples", "at least 1", 0));
        }
        if !(instruct.near > 0.0 && instruct.near <= 1.0) {
            return Err(Error::invalid("later.near", "in (0, 1]", instruct.near));
        }
        instruct.regex().map(drop)
    }
}

impl Instruct {
    fn regex(&self) -> Result<Regex> {
        Regex::new(&self.pattern)
            .map_err(|error| Error::invalid("later.pattern", "a regular expression", error))
    }

    /// `n` new questions in the manner of `earlier` ones, fewer where the model repeats itself.
    pub(super) fn questions(
        &self,
        n: usize,
        earlier: &[Prompt],
        watch: &WatchConfig,
        voices: &Voices<'_>,
        task: &OpenTask,
        run: &mut Run<'_>,
    ) -> Result<Vec<Prompt>> {
        let Voices { policy, writer, roles, .. } = *voices;
        let mut chain = self.chain(earlier, watch, task)?;
        let pool = Pool::of(earlier.iter().map(asked));
        let seed = run.seed("examples");
        let mut found: Vec<String> = Vec::new();
        let (mut asked_for, mut most) = (0, usize::MAX);
        while found.len() < n && asked_for < most {
            // The yield so far says how many more lists should do; the first guess is one question a list.
            let lists = match found.len() {
                0 => (n / 4).max(1),
                so_far => ((n - so_far) * asked_for).div_ceil(so_far).clamp(1, n),
            };
            let mut prompts = Vec::with_capacity(lists);
            for list in 0..lists {
                let place = asked_for + list;
                let mut rng = seed.at("list", place as u64).rng();
                let shown = pool.draw(Demand::Just(self.examples), Demand::Just(0), &mut rng).trusted;
                let shown: Vec<&str> = shown.iter().map(|one| one.item.as_str()).collect();
                prompts.push(roles.ask(format!("ask/{}/{place}", run.round()), &shown)?);
            }
            asked_for += lists;
            most = most.min(PATIENCE * n);
            let replies = run.attempt("ask", writer, &NotJudged, Ask::each(&prompts, 1, &self.sampling))?;
            for reply in replies.iter().flat_map(|group| &group.tries) {
                let fresh = items(&reply.answer.text).into_iter();
                // What a cut-off list ends with is no whole question.
                let whole = fresh.take(match whole(&reply.answer) {
                    Some(_) => usize::MAX,
                    None => items(&reply.answer.text).len().saturating_sub(1),
                });
                for question in whole {
                    if found.len() < n && chain.offer(question.as_str()).is_none() {
                        found.push(question);
                    }
                }
            }
        }
        chain.counts().note("ask", run)?;
        let round = run.round();
        let question = |(i, text): (usize, String)| Prompt::text(format!("own/{round}/{i}"), text);
        let questions: Vec<Prompt> = found.into_iter().enumerate().map(question).collect();
        self.agreed(questions, roles, policy, task, run)
    }

    /// The rules that a question must pass: well-formed, new, and none that the evaluation asks.
    fn chain(&self, earlier: &[Prompt], watch: &WatchConfig, task: &OpenTask) -> Result<Chain> {
        let regex = self.regex()?;
        let ill_formed = When::of("ill_formed", move |text: &str| !regex.is_match(text));
        let mut held_out = Vec::new();
        for evaluation in [&watch.test, &watch.validation] {
            if evaluation.problems > 0 {
                held_out.extend(evaluation.queries(&*task.task)?.iter().map(asked));
            }
        }
        let rules: Vec<Box<dyn Rule>> = vec![
            Box::new(ill_formed),
            Box::new(Duplicate::default()),
            Box::new(Near::above(self.near, Unit::Words)),
            Box::new(Contaminated::by(&held_out, 0, 1.0)),
        ];
        let mut chain = Chain::of(rules);
        earlier.iter().for_each(|question| chain.know(asked(question).as_str()));
        Ok(chain)
    }

    /// The questions whose answers agree.
    fn agreed(
        &self,
        questions: Vec<Prompt>,
        roles: &Roles,
        policy: &dyn Policy<Chat>,
        task: &OpenTask,
        run: &mut Run<'_>,
    ) -> Result<Vec<Prompt>> {
        if self.agree < 2 {
            return Ok(questions);
        }
        let direct = Direct::of(policy, roles);
        // Each answer is an ask of its own: nobody judges them, and so tries at one ask would have nothing to
        // be told apart by.
        let agree = self.agree as usize;
        let again: Vec<Prompt> =
            questions.iter().flat_map(|question| std::iter::repeat_n(question.clone(), agree)).collect();
        let groups = run.attempt("agree", &direct, &NotJudged, Ask::each(&again, 1, &self.sampling))?;
        let one = |groups: &[autodidact_core::Group<Chat>]| {
            let tries = groups.iter().flat_map(|group| group.tries.iter().map(move |one| (group, one)));
            let votes: BTreeSet<Option<String>> =
                tries.map(|(group, one)| (task.vote)(&group.ask.query, &one.answer)).collect();
            votes.len() == 1 && !votes.contains(&None)
        };
        let all = questions.len();
        let kept: Vec<Prompt> = groups
            .chunks_exact(agree)
            .filter(|groups| one(groups))
            .map(|groups| groups[0].ask.query.clone())
            .collect();
        run.note("disagreement/dropped", (all - kept.len()) as f64)?;
        Ok(kept)
    }
}

/// The questions of a reply, one a line; numbers and bullets before them do not count.
pub(super) fn items(reply: &str) -> Vec<String> {
    let item = |line: &str| {
        let line = line.trim();
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let numbered = line[digits..].strip_prefix(['.', ')']).filter(|_| digits > 0);
        let text = numbered.or_else(|| line.strip_prefix("- ")).or_else(|| line.strip_prefix("* "));
        text.unwrap_or(line).trim().to_owned()
    };
    reply.lines().map(item).filter(|text| !text.is_empty()).collect()
}

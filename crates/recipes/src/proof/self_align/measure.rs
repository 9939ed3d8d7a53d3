//! What is measured of a model in the world of dialogues.

use super::{Plan, document, plain};
use crate::self_align::{Invented, Kit, short_prompt};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Group, Judge, Judged, Result, Run, Seed, Verdict};
use autodidact_lm::{Lm, Scorer};
use autodidact_math::Row;
use autodidact_math::summary::mean;
use autodidact_parts::monitor::Drift;
use autodidact_parts::task::dialogues::{DialoguesJudge, Kind, PLACES, Query, country_of, posed, rule_of};
use std::collections::BTreeMap;

/// What a model reads before a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// A short system prompt.
    Nothing,
    /// Principles and exemplars.
    Header,
}

/// What was measured of one model.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Share of replies that keep their rule, by kind.
    pub kept: BTreeMap<Kind, f64>,
    /// Mean words of a reply.
    pub words: f64,
    /// Mean tokens of a prompt.
    pub prompt: f64,
    /// Share of the replies with thoughts whose thoughts name the right rule; not a number without thoughts.
    pub rule: f64,
    /// Share of replies that begin with thoughts.
    pub thoughtful: f64,
    /// Share of questions whose compliant reply is likelier a token than a blunt one.
    pub ranked: f64,
    /// Share of places whose country it knows.
    pub countries: f64,
    /// Nats a token away from the base on documents.
    pub kl: f64,
}

impl Measured {
    /// The mean over kinds.
    pub fn all(&self) -> f64 {
        self.over(&Kind::ALL)
    }

    /// The mean over the kinds that a model cannot answer well.
    pub fn hard(&self) -> f64 {
        self.over(&Kind::HARD)
    }

    fn over(&self, kinds: &[Kind]) -> f64 {
        let shares: Vec<f64> = kinds.iter().filter_map(|kind| self.kept.get(kind).copied()).collect();
        mean(&shares).unwrap_or(f64::NAN)
    }
}

/// Held-out questions, asked with and without the header, and what is not to change.
pub struct Questions {
    short: Vec<Prompt>,
    long: Vec<Prompt>,
    /// A compliant and a blunt reply to each.
    choices: Vec<[String; 2]>,
    tries: u32,
    drift: Drift,
}

impl Questions {
    /// Those of a plan, the same for every model; `base` is where drift begins.
    pub fn of(plan: &Plan, base: &Lm, seed: u64) -> Result<Questions> {
        let kit = Kit::open(&plan.recipe.prompts)?;
        let task = plan.recipe.task.open()?;
        let asked = plan.recipe.watch.test.queries(&*task.task)?;
        let (mut short, mut long, mut choices) = (Vec::new(), Vec::new(), Vec::new());
        let mut rng = Seed::root(seed).at("blunt replies", 0).rng();
        for (place, prompt) in asked.into_iter().enumerate() {
            let text = prompt.field("query").unwrap_or_default().to_owned();
            let body = short_prompt(&kit, 0, &text)?.body;
            short.push(Prompt { body, ..prompt.clone() });
            let one = Invented { id: prompt.id.clone(), text, parent: String::new() };
            let body = plan.recipe.long_prompt(&kit, place, &one)?.body;
            if let Some(query) = posed(&prompt) {
                choices.push([query.compliant(), query.blunt(&mut rng)]);
            }
            long.push(Prompt { body, ..prompt });
        }
        let mut rng = Seed::root(seed).at("held-out documents", 0).rng();
        let rows: Vec<Row> =
            (0..40).map(|_| document(base, &plan.documents.draw(&mut rng))).collect::<Result<_>>()?;
        Ok(Questions { short, long, choices, tries: plan.tries, drift: Drift::of(base, rows)? })
    }

    /// Measures a model.
    pub fn measure(&self, lm: &Lm, under: Under, run: &mut Run<'_>) -> Result<Measured> {
        let prompts = match under {
            Under::Nothing => &self.short,
            Under::Header => &self.long,
        };
        let groups =
            run.evaluate("held-out", lm, &DialoguesJudge, Ask::each(prompts, self.tries, &plain()))?;
        let tries = || groups.iter().flat_map(|group| group.tries.iter().map(move |one| (group, one)));
        let average = |values: Vec<f64>| mean(&values).unwrap_or(f64::NAN);
        let share =
            |values: Vec<bool>| average(values.into_iter().map(|one| f64::from(u8::from(one))).collect());
        let mut kept: BTreeMap<Kind, Vec<f64>> = BTreeMap::new();
        for (group, one) in tries() {
            if let (Some(Query { kind, .. }), Some(score)) = (posed(&group.ask.query), one.verdict.value()) {
                kept.entry(kind).or_default().push(score);
            }
        }
        let thoughtful = |text: &str| text.trim_start().starts_with("i am helper");
        let rules = tries().filter(|(_, one)| thoughtful(&one.answer.text)).map(|(group, one)| {
            rule_of(&one.answer.text)
                .is_some_and(|kind| posed(&group.ask.query).map(|query| query.kind) == Some(kind))
        });
        Ok(Measured {
            kept: kept.into_iter().map(|(kind, scores)| (kind, average(scores))).collect(),
            words: average(tries().filter_map(|(_, one)| one.verdict.part("words")).collect()),
            prompt: average(tries().map(|(_, one)| one.answer.prompt.len() as f64).collect()),
            rule: share(rules.collect()),
            thoughtful: share(tries().map(|(_, one)| thoughtful(&one.answer.text)).collect()),
            ranked: self.ranked(lm)?,
            countries: countries(lm, run)?,
            kl: self.drift.kl(lm)?,
        })
    }

    /// Multiple choice by mean log-probability a token, without a header.
    fn ranked(&self, lm: &Lm) -> Result<f64> {
        let mut rows = Vec::new();
        for (prompt, choices) in self.short.iter().zip(&self.choices) {
            for reply in choices {
                let mut tokens = lm.render(prompt)?;
                let read = tokens.len() - 1;
                tokens.extend(lm.tokenizer().encode(&format!(" {reply}\n<user>"))?);
                let mut weight = vec![0.0; read];
                weight.resize(tokens.len() - 1, 1.0);
                rows.push(Row { tokens, weight });
            }
        }
        let scored = Scorer::new(lm.model()).score(&rows)?;
        let likely: Vec<f64> = rows
            .iter()
            .zip(&scored)
            .map(|(row, scored)| {
                let targets = row.weight.iter().zip(&scored.logprob).filter(|(weight, _)| **weight > 0.0);
                mean(&targets.map(|(_, logprob)| f64::from(*logprob)).collect::<Vec<_>>()).unwrap_or(f64::NAN)
            })
            .collect();
        let right = likely.chunks_exact(2).map(|pair| f64::from(u8::from(pair[0] > pair[1])));
        Ok(mean(&right.collect::<Vec<_>>()).unwrap_or(f64::NAN))
    }
}

/// A skill that no arm trains: the country of each place.
fn countries(lm: &Lm, run: &mut Run<'_>) -> Result<f64> {
    let ask = |(place, _): &(&str, &str)| Ask {
        query: Prompt::text(format!("country/{place}"), format!("<book> {place} is in"))
            .with("place", *place),
        knobs: Sampling {
            temperature: 0.0,
            max_tokens: 2,
            stop: vec![" ".to_owned()],
            ..Sampling::default()
        },
        tries: 1,
    };
    let groups: Vec<Group<Chat>> =
        run.evaluate("countries", lm, &Countries, PLACES.iter().map(ask).collect())?;
    Ok(mean(&groups.iter().flat_map(Group::scores).collect::<Vec<_>>()).unwrap_or(f64::NAN))
}

struct Countries;

impl Judge<Chat> for Countries {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            let country = ask.query.field("place").and_then(country_of);
            Verdict::right(country == Some(answer.text.trim()))
        }))
    }

    fn name(&self) -> String {
        "countries of places".into()
    }
}

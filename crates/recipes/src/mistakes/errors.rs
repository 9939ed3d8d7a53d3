//! The error set: a model's own wrong rationales with their causes and types.

use super::taxonomy::{OTHER, Taxonomy};
use super::{Explain, Mistakes};
use crate::asked::question;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Group, Judge, Judged, Policy, Result, Run, Split, Verdict};
use autodidact_parts::OpenTask;
use autodidact_parts::dataset::Example;
use autodidact_parts::judge::right;
use autodidact_parts::task::modular;
use autodidact_parts::wording::Prompts;
use std::collections::BTreeMap;

/// One question that was answered wrongly.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The question as the task asks it.
    pub query: Prompt,
    /// Its text.
    pub question: String,
    /// The reference rationale.
    pub reference: String,
    /// The first wrong rationale that was sampled.
    pub wrong: String,
    /// A right rationale that was sampled and is not the reference, where one was found.
    pub second: Option<String>,
    /// Why it went wrong; empty where nobody says.
    pub cause: String,
    /// The type of mistake: a category of the taxonomy, or "other".
    pub kind: String,
}

/// What an explanation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Why the rationale is wrong.
    pub cause: String,
    /// The name of the mistake.
    pub keyword: String,
}

impl Cause {
    /// Reads the numbered lines of an explanation; the second is the cause, the third the name. `Err` says
    /// which is missing.
    pub fn parse(text: &str) -> Result<Cause, &'static str> {
        let mut parts: BTreeMap<u32, String> = BTreeMap::new();
        let mut last = 0;
        for line in text.lines() {
            let line = line.trim();
            let numbered = line.split_once(['.', ')']).and_then(|(number, rest)| {
                let number = number.trim_start_matches('(').parse::<u32>().ok()?;
                Some((number, rest.trim().to_owned()))
            });
            match numbered {
                Some((number @ 1..=3, rest)) if number == last + 1 => {
                    parts.insert(number, rest);
                    last = number;
                }
                _ if last > 0 && !line.is_empty() => {
                    let part = parts.entry(last).or_default();
                    part.push(' ');
                    part.push_str(line);
                }
                _ => {}
            }
        }
        let part = |number: u32| parts.get(&number).filter(|text| !text.is_empty()).cloned();
        Ok(Cause { cause: part(2).ok_or("no_cause")?, keyword: part(3).ok_or("no_type")? })
    }
}

/// What is found while wrong rationales are looked for.
#[derive(Clone, Debug, Default)]
struct Found {
    wrong: Option<String>,
    second: Option<String>,
}

impl Mistakes {
    /// Samples rationales until every question has a wrong one or the tries are used up; questions that
    /// stay right give no item.
    pub(super) fn collect(
        &self,
        (task, prompts): (&OpenTask, &Prompts),
        policy: &dyn Policy<Chat>,
        run: &mut Run<'_>,
    ) -> Result<Vec<Item>> {
        let mut rng = run.rng("questions");
        let queries = task.task.draw(Split::Train, self.questions as usize, &mut rng)?;
        let judge = task.task.judge();
        let references: Vec<Option<String>> =
            queries.iter().map(|query| task.task.gold(query).map(|gold| gold.text)).collect();
        let mut found = vec![Found::default(); queries.len()];
        for _ in 0..self.tries {
            let open: Vec<usize> =
                (0..queries.len()).filter(|&i| references[i].is_some() && !self.enough(&found[i])).collect();
            if open.is_empty() {
                break;
            }
            let ask = |&i: &usize| {
                let asked = prompts.fill("think", &queries[i].id, &[("question", &question(&queries[i]))])?;
                let query = Prompt { fields: queries[i].fields.clone(), ..asked };
                Ok(Ask { query, knobs: self.sampling.clone(), tries: 1 })
            };
            let asks = open.iter().map(ask).collect::<Result<Vec<Ask<Chat>>>>()?;
            let groups = run.attempt("sample", policy, &*judge, asks)?;
            for (&i, group) in open.iter().zip(&groups) {
                keep(&mut found[i], group, references[i].as_deref());
            }
        }
        let mut items = Vec::new();
        for ((query, reference), found) in queries.into_iter().zip(references).zip(found) {
            if let (Some(reference), Some(wrong)) = (reference, found.wrong) {
                let question = question(&query);
                let (cause, kind) = (String::new(), OTHER.to_owned());
                items.push(Item { query, question, reference, wrong, second: found.second, cause, kind });
            }
        }
        Ok(items)
    }

    /// Whether a question needs no further sample.
    fn enough(&self, found: &Found) -> bool {
        found.wrong.is_some() && (found.second.is_some() || !self.data.takes_second())
    }

    /// Names the cause and the type of every item.
    pub(super) fn explain(
        &self,
        items: &mut [Item],
        prompts: &Prompts,
        policy: &dyn Policy<Chat>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let mut keywords = vec![String::new(); items.len()];
        match &self.explain {
            Explain::Nobody => return Ok(()),
            Explain::Task => {
                for (item, keyword) in items.iter_mut().zip(&mut keywords) {
                    if let Some((kind, cause)) = modular::explain(&item.query, &item.wrong) {
                        (item.cause, *keyword) = (cause, kind.name().to_owned());
                    }
                }
            }
            Explain::Policy { sampling, .. } => {
                let ask = |item: &Item| {
                    let holes = [
                        ("question", item.question.as_str()),
                        ("reference", item.reference.as_str()),
                        ("given", item.wrong.as_str()),
                    ];
                    prompts.fill("cause", &item.query.id, &holes)
                };
                let asked = items.iter().map(ask).collect::<Result<Vec<_>>>()?;
                let groups = run.attempt("cause", policy, &Explained, Ask::each(&asked, 1, sampling))?;
                for ((item, keyword), group) in items.iter_mut().zip(&mut keywords).zip(groups) {
                    if let Some(Ok(said)) = group.tries.first().map(|one| Cause::parse(&one.answer.text)) {
                        (item.cause, *keyword) = (said.cause, said.keyword);
                    }
                }
            }
        }
        let taxonomy = self.grouped(&keywords, prompts, policy, run)?;
        for (item, keyword) in items.iter_mut().zip(&keywords) {
            item.kind = taxonomy.of_keyword(keyword).to_owned();
        }
        Ok(())
    }

    /// The taxonomy of the settings, or one that the model makes of the keywords.
    fn grouped(
        &self,
        keywords: &[String],
        prompts: &Prompts,
        policy: &dyn Policy<Chat>,
        run: &mut Run<'_>,
    ) -> Result<Taxonomy> {
        let Explain::Policy { cluster: true, sampling } = &self.explain else {
            return Ok(self.taxonomy.clone());
        };
        let mut all: Vec<String> = keywords.iter().filter(|word| !word.is_empty()).cloned().collect();
        all.sort();
        all.dedup();
        let asked = prompts.fill("cluster", "cluster", &[("keywords", &all.join(", "))])?;
        let groups = run.attempt("cluster", policy, &Explained, Ask::each(&[asked], 1, sampling))?;
        let text = groups.first().and_then(|group| group.tries.first()).map(|one| one.answer.text.as_str());
        Ok(Taxonomy::parse(text.unwrap_or_default()))
    }
}

/// Keeps the first wrong rationale and the first right one that is not the reference.
fn keep(found: &mut Found, group: &Group<Chat>, reference: Option<&str>) {
    for one in group.tries.iter().filter(|one| one.verdict.value().is_some()) {
        let text = one.answer.text.as_str();
        match right(&one.verdict) {
            // What a checker cannot read at all is no rationale.
            false if found.wrong.is_none() && !text.trim().is_empty() => found.wrong = Some(text.to_owned()),
            true if found.second.is_none() && Some(text) != reference => found.second = Some(text.to_owned()),
            _ => {}
        }
    }
}

/// The error set as a stage of the run: the wrong rationale, with all that is known of it.
pub(super) fn examples(items: &[Item]) -> Vec<Example> {
    let one = |(i, item): (usize, &Item)| {
        let prompt = item
            .query
            .clone()
            .with("reference", item.reference.as_str())
            .with("cause", item.cause.as_str())
            .with("type", item.kind.as_str());
        let prompt = Prompt { id: format!("error/{i}/{}", item.query.id), ..prompt };
        Example {
            prompt,
            text: item.wrong.clone(),
            verdict: Verdict::right(false),
            parents: vec![item.query.id.clone()],
        }
    };
    items.iter().enumerate().map(one).collect()
}

/// Gives 1 to an explanation that can be read and 0 to another; both are data.
struct Explained;

impl Judge<Chat> for Explained {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let read = |text: &str| Cause::parse(text).is_ok() || !Taxonomy::parse(text).categories.is_empty();
        Ok(Judged::each(asks, answers, |_, answer| Verdict::right(read(&answer.text))))
    }

    fn name(&self) -> String {
        "explanations that can be read".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_read_by_its_numbered_lines() {
        let said = "Let me see.\n1. The right answer is 7, given was 8.\n2. It adds 3 and 4\nand gets 8.\n\n(3) Calculation error";
        let cause = Cause::parse(said).expect("reads");
        assert_eq!(cause.cause, "It adds 3 and 4 and gets 8.");
        assert_eq!(cause.keyword, "Calculation error");
        assert_eq!(Cause::parse("1. 7\n3. logical"), Err("no_cause"));
        assert_eq!(Cause::parse("1. 7\n2. because"), Err("no_type"));
        assert_eq!(Cause::parse("nothing"), Err("no_cause"));
    }
}

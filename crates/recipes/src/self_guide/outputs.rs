//! Outputs that the model gives its own inputs: a vote, and for labels a mapping and a balance.

use super::inputs::{Made, fits};
use super::labels::{Balanced, balanced, contained};
use super::{Balance, Guided, Mapping, SelfGuide, Switch};
use autodidact_core::chat::{Chat, Prompt};
use autodidact_core::{Ask, Group, Policy, Result, Run};
use autodidact_lm::Lm;
use autodidact_math::summary::mean;
use autodidact_parts::check::Case;
use autodidact_parts::dataset::{Example, dropped};
use autodidact_parts::filter::{Banned, Counts, Empty, Length, Rule, Unit, reason};
use autodidact_parts::judge::{Consistency, right};

/// The pairs to learn from and those that were dropped, with the reasons. Notes the counts of the filters
/// and, where the truth is known, how many labels are right before and after.
pub fn labelled(
    recipe: &SelfGuide,
    (task, learned): (&Guided, &Guided),
    pool: &[Made],
    lm: &Lm,
    policy: &dyn Policy<Chat>,
    run: &mut Run<'_>,
) -> Result<Vec<Example>> {
    let sampling = &recipe.outputs.sampling;
    let mut queries: Vec<Prompt> = Vec::new();
    let mut asked: Vec<&Made> = Vec::new();
    for made in pool {
        let query = task.answer_prompt(made.id.replacen("input", "output", 1), &made.input)?;
        if fits(recipe, lm, &query, sampling) {
            queries.push(query);
            asked.push(made);
        }
    }
    let judge = Consistency::of(recipe.outputs.least_share, rules(recipe, task))?;
    let groups =
        run.attempt("outputs", policy, &judge, Ask::each(&queries, recipe.outputs.tries, sampling))?;
    note_samples(task, &asked, &groups, run)?;

    let mut pairs: Vec<(Result<String, &'static str>, f64)> = groups.iter().map(|group| won(group)).collect();
    if !task.labels.is_empty() {
        for (output, _) in &mut pairs {
            if let Ok(text) = output {
                *output = mapped(recipe.mapping, text, &task.labels);
            }
        }
        if recipe.balance == Balance::Rarest {
            balance(&mut pairs, &task.labels, run);
        }
    }

    let mut counts = Counts { candidates: (pool.len() - asked.len()) as u64, ..Counts::default() };
    counts.dropped.push(("too_long".to_owned(), counts.candidates));
    let mut examples = Vec::with_capacity(pairs.len());
    let (mut truths, mut wanted, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for ((output, share), made) in pairs.into_iter().zip(&asked) {
        counts.count(output.as_ref().err().copied());
        let prompt = learned.answer_prompt(made.id.replacen("input", "pair", 1), &made.input)?;
        let (text, verdict) = match output {
            Ok(text) => {
                shares.push(share);
                truths.push(is_right(task, &made.input, &text));
                wanted.extend(made.label.as_ref().map(|label| f64::from(u8::from(*label == text))));
                (text, autodidact_core::Verdict::score(1.0).with("share", share))
            }
            Err(why) => (String::new(), dropped(why)),
        };
        let example = Example { prompt, text, verdict, parents: Vec::new() };
        examples.push(example.from([made.id.clone()].into_iter().chain(made.parents.iter().cloned())));
    }
    counts.note("outputs", run)?;
    if task.is_known()
        && let Some(accuracy) = mean(&truths)
    {
        run.note("label_accuracy", accuracy)?;
    }
    for (name, values) in [("requested_label", wanted), ("vote_share", shares)] {
        if let Some(mean) = mean(&values) {
            run.note(name, mean)?;
        }
    }
    Ok(examples)
}

/// The rules that an output must pass to have a vote.
fn rules(recipe: &SelfGuide, task: &Guided) -> Vec<Box<dyn Rule>> {
    let filters = &recipe.filters;
    let mut rules: Vec<Box<dyn Rule>> = Vec::new();
    if filters.rules == Switch::On {
        rules.push(Box::new(Empty));
        if filters.output_length.of(task) == Switch::On {
            let outputs: Vec<&str> = task.examples.iter().map(|pair| pair.output.as_str()).collect();
            rules.push(Box::new(Length::around(&outputs, Unit::Characters)));
        }
        rules.push(Box::new(Banned::of(&filters.banned, Case::Ignore)));
    }
    rules
}

/// The output that won and its share, or why there is none.
fn won(group: &Group<Chat>) -> (Result<String, &'static str>, f64) {
    match group.tries.iter().find(|one| right(&one.verdict)) {
        Some(one) => (Ok(one.answer.text.trim().to_owned()), one.verdict.part("share").unwrap_or(0.0)),
        None if group.tries.iter().all(|one| reason(&one.verdict).is_some() || one.verdict.is_error()) => {
            (Err("no_output"), 0.0)
        }
        None => (Err("no_majority"), 0.0),
    }
}

fn mapped(mapping: Mapping, text: &str, labels: &[String]) -> Result<String, &'static str> {
    let label = match mapping {
        Mapping::Contained => contained(text, labels),
        Mapping::Strict => labels.iter().map(String::as_str).find(|label| *label == text),
    };
    label.map(str::to_owned).ok_or("no_label")
}

/// Drops labels down to the number of the rarest.
fn balance(pairs: &mut [(Result<String, &'static str>, f64)], labels: &[String], run: &Run<'_>) {
    let found: Vec<(usize, String)> = pairs
        .iter()
        .enumerate()
        .filter_map(|(place, (label, _))| Some((place, label.clone().ok()?)))
        .collect();
    let texts: Vec<&str> = found.iter().map(|(_, label)| label.as_str()).collect();
    let Balanced { kept, missing } = balanced(&texts, labels, &mut run.rng("balance"));
    if !missing.is_empty() {
        tracing::warn!(?missing, "labels that no input has are left out of the balance");
    }
    for (idx, (place, _)) in found.iter().enumerate() {
        if kept.binary_search(&idx).is_err() {
            pairs[*place].0 = Err("unbalanced");
        }
    }
}

/// Notes how many of all sampled outputs are right.
fn note_samples(task: &Guided, asked: &[&Made], groups: &[Group<Chat>], run: &mut Run<'_>) -> Result<()> {
    if !task.is_known() {
        return Ok(());
    }
    let mut truths = Vec::new();
    for (made, group) in asked.iter().zip(groups) {
        let sound = group.tries.iter().filter(|one| one.answer.failure.is_none());
        truths.extend(sound.map(|one| is_right(task, &made.input, one.answer.text.trim())));
    }
    match mean(&truths) {
        Some(accuracy) => run.note("sample_accuracy", accuracy),
        None => Ok(()),
    }
}

/// 1 where the output is right; a text that is no input has no right output.
fn is_right(task: &Guided, input: &str, output: &str) -> f64 {
    f64::from(u8::from(
        task.truth(input).is_some_and(|right| task.verdict(output, &right).part("right") == Some(1.0)),
    ))
}

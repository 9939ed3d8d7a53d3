//! Inputs that the model makes: a growing pool, shown in part to every prompt for a new one.

use super::{Guided, SelfGuide, Switch};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Judge, Judged, Policy, Result, Rng, Run, Spend, Verdict};
use autodidact_lm::Lm;
use autodidact_parts::check::Case;
use autodidact_parts::dataset::dropped;
use autodidact_parts::filter::{Banned, Chain, Counts, Duplicate, Empty, Length, Rule, Unit, reason};
use autodidact_parts::policy::PolicyConfig;
use autodidact_parts::synth::{Demand, Pool};
use rand::seq::IndexedRandom;

/// How often a prompt that is too long for the model is drawn again before it shows no made inputs.
const REDRAWS: u32 = 20;

/// An input that survived.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// `input/<time>/<prompt>`.
    pub id: String,
    /// The input.
    pub input: String,
    /// The label it was asked for.
    pub label: Option<String>,
    /// The ids of the inputs that its prompt showed.
    pub parents: Vec<String>,
}

/// What the prompts left: the survivors, in the order of making. Notes the counts of the filters.
pub fn made(
    recipe: &SelfGuide,
    task: &Guided,
    lm: &Lm,
    policy: &dyn Policy<Chat>,
    run: &mut Run<'_>,
) -> Result<Vec<Made>> {
    let mut pool = Pool::of(task.examples.iter().map(|pair| pair.input.clone()));
    let mut survivors: Vec<Made> = Vec::new();
    let mut counts = Counts::default();
    let sampling = recipe.inputs.sampling.at(recipe.inputs.temperature.of(task));
    for time in 0..recipe.inputs.epochs {
        let mut asks = Vec::with_capacity(recipe.inputs.prompts as usize);
        for place in 0..recipe.inputs.prompts {
            let mut rng = run.seed("show").at("time", time.into()).at("prompt", place.into()).rng();
            let query = prompt(recipe, task, &pool, lm, format!("input/{time}/{place}"), &mut rng)?;
            asks.push(Ask { query, knobs: sampling.clone(), tries: 1 });
        }
        let judge = Fresh { recipe, task, pool: &pool };
        let groups = run.attempt("inputs", policy, &judge, asks)?;
        for group in groups {
            let Some(one) = group.tries.first().filter(|one| one.verdict.value().is_some()) else { continue };
            let why = reason(&one.verdict);
            counts.count(why);
            if why.is_none() {
                let query = &group.ask.query;
                let parents = query.fields.get("parents").and_then(|ids| ids.as_array());
                let parents = parents.into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned));
                survivors.push(Made {
                    id: query.id.clone(),
                    input: bare(&one.answer.text).to_owned(),
                    label: query.field("label").map(str::to_owned),
                    parents: parents.collect(),
                });
            }
        }
        for made in &survivors[pool.grown().len()..] {
            pool.grow(made.id.clone(), made.input.clone());
        }
    }
    counts.note("inputs", run)?;
    Ok(survivors)
}

/// A prompt for one more input.
fn prompt(
    recipe: &SelfGuide,
    task: &Guided,
    pool: &Pool,
    lm: &Lm,
    id: String,
    rng: &mut Rng,
) -> Result<Prompt> {
    let label = task.labels.choose(rng).map(String::as_str);
    let mut redraws = 0;
    loop {
        let show = if redraws < REDRAWS { Demand::UpTo(recipe.inputs.show) } else { Demand::Just(0) };
        let drawn = pool.draw(Demand::All, show, rng);
        let texts = |items: &[&'_ autodidact_parts::synth::Seedling]| -> Vec<String> {
            items.iter().map(|one| one.item.clone()).collect()
        };
        let (trusted, grown) = (texts(&drawn.trusted), texts(&drawn.grown));
        let trusted: Vec<&str> = trusted.iter().map(String::as_str).collect();
        let grown: Vec<&str> = grown.iter().map(String::as_str).collect();
        let prompt = task.wordings().input(id.clone(), &task.instruction, (&trusted, &grown), label)?;
        if show == Demand::Just(0) || fits(recipe, lm, &prompt, &recipe.inputs.sampling) {
            let prompt = prompt.with("parents", drawn.ids().collect::<Vec<String>>());
            return Ok(match label {
                Some(label) => prompt.with("label", label),
                None => prompt,
            });
        }
        redraws += 1;
    }
}

/// Whether the model in this process has room for the prompt and an answer; others look after themselves.
pub fn fits(recipe: &SelfGuide, lm: &Lm, prompt: &Prompt, sampling: &Sampling) -> bool {
    if !matches!(recipe.policy, PolicyConfig::Model) {
        return true;
    }
    // An answer may be cut off by the context; it must at least have begun.
    let room = lm.context() - (sampling.max_tokens as usize).min(lm.context() / 8);
    lm.render(prompt).is_ok_and(|tokens| tokens.len() <= room)
}

/// The input in an answer: without white space, the field's name and quotation marks around it.
pub fn bare(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("[input]=").unwrap_or(text).trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// Says of every answer whether it is an input worth keeping: 1, or 0 with the reason.
struct Fresh<'a> {
    recipe: &'a SelfGuide,
    task: &'a Guided,
    pool: &'a Pool,
}

impl Fresh<'_> {
    fn chain(&self) -> Chain {
        let filters = &self.recipe.filters;
        let mut rules: Vec<Box<dyn Rule>> = Vec::new();
        if filters.rules == Switch::On {
            rules.push(Box::new(Empty));
            if filters.input_length.of(self.task) == Switch::On {
                let inputs: Vec<&str> = self.task.examples.iter().map(|pair| pair.input.as_str()).collect();
                rules.push(Box::new(Length::around(&inputs, Unit::Characters)));
            }
            rules.push(Box::new(Banned::of(&filters.banned, Case::Ignore)));
            rules.push(Box::new(Duplicate::default()));
        }
        rules.push(self.task.contamination());
        let mut chain = Chain::of(rules);
        for known in self.pool.trusted().iter().chain(self.pool.grown()) {
            chain.know(&known.item);
        }
        chain
    }
}

impl Judge<Chat> for Fresh<'_> {
    fn judge(&self, _asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let mut chain = self.chain();
        let mut one = |answer: &Completion| match chain.offer(bare(&answer.text)) {
            Some(rule) => dropped(&rule),
            None => Verdict::score(1.0),
        };
        let verdicts = answers.iter().map(|tries| tries.iter().map(&mut one).collect()).collect();
        Ok(Judged { verdicts, spend: Spend::default() })
    }

    fn name(&self) -> String {
        let rules = self.chain();
        let names: Vec<&str> = rules.counts().dropped.iter().map(|(name, _)| name.as_str()).collect();
        format!("input that passes {names:?} after {} known ones", self.pool.grown().len())
    }
}

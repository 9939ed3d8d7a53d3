//! The small model that errs, and the one that was taught to see it.

use super::{Plan, at};
use crate::mistakes::{Mistakes, OTHER};
use crate::proof::{ProofOptions, arm, lab};
use autodidact_core::chat::{Chat, Prompt};
use autodidact_core::{Ask, Error, Recipe, Result, Rng, Run, Seed, Split, Verdict};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_math::sft::{MaskedNll, normalise};
use autodidact_parts::judge::right;
use autodidact_parts::learn::{TuneConfig, Tuner};
use autodidact_parts::task::Noise;
use autodidact_parts::task::modular::{Mistake, ModularProblem, explain};
use rand::Rng as _;

/// The tag before right rationales.
pub(super) const RIGHT: &str = "[+]";
/// The tag before wrong ones.
pub(super) const WRONG: &str = "[-]";

/// How the base model is trained.
pub(super) struct Base {
    /// Rows an update.
    pub rows: usize,
    /// The most updates.
    pub most: u64,
    /// Updates between two looks at what it answers right.
    pub every: u64,
    /// The share at which training ends.
    pub until: f64,
    /// The chance that a step of what it reads is wrong.
    pub slip: f64,
    /// Questions a look.
    pub looks: usize,
}

/// How the checker is trained.
pub(super) struct Checker {
    /// Questions that the base answers once each, right or wrong.
    pub questions: usize,
    /// Updates.
    pub steps: u64,
    /// Rows an update.
    pub rows: usize,
}

/// A question, the base's answer, and the kind of its first mistake where it is wrong.
type Case = (Prompt, String, Option<&'static str>);

impl Plan {
    /// A model that answers about as many questions right as the plan asks for.
    pub(super) fn trained(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Lm> {
        let Base { rows, most, every, until, slip, looks } = self.base;
        let words = vocabulary();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let lm = lab::fresh_words(self.shape, seed, &words)?;
        let root = Seed::root(seed).at("base", 0);
        let task = self.recipe.task.open()?;
        let noise = Noise { slip, ..Noise::NONE };
        let schedule = Schedule { shape: Course::Constant, warmup: most / 80, floor: 0.0 };
        let tune = TuneConfig { lr: 3e-3, schedule, horizon: most, ..TuneConfig::default() };
        let mut tuner = Tuner::around(&lm, tune)?;
        tuner.begin(most)?;
        arm("base", seed, options, Mistakes::CARD, |run| {
            for step in 1..=most {
                if options.stop.requested() {
                    return Err(Error::Interrupted);
                }
                let mut rng = root.at("step", step).rng();
                let queries = task.task.draw(Split::Train, rows - rows / 8, &mut rng)?;
                let worked = queries.iter().map(|query| worked(query, noise, &mut rng));
                let mut pairs: Vec<(String, String)> = worked.collect();
                pairs.extend((0..rows / 8).map(|_| largest(&mut rng)));
                let mut batch = lab::rows_of_text(&lm, &pairs)?;
                normalise(&mut batch);
                tuner.update(&batch, &MaskedNll)?;
                if step.is_multiple_of(every) {
                    let queries = task.task.draw(Split::Validation, looks, &mut run.rng("looks"))?;
                    let asks = Ask::each(&queries, 1, &at(1.0));
                    let solved =
                        lab::mean_of(&run.evaluate("solved", &lm, &*task.task.judge(), asks)?, "score");
                    tracing::info!(step, solved, "base");
                    if solved >= until {
                        break;
                    }
                }
            }
            Ok(())
        })?;
        Ok(lm)
    }

    /// A copy of the base that was taught, on the base's own answers, to say whether one is wrong, and how.
    pub(super) fn checker(&self, base: &Lm, seed: u64, options: &ProofOptions<'_>) -> Result<Lm> {
        let Checker { questions, steps, rows } = self.checker;
        let lm = lab::copy(base)?;
        let prompts = self.recipe.open_prompts()?;
        let task = self.recipe.task.open()?;
        let root = Seed::root(seed).at("checker", 0);
        let (groups, _) = arm("checked", seed, options, Mistakes::CARD, |run| {
            let queries = task.task.draw(Split::Train, questions, &mut root.at("questions", 0).rng())?;
            run.attempt("sample", base, &*task.task.judge(), Ask::each(&queries, 1, &at(1.0)))
        })?;
        let cases = groups.into_iter().filter_map(|group| {
            let one = group.tries.into_iter().next()?;
            let kind = explain(&group.ask.query, &one.answer.text).map_or(OTHER, |(kind, _)| kind.name());
            let wrong = (!right(&one.verdict)).then_some(kind);
            Some((group.ask.query, one.answer.text, wrong))
        });
        let (right, wrong): (Vec<Case>, Vec<Case>) = cases.partition(|(_, _, wrong)| wrong.is_none());
        lab::train(&lm, 1e-3, steps, options, |step| {
            let mut rng = root.at("step", step).rng();
            // As many right as wrong ones, or it would learn what most answers are.
            let pair = |i: usize| {
                let cases = if (i.is_multiple_of(2) && !right.is_empty()) || wrong.is_empty() {
                    &right
                } else {
                    &wrong
                };
                let (query, given, wrong) = &cases[rng.random_range(0..cases.len() as u32) as usize];
                checked(&prompts, (query.field("text").unwrap_or_default(), given), *wrong, &mut rng)
            };
            let pairs = (0..rows).map(pair).collect::<Result<Vec<_>>>()?;
            lab::rows_of_text(&lm, &pairs)
        })?;
        Ok(lm)
    }
}

/// The check of an answer under some types of mistakes, or none for any mistake, and what it should say.
fn checked(
    prompts: &autodidact_parts::wording::Prompts,
    (question, given): (&str, &str),
    wrong: Option<&str>,
    rng: &mut Rng,
) -> Result<(String, String)> {
    let kinds: Vec<&str> = match rng.random_range(0..3u32) {
        0 => Vec::new(),
        1 => Mistake::ALL.map(Mistake::name).to_vec(),
        _ => Mistake::ALL.map(Mistake::name).into_iter().filter(|_| rng.random_bool(0.5)).collect(),
    };
    let says = match wrong {
        Some(kind) if kinds.is_empty() || kinds.contains(&kind) => format!("yes {kind}"),
        _ => "no".to_owned(),
    };
    let material = kinds.join(", ");
    let name = if kinds.is_empty() { "check_bare" } else { "check" };
    let holes = [("question", question), ("given", given), ("material", material.as_str())];
    Ok((crate::asked::question(&prompts.fill(name, "check", &holes)?), says))
}

/// A problem and a solution by somebody who errs, with the numbers of sums and products in either order.
fn worked(query: &Prompt, noise: Noise, rng: &mut Rng) -> (String, String) {
    let text = query.field("text").unwrap_or_default().to_owned();
    let problem = ModularProblem::parse(&text).expect("the task's own problem");
    let solution = exchanged(&problem.demonstrate(noise, rng).text(), rng);
    (text, solution)
}

/// The same steps, the numbers of sums and products exchanged by chance.
fn exchanged(solution: &str, rng: &mut Rng) -> String {
    let (steps, last) = solution.rsplit_once('#').unwrap_or((solution, ""));
    let one = |step: &str| match step.split_once('=') {
        Some((sides, value)) if rng.random_bool(0.5) => match sides.split_once(['+', '*']) {
            Some((a, b)) => format!("{b}{}{a}={value}", &sides[a.len()..=a.len()]),
            None => step.to_owned(),
        },
        _ => step.to_owned(),
    };
    let steps: Vec<String> = steps.split(';').map(one).collect();
    format!("{}#{last}", steps.join(";"))
}

/// The side task, which nothing is tuned on: the largest of three numbers, `41,7,63^` is 63.
fn largest(rng: &mut Rng) -> (String, String) {
    let numbers: [u32; 3] = std::array::from_fn(|_| rng.random_range(0..100));
    let [a, b, c] = numbers;
    (format!("{a},{b},{c}^"), a.max(b).max(c).to_string())
}

/// The share of right answers to the side task.
pub(super) fn side(lm: &Lm, n: usize, run: &mut Run<'_>) -> Result<f64> {
    let mut rng = Seed::root(0).at("side", 0).rng();
    let one = |i| {
        let (asked, answer) = largest(&mut rng);
        Prompt::text(format!("side/{i}"), asked).with("answer", answer)
    };
    let queries: Vec<Prompt> = (0..n).map(one).collect();
    let groups = run.evaluate("side", lm, &Largest, Ask::each(&queries, 1, &at(0.0)))?;
    Ok(lab::mean_of(&groups, "score"))
}

/// Compares with the field `answer`.
struct Largest;

impl autodidact_core::Judge<Chat> for Largest {
    fn judge(
        &self,
        asks: &[Ask<Chat>],
        answers: &[Vec<autodidact_core::chat::Completion>],
    ) -> Result<autodidact_core::Judged> {
        Ok(autodidact_core::Judged::each(asks, answers, |ask, answer| {
            Verdict::right(ask.query.field("answer") == Some(answer.text.trim()))
        }))
    }

    fn name(&self) -> String {
        "the largest".to_owned()
    }
}

/// Worked problems that nothing is tuned on, to measure drift on.
pub(super) fn text(plan: &Plan, lm: &Lm) -> Result<Vec<Row>> {
    let mut rng = Seed::root(0).at("drift", 0).rng();
    let task = plan.recipe.task.open()?;
    let queries = task.task.draw(Split::Validation, plan.questions / 5, &mut rng)?;
    let noise = Noise { slip: plan.base.slip, ..Noise::NONE };
    let pairs: Vec<(String, String)> = queries.iter().map(|query| worked(query, noise, &mut rng)).collect();
    lab::rows_of_text(lm, &pairs)
}

/// A token for each tag and each word of the checker. Numbers stay digits: what is known of one sum then
/// tells something of others.
fn vocabulary() -> Vec<String> {
    let mut words = [RIGHT, WRONG, "yes", "no", ", ", " other"].map(str::to_owned).to_vec();
    for kind in Mistake::ALL {
        words.extend([kind.name().to_owned(), format!(" {}", kind.name())]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanging_numbers_keeps_a_solution_right() {
        let problem = ModularProblem::parse("17;+8;*3;-20?").expect("a problem");
        let mut rng = Seed::root(1).rng();
        let all: std::collections::BTreeSet<String> =
            (0..40).map(|_| exchanged(&problem.solve().text(), &mut rng)).collect();
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|solution| problem.mistake(solution).is_none()));
    }
}

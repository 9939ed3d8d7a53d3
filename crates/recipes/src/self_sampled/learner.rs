//! The learner of self-sampled solutions: executes samples, keeps what is right, learns from all of it.

use super::solutions::{Credit, Program, Saved, Solutions, State, Statement};
use super::{Choose, SelfSampled};
use autodidact_core::chat::{Chat, Prompt};
use autodidact_core::{Ask, Error, Group, Learn, Lesson, Result, Seed, Snapshot, Task};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::multi_target::Targets;
use autodidact_parts::learn::Tuner;
use autodidact_parts::task::programs::{canonical, same_value, trace};
use rand::Rng as _;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

/// The file of a snapshot that holds the known programs.
const SOLUTIONS_FILE: &str = "solutions.json";

/// A model and everything that is known of each training problem.
pub struct Learner {
    tuner: Tuner,
    pub(super) settings: SelfSampled,
    /// By the problem's id.
    known: BTreeMap<String, Solutions>,
}

impl Learner {
    /// A learner that knows the reference of each problem. Fails where there is none, or one that does
    /// not run to its own answer.
    pub fn of(
        lm: &Lm,
        settings: &SelfSampled,
        task: &dyn Task<Chat>,
        problems: &[Prompt],
    ) -> Result<Learner> {
        let mut known = BTreeMap::new();
        for problem in problems {
            let reference = task.gold(problem).and_then(|gold| executed(problem, &gold.text));
            let whole = |reference: &Vec<Statement>| {
                reference.last().is_some_and(|last| last.state == State::Answer { right: true })
            };
            let reference = reference.filter(whole).ok_or_else(|| {
                let field = format!("reference of problem {}", problem.id);
                Error::invalid(field, "a program that runs to the answer", "none or another")
            })?;
            known.insert(problem.id.clone(), Solutions::of(&reference));
        }
        Ok(Learner { tuner: Tuner::around(lm, settings.tune())?, settings: settings.clone(), known })
    }

    /// What is known of each problem, by its id.
    pub fn known(&self) -> &BTreeMap<String, Solutions> {
        &self.known
    }

    /// Asks that begin with a known partly right program each, drawn evenly, the empty one among them.
    pub fn asks(&self, queries: &[Prompt], seed: Seed) -> Result<Vec<Ask<Chat>>> {
        let mut asks = Vec::with_capacity(queries.len());
        for (idx, query) in queries.iter().enumerate() {
            let mut query = query.clone();
            if self.settings.credit == Credit::Partial {
                let partial = self.of_problem(&query)?.partial();
                let prefix = &partial[seed.at("query", idx as u64).rng().random_range(0..partial.len())];
                if !prefix.is_empty() {
                    query.given = self.tuner.lm().tokenizer().encode(&format!("{};", prefix.join(";")))?;
                }
            }
            asks.push(Ask { query, knobs: self.settings.sampling.clone(), tries: self.settings.tries });
        }
        Ok(asks)
    }

    fn of_problem(&self, query: &Prompt) -> Result<&Solutions> {
        self.known.get(&query.id).ok_or_else(|| unknown(query))
    }

    /// Executes and keeps the samples of a group; how many of them were new and worth it.
    pub(super) fn keep(&mut self, group: &Group<Chat>) -> Result<usize> {
        let query = &group.ask.query;
        let (credit, slack) = (self.settings.credit, self.settings.slack);
        let known = self.known.get_mut(&query.id).ok_or_else(|| unknown(query))?;
        let mut saved = 0;
        for one in &group.tries {
            // A sample that does not run is worth nothing, its good prefix included.
            let Some(candidate) = executed(query, &one.answer.text) else { continue };
            saved +=
                usize::from(matches!(known.save(&candidate, credit, slack), Saved::Full | Saved::Partial(_)));
        }
        Ok(saved)
    }

    /// The programs that a step learns from, and whether each is whole.
    pub(super) fn targets(&self, query: &Prompt, seed: Seed) -> Result<Vec<(&Program, bool)>> {
        let known = self.of_problem(query)?;
        if self.settings.credit == Credit::None {
            return Ok(vec![(&known.full()[0], true)]);
        }
        let full = known.full().iter().map(|program| (program, true));
        let partial = known.partial().iter().filter(|one| !one.is_empty()).map(|program| (program, false));
        let mut all: Vec<(&Program, bool)> = full.chain(partial).collect();
        let most = self.settings.targets as usize;
        if all.len() > most && self.settings.choose == Choose::Random {
            all.shuffle(&mut seed.rng());
        }
        all.truncate(most);
        Ok(all)
    }

    /// The row of a program. Only a whole one ends: after a partly right one nothing is known.
    pub(super) fn row(&self, question: &[u32], program: &Program, whole: bool) -> Result<Row> {
        let lm = self.tuner.lm();
        let mut tokens = question.to_vec();
        tokens.extend(lm.tokenizer().encode(&program.join(";"))?);
        if whole {
            tokens.extend(lm.eos().first());
        }
        let mut weight = vec![self.settings.question_weight; question.len() - 1];
        weight.resize(tokens.len() - 1, 1.0);
        Ok(Row { tokens, weight })
    }

    fn step(&mut self, groups: &[Group<Chat>], seed: Seed) -> Result<()> {
        let (mut rows, mut prompts) = (Vec::new(), Vec::new());
        for (place, group) in groups.iter().enumerate() {
            let query = Prompt { given: Vec::new(), ..group.ask.query.clone() };
            let question = self.tuner.lm().render(&query)?;
            for (program, whole) in self.targets(&query, seed.at("targets", place as u64))? {
                rows.push(self.row(&question, program, whole)?);
                prompts.push(place);
            }
        }
        let objective =
            Targets::of(self.settings.loss, self.settings.length, &prompts, &rows).ok_or_else(|| {
                Error::invalid("loss", "one whose beta is in (0, 1]", format!("{:?}", self.settings.loss))
            })?;
        self.tuner.update(&rows, &objective)
    }
}

impl Learn<Chat> for Learner {
    fn learn(&mut self, groups: &[Group<Chat>], seed: Seed) -> Result<Lesson> {
        let (mut saved, mut samples) = (0, 0);
        for group in groups {
            saved += self.keep(group)?;
            samples += group.tries.len();
        }
        let steps = groups.chunks(self.settings.batch.max(1) as usize);
        self.tuner.begin(steps.len() as u64)?;
        for (idx, groups) in steps.enumerate() {
            self.step(groups, seed.at("step", idx as u64))?;
        }
        let mut lesson = self.tuner.finish();
        if samples > 0 {
            lesson.metrics.push("saved_ratio", saved as f64 / samples as f64);
        }
        let n = self.known.len().max(1) as f64;
        let mean = |count: fn(&Solutions) -> usize| self.known.values().map(count).sum::<usize>() as f64 / n;
        lesson.metrics.push("full", mean(|known| known.full().len()));
        lesson.metrics.push("partial", mean(|known| known.partial().len() - 1));
        Ok(lesson)
    }

    fn save(&self) -> Result<Snapshot> {
        let mut snapshot = self.tuner.save()?;
        let known = serde_json::to_vec(&self.known)
            .map_err(|source| Error::Recorded { what: "known programs", source })?;
        snapshot.files.push((SOLUTIONS_FILE.to_owned(), known));
        snapshot.files.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(snapshot)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let known = snapshot.file(SOLUTIONS_FILE).unwrap_or_default();
        self.known = serde_json::from_slice(known)
            .map_err(|source| Error::Recorded { what: "known programs", source })?;
        self.tuner.restore(snapshot)
    }
}

fn unknown(query: &Prompt) -> Error {
    Error::invalid("problem", "one that the learner was given at its start", &query.id)
}

/// The statements of a program with the state after each, or `None` when it does not run. Nothing after
/// the statement that sets the answer counts.
fn executed(problem: &Prompt, program: &str) -> Option<Vec<Statement>> {
    let gold: f64 = problem.field("answer")?.parse().ok()?;
    let states = trace(program).ok()?;
    let text = canonical(program);
    let statements = text.split(';').zip(states).map(|(text, state)| Statement {
        text: text.to_owned(),
        state: match state.answer() {
            Some(answer) => State::Answer { right: same_value(answer, gold) },
            None => State::Values(state.key()),
        },
    });
    Some(statements.collect())
}

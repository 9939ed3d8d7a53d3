//! How good a policy is on problems that nothing learns from.
//!
//! Sampled tries give pass@1, the unbiased pass@k and maj@k; one greedy try a problem gives the greedy
//! share. Problems are the unit of chance, so every interval is over problems. Everything is recorded
//! in the run, and the problems are the same for every call with the same settings: before and after
//! training, and between runs.

use crate::OpenTask;
use crate::judge::right;
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Error, Group, Judge, Policy, Result, Run, Seed, Split, Task};
use autodidact_math::estimate::{Tally, maj_at_k, pass_at_k};
use autodidact_math::interval::{self, Interval};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The confidence of every interval.
const LEVEL: f64 = 0.95;

/// Resamples of a bootstrap interval.
const RESAMPLES: usize = 1000;

/// The answer that a completion gives to a prompt, in one form for all its spellings; `None` abstains.
pub type Vote = dyn Fn(&Prompt, &Completion) -> Option<String> + Send + Sync;

/// What to measure, and on how many problems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evaluation {
    /// Problems; 0 measures nothing.
    pub problems: u32,
    /// Which part of the task they come from.
    pub split: Split,
    /// Sampled tries a problem; 0 leaves only the greedy try.
    pub tries: u32,
    /// The k of pass@k and maj@k; at most `tries`.
    pub k: u32,
    /// How tries are sampled.
    pub sampling: Sampling,
    /// Whether one greedy try a problem is made as well.
    pub greedy: bool,
    /// Chooses the problems.
    pub seed: u64,
}

impl Default for Evaluation {
    fn default() -> Evaluation {
        Evaluation {
            problems: 200,
            split: Split::Test,
            tries: 8,
            k: 8,
            sampling: Sampling::default(),
            greedy: true,
            seed: 0,
        }
    }
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// How many problems.
    pub problems: usize,
    /// Sampled tries a problem.
    pub tries: u32,
    /// The k of pass@k and maj@k.
    pub k: u32,
    /// The share of right tries.
    pub pass_at_1: Option<Interval>,
    /// The chance that one of k tries is right.
    pub pass_at_k: Option<Interval>,
    /// The share of blocks of k tries whose most frequent answer is right.
    pub maj_at_k: Option<Interval>,
    /// The share of problems that the greedy try solves.
    pub greedy: Option<Interval>,
    /// The same by cell (family and level), sorted by name; empty where problems have none.
    pub cells: Vec<Cell>,
}

/// What was measured on the problems of one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Family and level.
    pub name: String,
    /// How many problems.
    pub problems: usize,
    /// The share of right tries.
    pub pass_at_1: Option<f64>,
    /// The chance that one of k tries is right.
    pub pass_at_k: Option<f64>,
    /// The share of blocks of k tries whose most frequent answer is right.
    pub maj_at_k: Option<f64>,
    /// The share of problems that the greedy try solves.
    pub greedy: Option<f64>,
}

impl Evaluation {
    /// Fails on settings that cannot work, naming the field below `field`.
    pub fn check(&self, field: &str) -> Result<()> {
        if self.problems > 0 && self.tries > 0 && !(1..=self.tries).contains(&self.k) {
            return Err(Error::invalid(
                format!("{field}.k"),
                format!("in 1 to tries = {}", self.tries),
                self.k,
            ));
        }
        if self.problems > 0 && self.tries == 0 && !self.greedy {
            return Err(Error::invalid(format!("{field}.tries"), "above 0 where greedy is false", 0));
        }
        check_sampling(&self.sampling, &format!("{field}.sampling"))
    }

    /// The problems, the same for equal settings.
    pub fn queries(&self, task: &dyn Task<Chat>) -> Result<Vec<Prompt>> {
        let mut rng = Seed::root(self.seed).at("evaluation", 0).rng();
        task.draw(self.split, self.problems as usize, &mut rng)
    }

    /// Measures `policy` on `task`, whose answers `judge` judges, and notes the figures under `stage`.
    /// `None` without problems.
    pub fn run(
        &self,
        stage: &str,
        policy: &dyn Policy<Chat>,
        task: &OpenTask,
        judge: &dyn Judge<Chat>,
        run: &mut Run<'_>,
    ) -> Result<Option<Measured>> {
        let queries = match self.problems {
            0 => return Ok(None),
            _ => self.queries(&*task.task)?,
        };
        let sampled = match self.tries {
            0 => Vec::new(),
            tries => {
                let asks = Ask::each(&queries, tries, &self.sampling);
                run.evaluate(&format!("{stage}/sampled"), policy, judge, asks)?
            }
        };
        let greedy = match self.greedy {
            false => Vec::new(),
            true => {
                let asks = Ask::each(&queries, 1, &self.sampling.at(0.0));
                run.evaluate(&format!("{stage}/greedy"), policy, judge, asks)?
            }
        };
        let scores = Scores::of(&sampled, &greedy, self.k as usize, &*task.vote);
        scores.note(stage, run)?;
        Ok(Some(Measured { scores, sampled, greedy }))
    }
}

/// Fails on sampling that cannot be, naming the setting below `field`.
pub fn check_sampling(sampling: &Sampling, field: &str) -> Result<()> {
    if sampling.max_tokens == 0 {
        return Err(Error::invalid(format!("{field}.max_tokens"), "at least 1", 0));
    }
    autodidact_lm::check_sampling(sampling).map_err(|error| match Error::from(error) {
        Error::Invalid { field: inner, rule, found } => {
            let name = inner.rsplit('.').next().unwrap_or_default();
            Error::Invalid { field: format!("{field}.{name}"), rule, found }
        }
        other => other,
    })
}

/// The figures of a measurement and the judged answers they come from.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The figures.
    pub scores: Scores,
    /// The sampled tries, one group a problem; empty when there were none.
    pub sampled: Vec<Group<Chat>>,
    /// The greedy tries, one group a problem; empty when there were none.
    pub greedy: Vec<Group<Chat>>,
}

impl Scores {
    /// The figures of groups of sampled tries and of groups of one greedy try; either may be empty.
    pub fn of(sampled: &[Group<Chat>], greedy: &[Group<Chat>], k: usize, vote: &Vote) -> Scores {
        let all =
            |groups: &[Group<Chat>]| groups.iter().map(|one| Problem::of(one, vote)).collect::<Vec<_>>();
        let (tried, solved) = (all(sampled), all(greedy));
        let tallies: Vec<Tally> = tried.iter().map(Problem::tally).collect();
        let mut rng = Seed::root(0).at("bootstrap", 0).rng();
        let mut spread = |values: Vec<f64>| interval::bootstrap_share(&values, LEVEL, RESAMPLES, &mut rng);
        Scores {
            problems: sampled.len().max(greedy.len()),
            tries: sampled.first().map_or(0, |group| group.ask.tries),
            k: k as u32,
            pass_at_1: interval::pass_at_1(&tallies, LEVEL),
            pass_at_k: spread(tried.iter().filter_map(|one| pass_at_k(one.tally(), k)).collect()),
            maj_at_k: spread(majorities(&tried, k)),
            greedy: interval::wilson(
                solved.iter().map(|one| one.tally().right as u64).sum(),
                // A judge that failed says neither right nor wrong.
                solved.iter().map(|one| one.tally().tries as u64).sum(),
                LEVEL,
            ),
            cells: cells(&tried, &solved, k),
        }
    }

    /// Notes the figures and the ends of their intervals under `stage`.
    pub fn note(&self, stage: &str, run: &mut Run<'_>) -> Result<()> {
        let figures = [
            ("pass@1", self.pass_at_1),
            ("pass@k", self.pass_at_k),
            ("maj@k", self.maj_at_k),
            ("greedy", self.greedy),
        ];
        for (name, figure) in figures {
            if let Some(interval) = figure {
                run.note(&format!("{stage}/{name}"), interval.value)?;
                run.note(&format!("{stage}/{name}/low"), interval.low)?;
                run.note(&format!("{stage}/{name}/high"), interval.high)?;
            }
        }
        Ok(())
    }
}

/// The tries at one problem.
struct Problem {
    cell: Option<String>,
    right: Vec<bool>,
    answers: Vec<Option<String>>,
}

impl Problem {
    /// Tries whose judge failed are left out; they are neither right nor wrong.
    fn of(group: &Group<Chat>, vote: &Vote) -> Problem {
        let judged = || group.tries.iter().filter(|one| one.verdict.value().is_some());
        Problem {
            cell: cell(&group.ask.query),
            right: judged().map(|one| right(&one.verdict)).collect(),
            answers: judged().map(|one| vote(&group.ask.query, &one.answer)).collect(),
        }
    }

    fn tally(&self) -> Tally {
        Tally::of(&self.right)
    }

    fn majority(&self, k: usize) -> Option<f64> {
        maj_at_k(&self.answers, &self.right, k)
    }
}

/// maj@k of each problem; none where right answers vote for nothing, as a program's that only says right or wrong.
fn majorities<P: std::borrow::Borrow<Problem>>(problems: &[P], k: usize) -> Vec<f64> {
    let tries = || problems.iter().map(P::borrow).flat_map(|one| one.answers.iter().zip(&one.right));
    if tries().any(|(_, right)| *right) && tries().all(|(answer, _)| answer.is_none()) {
        return Vec::new();
    }
    problems.iter().filter_map(|one| one.borrow().majority(k)).collect()
}

/// Family and level as one name.
fn cell(query: &Prompt) -> Option<String> {
    let family = query.field("family")?;
    let level = query.fields.get("level").map(|level| level.to_string()).unwrap_or_default();
    Some(format!("{family}{}", level.trim_matches('"')))
}

fn cells(tried: &[Problem], solved: &[Problem], k: usize) -> Vec<Cell> {
    let mut by_name: BTreeMap<&str, (Vec<&Problem>, Vec<&Problem>)> = BTreeMap::new();
    for problem in tried {
        if let Some(name) = &problem.cell {
            by_name.entry(name).or_default().0.push(problem);
        }
    }
    for problem in solved {
        if let Some(name) = &problem.cell {
            by_name.entry(name).or_default().1.push(problem);
        }
    }
    let mean = |values: Vec<f64>| autodidact_math::summary::mean(&values);
    let one = |(name, (tried, solved)): (&str, (Vec<&Problem>, Vec<&Problem>))| Cell {
        name: name.to_owned(),
        problems: tried.len().max(solved.len()),
        pass_at_1: mean(tried.iter().filter_map(|one| one.tally().share()).collect()),
        pass_at_k: mean(tried.iter().filter_map(|one| pass_at_k(one.tally(), k)).collect()),
        maj_at_k: mean(majorities(&tried, k)),
        greedy: mean(solved.iter().filter_map(|one| one.tally().share()).collect()),
    };
    by_name.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Try, Verdict};

    fn group(level: u32, tries: &[(&str, Verdict)]) -> Group<Chat> {
        let query = Prompt::text(format!("A/{level}"), "A:1+1?").with("family", "A").with("level", level);
        let ask = Ask { query, knobs: Sampling::default(), tries: tries.len() as u32 };
        let one = |(text, verdict): &(&str, Verdict)| Try {
            answer: Completion { text: (*text).to_owned(), ..Completion::default() },
            verdict: verdict.clone(),
        };
        Group { ask, tries: tries.iter().map(one).collect() }
    }

    fn last_field(_: &Prompt, answer: &Completion) -> Option<String> {
        answer.text.rsplit_once('#').map(|(_, field)| field.to_owned())
    }

    #[test]
    fn figures_are_means_over_problems_and_cells_are_told_apart() {
        let (yes, no) = (Verdict::right(true), Verdict::right(false));
        let easy = group(
            1,
            &[("1+1=2#2", yes.clone()), ("#2", yes.clone()), ("#3", no.clone()), ("#2", yes.clone())],
        );
        let hard =
            group(2, &[("#9", no.clone()), ("#9", no.clone()), ("#2", yes.clone()), ("#8", no.clone())]);
        let greedy = [group(1, &[("#2", yes)]), group(2, &[("#9", no)])];
        let scores = Scores::of(&[easy, hard], &greedy, 2, &last_field);
        let value = |interval: Option<Interval>| interval.expect("measured").value;
        assert_eq!(value(scores.pass_at_1), 0.5); // (3/4 + 1/4) / 2
        assert_eq!(value(scores.pass_at_k), 0.75); // (1 + (1 - 3/6)) / 2
        // Blocks of two: #2,#2 right; #3,#2 a tie that goes to #3, wrong; #9,#9 wrong; #2,#8 right.
        assert_eq!(value(scores.maj_at_k), 0.5);
        assert_eq!(value(scores.greedy), 0.5);
        let names: Vec<&str> = scores.cells.iter().map(|cell| cell.name.as_str()).collect();
        assert_eq!(names, ["A1", "A2"]);
        assert_eq!(scores.cells[1].pass_at_1, Some(0.25));
    }

    #[test]
    fn a_failed_verdict_is_neither_right_nor_wrong() {
        let scores = Scores::of(
            &[group(1, &[("#2", Verdict::right(true)), ("#2", Verdict::error("deadline", 1.0))])],
            &[],
            1,
            &last_field,
        );
        assert_eq!(scores.pass_at_1.expect("measured").value, 1.0);
        assert_eq!(scores.greedy, None);
        let failed = group(1, &[("#2", Verdict::error("deadline", 1.0))]);
        let greedy = [group(1, &[("#2", Verdict::right(true))]), failed.clone()];
        assert_eq!(Scores::of(&[], &greedy, 1, &last_field).greedy.expect("measured").value, 1.0);
        assert_eq!(Scores::of(&[], &[failed], 1, &last_field).greedy, None);
    }

    #[test]
    fn a_k_above_the_number_of_tries_is_refused() {
        let evaluation = Evaluation { tries: 4, k: 8, ..Evaluation::default() };
        let error = evaluation.check("test").expect_err("k is too large").to_string();
        assert_eq!(error, "test.k must be in 1 to tries = 4, but is 8");
    }
}

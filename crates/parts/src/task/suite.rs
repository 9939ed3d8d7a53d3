//! A weighted mixture of family levels as a task for language models.
//!
//! A cell is a family and a level (`A4`), a range of levels (`A2-4`) or either with a weight
//! (`C3*2`). Draws take from each cell its share of the prompts, from one split, without
//! repetition as long as the cell has unseen problems.

use super::distinct::distinct;
use super::family::Family;
use super::posed::{SuiteJudge, posed, prompt};
use super::problem::Problem;
use super::wording::Wording;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Error, Judge, Result, Rng, Split, Task};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which problems, as a run file says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuiteConfig {
    /// Cells such as `A4`, `A2-4` or `C3*2`.
    pub cells: Vec<String>,
    /// Compact for models trained on the stream, a sentence for others.
    pub wording: Wording,
}

impl Default for SuiteConfig {
    fn default() -> SuiteConfig {
        SuiteConfig { cells: vec!["A2-4".into()], wording: Wording::default() }
    }
}

impl SuiteConfig {
    /// The suite. Fails on a family or level that does not exist, naming those that do.
    pub fn open(&self) -> Result<Suite> {
        Ok(Suite { wording: self.wording, ..Suite::of(self.cells.iter().map(String::as_str))? })
    }
}

/// One family at one level and how often it comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The family.
    pub family: Family,
    /// The level.
    pub level: u32,
    /// Relative to the other cells.
    pub weight: f64,
}

/// Generated problems as a task; the judge gives 1 for right and 0 for wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Suite {
    cells: Vec<Cell>,
    wording: Wording,
}

impl Suite {
    /// A suite of cells in the short form, separated by commas: `A2-4,C3*2`.
    pub fn parse(cells: &str) -> Result<Suite> {
        Suite::of(cells.split(','))
    }

    fn of<'a>(specs: impl Iterator<Item = &'a str>) -> Result<Suite> {
        let mut cells = Vec::new();
        for spec in specs.flat_map(|spec| spec.split(',')) {
            cells.extend(Cell::parse(spec.trim())?);
        }
        if cells.is_empty() {
            return Err(Error::invalid("task.cells", "a list of at least one cell such as A2-4", "empty"));
        }
        Ok(Suite { cells, wording: Wording::Compact })
    }

    /// The cells, a range of levels spread out.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// How many distinct problems of a split the whole suite holds, when every cell has few enough
    /// to list.
    pub fn distinct(&self, split: Split) -> Option<usize> {
        let mut texts = BTreeSet::new();
        for cell in &self.cells {
            let all = cell.family.all(cell.level)?;
            texts.extend(
                all.into_iter().filter(|problem| problem.split() == split).map(|problem| problem.text),
            );
        }
        Some(texts.len())
    }

    /// How many of `n` prompts each cell gets: its share, the largest remainders rounded up.
    fn shares(&self, n: usize) -> Vec<usize> {
        let total: f64 = self.cells.iter().map(|cell| cell.weight).sum();
        let exact: Vec<f64> = self.cells.iter().map(|cell| cell.weight / total * n as f64).collect();
        let mut shares: Vec<usize> = exact.iter().map(|share| share.floor() as usize).collect();
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()).then(a.cmp(&b)));
        let missing = n.saturating_sub(shares.iter().sum());
        for idx in order.into_iter().cycle().take(missing) {
            shares[idx] += 1;
        }
        shares
    }
}

impl Cell {
    /// The cells of one entry of the short form.
    fn parse(spec: &str) -> Result<Vec<Cell>> {
        let rule =
            "a family and a level, a range of levels, or either with a weight, such as A4, A2-4 or C3*2";
        let broken = || Error::invalid("task.cells", rule, format!("{spec:?}"));
        let (cell, weight) = match spec.split_once('*') {
            Some((cell, weight)) => (cell, weight.parse::<f64>().map_err(|_| broken())?),
            None => (spec, 1.0),
        };
        if !weight.is_finite() || weight <= 0.0 {
            return Err(Error::invalid(format!("task.cells: weight of {cell}"), "a positive number", weight));
        }
        let mut letters = cell.chars();
        let tag = letters.next().map(String::from).unwrap_or_default();
        let levels = letters.as_str();
        let family = Family::of(&tag)?;
        let (low, high) = levels.split_once('-').unwrap_or((levels, levels));
        let (low, high): (u32, u32) =
            (low.parse().map_err(|_| broken())?, high.parse().map_err(|_| broken())?);
        if low > high {
            return Err(broken());
        }
        family.check_level(low)?;
        family.check_level(high)?;
        let weight = weight / f64::from(high - low + 1);
        Ok((low..=high).map(|level| Cell { family, level, weight }).collect())
    }

    /// `n` prompts of a split, distinct while unseen problems turn up.
    fn draw(
        &self,
        split: Split,
        n: usize,
        wording: Wording,
        rng: &mut Rng,
        seen: &mut BTreeSet<String>,
    ) -> Result<Vec<Prompt>> {
        if let Some(mut all) = self.family.all(self.level) {
            all.retain(|problem| problem.split() == split);
            return self.draw_listed(all, n, split, wording, rng, seen);
        }
        let name = format!("task.cells: {}{}", self.family.tag(), self.level);
        distinct(&name, n, split, rng, seen, |rng| {
            let problem = self.family.generate(self.level, rng)?;
            Ok((problem.split() == split).then(|| prompt(&problem, wording)))
        })
    }

    fn draw_listed(
        &self,
        mut all: Vec<Problem>,
        n: usize,
        split: Split,
        wording: Wording,
        rng: &mut Rng,
        seen: &mut BTreeSet<String>,
    ) -> Result<Vec<Prompt>> {
        if all.is_empty() && n > 0 {
            let name = format!("task.cells: {}{}", self.family.tag(), self.level);
            return Err(Error::invalid(name, "a cell with problems in this split", "no problem"));
        }
        all.shuffle(rng);
        let (fresh, stale): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| !seen.contains(&one.id()));
        if fresh.len() < n {
            tracing::warn!(
                cell = %format!("{}{}", self.family.tag(), self.level),
                distinct = fresh.len(),
                wanted = n,
                "fewer distinct problems than prompts"
            );
        }
        seen.extend(fresh.iter().take(n).map(Problem::id));
        if split != Split::Train {
            // A problem that comes again would look like another one.
            return Ok(fresh.iter().take(n).map(|problem| prompt(problem, wording)).collect());
        }
        let order: Vec<&Problem> = fresh.iter().chain(&stale).collect();
        Ok(order.into_iter().cycle().take(n).map(|problem| prompt(problem, wording)).collect())
    }
}

impl Task<Chat> for Suite {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        let mut seen = BTreeSet::new();
        let mut prompts = Vec::with_capacity(n);
        for (cell, share) in self.cells.iter().zip(self.shares(n)) {
            prompts.extend(cell.draw(split, share, self.wording, rng, &mut seen)?);
        }
        prompts.shuffle(rng);
        Ok(prompts)
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(SuiteJudge)
    }

    /// The reference solution as text. Its tokens are left empty: a task knows no tokenizer.
    fn gold(&self, prompt: &Prompt) -> Option<Completion> {
        let (problem, wording) = posed(prompt).ok()?;
        Some(Completion { text: wording.gold(&problem), ..Completion::default() })
    }

    fn name(&self) -> String {
        let cells: Vec<String> = self
            .cells
            .iter()
            .map(|cell| format!("{}{}*{}", cell.family.tag(), cell.level, cell.weight))
            .collect();
        let wording = if self.wording == Wording::Sentence { " in sentences" } else { "" };
        format!("suite {}{wording}", cells.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::Sampling;
    use autodidact_core::{Ask, Seed};

    fn refused(cells: &str) -> String {
        Suite::parse(cells).expect_err(cells).to_string()
    }

    #[test]
    fn cells_are_levels_ranges_and_weights() {
        let suite = Suite::parse("A2-4, C3*2").expect("cells");
        let cells: Vec<_> = suite.cells().iter().map(|cell| (cell.family.tag(), cell.level)).collect();
        assert_eq!(cells, [('A', 2), ('A', 3), ('A', 4), ('C', 3)]);
        assert_eq!(suite.shares(90), [10, 10, 10, 60]);
        assert_eq!(suite.shares(4).iter().sum::<usize>(), 4);
    }

    #[test]
    fn a_bad_cell_is_refused_with_what_would_do() {
        assert!(refused("Q3").starts_with("no problem family is named \"Q\"; known: D, A"));
        assert_eq!(
            refused("A9"),
            "no level of family A is named \"A9\"; known: A1, A2, A3, A4, A5, A6, A7, A8"
        );
        for bad in ["A", "A4-2", "A1-", "Ax", "C3*x"] {
            assert!(refused(bad).starts_with("task.cells must be a family and a level"), "{bad}");
        }
        for bad in ["A4*0", "A4*-1", "A4*inf"] {
            assert!(refused(bad).contains("must be a positive number"), "{bad}");
        }
        assert!(refused("").starts_with("no problem family is named \"\""));
        assert!(SuiteConfig { cells: Vec::new(), ..SuiteConfig::default() }.open().is_err());
        assert!(serde_json::from_str::<SuiteConfig>(r#"{"cell": ["A4"]}"#).is_err());
    }

    #[test]
    fn draws_are_distinct_of_one_split_and_pass_their_own_judge() {
        let suite = Suite::parse("D1,A2-4,M2,P3,W3,C3,G4").expect("cells");
        for split in [Split::Train, Split::Validation, Split::Test] {
            let prompts = suite.draw(split, 140, &mut Seed::root(3).rng()).expect("a draw");
            assert_eq!(prompts.len(), 140);
            let ids: BTreeSet<&String> = prompts.iter().map(|prompt| &prompt.id).collect();
            assert_eq!(ids.len(), 140);
            let golds: Vec<Vec<Completion>> =
                prompts.iter().map(|prompt| vec![suite.gold(prompt).expect("a gold answer")]).collect();
            let asks = Ask::<Chat>::each(&prompts, 1, &Sampling::default());
            let judged = suite.judge().judge(&asks, &golds).expect("a judge");
            for (verdicts, prompt) in judged.verdicts.iter().zip(&prompts) {
                assert_eq!(verdicts[0].value(), Some(1.0));
                assert_eq!(verdicts[0].part("well_formed"), Some(1.0));
                assert_eq!(
                    Problem::parse(prompt.field("text").expect("text")).expect("parses").split(),
                    split
                );
            }
        }
    }

    #[test]
    fn small_cells_say_how_many_they_hold_and_repeat_in_training_alone() {
        let suite = Suite::parse("A1").expect("cells");
        let drawn = |split: Split, n: usize| {
            let prompts = suite.draw(split, n, &mut Seed::root(3).rng()).expect("a draw");
            let ids: BTreeSet<&String> = prompts.iter().map(|prompt| &prompt.id).collect();
            (prompts.len(), ids.len())
        };
        let held = |split| suite.distinct(split).expect("few enough to list");
        assert_eq!(drawn(Split::Test, held(Split::Test) + 10), (held(Split::Test), held(Split::Test)));
        assert_eq!(
            drawn(Split::Train, held(Split::Train) + 10),
            (held(Split::Train) + 10, held(Split::Train))
        );
        assert_eq!(Suite::parse("A1,A2").expect("cells").distinct(Split::Test), None);
    }

    #[test]
    fn the_same_cell_twice_does_not_repeat_problems() {
        let suite = Suite::parse("A1,A1").expect("cells");
        let prompts = suite.draw(Split::Test, 100, &mut Seed::root(3).rng()).expect("a draw");
        let ids: BTreeSet<&String> = prompts.iter().map(|prompt| &prompt.id).collect();
        assert_eq!(ids.len(), 100);
    }
}

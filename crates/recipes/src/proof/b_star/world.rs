//! Where the arms meet: one warmed-up model and one set of problems a seed.
//!
//! Chains modulo 100 have one worked solution each, but B-STaR counts distinct ones. So a sum or a
//! product may be written either way round, `17+8=25` or `8+17=25`: demonstrations choose by a coin,
//! and the checker of steps takes both.

use super::{Settings, WarmUp};
use crate::b_star::BStar;
use crate::proof::{ProofOptions, arm, lab};
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Recipe, Result, Rng, Seed, Split, Task};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_math::sft::{MaskedNll, normalise};
use autodidact_parts::learn::{TuneConfig, Tuner, gold_groups, row_of};
use autodidact_parts::task::modular::Modular;
use autodidact_parts::{CriticConfig, OpenTask, TaskConfig};
use rand::Rng as _;
use rand::seq::SliceRandom;
use std::sync::Arc;

/// Standard deviation of the checker of steps.
const NOISE: f64 = 0.6;

/// A seed's model and problems.
pub struct World {
    lm: Lm,
    modular: Modular,
    unsolved: Arc<Vec<Prompt>>,
    seed: u64,
}

impl World {
    /// Draws the problems and teaches the form.
    pub fn of(settings: &Settings, seed: u64, options: &ProofOptions<'_>) -> Result<World> {
        let root = Seed::root(seed).at("b-star world", 0);
        let all = settings.warm_up.solved + settings.unsolved;
        let mut unsolved = settings.task.draw(Split::Train, all, &mut root.at("problems", 0).rng())?;
        let solved = unsolved.split_off(settings.unsolved);
        let lm = match settings.shape {
            Some(shape) => lab::fresh(shape, seed)?,
            None => crate::nano::open()?,
        };
        let world = World { lm, modular: settings.task.clone(), unsolved: Arc::new(unsolved), seed };
        world.warm_up(&settings.warm_up, &solved, root, options)?;
        Ok(world)
    }

    /// Trains on solved problems until enough validation problems are solved.
    fn warm_up(
        &self,
        plan: &WarmUp,
        solved: &[Prompt],
        root: Seed,
        options: &ProofOptions<'_>,
    ) -> Result<()> {
        let rows = self.rows(solved, root)?;
        let schedule = Schedule { shape: Course::Constant, warmup: plan.every, floor: 0.0 };
        let tune = TuneConfig { lr: plan.lr, schedule, horizon: plan.most, ..TuneConfig::default() };
        let mut tuner = Tuner::around(&self.lm, tune)?;
        tuner.begin(plan.most)?;
        let task = self.task()?;
        arm("warm-up", self.seed, options, BStar::CARD, |run| {
            let judge = task.task.judge();
            for step in 1..=plan.most {
                let mut rng = root.at("batch", step).rng();
                let one = |_| rows[rng.random_range(0..rows.len())].clone();
                let mut batch: Vec<Row> = (0..plan.rows).map(one).collect();
                normalise(&mut batch);
                tuner.update(&batch, &MaskedNll)?;
                if !step.is_multiple_of(plan.every) {
                    continue;
                }
                let measured = plan.look.run("solved", &self.lm, &task, &*judge, run)?;
                if measured.and_then(|one| one.scores.greedy).is_some_and(|greedy| greedy.value >= plan.until)
                {
                    break;
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Solved problems as rows; only the solution counts.
    fn rows(&self, problems: &[Prompt], root: Seed) -> Result<Vec<Row>> {
        let task = Varied { coins: root.at("demonstrations", 0), ..self.varied() };
        let groups = gold_groups(&self.lm, &task, problems)?;
        Ok(groups.iter().flat_map(|group| group.tries.iter().map(|one| row_of(&one.answer, 0.0))).collect())
    }

    fn varied(&self) -> Varied {
        Varied {
            modular: self.modular.clone(),
            unsolved: self.unsolved.clone(),
            coins: Seed::root(self.seed).at("unused", 0),
            judge: self.seed,
        }
    }

    /// The warmed-up model, with weights of its own.
    pub fn model(&self) -> Result<Lm> {
        lab::copy(&self.lm)
    }

    /// The unsolved problems, and held-out ones.
    pub fn task(&self) -> Result<OpenTask> {
        let vote = TaskConfig::Modular(self.modular.clone()).open()?.vote;
        Ok(OpenTask { task: Box::new(self.varied()), vote })
    }
}

/// Chains whose sums and products may be written either way round.
struct Varied {
    /// The chains.
    modular: Modular,
    /// All there is to learn from.
    unsolved: Arc<Vec<Prompt>>,
    /// Which way round reference solutions are written.
    coins: Seed,
    /// Which noise the checker of steps has.
    judge: u64,
}

impl Task<Chat> for Varied {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        if split != Split::Train {
            return self.modular.draw(split, n, rng);
        }
        if n > self.unsolved.len() {
            return Err(Error::invalid("queries", format!("at most {}", self.unsolved.len()), n));
        }
        let mut chosen: Vec<&Prompt> = self.unsolved.iter().collect();
        chosen.shuffle(rng);
        chosen.truncate(n);
        Ok(chosen.into_iter().cloned().collect())
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        let critic = CriticConfig::Steps { weight: 1.0, noise: NOISE, seed: self.judge };
        let sum = critic.beside(self.modular.judge()).expect("the critic is sound");
        Box::new(EitherWay(sum))
    }

    fn gold(&self, prompt: &Prompt) -> Option<Completion> {
        let gold = self.modular.gold(prompt)?;
        let mut rng = self.coins.at(&prompt.id, 0).rng();
        Some(Completion { text: shuffled(&gold.text, &mut rng), ..gold })
    }

    fn name(&self) -> String {
        format!("{}, sums and products either way round", self.modular.name())
    }
}

/// A judge that reads `8+17=25` as `17+8=25` where the problem says `+8`.
struct EitherWay(Box<dyn Judge<Chat>>);

impl Judge<Chat> for EitherWay {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let straight = |ask: &Ask<Chat>, answer: &Completion| {
            let asked = ask.query.field("text").unwrap_or_default();
            Completion { text: straightened(asked, &answer.text), ..answer.clone() }
        };
        let answers: Vec<Vec<Completion>> = asks
            .iter()
            .zip(answers)
            .map(|(ask, tries)| tries.iter().map(|answer| straight(ask, answer)).collect())
            .collect();
        self.0.judge(asks, &answers)
    }

    fn name(&self) -> String {
        format!("{}, sums and products either way round", self.0.name())
    }
}

/// A solution with each sum and product the other way round by a coin.
fn shuffled(solution: &str, rng: &mut Rng) -> String {
    let (steps, end) = solution.split_once('#').unwrap_or((solution, ""));
    let steps: Vec<String> =
        steps.split(';').map(|step| if rng.random() { swapped(step) } else { step.to_owned() }).collect();
    format!("{}#{end}", steps.join(";"))
}

/// A solution with each step that begins with the problem's operand turned round.
fn straightened(problem: &str, solution: &str) -> String {
    let links = problem.trim_end_matches('?').split(';').skip(1);
    let (steps, end) = match solution.split_once('#') {
        Some((steps, end)) => (steps, format!("#{end}")),
        None => (solution, String::new()),
    };
    let mut links = links.map(|link| link.split_at_checked(1).unwrap_or_default());
    let straight = |step: &str| match links.next() {
        Some((sign, operand)) if step.starts_with(&format!("{operand}{sign}")) => {
            let turned = swapped(step);
            // `8+17=25` for `+8`, but not `8+9=17` for a value of 8 and `+9`.
            if turned.contains(&format!("{sign}{operand}=")) { turned } else { step.to_owned() }
        }
        _ => step.to_owned(),
    };
    let steps: Vec<String> = steps.split(';').map(straight).collect();
    steps.join(";") + &end
}

/// `b+a=c` for `a+b=c`, likewise for products; anything else as it is.
fn swapped(step: &str) -> String {
    let turned = |sign: char| {
        let (sides, result) = step.split_once('=')?;
        let (a, b) = sides.split_once(sign)?;
        Some(format!("{b}{sign}{a}={result}"))
    };
    turned('+').or_else(|| turned('*')).unwrap_or_else(|| step.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_may_be_written_either_way_round() {
        assert_eq!(swapped("17+8=25"), "8+17=25");
        assert_eq!(swapped("25*3=75"), "3*25=75");
        assert_eq!(swapped("75-20=55"), "75-20=55");
        assert_eq!(swapped("garbage"), "garbage");
        let straight = |said: &str| straightened("17;+8;*3;-20?", said);
        assert_eq!(straight("8+17=25;3*25=75;75-20=55#55"), "17+8=25;25*3=75;75-20=55#55");
        assert_eq!(straight("17+8=25;25*3=75;75-20=55#55"), "17+8=25;25*3=75;75-20=55#55");
        assert_eq!(straight("x;;#"), "x;;#");
    }

    #[test]
    fn every_way_of_writing_a_right_solution_gets_the_same_verdict() {
        let seed = Seed::root(3);
        let task = Varied { modular: Modular::default(), unsolved: Arc::default(), coins: seed, judge: 0 };
        let queries = task.draw(Split::Test, 200, &mut seed.rng()).expect("draws");
        let asks = Ask::each(&queries, 2, &Default::default());
        let answers: Vec<Vec<Completion>> = queries
            .iter()
            .map(|query| {
                vec![task.gold(query).expect("known"), Modular::default().gold(query).expect("known")]
            })
            .collect();
        assert!(answers.iter().any(|pair| pair[0].text != pair[1].text));
        let judged = task.judge().judge(&asks, &answers).expect("judges");
        for pair in judged.verdicts {
            assert_eq!(pair[0], pair[1]);
            assert_eq!(pair[0].part("right"), Some(1.0));
        }
    }
}

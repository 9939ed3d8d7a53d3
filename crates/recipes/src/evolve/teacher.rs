//! A player's trajectories as data for a student that reads.

use super::{Evolve, Game, Player};
use autodidact_core::{Error, Result, Run, Seed, Snapshot};
use autodidact_decide::verbal::{
    Decision, FewShot, History, Instruction, Speech, Wording, decisions, lines, rows,
};
use serde::{Deserialize, Serialize};

/// What is offered to students: decision points, examples and rows to fine-tune on, of the first world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Teacher {
    /// Whose trajectories; the first player's where this is empty.
    pub player: String,
    /// How many; 0 offers nothing.
    pub trajectories: u32,
    /// In which words. A contextual world wants `films`.
    pub wording: Wording,
    /// How much the instruction says.
    pub instruction: Instruction,
    /// How the past is shown.
    pub history: History,
    /// Which decisions become examples.
    pub few_shot: FewShot,
}

impl Default for Teacher {
    fn default() -> Teacher {
        Teacher {
            player: String::new(),
            trajectories: 1,
            wording: Wording::Videos,
            instruction: Instruction::Detailed,
            history: History::default(),
            few_shot: FewShot::default(),
        }
    }
}

impl Teacher {
    pub(super) fn check(&self, field: &str, players: &[Player]) -> Result<()> {
        if self.few_shot.every == 0 {
            return Err(Error::invalid(format!("{field}.few_shot.every"), "at least 1", 0));
        }
        let known = || players.iter().map(|player| player.name().to_owned());
        if self.player.is_empty() || known().any(|name| name == self.player) {
            return Ok(());
        }
        Err(Error::unknown(format!("player for {field}.player"), &self.player, known()))
    }

    /// Leaves the teacher's data as the run's output `teacher`: `decisions.jsonl`, `few-shot.txt` (of the
    /// first trajectory) and `rows.jsonl`.
    pub(super) fn offer(&self, recipe: &Evolve, games: &[Game], run: &mut Run<'_>) -> Result<()> {
        let chosen = recipe.players.iter().position(|player| player.name() == self.player).unwrap_or(0);
        let Some(game) = games.get(chosen).filter(|_| self.trajectories > 0) else { return Ok(()) };
        let snapshot = self.data(game, run.seed("names"))?;
        run.output("teacher", &snapshot)
    }

    fn data(&self, game: &Game, seed: Seed) -> Result<Snapshot> {
        let arms = game.worlds.first().map_or(0, |world| world.arms());
        let (mut all, mut training, mut examples): (Vec<Decision>, _, _) = (Vec::new(), Vec::new(), None);
        for (i, course) in game.courses.iter().take(self.trajectories as usize).enumerate() {
            let speech = Speech::of(self.wording, arms, seed.at("run", i as u64));
            let points = decisions(&speech, &self.history, &course.steps);
            examples.get_or_insert_with(|| self.few_shot.text(&points));
            training.extend(rows(&speech, self.instruction, &self.history, &course.steps));
            all.extend(points);
        }
        let files = vec![
            ("decisions.jsonl".to_owned(), lines(&all).map_err(Error::part)?.into_bytes()),
            ("few-shot.txt".to_owned(), examples.unwrap_or_default().into_bytes()),
            ("rows.jsonl".to_owned(), lines(&training).map_err(Error::part)?.into_bytes()),
        ];
        Ok(Snapshot { files })
    }
}

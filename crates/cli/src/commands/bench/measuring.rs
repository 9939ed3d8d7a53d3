//! A benchmark under way: the two sides take turns, medians are compared.

use super::decisions::{self, Game};
use super::ours::{self, Trainee};
use super::peer::Peer;
use super::shapes::{NEW_TOKENS, Shape, TRAIN_ROWS, TRAIN_TOKENS};
use super::{Bench, Line};
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::shell::Shell;
use crate::table::Table;
use crate::units;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// Sizes of the batches that are sampled.
const BATCHES: [usize; 3] = [64, 16, 1];

/// A benchmark under way.
pub struct Measuring<'a> {
    settings: &'a Bench,
    shell: Shell,
    threads: usize,
    peer: Option<Peer>,
    /// Where the models are saved for the peer.
    models: tempfile::TempDir,
    peak: f64,
    /// What was measured so far.
    pub lines: Vec<Line>,
}

impl<'a> Measuring<'a> {
    /// Starts the language peer if there is one and it has something to do.
    pub fn start(settings: &'a Bench, context: &Context) -> Result<Measuring<'a>> {
        let models = tempfile::tempdir()
            .map_err(|source| CommandError::io(&std::env::temp_dir(), "making a directory", source))?;
        let (shell, threads) = (context.shell, context.threads);
        let mut bench =
            Measuring { settings, shell, threads, peer: None, models, peak: 0.0, lines: Vec::new() };
        match &settings.python {
            Some(python) if bench.wants_language() => {
                let peer = Peer::language(python, threads)?;
                shell.say(&format!("peer: {} on {threads} threads", peer.versions));
                bench.peer = Some(peer);
            }
            Some(_) => {}
            None => shell.say(
                "no peer: only this engine is measured; `--python PATH` adds one, torch and transformers for \
                 the language lines, mabwiser for the decisions",
            ),
        }
        Ok(bench)
    }

    /// Whether any line about language models is wanted.
    pub fn wants_language(&self) -> bool {
        let shapes = Shape::ALL.iter().map(|shape| shape.name());
        let of_shape = |shape: &str| {
            let train = ["tokens_per_second", "gflops", "share_of_peak", "peak_memory"];
            let train = train.map(|kind| format!("train/{shape}/{kind}"));
            train.into_iter().chain(BATCHES.map(|batch| format!("sample/{shape}/batch_{batch}")))
        };
        self.wants("sgemm") || shapes.flat_map(of_shape).any(|name| self.wants(&name))
    }

    fn wants(&self, name: &str) -> bool {
        let group = if name.starts_with("decisions/") { "decisions" } else { "language" };
        self.settings.only.as_ref().is_none_or(|text| name.contains(text.as_str()) || group == text)
    }

    fn line(&mut self, name: String, unit: &'static str, ours: Option<f64>, peer: Option<f64>) {
        if self.wants(&name) {
            let ratio = ours.zip(peer).map(|(ours, peer)| ours / peer);
            self.lines.push(Line { name, unit, ours, peer, ratio });
        }
    }

    /// The ceiling: products of large square matrices.
    pub fn products(&mut self) -> Result<()> {
        self.shell.say("measuring matrix products");
        self.peak = autodidact_lm::sgemm_peak(Duration::from_secs(1));
        let peer = match &mut self.peer {
            Some(peer) => Some(peer.number(&json!({"do": "sgemm"}), "gflops")?),
            None => None,
        };
        self.line("sgemm".to_owned(), "GFLOP/s", Some(self.peak), peer);
        Ok(())
    }

    /// Training steps, taking turns.
    pub fn training(&mut self, shape: Shape) -> Result<()> {
        let name = |what: &str| format!("train/{}/{what}", shape.name());
        let kinds = ["tokens_per_second", "gflops", "share_of_peak"];
        if !kinds.iter().any(|kind| self.wants(&name(kind))) {
            return Ok(());
        }
        self.shell.say(&format!("measuring training, {}", shape.name()));
        let mut trainee = Trainee::new(shape)?;
        let rows: Vec<&Vec<u32>> = trainee.rows().iter().map(|row| &row.tokens).collect();
        let directory = self.saved(shape)?;
        let request =
            json!({"do": "train", "model": directory, "rows": rows, "steps": 3, "rate": ours::RATE});

        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut gap: Option<f64> = None;
        for turn in 0..=self.settings.turns {
            let mut losses = Vec::new();
            let mut times = Vec::new();
            for _ in 0..3 {
                let (seconds, loss) = trainee.step()?;
                times.push(seconds);
                losses.push(loss);
            }
            let warm = turn > 0;
            ours.extend(times.into_iter().filter(|_| warm));
            self.peak = self.peak.max(autodidact_lm::sgemm_peak(Duration::from_millis(100)));
            if let Some(peer) = &mut self.peer {
                let reply = peer.ask(&request)?;
                theirs.extend(numbers(&reply["seconds"]).into_iter().filter(|_| warm));
                let apart = losses.iter().zip(numbers(&reply["losses"])).map(|(a, b)| (a - b).abs());
                gap = Some(apart.fold(gap.unwrap_or(0.0), f64::max));
            }
        }
        let tokens = (TRAIN_ROWS * TRAIN_TOKENS) as f64;
        let (ours, theirs) = (median(&mut ours), median(&mut theirs));
        let gflops = |seconds: Option<f64>| seconds.map(|seconds| shape.training_flops() / seconds / 1e9);
        let rate = |seconds: Option<f64>| seconds.map(|seconds| tokens / seconds);
        self.line(name("tokens_per_second"), "tokens/s", rate(ours), rate(theirs));
        self.line(name("gflops"), "GFLOP/s", gflops(ours), gflops(theirs));
        let share = |rate: Option<f64>| rate.map(|rate| rate / self.peak);
        let (ours, theirs) = (share(gflops(ours)), share(gflops(theirs)));
        self.line(name("share_of_peak"), "of sgemm", ours, theirs);
        if let Some(gap) = gap {
            self.shell.say(&format!("  losses of both sides agree to {gap:.1e}"));
        }
        Ok(())
    }

    /// Peak memory of training, each side in a fresh process.
    pub fn memory(&mut self, shape: Shape) -> Result<()> {
        let name = format!("train/{}/peak_memory", shape.name());
        if !self.wants(&name) {
            return Ok(());
        }
        self.shell.say(&format!("measuring memory, {}", shape.name()));
        let ours = ours::memory(shape, self.threads)?.map(|bytes| bytes as f64);
        let directory = self.saved(shape)?;
        let rows: Vec<Vec<u32>> = shape.batch().into_iter().map(|row| row.tokens).collect();
        let request =
            json!({"do": "train", "model": directory, "rows": rows, "steps": 3, "rate": ours::RATE});
        let peer = match &self.settings.python {
            Some(python) => {
                let mut fresh = Peer::language(python, self.threads)?;
                fresh.ask(&request)?;
                fresh.ask(&json!({"do": "memory"}))?["bytes"].as_f64()
            }
            None => None,
        };
        self.line(name, "bytes", ours, peer);
        Ok(())
    }

    /// Answers of full length to different prompts, taking turns.
    pub fn sampling(&mut self, shape: Shape) -> Result<()> {
        let sampler = autodidact_lm::Sampler::new(&shape.model()?);
        for batch in BATCHES {
            let name = format!("sample/{}/batch_{batch}", shape.name());
            if !self.wants(&name) {
                continue;
            }
            self.shell.say(&format!("measuring sampling, {}, batch {batch}", shape.name()));
            let prompts = shape.prompts(batch);
            let directory = self.saved(shape)?;
            let request = json!({"do": "sample", "model": directory, "prompts": prompts, "new": NEW_TOKENS});
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for turn in 0..=self.settings.turns {
                // A turn of ours is short, so there are several.
                for again in 0..5 {
                    let seconds = ours::answer(&sampler, &prompts, (turn * 5 + again) as u64)?;
                    ours.extend((turn > 0).then_some(seconds));
                }
                if let Some(peer) = &mut self.peer {
                    let seconds = peer.number(&request, "seconds")?;
                    theirs.extend((turn > 0).then_some(seconds));
                }
            }
            let rate = |seconds: Option<f64>| seconds.map(|seconds| (batch * NEW_TOKENS) as f64 / seconds);
            let (ours, theirs) = (rate(median(&mut ours)), rate(median(&mut theirs)));
            self.line(name, "tokens/s", ours, theirs);
        }
        Ok(())
    }

    /// Rounds of bandits, taking turns with MABWiser; then rounds in a stored ledger.
    pub fn decisions(&mut self) -> Result<()> {
        let games: Vec<Game> =
            Game::all().into_iter().filter(|game| self.wants(&format!("decisions/{}", game.name))).collect();
        let mut peer = match &self.settings.python {
            // A Python without it is no reason to leave the other lines out.
            Some(python) if !games.is_empty() => match Peer::decisions(python, self.threads) {
                Ok(peer) => {
                    self.shell.say(&format!("peer of the decisions: {}", peer.versions));
                    Some(peer)
                }
                Err(error) => {
                    self.shell.say(&format!("no peer of the decisions: {error}"));
                    None
                }
            },
            _ => None,
        };
        for game in games {
            self.shell.say(&format!("measuring decisions, {}", game.name));
            let request = json!({
                "do": "play", "policy": game.name, "contexts": game.contexts, "rewards": game.rewards,
            });
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for turn in 0..=self.settings.turns {
                let mut chosen = Vec::new();
                // A turn of ours is short, so there are several.
                for _ in 0..5 {
                    let seconds;
                    (seconds, chosen) = game.play()?;
                    ours.extend((turn > 0).then_some(seconds));
                }
                let Some(peer) = &mut peer else { continue };
                let reply = peer.ask(&request)?;
                theirs.extend(reply["seconds"].as_f64().filter(|_| turn > 0));
                if turn == 0 && game.is_certain() {
                    let theirs = numbers(&reply["chosen"]);
                    let alike = theirs.iter().zip(&chosen).filter(|(a, b)| **a == f64::from(**b)).count();
                    self.shell
                        .say(&format!("  both sides decide alike in {alike} of {} rounds", game.rounds()));
                }
            }
            let rate = |seconds: Option<f64>| seconds.map(|seconds| game.rounds() as f64 / seconds);
            let name = format!("decisions/{}", game.name);
            self.line(name, "rounds/s", rate(median(&mut ours)), rate(median(&mut theirs)));
        }
        if self.wants("decisions/recorded") {
            self.shell.say("measuring decisions, recorded");
            let rates = (0..self.settings.turns).map(|_| decisions::recorded()).collect::<Result<Vec<f64>>>();
            let ours = median(&mut rates?);
            self.line("decisions/recorded".to_owned(), "rounds/s", ours, None);
        }
        if self.wants("decisions/ask_and_tell") {
            self.shell.say("measuring decisions, asked and told through the ledger");
            let microseconds = median(&mut decisions::asked_and_told()?).map(|seconds| seconds * 1e6);
            self.line("decisions/ask_and_tell".to_owned(), "microseconds", microseconds, None);
        }
        Ok(())
    }

    /// The model of this shape, saved where the peer can read it.
    fn saved(&self, shape: Shape) -> Result<PathBuf> {
        let directory = self.models.path().join(shape.name());
        if !directory.exists() {
            shape.model()?.save(&directory, autodidact_lm::Dtype::F32)?;
        }
        Ok(directory)
    }

    /// What was measured, for people.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&["name", "unit", "ours", "peer", "ratio"]);
        for line in &self.lines {
            let shown = |value: Option<f64>| match (value, line.unit) {
                (None, _) => "-".to_owned(),
                (Some(value), "bytes") => units::bytes(value as u64),
                (Some(value), "of sgemm") => units::percent(value),
                (Some(value), _) => units::count(value.round() as u64),
            };
            let ratio = line.ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
            table.row([line.name.clone(), line.unit.to_owned(), shown(line.ours), shown(line.peer), ratio]);
        }
        table
    }
}

fn numbers(list: &serde_json::Value) -> Vec<f64> {
    list.as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect()
}

/// The middle value; of an even number the lower of the two.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

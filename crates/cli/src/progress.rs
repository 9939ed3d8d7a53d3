//! What a run is doing right now: a bar on a terminal, a line every few seconds elsewhere.

use crate::shell::Shell;
use crate::units;
use autodidact_core::{Event, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Phases shorter than this are not worth a bar.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a bar is drawn.
const TICK: Duration = Duration::from_millis(150);
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Watches a run and tells of it; ends its thread when dropped.
pub struct Progress {
    shared: Arc<Shared>,
    teller: Option<JoinHandle<()>>,
}

struct Shared {
    shell: Shell,
    bar: ProgressBar,
    state: Mutex<State>,
    /// Tokens worked on since the program began, counted by whoever works.
    tokens: Arc<AtomicU64>,
    ended: AtomicBool,
}

/// The phase under way.
#[derive(Default)]
struct State {
    round: Option<(u32, u32)>,
    stage: String,
    total: u64,
    /// Answers recorded, and how many of them were recalled and took no time.
    done: u64,
    recalled: u64,
    /// Tokens of recorded parts of this phase.
    tokens: u64,
    /// [`Shared::tokens`] when the phase began.
    tokens_before: u64,
    began: Option<Instant>,
    told: Option<Instant>,
}

impl Progress {
    /// Tells on this shell; says nothing where it is quiet, alarms apart.
    pub fn new(shell: Shell) -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let shared = Arc::new(Shared {
            shell,
            bar,
            state: Mutex::default(),
            tokens: Arc::default(),
            ended: AtomicBool::new(false),
        });
        let teller = (!shell.is_quiet()).then(|| {
            let shared = shared.clone();
            std::thread::spawn(move || shared.tell())
        });
        Progress { shared, teller }
    }

    /// A counter of tokens for whoever works: bars then move within a phase.
    pub fn tokens(&self) -> Arc<AtomicU64> {
        self.shared.tokens.clone()
    }

    /// Begins something that is not a run's phase.
    pub fn begin(&self, what: &str, total: u64) {
        self.shared.begin(what, total);
    }

    /// Says a line above the bar.
    pub fn say(&self, line: &str) {
        self.shared.bar.suspend(|| self.shared.shell.say(line));
    }
}

impl Observer for Progress {
    fn see(&self, event: &Event<'_>) {
        let shared = &self.shared;
        match event {
            Event::Round { round, rounds } => shared.state().round = Some((*round, *rounds)),
            Event::Begin { stage, tries } => shared.begin(stage, *tries),
            Event::Attempted { done, recalled, spend, .. } => {
                let mut state = shared.state();
                if *recalled {
                    state.recalled += done - state.done;
                } else {
                    state.tokens += spend.sampled_tokens + spend.scored_tokens;
                }
                state.done = *done;
            }
            Event::Learned { .. } => shared.begin("", 0),
            Event::Noted { .. } => {}
            Event::Alarm { name, message } => {
                shared.bar.suspend(|| shared.shell.warn(&format!("alarm {name}"), message));
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(teller) = self.teller.take() {
            teller.thread().unpark();
            // It only draws; if it panicked there is nothing to save.
            let _ = teller.join();
        }
        self.shared.bar.finish_and_clear();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, stage: &str, total: u64) {
        let mut state = self.state();
        *state = State {
            round: state.round,
            stage: stage.to_owned(),
            total,
            tokens_before: self.tokens.load(Ordering::Relaxed),
            began: (!stage.is_empty()).then(Instant::now),
            ..State::default()
        };
    }

    /// Draws until told to end.
    fn tell(&self) {
        let mut shown = false;
        while !self.ended.load(Ordering::Relaxed) {
            std::thread::park_timeout(TICK);
            let mut state = self.state();
            let long = state.began.filter(|began| began.elapsed() > PATIENCE);
            match long {
                Some(began) if self.shell.is_terminal() => {
                    if !shown {
                        self.bar.set_draw_target(ProgressDrawTarget::stderr());
                        shown = true;
                    }
                    self.bar.set_style(style(&state));
                    self.bar.set_length(state.total);
                    self.bar.set_position(state.done);
                    self.bar.set_message(state.line(began, self.tokens.load(Ordering::Relaxed)));
                    self.bar.tick();
                }
                Some(began) if state.told.is_none_or(|told| told.elapsed() > LINE_EVERY) => {
                    state.told = Some(Instant::now());
                    let line = state.line(began, self.tokens.load(Ordering::Relaxed));
                    self.shell.say(&format!("  {line}"));
                }
                None if shown => {
                    self.bar.set_draw_target(ProgressDrawTarget::hidden());
                    shown = false;
                }
                _ => {}
            }
        }
    }
}

impl State {
    /// `round 2/5 · pool · 1,024 of 4,096 answers · 81.2k tokens/s · 12 s left`
    fn line(&self, began: Instant, tokens_now: u64) -> String {
        let mut parts = Vec::new();
        if let Some((round, rounds)) = self.round {
            parts.push(format!("round {round}/{rounds}"));
        }
        parts.push(self.stage.clone());
        if self.total > 0 {
            parts.push(format!("{} of {} answers", units::count(self.done), units::count(self.total)));
        }
        let seconds = began.elapsed().as_secs_f64();
        let tokens = self.tokens.max(tokens_now - self.tokens_before);
        if tokens > 0 && seconds > 0.0 {
            parts.push(format!("{} tokens/s", units::short(tokens as f64 / seconds)));
        }
        let fresh = self.done - self.recalled;
        if fresh > 0 && self.total > self.done {
            let left = seconds / fresh as f64 * (self.total - self.done) as f64;
            parts.push(format!("{} left", units::seconds(left)));
        } else if self.total == 0 {
            parts.push(units::seconds(seconds));
        }
        parts.join(" · ")
    }
}

fn style(state: &State) -> ProgressStyle {
    let template = if state.total > 0 { "{bar:24.cyan} {msg}" } else { "{spinner} {msg}" };
    ProgressStyle::with_template(template).expect("the templates above are well formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_counts_only_what_was_computed() {
        let state = State {
            round: Some((2, 5)),
            stage: "pool".into(),
            total: 400,
            done: 300,
            recalled: 200,
            tokens: 1000,
            ..State::default()
        };
        let began = Instant::now().checked_sub(Duration::from_secs(10)).expect("the clock has run so long");
        let line = state.line(began, 0);
        assert!(line.starts_with("round 2/5 · pool · 300 of 400 answers · "), "{line}");
        assert!(line.ends_with(" · 10 s left"), "{line}");
    }
}

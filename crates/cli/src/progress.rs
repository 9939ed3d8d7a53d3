//! What a run is doing right now: a bar on a terminal, a line every few seconds elsewhere.

use crate::shell::Shell;
use crate::units;
use autodidact_core::{Event, Observer, Work};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// What those who work count.
    work: Arc<Work>,
    ended: AtomicBool,
}

/// The phase under way.
#[derive(Default)]
struct State {
    round: Option<(u32, u32)>,
    stage: String,
    /// Answers wanted; 0 for learning.
    total: u64,
    /// Answers recorded, and how many of them were recalled and took no time.
    done: u64,
    recalled: u64,
    /// Tokens of recorded parts of this phase.
    tokens: u64,
    /// Mean tokens of the answers recorded last, by which unrecorded ones are guessed.
    length: Option<f64>,
    /// The counters when the phase began.
    before: Counted,
    began: Option<Instant>,
    told: Option<Instant>,
}

/// What [`Work`] says at one moment.
#[derive(Clone, Copy, Default)]
struct Counted {
    tokens: u64,
    steps: u64,
    planned: u64,
}

impl Counted {
    fn now(work: &Work) -> Counted {
        let (steps, planned) = work.steps();
        Counted { tokens: work.tokens(), steps, planned }
    }
}

impl Progress {
    /// Tells on this shell; says nothing where it is quiet, alarms apart.
    pub fn new(shell: Shell) -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let shared = Arc::new(Shared {
            shell,
            bar,
            state: Mutex::default(),
            work: Arc::default(),
            ended: AtomicBool::new(false),
        });
        let teller = (!shell.is_quiet()).then(|| {
            let shared = shared.clone();
            std::thread::spawn(move || shared.tell())
        });
        Progress { shared, teller }
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
                    let answers = (done - state.done).max(1);
                    state.length = Some(spend.sampled_tokens as f64 / answers as f64);
                    state.tokens += spend.sampled_tokens + spend.scored_tokens;
                }
                state.done = *done;
                if state.done >= state.total {
                    state.began = None;
                }
            }
            Event::Learned { .. } => shared.state().began = None,
            Event::Noted { .. } => {}
            Event::Alarm { name, message } => {
                shared.bar.suspend(|| shared.shell.warn(&format!("alarm {name}"), message));
            }
        }
    }

    fn work(&self) -> Option<Arc<Work>> {
        Some(self.shared.work.clone())
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
            length: state.length,
            stage: stage.to_owned(),
            total,
            before: Counted::now(&self.work),
            began: Some(Instant::now()),
            ..State::default()
        };
    }

    /// Draws until told to end.
    fn tell(&self) {
        let mut shown = false;
        while !self.ended.load(Ordering::Relaxed) {
            std::thread::park_timeout(TICK);
            let mut state = self.state();
            let now = Counted::now(&self.work);
            let long = state.began.map(|began| began.elapsed()).filter(|elapsed| *elapsed > PATIENCE);
            match long {
                Some(elapsed) if self.shell.is_terminal() => {
                    if !shown {
                        self.bar.set_draw_target(ProgressDrawTarget::stderr());
                        shown = true;
                    }
                    let (done, total) = state.parts(now);
                    self.bar.set_style(style(total));
                    self.bar.set_length(total);
                    self.bar.set_position(done);
                    self.bar.set_message(state.line(elapsed, now));
                    self.bar.tick();
                }
                Some(elapsed) if state.told.is_none_or(|told| told.elapsed() > LINE_EVERY) => {
                    state.told = Some(Instant::now());
                    self.shell.say(&format!("  {}", state.line(elapsed, now)));
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
    /// How much is done, of how much: steps of learning, or answers, those not recorded yet guessed
    /// from their tokens.
    fn parts(&self, now: Counted) -> (u64, u64) {
        if self.total == 0 {
            return (now.steps - self.before.steps, now.planned - self.before.planned);
        }
        let sampled = (now.tokens - self.before.tokens) as f64;
        let guessed = self.length.filter(|length| *length > 0.0).map_or(0.0, |length| sampled / length);
        let done = self.done.max(self.recalled + guessed as u64);
        (done.min(self.total), self.total)
    }

    /// `round 2/5 · pool · 1,024 of 4,096 answers · 81.2k tokens/s · 12 s left`
    fn line(&self, elapsed: Duration, now: Counted) -> String {
        let mut parts = Vec::new();
        if let Some((round, rounds)) = self.round {
            parts.push(format!("round {round}/{rounds}"));
        }
        parts.push(self.stage.clone());
        let (done, total) = self.parts(now);
        if total > 0 {
            let what = if self.total > 0 { "answers" } else { "steps" };
            parts.push(format!("{} of {} {what}", units::count(done), units::count(total)));
        }
        let seconds = elapsed.as_secs_f64();
        let tokens = self.tokens.max(now.tokens - self.before.tokens);
        if tokens > 0 && seconds > 0.0 {
            parts.push(format!("{} tokens/s", units::short(tokens as f64 / seconds)));
        }
        let fresh = done - self.recalled.min(done);
        if fresh > 0 && total > done {
            let left = seconds / fresh as f64 * (total - done) as f64;
            parts.push(format!("{} left", units::seconds(left)));
        } else if total == 0 {
            parts.push(units::seconds(seconds));
        }
        parts.join(" · ")
    }
}

fn style(total: u64) -> ProgressStyle {
    let template = if total > 0 { "{bar:24.cyan} {msg}" } else { "{spinner} {msg}" };
    ProgressStyle::with_template(template).expect("the templates above are well formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(state: State, now: Counted, expect: &str) {
        let round = Some((2, 5));
        assert_eq!(State { round, ..state }.line(Duration::from_secs(10), now), expect);
    }

    #[test]
    fn time_left_counts_only_what_was_computed() {
        let pool = State {
            stage: "pool".into(),
            total: 400,
            done: 300,
            recalled: 200,
            tokens: 1000,
            ..State::default()
        };
        check(pool, Counted::default(), "round 2/5 · pool · 300 of 400 answers · 100 tokens/s · 10 s left");
    }

    #[test]
    fn answers_that_are_not_recorded_yet_are_guessed_from_their_tokens() {
        let pool = State { stage: "pool".into(), total: 400, length: Some(20.0), ..State::default() };
        let now = Counted { tokens: 2000, ..Counted::default() };
        check(pool, now, "round 2/5 · pool · 100 of 400 answers · 200 tokens/s · 30 s left");
    }

    #[test]
    fn learning_counts_steps_since_it_began() {
        let before = Counted { tokens: 5000, steps: 80, planned: 80 };
        let learn = State { stage: "learn".into(), before, ..State::default() };
        let now = Counted { tokens: 25_000, steps: 100, planned: 160 };
        check(learn, now, "round 2/5 · learn · 20 of 80 steps · 2k tokens/s · 30 s left");
    }

    #[test]
    fn what_counts_nothing_shows_the_time_it_took() {
        check(
            State { stage: "fit".into(), ..State::default() },
            Counted::default(),
            "round 2/5 · fit · 10 s",
        );
    }
}

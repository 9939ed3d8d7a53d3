//! A world for tests of recipes that runs in milliseconds, with a real model in it.
//!
//! Answers are short strings of `a` and `b`; the model is warmed up on random ones, so that it ends
//! its answers and gets some right.

use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{
    Alarms, Ask, Caps, Card, Domain, Group, Judge, Judged, Learn, Ledger, MemoryLedger, Record, Response,
    Result, Rng, Run, RunEnd, RunId, RunOptions, Seed, Silent, Split, Stop, Task, Try, Verdict,
};
use autodidact_lm::Lm;
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig};
use autodidact_parts::{ModelConfig, OpenTask, Shape};
use autodidact_testkit::conformance::{Faulty, Moment};
use autodidact_testkit::same_but_times;
use rand::Rng as _;

/// What an answer is worth.
#[derive(Clone, Copy, Debug)]
pub enum Worth {
    /// As much as it has letters `a`.
    Count,
    /// 1 when it has exactly two letters `a`, else 0.
    Two,
    /// Nothing.
    Nothing,
}

struct Letters(Worth);

impl Task<Chat> for Letters {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        let one = |_| {
            let number = rng.random_range(0..1000u32);
            Prompt::text(format!("{split:?}/{number}"), format!("{}?", number % 10)).with("answer", "2")
        };
        Ok((0..n).map(one).collect())
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(Letters(self.0))
    }

    fn gold(&self, _query: &Prompt) -> Option<Completion> {
        Some(Completion { text: "aab".to_owned(), ..Completion::default() })
    }

    fn name(&self) -> String {
        format!("letters {:?}", self.0)
    }
}

impl Judge<Chat> for Letters {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<<Chat as Domain>::Answer>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, answer| {
            let count = answer.text.matches('a').count();
            match self.0 {
                Worth::Count => Verdict::score(count as f64),
                Worth::Two => Verdict::right(count == 2),
                Worth::Nothing => Verdict::score(0.0),
            }
        }))
    }

    fn name(&self) -> String {
        Task::name(self)
    }
}

/// The task of counting letters.
pub fn letters(worth: Worth) -> OpenTask {
    OpenTask {
        task: Box::new(Letters(worth)),
        vote: Box::new(|_, answer| Some(answer.text.matches('a').count().to_string())),
    }
}

/// A tiny model that answers with a few letters `a` and `b` and then ends.
pub fn warm() -> Lm {
    let shape =
        Shape { hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 32, context: 64 };
    let lm = ModelConfig::Random { shape, seed: 3 }.open(|| unreachable!("it is random")).expect("opens");
    let mut rng = Seed::root(11).rng();
    let groups: Vec<Group<Chat>> = (0..160).map(|i| lesson(&lm, i % 10, &mut rng)).collect();
    let config = SftConfig {
        lr: 2e-2,
        amount: Amount::Epochs { epochs: 6 },
        batch: Batch::Rows { rows: 16 },
        restart: Restart::Weights,
        ..SftConfig::default()
    };
    let mut sft = Sft::around(&lm, &config, Keep::All).expect("sound settings");
    sft.learn(&groups, Seed::root(12)).expect("learns");
    lm
}

fn lesson(lm: &Lm, number: u32, rng: &mut Rng) -> Group<Chat> {
    let query = Prompt::text("warm", format!("{number}?"));
    let text: String = (0..rng.random_range(2..6u32)).map(|_| if rng.random() { 'a' } else { 'b' }).collect();
    let mut tokens = lm.tokenizer().encode(&text).expect("encodes");
    tokens.extend(lm.eos().first());
    let prompt = lm.render(&query).expect("renders");
    let answer = Completion { prompt, tokens, text, ..Completion::default() };
    let tries = vec![Try { answer, verdict: Verdict::right(true) }];
    Group { ask: Ask { query, knobs: Sampling::default(), tries: 1 }, tries }
}

/// How tests of recipes fine-tune.
pub fn tuned() -> SftConfig {
    SftConfig {
        lr: 5e-3,
        amount: Amount::Steps { steps: 6 },
        batch: Batch::Rows { rows: 8 },
        ..SftConfig::default()
    }
}

/// A run on `ledger`, from its start or from where it stopped.
pub fn execute(
    ledger: &dyn Ledger,
    card: Card,
    body: impl FnOnce(&mut Run<'_>) -> Result<()>,
) -> Result<RunEnd> {
    let mut alarms = Alarms { no_spread: Response::Warn, ..Alarms::default() };
    // A tiny model seldom ends by itself.
    alarms.truncated.response = Response::Warn;
    let mut run = Run::new(RunOptions {
        ledger,
        id: name(),
        seed: 7,
        caps: Caps::default(),
        alarms,
        observer: &Silent,
        stop: Stop::default(),
        complete: false,
    })?
    .of(card);
    let result = body(&mut run);
    run.finish(result)
}

/// The records of an undisturbed run.
pub fn records(card: Card, body: impl FnOnce(&mut Run<'_>) -> Result<()>) -> Vec<Record> {
    let ledger = MemoryLedger::default();
    execute(&ledger, card, body).expect("runs to its end");
    ledger.records(&name())
}

/// Checks that a run which dies at any of a few writes and is resumed records what an undisturbed one
/// does. `body` opens its own model each time, as a new process would.
pub fn resumes_exactly(card: Card, body: impl Fn(&mut Run<'_>) -> Result<()>) {
    let whole = MemoryLedger::default();
    let counting = Faulty::new(&whole, u64::MAX, Moment::Before);
    execute(&counting, card, &body).expect("runs to its end");
    let (expect, writes) = (whole.records(&name()), counting.writes());
    for part in 1..6 {
        let ledger = MemoryLedger::default();
        let fatal = writes * part / 6;
        let moment = if part % 2 == 0 { Moment::Before } else { Moment::After };
        assert!(execute(&Faulty::new(&ledger, fatal, moment), card, &body).is_err(), "it went on");
        execute(&ledger, card, &body).expect("resumes");
        same_but_times(&expect, &ledger.records(&name())).expect("the same records");
    }
}

fn name() -> RunId {
    RunId("test".to_owned())
}

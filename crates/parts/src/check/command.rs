//! Right when a program of the user's says so: JSON lines on its standard input and output.
//!
//! For each answer the program reads one line `{"id", "prompt", "completion", "answer", "columns"}`
//! and writes one line: a number, `true` or `false`; `null` where it does not apply; or an object
//! with `score` (any of these) and, if it likes, `id`, `error` and further numbers, which are recorded
//! as named parts of the score. A program that dies, hangs or talks nonsense costs that one answer an
//! error, never a zero, and is started again for the next.

use super::child::Child;
use super::excerpt;
use super::reference::lookup;
use autodidact_core::chat::{Body, Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Result, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Runs a program that judges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Command {
    /// The program and its arguments; no shell is involved.
    pub command: Vec<String>,
    /// How long one answer may take, in seconds.
    pub seconds: f64,
    /// How much longer the first answer after a start may take, in seconds.
    pub start_seconds: f64,
    /// How many copies run at once. Its verdicts must not depend on what it judged before.
    pub workers: u32,
}

impl Default for Command {
    fn default() -> Command {
        Command { command: Vec::new(), seconds: 10.0, start_seconds: 60.0, workers: 1 }
    }
}

impl Command {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        if self.command.first().is_none_or(String::is_empty) {
            let found = format!("{:?}", self.command);
            return Err(Error::invalid("check.command", "a program and its arguments", found));
        }
        for (field, value) in
            [("check.seconds", self.seconds), ("check.start_seconds", self.start_seconds + self.seconds)]
        {
            // A day is more than any check needs, and far from what a clock cannot hold.
            if !(value > 0.0 && value <= 2.0 * 86_400.0) {
                return Err(Error::invalid(field, "more than 0 and at most a day", value));
            }
        }
        match self.workers {
            1..=256 => Ok(()),
            other => Err(Error::invalid("check.workers", "1 to 256", other)),
        }
    }
}

/// The running copies of a [`Command`].
#[derive(Debug)]
pub struct Workers {
    settings: Command,
    idle: Mutex<Vec<Worker>>,
    asked: AtomicU64,
}

#[derive(Debug)]
struct Worker {
    child: Child,
    /// Whether it has yet to give its first reply.
    fresh: bool,
}

impl Workers {
    /// Starts the first copy, so that a program that does not exist fails here.
    pub fn open(settings: &Command) -> Result<Workers> {
        settings.check()?;
        let workers =
            Workers { settings: settings.clone(), idle: Mutex::default(), asked: AtomicU64::new(0) };
        workers.idle().push(workers.start()?);
        Ok(workers)
    }

    /// One verdict an answer, in the answers' order; the reference is the column `field`. Fails when
    /// the program cannot be started.
    pub fn judge(
        &self,
        asks: &[Ask<Chat>],
        answers: &[Vec<Completion>],
        field: &str,
    ) -> Result<Vec<Vec<Verdict>>> {
        let pair = |(ask, tries): (&'_ Ask<Chat>, &'_ Vec<Completion>)| {
            tries.iter().map(|answer| self.request(&ask.query, answer, field)).collect::<Vec<_>>()
        };
        let requests: Vec<Value> = asks.iter().zip(answers).flat_map(pair).collect();
        let mut verdicts: Vec<Option<Verdict>> = vec![None; requests.len()];
        for (place, verdict) in self.work(&requests)? {
            verdicts[place] = Some(verdict);
        }
        let mut verdicts = verdicts.into_iter().map(|verdict| verdict.expect("every request is worked on"));
        Ok(answers
            .iter()
            .take(asks.len())
            .map(|tries| verdicts.by_ref().take(tries.len()).collect())
            .collect())
    }

    fn work(&self, requests: &[Value]) -> Result<Vec<(usize, Verdict)>> {
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<(usize, Verdict)>> {
            let mut worker = None;
            let mut done = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(place) else { break };
                done.push((place, self.verdict(&mut worker, request)?));
            }
            self.idle().extend(worker);
            Ok(done)
        };
        let threads = (self.settings.workers as usize).min(requests.len());
        if threads <= 1 {
            return work();
        }
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let mut all = Vec::with_capacity(requests.len());
            for handle in handles {
                all.extend(handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok(all)
        })
    }

    fn verdict(&self, worker: &mut Option<Worker>, request: &Value) -> Result<Verdict> {
        let began = Instant::now();
        loop {
            let mut now = match worker.take().or_else(|| self.idle().pop()) {
                Some(worker) => worker,
                None => self.start()?,
            };
            let seconds = self.settings.seconds + if now.fresh { self.settings.start_seconds } else { 0.0 };
            let reply = match now.child.ask(request.to_string(), Duration::from_secs_f64(seconds)) {
                Ok(reply) => reply,
                // It may have ended of itself after the answer before, as a program for one answer does.
                Err(failure) if failure.ended && !now.fresh => continue,
                Err(failure) => return Ok(Verdict::error(failure.reason, began.elapsed().as_secs_f64())),
            };
            return Ok(match verdict(&reply, &request["id"]) {
                Ok(verdict) => {
                    *worker = Some(Worker { child: now.child, fresh: false });
                    verdict
                }
                // What it says next could belong to any answer.
                Err(what) => Verdict::error(now.child.fail(&what), began.elapsed().as_secs_f64()),
            });
        }
    }

    fn request(&self, prompt: &Prompt, answer: &Completion, field: &str) -> Value {
        let text = match &prompt.body {
            Body::Text(text) => json!(text),
            Body::Messages(messages) => json!(messages),
        };
        json!({
            "id": self.asked.fetch_add(1, Ordering::Relaxed),
            "prompt": text,
            "completion": answer.text,
            "answer": lookup(&prompt.fields, field),
            "columns": prompt.fields,
        })
    }

    fn start(&self) -> Result<Worker> {
        let (program, arguments) = self.settings.command.split_first().expect("the settings are checked");
        let child = Child::start(program, arguments).map_err(|source| Error::Io {
            path: program.into(),
            doing: "starting the checker",
            source,
        })?;
        Ok(Worker { child, fresh: true })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The verdict in a reply, or what is wrong with it.
fn verdict(reply: &str, id: &Value) -> Result<Verdict, String> {
    let odd = |what: &str| format!("replied {}, which is {what}", excerpt(reply));
    let value: Value = serde_json::from_str(reply).map_err(|_| odd("not JSON"))?;
    let Value::Object(members) = &value else {
        return scored(&value, "").ok_or_else(|| odd("no score"));
    };
    if members.get("id").is_some_and(|found| found != id) {
        return Err(odd(&format!("for another answer than {id}")));
    }
    if let Some(error) = members.get("error").filter(|error| !error.is_null()) {
        let reason = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
        return Ok(Verdict::error(format!("the checker reports: {reason}"), 0.0));
    }
    let reason = members.get("reason").and_then(Value::as_str).unwrap_or_default();
    let score = members.get("score").ok_or_else(|| odd("without a score"))?;
    let mut verdict = scored(score, reason).ok_or_else(|| odd("no score"))?;
    for (name, part) in members.iter().filter(|(name, _)| !matches!(name.as_str(), "id" | "score")) {
        if let Some(number) = number(part) {
            verdict = verdict.with(name, number);
        }
    }
    Ok(verdict)
}

fn scored(value: &Value, reason: &str) -> Option<Verdict> {
    match value {
        Value::Null if reason.is_empty() => Some(Verdict::abstain("the checker does not apply")),
        Value::Null => Some(Verdict::abstain(reason)),
        other => number(other).map(Verdict::score),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_bool().map(|flag| f64::from(u8::from(flag))))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use autodidact_core::Outcome;

    fn workers(script: &str, settings: Command) -> Workers {
        let command = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
        Workers::open(&Command { command, ..settings }).expect("sh starts")
    }

    fn judge(workers: &Workers, texts: &[&str]) -> Vec<Verdict> {
        let query = Prompt::text("1", "2 + 2?").with("answer", "4");
        let ask = Ask { query, knobs: Default::default(), tries: texts.len() as u32 };
        let answers =
            texts.iter().map(|text| Completion { text: (*text).to_owned(), ..Completion::default() });
        let mut judged = workers.judge(&[ask], &[answers.collect()], "answer").expect("starts");
        judged.remove(0)
    }

    fn reason(verdict: &Verdict) -> &str {
        match &verdict.outcome {
            Outcome::Error { reason, .. } => reason,
            other => panic!("no error: {other:?}"),
        }
    }

    const RIGHT: &str =
        r#"while read -r line; do case $line in *'"completion":"4"'*) echo 1;; *) echo 0;; esac; done"#;

    #[test]
    fn a_program_judges_line_by_line() {
        let verdicts = judge(&workers(RIGHT, Command::default()), &["4", "5", "4"]);
        assert_eq!(
            verdicts.iter().map(Verdict::value).collect::<Vec<_>>(),
            [Some(1.0), Some(0.0), Some(1.0)]
        );
    }

    #[test]
    fn several_workers_keep_the_order() {
        let texts: Vec<&str> = (0..40).map(|i| if i % 3 == 0 { "4" } else { "5" }).collect();
        let verdicts = judge(&workers(RIGHT, Command { workers: 4, ..Command::default() }), &texts);
        for (i, verdict) in verdicts.iter().enumerate() {
            assert_eq!(verdict.value(), Some(if i % 3 == 0 { 1.0 } else { 0.0 }));
        }
    }

    #[test]
    fn a_program_that_dies_costs_an_error_and_is_started_again() {
        let script =
            r#"while read -r line; do case $line in *die*) echo gone wrong >&2; exit 3;; esac; echo 1; done"#;
        let verdicts = judge(&workers(script, Command::default()), &["4", "die", "4"]);
        assert_eq!((verdicts[0].value(), verdicts[2].value()), (Some(1.0), Some(1.0)));
        let reason = reason(&verdicts[1]);
        assert!(reason.contains("exit status: 3") && reason.contains("gone wrong"), "{reason}");
    }

    #[test]
    fn a_program_for_one_answer_is_started_for_each() {
        let verdicts = judge(&workers("read -r line; echo true", Command::default()), &["a", "b", "c"]);
        assert!(verdicts.iter().all(|verdict| verdict.value() == Some(1.0)), "{verdicts:?}");
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let note = folder.path().join("pid");
        // The grandchild holds the pipe open and would outlive a kill of the shell alone.
        let script = format!("read -r line; sleep 600 & echo $! > {}; wait", note.display());
        let settings = Command { seconds: 0.2, start_seconds: 0.3, ..Command::default() };
        let verdicts = judge(&workers(&script, settings), &["4"]);
        assert!(reason(&verdicts[0]).contains("deadline"), "{verdicts:?}");
        let pid = std::fs::read_to_string(&note).expect("the grandchild was started");
        let pid: i32 = pid.trim().parse().expect("a process id");
        let gone = || match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            // Orphans are reaped by init; until then they may be zombies, which are dead.
            Ok(stat) => stat.contains(") Z"),
            Err(_) => {
                rustix::process::test_kill_process(rustix::process::Pid::from_raw(pid).expect("positive"))
                    .is_err()
            }
        };
        let began = Instant::now();
        while !gone() {
            assert!(began.elapsed() < Duration::from_secs(10), "the grandchild lives");
            std::thread::yield_now();
        }
    }

    #[test]
    fn nonsense_is_an_error_and_never_a_zero() {
        for (script, part) in [
            ("while read -r line; do echo hello; done", "not JSON"),
            ("while read -r line; do echo '[1]'; done", "no score"),
            ("while read -r line; do echo '{}'; done", "without a score"),
            (r#"while read -r line; do echo '{"id": -1, "score": 1}'; done"#, "another answer"),
            (r#"while read -r line; do echo '{"error": "no disk"}'; done"#, "no disk"),
            ("while read -r line; do printf '\\377\\n'; done", "UTF-8"),
            ("while read -r line; do head -c 2000000 /dev/zero; done", "more than"),
            ("echo 1; while read -r line; do :; done", "without being asked"),
        ] {
            let workers = workers(script, Command::default());
            if part == "without being asked" {
                // The unasked line has to arrive first.
                std::thread::sleep(Duration::from_millis(300));
            }
            let verdicts = judge(&workers, &["4"]);
            assert!(reason(&verdicts[0]).contains(part), "{script}: {verdicts:?}");
        }
    }

    #[test]
    fn a_program_that_talks_without_end_is_an_error_and_ends_with_its_judge() {
        let workers = workers("yes", Command::default());
        assert!(judge(&workers, &["4"])[0].is_error());
        let began = Instant::now();
        workers.idle().push(workers.start().expect("sh starts"));
        drop(workers);
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_reply_may_be_null_or_have_parts() {
        assert!(matches!(verdict("null", &json!(0)).expect("valid").outcome, Outcome::Abstain { .. }));
        let full = verdict(r#"{"id": 7, "score": 0.5, "tests": 3, "passed": true, "note": "x"}"#, &json!(7));
        let full = full.expect("valid");
        assert_eq!(
            (full.value(), full.part("tests"), full.part("passed")),
            (Some(0.5), Some(3.0), Some(1.0))
        );
        assert_eq!(full.detail.len(), 2);
    }

    #[test]
    fn a_program_that_does_not_exist_fails_at_once() {
        let settings = Command { command: vec!["./no such program".into()], ..Command::default() };
        let error = Workers::open(&settings).expect_err("there is none").to_string();
        assert!(error.contains("no such program") && error.contains("starting"), "{error}");
        assert!(Workers::open(&Command::default()).is_err());
        assert!(
            Command { seconds: f64::NAN, command: vec!["x".into()], ..Command::default() }.check().is_err()
        );
    }
}

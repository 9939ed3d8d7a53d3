//! What a run does at its limits: caps, stops, alarms, changed inputs, second runs.

use autodidact_core::chat::{Chat, Completion, Finish, Prompt, Sampling};
use autodidact_core::{
    Alarm, Alarms, Ask, Caps, Error, Event, Ledger, MemoryLedger, Metrics, Observer, Recipe, Record,
    Response, Result, Run, RunEnd, RunId, RunOptions, RunSpec, Silent, Stop, Verdict,
};
use autodidact_testkit::conformance::{Faulty, Moment, run_guessing};
use autodidact_testkit::guess::{Eagerness, Guess, Guessing};
use autodidact_testkit::{same_but_times, script};

fn name() -> RunId {
    RunId("r-1".to_owned())
}

fn begun() -> MemoryLedger {
    let ledger = MemoryLedger::default();
    ledger.append(&name(), &[Record::Begin(RunSpec::default())]).expect("a new run begins");
    ledger
}

fn options(ledger: &MemoryLedger) -> RunOptions<'_> {
    RunOptions {
        ledger,
        id: name(),
        seed: 7,
        caps: Caps::default(),
        alarms: Alarms::default(),
        observer: &Silent,
        stop: Stop::default(),
        complete: false,
    }
}

fn run(options: RunOptions<'_>) -> Run<'_> {
    Run::new(options).expect("a run with sound alarms")
}

fn kinds(ledger: &MemoryLedger) -> Vec<&'static str> {
    let kind = |record: &Record| match record {
        Record::Begin(_) => "begin",
        Record::Attempt(_) => "attempt",
        Record::Learn(_) => "learn",
        Record::Note(_) => "note",
        Record::Alarm { .. } => "alarm",
        Record::Output { .. } => "output",
        Record::End(_) => "end",
    };
    ledger.records(&name()).iter().map(kind).filter(|kind| *kind != "note").collect()
}

#[test]
fn every_cap_stops_cleanly_and_a_larger_one_goes_on_to_the_same_end() {
    let undisturbed = begun();
    let whole = run_guessing(&Guessing::default(), &undisturbed, &name(), Caps::default(), false);
    let expected = undisturbed.records(&name());

    let caps = [
        ("sampled_tokens", Caps { sampled_tokens: Some(1500), ..Caps::default() }),
        ("trained_tokens", Caps { trained_tokens: Some(1), ..Caps::default() }),
        ("judge_calls", Caps { judge_calls: Some(17), ..Caps::default() }),
        ("seconds", Caps { seconds: Some(1e-9), ..Caps::default() }),
    ];
    for (kind, cap) in caps {
        let ledger = begun();
        let stopped = run_guessing(&Guessing::default(), &ledger, &name(), cap, false);
        let Ok(RunEnd::Stopped { reason }) = stopped.end else { panic!("{kind}: {:?}", stopped.end) };
        assert!(reason.contains(&format!("the cap on {kind} is reached")), "{reason}");
        assert!(stopped.spend.judge_calls < whole.spend.judge_calls);

        // Evaluations obey no cap, so the cap is over-spent by less than the one part it allowed.
        let again = run_guessing(&Guessing::default(), &ledger, &name(), cap, false);
        assert_eq!(again.fresh, 0, "{kind}: the same cap allows nothing more");
        assert_eq!(again.spend, stopped.spend, "{kind}: recalled phases count as when they were made");

        let resumed = run_guessing(&Guessing::default(), &ledger, &name(), Caps::default(), false);
        assert!(matches!(resumed.end, Ok(RunEnd::Complete)), "{kind}: {:?}", resumed.end);
        same_but_times(&expected, &ledger.records(&name())).unwrap_or_else(|why| panic!("{kind}: {why}"));
    }
}

#[test]
fn a_request_to_stop_ends_cleanly_and_resumes_to_the_same_end() {
    struct After(std::sync::atomic::AtomicU64, Stop);
    impl Observer for After {
        fn see(&self, event: &Event<'_>) {
            let learned = matches!(event, Event::Learned { .. });
            if learned && self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                self.1.request();
            }
        }
    }
    let ledger = begun();
    let stop = Stop::default();
    let after = After(0.into(), stop.clone());
    let mut stopped = run(RunOptions { observer: &after, stop, ..options(&ledger) });
    let result = Guessing::default().run(&mut stopped);
    assert!(matches!(stopped.finish(result), Ok(RunEnd::Stopped { reason }) if reason == "interrupted"));

    let resumed = run_guessing(&Guessing::default(), &ledger, &name(), Caps::default(), false);
    assert!(matches!(resumed.end, Ok(RunEnd::Complete)));
    let undisturbed = begun();
    run_guessing(&Guessing::default(), &undisturbed, &name(), Caps::default(), false).end.expect("complete");
    same_but_times(&undisturbed.records(&name()), &ledger.records(&name())).expect("the same run");
}

#[test]
fn resuming_a_complete_run_rings_and_computes_nothing() {
    let ledger = begun();
    run_guessing(&Guessing::default(), &ledger, &name(), Caps::default(), false).end.expect("complete");
    let before = ledger.records(&name()).len();
    let again = run_guessing(&Guessing::default(), &ledger, &name(), Caps::default(), true);
    assert_eq!(again.fresh, 0);
    assert!(matches!(again.end, Err(Error::Alarm { name: "idle_resume", .. })), "{:?}", again.end);
    assert_eq!(ledger.records(&name()).len(), before + 1, "only the alarm is new");
}

#[test]
fn other_settings_at_a_recorded_phase_diverge() {
    let check = |other: Guessing, expected: (&str, u32)| {
        let ledger = begun();
        let caps = Caps { trained_tokens: Some(1), ..Caps::default() };
        run_guessing(&Guessing::default(), &ledger, &name(), caps, false).end.expect("stops at the cap");
        let resumed = run_guessing(&other, &ledger, &name(), Caps::default(), false);
        let Err(Error::Diverged { stage, round }) = resumed.end else { panic!("{:?}", resumed.end) };
        assert_eq!((stage.as_str(), round), expected);
    };
    check(Guessing { width: 1, ..Guessing::default() }, ("probe", 1));
    check(Guessing { tries: 1026, ..Guessing::default() }, ("pool", 1));
    // The parts that are asked for are as recorded, but fewer: the learner is given something else.
    check(Guessing { width: 2, ..Guessing::default() }, ("learn", 1));
}

#[test]
fn another_policy_or_judge_at_a_recorded_phase_diverges() {
    let attempt = |ledger: &MemoryLedger, policy: &str, judge: &str, stage: &str| -> Result<()> {
        let policy = script::policy::<Guess, _>(policy, |_, t, _| t);
        let judge = script::judge(judge, |_, answer| Verdict::score(f64::from(*answer)));
        let mut run = run(options(ledger));
        run.attempt(stage, &policy, &judge, Ask::each(&[1], 2, &Eagerness::default())).map(|_| ())
    };
    let ledger = begun();
    attempt(&ledger, "v1", "exact", "pool").expect("recorded");
    attempt(&ledger, "v1", "exact", "pool").expect("recalled");
    attempt(&ledger, "v2", "exact", "other").expect("another stage may do as it likes");
    assert!(matches!(attempt(&ledger, "v2", "exact", "pool"), Err(Error::Diverged { .. })));
    assert!(matches!(attempt(&ledger, "v1", "lenient", "pool"), Err(Error::Diverged { .. })));
}

#[test]
fn a_recalled_attempt_asks_neither_policy_nor_judge() {
    let ledger = begun();
    let asks = || Ask::each(&[1, 2], 3, &Eagerness::default());
    let judge = script::judge("j", |_, answer| Verdict::score(f64::from(*answer)));
    let policy = script::policy::<Guess, _>("v", |ask, t, _| ask.query * 10 + t);
    let first = run(options(&ledger)).attempt("pool", &policy, &judge, asks()).expect("recorded");

    let judge = script::judge("j", |_, _: &u32| panic!("asked again"));
    let policy = script::policy::<Guess, _>("v", |_, _, _| panic!("asked again"));
    let second = run(options(&ledger)).attempt("pool", &policy, &judge, asks()).expect("recalled");
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
}

/// The alarms that one attempt of scripted chat answers rings.
fn ring(verdict: fn(u32) -> Verdict, cut: fn(u32) -> bool, alarms: Alarms) -> (MemoryLedger, Result<()>) {
    let ledger = begun();
    let policy = script::policy::<Chat, _>("v", move |_, t, _| Completion {
        tokens: vec![t],
        logprobs: vec![-0.5],
        policy_logprobs: vec![-0.5],
        finish: if cut(t) { Finish::Length } else { Finish::Stop },
        ..Completion::default()
    });
    let judge = script::judge("j", move |_: &Ask<Chat>, answer: &Completion| verdict(answer.tokens[0]));
    let asks = Ask::each(&[Prompt::text("a", "1+1="), Prompt::text("b", "2+2=")], 10, &Sampling::default());
    let result = run(RunOptions { alarms, ..options(&ledger) }).attempt("pool", &policy, &judge, asks);
    (ledger, result.map(|_| ()))
}

fn spread(t: u32) -> Verdict {
    Verdict::right(t.is_multiple_of(2))
}

#[test]
fn each_alarm_of_an_attempt_stops_the_run_and_is_recorded() {
    let never = |_: u32| false;
    let sound = ring(spread, never, Alarms::default());
    assert!(sound.1.is_ok());
    assert_eq!(kinds(&sound.0), ["begin", "attempt"]);

    let check = |name: &str, (ledger, result): (MemoryLedger, Result<()>)| {
        let Err(Error::Alarm { name: found, .. }) = result else { panic!("{name}: {result:?}") };
        assert_eq!(found, name);
        assert_eq!(kinds(&ledger), ["begin", "attempt", "alarm"], "{name} is recorded after its attempt");
    };
    check("truncated", ring(spread, |t| t < 6, Alarms::default()));
    let two_of_ten = |t: u32| if t < 2 { Verdict::error("deadline of 2 s passed", 2.0) } else { spread(t) };
    check("errored", ring(two_of_ten, never, Alarms::default()));
    check("no_spread", ring(|_| Verdict::score(0.0), never, Alarms::default()));
    check("no_spread", ring(|_| Verdict::abstain("not mine"), never, Alarms::default()));
}

#[test]
fn alarms_can_be_limited_warned_of_and_switched_off() {
    let six_of_ten = |t: u32| t < 6;
    let at = |limit, response| Alarms { truncated: Alarm { limit, response }, ..Alarms::default() };
    let (ledger, result) = ring(spread, six_of_ten, at(0.6, Response::Stop));
    assert!(result.is_ok(), "at the limit is not above it");
    assert_eq!(kinds(&ledger), ["begin", "attempt"]);

    let (ledger, result) = ring(spread, six_of_ten, at(0.5, Response::Warn));
    assert!(result.is_ok());
    assert_eq!(kinds(&ledger), ["begin", "attempt", "alarm"]);

    let (ledger, result) = ring(spread, six_of_ten, at(0.5, Response::Off));
    assert!(result.is_ok());
    assert_eq!(kinds(&ledger), ["begin", "attempt"]);

    let error = Run::new(RunOptions { alarms: at(1.5, Response::Stop), ..options(&begun()) }).err();
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some("alarms.truncated.limit must be a share between 0 and 1, but is 1.5")
    );
}

#[test]
fn a_lesson_without_targets_or_with_a_loss_that_is_no_number_stops_unrecorded() {
    for (name, metric, value) in [("empty_mask", "num_targets", 0.0), ("non_finite", "loss", f64::NAN)] {
        let ledger = begun();
        let mut learner = script::learner::<Guess, _>(|_, _| {
            let mut metrics = Metrics::default();
            metrics.push(metric, value);
            metrics
        });
        let error = run(options(&ledger)).learn("learn", &mut learner, &[]).expect_err(name);
        assert!(matches!(error, Error::Alarm { name: found, .. } if found == name), "{error}");
        assert_eq!(kinds(&ledger), ["begin", "alarm"], "a bad step is never taken for a good one");
    }
}

#[test]
fn a_run_that_fails_says_why_even_when_its_end_cannot_be_recorded() {
    let failed = || Error::invalid("lr", "positive", -1.0);
    let ledger = begun();
    let error = run(options(&ledger)).finish(Err(failed())).expect_err("failed").to_string();
    assert_eq!(error, "lr must be positive, but is -1");
    assert_eq!(kinds(&ledger), ["begin", "end"]);

    let dead = Faulty::new(&ledger, 0, Moment::Before);
    let options = RunOptions { ledger: &dead, ..options(&ledger) };
    let error = run(options).finish(Err(failed())).expect_err("failed").to_string();
    assert_eq!(error, "lr must be positive, but is -1");
}

#[test]
fn a_metric_nobody_declared_is_refused() {
    let ledger = begun();
    let mut run = run(options(&ledger));
    run.note("pool/reward", 0.5).expect("declared, after a stage");
    let error = run.note("rewrad", 0.5).expect_err("misspelt").to_string();
    assert!(error.starts_with("no metric is named \"rewrad\"; known: reward,"), "{error}");
}

#[test]
fn a_seed_gives_one_run_and_another_seed_another() {
    let records = |seed| {
        let ledger = begun();
        let mut run = run(RunOptions { seed, ..options(&ledger) }).of(Guessing::CARD);
        let result = Guessing::default().run(&mut run);
        run.finish(result).expect("complete");
        ledger.records(&name())
    };
    same_but_times(&records(1), &records(1)).expect("equal seeds, equal runs");
    assert!(same_but_times(&records(1), &records(2)).is_err());
}

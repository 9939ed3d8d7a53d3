//! A model behind HTTP, met over real sockets: every fault, a crowd of requests, a killed process, a replay.

use autodidact_core::chat::{Body, Chat, Completion, Finish, Message, Prompt, Sampling};
use autodidact_core::{
    Alarms, Answer as _, Ask, Caps, Error, Ledger, MemoryLedger, Policy, Record, Response, Result, Run,
    RunEnd, RunId, RunOptions, Seed, Silent, Spend, Stop, Verdict,
};
use autodidact_lm::Lm;
use autodidact_parts::policy::endpoint::{Endpoint, EndpointConfig, Prices, Secret};
use autodidact_parts::policy::transcript::Transcript;
use autodidact_parts::policy::{PolicyConfig, Replay};
use autodidact_parts::{ModelConfig, Shape};
use autodidact_testkit::endpoint::{self as scripted, Answer, Fault, Faults, Reply, Request};
use autodidact_testkit::{same_but_times, script};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A model that repeats what it read, with its seed.
fn echo(request: &Request) -> Reply {
    let seed = request.seed().map_or("none".to_owned(), |seed| seed.to_string());
    Reply::Answers(
        (0..request.n()).map(|i| Answer::of(format!("{} {seed} {i}", request.prompt().len()))).collect(),
    )
}

fn config(base_url: &str) -> EndpointConfig {
    EndpointConfig {
        base_url: base_url.to_owned(),
        model: "echo".to_owned(),
        // Faults in tests pass at once.
        backoff: 0.002,
        retries: 20,
        prices: Prices { input: 2.0, output: 8.0 },
        ..EndpointConfig::default()
    }
}

fn asks(n: usize, tries: u32) -> Vec<Ask<Chat>> {
    let chat = |i: usize| {
        let content = format!("question {}", "x".repeat(i));
        let body = Body::Messages(vec![Message { role: "user".to_owned(), content }]);
        Prompt { id: format!("q/{i}"), body, ..Prompt::default() }
    };
    let prompts: Vec<Prompt> = (0..n).map(chat).collect();
    Ask::each(&prompts, tries, &Sampling { max_tokens: 20, ..Sampling::default() })
}

fn seeds(n: usize) -> Vec<Seed> {
    (0..n).map(|i| Seed::root(5).at("ask", i as u64)).collect()
}

fn proposed(config: &EndpointConfig, asks: &[Ask<Chat>]) -> Result<(Vec<Vec<Completion>>, Spend)> {
    let proposals = Endpoint::open(config)?.propose(asks, &seeds(asks.len()))?;
    Ok((proposals.answers, proposals.spend))
}

fn lm() -> Lm {
    let shape = Shape { hidden_size: 16, heads: 2, kv_heads: 1, layers: 1, ..Shape::default() };
    ModelConfig::Random { shape, seed: 1 }.open(|| unreachable!("it is random")).expect("opens")
}

/// A run of two attempts, and what it recorded.
fn recorded(policy: &dyn Policy<Chat>, caps: Caps) -> (Result<RunEnd>, Vec<Record>) {
    let ledger = MemoryLedger::default();
    let end = attempt_on(&ledger, policy, caps, 40, 15);
    (end, ledger.records(&RunId("run".to_owned())))
}

fn attempt_on(
    ledger: &dyn Ledger,
    policy: &dyn Policy<Chat>,
    caps: Caps,
    prompts: usize,
    tries: u32,
) -> Result<RunEnd> {
    let off = |limit| autodidact_core::Alarm { limit, response: Response::Off };
    let mut run = Run::new(RunOptions {
        ledger,
        id: RunId("run".to_owned()),
        seed: 7,
        caps,
        alarms: Alarms { errored: off(1.0), no_spread: Response::Off, ..Alarms::default() },
        observer: &Silent,
        stop: Stop::default(),
        complete: false,
    })?;
    let judge =
        script::judge::<Chat, _>("length", |_, answer: &Completion| Verdict::score(answer.text.len() as f64));
    let mut body = || {
        run.next_round(1);
        run.attempt("pool", policy, &judge, asks(prompts, tries))?;
        run.evaluate("test", policy, &judge, asks(3, 2))?;
        Ok(())
    };
    let result = body();
    run.finish(result)
}

#[test]
fn answers_come_in_order_with_their_seeds_and_their_price() {
    let server = scripted::Endpoint::start(echo);
    let (answers, spend) = proposed(&config(&server.base_url()), &asks(3, 2)).expect("answered");
    let lengths: Vec<usize> = answers
        .iter()
        .map(|tries| tries[1].text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
        .collect();
    assert_eq!(lengths, [9, 10, 11]);
    assert_ne!(answers[0][0].text, answers[0][1].text, "each try has its own seed");
    // A prompt has 2 words but the empty one, "question " + nothing, 1; an answer has 3.
    // Read 2 (1 + 2 + 2) = 10, drawn 6 · 3 = 18: 10 · 2 $ + 18 · 8 $ a million.
    assert_eq!((spend.scored_tokens, spend.sampled_tokens), (10, 18));
    assert!((spend.cost - 164e-6).abs() < 1e-15, "{}", spend.cost);
    let again = proposed(&config(&server.base_url()), &asks(3, 2)).expect("answered");
    assert_eq!(again.0, answers);
}

#[test]
fn every_fault_that_passes_is_overcome() {
    let whole = scripted::Endpoint::start(echo);
    let expect = proposed(&config(&whole.base_url()), &asks(8, 5)).expect("answered").0;
    for fault in Fault::ALL {
        let faults = Faults { share: 0.4, seed: 3, kinds: vec![fault] };
        let server = scripted::Endpoint::faulty(faults, echo);
        let found = proposed(&config(&server.base_url()), &asks(8, 5));
        let (answers, _) = found.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        let counts = server.counts();
        assert_eq!(answers, expect, "{fault:?}");
        assert_eq!((counts.answered, counts.doubled), (40, 0), "{fault:?}");
        assert!(counts.faulted > 5 || matches!(fault, Fault::Slow { .. }), "{fault:?}: {counts:?}");
    }
}

#[test]
fn what_fails_for_good_is_a_failed_answer_and_a_recorded_error() {
    let refusing = |status: u16| {
        scripted::Endpoint::start(move |request| match request.prompt().ends_with("xx") {
            true => Reply::error(status, "the prompt is too long"),
            false => echo(request),
        })
    };
    for (status, requests) in [(400, 1), (500, 3)] {
        let server = refusing(status);
        let config = EndpointConfig { retries: 2, ..config(&server.base_url()) };
        let (answers, _) = proposed(&config, &asks(3, 1)).expect("the others are answered");
        let failed = answers[2][0].failure().expect("it failed");
        assert!(failed.contains("the prompt is too long"), "{failed}");
        assert_eq!((answers[2][0].text.as_str(), answers[0][0].failure()), ("", None));
        assert_eq!(server.counts().requests, 2 + requests, "{status} is sent {requests} times");
        assert_eq!(answers[2][0].finish, Finish::Failed);
    }
    let server = refusing(400);
    let (end, records) =
        recorded(&Endpoint::open(&config(&server.base_url())).expect("opens"), Caps::default());
    assert_eq!(end.expect("it goes on"), RunEnd::Complete);
    let errors = records.iter().filter_map(|record| match record {
        Record::Attempt(row) => Some(row.samples.iter().filter(|sample| sample.verdict.is_error()).count()),
        _ => None,
    });
    assert!(errors.sum::<usize>() >= 15 * 38, "every prompt that ends with xx");
}

#[test]
fn a_wrong_key_and_an_unknown_model_end_the_run_and_say_what_to_try() {
    for (status, hint) in [(401, "policy.key_env"), (403, "policy.key_env"), (404, "policy.model")] {
        let server = scripted::Endpoint::start(move |request| {
            let key = request.header("authorization").unwrap_or("none").to_owned();
            Reply::error(status, &format!("what is {key}?"))
        });
        let with_key = EndpointConfig {
            key_env: Some("MY_KEY".to_owned()),
            key: Secret::new("sk-very-secret"),
            ..config(&server.base_url())
        };
        let error = proposed(&with_key, &asks(1, 1)).expect_err("refused").to_string();
        assert!(error.contains(hint) && error.contains(&server.base_url()), "{error}");
        assert!(error.contains("what is Bearer ***?"), "the key was sent, and is not repeated: {error}");
    }
    let server = scripted::Endpoint::start(|_| {
        let body =
            br#"{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}"#.to_vec();
        Reply::Raw { status: 429, headers: Vec::new(), body }
    });
    let error = proposed(&config(&server.base_url()), &asks(1, 1)).expect_err("no money").to_string();
    assert!(error.contains("money"), "{error}");
    let unset = EndpointConfig { key_env: Some("MY_KEY".to_owned()), ..config(&server.base_url()) };
    let error = Endpoint::open(&unset).err().expect("no key").to_string();
    assert!(error.contains("MY_KEY"), "{error}");
}

#[test]
fn where_no_server_is_the_address_is_named() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address")
    };
    let error =
        proposed(&config(&format!("http://{address}/v1")), &asks(1, 1)).expect_err("nobody").to_string();
    assert!(error.contains(&address.to_string()) && error.contains("running"), "{error}");
}

#[test]
fn an_answer_that_takes_too_long_fails_with_the_deadline() {
    let server = scripted::Endpoint::start(|request| {
        if request.prompt().ends_with("xx") {
            return Reply::Fault(Fault::Slow { pause: Duration::from_secs(2) });
        }
        echo(request)
    });
    let config = EndpointConfig { deadline: 0.25, request_timeout: 0.1, ..config(&server.base_url()) };
    let (answers, _) = proposed(&config, &asks(3, 1)).expect("the others are answered");
    let failed = answers[2][0].failure().expect("it failed");
    assert!(failed.starts_with("no answer within 0.25 s"), "{failed}");
    assert_eq!(answers[1][0].failure(), None);
}

#[test]
fn one_refusal_with_a_time_to_come_back_holds_all_requests_back() {
    let arrivals: &'static Mutex<Vec<Instant>> = Box::leak(Box::default());
    let server = scripted::Endpoint::start(move |request| {
        let place = {
            let mut arrivals = arrivals.lock().expect("not poisoned");
            arrivals.push(Instant::now());
            arrivals.len()
        };
        match place {
            1 => Reply::Fault(Fault::TooMany { retry_after: Some("0.3") }),
            // Those beside the first take their time, so that the refusal is read before they are answered.
            2..=4 => {
                std::thread::sleep(Duration::from_millis(240));
                echo(request)
            }
            _ => echo(request),
        }
    });
    let one_by_one = EndpointConfig { in_flight: 4, ..config(&server.base_url()) };
    proposed(&one_by_one, &asks(20, 1)).expect("answered");
    let arrivals = arrivals.lock().expect("not poisoned");
    let first = arrivals[0];
    // Those already under way with the first may still arrive; nothing else does for 0.3 s.
    let early = arrivals.iter().filter(|at| at.duration_since(first) < Duration::from_millis(250)).count();
    assert!(early <= 4, "{early} requests came in spite of the refusal");
    assert_eq!(arrivals.len(), 21);
}

#[test]
fn a_time_to_come_back_beyond_the_deadline_is_not_waited_for() {
    let server = scripted::Endpoint::start(|_| Reply::Fault(Fault::TooMany { retry_after: Some("3600") }));
    let one_by_one = EndpointConfig { in_flight: 1, ..config(&server.base_url()) };
    let (answers, _) = proposed(&one_by_one, &asks(2, 1)).expect("they fail");
    assert!(answers.iter().all(|tries| tries[0].failure().is_some()), "{answers:?}");
    assert_eq!(server.counts().requests, 1, "nothing leaves after the first refusal");
}

#[test]
fn several_tries_of_one_request_are_told_apart() {
    let server = scripted::Endpoint::start(echo);
    let together = EndpointConfig { per_request: 4, ..config(&server.base_url()) };
    let (answers, spend) = proposed(&together, &asks(2, 6)).expect("answered");
    assert_eq!(server.counts().requests, 4, "4 and 2 tries for each of 2 prompts");
    let last = |completion: &Completion| completion.text.chars().last().expect("not empty");
    assert_eq!(answers[1].iter().map(last).collect::<String>(), "012301");
    assert_eq!(spend.sampled_tokens, 12 * 3);
}

#[test]
fn log_probabilities_are_where_answers_without_tokens_keep_them() {
    let server = scripted::Endpoint::start(|_| {
        Reply::Answers(vec![Answer { logprobs: vec![-0.5, -1.0], ..Answer::of("a b") }])
    });
    let config = EndpointConfig { logprobs: true, ..config(&server.base_url()) };
    let answer = proposed(&config, &asks(1, 1)).expect("answered").0.remove(0).remove(0);
    let likelihood = answer.likelihood().expect("it was said");
    assert_eq!((likelihood.tokens, likelihood.logprob, answer.tokens.len()), (2, -1.5, 0));
    let packed = answer.pack().expect("packs");
    assert_eq!(Completion::unpack(&packed).expect("unpacks"), answer);
}

#[test]
fn a_cap_on_money_stops_between_the_parts_of_an_attempt() {
    let server = scripted::Endpoint::start(echo);
    // A part of 60 tries: 60 · 3 words drawn for 8 $ a million, 60 · 2 read for 2 $, together 0.00168 $.
    let config = EndpointConfig { tries_a_part: 60, ..config(&server.base_url()) };
    let caps = Caps { cost: Some(0.005), ..Caps::default() };
    let (end, records) = recorded(&Endpoint::open(&config).expect("opens"), caps);
    let Ok(RunEnd::Stopped { reason }) = end else { panic!("{end:?}") };
    assert!(reason.contains("cap on cost"), "{reason}");
    let parts = records.iter().filter(|record| matches!(record, Record::Attempt(_))).count();
    assert_eq!((parts, server.counts().requests), (3, 180));
}

/// The peak of this process's memory in bytes, where the system says so.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// Set for a process that only asks: whom, and for one test what else it needs.
const CHILD: &str = "AUTODIDACT_TEST_ENDPOINT_CHILD";

/// This test again, in a process of its own.
fn child(test: &str, told: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", test, "--nocapture"]).env(CHILD, told).stdout(Stdio::null());
    command
}

#[test]
fn in_a_crowd_with_faults_no_answer_is_lost_or_doubled_and_memory_is_bounded() {
    if let Ok(base_url) = std::env::var(CHILD) {
        return ask_in_a_crowd(&base_url);
    }
    let arrived = AtomicUsize::new(0);
    let server = scripted::Endpoint::faulty(Faults::every_kind(0.05, 1), move |request| {
        arrived.fetch_add(1, Ordering::SeqCst);
        // Nobody is answered before the crowd has gathered.
        let patience = Instant::now() + Duration::from_secs(30);
        while arrived.load(Ordering::SeqCst) < 256 && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
        echo(request)
    });
    // The client has a process of its own, so that what the server or another test holds is not counted.
    let test = "in_a_crowd_with_faults_no_answer_is_lost_or_doubled_and_memory_is_bounded";
    let asked = child(test, &server.base_url()).stderr(Stdio::piped()).output().expect("runs");
    eprint!("{}", String::from_utf8_lossy(&asked.stderr));
    assert!(asked.status.success(), "the client fails as it says above");
    let counts = server.counts();
    assert_eq!((counts.answered, counts.distinct, counts.doubled), (4000, 4000, 0));
    assert!((120..280).contains(&counts.faulted), "5 % but the slow ones: {counts:?}");
    assert_eq!(counts.most_in_flight, 256, "{counts:?}");
}

/// Asks 4,000 times with 256 under way, and checks the answers and the memory.
fn ask_in_a_crowd(base_url: &str) {
    // 40 prompts of 32 KiB, 100 tries each: 4,000 bodies would be 128 MiB, 256 of them are 8 MiB.
    let mut asks = asks(40, 100);
    for ask in &mut asks {
        if let Body::Messages(messages) = &mut ask.query.body {
            messages[0].content.push_str(&" word".repeat(6553));
        }
    }
    let config = EndpointConfig { in_flight: 256, ..config(base_url) };
    let before = peak_memory();
    let (answers, spend) = proposed(&config, &asks).expect("answered");
    let grown = peak_memory().zip(before).map(|(after, before)| after - before);

    assert_eq!(answers.iter().map(Vec::len).sum::<usize>(), 4000);
    for (ask, tries) in asks.iter().zip(&answers) {
        let Body::Messages(messages) = &ask.query.body else { panic!("a chat") };
        let length = messages[0].content.len().to_string();
        assert!(tries.iter().all(|one| one.text.starts_with(&length) && one.failure().is_none()));
        let mut texts: Vec<&str> = tries.iter().map(|one| one.text.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 100, "every try has an answer of its own");
    }
    assert_eq!(spend.sampled_tokens, 12_000);
    if let Some(grown) = grown {
        eprintln!("memory grew by {} KiB", grown >> 10);
        assert!(grown < 72 << 20, "memory grew by {} MiB", grown >> 20);
    }
}

#[test]
fn a_run_through_replay_gives_the_same_ledger_as_the_endpoint_did() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("answers.jsonl");
    let faults = Faults::every_kind(0.05, 2);
    let server = scripted::Endpoint::faulty(faults, |request| match request.seed() {
        Some(seed) if seed % 20 == 0 => Reply::error(422, "this one never works"),
        _ => echo(request),
    });
    let live = EndpointConfig { journal: Some(path.clone()), ..config(&server.base_url()) };
    let (end, expect) = recorded(&Endpoint::open(&live).expect("opens"), Caps::default());
    assert_eq!(end.expect("runs"), RunEnd::Complete);
    let requests = server.counts().requests;

    // The same whatever is in flight, with a server that fails elsewhere.
    let slow = EndpointConfig { in_flight: 3, journal: None, ..live.clone() };
    let (_, found) = recorded(&Endpoint::open(&slow).expect("opens"), Caps::default());
    same_but_times(&expect, &found).expect("the same ledger");
    assert!(server.counts().requests > requests);
    drop(server);

    let replay = PolicyConfig::Replay { path: path.clone(), policy: None };
    let policy = replay.open(&lm()).expect("opens");
    assert_eq!(policy.version().expect("known").0, live.version());
    let (end, found) = recorded(&*policy, Caps::default());
    assert_eq!(end.expect("runs"), RunEnd::Complete);
    same_but_times(&expect, &found).expect("the same ledger");
}

#[test]
fn replay_fails_on_what_was_not_recorded_and_says_which_prompt_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("answers.jsonl");
    let server = scripted::Endpoint::start(echo);
    let live = EndpointConfig { journal: Some(path.clone()), ..config(&server.base_url()) };
    proposed(&live, &asks(2, 2)).expect("answered");
    let replay = Replay::open(&path, None, &lm()).expect("opens");
    assert!(replay.propose(&asks(2, 2), &seeds(2)).is_ok());
    let error = replay.propose(&asks(3, 2), &seeds(3)).expect_err("unseen").to_string();
    assert!(error.contains("prompt q/2") && error.contains("record anew"), "{error}");
    let error = Replay::open(&path, Some("other"), &lm()).err().expect("unknown").to_string();
    assert!(error.contains("endpoint echo"), "it lists the policies: {error}");
    assert!(matches!(Replay::open(Path::new("nowhere.jsonl"), None, &lm()), Err(Error::Io { .. })));
}

#[test]
fn a_journal_answers_what_it_has_and_asks_again_what_failed() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("answers.jsonl");
    let broken = scripted::Endpoint::start(|request| match request.prompt().ends_with("xx") {
        true => Reply::error(400, "not today"),
        false => echo(request),
    });
    let base_url = broken.base_url();
    let journaled = EndpointConfig { journal: Some(path.clone()), ..config(&base_url) };
    let (first, spent) = proposed(&journaled, &asks(3, 2)).expect("answered");
    assert!(first[2][0].failure().is_some());
    let (second, again) = proposed(&journaled, &asks(3, 2)).expect("answered");
    assert_eq!((&second, again), (&first, spent), "what was paid for counts as when it was paid");
    assert_eq!(broken.counts().requests, 6 + 2);
    assert_eq!(Transcript::open(&path).expect("opens").len(), 6);
}

fn journaled(base_url: &str, journal: &Path) -> EndpointConfig {
    EndpointConfig { in_flight: 8, journal: Some(journal.to_owned()), ..config(base_url) }
}

#[test]
fn a_run_killed_inside_an_attempt_asks_only_for_what_is_missing() {
    if let Ok(told) = std::env::var(CHILD) {
        let (base_url, journal) = told.split_once(' ').expect("an address and a path");
        let endpoint = Endpoint::open(&journaled(base_url, Path::new(journal))).expect("opens");
        attempt_on(&MemoryLedger::default(), &endpoint, Caps::default(), 50, 5).expect("it is killed first");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("answers.jsonl");
    let server = scripted::Endpoint::start(|request| {
        std::thread::sleep(Duration::from_millis(8));
        echo(request)
    });
    let test = "a_run_killed_inside_an_attempt_asks_only_for_what_is_missing";
    let mut child =
        child(test, &format!("{} {}", server.base_url(), path.display())).spawn().expect("starts");
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.counts().answered < 60 {
        assert!(Instant::now() < deadline, "the child asks");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    let saved = Transcript::open(&path).expect("opens").len();
    assert!((40..230).contains(&saved), "killed in the middle: {saved} answers");
    // What the dead process still had under way arrives at the server first.
    std::thread::sleep(Duration::from_millis(50));
    let before = server.counts().requests;

    let endpoint = Endpoint::open(&journaled(&server.base_url(), &path)).expect("opens");
    let ledger = MemoryLedger::default();
    attempt_on(&ledger, &endpoint, Caps::default(), 50, 5).expect("runs");
    // 50 · 5 tries, and 3 · 2 of the evaluation.
    assert_eq!(server.counts().requests - before, 256 - saved as u64);

    let whole = MemoryLedger::default();
    let unjournaled = EndpointConfig { journal: None, ..journaled(&server.base_url(), &path) };
    attempt_on(&whole, &Endpoint::open(&unjournaled).expect("opens"), Caps::default(), 50, 5).expect("runs");
    let records = |ledger: &MemoryLedger| ledger.records(&RunId("run".to_owned()));
    same_but_times(&records(&whole), &records(&ledger)).expect("as if nothing had happened");
}

#[test]
fn who_answers_is_one_setting() {
    let text = r#"{"kind": "endpoint", "model": "m", "extra": {"top_a": 0.5, "flags": ["x"]}, "prices": {"input": 1.0}}"#;
    let config: PolicyConfig = serde_json::from_str(text).expect("sound");
    let PolicyConfig::Endpoint(endpoint) = &config else { panic!("{config:?}") };
    assert_eq!(endpoint.extra["flags"], serde_json::json!(["x"]));
    config.check().expect("sound");
    let written = serde_json::to_value(&config).expect("JSON");
    assert_eq!(serde_json::from_value::<PolicyConfig>(written).expect("reads back"), config);
    assert!(serde_json::from_str::<PolicyConfig>(r#"{"kind": "endpoint", "modell": "m"}"#).is_err());
    let replay: PolicyConfig =
        serde_json::from_str(r#"{"kind": "replay", "path": "a.jsonl"}"#).expect("sound");
    assert_eq!(replay, PolicyConfig::Replay { path: "a.jsonl".into(), policy: None });
    let given = Prompt { given: vec![1], ..Prompt::text("p", "x") };
    let endpoint = Endpoint::open(endpoint).expect("opens");
    let ask = |query: Prompt, knobs: Sampling| vec![Ask::<Chat> { query, knobs, tries: 1 }];
    let refused = |asks: Vec<Ask<Chat>>| endpoint.propose(&asks, &seeds(1)).expect_err("refused").to_string();
    assert!(refused(ask(given, Sampling::default())).contains("given tokens"));
    let narrow = Sampling { top_k: 5, ..Sampling::default() };
    assert!(refused(ask(Prompt::text("p", "x"), narrow)).contains("truncation = \"send\""));
    let endless = Sampling { endless: true, ..Sampling::default() };
    assert!(refused(ask(Prompt::text("p", "x"), endless)).starts_with("sampling.endless must be left out"));
}

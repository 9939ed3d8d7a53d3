//! The run files in `examples/`, each from start to end against a server on loopback.

mod chat_model;
mod world;

use autodidact_core::{Record, RunId};
use autodidact_ledger::Store;
use autodidact_testkit::endpoint::{Endpoint, Faults};
use autodidact_testkit::same_but_times;
use std::path::Path;
use world::World;

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A chat model that fails in every way now and then.
fn server() -> Endpoint {
    Endpoint::faulty(Faults::every_kind(0.05, 4), chat_model::reply)
}

/// The arguments that run an example at a small size, its answers from there.
fn arguments(name: &str, policy: &[String], sizes: &[&str]) -> Vec<String> {
    let mut arguments = vec!["run".to_owned(), name.to_owned(), "--json".to_owned()];
    for set in policy.iter().map(String::as_str).chain(sizes.iter().copied()) {
        arguments.extend(["--set".to_owned(), set.to_owned()]);
    }
    arguments
}

fn from(server: &Endpoint) -> Vec<String> {
    vec![format!("policy.base_url={}", server.base_url()), "policy.backoff=0.01".to_owned()]
}

/// Runs an example against the scripted model; what it printed.
#[track_caller]
fn runs(world: &World, name: &str, sizes: &[&str]) -> serde_json::Value {
    let server = server();
    world.write(name, &example(name));
    let arguments = arguments(name, &from(&server), sizes);
    let printed = world.json(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let counts = server.counts();
    assert!(counts.answered > 0 && counts.doubled == 0, "{counts:?}");
    let checkpoint = world.path().join(printed["checkpoint"].as_str().expect("a model came out"));
    assert!(checkpoint.join("config.json").is_file(), "{}", checkpoint.display());
    printed
}

fn records(world: &World, run: &str) -> Vec<Record> {
    let store = Store::open(&world.workspace()).expect("a ledger");
    store.records(&RunId(run.to_owned())).expect("readable")
}

/// How many answers of a run failed.
fn failed(records: &[Record]) -> usize {
    let errors = |record: &Record| match record {
        Record::Attempt(row) => row.samples.iter().filter(|sample| sample.verdict.is_error()).count(),
        _ => 0,
    };
    records.iter().map(errors).sum()
}

const SMALL_GUIDE: &[&str] = &["inputs.epochs=6", "outputs.tries=5", "epochs=1"];

#[test]
fn self_guide_runs_end_to_end_and_its_transcript_replays_it() {
    let world = World::new();
    let printed = runs(&world, "self-guide.toml", SMALL_GUIDE);
    assert!(!printed["after"].is_null(), "it is measured on the held-out inputs: {printed}");
    let live = records(&world, "self-guide-1");
    assert_eq!(failed(&live), 0);

    // The journal and the exported transcript both hold everything that the run asked for.
    world.right(&["export", "transcript", "self-guide-1", "--to", "exported.jsonl"]);
    for (i, path) in ["self-guide.answers.jsonl", "exported.jsonl"].into_iter().enumerate() {
        let version = live.iter().find_map(|record| match record {
            Record::Attempt(row) if row.key.stage == "inputs" => Some(row.policy.clone()),
            _ => None,
        });
        let replay = format!(
            "policy={{ kind = \"replay\", path = {path:?}, policy = {:?} }}",
            version.expect("inputs were made")
        );
        let arguments = arguments("self-guide.toml", &[replay], SMALL_GUIDE);
        world.json(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let replayed = records(&world, &format!("self-guide-{}", i + 2));
        // What differs is who answered, which stands in the settings that a run begins with.
        same_but_times(&live[1..], &replayed[1..]).unwrap_or_else(|why| panic!("{path}: {why}"));
    }

    // The data leaves as conversations with their provenance.
    let to =
        ["export", "samples", "self-guide-1", "--stage", "data", "--min-score", "1", "--to", "data.jsonl"];
    world.right(&[&to[..], &["--layout", "messages"]].concat());
    let data = world.read("data.jsonl");
    let first: serde_json::Value =
        serde_json::from_str(data.lines().next().expect("pairs were learned")).expect("JSON");
    let roles: Vec<&str> = first["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|turn| turn["role"].as_str())
        .collect();
    assert_eq!(roles.last(), Some(&"assistant"));
    assert_eq!(first["recipe"], "self-guide");
    assert!(!first["parents"].as_array().expect("a list").is_empty(), "{first}");
}

#[test]
fn self_runs_end_to_end_and_money_is_counted() {
    let world = World::new();
    let sizes = [
        "questions=24",
        "watch.test.problems=6",
        "sft.amount={ kind = \"epochs\", epochs = 1 }",
        "policy.prices={ input = 1.0, output = 4.0 }",
    ];
    let printed = runs(&world, "self.toml", &sizes);
    assert_eq!(failed(&records(&world, "self-1")), 0);
    let cost = printed["cost"].as_f64().expect("money was spent");
    assert!(cost > 0.0);
    assert!(world.right(&["runs", "show", "self-1"]).contains("cost"));
    assert!(world.read(".autodidact/runs/self-1/report.md").contains("cost"));
    let mut dry = arguments("self.toml", &[], &sizes);
    dry.push("--dry-run".to_owned());
    let plan = world.json(&dry.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(plan["plan"]["measured_answers"].as_u64(), Some(12), "before and after: {plan}");
    for unknown in ["answers", "sampled_tokens", "seconds"] {
        assert!(plan["plan"][unknown].is_null(), "the settings alone do not say: {plan}");
    }
}

#[test]
fn self_align_runs_end_to_end() {
    let world = World::new();
    let shape = "model.shape={ hidden_size = 32, layers = 1, heads = 2, kv_heads = 1, intermediate_size = 64, \
                 context = 4096 }";
    let sizes = [
        shape,
        "instruct.requests=6",
        "instruct.batch=3",
        "topics.epochs=1",
        "topics.requests=6",
        "align.identity=4",
        "clone.sampling.max_tokens=24",
        "sft.amount={ kind = \"epochs\", epochs = 1 }",
        "alarms.truncated={ limit = 1.0 }",
        "alarms.no_spread=off",
    ];
    runs(&world, "self-align.toml", &sizes);
    assert_eq!(failed(&records(&world, "self-align-1")), 0);
}

#[test]
fn a_key_is_read_from_the_environment_and_is_nowhere_afterwards() {
    let world = World::new();
    let server = Endpoint::start(|request| match request.header("authorization") {
        Some("Bearer sk-not-to-be-seen") => chat_model::reply(request),
        other => autodidact_testkit::endpoint::Reply::error(401, &format!("what is {other:?}?")),
    });
    world.write("self-guide.toml", &example("self-guide.toml"));
    let with_key = [from(&server), vec!["policy.key_env=MY_KEY".to_owned()]].concat();
    let arguments = arguments("self-guide.toml", &with_key, SMALL_GUIDE);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();

    let unset = world.run(&arguments);
    assert_eq!(unset.code, 2, "{}", unset.stderr);
    assert!(unset.stderr.contains("policy.key_env names the variable MY_KEY"), "{}", unset.stderr);
    let wrong = world.command(&arguments).env("MY_KEY", "sk-wrong").output().expect("starts");
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(said.contains("policy.key_env") && said.contains(&server.base_url()), "{said}");
    assert!(!said.contains("sk-wrong"), "{said}");
    let right = world.command(&arguments).env("MY_KEY", "sk-not-to-be-seen").output().expect("starts");
    assert!(right.status.success(), "{}", String::from_utf8_lossy(&right.stderr));
    let mut files = vec![world.path().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).expect("readable").flatten().map(|entry| entry.path()));
            continue;
        }
        let bytes = std::fs::read(&path).expect("readable");
        let found = bytes.windows(17).any(|part| part == b"sk-not-to-be-seen");
        assert!(!found, "{} holds the key", path.display());
    }
}

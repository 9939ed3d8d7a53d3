//! The commands as scripts use them: what is written where, and how each ends.

mod world;

use world::World;

#[test]
fn a_run_leaves_a_report_plots_settings_and_a_checkpoint_that_evaluates() {
    let world = World::with_tiny_model();
    let value = world.json(&["run", "tiny.toml", "--json", "--quiet"]);
    assert_eq!(value["run"], "raft-1");
    for side in ["before", "after"] {
        let measure = &value[side];
        assert_eq!((measure["k"].as_u64(), measure["problems"].as_u64()), (Some(4), Some(6)), "{value}");
        let pass = measure["pass_at_1"].as_f64().expect("a share");
        let (low, high) = (&measure["interval"][0], &measure["interval"][1]);
        assert!(low.as_f64().is_some_and(|low| low <= pass), "{value}");
        assert!(high.as_f64().is_some_and(|high| high >= pass), "{value}");
        assert!(measure["pass_at_k"].as_f64().is_some_and(|at_k| at_k >= pass), "{value}");
    }
    for kind in ["sampled", "scored", "trained"] {
        assert!(value["tokens"][kind].as_u64().is_some_and(|n| n > 0), "{value}");
    }
    let folder = ".autodidact/runs/raft-1";
    assert!(world.read(&format!("{folder}/report.md")).contains("## Before and after"));
    for plot in ["reward", "passes", "entropy", "diversity", "length", "loss", "time"] {
        assert!(world.read(&format!("{folder}/{plot}.svg")).starts_with("<svg"), "{plot}");
    }

    let checkpoint = value["checkpoint"].as_str().expect("a path");
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        assert!(world.path().join(checkpoint).join(file).is_file(), "{file}");
    }
    assert!(!world.path().join(checkpoint).join("optimizer.safetensors").exists());
    let scores = world.json(&[
        "eval",
        "--model",
        checkpoint,
        "--task",
        "D1",
        "-n",
        "5",
        "--k",
        "2",
        "--max-tokens",
        "12",
        "--json",
    ]);
    assert_eq!(scores["problems"], 5);
    assert_eq!(scores["cells"][0]["name"], "D1");
}

#[test]
fn improve_takes_a_users_own_model_and_problems() {
    let world = World::with_tiny_model();
    let rows = (0..60).map(|i| {
        let (a, b) = (i % 7, i / 7);
        format!("{{\"prompt\": \"D:{a}+{b}?\", \"answer\": \"{}\", \"source\": {i}}}\n", a + b)
    });
    world.write("sums.jsonl", &rows.collect::<String>());
    let sets = "rounds=1 queries=12 tries=4 wanted=24 probe=4 sampling.max_tokens=8 alarms.no_spread=off \
                alarms.truncated.limit=1.0 alarms.empty_mask=warn watch.test.problems=6 watch.test.tries=4 \
                watch.test.k=4 watch.test.sampling.max_tokens=8 watch.validation.problems=4 \
                watch.validation.tries=4 watch.validation.k=4 watch.validation.sampling.max_tokens=8";
    let mut arguments =
        vec!["improve", "--model", "tiny", "--problems", "sums.jsonl", "--checker", "number", "--json"];
    for set in sets.split_whitespace() {
        arguments.extend(["--set", set]);
    }
    let value = world.json(&arguments);
    assert_eq!(value["before"]["problems"], 6, "{value}");
    assert!(value["after"]["pass_at_1"].is_number() && value["checkpoint"].is_string(), "{value}");

    let all = ["eval", "--model", "tiny", "--problems", "sums.jsonl", "--checker", "number", "--all"];
    let scores = world.json(&[&all[..], &["-n", "60", "--k", "2", "--max-tokens", "8", "--json"]].concat());
    assert_eq!(scores["problems"], 60);
}

#[test]
fn a_runs_own_settings_file_does_the_same_again() {
    let world = World::with_tiny_model();
    let first = world.json(&["run", "tiny.toml", "--json"]);
    let again = world.json(&["run", ".autodidact/runs/raft-1/plan.toml", "--json"]);
    assert_eq!(first["after"], again["after"]);
    assert_eq!(again["run"], "raft-2");
}

#[test]
fn samples_are_shown_filtered_counted_and_exported() {
    let world = World::with_tiny_model();
    world.right(&["run", "tiny.toml"]);
    let count = |more: &[&str]| -> u64 {
        let text = world.right(&[&["runs", "samples", "raft-1", "--count"], more].concat());
        text.trim().parse().expect("a number")
    };
    // Three rounds of 12 problems with 4 tries; before and after, 6 problems with 4 tries and one greedy.
    assert_eq!(count(&["--evaluation", "false"]), 144);
    assert_eq!(count(&["--stage", "pool", "--round", "2"]), 48);
    assert_eq!(count(&["--evaluation", "true"]), 60);
    let line = world.right(&["runs", "samples", "raft-1", "--stage", "pool", "--limit", "1", "--json"]);
    let sample: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let n = sample["tokens"].as_array().expect("token ids").len();
    assert_eq!(sample["logprobs"].as_array().map(Vec::len), Some(n));

    world.right(&["export", "samples", "raft-1", "--to", "all.jsonl", "--stage", "pool"]);
    let rows: Vec<serde_json::Value> =
        world.read("all.jsonl").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), 144);
    assert!(rows[0]["prompt"].is_string() && rows[0]["completion"].is_string(), "{}", rows[0]);
    world.right(&["export", "samples", "raft-1", "--to", "all.parquet", "--layout", "unpaired"]);
    world.right(&["export", "checkpoint", "raft-1", "--to", "mine"]);
    assert!(world.path().join("mine/model.safetensors").is_file());

    let nowhere: [&[&str]; 2] = [
        &["runs", "samples", "raft-1", "--stage", "nope"],
        &["export", "samples", "raft-1", "--stage", "nope", "--to", "nope.jsonl"],
    ];
    for arguments in nowhere {
        let done = world.run(arguments);
        assert_eq!(done.code, 4, "{}", done.stderr);
        assert!(done.stderr.contains("before/sampled") && done.stderr.contains("pool"), "{}", done.stderr);
    }
    assert!(!world.path().join("nope.jsonl").exists());
}

/// The arguments that export a run's pool.
fn export_to<'a>(path: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["export", "samples", "raft-1", "--stage", "pool", "--to", path][..], more].concat()
}

#[test]
fn an_export_goes_where_its_path_leads() {
    let world = World::with_tiny_model();
    world.right(&["run", "tiny.toml"]);
    let missing = world.run(&export_to("no/where/x.jsonl", &[]));
    assert_eq!(missing.code, 4);
    for words in ["no/where/x.jsonl: its folder must exist", "mkdir -p no/where"] {
        assert!(missing.stderr.contains(words), "{}", missing.stderr);
    }
    let plot = ["compare", "raft-1", "raft-1", "--metric", "pool/reward", "--plot", "no/where/x.svg"];
    let done = world.run(&plot);
    assert_eq!(done.code, 4, "{}", done.stderr);
    assert!(done.stderr.contains("its folder must exist"), "{}", done.stderr);
    assert!(!world.path().join("no").exists());

    #[cfg(unix)]
    {
        world.write("old.jsonl", "old");
        std::os::unix::fs::symlink("old.jsonl", world.path().join("link.jsonl")).expect("made");
        world.right(&export_to("link.jsonl", &[]));
        assert!(world.path().join("link.jsonl").is_symlink());
        let text = world.read("old.jsonl");
        assert_eq!(text.lines().count(), 144);
        assert_eq!(world.right(&export_to("/dev/stdout", &["--format", "jsonl"])), text);
        let parquet = world.run(&export_to("/dev/stdout", &["--format", "parquet"]));
        assert_eq!(parquet.code, 2, "{}", parquet.stderr);
        world.right(&["export", "transcript", "raft-1", "--to", "link.jsonl"]);
        assert!(world.path().join("link.jsonl").is_symlink());
        let answers = world.right(&["export", "transcript", "raft-1", "--to", "/dev/stdout"]);
        assert_eq!(answers, world.read("old.jsonl"));
    }
}

#[test]
fn what_is_no_file_no_directory_or_no_text_is_wrong_data() {
    let world = World::new();
    world.write("file", "");
    std::fs::create_dir(world.path().join("folder")).expect("made");
    std::fs::write(world.path().join("latin.toml"), b"recipe = \"\xe9\"").expect("written");
    let attempts: &[(&[&str], &str)] = &[
        (&["runs", "list", "--dir", "file"], "--dir must be a directory"),
        (&["run", "folder"], "folder: reading failed"),
        (&["run", "latin.toml"], "latin.toml: reading failed"),
        (&["pretrain", "--to", "file"], "--to must be a directory"),
        (&["improve", "--problems", "folder"], "folder: problems are read from a regular file"),
        (&["doctor", "--threads", "100000"], "--threads must be at most 1024"),
    ];
    for (arguments, words) in attempts {
        let done = world.run(arguments);
        assert_eq!(done.code, 2, "{arguments:?} {}", done.stderr);
        assert!(done.stderr.contains(words), "{arguments:?} {}", done.stderr);
    }
    assert!(!world.workspace().exists());
}

#[test]
fn a_recipe_without_a_preset_is_told_from_one_that_is_not_there() {
    let world = World::new();
    let unknown = world.run(&["improve", "--recipe", "nope"]);
    assert_eq!(unknown.code, 4);
    assert!(unknown.stderr.contains("no recipe is named \"nope\"; known: "), "{}", unknown.stderr);
    let bare = world.run(&["improve", "--recipe", "slate-thompson"]);
    assert_eq!(bare.code, 4);
    assert!(bare.stderr.contains("recipe slate-thompson has no presets"), "{}", bare.stderr);
}

#[test]
fn a_command_to_copy_names_a_workspace_that_is_not_the_usual_one() {
    let world = World::new();
    let init = |name: &'static str| ["decide", "init", name, "--arms", "2"];
    let usual = world.run(&init("a"));
    assert!(usual.stderr.ends_with("next: autodidact decide ask a\n"), "{}", usual.stderr);
    let other = world.run(&[&init("a")[..], &["--dir", "my runs"]].concat());
    assert!(other.stderr.ends_with("next: autodidact decide ask a --dir 'my runs'\n"), "{}", other.stderr);
}

#[test]
fn runs_are_listed_shown_and_compared() {
    let world = World::with_tiny_model();
    world.right(&["run", "tiny.toml"]);
    world.right(&["run", "tiny.toml", "--set", "seed=4"]);
    let runs = world.json(&["runs", "list", "--json"]);
    let names: Vec<&str> =
        runs.as_array().expect("a list").iter().filter_map(|run| run["run"].as_str()).collect();
    assert_eq!(names, ["raft-2", "raft-1"]);
    let shown = world.right(&["runs", "show", "raft-1"]);
    for word in ["complete", "pool/reward", "after/pass@1", "rounds = 3"] {
        assert!(shown.contains(word), "{word} is missing in:\n{shown}");
    }
    let compared =
        world.json(&["compare", "raft-1", "raft-2", "--metric", "pool/reward", "--axis", "round", "--json"]);
    assert_eq!(compared["curves"].as_array().map(Vec::len), Some(2));
    assert!(world.read(".autodidact/comparisons/raft-1-vs-raft-2.svg").starts_with("<svg"));
}

#[test]
fn a_dry_run_prints_the_settings_and_records_nothing() {
    let world = World::with_tiny_model();
    let done = world.run(&["run", "tiny.toml", "--set", "sft.lr=5e-4", "--dry-run"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let settings: toml::Table = done.stdout.parse().expect("TOML");
    assert_eq!(settings["sft"]["lr"].as_float(), Some(5e-4));
    assert_eq!(settings["seed"].as_integer(), Some(3));
    assert!(done.stderr.contains("answers"), "{}", done.stderr);
    assert!(!world.workspace().exists());
}

#[test]
fn an_alarm_stops_a_run_with_its_own_exit_code_and_relaxing_it_lets_it_go_on() {
    let world = World::with_tiny_model();
    world.write(
        "strict.toml",
        &world
            .read("tiny.toml")
            .replace("truncated = { limit = 1.0 }", "")
            .replace("max_tokens = 12", "max_tokens = 1"),
    );
    let done = world.run(&["run", "strict.toml"]);
    assert_eq!(done.code, 5, "{}", done.stderr);
    assert!(done.stderr.contains("alarm truncated"), "{}", done.stderr);
    let done = world.run(&["resume", "raft-1", "--set", "alarms.truncated.limit=1.0"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
}

#[test]
fn a_complete_run_is_not_resumed_silently() {
    let world = World::with_tiny_model();
    world.right(&["run", "tiny.toml"]);
    let done = world.run(&["resume", "raft-1"]);
    assert_eq!(done.code, 5, "{}", done.stderr);
    assert!(done.stderr.contains("complete already"), "{}", done.stderr);
    assert!(done.stderr.contains("`autodidact runs show raft-1`"), "{}", done.stderr);
    assert!(!done.stderr.contains("autodidact resume"), "there is nothing to go on with: {}", done.stderr);
}

#[test]
fn several_proofs_run_in_turn_and_print_one_object_each() {
    let world = World::new();
    let done = world.run(&["prove", "slate-thompson", "cascading-rl", "--quick", "--seeds", "1", "--json"]);
    // Claims of a quick proof mean little, met or not.
    assert!([0, 3].contains(&done.code), "{}", done.stderr);
    let objects: Vec<serde_json::Value> =
        done.stdout.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(
        (&objects[0]["recipe"], &objects[1]["recipe"]),
        (&"slate-thompson".into(), &"cascading-rl".into())
    );
    let open = objects
        .iter()
        .flat_map(|one| one["claims"].as_array().expect("claims"))
        .filter(|one| one["met"] == false);
    assert_eq!(done.code == 3, open.count() > 0);
    // Where a full proof is kept, a quick one leaves nothing.
    let quick = world.read(".autodidact/proofs/cascading-rl-quick/result.json");
    let quick: serde_json::Value = serde_json::from_str(&quick).expect("JSON");
    assert_eq!((&quick["quick"], &objects[1]["quick"]), (&true.into(), &true.into()));
    assert!(!world.workspace().join("proofs/cascading-rl").exists());
    let table = world.read(".autodidact/proofs/cascading-rl-quick/table.md");
    assert!(table.starts_with("# Quick proof of cascading-rl"), "{table}");

    let unknown = world.run(&["prove", "cascading-rl", "nothing-like-it", "--quick"]);
    assert_eq!(unknown.code, 4, "{}", unknown.stderr);
    let family = world.run(&["prove", "--family", "nothing-like-it"]);
    assert_eq!(family.code, 4, "{}", family.stderr);
    assert!(family.stderr.contains("self-training"), "{}", family.stderr);
    assert_eq!(world.run(&["prove"]).code, 2);
}

#[test]
fn a_runs_answers_are_exported_as_a_transcript() {
    let world = World::with_tiny_model();
    world.right(&["run", "tiny.toml"]);
    world.right(&["export", "transcript", "raft", "--to", "answers.jsonl"]);
    let text = world.read("answers.jsonl");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let answers: Vec<_> = lines.iter().filter(|line| line.get("answer").is_some()).collect();
    let shown: usize = world.right(&["runs", "samples", "raft", "--count"]).trim().parse().expect("a number");
    assert_eq!(answers.len(), shown);
    let seeds: std::collections::BTreeSet<u64> =
        answers.iter().filter_map(|line| line["seed"].as_u64()).collect();
    assert_eq!(seeds.len(), shown, "every try has its own seed");
    let sampled: u64 = answers.iter().filter_map(|line| line["answer"]["sampled_tokens"].as_u64()).sum();
    let spent = world.json(&["runs", "show", "raft", "--json"]);
    let of = |spend: &str| spent["line"][spend]["sampled_tokens"].as_u64().expect("a count");
    assert_eq!(sampled, of("spend") + of("evaluation_spend"), "a replay spends the same");
}

//! What the program says: help and errors, word by word.

mod world;

use world::World;

/// Every command, as it is typed.
const COMMANDS: &[&str] = &[
    "",
    "improve",
    "run",
    "resume",
    "eval",
    "recipes",
    "recipes list",
    "recipes show",
    "tasks",
    "tasks list",
    "tasks show",
    "runs",
    "runs list",
    "runs show",
    "runs samples",
    "compare",
    "decide",
    "decide init",
    "decide ask",
    "decide tell",
    "decide show",
    "decide replay",
    "decide list",
    "export",
    "export checkpoint",
    "export samples",
    "export transcript",
    "pretrain",
    "prove",
    "bench",
    "doctor",
    "completions",
];

#[test]
fn help() {
    let world = World::new();
    for command in COMMANDS {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let name = if command.is_empty() { "autodidact".to_owned() } else { command.replace(' ', "_") };
        insta::assert_snapshot!(name, world.right(&arguments));
    }
}

#[test]
fn errors_name_the_thing_the_rule_and_the_value_found() {
    let world = World::new();
    world.write("no_recipe.toml", "rounds = 3\n");
    world.write("broken.toml", "recipe = \n");
    world.write("unknown.toml", "recipe = \"raft\"\nroundz = 3\n");
    world.write("wrong.toml", "recipe = \"raft\"\nrounds = 0\n");
    world.write("problems.jsonl", "{\"question\": \"1+1\", \"answer\": \"2\"}\nnot json\n");
    let attempts: &[&[&str]] = &[
        &[],
        &["imporve"],
        &["run", "missing.toml"],
        &["run", "no_recipe.toml"],
        &["run", "broken.toml"],
        &["run", "unknown.toml"],
        &["run", "wrong.toml"],
        &["run", "wrong.toml", "--set", "rounds"],
        &["run", "wrong.toml", "--set", "recipe=b-star"],
        &["run", "wrong.toml", "--set", "caps.minutes=3"],
        &["run", "wrong.toml", "--set", "alarms.truncated.limit=2.0"],
        &["run", "wrong.toml", "--set", "policy.key=sk-1"],
        &["prove", "--family", "self-trainin"],
        &["resume", "raft-1"],
        &["runs", "show", "raft-1"],
        &["recipes", "show", "rafft"],
        &["recipes", "show", "raft", "--preset", "giant"],
        &["tasks", "show", "X3"],
        &["tasks", "show", "A99"],
        &["improve", "--model", "nowhere"],
        &["improve", "--problems", "nowhere.jsonl"],
        &["improve", "--checker", "number"],
        &["improve", "--problems", "problems.jsonl", "--checker", "numbers", "--dry-run"],
        &["eval", "--task", "A2", "--k", "0"],
        &["eval", "--task", "A2", "--k", "8", "--tries", "4"],
        &["prove", "rafft"],
        &["compare", "raft-1"],
        &["bench", "--turns", "0"],
        &["doctor", "--threads", "0"],
    ];
    let mut said = String::new();
    for arguments in attempts {
        let done = world.run(arguments);
        assert_ne!(done.code, 0, "{arguments:?}");
        said.push_str(&format!(
            "$ autodidact {}\n{}[exit {}]\n\n",
            arguments.join(" "),
            done.stderr,
            done.code
        ));
    }
    insta::with_settings!({filters => vec![
        (r"\[env: AUTODIDACT_DIR=[^\]]*\]", "[env: AUTODIDACT_DIR=]"),
        // Lists grow with every recipe; that they are there is enough.
        (r"known: .*", "known: [...]"),
        (r"expected one of .*", "expected one of [...]"),
    ]}, {
        insta::assert_snapshot!(said);
    });
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let world = World::new();
    let mut child = world.command(&["recipes", "list"]).spawn().expect("the program starts");
    drop(child.stdout.take());
    let status = child.wait().expect("the child ends");
    assert_eq!(status.code(), Some(0));
}

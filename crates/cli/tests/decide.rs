//! Decision processes through the program itself, as a script would use them.

mod world;

use serde_json::Value;
use std::collections::BTreeSet;
use world::World;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

#[test]
fn a_process_learns_which_arm_pays() {
    let world = World::new();
    world.right(&["decide", "init", "button", "--arms", "red,blue,green", "--algorithm", "ucb1"]);
    for _ in 0..30 {
        let asked = world.right(&["decide", "ask", "button"]);
        let (decision, arm) = asked.trim_end().split_once('\t').expect("a number, a tab, an arm");
        let reward = if arm == "blue" { "1" } else { "0" };
        world.right(&["decide", "tell", "button", decision, reward]);
    }
    let shown = world.json(&["decide", "show", "button", "--json"]);
    assert_eq!((shown["asked"].as_u64(), shown["told"].as_u64()), (Some(30), Some(30)));
    let blue = &shown["arms"][1];
    assert_eq!((blue["arm"].as_str(), blue["mean"].as_f64()), (Some("blue"), Some(1.0)));
    assert!(blue["asked"].as_u64().is_some_and(|n| n >= 15), "{shown}");
    let listed = world.json(&["decide", "list", "--json"]);
    assert_eq!(listed[0]["config"]["algorithm"]["kind"], "ucb1");
}

#[test]
fn contexts_and_rewards_may_come_in_files() {
    let world = World::new();
    world.right(&[
        "decide", "init", "offer", "--arms", "none,coupon", "--features", "age,visits", "--algorithm",
        "lin-thompson",
    ]);
    let contexts: String = (0..200).map(|i| format!("[{}, {}]\n", i % 3, i % 2)).collect();
    world.write("visitors.jsonl", &contexts);
    let asked = lines(&world.right(&["decide", "ask", "offer", "--contexts", "visitors.jsonl", "--json"]));
    assert_eq!(asked.len(), 200);
    let rewards: String = asked
        .iter()
        .map(|one| format!("{{\"decision\": {}, \"reward\": {}}}\n", one["decision"], one["propensity"]))
        .collect();
    world.write("rewards.jsonl", &rewards);
    let told = world.json(&["decide", "tell", "offer", "--rewards", "rewards.jsonl", "--json"]);
    assert_eq!(told["told"], 200);
    let again = world.json(&["decide", "tell", "offer", "--rewards", "rewards.jsonl", "--json"]);
    assert_eq!((&again["told"], &again["told_before"]), (&Value::from(0), &Value::from(200)));

    world.write("visitors.jsonl", "[1, 2]\n[1]\n");
    let wrong = world.run(&["decide", "ask", "offer", "--contexts", "visitors.jsonl"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("a list of 2 numbers (age, visits), but is a list of 1"), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("line 2 of visitors.jsonl"), "{}", wrong.stderr);
    assert_eq!(world.json(&["decide", "show", "offer", "--json"])["asked"], 200, "nothing was half-asked");
}

#[test]
fn programs_that_ask_at_once_get_decisions_of_their_own() {
    let world = World::new();
    world.right(&["decide", "init", "button", "--arms", "2"]);
    let ask = || world.command(&["decide", "ask", "button", "--count", "5"]).spawn().expect("starts");
    let programs: Vec<_> = (0..6).map(|_| ask()).collect();
    let mut numbers = BTreeSet::new();
    for program in programs {
        let output = program.wait_with_output().expect("ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let number = |line: &str| line.split('\t').next().and_then(|n| n.parse::<u64>().ok()).expect("a number");
        numbers.extend(text.lines().map(number));
    }
    assert_eq!(numbers, (0..30).collect());
}

#[test]
fn equal_seeds_and_rewards_give_equal_decisions_whoever_asks() {
    let arms = |split: &[&str]| {
        let world = World::new();
        world.right(&["decide", "init", "p", "--arms", "3", "--seed", "5"]);
        let mut all = Vec::new();
        for count in split {
            let asked = lines(&world.right(&["decide", "ask", "p", "--count", count, "--json"]));
            all.extend(asked.iter().map(|one| one["arm"].as_str().expect("a name").to_owned()));
        }
        all
    };
    assert_eq!(arms(&["12"]), arms(&["1", "5", "2", "4"]));
}

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
        "decide",
        "init",
        "offer",
        "--arms",
        "none,coupon",
        "--features",
        "age,visits",
        "--algorithm",
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

    world.write("rewards.jsonl", "{\"decision\": 0, \"reward\": -1}\n{\"decision\": 999, \"reward\": 1}\n");
    let wrong = world.run(&["decide", "tell", "offer", "--rewards", "rewards.jsonl"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("line 1 of rewards.jsonl"), "it was told another: {}", wrong.stderr);
    world.write("rewards.jsonl", "\n{\"decision\": 999, \"reward\": 1}\n");
    let wrong = world.run(&["decide", "tell", "offer", "--rewards", "rewards.jsonl"]);
    assert!(wrong.stderr.contains("line 2 of rewards.jsonl"), "it was never asked: {}", wrong.stderr);

    world.write("visitors.jsonl", "[1, 2]\n[1]\n");
    let wrong = world.run(&["decide", "ask", "offer", "--contexts", "visitors.jsonl"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.stderr.contains("a list of 2 numbers (age, visits), but is a list of 1"),
        "{}",
        wrong.stderr
    );
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
        let number =
            |line: &str| line.split('\t').next().and_then(|n| n.parse::<u64>().ok()).expect("a number");
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

#[test]
fn what_is_shown_holds_at_all_times_and_a_wrong_range_is_an_alarm() {
    let world = World::new();
    world.right(&["decide", "init", "button", "--arms", "red,blue", "--algorithm", "random"]);
    let asked = lines(&world.right(&["decide", "ask", "button", "--count", "400", "--json"]));
    let reward = |one: &Value| if one["arm"] == "blue" { 1.0 } else { 0.25 };
    let rewards: String = asked
        .iter()
        .map(|one| format!("{{\"decision\": {}, \"reward\": {}}}\n", one["decision"], reward(one)))
        .collect();
    world.write("rewards.jsonl", &rewards);
    world.right(&["decide", "tell", "button", "--rewards", "rewards.jsonl"]);

    let shown = world.json(&["decide", "show", "button", "--json"]);
    for (arm, mean) in [(0, 0.25), (1, 1.0)] {
        let interval = &shown["arms"][arm]["interval"];
        let (low, high) =
            (interval["low"].as_f64().expect("known"), interval["high"].as_f64().expect("known"));
        assert!(low <= mean && mean <= high && high - low < 0.25, "{shown}");
        let always = shown["arms"][arm]["always"]["value"].as_f64().expect("known");
        assert!((always - mean).abs() < 1e-9, "even draws weigh nothing: {shown}");
        assert_eq!(shown["arms"][arm]["always"]["flaws"], serde_json::json!([]));
    }
    let regret = &shown["regret"];
    assert!(regret["low"].as_f64() < Some(0.375) && regret["high"].as_f64() > Some(0.375), "{shown}");

    let narrow = world.run(&["decide", "show", "button", "--range", "0,0.5"]);
    assert!(narrow.stderr.contains("lie outside 0 to 0.5"), "{}", narrow.stderr);
    assert_eq!(world.run(&["decide", "show", "button", "--range", "1,0"]).code, 2);
}

#[test]
fn a_log_in_any_form_gives_the_same_estimates_and_a_bad_row_is_named() {
    let world = World::new();
    let features = ["decide", "init", "offer", "--arms", "none,coupon", "--features", "age", "--algorithm"];
    world.right(&[&features[..], &["lin-ucb"]].concat());
    let rows: Vec<(u32, &str, f64)> = (0..300)
        .map(|i| {
            (
                i % 2,
                if i % 4 < 2 { "none" } else { "coupon" },
                f64::from(u8::from((i % 4 < 2) == (i % 2 == 0))),
            )
        })
        .collect();
    let csv: String = rows.iter().map(|(age, arm, reward)| format!("{age},{arm},{reward},0.5\n")).collect();
    world.write("log.csv", &format!("age,action,reward,propensity\n{csv}"));
    let json: String = rows
        .iter()
        .map(|(age, arm, reward)| {
            format!(
                "{{\"context\": [{age}], \"action\": \"{arm}\", \"reward\": {reward}, \"propensity\": 0.5}}\n"
            )
        })
        .collect();
    world.write("log.jsonl", &json);
    let replay = |log: &str, more: &[&str]| {
        world.json(&[&["decide", "replay", "offer", "--log", log, "--json"][..], more].concat())
    };
    let learned = replay("log.csv", &["--learn"]);
    assert_eq!(learned, replay("log.jsonl", &["--learn"]));
    assert_eq!((learned["rows"].as_u64(), learned["logged"].as_f64()), (Some(300), Some(0.5)));
    let dr = learned["estimates"][2]["value"].as_f64().expect("an estimate");
    assert!(dr > 0.9, "learning along the log finds the rule: {learned}");

    world.write("bad.csv", "age,action,reward,propensity\n0,none,1,0.5\n0,cupon,1,0.5\n");
    let bad = world.run(&["decide", "replay", "offer", "--log", "bad.csv"]);
    assert_eq!(bad.code, 2);
    assert!(bad.stderr.contains("bad.csv: line 3: no arm is named \"cupon\""), "{}", bad.stderr);
    world.write("bad.csv", "age,action,reward,propensity\n0,none,1,0\n");
    let bad = world.run(&["decide", "replay", "offer", "--log", "bad.csv"]);
    assert!(bad.stderr.contains("propensity must be above 0 and at most 1, but is 0"), "{}", bad.stderr);
}

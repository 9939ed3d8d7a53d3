//! The recipe resumes to the bit, its players meet the same luck, and its numbers are what they say.

use super::*;
use crate::testing::{records, resumes_exactly};
use autodidact_core::Record;
use autodidact_decide::bandit::Algorithm;
use autodidact_decide::verbal::{Form, History, Row, Wording};
use autodidact_decide::world::{Bernoulli, Gaussian, LowRank, Switching};
use autodidact_math::regret::of_even_choice;

fn small() -> Evolve {
    Evolve {
        runs: 3,
        blocks: 3,
        worlds: vec![
            WorldConfig::Bernoulli(Bernoulli { horizon: 50, ..Bernoulli::default() }),
            WorldConfig::Switching(Switching { horizon: 40, every: 15, ..Switching::default() }),
        ],
        ..Evolve::default()
    }
}

fn games(recipe: &Evolve) -> Vec<Game> {
    let mut out = Vec::new();
    records(Evolve::CARD, |run| {
        out = recipe.run_on(run)?;
        Ok(())
    });
    out
}

#[test]
fn a_run_that_dies_and_is_resumed_is_the_undisturbed_one() {
    resumes_exactly(Evolve::CARD, |run| small().run(run));
}

#[test]
fn blocks_change_what_is_noted_but_nothing_that_happens() {
    // Rules without chance: a draw's stream is named by its block.
    let sure = |blocks| Evolve {
        blocks,
        players: vec![Player::of("ucb", Algorithm::Ucb1 { alpha: 0.5 }), Player::of("", Algorithm::Greedy)],
        ..small()
    };
    let courses = |blocks| games(&sure(blocks)).into_iter().map(|game| game.courses).collect::<Vec<_>>();
    assert_eq!(courses(1), courses(7));
    // More blocks than rounds: some are empty.
    assert_eq!(courses(1), courses(64));
}

#[test]
fn all_players_meet_the_same_arms_and_the_same_luck() {
    let games = games(&small());
    let reward = |game: &Game, i: usize| (game.courses[i].steps[0].arm, game.courses[i].steps[0].reward);
    for i in 0..3 {
        // UCB and greedy both begin with arm 0.
        assert_eq!(games[0].player, "ucb");
        assert_eq!(games[2].player, "greedy");
        assert_eq!(reward(&games[0], i), reward(&games[2], i));
        assert_eq!(
            games[0].worlds[i].means(&games[0].worlds[i].context(0)),
            games[3].worlds[i].means(&games[3].worlds[i].context(0))
        );
    }
    let firsts = |i: usize| games[0].courses[i].steps.clone();
    assert_ne!(firsts(0), firsts(1), "runs differ");
}

#[test]
fn a_random_player_loses_what_even_choice_loses() {
    // T D (K - 1) / K = 300 * 0.5 * 4 / 5 = 120; a run's deviation is 0.5 sqrt(300 * 0.2 * 0.8) = 3.5,
    // that of the mean of 200 is 0.25: four of them are 1.
    let players = vec![Player::of("random", Algorithm::Random)];
    let recipe = Evolve { runs: 200, blocks: 1, players, ..Evolve::default() };
    let game = games(&recipe).remove(0);
    let mean = game.totals().iter().sum::<f64>() / 200.0;
    assert!((mean - 120.0).abs() < 1.0, "{mean}");
    let even = of_even_choice(&game.worlds[0].means(&game.worlds[0].context(0)).expect("known"), 300);
    assert!((even.expect("arms") - 120.0).abs() < 1e-9);
    let best = game.courses.iter().filter_map(|course| course.opt_frac(300)).sum::<f64>() / 200.0;
    assert!((best - 0.2).abs() < 0.007, "{best}");
    // A line has no logarithm.
    let fit = game.fit().expect("fits");
    assert!((fit.beta - 0.4).abs() < 0.02, "{fit:?}");
}

/// What `golden/regret/make.py` found by 3,000 runs.
#[derive(serde::Deserialize)]
struct Reference {
    arms: u32,
    horizon: u64,
    player: String,
    mean: f64,
    deviation: f64,
    error: f64,
}

#[test]
fn the_references_lose_what_an_independent_simulation_loses() {
    let golden = include_str!("../../../../golden/regret/references.json");
    let all: Vec<Reference> = serde_json::from_str(golden).expect("reads");
    let games = games(&Evolve { runs: 60, blocks: 1, ..Evolve::default() });
    for game in games {
        let same = |one: &&Reference| (one.arms, one.horizon) == (5, 300) && one.player == game.player;
        let reference = all.iter().find(same).expect("there");
        let totals = game.totals();
        let mean = totals.iter().sum::<f64>() / totals.len() as f64;
        let error = (reference.deviation.powi(2) / totals.len() as f64 + reference.error.powi(2)).sqrt();
        assert!((mean - reference.mean).abs() < 3.0 * error, "{}: {mean} {}", game.player, reference.mean);
    }
}

#[test]
fn what_is_noted_is_what_was_played() {
    let records = records(Evolve::CARD, |run| small().run(run));
    let noted = |name: &str| -> Vec<f64> {
        let value = |record: &Record| match record {
            Record::Note(note) if note.key.stage == name => Some(note.value),
            _ => None,
        };
        records.iter().filter_map(value).collect()
    };
    let game = &games(&small())[0];
    let regret = noted("bernoulli-5-0.5.ucb/regret");
    assert_eq!(regret.len(), 3);
    assert!((regret[2] - game.curve()[49]).abs() < 1e-12);
    assert!(regret.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(noted("bernoulli-5-0.5.ucb/regret/low")[2] <= regret[2]);
    assert_eq!(noted("bernoulli-5-0.5.ucb/fit_beta"), [game.fit().expect("fits").beta]);
    assert_eq!(noted("switching-5-0.5-15.random/opt_frac").len(), 3);
    for player in Player::references() {
        let rate = noted(&format!("{}/win_rate", player.name()));
        assert!(rate.len() == 1 && (0.0..=1.0).contains(&rate[0]));
    }
}

#[test]
fn a_teacher_leaves_its_decisions_as_data() {
    let teacher = Teacher {
        player: "thompson".to_owned(),
        trajectories: 2,
        wording: Wording::Clothes,
        history: History { form: Form::Guided { alpha: 0.5 }, ..History::default() },
        ..Teacher::default()
    };
    let recipe = Evolve { teacher, ..small() };
    let ledger = autodidact_core::MemoryLedger::default();
    crate::testing::execute(&ledger, Evolve::CARD, |run| recipe.run(run)).expect("runs");
    let records = ledger.records(&autodidact_core::RunId("test".to_owned()));
    let files = records.iter().find_map(|record| match record {
        Record::Output { key, files } if key.stage == "teacher" => Some(files.clone()),
        _ => None,
    });
    let read = |name: &str| {
        let files = files.as_ref().expect("offered");
        let (_, id) = files.iter().find(|(known, _)| known == name).expect("there");
        String::from_utf8(autodidact_core::Ledger::blob(&ledger, id).expect("stored")).expect("text")
    };
    assert_eq!(read("decisions.jsonl").lines().count(), 100);
    let row: Row = serde_json::from_str(read("rows.jsonl").lines().nth(70).expect("a row")).expect("reads");
    assert!(row.prompt.contains("20 interactions") && row.prompt.contains("exploration bonus"));
    assert!(read("few-shot.txt").starts_with("Here are examples"));
}

#[test]
fn contextual_players_play_contextual_worlds() {
    let recipe = Evolve {
        worlds: vec![WorldConfig::LowRank(LowRank { population: 220, horizon: 40, ..LowRank::default() })],
        players: vec![
            Player::of("lin-ucb", Algorithm::LinUcb { alpha: 0.5, ridge: 1.0 }),
            Player::of("random", Algorithm::Random),
        ],
        ..small()
    };
    recipe.check().expect("sound");
    assert!(games(&recipe).iter().all(|game| game.totals().len() == 3));
}

#[test]
fn settings_that_cannot_be_are_named() {
    let complaint = |recipe: Evolve| recipe.check().expect_err("refused").to_string();
    assert_eq!(
        complaint(Evolve { runs: 0, ..Evolve::default() }),
        "runs must be between 1 and 100000, but is 0"
    );
    let bounded = Evolve { worlds: vec![WorldConfig::Gaussian(Gaussian::default())], ..Evolve::default() };
    assert_eq!(
        complaint(bounded),
        "players[1].algorithm must be a rule for any reward, to play gaussian-5-1, but is thompson-beta"
    );
    let twice = Evolve { worlds: vec![WorldConfig::default(); 2], ..Evolve::default() };
    assert!(complaint(twice).contains("bernoulli-5-0.5 twice"));
    let nobody = Teacher { player: "linucb".to_owned(), ..Teacher::default() };
    assert!(complaint(Evolve { teacher: nobody, ..Evolve::default() }).contains("thompson, greedy, random"));
    let nothing = Evolve { players: Vec::new(), ..Evolve::default() };
    assert_eq!(complaint(nothing), "players must be a list of at least one, but is empty");
}

#[test]
fn settings_survive_their_table() {
    let table = toml::Table::try_from(Evolve::default()).expect("a table");
    assert_eq!(table.clone().try_into::<Evolve>().expect("reads"), Evolve::default());
    let run_file = "[[worlds]]\nkind = \"bench\"\nname = \"gaussian-20-clothes-hard\"\n[[players]]\nname = \"ucb\"\n\
                    algorithm = { kind = \"ucb1\", alpha = 0.5 }\n";
    let recipe: Evolve = toml::from_str(run_file).expect("reads");
    recipe.check().expect("sound");
    assert_eq!(recipe.players[0].algorithm, Algorithm::Ucb1 { alpha: 0.5 });
}

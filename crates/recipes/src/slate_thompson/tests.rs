//! The recipe as a whole: it runs, resumes and reads logs. The parts' exact checks stand with the parts.

use super::*;
use crate::testing::{records, resumes_exactly};
use autodidact_core::Record;
use autodidact_decide::slate::Score;
use autodidact_decide::slate::fit::UserModel;

fn fit() -> FitConfig {
    FitConfig {
        dims: 2,
        likelihood_temperature: 1.0,
        score: Score::Dot,
        lr: 2e-2,
        passes: 4,
        particles: 1,
        batch: 8,
        no_click_share: 1.0,
        held_out: 0.3,
        ..FitConfig::default()
    }
}

fn small(beliefs: BeliefsConfig) -> SlateThompson {
    let world = WorldConfig {
        items: 12,
        groups: 3,
        users: 10,
        dims: 2,
        no_click: 0.5,
        session: 4,
        ..WorldConfig::default()
    };
    SlateThompson { source: Source::World(world), beliefs, size: 3, rounds: 6, ..SlateThompson::default() }
}

fn noted(records: &[Record], name: &str) -> Vec<f64> {
    let value = |record: &Record| match record {
        Record::Note(note) if note.key.stage == name => Some(note.value),
        _ => None,
    };
    records.iter().filter_map(value).collect()
}

#[test]
fn every_round_is_noted_and_doubt_falls() {
    let recipe = SlateThompson { rounds: 8, ..SlateThompson::default() };
    let records = records(SlateThompson::CARD, |run| recipe.run(run));
    for name in ["click_rate", "distinct_items", "effective_items", "posterior_sd"] {
        assert_eq!(noted(&records, name).len(), 8, "{name}");
    }
    let sds = noted(&records, "posterior_sd");
    assert!(sds.windows(2).all(|pair| pair[1] < pair[0]), "{sds:?}");
}

#[test]
fn a_killed_run_resumes_to_the_same_records() {
    let online = OnlineConfig { dims: 2, ..OnlineConfig::default() };
    for beliefs in [BeliefsConfig::Online(online), BeliefsConfig::Variational { every: 2, fit: fit() }] {
        let recipe = small(beliefs);
        recipe.check().expect("sound");
        resumes_exactly(SlateThompson::CARD, |run| recipe.run(run));
    }
}

#[test]
fn a_log_is_fitted_to_and_resumes() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, catalogue) = (dir.path().join("log.jsonl"), dir.path().join("items.jsonl"));
    let mut text = String::new();
    for user in 0..20 {
        for t in 0..8 {
            let (a, b) = ((user + t) % 5, (user + t + 1) % 5);
            let click = if t % 3 == 0 { "null".to_owned() } else { a.to_string() };
            text.push_str(&format!("{{\"user\": \"u{user}\", \"slate\": [{a}, {b}], \"click\": {click}}}\n"));
        }
    }
    std::fs::write(&path, text).expect("writes");
    let items: String = (0..6).map(|i| format!("{{\"item\": {i}, \"group\": {}}}\n", i % 2)).collect();
    std::fs::write(&catalogue, items).expect("writes");
    let recipe = SlateThompson {
        source: Source::Log { path, catalogue: Some(catalogue) },
        beliefs: BeliefsConfig::Variational { every: 1, fit: fit() },
        hits: 2,
        ..SlateThompson::default()
    };
    let found = records(SlateThompson::CARD, |run| recipe.run(run));
    for name in ["log_likelihood", "hit_rate", "posterior_sd"] {
        assert_eq!(noted(&found, name).len(), 1, "{name}");
    }
    assert!(found.iter().any(|record| matches!(record, Record::Output { .. })));
    resumes_exactly(SlateThompson::CARD, |run| recipe.run(run));
}

#[test]
fn settings_that_cannot_work_are_named() {
    let fails = |recipe: SlateThompson, field: &str| {
        let error = recipe.check().expect_err("cannot work").to_string();
        assert!(error.starts_with(field), "{error}");
    };
    fails(SlateThompson { size: 0, ..SlateThompson::default() }, "size");
    fails(small(BeliefsConfig::Online(OnlineConfig::default())), "beliefs.dims");
    fails(small(BeliefsConfig::Variational { every: 0, fit: fit() }), "beliefs.every");
    let markov = FitConfig { user: UserModel::Markov, lr: 0.0, ..fit() };
    fails(small(BeliefsConfig::Variational { every: 1, fit: markov }), "fit.lr");
}

#[test]
fn settings_read_back_as_they_were_written() {
    for recipe in [SlateThompson::default(), small(BeliefsConfig::Variational { every: 3, fit: fit() })] {
        let text = toml::to_string(&recipe).expect("writes");
        assert_eq!(toml::from_str::<SlateThompson>(&text).expect("reads"), recipe, "{text}");
    }
}

//! The proof of synatra, run whole at its quick scale.

use super::*;
use autodidact_core::{Silent, Stop};

#[test]
fn the_quick_proof_runs_to_a_whole_report() {
    let options =
        ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
    let report = run(&options).expect("runs");
    assert_eq!((report.recipe.as_str(), report.claims.len(), report.tables.len()), ("synatra", 5, 4));
    for table in &report.tables {
        assert!(table.rows.len() >= ARMS.len(), "{}", table.title);
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.title);
    }
}

#[test]
fn the_words_of_the_world_are_tokens_and_a_step_fits_384_of_them() {
    let plan = Plan::of(Scale::Full);
    let words = autodidact_parts::web::words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let lm = lab::fresh_words(plan.base.shape, 0, &words).expect("sound words");
    assert!(lm.tokenizer().n_tokens() < 1_300, "{}", lm.tokenizer().n_tokens());
    let task = plan.recipe.web.steps(plan.act(&plan.recipe).expect("parses"));
    let queries = autodidact_core::Task::draw(
        &task,
        autodidact_core::Split::Test,
        300,
        &mut autodidact_core::Seed::root(1).rng(),
    );
    let lengths: Vec<usize> = queries
        .expect("prompts")
        .iter()
        .map(|query| {
            let response =
                lm.tokenizer().encode(query.field("response").expect("is there")).expect("encodes");
            lm.render(query).expect("renders").len() + response.len()
        })
        .collect();
    let mean = lengths.iter().sum::<usize>() as f64 / 300.0;
    assert!(
        lengths.iter().all(|n| *n < 384) && mean < 200.0,
        "{mean} tokens on average, {:?}",
        lengths.iter().max()
    );
}

//! The bundled model decodes greedily, token for token, as transformers does from the same files.

use autodidact_core::chat::{Prompt, Sampling};
use autodidact_core::{Ask, Policy, Seed};
use autodidact_recipes::nano;
use serde::Deserialize;

/// One prompt and what transformers made of it; `golden/nano/make.py` wrote them.
#[derive(Deserialize)]
struct Case {
    text: String,
    prompt: Vec<u32>,
    tokens: Vec<u32>,
}

#[test]
fn greedy_answers_are_those_of_transformers() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../../golden/nano/greedy.json"))
        .expect("the golden file reads");
    let lm = nano::open().expect("the bundled model opens");
    let knobs = Sampling { temperature: 0.0, max_tokens: 96, ..Sampling::default() };
    let queries: Vec<Prompt> =
        cases.iter().map(|case| Prompt::text(case.text.clone(), case.text.clone())).collect();
    let asks = Ask::each(&queries, 1, &knobs);
    let seeds = vec![Seed::root(0); asks.len()];
    let proposals = lm.propose(&asks, &seeds).expect("the model answers");
    for (case, answers) in cases.iter().zip(&proposals.answers) {
        assert_eq!(answers[0].prompt, case.prompt, "{}: the prompt's tokens", case.text);
        assert_eq!(answers[0].tokens, case.tokens, "{}: the answer's tokens", case.text);
    }
}

//! The exact checks of sharpening as a recipe; those of its theory stand beside the closed forms.

use super::*;
use crate::testing::{Worth, letters, records, resumes_exactly, tuned, warm};
use autodidact_core::{Record, Seed};

fn small(method: Method) -> Sharpening {
    Sharpening {
        prompts: PromptsConfig::Small,
        method,
        problems: 12,
        sampling: Sampling { max_tokens: 12, ..Sampling::default() },
        sft: tuned(),
        checked: 12,
        watch: WatchConfig {
            test: Evaluation { problems: 4, tries: 2, k: 1, sampling: at_most(12), ..Evaluation::default() },
            ..WatchConfig::default()
        },
        ..Sharpening::default()
    }
}

fn at_most(max_tokens: u32) -> Sampling {
    Sampling { max_tokens, ..Sampling::default() }
}

fn all_methods() -> [Method; 5] {
    [
        Method::Inference { draws: Draws::Fixed { tries: 4 } },
        Method::Sft { tries: 5 },
        Method::Adaptive { delta: 0.2, block: 3, most: 12 },
        Method::Offline { beta: 1.0 },
        Method::Xpo { alpha: 0.01, beta: 1.0, rounds: 3, estimated: 6 },
    ]
}

fn run_on(recipe: &Sharpening, run: &mut Run<'_>) -> Result<()> {
    recipe.check()?;
    let lm = warm();
    recipe.run_on(&lm, &lm.clone(), &letters(Worth::Two), run)
}

fn recorded(recipe: &Sharpening) -> Vec<Record> {
    records(Sharpening::CARD, |run| run_on(recipe, run))
}

fn noted(records: &[Record], name: &str) -> Vec<f64> {
    let value = |record: &Record| match record {
        Record::Note(note) if note.key.stage == name => Some(note.value),
        _ => None,
    };
    records.iter().filter_map(value).collect()
}

#[test]
fn every_method_resumes_exactly() {
    for method in all_methods() {
        resumes_exactly(Sharpening::CARD, |run| run_on(&small(method), run));
    }
}

#[test]
fn the_chosen_answers_are_likelier_than_the_sampled_ones_and_more_of_them_likelier_still() {
    let chosen = |tries| {
        let records = recorded(&small(Method::Sft { tries }));
        (noted(&records, "sampled_log_prob")[0], noted(&records, "chosen_log_prob")[0])
    };
    let (one, two, twenty) = (chosen(1), chosen(4), chosen(20));
    // N = 1 is self-distillation: nothing is chosen.
    assert_eq!(one.0, one.1);
    assert!(two.1 > two.0 && twenty.1 > two.1, "{two:?} {twenty:?}");
}

#[test]
fn a_patient_prompt_is_sampled_until_its_rule_holds() {
    let (delta, block, most) = (0.2, 3, 12);
    let records = recorded(&small(Method::Adaptive { delta, block, most }));
    let draws = noted(&records, "draws")[0];
    assert!((1.0..=12.0).contains(&draws));
    // In blocks by hand: log-probabilities ln .4, rule from k = 2.3026 / .4 = 5.76 on.
    let asks = Ask::each(&[autodidact_core::chat::Prompt::text("q", "?")], 1, &Sampling::default());
    let mut blocks = 0;
    let groups = patiently(asks, (delta, block, most), |asks| {
        blocks += 1;
        let one = |ask: Ask<Chat>| {
            let verdict = Verdict::score(0.0).with("log_prob", 0.4f64.ln());
            let one = autodidact_core::Try { answer: Completion::default(), verdict };
            Group { tries: vec![one; ask.tries as usize], ask }
        };
        Ok(asks.into_iter().map(one).collect())
    })
    .expect("samples");
    assert_eq!((blocks, groups[0].tries.len(), groups[0].ask.tries), (2, 6, 6));
}

#[test]
fn the_base_is_never_rescored_by_the_model_under_training() {
    let records = recorded(&small(Method::Xpo { alpha: 0.01, beta: 1.0, rounds: 3, estimated: 6 }));
    let judges: Vec<&str> = (records.iter())
        .filter_map(|record| match record {
            Record::Attempt(row) if !row.evaluation => Some(row.judge.as_str()),
            _ => None,
        })
        .collect();
    // Explore, base and estimate of three rounds, and the first estimate.
    assert_eq!(judges.len(), 10);
    assert!(judges.iter().all(|judge| *judge == judges[0] && judge.contains("under ")));
    assert_eq!(noted(&records, "objective").len(), 4);
}

#[test]
fn what_cannot_be_scored_as_it_is_sampled_is_refused() {
    let refused = |recipe: Sharpening| recipe.check().expect_err("refused").to_string();
    let base = || small(Method::Sft { tries: 5 });
    let cool = Sampling { temperature: 0.7, ..Sampling::default() };
    assert!(refused(Sharpening { sampling: cool, ..base() }).contains("temperature 1"));
    assert!(refused(Sharpening { method: Method::Sft { tries: 0 }, ..base() }).contains("method.tries"));
    let majority = SelfRewardConfig {
        form: Likelihood::Majority { mass: autodidact_parts::judge::Mass::Count },
        ..SelfRewardConfig::default()
    };
    let pairs = Sharpening { reward: majority, ..small(Method::Offline { beta: 1.0 }) };
    assert!(refused(pairs).contains("reward.form"));
    assert!(refused(small(Method::Offline { beta: 0.0 })).contains("method.beta"));
    assert!(Sharpening::default().check().is_ok());
}

#[test]
fn problems_are_put_in_the_recipes_words_and_judged_as_before() {
    let chat = worded(letters(Worth::Two), PromptsConfig::Chat.open(PROMPTS).expect("parses"));
    let small = worded(letters(Worth::Two), PromptsConfig::Small.open(PROMPTS).expect("parses"));
    let draw =
        |task: &OpenTask| task.task.draw(Split::Train, 1, &mut Seed::root(1).rng()).expect("draws").remove(0);
    let (plain, tagged, spoken) = (draw(&letters(Worth::Two)), draw(&small), draw(&chat));
    assert_eq!(plain, tagged);
    assert_eq!((&spoken.id, &spoken.fields), (&plain.id, &plain.fields));
    let autodidact_core::chat::Body::Messages(messages) = spoken.body else { panic!("it has turns") };
    let autodidact_core::chat::Body::Text(question) = plain.body else { panic!("it is bare") };
    // The demonstration, then the problem.
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[3].content, question);
}

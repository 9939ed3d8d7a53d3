//! Synatra run whole on a tiny model, and what its samples look like.

use super::*;
use crate::proof::{ProofOptions, Scale, lab};
use crate::testing::{execute, records, resumes_exactly};
use autodidact_core::chat::Body;
use autodidact_core::{MemoryLedger, Record as Row, Seed, Silent, Stop, Task as _};
use autodidact_parts::Shape as ModelShape;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{row_of, written};
use autodidact_parts::web::sample::past_text;
use autodidact_parts::web::{Action, Past, words};
use std::collections::BTreeMap;

fn tiny() -> Synatra {
    let greedy = Evaluation {
        problems: 4,
        tries: 0,
        sampling: Sampling { max_tokens: 12, ..Sampling::default() },
        ..Evaluation::default()
    };
    Synatra {
        writer: Writer::Scribe(Scribe::default()),
        prompts: PromptsConfig::Small,
        articles: Articles::Generated { count: 10, physical: 0.3 },
        pages: Pages::Generated { count: 24 },
        mix: Mix { articles: 0.4, pages: 0.4, demonstrations: 0.2 },
        steps: 20,
        tasks: Tasks { listed: 8, written: 1 },
        chunk: Window { mean: 14.0, deviation: 4.0, least: 6 },
        shown: Window { mean: 10.0, deviation: 3.0, least: 4 },
        ids: 99,
        sft: SftConfig {
            amount: Amount::Epochs { epochs: 1 },
            batch: Batch::Rows { rows: 8 },
            schedule: Schedule { shape: Shape::Cosine, warmup: 1, floor: 0.0 },
            ..Synatra::default().sft
        },
        watch: WatchConfig { test: greedy, ..WatchConfig::default() },
        goals: 4,
        most: 2,
        ..Synatra::default()
    }
}

/// A tiny model that has learned to answer anything with a return, so that its answers end.
fn model() -> Lm {
    let shape =
        ModelShape { hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 32, context: 512 };
    let words = words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let lm = lab::fresh_words(shape, 3, &words).expect("opens");
    let task = MiniWeb::default().small_steps();
    let queries = task.draw(Split::Train, 32, &mut Seed::root(1).rng()).expect("prompts");
    let row = |query: &Prompt| row_of(&written(&lm, query, "go_back()").expect("encodes"), 0.0);
    let rows: Vec<autodidact_math::Row> = queries.iter().map(row).collect();
    let options =
        ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
    lab::train(&lm, 2e-2, 40, &options, |step| Ok(rows[step as usize % 4 * 8..][..8].to_vec()))
        .expect("trains");
    lm
}

#[test]
fn a_run_gathers_records_learns_and_works_on_goals() {
    let records = records(Synatra::CARD, |run| {
        let record = tiny().run_on(&model(), run)?.expect("there are goals");
        assert!((0.0..=1.0).contains(&record.success));
        Ok(())
    });
    let samples = |stage: &str| -> usize {
        let rows = records.iter().filter_map(|record| match record {
            Row::Attempt(row) if row.key.stage == stage => Some(row.samples.len()),
            _ => None,
        });
        rows.sum()
    };
    assert_eq!((samples("titles"), samples("data")), (10, 20));
    assert!((1..10).contains(&samples("scenarios")), "some articles need no screen");
    assert!(samples("observations") >= 8 && samples("steps") >= 8 && samples("goals") > 0);
    let note = |name: &str| {
        records.iter().find_map(|record| match record {
            Row::Note(note) if note.key.stage == name => Some(note.value),
            _ => None,
        })
    };
    let dropped: f64 = records
        .iter()
        .filter_map(|record| match record {
            Row::Note(note) if note.key.stage.ends_with("/dropped") => Some(note.value),
            _ => None,
        })
        .sum();
    let sum = |name: &str| {
        ["scenarios", "observations", "steps"]
            .map(|stage| note(&format!("{stage}/{name}")))
            .iter()
            .flatten()
            .sum::<f64>()
    };
    assert_eq!(sum("kept") + dropped, sum("candidates"));
    assert!(note("goals/success").is_some());
}

#[test]
fn a_run_that_dies_anywhere_is_resumed_to_the_same_records() {
    let quick = Synatra { steps: 10, goals: 2, most: 1, ..tiny() };
    resumes_exactly(Synatra::CARD, |run| quick.run_on(&model(), run).map(drop));
}

#[test]
fn what_it_learns_from_acts_on_elements_that_its_page_has() {
    let recipe = Synatra {
        steps: 300,
        goals: 0,
        articles: Articles::Generated { count: 60, physical: 0.2 },
        pages: Pages::Generated { count: 250 },
        ..tiny()
    };
    let ledger = MemoryLedger::default();
    let (mut seen, mut with) = (0, BTreeMap::<&str, u32>::new());
    execute(&ledger, Synatra::CARD, |run| {
        let prompts = recipe.prompts.open(PROMPTS)?;
        for example in recipe.examples(&Scribe::default(), &prompts, run)? {
            seen += 1;
            let next = Next::parse(&example.text).expect("a step");
            let page = autodidact_parts::web::Page::parse(example.prompt.field("page").expect("a page"));
            *with.entry(next.action.name()).or_default() += 1;
            match next.action.target() {
                Some(id) => {
                    let node = page.node(id).expect("the page has the element");
                    assert!(node.is_interactable());
                }
                None => assert!(matches!(next.action, Action::Stop { .. } | Action::GoBack)),
            }
            assert!(next.comment.is_some() && next.summary.is_some());
            assert!(example.prompt.fields.contains_key("page") && !example.parents.is_empty());
        }
        Ok(())
    })
    .expect("runs");
    assert!(seen > 250 && ["click", "type", "stop"].iter().all(|name| with[name] > 30), "{seen} {with:?}");
}

/// The values that fill the holes of a prompt file, found by the text between them.
fn holes(file: &str, filled: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let (mut rest, mut form) = (filled, file);
    while let Some((before, after)) = form.split_once('{') {
        rest = rest.strip_prefix(before).expect("the text before a hole");
        let (name, tail) = after.split_once('}').expect("a hole ends");
        let until = tail.split('{').next().unwrap_or_default().trim_end_matches('\n');
        let at = if until.is_empty() { rest.len() } else { rest.find(until).expect("the text after a hole") };
        found.insert(name.to_owned(), rest[..at].to_owned());
        (rest, form) = (&rest[at..], tail);
    }
    found
}

#[test]
fn a_prompt_and_its_response_read_back_as_the_sample() {
    let past =
        |comment: &str, action: Action| Past { subtask: None, comment: Some(comment.to_owned()), action };
    let typed = |id, text: &str| Action::Type { id, text: text.to_owned() };
    let sample = Sample {
        website: "A shop".into(),
        page: "Tab 0 (current): A shop\n\n[1] RootWebArea 'A shop'\n\t[7] textbox 'To' value 'x'".into(),
        goal: "Write \"it's {now}\" to anna".into(),
        past: vec![past("open (2)", Action::Click { id: 512 }), past("say", typed(33, "a \"b\"\n'c', d)"))],
        next: Next {
            subtask: None,
            comment: Some("say it".into()),
            action: typed(7, "line 1\nline \"2\""),
            summary: Some("said".into()),
        },
    };
    for (kind, file) in [(PromptsConfig::Small, PROMPTS[0].small), (PromptsConfig::Chat, PROMPTS[0].chat)] {
        let prompts = kind.open(PROMPTS).expect("parses");
        let query = prompt(prompts.wording("act").expect("is there"), "p", &sample).expect("fills");
        let (file, text) = match query.body {
            Body::Text(text) => (file.to_owned(), text),
            Body::Messages(messages) => {
                let user = file.split("[user]\n").nth(1).expect("a turn").to_owned();
                (user, messages[1].content.clone())
            }
        };
        let values = holes(&file, &text);
        let value = |name: &str| values.get(name).map_or("A shop", String::as_str);
        let read = Sample::of_parts(
            value("website"),
            value("page"),
            value("goal"),
            value("past"),
            &sample.response(),
        );
        assert_eq!(read, Ok(sample.clone()));
        assert_eq!(value("past"), past_text(&sample.past));
    }
}

#[test]
fn every_prompt_fills_in_both_wordings() {
    for kind in [PromptsConfig::Small, PromptsConfig::Chat] {
        let ledger = MemoryLedger::default();
        let recipe = Synatra {
            prompts: kind,
            articles: Articles::Generated { count: 3, physical: 0.0 },
            pages: Pages::Generated { count: 4 },
            ..tiny()
        };
        execute(&ledger, Synatra::CARD, |run| {
            let prompts = recipe.prompts.open(PROMPTS)?;
            let examples = recipe.examples(&Scribe::default(), &prompts, run)?;
            assert!(!examples.is_empty());
            Ok(())
        })
        .expect("runs");
    }
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let refused = |recipe: Synatra| recipe.check().expect_err("refused").to_string();
    assert!(refused(Synatra { breaks: 0, ..Synatra::default() }).starts_with("breaks must be at least 1"));
    let none = Mix { articles: 0.0, pages: 0.0, demonstrations: 0.0 };
    assert!(refused(Synatra { mix: none, ..Synatra::default() }).starts_with("mix must be"));
    let tasks = Tasks { listed: 2, written: 3 };
    assert!(refused(Synatra { tasks, ..Synatra::default() }).contains("tasks.listed = 2"));
    let scribe = Writer::Scribe(Scribe { wrong: 2.0, ..Scribe::default() });
    assert!(refused(Synatra { writer: scribe, ..Synatra::default() }).starts_with("writer.wrong"));
    Synatra::default().check().expect("the paper's settings are sound");
}

#[derive(serde::Deserialize)]
struct Golden {
    points: Vec<Points>,
    indents: Vec<Indent>,
    matches: Vec<Match>,
}

#[derive(serde::Deserialize)]
struct Points {
    code: String,
    points: Vec<[String; 2]>,
}

#[derive(serde::Deserialize)]
struct Indent {
    lines: Vec<String>,
    keep: usize,
    out: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Match {
    label: String,
    predict: String,
    #[serde(rename = "match")]
    matches: bool,
}

#[test]
fn break_points_indentation_and_matches_are_those_of_the_released_code() {
    let golden: Golden =
        serde_json::from_str(include_str!("../../../../golden/synatra/steps.json")).expect("reads");
    for Points { code, points } in golden.points {
        let found = tutorials::break_points(&code, 99, &mut Seed::root(1).rng());
        let mut found: Vec<[String; 2]> = found.into_iter().map(|one| [one.past, one.next]).collect();
        found.sort();
        assert_eq!(found, points, "{code}");
    }
    for Indent { lines, keep, out } in golden.indents {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(autodidact_parts::web::window::unindented(&lines, keep), out);
    }
    for Match { label, predict, matches } in golden.matches {
        let read = |line: &str| Action::parse(line).expect("a call");
        assert_eq!(read(&predict).matches(&read(&label)), matches, "{predict} for {label}");
    }
}

//! The exact checks of learning from mistakes.

use super::*;
use crate::proof::lab;
use crate::testing::{records, resumes_exactly};
use autodidact_core::chat::{Body, Completion};
use autodidact_core::{Group, Judge, Judged, Proposals, Record, Rng, Spend, Split, Verdict, Version};
use autodidact_math::rethinking::Rethinking;
use autodidact_parts::Shape as ModelShape;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::row_of;
use autodidact_parts::task::Noise;
use autodidact_parts::task::modular::{Modular, ModularProblem};

const TAGS: [&str; 2] = ["[+]", "[-]"];

fn fresh() -> Lm {
    let shape =
        ModelShape { hidden_size: 32, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 64, context: 64 };
    lab::fresh_words(shape, 5, &TAGS).expect("opens")
}

/// A model that answers chains of one step, often wrongly.
fn warm() -> Lm {
    let lm = fresh();
    let options = crate::proof::ProofOptions {
        seeds: Vec::new(),
        scale: crate::proof::Scale::Quick,
        observer: &autodidact_core::Silent,
        stop: autodidact_core::Stop::default(),
    };
    let noise = Noise { slip: 0.4, ..Noise::NONE };
    lab::train(&lm, 1e-2, 160, &options, |step| {
        let mut rng = Seed::root(9).at("step", step).rng();
        let queries = modular().open()?.task.draw(Split::Train, 32, &mut rng)?;
        let pair = |query: &Prompt| {
            let text = query.field("text").expect("a problem").to_owned();
            let worked = ModularProblem::parse(&text).expect("a problem").demonstrate(noise, &mut rng);
            (text, worked.text())
        };
        let pairs: Vec<(String, String)> = queries.iter().map(pair).collect();
        lab::rows_of_text(&lm, &pairs)
    })
    .expect("trains");
    lm
}

fn modular() -> TaskConfig {
    TaskConfig::Modular(Modular { shortest: 1, longest: 1, addend: 5, factor: 2 })
}

fn small() -> Mistakes {
    let sampling = Sampling { max_tokens: 24, ..Sampling::default() };
    let test = Evaluation {
        problems: 20,
        tries: 1,
        k: 1,
        greedy: false,
        sampling: sampling.clone(),
        ..Evaluation::default()
    };
    Mistakes {
        prompts: PromptsConfig::Small,
        task: modular(),
        questions: 60,
        tries: 2,
        sampling: sampling.clone(),
        explain: Explain::Task,
        taxonomy: Taxonomy::of(&["calculation", "copy"]),
        tags: Tags { right: TAGS[0].to_owned(), wrong: TAGS[1].to_owned() },
        sft: SftConfig {
            lr: 1e-3,
            amount: Amount::Steps { steps: 4 },
            batch: Batch::Rows { rows: 8 },
            ..Mistakes::default().sft
        },
        rethink: RethinkConfig {
            checks: 2,
            material: vec![Material::Types],
            extract: false,
            checking: Sampling { max_tokens: 4, ..sampling.clone() },
            sampling,
            ..RethinkConfig::default()
        },
        watch: WatchConfig { test, ..WatchConfig::default() },
        ..Mistakes::default()
    }
}

fn item(question: &str, reference: &str, wrong: &str) -> Item {
    Item {
        query: Prompt::text(format!("q/{question}"), question).with("text", question),
        question: question.to_owned(),
        reference: reference.to_owned(),
        wrong: wrong.to_owned(),
        second: None,
        cause: "step 1 is wrong".to_owned(),
        kind: "calculation".to_owned(),
    }
}

fn items() -> Vec<Item> {
    vec![item("17;+8?", "17+8=25#25", "17+8=26#26"), item("5;-2?", "5-2=3#3", "5-2=2#2")]
}

/// Rows of the data that an arm tunes on.
fn rows(recipe: &Mistakes, lm: &Lm, items: &[Item]) -> Vec<(autodidact_math::Row, bool)> {
    let prompts = recipe.open_prompts().expect("opens");
    let examples = recipe.examples(items, &prompts, Seed::root(1)).expect("words them");
    let row = |example: &Example| {
        let answer = autodidact_parts::learn::written(lm, &example.prompt, &example.text).expect("encodes");
        let Body::Text(text) = &example.prompt.body else { panic!("the small wording is bare") };
        (row_of(&answer, 0.0), text.ends_with(TAGS[0]))
    };
    examples.iter().map(row).collect()
}

/// A world in which only the four rates matter. A question is a list of digits; each call reads the digit
/// at its place and compares it with a rate in fifths.
struct Scripted {
    right: u32,
    detects: u32,
    alarms: u32,
    redone: u32,
}

impl Scripted {
    fn rates(&self) -> Rethinking {
        let share = |fifths: u32| f64::from(fifths) / 5.0;
        Rethinking {
            first: share(self.right),
            detected: share(self.detects),
            alarmed: share(self.alarms),
            redone: share(self.redone),
        }
    }

    fn say(&self, asked: &str) -> String {
        let digits = asked.lines().find_map(|line| line.strip_prefix('#')).expect("a question");
        let digit = |place: usize| digits.as_bytes()[place] - b'0';
        let attempt = |right: bool, i: usize| format!("{} {i}", if right { "right" } else { "wrong" });
        let Some(given) = asked.lines().find(|line| line.starts_with("right") || line.starts_with("wrong"))
        else {
            return attempt(u32::from(digit(0)) < self.right, 0);
        };
        let i: usize = given[6..].parse().expect("a number");
        if asked.contains("Does this solution") {
            let rate = if given.starts_with("right") { self.alarms } else { self.detects };
            return if u32::from(digit(2 * i + 1)) < rate { "Yes, it does." } else { "No." }.to_owned();
        }
        if asked.contains("Write the answer alone") {
            return given.to_owned();
        }
        attempt(u32::from(digit(2 * i + 2)) < self.redone, i + 1)
    }
}

impl Policy<Chat> for Scripted {
    fn propose(&self, asks: &[Ask<Chat>], _seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let one = |ask: &Ask<Chat>| {
            let Body::Messages(messages) = &ask.query.body else { panic!("the wording is for chat models") };
            vec![Completion { text: self.say(&messages[0].content), ..Completion::default() }]
        };
        Ok(Proposals { answers: asks.iter().map(one).collect(), spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(format!("{:?}", self.rates())))
    }
}

struct SaysRight;

impl Judge<Chat> for SaysRight {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, answer| Verdict::right(answer.text.starts_with("right"))))
    }

    fn name(&self) -> String {
        "says right".to_owned()
    }
}

/// All questions of so many digits from 0 to 4, rethought and judged.
fn simulated(world: &Scripted, checks: u32, extract: bool) -> Vec<Group<Chat>> {
    let places = 1 + 2 * checks;
    let question = |number: u32| {
        let digits: String =
            (0..places).map(|place| char::from(b'0' + (number / 5u32.pow(place) % 5) as u8)).collect();
        Prompt::text(number.to_string(), format!("#{digits}"))
    };
    let queries: Vec<Prompt> = (0..5u32.pow(places)).map(question).collect();
    let prompts = PromptsConfig::Chat.open(FILES).expect("opens");
    let how = RethinkConfig { checks, extract, ..RethinkConfig::default() };
    let material = Remembered("Types of mistakes: logical.".to_owned());
    let rethink =
        Rethink { thinker: world, checker: world, prompts: &prompts, how: &how, material: &material };
    let asks = Ask::each(&queries, 1, &Sampling::default());
    let seeds: Vec<Seed> = (0..asks.len() as u64).map(|i| Seed::root(0).at("ask", i)).collect();
    let answers = rethink.propose(&asks, &seeds).expect("proposes").answers;
    let verdicts = Rethought(Box::new(SaysRight)).judge(&asks, &answers).expect("judges").verdicts;
    let group = |((ask, answers), verdicts): ((Ask<Chat>, Vec<Completion>), Vec<Verdict>)| Group {
        ask,
        tries: answers
            .into_iter()
            .zip(verdicts)
            .map(|(answer, verdict)| autodidact_core::Try { answer, verdict })
            .collect(),
    };
    asks.into_iter().zip(answers).zip(verdicts).map(group).collect()
}

#[track_caller]
fn agrees(world: &Scripted, checks: u32) {
    let counts = Counts::of(&simulated(world, checks, false));
    let (rates, n) = (world.rates(), f64::from(5u32.pow(1 + 2 * checks)));
    // Whole numbers of questions, so that nothing but the last bits may differ.
    let near = |found: f64, expect: f64| (found * n - expect * n).abs() < 1e-6;
    assert!(near(counts.accuracy(), rates.accuracy(checks)), "{rates:?}: {}", counts.accuracy());
    assert!(near(counts.calls_an_answer(), rates.calls(checks)), "{rates:?}: {}", counts.calls_an_answer());
    let found = counts.rates();
    assert!(near(found.first, rates.first));
    if rates.first < 1.0 && checks > 0 {
        assert!(near(found.detected, rates.detected));
    }
}

#[test]
fn a_scripted_world_has_the_accuracy_and_the_calls_of_the_formula_over_the_whole_grid() {
    for number in 0..4usize.pow(4) {
        let rate = |place: u32| [0, 1, 3, 5][number / 4usize.pow(place) % 4];
        let world = Scripted { right: rate(0), detects: rate(1), alarms: rate(2), redone: rate(3) };
        agrees(&world, 1);
    }
}

#[test]
fn it_does_with_two_checks_too() {
    for (right, detects, alarms, redone) in [(3, 4, 1, 3), (1, 5, 0, 2), (2, 2, 2, 2), (4, 1, 3, 5)] {
        agrees(&Scripted { right, detects, alarms, redone }, 2);
    }
}

#[test]
fn no_check_is_plain_chain_of_thought_and_a_check_that_says_no_only_costs_a_call() {
    let world = Scripted { right: 3, detects: 0, alarms: 0, redone: 5 };
    let answers = |checks| {
        let groups = simulated(&world, checks, false);
        let answer =
            |group: &Group<Chat>| Transcript::parse(&group.tries[0].answer.text).expect("a transcript");
        groups.iter().map(answer).collect::<Vec<_>>()
    };
    let plain = answers(0);
    assert!(plain.iter().all(|transcript| transcript.calls() == 1));
    let checked = answers(1);
    // The first five questions of one digit and of three have the same first digits.
    for (plain, checked) in plain.iter().zip(&checked) {
        assert_eq!(plain.answer(), checked.answer());
        assert_eq!(checked.calls(), 2);
    }
}

#[test]
fn a_check_that_always_says_yes_redoes_as_often_as_it_may() {
    let world = Scripted { right: 3, detects: 5, alarms: 5, redone: 2 };
    for group in simulated(&world, 2, true) {
        let transcript = Transcript::parse(&group.tries[0].answer.text).expect("a transcript");
        assert_eq!(transcript.attempts().len(), 3);
        assert!(transcript.attempts()[2].ends_with(" 2"));
        assert_eq!(transcript.answer(), transcript.attempts()[2]);
        assert_eq!((transcript.calls(), transcript.0.len()), (5, 6));
        let verdict = &group.tries[0].verdict;
        assert_eq!(verdict.value(), verdict.part("right/2"));
    }
}

#[test]
fn the_first_yes_or_no_decides_and_neither_is_no() {
    for (text, expect) in [
        ("Yes, it does.", true),
        ("**yes**", true),
        ("I think no. Yes!", false),
        ("It has nothing to do with it; yes", true),
        ("Maybe", false),
        ("", false),
    ] {
        assert_eq!(says_yes(text), expect, "{text}");
    }
}

/// Works chains out and slips, or explains and groups mistakes, whatever is asked.
struct Slips;

impl Policy<Chat> for Slips {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let one = |(ask, seed): (&Ask<Chat>, &Seed)| {
            let noise = Noise { slip: 0.4, ..Noise::NONE };
            let text = match (&ask.query.body, ask.query.field("text")) {
                (Body::Text(_), Some(text)) => {
                    let problem = ModularProblem::parse(text).expect("a problem");
                    problem.demonstrate(noise, &mut seed.at("try", 0).rng()).text()
                }
                (Body::Text(text), None) if text.ends_with('=') => "[sums]: bad sum, slip".to_owned(),
                _ => "1. 25 and 26.\n2. The sum is wrong.\n3. Slip".to_owned(),
            };
            vec![Completion { text, ..Completion::default() }]
        };
        Ok(Proposals { answers: asks.iter().zip(seeds).map(one).collect(), spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version("slips".to_owned()))
    }
}

#[test]
fn the_error_set_holds_wrong_answers_only_and_known_types() {
    let recipe = Mistakes { tries: 1, ..small() };
    let (task, prompts) = (recipe.task.open().expect("opens"), recipe.open_prompts().expect("opens"));
    let mut items = Vec::new();
    let records = records(Mistakes::CARD, |run| {
        items = recipe.collect((&task, &prompts), &Slips, run)?;
        recipe.explain(&mut items, &prompts, &Slips, run)
    });
    let sampled = records.iter().find_map(|record| match record {
        Record::Attempt(row) if row.key.stage == "sample" => Some(row),
        _ => None,
    });
    let row = sampled.expect("rationales are sampled");
    let query = |i: u32| serde_json::from_str::<Ask<Chat>>(&row.asks[i as usize]).expect("an ask").query.id;
    let right = row.samples.iter().filter(|sample| sample.verdict.value() == Some(1.0));
    let solved: std::collections::BTreeSet<String> = right.map(|sample| query(sample.ask)).collect();
    assert_eq!(items.len() + solved.len(), 60);
    assert!(items.len() > 10 && solved.len() > 10);
    let answer = |item: &Item, text: &str| {
        (task.vote)(&item.query, &Completion { text: text.to_owned(), ..Completion::default() })
    };
    for item in &items {
        assert_ne!(answer(item, &item.wrong), answer(item, &item.reference));
        assert!(!solved.contains(&item.query.id));
        assert_eq!(item.kind, "calculation");
        assert!(item.cause.contains("makes"), "{}", item.cause);
    }
}

#[test]
fn more_tries_find_a_wrong_rationale_for_more_questions() {
    let (task, prompts) = (small().task.open().expect("opens"), small().open_prompts().expect("opens"));
    let found = |tries| {
        let mut found = 0;
        records(Mistakes::CARD, |run| {
            found = Mistakes { tries, ..small() }.collect((&task, &prompts), &Slips, run)?.len();
            Ok(())
        });
        found
    };
    assert!(found(8) > found(1) + 10);
}

#[test]
fn a_model_explains_and_groups_its_own_mistakes() {
    let explain = Explain::Policy { sampling: Sampling::default(), cluster: true };
    let recipe = Mistakes { explain, ..small() };
    let prompts = recipe.open_prompts().expect("opens");
    let mut found = items();
    records(Mistakes::CARD, |run| {
        found.iter_mut().for_each(|item| item.query = Prompt::text(item.query.id.as_str(), "?"));
        recipe.explain(&mut found, &prompts, &Slips, run)
    });
    assert!(found.iter().all(|item| item.kind == "sums" && item.cause == "The sum is wrong."), "{found:?}");
}

#[test]
fn without_wrong_rationales_it_is_fine_tuning_after_the_right_tag() {
    let lm = fresh();
    let alone = rows(&Mistakes { data: Data::RightOnly, ..small() }, &lm, &items());
    let gold: Vec<(String, String)> =
        items().into_iter().map(|item| (item.question + TAGS[0], item.reference)).collect();
    let expect = lab::rows_of_text(&lm, &gold).expect("encodes");
    assert_eq!(alone.iter().map(|(row, _)| row.clone()).collect::<Vec<_>>(), expect);
    let both = rows(&small(), &lm, &items());
    let right: Vec<_> = both.iter().filter(|(_, right)| *right).cloned().collect();
    assert_eq!(right, alone);
    assert_eq!(both.len(), 4);
}

#[test]
fn each_control_deals_out_the_tags_that_it_names() {
    let lm = fresh();
    let many: Vec<Item> = (0..40).flat_map(|_| items()).collect();
    let tags = |data| {
        let rows = rows(&Mistakes { data, ..small() }, &lm, &many);
        (rows.len(), rows.iter().filter(|(_, right)| *right).count())
    };
    assert_eq!(tags(Data::Tagged), (160, 80));
    assert_eq!(tags(Data::RightOnly), (80, 80));
    assert_eq!(tags(Data::Untagged), (160, 160));
    assert_eq!(tags(Data::TwoRight), (160, 160));
    assert_eq!(tags(Data::Shuffled), (160, 80));
    let shuffled = rows(&Mistakes { data: Data::Shuffled, ..small() }, &lm, &many);
    let kept = shuffled.iter().enumerate().filter(|(i, (_, right))| (i % 2 == 0) == *right).count();
    assert!((50..110).contains(&kept), "{kept} of 160 tags stayed");
}

#[test]
fn exchanged_tags_with_exchanged_embeddings_leave_losses_as_they_are() {
    let lm = fresh();
    let loss = |recipe: &Mistakes, lm: &Lm| {
        let rows: Vec<_> = rows(recipe, lm, &items()).into_iter().map(|(row, _)| row).collect();
        lab::loss(lm, &rows).expect("scores")
    };
    let recipe = small();
    let before = loss(&recipe, &lm);
    let swapped = Mistakes { tags: recipe.tags.swapped(), ..recipe };
    assert!((loss(&swapped, &lm) - before).abs() > 1e-7, "the tags make no difference");
    let id = |tag: &str| lm.tokenizer().id(tag).expect("a word") as usize * 32;
    let (plus, minus) = (id(TAGS[0]), id(TAGS[1]));
    lm.model().update(|weights| (0..32).for_each(|i| weights.swap(plus + i, minus + i)));
    assert!((loss(&swapped, &lm) - before).abs() < 1e-6);
}

#[test]
fn the_loss_over_both_sets_is_the_mean_of_both_by_their_sizes() {
    let lm = fresh();
    let both = rows(&small(), &lm, &items());
    let (right, wrong): (Vec<_>, Vec<_>) = both.iter().cloned().partition(|(_, right)| *right);
    let of = |rows: &[(autodidact_math::Row, bool)]| {
        let rows: Vec<_> = rows.iter().map(|(row, _)| row.clone()).collect();
        let targets = rows.iter().flat_map(|row| &row.weight).filter(|weight| **weight > 0.0).count() as f64;
        (lab::loss(&lm, &rows).expect("scores"), targets)
    };
    let ((all, n), (a, n_a), (b, n_b)) = (of(&both), of(&right), of(&wrong));
    assert_eq!(n, n_a + n_b);
    assert!((all - (a * n_a + b * n_b) / n).abs() < 1e-6);
}

#[test]
fn material_shows_what_it_is_asked_to_show() {
    let prompts = PromptsConfig::Chat.open(FILES).expect("opens");
    let draw = |material: &[Material]| {
        let how = RethinkConfig { material: material.to_vec(), shown: 1, ..RethinkConfig::default() };
        Remembered::draw(&how, &items()[..1], &prompts, &mut rng()).expect("draws").0
    };
    assert_eq!(draw(&[]), "");
    assert_eq!(draw(&[Material::Types]), "Types of mistakes: calculation.");
    let all = draw(&[Material::Types, Material::Causes, Material::Right, Material::Wrong]);
    for piece in ["calculation", "step 1 is wrong", "17+8=25#25", "17+8=26#26"] {
        assert!(all.contains(piece), "{all}");
    }
}

fn rng() -> Rng {
    Seed::root(0).rng()
}

#[test]
fn a_killed_run_resumes_to_the_same_records() {
    let recipe = Mistakes { questions: 12, data: Data::TwoRight, ..small() };
    let lm = warm();
    resumes_exactly(Mistakes::CARD, |run| recipe.run_on(&lab::copy(&lm)?, run).map(drop));
}

#[test]
fn settings_that_cannot_work_are_named() {
    let check = |recipe: Mistakes, expect: &str| {
        let error = recipe.check().expect_err(expect).to_string();
        assert!(error.starts_with(expect), "{error}");
    };
    check(Mistakes { questions: 0, ..small() }, "questions must be at least 1");
    check(Mistakes { tags: Tags { right: String::new(), ..Tags::default() }, ..small() }, "tags must be");
    let rethink = RethinkConfig { material: vec![Material::Types; 2], ..RethinkConfig::default() };
    check(Mistakes { rethink, ..small() }, "rethink.material must be");
    assert!(Mistakes::default().check().is_ok());
}

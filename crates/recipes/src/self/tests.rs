//! The exact checks of self.

use super::meta::{Lesson, taught};
use super::questions::items;
use super::round::Pair;
use super::*;
use crate::testing::{execute, records, resumes_exactly};
use autodidact_core::chat::{Body, Completion, Finish};
use autodidact_core::{
    Ask, Judge, Learn as _, MemoryLedger, Proposals, Record, Rng, Seed, Spend, Task, Version,
};
use autodidact_lm::Scorer;
use autodidact_math::sft::MaskedNll;
use autodidact_math::{Objective, Row};
use autodidact_parts::Shape;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::judge::NotJudged;
use autodidact_parts::learn::row_of;
use autodidact_parts::task::two_steps::{Annotation, TwoStepAnnotator, TwoStepProblem};
use std::collections::BTreeMap;

/// Speaks the small wording by rule, in texts without tokens as an endpoint does: some answers are wrong, some
/// criticism is wrong or unreadable, some refinements repeat the first answer.
struct Scripted;

fn chance(text: &str, n: u64) -> u64 {
    Seed::root(5).at(text, 0).number() % n
}

fn reply(prompt: &str, seed: Seed) -> String {
    let gold = |question: &str| TwoStepProblem::parse(question).expect(question).solve();
    let (tag, rest) = prompt.split_at(3);
    match tag {
        "[a]" => {
            let question = rest.trim_end_matches('>');
            let slip = if chance(question, 2) == 0 { "1" } else { "" };
            gold(question) + slip
        }
        "[f]" => {
            let (question, response) = rest.split_once('>').expect("a response");
            let query = Prompt::text("q", question);
            let said = TwoStepAnnotator.annotate(&query, response.trim_end_matches(':')).expect("a problem");
            match chance(prompt, 5) {
                0 => "hard to say".to_owned(),
                1 => said.feedback.replace("incorrect", "correct"),
                _ => said.feedback,
            }
        }
        "[r]" => {
            let (question, rest) = rest.split_once('>').expect("a response");
            let (response, _) = rest.split_once(':').expect("feedback");
            if chance(prompt, 4) == 0 { response.to_owned() } else { gold(question) }
        }
        "[q]" => {
            let mut rng = seed.rng();
            let mut number = || rand::Rng::random_range(&mut rng, 10..=99u32);
            format!(
                " {}+{}+{}?\n4. {}+{}+{}?\n5. who?",
                number(),
                number(),
                number(),
                number(),
                number(),
                number()
            )
        }
        _ => panic!("no such role: {prompt}"),
    }
}

impl Policy<Chat> for Scripted {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let one = |(ask, seed): (&Ask<Chat>, &Seed)| {
            let Body::Text(text) = &ask.query.body else { panic!("it is bare text") };
            let answer =
                |index| Completion { text: reply(text, seed.at("try", index)), ..Completion::default() };
            (0..u64::from(ask.tries)).map(answer).collect()
        };
        Ok(Proposals { answers: asks.iter().zip(seeds).map(one).collect(), spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version("scripted".to_owned()))
    }
}

fn student() -> Lm {
    let shape =
        Shape { hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 32, context: 256 };
    ModelConfig::Random { shape, seed: 3 }.open(|| unreachable!("it is random")).expect("opens")
}

fn small() -> SelfEvolution {
    let nothing = Evaluation { problems: 0, ..Evaluation::default() };
    SelfEvolution {
        prompts: PromptsConfig::Small,
        criticism: Criticism::Separate,
        meta: Meta::Annotator { prompts: 6 },
        rounds: 3,
        questions: 8,
        later: Later::SelfInstruct(Instruct {
            pattern: r"^\d+\+\d+\+\d+\?$".to_owned(),
            ..Instruct::default()
        }),
        sft: SftConfig {
            amount: Amount::Epochs { epochs: 1 },
            batch: Batch::Rows { rows: 8 },
            ..SelfEvolution::default().sft
        },
        watch: WatchConfig { test: nothing.clone(), validation: nothing, ..WatchConfig::default() },
        ..SelfEvolution::default()
    }
}

fn body(settings: &SelfEvolution, task: &OpenTask, run: &mut Run<'_>) -> Result<()> {
    settings.run_on(&student(), (&Scripted, &Scripted), task, Some(&TwoStepAnnotator), run)
}

fn ran(settings: &SelfEvolution, task: &OpenTask) -> Vec<Record> {
    records(SelfEvolution::CARD, |run| body(settings, task, run))
}

fn open() -> OpenTask {
    TaskConfig::TwoSteps(TwoSteps::default()).open().expect("opens")
}

fn roles(criticism: Criticism) -> Roles {
    SelfEvolution { criticism, ..small() }.roles(&PromptsConfig::Small).expect("opens")
}

/// Values noted under `name`, in order.
fn noted(records: &[Record], name: &str) -> Vec<f64> {
    let value = |record: &Record| match record {
        Record::Note(note) if note.key.stage == name => Some(note.value),
        _ => None,
    };
    records.iter().filter_map(value).collect()
}

/// The asks, answers and scores that were recorded as `stage`, in order.
fn recorded(records: &[Record], stage: &str) -> Vec<(String, String, Option<f64>)> {
    let of = |record: &Record| match record {
        Record::Attempt(row) if row.key.stage == stage => {
            let one = |sample: &autodidact_core::SampleRow| {
                let ask = row.asks[sample.ask as usize].clone();
                (ask, sample.answer.text.clone(), sample.verdict.value())
            };
            row.samples.iter().map(one).collect()
        }
        _ => Vec::new(),
    };
    records.iter().flat_map(of).collect()
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let said = |settings: SelfEvolution| settings.check().expect_err("refused").to_string();
    let restart = SftConfig { restart: Restart::Base, ..SftConfig::default() };
    for (settings, field) in [
        (SelfEvolution { rounds: 0, ..small() }, "rounds"),
        (SelfEvolution { questions: 0, ..small() }, "questions"),
        (SelfEvolution { beta_qa: -1.0, ..small() }, "beta_qa"),
        (SelfEvolution { sft: restart, ..small() }, "sft.restart"),
        (SelfEvolution { filter: Filter::Oracle, truth: Truth::Unknown, ..small() }, "truth"),
        (SelfEvolution { task: TaskConfig::default(), ..small() }, "meta.kind"),
        (SelfEvolution { inference: Inference::Refine { samples: 0 }, ..small() }, "inference.samples"),
        (
            SelfEvolution {
                later: Later::SelfInstruct(Instruct { pattern: "(".to_owned(), ..Instruct::default() }),
                ..small()
            },
            "later.pattern",
        ),
    ] {
        let error = said(settings);
        assert!(error.starts_with(field), "{error}");
    }
    SelfEvolution::default().check().expect("the defaults work");
    let settings = SelfEvolution { student: Some(PromptsConfig::Small), ..small() };
    let ledger = MemoryLedger::default();
    let error =
        execute(&ledger, SelfEvolution::CARD, |run| settings.run(run)).expect_err("it is its own teacher");
    assert!(error.to_string().starts_with("student must be left out"), "{error}");
}

#[test]
fn a_reply_of_criticism_is_split_at_its_headings() {
    let roles = roles(Criticism::Combined);
    let said = roles.read("r", "Step 1 is wrong.\nVerdict: incorrect\n\n**Refined answer:**\n4\n");
    assert_eq!((said.good, said.refined.as_deref()), (Some(false), Some("4")));
    assert_eq!(said.feedback.trim_end_matches('*').trim_end(), "Step 1 is wrong.\nVerdict: incorrect");
    // A good verdict leaves the answer as it is, whatever follows.
    let said = roles.read("r", "Verdict: correct\nRefined answer: 5");
    assert_eq!((said.good, said.refined.as_deref()), (Some(true), Some("r")));
    let said = roles.read("r", "Verdict: who knows\nRefined answer:");
    assert_eq!((said.good, said.refined), (None, None));
    let written = roles.written("Verdict: incorrect", false, "4");
    assert_eq!(roles.read("r", &written).refined.as_deref(), Some("4"));
}

#[test]
fn questions_are_read_from_a_list() {
    assert_eq!(
        items(" 1+2?\n4. 3+4?\n\n5) - x?\n* y?\n6 apples?"),
        ["1+2?", "3+4?", "- x?", "y?", "6 apples?"]
    );
}

fn lesson() -> Lesson {
    Lesson {
        question: Prompt::text("q", "47+38+25?"),
        response: "47+38=75;75+25=100".to_owned(),
        feedback: " c15 c8: should be 85, wrong. Verdict: incorrect".to_owned(),
        good: false,
        refined: "47+38=85;85+25=110".to_owned(),
    }
}

fn rows(groups: &[Group<Chat>]) -> Vec<Row> {
    let row = |group: &Group<Chat>| {
        let one = &group.tries[0];
        let mut row = row_of(&one.answer, 0.0);
        let by = one.verdict.part("weight").unwrap_or(1.0) as f32;
        row.weight.iter_mut().for_each(|weight| *weight *= by);
        row
    };
    groups.iter().map(row).collect()
}

/// The meta corpus of one lesson in tokens.
fn corpus(lm: &Lm, beta_qa: f64) -> Vec<Group<Chat>> {
    let ledger = MemoryLedger::default();
    let mut groups = Vec::new();
    execute(&ledger, SelfEvolution::CARD, |run| {
        let examples = taught(&lesson(), &roles(Criticism::Separate), beta_qa)?;
        groups = dataset::record(run, "meta", lm, examples)?;
        Ok(())
    })
    .expect("records");
    groups
}

#[test]
fn the_meta_loss_is_the_sum_of_its_three_terms() {
    let lm = student();
    let loss = |rows: &[Row]| {
        let scored = Scorer::new(lm.model()).score(rows).expect("scores");
        let at: Vec<usize> = (0..rows.len()).collect();
        MaskedNll.pull(&at, &rows.iter().collect::<Vec<_>>(), &scored).0
    };
    let all = rows(&corpus(&lm, 1.0));
    assert_eq!(all.len(), 3);
    let terms: Vec<f64> = all.iter().map(|row| loss(std::slice::from_ref(row))).collect();
    assert!((loss(&all) - terms.iter().sum::<f64>()).abs() < 1e-6 * loss(&all));
    let half = rows(&corpus(&lm, 0.5));
    assert!((loss(&half) - (terms[0] + terms[1] + 0.5 * terms[2])).abs() < 1e-6 * loss(&all));
}

#[test]
fn without_beta_no_row_answers_directly_and_training_is_as_if_there_were_none() {
    let (one, other) = (student(), student());
    let without = corpus(&one, 0.0);
    let ids: Vec<&str> = without.iter().map(|group| group.ask.query.id.as_str()).collect();
    assert_eq!(ids, ["q/feedback", "q/refine"]);
    let mut two = corpus(&other, 1.0);
    two.retain(|group| !group.ask.query.id.ends_with("/answer"));
    for (lm, groups) in [(&one, &without), (&other, &two)] {
        small().learner(lm).expect("sound").learn(groups, Seed::root(1)).expect("learns");
    }
    assert_eq!(one.model().version(), other.model().version());
}

/// Finds every answer good.
struct Praise;

impl Annotator for Praise {
    fn annotate(&self, _query: &Prompt, answer: &str) -> Option<Annotation> {
        let feedback = "Verdict: correct".to_owned();
        Some(Annotation { feedback, correct: true, refined: answer.to_owned() })
    }

    fn name(&self) -> String {
        "praise".to_owned()
    }
}

#[test]
fn an_annotator_who_praises_everything_makes_plain_training_on_own_answers() {
    let task = open();
    let settings = SelfEvolution { rounds: 1, ..small() };
    let records = records(SelfEvolution::CARD, |run| {
        settings.run_on(&student(), (&Scripted, &Scripted), &task, Some(&Praise), run)
    });
    let own: Vec<String> = recorded(&records, "meta-answer").into_iter().map(|(_, text, _)| text).collect();
    let meta = recorded(&records, "meta");
    let learned = |role: &str| -> Vec<String> {
        let of_role = meta.iter().filter(|(ask, ..)| ask.contains(&format!("/{role}\"")));
        of_role.map(|(_, text, _)| text.clone()).collect()
    };
    assert_eq!(own.len(), 6);
    assert_eq!((learned("answer"), learned("refine")), (own.clone(), own));
}

#[test]
fn each_mode_sees_its_rows() {
    let lm = student();
    let (corpus, row) = (corpus(&lm, 1.0), corpus(&lm, 1.0).remove(0));
    let own: Vec<Vec<Group<Chat>>> = [4, 5, 6].map(|n| vec![row.clone(); n]).to_vec();
    let count = |mode: Mode, rounds: usize| mode.rows(&corpus, &own[..rounds]).len();
    assert_eq!([1, 2, 3].map(|t| count(Mode::Restart, t)), [3 + 4, 3 + 4 + 5, 3 + 4 + 5 + 6]);
    assert_eq!([1, 2, 3].map(|t| count(Mode::ContinualMixed, t)), [3 + 4, 3 + 5, 3 + 6]);
    assert_eq!([1, 2, 3].map(|t| count(Mode::ContinualOnly, t)), [4, 5, 6]);
}

#[test]
fn the_learner_is_given_as_many_rows_as_the_mode_says() {
    let task = open();
    for mode in [Mode::Restart, Mode::ContinualMixed, Mode::ContinualOnly] {
        let records = ran(&SelfEvolution { mode, ..small() }, &task);
        let kept = noted(&records, "kept");
        let trained = noted(&records, "learn/num_rows");
        let meta = 3.0 * 6.0;
        let sums: Vec<f64> = (0..3)
            .map(|t| match mode {
                Mode::Restart => meta + kept[..=t].iter().sum::<f64>(),
                Mode::ContinualMixed => meta + kept[t],
                Mode::ContinualOnly => kept[t],
            })
            .collect();
        assert_eq!(trained, sums, "{mode:?}");
        assert!(kept.iter().all(|&n| n > 0.0 && n < 8.0), "{kept:?}");
    }
}

/// The same questions without anything that tells their answers, and nobody who knows them.
struct Bare;

impl Task<Chat> for Bare {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        let mut prompts = Task::draw(&TwoSteps::default(), split, n, rng)?;
        prompts.iter_mut().for_each(|prompt| prompt.fields = BTreeMap::new());
        Ok(prompts)
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(NotJudged)
    }

    fn gold(&self, _query: &Prompt) -> Option<Completion> {
        None
    }

    fn name(&self) -> String {
        "bare questions".to_owned()
    }
}

#[test]
fn no_truth_is_read_between_questions_and_training_data() {
    let bare = OpenTask { task: Box::new(Bare), vote: Box::new(|_, _| None) };
    let known = ran(&small(), &open());
    let deleted = ran(&SelfEvolution { truth: Truth::Unknown, ..small() }, &bare);
    assert!(!noted(&known, "kept/label_accuracy").is_empty());
    assert!(noted(&deleted, "kept/label_accuracy").is_empty());
    let data = recorded(&known, "data");
    assert_eq!(data.len(), 3 * 8);
    assert_eq!(data, recorded(&deleted, "data"));
}

#[test]
fn what_is_kept_has_passed_the_models_own_verdict() {
    let records = ran(&small(), &open());
    let (data, check) = (recorded(&records, "data"), recorded(&records, "check"));
    assert_eq!(data.len(), check.len());
    for ((_, _, kept), (_, _, verdict)) in data.iter().zip(&check) {
        assert_eq!(*kept == Some(1.0), *verdict == Some(1.0));
    }
    assert!(check.iter().any(|(_, _, verdict)| verdict.is_none()), "some verdicts cannot be read");
    let dropped: f64 =
        ["verdict/dropped", "unread/dropped"].iter().flat_map(|name| noted(&records, name)).sum();
    let kept: f64 = noted(&records, "kept").iter().sum();
    assert_eq!(dropped + kept, 24.0);
}

#[test]
fn each_filter_and_target_drops_by_its_own_rule() {
    let pair = |passes, right| Pair {
        response: Some("r".to_owned()),
        target: Some("t".to_owned()),
        passes,
        right,
        ..Pair::default()
    };
    let drops = |filter, passes, right| SelfEvolution { filter, ..small() }.drops(&pair(passes, right));
    assert_eq!(drops(Filter::Verdict, Some(true), Some(false)), None);
    assert_eq!(drops(Filter::Verdict, Some(false), Some(true)), Some("verdict"));
    assert_eq!(drops(Filter::Verdict, None, Some(true)), Some("unread"));
    assert_eq!(drops(Filter::None, None, None), None);
    assert_eq!(drops(Filter::Oracle, Some(true), Some(false)), Some("wrong"));
    assert_eq!(drops(Filter::Oracle, None, Some(true)), None);
    let none = Pair::default();
    assert_eq!(small().drops(&none), Some("unanswered"));
    assert_eq!(small().drops(&Pair { response: Some("r".to_owned()), ..none }), Some("unrefined"));
    // Without refinement the first answer is the target and its verdict the filter.
    let records = ran(&SelfEvolution { target: Target::Response, ..small() }, &open());
    assert!(recorded(&records, "refine").is_empty() && recorded(&records, "check").is_empty());
    let first: Vec<String> = recorded(&records, "answer").into_iter().map(|(_, text, _)| text).collect();
    assert_eq!(recorded(&records, "data").into_iter().map(|(_, text, _)| text).collect::<Vec<_>>(), first);
}

#[test]
fn later_questions_are_new_well_formed_and_the_models_own() {
    let records = ran(&small(), &open());
    let asked = recorded(&records, "answer");
    assert_eq!(asked.len(), 24);
    assert!(asked[8..].iter().all(|(ask, ..)| ask.contains("own/")));
    let texts: std::collections::BTreeSet<&String> = asked.iter().map(|(ask, ..)| ask).collect();
    assert_eq!(texts.len(), 24);
    let ill_formed: f64 = noted(&records, "ask-ill_formed/dropped").iter().sum();
    assert!(ill_formed > 0.0, "`who?` is no question of this kind");
}

#[test]
fn questions_whose_answers_disagree_are_not_asked() {
    /// Changes its mind about half of the questions.
    struct Fickle;
    impl Policy<Chat> for Fickle {
        fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
            let mut proposals = Scripted.propose(asks, seeds)?;
            for (i, asks) in asks.windows(2).enumerate() {
                // Asked the same again.
                let answers = &mut proposals.answers[i..=i + 1];
                if asks[0].query.id == asks[1].query.id && chance(&answers[0][0].text, 2) == 0 {
                    answers[1][0].text.push('9');
                }
            }
            Ok(proposals)
        }

        fn version(&self) -> Result<Version> {
            Ok(Version("fickle".to_owned()))
        }
    }
    let Later::SelfInstruct(instruct) = small().later else { panic!("it asks itself") };
    let settings =
        SelfEvolution { later: Later::SelfInstruct(Instruct { agree: 2, ..instruct }), rounds: 2, ..small() };
    let task = open();
    let records = records(SelfEvolution::CARD, |run| {
        settings.run_on(&student(), (&Fickle, &Fickle), &task, Some(&TwoStepAnnotator), run)
    });
    let dropped = noted(&records, "disagreement/dropped");
    assert!(dropped.len() == 1 && dropped[0] > 0.0 && dropped[0] < 8.0, "{dropped:?}");
    assert_eq!(recorded(&records, "answer").len() as f64, 8.0 + 8.0 - dropped[0]);
}

#[test]
fn one_sample_that_votes_is_the_single_refinement() {
    let (roles, task) = (roles(Criticism::Separate), open());
    let queries = task.task.draw(Split::Test, 6, &mut Seed::root(1).rng()).expect("draws");
    let asks = Ask::each(&queries, 2, &Sampling::default());
    let seeds: Vec<Seed> = (0..6).map(Seed::root).collect();
    let refined = Refine::of(&Scripted, &roles, &*task.vote, 1).propose(&asks, &seeds).expect("refines");
    for (query, tries) in queries.iter().zip(&refined.answers) {
        let text = |prompt: Prompt| match prompt.body {
            Body::Text(text) => reply(&text, Seed::root(0)),
            Body::Messages(_) => unreachable!("the small wording is bare text"),
        };
        let response = text(roles.answer(query).expect("fills"));
        let feedback = text(roles.criticise(query, &response).expect("fills"));
        let expect = text(roles.refine(query, &response, feedback.trim_end()).expect("fills"));
        assert_eq!(tries.len(), 2);
        assert!(tries.iter().all(|answer| answer.text == expect), "{tries:?} for {expect}");
    }
    let three = Refine::of(&Scripted, &roles, &*task.vote, 3);
    assert_eq!(three.propose(&asks, &seeds).expect("refines").answers, refined.answers);
    assert_ne!(
        three.version().expect("has one"),
        Refine::of(&Scripted, &roles, &*task.vote, 1).version().expect("has one")
    );
}

#[test]
fn the_refined_answer_that_most_agree_on_is_given_and_the_first_stands_where_refining_fails() {
    /// Answers with its seed's turn in a list; criticism fails for one of them.
    struct Turns;
    impl Policy<Chat> for Turns {
        fn propose(&self, asks: &[Ask<Chat>], _seeds: &[Seed]) -> Result<Proposals<Chat>> {
            let says = ["1+1=7", "1+1=5", "1+1=7", "1+1=9"];
            let one = |(turn, ask): (usize, &Ask<Chat>)| {
                let Body::Text(text) = &ask.query.body else { unreachable!("it is bare text") };
                vec![match &text[..3] {
                    "[a]" => Completion { text: says[turn % 4].to_owned(), ..Completion::default() },
                    "[f]" if text.contains("=9") => Completion::failed("deadline"),
                    "[f]" => Completion { text: "Verdict: correct".to_owned(), ..Completion::default() },
                    _ => {
                        let response = text.split(['>', ':']).nth(1).unwrap_or_default();
                        let finish = if response.contains("=5") { Finish::Length } else { Finish::Stop };
                        Completion { text: response.to_owned(), finish, ..Completion::default() }
                    }
                }]
            };
            Ok(Proposals { answers: asks.iter().enumerate().map(one).collect(), spend: Spend::default() })
        }

        fn version(&self) -> Result<Version> {
            Ok(Version("turns".to_owned()))
        }
    }
    let roles = roles(Criticism::Separate);
    let vote =
        |_: &Prompt, answer: &Completion| answer.text.rsplit_once('=').map(|(_, value)| value.to_owned());
    let given = |samples: u32| {
        let asks = Ask::each(&[Prompt::text("q", "10+20+30?")], 1, &Sampling::default());
        let answers =
            Refine::of(&Turns, &roles, &vote, samples).propose(&asks, &[Seed::root(0)]).expect("refines");
        answers.answers[0][0].text.clone()
    };
    assert_eq!((given(1), given(3), given(4)), ("1+1=7".to_owned(), "1+1=7".to_owned(), "1+1=7".to_owned()));
    assert_eq!(given(2), "1+1=7", "a tie goes to the earlier");
}

#[test]
fn a_chat_models_replies_in_text_teach_a_student_of_another_wording() {
    /// Speaks the wording for chat models, combined.
    struct Teacher;
    impl Policy<Chat> for Teacher {
        fn propose(&self, asks: &[Ask<Chat>], _seeds: &[Seed]) -> Result<Proposals<Chat>> {
            let one = |ask: &Ask<Chat>| {
                let Body::Messages(messages) = &ask.query.body else { panic!("it is a conversation") };
                let said = &messages[1].content;
                let text = match (said.contains("Refined answer:"), said.contains("Answer:\n4")) {
                    (false, _) => "5",
                    (true, true) => "Analysis:\nfine\n\nVerdict: correct",
                    (true, false) => {
                        "Analysis:\nstep 1 is off\n\n**Verdict:** Incorrect.\n\nRefined answer:\n4"
                    }
                };
                vec![Completion { text: text.to_owned(), ..Completion::default() }]
            };
            Ok(Proposals { answers: asks.iter().map(one).collect(), spend: Spend::default() })
        }

        fn version(&self) -> Result<Version> {
            Ok(Version("teacher".to_owned()))
        }
    }
    let settings = SelfEvolution {
        prompts: PromptsConfig::Chat,
        student: Some(PromptsConfig::Small),
        criticism: Criticism::Combined,
        meta: Meta::None,
        later: Later::Task,
        truth: Truth::Unknown,
        ..small()
    };
    let task = open();
    let records = records(SelfEvolution::CARD, |run| {
        settings.run_on(&student(), (&Teacher, &Teacher), &task, None, run)
    });
    let data = recorded(&records, "data");
    assert_eq!(data.len(), 24);
    assert!(data.iter().all(|(ask, text, kept)| ask.contains("[a]") && text == "4" && *kept == Some(1.0)));
    assert_eq!(noted(&records, "feedback/verdict_rate"), [0.0; 3]);
    assert_eq!(noted(&records, "check/verdict_rate"), [1.0; 3]);
    assert_eq!(noted(&records, "learn/num_rows"), [8.0, 16.0, 24.0]);
}

#[test]
fn a_users_own_corpus_teaches_the_same_three_terms() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("meta.jsonl");
    let row = |feedback: &str| {
        serde_json::json!({"prompt": "1+1?", "response": "3", "feedback": feedback, "refined": "2"})
            .to_string()
    };
    std::fs::write(&path, row("1+1 is 2. Verdict: incorrect")).expect("writes");
    let settings = SelfEvolution { meta: Meta::File { path: path.clone() }, rounds: 1, ..small() };
    let rows = recorded(&ran(&settings, &open()), "meta");
    let texts: Vec<&str> = rows.iter().map(|(_, text, _)| text.as_str()).collect();
    assert_eq!(texts, ["1+1 is 2. Verdict: incorrect", "2", "2"]);
    std::fs::write(&path, row("no verdict")).expect("writes");
    let ledger = MemoryLedger::default();
    let task = open();
    let error =
        execute(&ledger, SelfEvolution::CARD, |run| body(&settings, &task, run)).expect_err("refused");
    assert!(error.to_string().contains("no heading \"Verdict:\""), "{error}");
}

#[test]
fn a_run_that_dies_resumes_exactly() {
    let task = open();
    let settings = SelfEvolution { rounds: 2, ..small() };
    resumes_exactly(SelfEvolution::CARD, |run| body(&settings, &task, run));
}

#[test]
fn rounds_share_few_questions_and_none_asks_one_twice() {
    let questions: Vec<Prompt> = (0..5).map(|i| Prompt::text(i.to_string(), "?")).collect();
    let ids = |round, n| of_round(&questions, round, n).into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(0, 2), ["0", "1"]);
    assert_eq!(ids(1, 2), ["2", "3"]);
    assert_eq!(ids(2, 2), ["4", "0"]);
    assert_eq!(ids(1, 9).len(), 5);
}

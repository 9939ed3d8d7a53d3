//! The exact checks of self-sampled.

use super::*;
use crate::testing::{records, resumes_exactly};
use autodidact_core::chat::Completion;
use autodidact_core::{Judge, Learn, MemoryLedger, Record, Rng, Task, Try, Verdict};
use autodidact_parts::Shape as ModelShape;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{Amount, Batch, Keep, Sft, SftConfig};
use autodidact_parts::task::programs::{ProgramJudge, canonical};

/// Problems whose answer is 7, by `a=3;b=4;answer=a+b`.
struct Seven;

impl Task<Chat> for Seven {
    fn draw(&self, split: Split, n: usize, _rng: &mut Rng) -> Result<Vec<Prompt>> {
        let one = |i| Prompt::text(format!("{split:?}/{i}"), format!("{i}?")).with("answer", "7");
        Ok((0..n).map(one).collect())
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(ProgramJudge)
    }

    fn gold(&self, _query: &Prompt) -> Option<Completion> {
        Some(Completion { text: "a=3;b=4;answer=a+b".to_owned(), ..Completion::default() })
    }

    fn name(&self) -> String {
        "seven".to_owned()
    }
}

fn seven() -> OpenTask {
    OpenTask { task: Box::new(Seven), vote: Box::new(|_, answer| Some(answer.text.clone())) }
}

/// A model that has seen right, partly right and wrong programs.
fn warm() -> Lm {
    let shape =
        ModelShape { hidden_size: 32, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 64, context: 64 };
    let lm = ModelConfig::Random { shape, seed: 5 }.open(|| unreachable!("it is random")).expect("opens");
    let programs = [
        "a=3;b=4;answer=a+b",
        "b=4;a=3;answer=a+b",
        "b=4;a=3;answer=b-a",
        "b=4;answer=3+b",
        "a=3;answer=a+a",
        "a=3;b=a;answer=b+4",
    ];
    let lesson = |i: usize| {
        let query = Prompt::text("warm", format!("{}?", i % 6));
        let text = programs[(i * 5 + i / 6) % programs.len()].to_owned();
        let mut tokens = lm.tokenizer().encode(&text).expect("encodes");
        tokens.extend(lm.eos().first());
        let prompt = lm.render(&query).expect("renders");
        let answer = Completion { prompt, tokens, text, ..Completion::default() };
        let tries = vec![Try { answer, verdict: Verdict::right(true) }];
        Group { ask: Ask { query, knobs: Sampling::default(), tries: 1 }, tries }
    };
    let groups: Vec<Group<Chat>> = (0..96).map(lesson).collect();
    let config = SftConfig {
        lr: 1e-2,
        amount: Amount::Epochs { epochs: 12 },
        batch: Batch::Rows { rows: 16 },
        ..SftConfig::default()
    };
    Sft::around(&lm, &config, Keep::All).expect("sound").learn(&groups, Seed::root(1)).expect("learns");
    lm
}

fn small() -> SelfSampled {
    SelfSampled {
        problems: 5,
        steps: 8,
        batch: 4,
        refresh: 2,
        tries: 3,
        sampling: Sampling { temperature: 0.8, max_tokens: 30, ..Sampling::default() },
        slack: 1,
        tune: TuneConfig { lr: 1e-3, ..TuneConfig::default() },
        watch: WatchConfig {
            test: Evaluation { problems: 0, ..Evaluation::default() },
            ..WatchConfig::default()
        },
        ..SelfSampled::default()
    }
}

fn noted(records: &[Record], name: &str) -> Vec<f64> {
    let value = |record: &Record| match record {
        Record::Note(note) if note.key.stage == name => Some(note.value),
        _ => None,
    };
    records.iter().filter_map(value).collect()
}

fn learner(settings: &SelfSampled) -> Learner {
    let problems = Seven.draw(Split::Train, 3, &mut Seed::root(0).rng()).expect("draws");
    Learner::of(&warm(), settings, &Seven, &problems).expect("references run")
}

/// A judged group of one problem with these programs as samples.
fn group(programs: &[&str]) -> Group<Chat> {
    let query = Seven.draw(Split::Train, 1, &mut Seed::root(0).rng()).expect("draws").remove(0);
    let one = |text: &&str| Try {
        answer: Completion { text: (*text).to_owned(), ..Completion::default() },
        verdict: Verdict::right(false),
    };
    let ask = Ask { query, knobs: Sampling::default(), tries: programs.len() as u32 };
    Group { ask, tries: programs.iter().map(one).collect() }
}

#[test]
fn buffers_grow_while_it_learns_and_are_reported() {
    let records = records(SelfSampled::CARD, |run| small().run_on(&warm(), &seven(), run));
    let full = noted(&records, "learn/full");
    assert_eq!(full.len(), 4);
    assert!(full.windows(2).all(|pair| pair[0] <= pair[1]) && full[3] > 1.0, "{full:?}");
    assert!(noted(&records, "learn/loss").iter().all(|loss| loss.is_finite()));
}

#[test]
fn plain_fine_tuning_samples_nothing_and_learns_the_reference_alone() {
    let recipe = SelfSampled { credit: Credit::None, ..small() };
    let records = records(SelfSampled::CARD, |run| recipe.run_on(&warm(), &seven(), run));
    assert!(!records.iter().any(|record| matches!(record, Record::Attempt(_))));
    assert_eq!(noted(&records, "learn/num_rows"), [8.0; 4]);
    assert_eq!(noted(&records, "learn/full"), [1.0; 4]);
}

#[test]
fn every_loss_trains() {
    for loss in [MultiTarget::Mml, MultiTarget::BetaMml { beta: 0.25 }, MultiTarget::MleAugMean] {
        let recipe = SelfSampled { loss, steps: 4, ..small() };
        let records = records(SelfSampled::CARD, |run| recipe.run_on(&warm(), &seven(), run));
        assert!(noted(&records, "learn/loss").iter().all(|loss| loss.is_finite()), "{loss:?}");
    }
}

#[test]
fn a_sample_that_does_not_run_or_is_wrong_saves_nothing_but_its_known_states() {
    let mut learner = learner(&small());
    let lesson =
        learner.learn(&[group(&["b=4;a=", "b=4;a=3;answer=a*b", "b=4;a=3;answer=b+a"])], Seed::root(1));
    assert_eq!(lesson.expect("learns").metrics.get("saved_ratio"), Some(2.0 / 3.0));
    let known = &learner.known()["Train/0"];
    assert_eq!(known.full().len(), 2);
    // The whole program begins with the partly right one that came before it, and removes it.
    assert_eq!(known.partial().len(), 1);
}

#[test]
fn only_whole_programs_end() {
    let mut learner = learner(&small());
    learner.learn(&[group(&["b=4;a=3;answer=a*b"])], Seed::root(1)).expect("learns");
    let query = group(&[]).ask.query;
    let targets = learner.targets(&query, Seed::root(2)).expect("known");
    let question = [256, 48, 63];
    for (program, whole) in targets {
        let row = learner.row(&question, program, whole).expect("encodes");
        let n = program.join(";").len();
        assert_eq!(row.tokens.len(), question.len() + n + usize::from(whole));
        assert_eq!(row.tokens.last() == Some(&257), whole);
        // The last target of a partly right program is its last letter: nothing is said of what follows.
        assert_eq!(row.weight.iter().filter(|&&w| w == 1.0).count(), n + usize::from(whole));
        assert!(row.weight[..question.len() - 1].iter().all(|&w| w == 0.0));
    }
}

#[test]
fn samples_continue_from_known_prefixes_when_there_are_any() {
    let mut learner = learner(&small());
    let query = group(&[]).ask.query;
    let given = |learner: &Learner, seed| {
        learner.asks(std::slice::from_ref(&query), Seed::root(seed)).expect("known")[0].query.given.clone()
    };
    assert!((0..20).all(|seed| given(&learner, seed).is_empty()));
    learner.learn(&[group(&["b=4;a=3;answer=a*b"])], Seed::root(1)).expect("learns");
    let all: std::collections::BTreeSet<Vec<u32>> = (0..40).map(|seed| given(&learner, seed)).collect();
    let prefix: Vec<u32> = "b=4;a=3;".bytes().map(u32::from).collect();
    assert_eq!(all, std::collections::BTreeSet::from([Vec::new(), prefix]));
}

#[test]
fn the_targets_are_capped_and_the_reference_may_come_first() {
    let mut settings = SelfSampled { slack: u32::MAX, targets: 2, choose: Choose::FullFirst, ..small() };
    let mut learner = learner(&settings);
    let programs = ["b=4;a=3;answer=a+b", "c=7;answer=c", "answer=7", "answer=3+4"];
    learner.learn(&[group(&programs)], Seed::root(1)).expect("learns");
    let query = group(&[]).ask.query;
    let targets = learner.targets(&query, Seed::root(2)).expect("known");
    assert_eq!(targets[0].0.join(";"), "a=3;b=4;answer=a+b");
    assert_eq!(targets.len(), 2);
    settings.choose = Choose::Random;
    learner.settings = settings;
    let draw = |seed| {
        let targets = learner.targets(&query, Seed::root(seed)).expect("known");
        targets.into_iter().map(|(program, _)| program.join(";")).collect::<Vec<_>>()
    };
    assert!((0..20).any(|seed| draw(seed) != draw(seed + 1)));
}

#[test]
fn a_killed_run_resumes_to_the_same_records_buffers_included() {
    let recipe = SelfSampled { steps: 6, ..small() };
    resumes_exactly(SelfSampled::CARD, |run| recipe.run_on(&warm(), &seven(), run));
    let ledger = MemoryLedger::default();
    crate::testing::execute(&ledger, SelfSampled::CARD, |run| recipe.run_on(&warm(), &seven(), run))
        .expect("runs");
}

#[test]
fn passes_hold_every_problem_once() {
    let problems = Seven.draw(Split::Train, 5, &mut Seed::root(0).rng()).expect("draws");
    let picked = pick(&problems, 3..13, Seed::root(1));
    for pass in [&picked[2..7], &picked[7..10]] {
        let ids: std::collections::BTreeSet<&str> = pass.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids.len(), pass.len());
    }
    // Where a round begins does not change which problem stands at a place.
    assert_eq!(pick(&problems, 8..10, Seed::root(1)), picked[5..7]);
}

#[test]
fn settings_that_cannot_work_are_named() {
    let check = |recipe: SelfSampled, expect: &str| {
        let error = recipe.check().expect_err(expect).to_string();
        assert!(error.starts_with(expect), "{error}");
    };
    let suite = TaskConfig::default();
    check(SelfSampled { task: suite, ..SelfSampled::default() }, "task.kind must be programs");
    let loss = MultiTarget::BetaMml { beta: 0.0 };
    check(SelfSampled { loss, ..SelfSampled::default() }, "loss.beta must be in (0, 1]");
    check(SelfSampled { batch: 0, ..SelfSampled::default() }, "batch must be at least 1");
    assert!(SelfSampled::default().check().is_ok());
    assert_eq!(canonical(" a=3 ; answer=a "), "a=3;answer=a");
}

/// The losses' fixed points on a policy that is a softmax over four listed programs, with the same
/// buffer: a fast stand-in for the language model.
#[test]
fn the_losses_end_where_the_card_says() {
    let listed = ["a=3;b=4;answer=a+b", "b=4;a=3;answer=a+b", "b=4;a=3;answer=b+a", "a=3;answer=a*a"];
    let mut shares = Vec::new();
    for loss in [MultiTarget::MleAug, MultiTarget::BetaMml { beta: 0.25 }, MultiTarget::Mml] {
        let mut learner = learner(&SelfSampled { credit: Credit::Full, ..small() });
        learner.keep(&group(&listed)).expect("known");
        let full = learner.known()["Train/0"].full();
        let found: Vec<usize> =
            (0..4).filter(|&i| full.iter().any(|one| one.join(";") == listed[i])).collect();
        assert_eq!(found, [0, 1, 2]);
        // Starts far from uniform: the logits differ by up to 2.
        let mut logits = [2.0f64, 0.5, 0.0, 1.0];
        for _ in 0..20_000 {
            let total: f64 = logits.iter().map(|x| x.exp()).sum();
            let p = logits.map(|x| x.exp() / total);
            let (_, weights) = loss.loss(&found.iter().map(|&i| p[i].ln()).collect::<Vec<_>>());
            let sum: f64 = weights.iter().sum();
            let mut step = p.map(|p| -sum * p);
            found.iter().zip(&weights).for_each(|(&i, weight)| step[i] += weight);
            logits.iter_mut().zip(step).for_each(|(x, step)| *x += 0.05 * step);
        }
        let total: f64 = logits.iter().map(|x| x.exp()).sum();
        shares.push(logits.map(|x| x.exp() / total));
    }
    let spread = |p: &[f64; 4]| p[0].max(p[1]).max(p[2]) - p[0].min(p[1]).min(p[2]);
    assert!(shares.iter().all(|p| p[3] < 0.01), "{shares:?}");
    assert!(spread(&shares[0]) < 0.01 && spread(&shares[1]) < 0.01, "{shares:?}");
    // Any distribution over right programs is an optimum: the likeliest stays the likeliest.
    assert!(spread(&shares[2]) > 0.5, "{shares:?}");
}

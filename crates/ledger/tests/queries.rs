//! What a ledger says about runs, checked against one made by hand.

mod made;

use autodidact_core::{Ledger, Record, RunEnd, RunId};
use autodidact_ledger::{Axis, Order, OutcomeKind, SampleFilter, Status, Store, Turns};
use made::{answer, attempt, b_star, fresh, key, note, pool, spec, spend, talk};

#[test]
fn a_run_in_one_line_counts_evaluations_apart() {
    let (_directory, store) = fresh();
    let run = b_star(&store);
    let line = store.run_line(&run).expect("known");
    assert_eq!((line.run.0.as_str(), line.recipe.as_str(), line.seed), ("b-star-1", "b-star", u64::MAX));
    assert_eq!((line.round, line.phases, line.lessons, line.samples, line.alarms), (1, 4, 1, 8, 1));
    // pool 22 tokens and 2 s, the lesson 40 tokens and 4 s; two evaluations of 1 token and 1 s.
    assert_eq!(line.spend, spend(22, 40, 6, 6.0));
    assert_eq!(line.evaluation_spend, spend(2, 0, 2, 2.0));
    assert!(line.started_at.ends_with('Z') && line.started_at <= line.last_at);
}

#[test]
fn a_runs_status_follows_its_ends_and_who_holds_it() {
    let (_directory, store) = fresh();
    let run = b_star(&store);
    let status = || store.run_line(&run).expect("known").status;
    let append = |record| store.append(&run, &[record]).expect("accepted");
    assert_eq!(status(), Status::Killed, "no end and nobody works on it");

    let claim = store.claim(&run).expect("free");
    assert_eq!(status(), Status::Running);
    let error = store.claim(&run).expect_err("taken").to_string();
    assert!(error.contains("no other process") && error.contains("b-star-1"), "{error}");
    drop(claim);

    append(Record::End(RunEnd::Stopped { reason: "interrupted".to_owned() }));
    assert_eq!(status(), Status::Stopped { reason: "interrupted".to_owned() });
    append(Record::Learn(made::lesson(2, &[])));
    assert_eq!(status(), Status::Killed, "it went on after that end, and was killed");
    append(Record::End(RunEnd::Failed { reason: "no disk".to_owned() }));
    assert_eq!(status(), Status::Failed { reason: "no disk".to_owned() });
    append(Record::End(RunEnd::Complete));
    assert_eq!(status(), Status::Complete);
    assert_eq!(store.last_end(&run).expect("readable"), Some(RunEnd::Complete));
    assert_eq!(store.report(&run).expect("known").ends.len(), 3);
}

#[test]
fn runs_are_listed_newest_first_under_free_names() {
    let (_directory, store) = fresh();
    for recipe in ["raft", "b-star", "b-star", "raft"] {
        store.begin(&spec(recipe)).expect("begins");
    }
    let names: Vec<String> = store.runs().expect("readable").into_iter().map(|line| line.run.0).collect();
    assert_eq!(names, ["raft-2", "b-star-2", "b-star-1", "raft-1"]);
    assert_eq!(store.run_names().expect("readable"), ["b-star-1", "b-star-2", "raft-1", "raft-2"]);

    store.append(&RunId("raft-9".to_owned()), &[Record::Begin(spec("raft"))]).expect("a name of one's own");
    assert_eq!(store.begin(&spec("raft")).expect("begins").0, "raft-10");
    assert_eq!(store.begin(&spec("b")).expect("begins").0, "b-1", "b-star-2 is no run of b");
}

#[test]
fn a_run_is_found_by_a_prefix_that_fits_no_other() {
    let (_directory, store) = fresh();
    let find = |name: &str| store.find(name).map(|run| run.0).map_err(|error| error.to_string());
    assert_eq!(find("b"), Err("no run is named \"b\"; known: ".to_owned()));
    for name in ["b-star-1", "b-star-10", "raft-1"] {
        store.append(&RunId(name.to_owned()), &[Record::Begin(spec("x"))]).expect("begins");
    }
    assert_eq!(find("ra"), Ok("raft-1".to_owned()));
    assert_eq!(find("b-star-1"), Ok("b-star-1".to_owned()), "a whole name wins");
    let both = find("b-st").expect_err("two fit");
    assert!(both.contains("b-star-1, b-star-10"), "{both}");
    let none = find("grpo").expect_err("none fits");
    assert_eq!(none, "no run is named \"grpo\"; known: b-star-1, b-star-10, raft-1");
}

#[test]
fn a_report_says_where_tokens_and_time_went() {
    let (_directory, store) = fresh();
    let run = b_star(&store);
    let report = store.report(&run).expect("known");
    assert_eq!(report.spec, spec("b-star"));
    let stages: Vec<(&str, &str, u64, u64)> = report
        .stages
        .iter()
        .map(|stage| (stage.stage.as_str(), stage.purpose.as_str(), stage.phases, stage.samples))
        .collect();
    assert_eq!(stages, [("eval", "evaluation", 2, 2), ("pool", "attempt", 1, 6), ("learn", "learn", 1, 0)]);
    assert_eq!(report.stages[1].spend, spend(22, 0, 6, 2.0));
    let times = report.times;
    // Of the pool's 2 s the judge took half a second.
    let found = (times.proposing, times.judging, times.learning, times.evaluating);
    assert_eq!(found, (1.5, 0.5, 4.0, 2.0));
    assert_eq!(report.alarms.len(), 1);
    assert_eq!(report.alarms[0].name, "pool/errored");
    assert_eq!(report.line.status, Status::Killed);
}

#[test]
fn a_series_knows_what_had_been_spent_by_each_of_its_points() {
    let (_directory, store) = fresh();
    let run = b_star(&store);
    let report = store.report(&run).expect("known");
    let names: Vec<&str> = report.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["eval/pass@1", "pool/reward"]);
    let points: Vec<(u32, f64, u64, u64)> = report.series[0]
        .points
        .iter()
        .map(|point| (point.round, point.value, point.spend.sampled_tokens, point.spend.trained_tokens))
        .collect();
    assert_eq!(points, [(0, 0.0, 0, 0), (1, 0.5, 22, 40)]);
    assert_eq!(report.series[1].points[0].spend, spend(22, 0, 6, 2.0), "the lesson comes later");
}

#[test]
fn runs_compare_at_the_budget_that_all_of_them_reached() {
    let (_directory, store) = fresh();
    let one = b_star(&store);
    let two = store.begin(&spec("raft")).expect("begins");
    let more = attempt(key("pool", 1), &[], Vec::new(), spend(100, 0, 9, 1.0));
    let append = |records: &[Record]| store.append(&two, records).expect("accepted");
    append(&[note("eval/pass@1", 0, 0.1)]);
    append(&[Record::Attempt(more), note("eval/pass@1", 1, 0.9)]);

    let found =
        store.compare(&[one.clone(), two.clone()], "eval/pass@1", Axis::SampledTokens).expect("known");
    assert_eq!(found.common, 22.0);
    let at: Vec<(&str, Option<f64>, f64)> =
        found.curves.iter().map(|curve| (curve.recipe.as_str(), curve.at_common, curve.last)).collect();
    assert_eq!(at, [("b-star", Some(0.5), 0.5), ("raft", Some(0.1), 0.9)]);

    let error = store.compare(&[two], "pool/reward", Axis::Tokens).expect_err("never noted").to_string();
    assert_eq!(error, "no metric of raft-1 is named \"pool/reward\"; known: eval/pass@1");
}

/// The texts of the samples of the hand-made run that pass a filter.
fn texts(store: &Store, change: impl FnOnce(&mut SampleFilter)) -> Vec<String> {
    let mut filter = SampleFilter::of(&RunId("b-star-1".to_owned()));
    filter.stage = Some("pool".to_owned());
    change(&mut filter);
    let found: Vec<String> =
        store.samples(&filter).expect("readable").into_iter().map(|sample| sample.text).collect();
    if filter.limit.is_none() && filter.offset == 0 {
        assert_eq!(store.count_samples(&filter).expect("readable"), found.len() as u64);
    }
    found
}

#[test]
fn samples_are_filtered_by_everything_that_is_known_of_them() {
    let (_directory, store) = fresh();
    b_star(&store);
    let all = ["2", "is it 2 or", "11", "4!", "I pass", "4"];
    assert_eq!(texts(&store, |_| ()), all);
    assert_eq!(texts(&store, |f| f.stage = None).len(), 8);
    assert_eq!(texts(&store, |f| (f.stage, f.round) = (None, Some(0))), ["3"]);
    assert_eq!(texts(&store, |f| (f.stage, f.evaluation) = (None, Some(true))), ["3", "3"]);
    assert_eq!(texts(&store, |f| f.min_score = Some(0.25)), ["2", "is it 2 or", "4"]);
    assert_eq!(texts(&store, |f| f.max_score = Some(0.25)), ["is it 2 or", "11"]);
    assert_eq!(texts(&store, |f| f.outcome = Some(OutcomeKind::Error)), ["4!"]);
    assert_eq!(texts(&store, |f| f.outcome = Some(OutcomeKind::Abstain)), ["I pass"]);
    assert_eq!(texts(&store, |f| f.truncated = Some(true)), ["is it 2 or"]);
    assert_eq!(texts(&store, |f| f.truncated = Some(false)), ["2", "11", "4!", "I pass", "4"]);
    assert_eq!(texts(&store, |f| f.contains = Some("2".to_owned())), ["2", "is it 2 or"]);
    assert_eq!(texts(&store, |f| f.contains = Some("%".to_owned())), [""; 0], "no pattern, just text");
    assert_eq!(texts(&store, |f| f.query_id = Some("sum/2".to_owned())), ["4!", "I pass", "4"]);
    assert_eq!(texts(&store, |f| f.query_id = Some("' OR 1=1 --".to_owned())), [""; 0]);
}

#[test]
fn samples_come_in_the_order_asked_for() {
    let (_directory, store) = fresh();
    b_star(&store);
    let by = |order| texts(&store, |f| f.order = order);
    assert_eq!(by(Order::Newest), ["4", "I pass", "4!", "11", "is it 2 or", "2"]);
    assert_eq!(by(Order::Best), ["2", "4", "is it 2 or", "11", "4!", "I pass"]);
    assert_eq!(by(Order::Worst), ["11", "is it 2 or", "2", "4", "4!", "I pass"]);
    assert_eq!(by(Order::Longest), ["is it 2 or", "I pass", "11", "4!", "2", "4"]);
    assert_eq!(by(Order::Shortest), ["2", "4", "11", "4!", "I pass", "is it 2 or"]);
    assert_eq!(texts(&store, |f| (f.limit, f.offset) = (Some(2), 1)), ["is it 2 or", "11"]);
    assert_eq!(texts(&store, |f| f.offset = 5), ["4"]);
}

#[test]
fn a_sample_carries_its_prompt_its_verdict_and_its_numbers() {
    let (_directory, store) = fresh();
    let run = b_star(&store);
    let samples = store.samples(&SampleFilter::of(&run)).expect("readable");
    let sample = &samples[1];
    assert_eq!(sample.prompt, Turns::Text("1+1=".to_owned()));
    assert_eq!(sample.query_id.as_deref(), Some("sum/1"));
    assert_eq!(sample.fields["answer"], "2");
    assert_eq!((sample.key.stage.as_str(), sample.key.round, sample.ask, sample.attempt), ("pool", 1, 0, 0));
    assert_eq!(sample.verdict, pool().samples[0].verdict);
    assert_eq!((sample.policy.as_str(), sample.judge.as_str()), ("weights-1", "exact"));
    assert_eq!(sample.prompt_tokens, [256, 0]);
    assert_eq!(sample.tokens, [u32::from(b'2')]);
    assert_eq!((&sample.logprobs[..], &sample.policy_logprobs[..]), (&[-0.25f32][..], &[-0.5f32][..]));
    let knobs: serde_json::Value = serde_json::from_str(&sample.knobs).expect("JSON");
    assert_eq!(knobs["max_tokens"], 128);
    assert_eq!(samples[2].truncated, Some(true));

    let error = store.samples(&SampleFilter::of(&RunId("grpo-1".to_owned()))).expect_err("unknown");
    assert_eq!(error.to_string(), "no run is named \"grpo-1\"; known: b-star-1");
}

#[test]
fn a_reader_may_ask_and_record_while_it_reads() {
    let (_directory, store) = fresh();
    let run = b_star(&store);
    let mut texts = Vec::new();
    let see = |sample: autodidact_ledger::SampleView| {
        store.report(&run)?;
        let key = autodidact_core::Key { part: texts.len() as u32, ..key("seen", 0) };
        store.append(&run, &[Record::Note(autodidact_core::Note { key, value: 1.0 })])?;
        texts.push(sample.text);
        Ok(())
    };
    store.each_sample(&SampleFilter::of(&run), see).expect("readable");
    assert_eq!(texts.len(), 8);
}

#[test]
fn a_conversation_and_any_other_query_read_as_text() {
    let (_directory, store) = fresh();
    let run = store.begin(&spec("x")).expect("begins");
    let samples = vec![answer(0, 0, "2", Default::default(), autodidact_core::Verdict::score(1.0))];
    let chat = attempt(key("chat", 0), &[talk()], samples.clone(), spend(1, 0, 1, 0.0));
    let mut arm = attempt(key("arm", 0), &[], samples, spend(1, 0, 1, 0.0));
    arm.asks = vec!["{\"query\":[0.5,1],\"knobs\":null,\"tries\":1}".to_owned()];
    store.append(&run, &[Record::Attempt(chat), Record::Attempt(arm)]).expect("accepted");

    let prompts: Vec<String> = store
        .samples(&SampleFilter::of(&run))
        .expect("readable")
        .iter()
        .map(|sample| sample.prompt.text())
        .collect();
    assert_eq!(prompts, ["system: Be brief.\n\nuser: 1+1?", "[0.5,1]"]);
}

#[test]
fn outputs_and_lessons_give_their_latest_files() {
    let (_directory, store) = fresh();
    let run = b_star(&store);
    let last = store.output(&run, "last").expect("offered");
    assert_eq!(last.round, 1);
    let snapshot = store.snapshot(&last.files).expect("stored");
    assert_eq!(snapshot.file("model"), Some(&b"weights after round 1"[..]));
    let lesson = store.last_lesson(&run, None).expect("readable").expect("learned");
    assert_eq!((lesson.stage.as_str(), lesson.round, &lesson.files), ("learn", 1, &last.files));
    assert_eq!(store.last_lesson(&run, Some("warm-up")).expect("readable"), None);
    let error = store.output(&run, "best").expect_err("not offered").to_string();
    assert_eq!(error, "no output of b-star-1 is named \"best\"; known: last");
}

#[test]
fn anyone_may_read_the_answers_with_plain_sql() {
    let (_directory, store) = fresh();
    b_star(&store);
    let sqlite = rusqlite::Connection::open(store.file()).expect("a SQLite file");
    let mut select = sqlite
        .prepare("SELECT prompt, text, score FROM answers WHERE stage = 'pool' AND score = 1 ORDER BY sample")
        .expect("a view");
    let rows: Vec<(String, String, f64)> = select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect)
        .expect("readable");
    let row = |prompt: &str, text: &str| (prompt.to_owned(), text.to_owned(), 1.0);
    assert_eq!(rows, [row("1+1=", "2"), row("2+2=", "4")]);
}

//! Writing records into the tables.

use crate::checksum;
use crate::fault::Inner;
use crate::number::{Bits, count, detail_to_text, floats_to_bytes, ids_to_bytes};
use autodidact_core::{
    AttemptRow, BlobId, Error, Key, LearnRow, Note, Outcome, Record, RunEnd, RunId, RunSpec, SampleRow, Spend,
};
use rusqlite::{Connection, OptionalExtension, named_params, params};

/// Writes `records` of one run into an open transaction.
pub(crate) fn records(tx: &Connection, run: &RunId, records: &[Record]) -> Inner<()> {
    if !matches!(records.first(), Some(Record::Begin(_))) && !begun(tx, run)? {
        return Err(Error::unknown("run", &run.0, names(tx)?).into());
    }
    for record in records {
        match record {
            Record::Begin(spec) => begin(tx, run, spec)?,
            Record::Attempt(row) => attempt(tx, run, row)?,
            Record::Learn(row) => learn(tx, run, row)?,
            Record::Note(row) => note(tx, run, row)?,
            Record::Alarm { key, message } => alarm(tx, run, key, message)?,
            Record::Output { key, files } => output(tx, run, key, files)?,
            Record::End(ending) => end(tx, run, ending)?,
        }
    }
    Ok(())
}

/// The first of `recipe-1`, `recipe-2`, ... after all that are taken.
pub(crate) fn free_name(tx: &Connection, recipe: &str) -> Inner<RunId> {
    let prefix = format!("{recipe}-");
    let taken = names(tx)?;
    let numbers = taken.iter().filter_map(|name| name.strip_prefix(&prefix)?.parse::<u64>().ok());
    Ok(RunId(format!("{prefix}{}", numbers.max().map_or(1, |n| n.saturating_add(1)))))
}

/// The names of all runs, sorted.
pub(crate) fn names(tx: &Connection) -> Inner<Vec<String>> {
    let mut select = tx.prepare_cached("SELECT run FROM runs ORDER BY run")?;
    let names = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names)
}

fn begun(tx: &Connection, run: &RunId) -> Inner<bool> {
    let mut select = tx.prepare_cached("SELECT 1 FROM runs WHERE run = ?")?;
    Ok(select.exists([&run.0])?)
}

/// The moment of recording, in UTC.
pub(crate) const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

fn begin(tx: &Connection, run: &RunId, spec: &RunSpec) -> Inner<()> {
    if begun(tx, run)? {
        return Err(Error::invalid("run", "a name not used before", &run.0).into());
    }
    let caps = &spec.caps;
    let cap = |field: &str, cap: Option<u64>| cap.map(|n| count(field, n)).transpose();
    let mut bits = Bits::default();
    let cap_seconds = caps.seconds.and_then(|seconds| bits.keep("cap_seconds", seconds));
    let cap_cost = caps.cost.and_then(|cost| bits.keep("cap_cost", cost));
    tx.prepare_cached(&format!(
        "INSERT INTO runs (run, recipe, config, seed, cap_sampled_tokens, cap_scored_tokens,
            cap_trained_tokens, cap_judge_calls, cap_seconds, cap_cost, program, bits, started_at)
         VALUES (:run, :recipe, :config, :seed, :sampled, :scored, :trained, :judged, :seconds,
            :cost, :program, :bits, {NOW})"
    ))?
    .execute(named_params! {
        ":run": run.0,
        ":recipe": spec.recipe,
        ":config": spec.config,
        ":seed": spec.seed.to_string(),
        ":sampled": cap("caps.sampled_tokens", caps.sampled_tokens)?,
        ":scored": cap("caps.scored_tokens", caps.scored_tokens)?,
        ":trained": cap("caps.trained_tokens", caps.trained_tokens)?,
        ":judged": cap("caps.judge_calls", caps.judge_calls)?,
        ":seconds": cap_seconds,
        ":cost": cap_cost,
        ":program": spec.program,
        ":bits": bits.text(),
    })?;
    Ok(())
}

/// What the two kinds of phase have in common, and what only attempts have.
struct PhaseRow<'a> {
    key: &'a Key,
    digest: &'a str,
    spend: &'a Spend,
    checksum: String,
    attempt: Option<&'a AttemptRow>,
}

/// Writes a phase and returns its number, or `None` when its key was there already.
fn phase(tx: &Connection, run: &RunId, row: &PhaseRow<'_>) -> Inner<Option<i64>> {
    let mut bits = Bits::default();
    let seconds = bits.keep("seconds", row.spend.seconds);
    let cost = bits.keep("cost", row.spend.cost);
    let judge_seconds = row.attempt.and_then(|attempt| bits.keep("judge_seconds", attempt.judge_seconds));
    let number = tx
        .prepare_cached(&format!(
            "INSERT INTO phases (run, kind, stage, round, occurrence, part, digest, policy, judge,
                evaluation, sampled_tokens, scored_tokens, trained_tokens, judge_calls, seconds,
                cost, judge_seconds, samples, bits, checksum, recorded_at)
             VALUES (:run, :kind, :stage, :round, :occurrence, :part, :digest, :policy, :judge,
                :evaluation, :sampled, :scored, :trained, :judged, :seconds,
                :cost, :judge_seconds, :samples, :bits, :checksum, {NOW})
             ON CONFLICT (run, stage, round, occurrence, part) DO NOTHING
             RETURNING phase"
        ))?
        .query_row(
            named_params! {
                ":run": run.0,
                ":kind": if row.attempt.is_some() { "attempt" } else { "learn" },
                ":stage": row.key.stage,
                ":round": row.key.round,
                ":occurrence": row.key.occurrence,
                ":part": row.key.part,
                ":digest": row.digest,
                ":policy": row.attempt.map(|attempt| &attempt.policy),
                ":judge": row.attempt.map(|attempt| &attempt.judge),
                ":evaluation": row.attempt.is_some_and(|attempt| attempt.evaluation),
                ":sampled": count("spend.sampled_tokens", row.spend.sampled_tokens)?,
                ":scored": count("spend.scored_tokens", row.spend.scored_tokens)?,
                ":trained": count("spend.trained_tokens", row.spend.trained_tokens)?,
                ":judged": count("spend.judge_calls", row.spend.judge_calls)?,
                ":seconds": seconds,
                ":cost": cost,
                ":judge_seconds": judge_seconds,
                ":samples": row.attempt.map_or(0, |attempt| attempt.samples.len() as i64),
                ":bits": bits.text(),
                ":checksum": row.checksum,
            },
            |row| row.get(0),
        )
        .optional()?;
    Ok(number)
}

fn attempt(tx: &Connection, run: &RunId, row: &AttemptRow) -> Inner<()> {
    let checksum = checksum::of_attempt(row);
    let common =
        PhaseRow { key: &row.key, digest: &row.digest, spend: &row.spend, checksum, attempt: Some(row) };
    let Some(number) = phase(tx, run, &common)? else { return Ok(()) };

    // The prompt's tokens are the same for all tries at an ask, so the ask keeps them.
    let mut prompts: Vec<Option<&[u32]>> = vec![None; row.asks.len()];
    for sample in &row.samples {
        if let Some(prompt) = prompts.get_mut(sample.ask as usize) {
            prompt.get_or_insert(&sample.answer.prompt_tokens);
        }
    }
    let mut insert =
        tx.prepare_cached("INSERT INTO asks (phase, ask, json, prompt_tokens) VALUES (?, ?, ?, ?)")?;
    for (i, (json, prompt)) in row.asks.iter().zip(&prompts).enumerate() {
        insert.execute(params![number, i as i64, json, prompt.map(ids_to_bytes)])?;
    }
    samples(tx, number, &row.samples, &prompts)
}

fn samples(tx: &Connection, phase: i64, samples: &[SampleRow], prompts: &[Option<&[u32]>]) -> Inner<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO samples (phase, ask, attempt, outcome, score, reason, error_seconds, detail,
            text, json, prompt_tokens, tokens, logprobs, policy_logprobs, bits)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for sample in samples {
        let answer = &sample.answer;
        let mut bits = Bits::default();
        let (outcome, score, reason, seconds) = match &sample.verdict.outcome {
            Outcome::Score { score } => ("score", bits.keep("score", *score), None, None),
            Outcome::Abstain { reason } => ("abstain", None, Some(reason), None),
            Outcome::Error { reason, seconds } => {
                ("error", None, Some(reason), bits.keep("error_seconds", *seconds))
            }
        };
        let shared = prompts.get(sample.ask as usize).copied().flatten();
        let own = (shared != Some(&answer.prompt_tokens[..])).then(|| ids_to_bytes(&answer.prompt_tokens));
        insert.execute(params![
            phase,
            sample.ask,
            sample.attempt,
            outcome,
            score,
            reason,
            seconds,
            detail_to_text(&sample.verdict.detail),
            answer.text,
            answer.json,
            own,
            ids_to_bytes(&answer.tokens),
            floats_to_bytes(&answer.logprobs),
            floats_to_bytes(&answer.policy_logprobs),
            bits.text(),
        ])?;
    }
    Ok(())
}

fn learn(tx: &Connection, run: &RunId, row: &LearnRow) -> Inner<()> {
    let checksum = checksum::of_learn(row);
    let common = PhaseRow { key: &row.key, digest: &row.digest, spend: &row.spend, checksum, attempt: None };
    let Some(number) = phase(tx, run, &common)? else { return Ok(()) };
    let mut insert = tx.prepare_cached(
        "INSERT INTO learn_metrics (phase, position, name, value, bits) VALUES (?, ?, ?, ?, ?)",
    )?;
    for (i, (name, value)) in row.metrics.iter().enumerate() {
        let mut bits = Bits::default();
        insert.execute(params![number, i as i64, name, bits.keep("value", *value), bits.text()])?;
    }
    let mut insert =
        tx.prepare_cached("INSERT INTO learn_files (phase, position, name, blob) VALUES (?, ?, ?, ?)")?;
    for (i, (name, blob)) in row.files.iter().enumerate() {
        insert.execute(params![number, i as i64, name, blob.0])?;
    }
    Ok(())
}

fn note(tx: &Connection, run: &RunId, note: &Note) -> Inner<()> {
    let mut bits = Bits::default();
    let value = bits.keep("value", note.value);
    let key = &note.key;
    tx.prepare_cached(
        "INSERT INTO notes (run, name, round, occurrence, part, value, bits, after_phase)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT max(phase) FROM phases WHERE run = ?1))
         ON CONFLICT (run, name, round, occurrence, part) DO NOTHING",
    )?
    .execute(params![run.0, key.stage, key.round, key.occurrence, key.part, value, bits.text()])?;
    Ok(())
}

fn alarm(tx: &Connection, run: &RunId, key: &Key, message: &str) -> Inner<()> {
    tx.prepare_cached(&format!(
        "INSERT INTO alarms (run, name, round, occurrence, part, message, recorded_at)
         VALUES (?, ?, ?, ?, ?, ?, {NOW})
         ON CONFLICT (run, name, round, occurrence, part) DO NOTHING"
    ))?
    .execute(params![run.0, key.stage, key.round, key.occurrence, key.part, message])?;
    Ok(())
}

fn output(tx: &Connection, run: &RunId, key: &Key, files: &[(String, BlobId)]) -> Inner<()> {
    let number: Option<i64> = tx
        .prepare_cached(&format!(
            "INSERT INTO outputs (run, name, round, occurrence, part, recorded_at)
             VALUES (?, ?, ?, ?, ?, {NOW})
             ON CONFLICT (run, name, round, occurrence, part) DO NOTHING
             RETURNING output"
        ))?
        .query_row(params![run.0, key.stage, key.round, key.occurrence, key.part], |row| row.get(0))
        .optional()?;
    let Some(number) = number else { return Ok(()) };
    let mut insert =
        tx.prepare_cached("INSERT INTO output_files (output, position, name, blob) VALUES (?, ?, ?, ?)")?;
    for (i, (name, blob)) in files.iter().enumerate() {
        insert.execute(params![number, i as i64, name, blob.0])?;
    }
    Ok(())
}

fn end(tx: &Connection, run: &RunId, ending: &RunEnd) -> Inner<()> {
    let (kind, reason) = match ending {
        RunEnd::Complete => ("complete", None),
        RunEnd::Stopped { reason } => ("stopped", Some(reason)),
        RunEnd::Failed { reason } => ("failed", Some(reason)),
    };
    tx.prepare_cached(&format!(
        "INSERT INTO ends (run, kind, reason, after_phase, recorded_at)
         VALUES (?1, ?2, ?3, (SELECT max(phase) FROM phases WHERE run = ?1), {NOW})"
    ))?
    .execute(params![run.0, kind, reason])?;
    Ok(())
}

//! Reading records back from the tables, bit for bit.

use crate::append::names;
use crate::checksum;
use crate::fault::{Fault, Inner};
use crate::number::{Bits, counted, detail, floats, ids};
use autodidact_core::{
    AttemptRow, BlobId, Caps, Error, Key, LearnRow, Note, Outcome, Packed, Phase, Record, RunEnd, RunId,
    RunSpec, SampleRow, Spend, Verdict,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// The phase recorded under `key`. Fails when it no longer matches its checksum.
pub(crate) fn phase(tx: &Connection, run: &RunId, key: &Key) -> Inner<Option<Phase>> {
    let head = tx
        .prepare_cached(&format!(
            "{HEADS} WHERE run = ? AND stage = ? AND round = ? AND occurrence = ? AND part = ?"
        ))?
        .query_row(params![run.0, key.stage, key.round, key.occurrence, key.part], |row| Ok(head(row)))
        .optional()?;
    head.map(|head| whole(tx, head?)).transpose()
}

/// Everything of a run, by kind, each kind in the order of recording.
pub(crate) fn records(tx: &Connection, run: &RunId) -> Inner<Vec<Record>> {
    if !tx.prepare_cached("SELECT 1 FROM runs WHERE run = ?")?.exists([&run.0])? {
        return Ok(Vec::new());
    }
    let mut records = vec![Record::Begin(spec(tx, run)?)];
    for head in heads(tx, run)? {
        records.push(match whole(tx, head)? {
            Phase::Attempt(row) => Record::Attempt(row),
            Phase::Learn(row) => Record::Learn(row),
        });
    }
    records.extend(notes(tx, run)?.into_iter().map(Record::Note));
    records.extend(alarms(tx, run)?);
    records.extend(outputs(tx, run)?);
    records.extend(ends(tx, run)?.into_iter().map(Record::End));
    Ok(records)
}

/// Gives each attempt of a run to `see`, in the order of recording.
pub(crate) fn attempts(
    tx: &Connection,
    run: &RunId,
    see: &mut dyn FnMut(AttemptRow) -> autodidact_core::Result<()>,
) -> Inner<()> {
    for head in heads(tx, run)? {
        if head.kind == "attempt"
            && let Phase::Attempt(row) = whole(tx, head)?
        {
            see(row)?;
        }
    }
    Ok(())
}

/// What a run is. Fails, listing the runs there are, when it is unknown.
pub(crate) fn spec(tx: &Connection, run: &RunId) -> Inner<RunSpec> {
    let spec = tx
        .prepare_cached(
            "SELECT recipe, config, seed, cap_sampled_tokens, cap_scored_tokens, cap_trained_tokens,
                cap_judge_calls, cap_seconds, cap_cost, program, bits
             FROM runs WHERE run = ?",
        )?
        .query_row([&run.0], |row| Ok(read_spec(row)))
        .optional()?;
    match spec {
        Some(spec) => spec,
        None => Err(Error::unknown("run", &run.0, names(tx)?).into()),
    }
}

fn read_spec(row: &Row<'_>) -> Inner<RunSpec> {
    let bits = Bits::parse(row.get::<_, Option<String>>("bits")?.as_deref())?;
    let cap = |column: &str| -> Inner<Option<u64>> {
        row.get::<_, Option<i64>>(column)?.map(|n| counted(column, n)).transpose()
    };
    Ok(RunSpec {
        recipe: row.get("recipe")?,
        config: row.get("config")?,
        seed: seed(&row.get::<_, String>("seed")?)?,
        caps: Caps {
            sampled_tokens: cap("cap_sampled_tokens")?,
            scored_tokens: cap("cap_scored_tokens")?,
            trained_tokens: cap("cap_trained_tokens")?,
            judge_calls: cap("cap_judge_calls")?,
            seconds: bits.optional("cap_seconds", row.get("cap_seconds")?),
            cost: bits.optional("cap_cost", row.get("cap_cost")?),
        },
        program: row.get("program")?,
    })
}

/// The seed in a column `seed`.
pub(crate) fn seed(text: &str) -> Inner<u64> {
    text.parse().map_err(|_| Fault::damaged("a column seed holds a whole number", text))
}

/// How a run ended, each time it did.
pub(crate) fn ends(tx: &Connection, run: &RunId) -> Inner<Vec<RunEnd>> {
    let mut select = tx.prepare_cached("SELECT kind, reason FROM ends WHERE run = ? ORDER BY ending")?;
    let mut rows = select.query([&run.0])?;
    let mut ends = Vec::new();
    while let Some(row) = rows.next()? {
        ends.push(end(&row.get::<_, String>("kind")?, row.get("reason")?)?);
    }
    Ok(ends)
}

/// An end from its columns.
pub(crate) fn end(kind: &str, reason: Option<String>) -> Inner<RunEnd> {
    let reason = reason.unwrap_or_default();
    match kind {
        "complete" => Ok(RunEnd::Complete),
        "stopped" => Ok(RunEnd::Stopped { reason }),
        "failed" => Ok(RunEnd::Failed { reason }),
        other => Err(Fault::damaged("an end is complete, stopped or failed", other)),
    }
}

/// A row of `phases`.
pub(crate) struct Head {
    pub number: i64,
    kind: String,
    key: Key,
    digest: String,
    policy: Option<String>,
    judge: Option<String>,
    evaluation: bool,
    spend: Spend,
    judge_seconds: Option<f64>,
    checksum: String,
}

const HEADS: &str = "SELECT phase, kind, stage, round, occurrence, part, digest, policy, judge, evaluation,
    sampled_tokens, scored_tokens, trained_tokens, judge_calls, seconds, cost, judge_seconds, bits, checksum
    FROM phases";

fn heads(tx: &Connection, run: &RunId) -> Inner<Vec<Head>> {
    let mut select = tx.prepare_cached(&format!("{HEADS} WHERE run = ? ORDER BY phase"))?;
    let mut rows = select.query([&run.0])?;
    let mut heads = Vec::new();
    while let Some(row) = rows.next()? {
        heads.push(head(row)?);
    }
    Ok(heads)
}

fn head(row: &Row<'_>) -> Inner<Head> {
    let bits = Bits::parse(row.get::<_, Option<String>>("bits")?.as_deref())?;
    let n = |column: &str| counted(column, row.get(column)?);
    Ok(Head {
        number: row.get("phase")?,
        kind: row.get("kind")?,
        key: key(row, "stage")?,
        digest: row.get("digest")?,
        policy: row.get("policy")?,
        judge: row.get("judge")?,
        evaluation: row.get("evaluation")?,
        spend: Spend {
            sampled_tokens: n("sampled_tokens")?,
            scored_tokens: n("scored_tokens")?,
            trained_tokens: n("trained_tokens")?,
            judge_calls: n("judge_calls")?,
            seconds: bits.number("seconds", row.get("seconds")?)?,
            cost: bits.number("cost", row.get("cost")?)?,
        },
        judge_seconds: bits.optional("judge_seconds", row.get("judge_seconds")?),
        checksum: row.get("checksum")?,
    })
}

/// The key in a row whose stage is in the column `stage`.
fn key(row: &Row<'_>, stage: &str) -> Inner<Key> {
    Ok(Key {
        stage: row.get(stage)?,
        round: row.get("round")?,
        occurrence: row.get("occurrence")?,
        part: row.get("part")?,
    })
}

fn whole(tx: &Connection, head: Head) -> Inner<Phase> {
    let (number, checksum) = (head.number, head.checksum.clone());
    let (phase, found) = match head.kind.as_str() {
        "attempt" => {
            let row = attempt(tx, head)?;
            let found = checksum::of_attempt(&row);
            (Phase::Attempt(row), found)
        }
        _ => {
            let row = learn(tx, head)?;
            let found = checksum::of_learn(&row);
            (Phase::Learn(row), found)
        }
    };
    if found != checksum {
        return Err(Fault::damaged(
            format!("phase {number} has the checksum {checksum}"),
            format!("its rows give {found}: they were damaged or edited"),
        ));
    }
    Ok(phase)
}

fn attempt(tx: &Connection, head: Head) -> Inner<AttemptRow> {
    let missing = |what: &str| Fault::damaged(format!("an attempt has a {what}"), "it is NULL");
    let (mut asks, mut prompts) = (Vec::new(), Vec::new());
    let mut select =
        tx.prepare_cached("SELECT json, prompt_tokens FROM asks WHERE phase = ? ORDER BY ask")?;
    let mut rows = select.query([head.number])?;
    while let Some(row) = rows.next()? {
        asks.push(row.get(0)?);
        prompts.push(row.get::<_, Option<Vec<u8>>>(1)?);
    }
    let mut samples = Vec::new();
    let mut select = tx.prepare_cached(
        "SELECT ask, attempt, outcome, score, reason, error_seconds, detail, text, json, prompt_tokens,
            tokens, logprobs, policy_logprobs, bits
         FROM samples WHERE phase = ? ORDER BY sample",
    )?;
    let mut rows = select.query([head.number])?;
    while let Some(row) = rows.next()? {
        samples.push(sample(row, &prompts)?);
    }
    Ok(AttemptRow {
        key: head.key,
        digest: head.digest,
        policy: head.policy.ok_or_else(|| missing("policy"))?,
        judge: head.judge.ok_or_else(|| missing("judge"))?,
        evaluation: head.evaluation,
        asks,
        samples,
        spend: head.spend,
        judge_seconds: head.judge_seconds.ok_or_else(|| missing("judge_seconds"))?,
    })
}

fn sample(row: &Row<'_>, prompts: &[Option<Vec<u8>>]) -> Inner<SampleRow> {
    let bytes = |column: &str| row.get_ref(column)?.as_blob().map_err(wrong_type(column));
    let ask: u32 = row.get("ask")?;
    let prompt_tokens =
        match row.get_ref("prompt_tokens")?.as_blob_or_null().map_err(wrong_type("prompt_tokens"))? {
            Some(own) => ids("prompt_tokens", own)?,
            None => {
                let shared = prompts.get(ask as usize).and_then(Option::as_deref);
                ids("prompt_tokens", shared.unwrap_or_default())?
            }
        };
    Ok(SampleRow {
        ask,
        attempt: row.get("attempt")?,
        answer: Packed {
            json: row.get("json")?,
            text: row.get("text")?,
            prompt_tokens,
            tokens: ids("tokens", bytes("tokens")?)?,
            logprobs: floats("logprobs", bytes("logprobs")?)?,
            policy_logprobs: floats("policy_logprobs", bytes("policy_logprobs")?)?,
        },
        verdict: verdict(row)?,
    })
}

/// The verdict in a row of `samples`.
pub(crate) fn verdict(row: &Row<'_>) -> Inner<Verdict> {
    let bits = Bits::parse(row.get::<_, Option<String>>("bits")?.as_deref())?;
    let reason =
        || Ok::<String, rusqlite::Error>(row.get::<_, Option<String>>("reason")?.unwrap_or_default());
    let outcome = match row.get::<_, String>("outcome")?.as_str() {
        "score" => Outcome::Score { score: bits.number("score", row.get("score")?)? },
        "abstain" => Outcome::Abstain { reason: reason()? },
        "error" => Outcome::Error {
            reason: reason()?,
            seconds: bits.number("error_seconds", row.get("error_seconds")?)?,
        },
        other => return Err(Fault::damaged("an outcome is score, abstain or error", other)),
    };
    Ok(Verdict { outcome, detail: detail(row.get::<_, Option<String>>("detail")?.as_deref())? })
}

fn wrong_type(column: &str) -> impl Fn(rusqlite::types::FromSqlError) -> Fault + '_ {
    move |error| Fault::damaged(format!("a column {column} holds bytes"), error)
}

fn learn(tx: &Connection, head: Head) -> Inner<LearnRow> {
    let mut metrics = Vec::new();
    let mut select =
        tx.prepare_cached("SELECT name, value, bits FROM learn_metrics WHERE phase = ? ORDER BY position")?;
    let mut rows = select.query([head.number])?;
    while let Some(row) = rows.next()? {
        metrics.push((row.get(0)?, value(row)?));
    }
    Ok(LearnRow {
        files: learn_files(tx, head.number)?,
        key: head.key,
        digest: head.digest,
        metrics,
        spend: head.spend,
    })
}

/// The number in the columns `value` and `bits`.
pub(crate) fn value(row: &Row<'_>) -> Inner<f64> {
    let bits = Bits::parse(row.get::<_, Option<String>>("bits")?.as_deref())?;
    bits.number("value", row.get("value")?)
}

/// The files of a learning step.
pub(crate) fn learn_files(tx: &Connection, phase: i64) -> Inner<Vec<(String, BlobId)>> {
    files(tx, "SELECT name, blob FROM learn_files WHERE phase = ? ORDER BY position", phase)
}

/// The files of an output.
pub(crate) fn output_files(tx: &Connection, output: i64) -> Inner<Vec<(String, BlobId)>> {
    files(tx, "SELECT name, blob FROM output_files WHERE output = ? ORDER BY position", output)
}

fn files(tx: &Connection, select: &str, number: i64) -> Inner<Vec<(String, BlobId)>> {
    let mut select = tx.prepare_cached(select)?;
    let files = select.query_map([number], |row| Ok((row.get(0)?, BlobId(row.get(1)?))))?;
    Ok(files.collect::<Result<_, _>>()?)
}

fn notes(tx: &Connection, run: &RunId) -> Inner<Vec<Note>> {
    let mut select = tx.prepare_cached(
        "SELECT name, round, occurrence, part, value, bits FROM notes WHERE run = ? ORDER BY note",
    )?;
    let mut rows = select.query([&run.0])?;
    let mut notes = Vec::new();
    while let Some(row) = rows.next()? {
        notes.push(Note { key: key(row, "name")?, value: value(row)? });
    }
    Ok(notes)
}

fn alarms(tx: &Connection, run: &RunId) -> Inner<Vec<Record>> {
    let mut select = tx.prepare_cached(
        "SELECT name, round, occurrence, part, message FROM alarms WHERE run = ? ORDER BY alarm",
    )?;
    let mut rows = select.query([&run.0])?;
    let mut alarms = Vec::new();
    while let Some(row) = rows.next()? {
        alarms.push(Record::Alarm { key: key(row, "name")?, message: row.get("message")? });
    }
    Ok(alarms)
}

fn outputs(tx: &Connection, run: &RunId) -> Inner<Vec<Record>> {
    let mut select = tx.prepare_cached(
        "SELECT output, name, round, occurrence, part FROM outputs WHERE run = ? ORDER BY output",
    )?;
    let mut rows = select.query([&run.0])?;
    let mut outputs = Vec::new();
    while let Some(row) = rows.next()? {
        let files = output_files(tx, row.get("output")?)?;
        outputs.push(Record::Output { key: key(row, "name")?, files });
    }
    Ok(outputs)
}

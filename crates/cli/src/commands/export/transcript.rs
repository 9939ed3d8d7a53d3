//! A run's answers as a transcript, from which a policy of kind `replay` gives them again.
//!
//! A ledger holds no seeds: they follow from the run's root and each answer's place. What a part of an attempt
//! cost is written on its first answer, so that a replayed part costs the same.

use crate::context::Context;
use crate::error::{CommandError, Kind, Result};
use crate::files::{Draft, check_folder};
use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Answer, Ask, AttemptRow, Error, Seed, Spend};
use autodidact_parts::policy::transcript::{Said, Transcript};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// How many tries a part has where no endpoint's settings say otherwise.
const TRIES_A_PART: usize = 2048;

/// Writes the transcript whole or not at all.
pub fn write(context: &Context, run: &str, to: &Path) -> Result<()> {
    check_folder(to)?;
    let store = context.existing_ledger()?;
    let run = store.find(run)?;
    let spec = store.spec(&run)?;
    let config: Value = serde_json::from_str(&spec.config).unwrap_or_default();
    let tries_a_part = tries_a_part(&config).unwrap_or(TRIES_A_PART);

    let draft = Draft::of(to)?;
    // Who reads the error knows the file by the name that it shall have.
    let named = |error: Error| match error {
        Error::Io { path, doing, source } if path == draft.place() => {
            Error::Io { path: to.to_owned(), doing, source }
        }
        other => other,
    };
    let transcript = Transcript::append_to(draft.place()).map_err(named)?;
    let mut asked: BTreeMap<(String, u32, u32), u64> = BTreeMap::new();
    let mut others = 0;
    let visited = store.each_attempt(&run, |row| {
        let place = (row.key.stage.clone(), row.key.round, row.key.occurrence);
        let before = asked.entry(place).or_insert(0);
        let seeds = row.key.seed(spec.seed);
        let first = *before;
        *before += row.asks.len() as u64;
        match chats(&row) {
            Some(asks) => record(&transcript, &row, &asks, tries_a_part, |ask, attempt| {
                seeds.at("ask", first + u64::from(ask)).at("try", u64::from(attempt))
            }),
            None => {
                others += 1;
                Ok(())
            }
        }
    });
    visited.map_err(named)?;
    if transcript.is_empty() {
        let message = format!("run {} has no answers of a language model", run.0);
        return Err(CommandError::new(Kind::NotFound, message));
    }
    transcript.flush().map_err(named)?;
    draft.publish()?;
    if others > 0 {
        context.shell.say(&format!("{others} attempts without language are left out"));
    }
    context.shell.say(&format!("{} answers: {}", transcript.len(), to.display()));
    context.shell.say(&format!(
        "replay them with policy = {{ kind = \"replay\", path = {:?} }}",
        to.display().to_string()
    ));
    Ok(())
}

/// The asks of an attempt, if they are a language model's.
fn chats(row: &AttemptRow) -> Option<Vec<Ask<Chat>>> {
    row.asks.iter().map(|ask| serde_json::from_str(ask).ok()).collect()
}

fn record(
    transcript: &Transcript,
    row: &AttemptRow,
    asks: &[Ask<Chat>],
    tries_a_part: usize,
    seed: impl Fn(u32, u32) -> Seed,
) -> Result<(), Error> {
    transcript.introduce(&row.policy, tries_a_part)?;
    let mut spend = row.spend;
    for sample in &row.samples {
        let Some(ask) = asks.get(sample.ask as usize) else { continue };
        let answer = Completion::unpack(&sample.answer)
            .map_err(|source| Error::Recorded { what: "answer", source })?;
        let said = Said::of(&answer, &std::mem::take::<Spend>(&mut spend));
        let seed = seed(sample.ask, sample.attempt);
        transcript.record(&row.policy, &ask.query, &ask.knobs, &[seed], &[said])?;
    }
    Ok(())
}

/// The setting of that name of an endpoint, wherever the run's settings have one.
fn tries_a_part(settings: &Value) -> Option<usize> {
    match settings {
        Value::Object(table) => match table.get("kind").and_then(Value::as_str) {
            Some("endpoint") => table.get("tries_a_part")?.as_u64()?.try_into().ok(),
            _ => table.values().find_map(tries_a_part),
        },
        Value::Array(items) => items.iter().find_map(tries_a_part),
        _ => None,
    }
}

//! Comparing what runs recorded.

use autodidact_core::{AttemptRow, LearnRow, Outcome, Phase, Record, Verdict};

/// Whether two runs recorded the same, times aside; if not, the first difference in words.
///
/// Records are compared kind by kind, each kind in the order of recording. Of several ends the last
/// one counts: a stop on the way is no part of what a run computes.
pub fn same_but_times(a: &[Record], b: &[Record]) -> Result<(), String> {
    let (a, b) = (without_times(a), without_times(b));
    for (i, (left, right)) in a.iter().zip(&b).enumerate() {
        if exactly(left) != exactly(right) {
            return Err(format!("record {i} differs:\n{}\n{}", brief(left), brief(right)));
        }
    }
    if a.len() != b.len() {
        let more = if a.len() > b.len() { &a } else { &b };
        let first = brief(&more[a.len().min(b.len())]);
        return Err(format!("{} records against {}; the first beyond both: {first}", a.len(), b.len()));
    }
    Ok(())
}

/// The record in a form that is equal only for records equal bit for bit: NaN equals itself, and
/// zero does not equal minus zero.
pub fn exactly(record: &Record) -> (Record, Vec<u64>) {
    let mut record = record.clone();
    let mut bits = Vec::new();
    each_number(&mut record, &mut |x| {
        bits.push(x.to_bits());
        *x = 0.0;
    });
    if let Record::Attempt(row) = &mut record {
        for sample in &mut row.samples {
            let answer = &mut sample.answer;
            for x in answer.logprobs.iter_mut().chain(&mut answer.policy_logprobs) {
                bits.push(u64::from(x.to_bits()));
                *x = 0.0;
            }
        }
    }
    (record, bits)
}

/// The phase as a record, to be compared like one.
pub(crate) fn of_phase(phase: Phase) -> Record {
    match phase {
        Phase::Attempt(row) => Record::Attempt(row),
        Phase::Learn(row) => Record::Learn(row),
    }
}

/// Every double-precision number of a record.
fn each_number(record: &mut Record, see: &mut dyn FnMut(&mut f64)) {
    match record {
        Record::Begin(spec) => spec.caps.seconds.iter_mut().chain(&mut spec.caps.cost).for_each(see),
        Record::Attempt(AttemptRow { samples, spend, judge_seconds, .. }) => {
            see(&mut spend.seconds);
            see(&mut spend.cost);
            see(judge_seconds);
            for Verdict { outcome, detail } in samples.iter_mut().map(|sample| &mut sample.verdict) {
                match outcome {
                    Outcome::Score { score } => see(score),
                    Outcome::Error { seconds, .. } => see(seconds),
                    Outcome::Abstain { .. } => {}
                }
                detail.iter_mut().for_each(|(_, value)| see(value));
            }
        }
        Record::Learn(LearnRow { metrics, spend, .. }) => {
            see(&mut spend.seconds);
            see(&mut spend.cost);
            metrics.iter_mut().for_each(|(_, value)| see(value));
        }
        Record::Note(note) => see(&mut note.value),
        Record::Alarm { .. } | Record::Output { .. } | Record::End(_) => {}
    }
}

fn without_times(records: &[Record]) -> Vec<Record> {
    let mut records = records.to_vec();
    for record in &mut records {
        match record {
            Record::Attempt(row) => {
                row.spend.seconds = 0.0;
                row.judge_seconds = 0.0;
                for sample in &mut row.samples {
                    if let Outcome::Error { seconds, .. } = &mut sample.verdict.outcome {
                        *seconds = 0.0;
                    }
                }
            }
            Record::Learn(row) => row.spend.seconds = 0.0,
            _ => {}
        }
    }
    let last_end = records.iter().rposition(|record| matches!(record, Record::End(_)));
    let mut i = 0;
    records.retain(|record| {
        i += 1;
        !matches!(record, Record::End(_)) || Some(i - 1) == last_end
    });
    records.sort_by_key(kind);
    records
}

fn kind(record: &Record) -> u8 {
    match record {
        Record::Begin(_) => 0,
        Record::Attempt(_) | Record::Learn(_) => 1,
        Record::Note(_) => 2,
        Record::Alarm { .. } => 3,
        Record::Output { .. } => 4,
        Record::End(_) => 5,
    }
}

/// A record in a line: samples are counted, not shown.
fn brief(record: &Record) -> String {
    match record {
        Record::Attempt(row) => {
            let n = row.samples.len();
            format!(
                "Attempt {{ {:?}, digest: {}, policy: {}, {n} samples, {:?} }}",
                row.key, row.digest, row.policy, row.spend
            )
        }
        other => format!("{other:?}"),
    }
}

//! Many rounds as one phase: what a decision process does, which sees each verdict before it acts again.
//!
//! A bandit, a curriculum or a solver's tuner lives through hundreds of thousands of rounds a second;
//! a write to the ledger in each would be all that it does. [`Run::play`] goes through the rounds of a
//! [`Loop`] in memory and records thousands of them together, samples and the state that they led to in
//! one append. A killed run loses at most the part under way and plays it again, bit for bit.
//!
//! The first part holds about two thousand tries, each further one twice as many up to sixteen thousand:
//! a short run is soon safe, and a long one does not spend its time waiting for the disk, which takes
//! some ten milliseconds a part however long it is.

use super::{Event, Run, TRIES_A_PART, about, cells, unpack};
use crate::digest::Digest;
use crate::ledger::{AttemptRow, Key, LearnRow, Phase, Record};
use crate::{
    Answer, Domain, Error, Explore, Group, Learn, Loop, Metrics, Result, Seed, Snapshot, Spend, Try,
};
use std::time::Instant;

/// Files of the learner's and of the explorer's snapshot, told apart by these.
const LEARNER: &str = "learner/";
const EXPLORER: &str = "explorer/";

/// How often the length of a part doubles.
const DOUBLINGS: u32 = 3;

impl Run<'_> {
    /// Plays `rounds` rounds of `width` asks each, in every one of them ask, propose, judge, tell and
    /// learn, and returns the groups in order. It ends early when the explorer has nothing more to ask.
    ///
    /// Round `i` draws from streams of its own, whatever came before it. Caps are checked between
    /// parts, so a run may go past a cap by one part, which is hardly longer than all before it. What
    /// the learner reports is averaged over the rounds that report it.
    pub fn play<D: Domain>(
        &mut self,
        stage: &str,
        parts: &mut Loop<D>,
        rounds: u64,
        width: usize,
    ) -> Result<Vec<Group<D>>> {
        let key = self.key(stage);
        let state_key = self.key(&format!("{stage}/state"));
        let base = self.seed(stage).at("occurrence", u64::from(key.occurrence));
        let judge = parts.judge.name();
        self.options.observer.see(&Event::Begin { stage, tries: rounds.saturating_mul(width as u64) });

        let mut groups: Vec<Group<D>> = Vec::new();
        let mut metrics = Means::default();
        let mut state = state_of(parts)?;
        let mut first = 0;
        for part in 0.. {
            self.check_stop()?;
            let tries = TRIES_A_PART << DOUBLINGS.min(part);
            let count = ((tries / width.max(1)).max(1) as u64).min(rounds - first);
            if count == 0 {
                break;
            }
            let at = |key: &Key| Key { part, ..key.clone() };
            let digest = digest(&state, &judge, first, count, width);
            let recorded = self.options.ledger.recall(&self.options.id, &at(&key))?;
            let recalled = recorded.is_some();
            let (attempt, lesson) = match recorded {
                Some(Phase::Attempt(attempt)) if attempt.digest == digest => {
                    match self.options.ledger.recall(&self.options.id, &at(&state_key))? {
                        Some(Phase::Learn(lesson)) if lesson.digest == digest => {
                            state = self.load(&lesson.files)?;
                            restore(parts, &state)?;
                            (attempt, lesson)
                        }
                        _ => return Err(self.diverged(stage)),
                    }
                }
                Some(_) => return Err(self.diverged(stage)),
                None => {
                    self.options.caps.check(&self.spend)?;
                    let policy = parts.policy.version()?.0;
                    let mut played = stretch(parts, base, first..first + count, width)?;
                    state = state_of(parts)?;
                    let lesson = LearnRow {
                        key: at(&state_key),
                        digest: digest.clone(),
                        metrics: played.metrics.means().0,
                        files: self.store(&state)?,
                        spend: Spend::default(),
                    };
                    played.attempt.key = at(&key);
                    played.attempt.digest = digest;
                    played.attempt.policy = policy;
                    played.attempt.judge = judge.clone();
                    let records = [Record::Attempt(played.attempt), Record::Learn(lesson)];
                    self.append(&records)?;
                    self.fresh += 1;
                    let [Record::Attempt(attempt), Record::Learn(lesson)] = records else {
                        unreachable!("they were made above")
                    };
                    (attempt, lesson)
                }
            };
            self.spend += attempt.spend;
            for (name, value) in &lesson.metrics {
                metrics.add(name, *value);
            }
            let asks = asks_of::<D>(&attempt)?;
            let ended = (asks.len() as u64) < count * width as u64;
            groups.extend(unpack(&asks, &attempt)?);
            let done = groups.iter().map(|group| group.tries.len() as u64).sum();
            let total = rounds.saturating_mul(width as u64);
            let spend = attempt.spend;
            self.options.observer.see(&Event::Attempted { stage, done, total, recalled, spend });
            first += count;
            if ended {
                break;
            }
        }
        let mut all = about(&groups);
        all.0.extend(metrics.means().0);
        self.note_all(stage, &all.0)?;
        let rings = self.options.alarms.attempt(&groups, false);
        self.ring(rings, &key)?;
        Ok(groups)
    }
}

/// What some rounds gave; the caller fills in where and from what.
struct Played {
    attempt: AttemptRow,
    metrics: Means,
}

/// Plays the rounds of that range in memory.
fn stretch<D: Domain>(
    parts: &mut Loop<D>,
    base: Seed,
    rounds: std::ops::Range<u64>,
    width: usize,
) -> Result<Played> {
    let started = Instant::now();
    let mut attempt = AttemptRow::unplaced(Vec::new(), Spend::default(), 0.0);
    let mut metrics = Means::default();
    for round in rounds {
        let seed = base.at("round", round);
        let asks = parts.explore.ask(width, &mut seed.at("explore", 0).rng())?;
        if asks.is_empty() {
            break;
        }
        let seeds: Vec<Seed> = (0..asks.len()).map(|i| seed.at("ask", i as u64)).collect();
        let proposals = parts.policy.propose(&asks, &seeds)?;
        cells::check(&asks, proposals.answers.iter().map(Vec::len), "the number of answers")?;
        let judging = Instant::now();
        let judged = cells::judge(&*parts.judge, &asks, &proposals.answers)?;
        attempt.judge_seconds += judging.elapsed().as_secs_f64();

        // What has failed is no answer, and no judge saw it.
        let sound = proposals.answers.iter().flatten().filter(|one| one.failure().is_none()).count();
        attempt.spend.judge_calls += parts.judge.calls() * sound as u64;
        let before = attempt.asks.len();
        cells::pack(before, &proposals.answers, &judged.verdicts, &mut attempt.samples)?;
        for ask in &asks {
            let text = serde_json::to_string(ask);
            attempt.asks.push(text.map_err(|source| Error::Recorded { what: "ask", source })?);
        }
        let groups: Vec<Group<D>> = asks
            .into_iter()
            .zip(proposals.answers.into_iter().zip(judged.verdicts))
            .map(|(ask, (answers, verdicts))| {
                let tries = answers.into_iter().zip(verdicts);
                Group { ask, tries: tries.map(|(answer, verdict)| Try { answer, verdict }).collect() }
            })
            .collect();
        parts.explore.tell(&groups)?;
        let lesson = parts.learn.learn(&groups, seed.at("learn", 0))?;
        attempt.spend += proposals.spend + judged.spend + lesson.spend;
        for (name, value) in &lesson.metrics.0 {
            metrics.add(name, *value);
        }
    }
    attempt.spend.seconds = started.elapsed().as_secs_f64();
    Ok(Played { attempt, metrics })
}

/// The asks of a recorded part. Recalled asks are read, not asked again: the explorer's state comes
/// from the record, so it need not repeat them.
fn asks_of<D: Domain>(row: &AttemptRow) -> Result<Vec<crate::Ask<D>>> {
    let read = |text: &String| serde_json::from_str(text);
    row.asks
        .iter()
        .map(read)
        .collect::<serde_json::Result<_>>()
        .map_err(|source| Error::Recorded { what: "ask", source })
}

/// Learner and explorer as one snapshot.
fn state_of<D: Domain>(parts: &Loop<D>) -> Result<Snapshot> {
    let named = |prefix: &'static str, snapshot: Snapshot| {
        snapshot.files.into_iter().map(move |(name, bytes)| (format!("{prefix}{name}"), bytes))
    };
    let explorer = parts.explore.save()?;
    let learner = parts.learn.save()?;
    Ok(Snapshot { files: named(EXPLORER, explorer).chain(named(LEARNER, learner)).collect() })
}

fn restore<D: Domain>(parts: &mut Loop<D>, state: &Snapshot) -> Result<()> {
    let only = |prefix: &str| {
        let file = |(name, bytes): &(String, Vec<u8>)| {
            name.strip_prefix(prefix).map(|name| (name.to_owned(), bytes.clone()))
        };
        Snapshot { files: state.files.iter().filter_map(file).collect() }
    };
    Explore::restore(&mut *parts.explore, &only(EXPLORER))?;
    Learn::restore(&mut *parts.learn, &only(LEARNER))
}

fn digest(state: &Snapshot, judge: &str, first: u64, count: u64, width: usize) -> String {
    let mut digest = Digest::new("play");
    for (name, bytes) in &state.files {
        digest.field(name.as_bytes());
        digest.field(bytes);
    }
    digest.field(judge.as_bytes());
    for number in [first, count, width as u64] {
        digest.field(&number.to_le_bytes());
    }
    digest.finish()
}

/// Means of named numbers, in the order in which the names came up.
#[derive(Default)]
struct Means(Vec<(String, f64, u64)>);

impl Means {
    fn add(&mut self, name: &str, value: f64) {
        match self.0.iter_mut().find(|(known, ..)| known == name) {
            Some((_, sum, n)) => (*sum, *n) = (*sum + value, *n + 1),
            None => self.0.push((name.to_owned(), value, 1)),
        }
    }

    fn means(&self) -> Metrics {
        Metrics(self.0.iter().map(|(name, sum, n)| (name.clone(), sum / *n as f64)).collect())
    }
}

//! A run: what a recipe acts through, and what makes it durable.
//!
//! Every attempt and every learning step is a phase with a key (stage, round, occurrence, part) and
//! a digest of its inputs. A phase is written to the ledger before its result is used. When a
//! recipe is executed again, phases that the ledger holds are handed back instead of computed, so a
//! killed run continues where it was, bit for bit, and a recipe's author writes nothing for it.

mod cells;
mod part;
mod play;

use crate::alarm::Ring;
use crate::digest::of_groups;
use crate::ledger::{Key, LearnRow, Note, Phase, Record, RunEnd, RunId};
use crate::{
    Alarms, Ask, Caps, Card, Domain, Error, Group, Judge, Learn, Ledger, METRICS, Metrics, Policy, Response,
    Result, Rng, Seed, Snapshot, Spend, Work,
};
use part::{about, compute, digest_of_attempt, unpack};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// About how many tries are written down together, unless a policy says otherwise.
pub(crate) const TRIES_A_PART: usize = 2048;

/// How a run is set up.
pub struct RunOptions<'a> {
    /// Where everything is recorded.
    pub ledger: &'a dyn Ledger,
    /// The run's name in the ledger.
    pub id: RunId,
    /// The root of its random streams.
    pub seed: u64,
    /// Hard limits on what it may spend.
    pub caps: Caps,
    /// When it stops by itself.
    pub alarms: Alarms,
    /// Who watches.
    pub observer: &'a dyn Observer,
    /// How to ask it to stop.
    pub stop: Stop,
    /// Whether the ledger holds it as complete already, so that running it again does nothing.
    pub complete: bool,
}

/// A request to stop, shared with whoever may make it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the run to stop at the next phase.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether someone asked.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Something that happened in a run, for those who watch.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A round begins.
    Round {
        /// Its number, from 1.
        round: u32,
        /// How many there will be.
        rounds: u32,
    },
    /// A phase begins.
    Begin {
        /// Its stage.
        stage: &'a str,
        /// How many answers it is for; 0 for learning.
        tries: u64,
    },
    /// A part of an attempt is recorded.
    Attempted {
        /// Its stage.
        stage: &'a str,
        /// Answers so far.
        done: u64,
        /// Answers in all.
        total: u64,
        /// Whether it came from the ledger.
        recalled: bool,
        /// What the part cost.
        spend: Spend,
    },
    /// A learning step is recorded.
    Learned {
        /// Its stage.
        stage: &'a str,
        /// What the learner reported.
        metrics: &'a Metrics,
        /// Whether it came from the ledger.
        recalled: bool,
        /// What it cost.
        spend: Spend,
    },
    /// A number was noted.
    Noted {
        /// The metric.
        name: &'a str,
        /// Its value.
        value: f64,
    },
    /// An alarm went off.
    Alarm {
        /// Which.
        name: &'a str,
        /// What was measured.
        message: &'a str,
    },
}

/// Watches a run. Nothing it does changes the run.
pub trait Observer: Sync {
    /// Takes note of an event.
    fn see(&self, event: &Event<'_>);

    /// Counters for those who work, if someone reads them.
    fn work(&self) -> Option<Arc<Work>> {
        None
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn see(&self, _event: &Event<'_>) {}
}

/// A run under way.
pub struct Run<'a> {
    options: RunOptions<'a>,
    card: Option<Card>,
    root: Seed,
    round: u32,
    occurrences: BTreeMap<String, u32>,
    spend: Spend,
    evaluation_spend: Spend,
    fresh: u64,
}

impl<'a> Run<'a> {
    /// A run at its start. Fails on alarms that cannot be.
    pub fn new(options: RunOptions<'a>) -> Result<Run<'a>> {
        options.alarms.check()?;
        let root = Seed::root(options.seed);
        Ok(Run {
            options,
            card: None,
            root,
            round: 0,
            occurrences: BTreeMap::new(),
            spend: Spend::default(),
            evaluation_spend: Spend::default(),
            fresh: 0,
        })
    }

    /// Lets the run report the metrics that a recipe declares.
    pub fn of(mut self, card: Card) -> Run<'a> {
        self.card = Some(card);
        self
    }

    /// The run's name.
    pub fn id(&self) -> &RunId {
        &self.options.id
    }

    /// The current round, 0 before the first.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Goes on to the next of `rounds` rounds; false when all are done.
    pub fn next_round(&mut self, rounds: u32) -> bool {
        if self.round >= rounds {
            return false;
        }
        self.round += 1;
        self.occurrences.clear();
        self.options.observer.see(&Event::Round { round: self.round, rounds });
        true
    }

    /// Counters to raise while working, if someone reads them.
    pub fn work(&self) -> Option<Arc<Work>> {
        self.options.observer.work()
    }

    /// The seed of `label` in this round.
    pub fn seed(&self, label: &str) -> Seed {
        self.root.at(label, u64::from(self.round))
    }

    /// A generator for `label` in this round. Asked twice, it gives the same stream twice.
    pub fn rng(&self, label: &str) -> Rng {
        self.seed(label).rng()
    }

    /// What was spent so far, evaluations apart; recalled phases count as when they were made.
    pub fn spend(&self) -> Spend {
        self.spend
    }

    /// What evaluations spent so far.
    pub fn evaluation_spend(&self) -> Spend {
        self.evaluation_spend
    }

    /// How many phases were computed rather than recalled.
    pub fn fresh(&self) -> u64 {
        self.fresh
    }

    /// Proposes, judges and records; returns one group an ask, in order.
    pub fn attempt<D: Domain>(
        &mut self,
        stage: &str,
        policy: &dyn Policy<D>,
        judge: &dyn Judge<D>,
        asks: Vec<Ask<D>>,
    ) -> Result<Vec<Group<D>>> {
        self.propose_and_judge(stage, policy, judge, asks, false)
    }

    /// The same, to measure only: it counts in [`Run::evaluation_spend`], obeys no cap, and nothing
    /// may learn from it.
    pub fn evaluate<D: Domain>(
        &mut self,
        stage: &str,
        policy: &dyn Policy<D>,
        judge: &dyn Judge<D>,
        asks: Vec<Ask<D>>,
    ) -> Result<Vec<Group<D>>> {
        self.propose_and_judge(stage, policy, judge, asks, true)
    }

    /// Lets `learner` learn from `groups`, records its new state and what it reported.
    pub fn learn<D: Domain>(
        &mut self,
        stage: &str,
        learner: &mut dyn Learn<D>,
        groups: &[Group<D>],
    ) -> Result<Metrics> {
        self.check_stop()?;
        let key = self.key(stage);
        let digest = of_groups(groups)?;
        self.options.observer.see(&Event::Begin { stage, tries: 0 });

        if let Some(phase) = self.options.ledger.recall(&self.options.id, &key)? {
            let row = match phase {
                Phase::Learn(row) if row.digest == digest => row,
                _ => return Err(self.diverged(stage)),
            };
            learner.restore(&self.load(&row.files)?)?;
            self.spend += row.spend;
            let metrics = Metrics(row.metrics);
            self.note_all(stage, &metrics.0)?;
            self.options.observer.see(&Event::Learned {
                stage,
                metrics: &metrics,
                recalled: true,
                spend: row.spend,
            });
            return Ok(metrics);
        }

        self.options.caps.check(&self.spend)?;
        let seed = self.seed(stage).at("occurrence", u64::from(key.occurrence));
        let started = Instant::now();
        let mut lesson = learner.learn(groups, seed)?;
        lesson.spend.seconds = started.elapsed().as_secs_f64();
        let rings = self.options.alarms.lesson(&lesson);
        self.ring(rings, &key)?;

        let files = self.store(&learner.save()?)?;
        let row = LearnRow { key, digest, metrics: lesson.metrics.0.clone(), files, spend: lesson.spend };
        self.append(&[Record::Learn(row)])?;
        self.fresh += 1;
        self.spend += lesson.spend;
        self.note_all(stage, &lesson.metrics.0)?;
        self.options.observer.see(&Event::Learned {
            stage,
            metrics: &lesson.metrics,
            recalled: false,
            spend: lesson.spend,
        });
        Ok(lesson.metrics)
    }

    /// Records a number. Its name must be declared in [`METRICS`] or by the recipe's card, bare or
    /// after a stage (`pool/reward`).
    pub fn note(&mut self, name: &str, value: f64) -> Result<()> {
        let bare = |name: &str| {
            let of_recipe = self.card.map_or(&[][..], |card| card.reports);
            METRICS.iter().chain(of_recipe).any(|metric| metric.name == name)
        };
        let declared = bare(name) || name.split_once('/').is_some_and(|(_, rest)| bare(rest));
        if !declared {
            let of_recipe = self.card.map_or(&[][..], |card| card.reports);
            let known = METRICS.iter().chain(of_recipe).map(|metric| metric.name);
            return Err(Error::unknown("metric", name, known));
        }
        let key = self.key(name);
        self.append(&[Record::Note(Note { key, value })])?;
        self.options.observer.see(&Event::Noted { name, value });
        Ok(())
    }

    /// Offers a state as the run's result under `name`; later rounds replace earlier ones.
    pub fn output(&mut self, name: &str, snapshot: &Snapshot) -> Result<()> {
        let files = self.store(snapshot)?;
        let key = self.key(name);
        self.append(&[Record::Output { key, files }])
    }

    /// Records how the run ended and passes `result` on. A cap that was reached and a user's wish
    /// to stop are clean ends; so is completion, unless the run was complete before it was resumed.
    pub fn finish(mut self, result: Result<()>) -> Result<RunEnd> {
        let end = match &result {
            Ok(()) => RunEnd::Complete,
            Err(error @ (Error::BudgetSpent { .. } | Error::Interrupted | Error::Alarm { .. })) => {
                RunEnd::Stopped { reason: error.to_string() }
            }
            Err(error) => RunEnd::Failed { reason: error.to_string() },
        };
        if result.is_ok() && self.options.complete && self.fresh == 0 {
            let ring = Ring {
                name: "idle_resume",
                message: "the run was complete already, so resuming it did nothing".to_owned(),
                response: self.options.alarms.idle_resume,
            };
            let key = self.key("idle_resume");
            self.ring(vec![ring], &key)?;
        }
        let recorded = self.append(&[Record::End(end.clone())]);
        match result {
            Ok(()) | Err(Error::BudgetSpent { .. } | Error::Interrupted) => recorded.map(|()| end),
            // Where the end cannot be recorded either, the first error says more.
            Err(error) => Err(error),
        }
    }

    fn propose_and_judge<D: Domain>(
        &mut self,
        stage: &str,
        policy: &dyn Policy<D>,
        judge: &dyn Judge<D>,
        asks: Vec<Ask<D>>,
        evaluation: bool,
    ) -> Result<Vec<Group<D>>> {
        let key = self.key(stage);
        let version = policy.version()?.0;
        let judge_name = judge.name();
        let base = key.seed(self.options.seed);
        let total: u64 = asks.iter().map(|ask| u64::from(ask.tries)).sum();
        let widest = asks.iter().map(|ask| ask.tries as usize).max().unwrap_or(1).max(1);
        let width = (policy.tries_a_part() / widest).max(1);
        self.options.observer.see(&Event::Begin { stage, tries: total });

        let mut groups: Vec<Group<D>> = Vec::with_capacity(asks.len());
        let mut done = 0;
        for (part, chunk) in asks.chunks(width).enumerate() {
            self.check_stop()?;
            let key = Key { part: part as u32, ..key.clone() };
            let texts = chunk.iter().map(serde_json::to_string).collect::<serde_json::Result<Vec<_>>>();
            let texts = texts.map_err(|source| Error::Recorded { what: "ask", source })?;
            let digest = digest_of_attempt(&version, &judge_name, &texts);
            let recorded = self.options.ledger.recall(&self.options.id, &key)?;
            let recalled = recorded.is_some();
            let row = match recorded {
                Some(Phase::Attempt(row)) if row.digest == digest => row,
                Some(_) => return Err(self.diverged(stage)),
                None => {
                    if !evaluation {
                        self.options.caps.check(&self.spend)?;
                    }
                    let seeds: Vec<Seed> =
                        (0..chunk.len()).map(|i| base.at("ask", (part * width + i) as u64)).collect();
                    let mut row = compute(policy, judge, chunk, &seeds)?;
                    row.key = key;
                    row.digest = digest;
                    row.policy = version.clone();
                    row.judge = judge_name.clone();
                    row.evaluation = evaluation;
                    row.asks = texts;
                    let record = Record::Attempt(row);
                    self.append(std::slice::from_ref(&record))?;
                    self.fresh += 1;
                    match record {
                        Record::Attempt(row) => row,
                        _ => unreachable!("it was made an attempt above"),
                    }
                }
            };
            if evaluation {
                self.evaluation_spend += row.spend;
            } else {
                self.spend += row.spend;
            }
            done += row.samples.len() as u64;
            groups.extend(unpack(chunk, &row)?);
            self.options.observer.see(&Event::Attempted { stage, done, total, recalled, spend: row.spend });
        }
        self.note_all(stage, &about(&groups).0)?;
        let rings = self.options.alarms.attempt(&groups, evaluation);
        self.ring(rings, &key)?;
        Ok(groups)
    }

    /// The key of the next phase of `stage` in this round.
    fn key(&mut self, stage: &str) -> Key {
        let count = self.occurrences.entry(stage.to_owned()).or_insert(0);
        let occurrence = *count;
        *count += 1;
        Key { stage: stage.to_owned(), round: self.round, occurrence, part: 0 }
    }

    fn check_stop(&self) -> Result<()> {
        if self.options.stop.requested() { Err(Error::Interrupted) } else { Ok(()) }
    }

    fn diverged(&self, stage: &str) -> Error {
        Error::Diverged { stage: stage.to_owned(), round: self.round }
    }

    fn append(&self, records: &[Record]) -> Result<()> {
        self.options.ledger.append(&self.options.id, records)
    }

    fn note_all(&mut self, stage: &str, metrics: &[(String, f64)]) -> Result<()> {
        let mut records = Vec::with_capacity(metrics.len());
        for (name, value) in metrics {
            let key = self.key(&format!("{stage}/{name}"));
            records.push(Record::Note(Note { key, value: *value }));
        }
        if records.is_empty() { Ok(()) } else { self.append(&records) }
    }

    fn ring(&mut self, rings: Vec<Ring>, at: &Key) -> Result<()> {
        for ring in rings.into_iter().filter(|ring| ring.response != Response::Off) {
            self.options.observer.see(&Event::Alarm { name: ring.name, message: &ring.message });
            let key = Key { stage: format!("{}/{}", at.stage, ring.name), ..at.clone() };
            self.append(&[Record::Alarm { key, message: ring.message.clone() }])?;
            if ring.response == Response::Stop {
                return Err(ring.error());
            }
        }
        Ok(())
    }

    fn store(&self, snapshot: &Snapshot) -> Result<Vec<(String, crate::BlobId)>> {
        let put =
            |(name, bytes): &(String, Vec<u8>)| Ok((name.clone(), self.options.ledger.put_blob(bytes)?));
        snapshot.files.iter().map(put).collect()
    }

    fn load(&self, files: &[(String, crate::BlobId)]) -> Result<Snapshot> {
        let get = |(name, id): &(String, crate::BlobId)| Ok((name.clone(), self.options.ledger.blob(id)?));
        Ok(Snapshot { files: files.iter().map(get).collect::<Result<_>>()? })
    }
}

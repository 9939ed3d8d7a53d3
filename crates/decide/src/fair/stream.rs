//! The world: people with a merit and a group, labels by chance, labels shown to those who accept, and a
//! panel that watches.

use super::{Auditor, Batch, Decision, OneSided, Panel, Person, Slope};
use autodidact_core::{Ask, Error, Explore, Group, Judge, Judged, Result, Rng, Seed, Snapshot, Verdict};
use autodidact_math::bandit::one_sided;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// The stream of the proof: x uniform on 0..1, g = +-1/2 evenly, and
/// `P(y = 1) = sigmoid(steepness (x + g / 2 - 1/2))`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stream {
    /// People a round (k).
    pub people: u32,
    /// How sharply labels follow merit and group.
    pub steepness: f64,
    /// So many rounds at the start have labels of 0 only, whatever the people are.
    pub pessimistic: u64,
    /// Which labels are shown.
    pub labels: Labels,
    /// The slope of each auditor's metric.
    pub auditors: Vec<f64>,
    /// What auditors tolerate beyond their metrics (alpha).
    pub tolerance: f64,
    /// The share of auditors that a report needs (gamma).
    pub quorum: f64,
}

/// Which labels are shown after a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Labels {
    /// Those of the accepted.
    #[default]
    OneSided,
    /// All: to compare with.
    All,
}

impl Default for Stream {
    fn default() -> Stream {
        Stream {
            people: 4,
            steepness: 12.0,
            pessimistic: 0,
            labels: Labels::OneSided,
            auditors: vec![1.5, 2.0, 3.0],
            tolerance: 0.2,
            quorum: 0.5,
        }
    }
}

impl Stream {
    /// Fails on streams that cannot be.
    pub fn check(&self) -> Result<()> {
        if !(1..=1000).contains(&self.people) {
            return Err(Error::invalid("world.people", "between 1 and 1000", self.people));
        }
        if !self.steepness.is_finite() {
            return Err(Error::invalid("world.steepness", "finite", self.steepness));
        }
        if let Some(bad) = self.auditors.iter().find(|slope| !(**slope >= 0.0 && slope.is_finite())) {
            return Err(Error::invalid("world.auditors", "slopes of at least 0, finite", bad));
        }
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            return Err(Error::invalid("world.tolerance", "at least 0 and finite", self.tolerance));
        }
        if !(self.quorum > 0.0 && self.quorum <= 1.0) {
            return Err(Error::invalid("world.quorum", "above 0 and at most 1", self.quorum));
        }
        Ok(())
    }

    /// Its auditors with `slack` less tolerance than the stream says.
    pub fn panel(&self, slack: f64) -> Panel {
        let tolerance = self.tolerance - slack;
        let auditor = |slope: &f64| Box::new(Slope { slope: *slope, tolerance }) as Box<dyn Auditor>;
        Panel { auditors: self.auditors.iter().map(auditor).collect(), quorum: self.quorum }
    }

    /// The people of a round.
    pub fn batch(&self, seed: Seed, round: u64) -> Batch {
        let mut rng = seed.at("people", round).rng();
        let person = |_| Person { x: rng.random(), g: if rng.random() { 0.5 } else { -0.5 } };
        Batch { round, people: (0..self.people).map(person).collect() }
    }

    /// Their labels.
    pub fn labels(&self, seed: Seed, batch: &Batch) -> Vec<bool> {
        let mut rng = seed.at("labels", batch.round).rng();
        let label = |person: &Person| {
            let merit = self.steepness * (person.x + 0.5 * person.g - 0.5);
            let luck: f64 = rng.random();
            batch.round >= self.pessimistic && luck < 1.0 / (1.0 + (-merit).exp())
        };
        batch.people.iter().map(label).collect()
    }

    /// Draws batches in order.
    pub fn explorer(&self, seed: Seed) -> impl Explore<OneSided> + use<> {
        Arrivals { stream: self.clone(), seed, next: 0 }
    }
}

struct Arrivals {
    stream: Stream,
    seed: Seed,
    next: u64,
}

impl Explore<OneSided> for Arrivals {
    fn ask(&mut self, n: usize, _rng: &mut Rng) -> Result<Vec<Ask<OneSided>>> {
        let from = self.next;
        self.next += n as u64;
        let ask = |round| Ask { query: self.stream.batch(self.seed, round), knobs: (), tries: 1 };
        Ok((from..self.next).map(ask).collect())
    }

    fn tell(&mut self, _groups: &[Group<OneSided>]) -> Result<()> {
        Ok(())
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(Snapshot { files: vec![("next".to_owned(), self.next.to_string().into_bytes())] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let text = String::from_utf8_lossy(snapshot.file("next").unwrap_or_default());
        self.next = text
            .parse()
            .map_err(|_| Error::invalid("the next batch in a snapshot", "a whole number", &text))?;
        Ok(())
    }
}

/// Labels, errors and the panel's report. The score is minus the share of wrong decisions; the part
/// `error` is the expected share under the policy. Both are the world's knowledge, not the learner's:
/// learners read [`super::Feedback`].
pub struct StreamJudge {
    stream: Stream,
    panel: Panel,
    seed: Seed,
}

impl StreamJudge {
    /// The judge of the stream of that seed.
    pub fn of(stream: &Stream, seed: Seed) -> StreamJudge {
        StreamJudge { stream: stream.clone(), panel: stream.panel(0.0), seed }
    }

    fn verdict(&self, batch: &Batch, decision: &Decision) -> Verdict {
        let labels = self.stream.labels(self.seed, batch);
        let n = labels.len() as f64;
        let realised: f64 = labels
            .iter()
            .zip(&decision.accept)
            .map(|(label, accept)| one_sided::error(*accept, *label))
            .sum();
        let expected: f64 = labels
            .iter()
            .zip(&decision.chance)
            .map(|(label, chance)| if *label { 1.0 - chance } else { *chance })
            .sum();
        let mut verdict = Verdict::score(-realised / n).with("error", expected / n);
        for (i, label) in labels.iter().enumerate() {
            if decision.accept[i] || self.stream.labels == Labels::All {
                verdict = verdict.with(&format!("label/{i}"), f64::from(u8::from(*label)));
            }
        }
        match self.panel.report(&batch.people, &decision.chance) {
            Some((favoured, slighted)) => {
                verdict.with("favoured", favoured as f64).with("slighted", slighted as f64)
            }
            None => verdict,
        }
    }
}

impl Judge<OneSided> for StreamJudge {
    fn judge(&self, asks: &[Ask<OneSided>], answers: &[Vec<Decision>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, decision| {
            let people = ask.query.people.len();
            if decision.accept.len() != people || decision.chance.len() != people {
                return Verdict::error("a decision needs one entry a person", 0.0);
            }
            self.verdict(&ask.query, decision)
        }))
    }

    fn name(&self) -> String {
        format!("{:?}", self.stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fair::Feedback;

    #[test]
    fn labels_follow_merit_and_are_shown_to_those_who_accept() {
        let (stream, seed) = (Stream::default(), Seed::root(1));
        let judge = StreamJudge::of(&stream, seed);
        let (mut high, mut low) = ((0.0, 0.0), (0.0, 0.0));
        for round in 0..500 {
            let batch = stream.batch(seed, round);
            let labels = stream.labels(seed, &batch);
            let accept: Vec<bool> = batch.people.iter().map(|person| person.x > 0.5).collect();
            let decision = Decision { chance: vec![0.5; 4], accept };
            let feedback = Feedback::of(&judge.verdict(&batch, &decision), 4);
            for (i, (person, label)) in batch.people.iter().zip(labels).enumerate() {
                assert_eq!(feedback.labels[i], decision.accept[i].then_some(label));
                let merit = person.x + 0.5 * person.g - 0.5;
                let side = if merit > 0.0 { &mut high } else { &mut low };
                *side = (side.0 + f64::from(u8::from(label)), side.1 + 1.0);
            }
            assert_eq!(feedback.report, None);
        }
        assert!(high.0 / high.1 > 0.8 && low.0 / low.1 < 0.2, "{high:?} {low:?}");
    }

    #[test]
    fn a_sharp_cut_is_reported_and_the_score_is_the_worlds() {
        let stream = Stream { labels: Labels::All, pessimistic: 10, ..Stream::default() };
        let judge = StreamJudge::of(&stream, Seed::root(2));
        let person = |x, g| Person { x, g };
        let batch = Batch { round: 3, people: vec![person(0.5, 0.5), person(0.49, -0.5), person(0.9, 0.5)] };
        let decision = Decision { accept: vec![true, false, true], chance: vec![1.0, 0.0, 1.0] };
        let verdict = judge.verdict(&batch, &decision);
        // All labels are 0 at first: two of three were accepted wrongly.
        assert_eq!(verdict.value(), Some(-2.0 / 3.0));
        let feedback = Feedback::of(&verdict, 3);
        assert_eq!(feedback.report, Some((0, 1)));
        assert_eq!(feedback.labels, [Some(false); 3]);
    }

    #[test]
    fn an_answer_of_the_wrong_size_is_an_error_and_no_score() {
        let stream = Stream::default();
        let judge = StreamJudge::of(&stream, Seed::root(2));
        let ask = Ask::<OneSided> { query: stream.batch(Seed::root(2), 0), knobs: (), tries: 1 };
        let answer = Decision { accept: vec![true], chance: vec![1.0] };
        let judged = judge.judge(&[ask], &[vec![answer]]).expect("judges");
        assert!(judged.verdicts[0][0].is_error());
    }
}

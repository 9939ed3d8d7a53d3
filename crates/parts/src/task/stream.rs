//! The pre-training stream: endless generated text that grows harder as training goes on.
//!
//! Row `i` depends on the seed, on `i` and on the length of the stream alone, so batches can be
//! made by any number of threads and a stopped training goes on where it was. Every row is a fresh
//! draw from the training split; only families with few problems can draw one twice, and then with
//! new errors. The share of facts falls from a half over a quarter to a tenth, levels start easy,
//! and the last fifth is for skills.

use super::family::Family;
use super::hand::Noise;
use super::problem::Problem;
use super::row::TextRow;
use super::skill::{Skill, Writer};
use autodidact_core::{Error, Result, Rng, Seed, Split};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the stream is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamConfig {
    /// How the demonstrator errs; single facts are always right.
    pub noise: Noise,
    /// Share of rows that are single facts: in the first quarter, in the second, afterwards.
    pub facts: [f64; 3],
    /// Share of rows that show a skill beside the answer: until 80 % of the stream, afterwards.
    pub skills: [f64; 2],
    /// How often each family comes, relative to the others; those left out do not come.
    pub families: BTreeMap<Family, f64>,
    /// How often levels 1 to 4 come in the first half of the stream.
    pub early_levels: [f64; 4],
    /// How often levels 1 to 4 come in the second half.
    pub late_levels: [f64; 4],
    /// How often countdown starts from 3 and from 4 numbers.
    pub countdown: [f64; 2],
    /// The weight of problem text in the loss; answers have weight 1.
    pub problem_weight: f32,
    /// The most bytes of a row that shows a skill; one that takes more becomes a plain answer.
    pub longest: usize,
}

impl Default for StreamConfig {
    fn default() -> StreamConfig {
        use Family::{Assignments, Chain, Countdown, Path, Product, Words};
        StreamConfig {
            noise: Noise::default(),
            facts: [0.5, 0.25, 0.1],
            skills: [0.15, 0.5],
            families: BTreeMap::from([
                (Chain, 1.0),
                (Product, 0.5),
                (Assignments, 1.0),
                (Words, 1.0),
                (Countdown, 1.0),
                (Path, 1.0),
            ]),
            early_levels: [4.0, 4.0, 1.0, 1.0],
            late_levels: [2.0, 2.0, 2.0, 1.0],
            countdown: [0.9, 0.1],
            problem_weight: 0.1,
            longest: 300,
        }
    }
}

/// How often each skill comes among the rows that show one.
const SKILLS: [(Skill, f64); 7] = [
    (Skill::Verdict, 0.40),
    (Skill::Confidence, 0.10),
    (Skill::Critique, 0.10),
    (Skill::Retry, 0.15),
    (Skill::SecondAttempt, 0.10),
    (Skill::Comparison, 0.05),
    (Skill::FewShot, 0.10),
];

impl StreamConfig {
    /// Fails when a share is no share, a weight is negative or nothing could be drawn; `field` is
    /// the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        self.noise.check(&format!("{field}.noise"))?;
        for (name, shares) in [("facts", &self.facts[..]), ("skills", &self.skills[..])] {
            for share in shares {
                if !(0.0..=1.0).contains(share) {
                    return Err(Error::invalid(format!("{field}.{name}"), "shares between 0 and 1", share));
                }
            }
        }
        let families: Vec<f64> = self.families.values().copied().collect();
        let lists = [
            ("families", &families[..]),
            ("early_levels", &self.early_levels[..]),
            ("late_levels", &self.late_levels[..]),
            ("countdown", &self.countdown[..]),
        ];
        for (name, weights) in lists {
            let sum: f64 = weights.iter().sum();
            if weights.iter().any(|weight| *weight < 0.0) || !sum.is_finite() || sum <= 0.0 {
                let rule = "weights of at least 0 with a positive sum";
                return Err(Error::invalid(format!("{field}.{name}"), rule, format!("{weights:?}")));
            }
        }
        if !self.problem_weight.is_finite() || self.problem_weight < 0.0 {
            let name = format!("{field}.problem_weight");
            return Err(Error::invalid(name, "a number of at least 0", self.problem_weight));
        }
        Ok(())
    }
}

/// A stream of `total` rows.
#[derive(Clone, Debug)]
pub struct PretrainStream {
    config: StreamConfig,
    seed: Seed,
    total: u64,
}

impl PretrainStream {
    /// The stream of that seed and length. Fails on a configuration that
    /// [breaks a rule](StreamConfig::check).
    pub fn new(config: StreamConfig, seed: Seed, total: u64) -> Result<PretrainStream> {
        config.check("stream")?;
        Ok(PretrainStream { config, seed, total })
    }

    /// How many rows there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Row `index`. Rows beyond the end are like the last ones, and as fresh.
    pub fn row(&self, index: u64) -> Result<TextRow> {
        let mut rng = self.seed.at("row", index).rng();
        let progress = index as f64 / self.total.max(1) as f64;
        let config = &self.config;
        let facts = config.facts[if progress < 0.25 {
            0
        } else if progress < 0.5 {
            1
        } else {
            2
        }];
        if rng.random_bool(facts) {
            let fact = train_problem(Family::Facts, 1, &mut rng)?;
            let row = TextRow::new().then(&fact.text, config.problem_weight);
            return Ok(row.then(&fact.solve().text(), 1.0));
        }
        let families: Vec<(Family, f64)> =
            config.families.iter().map(|(one, weight)| (*one, *weight)).collect();
        let family = pick(&families, &mut rng);
        let problem = train_problem(family, self.level(family, progress, &mut rng), &mut rng)?;
        let skills = config.skills[usize::from(progress >= 0.8)];
        let skill = if rng.random_bool(skills) { pick(&SKILLS, &mut rng) } else { Skill::Answer };
        let writer =
            Writer { noise: config.noise, problem_weight: config.problem_weight, longest: config.longest };
        writer.row(skill, &problem, &mut rng, |rng| {
            train_problem(family, self.level(family, progress, rng).min(easiest(family) + 1), rng)
        })
    }

    /// Draws a level as the curriculum has it at `progress` in 0..1.
    fn level(&self, family: Family, progress: f64, rng: &mut Rng) -> u32 {
        let weights = match family {
            Family::Countdown => &self.config.countdown[..],
            _ if progress < 0.5 => &self.config.early_levels[..],
            _ => &self.config.late_levels[..],
        };
        let levels: Vec<(u32, f64)> = family.trained().zip(weights.iter().copied()).collect();
        let total: f64 = levels.iter().map(|(_, weight)| weight).sum();
        if total > 0.0 { pick(&levels, rng) } else { easiest(family) }
    }
}

fn easiest(family: Family) -> u32 {
    *family.trained().start()
}

/// A problem of the training split: 17 draws in 20 are, so this ends soon.
fn train_problem(family: Family, level: u32, rng: &mut Rng) -> Result<Problem> {
    loop {
        let problem = family.generate(level, rng)?;
        if problem.split() == Split::Train {
            return Ok(problem);
        }
    }
}

/// One of the choices, as often as its weight says; the weights have a positive sum.
fn pick<T: Copy>(choices: &[(T, f64)], rng: &mut Rng) -> T {
    let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.random::<f64>() * total;
    for (choice, weight) in choices {
        left -= weight;
        if left < 0.0 {
            return *choice;
        }
    }
    // Rounding may leave a trace at the very end: the last choice that can come takes it.
    choices.iter().rev().find(|(_, weight)| *weight > 0.0).expect("the weights have a positive sum").0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOTAL: u64 = 8_000;

    fn stream() -> PretrainStream {
        PretrainStream::new(StreamConfig::default(), Seed::root(11), TOTAL).expect("defaults are valid")
    }

    fn rows(stream: &PretrainStream, from: u64, to: u64) -> Vec<TextRow> {
        (from..to).map(|index| stream.row(index).expect("a row")).collect()
    }

    #[test]
    fn a_row_depends_on_seed_index_and_length_alone() {
        let (one, two) = (stream(), stream());
        let forward = rows(&one, 0, 200);
        let backward: Vec<TextRow> = (0..200).rev().map(|index| two.row(index).expect("a row")).collect();
        assert!(forward.iter().eq(backward.iter().rev()));
        let other = PretrainStream::new(StreamConfig::default(), Seed::root(12), TOTAL).expect("valid");
        assert_ne!(forward, rows(&other, 0, 200));
    }

    #[test]
    fn the_stream_is_pinned() {
        // The bundled model is made again from its command only while this digest stands.
        let mut hasher = blake3::Hasher::new();
        for row in (0..TOTAL).step_by(40).map(|index| stream().row(index).expect("a row")) {
            hasher.update(row.text.as_bytes());
        }
        assert_eq!(hasher.finalize().to_hex()[..16], *PINNED);
    }

    const PINNED: &str = "03f9e09828e04ded";

    #[test]
    fn every_problem_in_every_row_is_a_training_problem() {
        let stream = stream();
        for row in (0..TOTAL).step_by(3).map(|index| stream.row(index).expect("a row")) {
            assert_eq!(row.weight.len(), row.text.len());
            for piece in row.text.split('|') {
                let Some(end) = piece.find('?') else { continue };
                let problem = Problem::parse(&piece[..=end]).expect(piece);
                assert_eq!(problem.split(), Split::Train, "{piece}");
            }
        }
    }

    #[test]
    fn facts_give_way_and_skills_come_last() {
        let stream = stream();
        let share = |from: u64, to: u64, marked: &dyn Fn(&TextRow) -> bool| {
            let rows = rows(&stream, from, to);
            rows.iter().filter(|row| marked(row)).count() as f64 / rows.len() as f64
        };
        let fact = |row: &TextRow| row.text.starts_with("D:");
        for (from, to, expected) in [(0, 2_000, 0.5), (2_000, 4_000, 0.25), (4_000, 8_000, 0.1)] {
            assert!((share(from, to, &fact) - expected).abs() < 0.04);
        }
        // Verdicts are 40 % of skills, skills 15 % and then 50 % of the rows that are no facts.
        let verdict = |row: &TextRow| row.text.ends_with("~y") || row.text.ends_with("~n");
        assert!((share(4_000, 6_400, &verdict) - 0.9 * 0.15 * 0.4).abs() < 0.02);
        assert!((share(6_400, 8_000, &verdict) - 0.9 * 0.5 * 0.4).abs() < 0.04);
    }

    #[test]
    fn long_rows_of_endless_families_do_not_repeat() {
        let rows = rows(&stream(), 6_400, 8_000);
        let long: Vec<&str> =
            rows.iter().map(|row| row.text.as_str()).filter(|text| text.starts_with("W:")).collect();
        let distinct: std::collections::BTreeSet<&str> = long.iter().copied().collect();
        assert!(long.len() > 100 && distinct.len() == long.len());
    }

    #[test]
    fn a_stream_that_makes_no_sense_is_refused_by_name() {
        let refused = |config: StreamConfig| {
            PretrainStream::new(config, Seed::root(1), 10).expect_err("refused").to_string()
        };
        let none = StreamConfig { families: BTreeMap::new(), ..StreamConfig::default() };
        assert!(refused(none).starts_with("stream.families must be weights"));
        let share = StreamConfig { facts: [0.5, 0.5, 1.5], ..StreamConfig::default() };
        assert_eq!(refused(share), "stream.facts must be shares between 0 and 1, but is 1.5");
        let noise = StreamConfig { noise: Noise { slip: -1.0, ..Noise::NONE }, ..StreamConfig::default() };
        assert!(refused(noise).starts_with("stream.noise.slip"));
        let weight = StreamConfig { problem_weight: f32::NAN, ..StreamConfig::default() };
        assert!(refused(weight).starts_with("stream.problem_weight"));
        let level = StreamConfig { late_levels: [0.0; 4], ..StreamConfig::default() };
        assert!(refused(level).starts_with("stream.late_levels"));
    }

    #[test]
    fn a_configuration_survives_json() {
        let config = StreamConfig::default();
        let json = serde_json::to_string(&config).expect("it serialises");
        assert_eq!(serde_json::from_str::<StreamConfig>(&json).expect("it reads back"), config);
        assert!(serde_json::from_str::<StreamConfig>(r#"{"fact": [1, 1, 1]}"#).is_err());
    }
}

//! The rule of a duelling bandit: show the favourite beside the one that may well be better.

use super::{Answered, Duel, Ensemble, FitConfig, Pair, Round, Width, fit, widths};
use autodidact_core::{
    Ask, BlobId, Error, Explore, Group, Learn, Lesson, Metrics, Policy, Proposals, Result, Rng, Seed,
    Snapshot, Spend, Version,
};
use autodidact_nets::{Activation, Init, Mlp, Tape};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How pairs are chosen and what is made of the answers; the defaults are APOHF's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DuellerConfig {
    /// Random pairs before the rule chooses.
    pub random: u32,
    /// How a pair is chosen.
    pub rule: Rule,
    /// Regularises the widths, above 0.
    pub lambda: f64,
    /// Hidden layers of the worth's perceptron; none makes worth linear in the embedding.
    pub hidden: Vec<usize>,
    /// How its parameters begin, the same in every fit.
    pub init: Init,
    /// How it is fitted.
    pub fit: FitConfig,
}

/// How a pair is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// The best candidate, and the best other one when each gets credit for its uncertainty.
    Optimistic {
        /// Scales the variance, at least 0; 0 exploits only.
        nu: f64,
        /// Which width.
        width: Width,
    },
    /// The favourites of two random members of an ensemble.
    Thompson {
        /// How many members, at least 2.
        members: u32,
        /// How often a second member is drawn again when it has the same favourite.
        retries: u32,
    },
    /// Two random candidates; the last winner counts as the best. Nothing is fitted.
    Random,
}

impl Default for DuellerConfig {
    fn default() -> DuellerConfig {
        DuellerConfig {
            random: 5,
            rule: Rule::Optimistic { nu: 1.0, width: Width::Diagonal },
            lambda: 0.1,
            hidden: vec![32, 32],
            init: Init::Normal { sd: 1.0 },
            fit: FitConfig::default(),
        }
    }
}

impl DuellerConfig {
    /// Fails on settings that cannot be, naming the field and the rule.
    pub fn check(&self) -> Result<()> {
        if !(1e-8..=1e8).contains(&self.lambda) {
            return Err(Error::invalid("lambda", "between 1e-8 and 1e8", self.lambda));
        }
        if let Some(width) = self.hidden.iter().find(|&&width| width == 0) {
            return Err(Error::invalid("hidden", "widths of at least 1", width));
        }
        match self.init {
            Init::Normal { sd } if !(sd >= 0.0 && sd.is_finite()) => {
                return Err(Error::invalid("init.sd", "at least 0 and finite", sd));
            }
            _ => {}
        }
        match self.rule {
            Rule::Optimistic { nu, .. } if !(nu >= 0.0 && nu.is_finite()) => {
                return Err(Error::invalid("rule.nu", "at least 0 and finite", nu));
            }
            Rule::Thompson { members, .. } if members < 2 => {
                return Err(Error::invalid("rule.members", "at least 2", members));
            }
            _ => {}
        }
        self.fit.check()
    }
}

/// A duelling bandit over embedded candidates: [`Dueller::ask`], [`Dueller::tell`], [`Dueller::best`].
///
/// All that it remembers is the list of answers: the worth is fitted from the same start each time, so a
/// dueller that is told the same answers is the same dueller, to the bit.
#[derive(Clone, Debug)]
pub struct Dueller {
    config: DuellerConfig,
    embeddings: Arc<Vec<Vec<f64>>>,
    seed: Seed,
    net: Mlp,
    start: Vec<f64>,
    answers: Vec<Answered>,
    model: Model,
}

/// What the answers say of the candidates' worth.
#[derive(Clone, Debug)]
enum Model {
    Nothing,
    One(Vec<f64>),
    Several(Ensemble),
}

impl Dueller {
    /// A dueller that was told nothing yet. `embeddings[i]` belongs to candidate `i`; there are at least
    /// two, all different and of one length: equal ones could not be told apart.
    pub fn new(embeddings: Arc<Vec<Vec<f64>>>, config: &DuellerConfig, seed: Seed) -> Result<Dueller> {
        config.check()?;
        let dim = check_pool(&embeddings)?;
        let sizes: Vec<usize> = [dim].into_iter().chain(config.hidden.iter().copied()).chain([1]).collect();
        let net = Mlp::new(&sizes, Activation::Relu);
        let start = net.init(config.init, &mut seed.at("start", 0).rng());
        let (config, answers) = (config.clone(), Vec::new());
        Ok(Dueller { config, embeddings, seed, net, start, answers, model: Model::Nothing })
    }

    /// The same dueller whose fits begin at these parameters. Fails on another number of them.
    pub fn starting_at(mut self, start: Vec<f64>) -> Result<Dueller> {
        if start.len() != self.net.len() {
            let rule = format!("{} parameters", self.net.len());
            return Err(Error::invalid("the start of the fit", rule, start.len()));
        }
        self.start = start;
        Ok(self)
    }

    /// The next pair to show, out of all candidates.
    pub fn ask(&self) -> Pair {
        let all: Vec<u32> = (0..self.embeddings.len() as u32).collect();
        self.ask_among(&all, self.seed.at("pair", self.answers.len() as u64))
    }

    /// The next pair out of `allowed`, at least two candidates in rising order; chance comes from `seed`.
    pub fn ask_among(&self, allowed: &[u32], seed: Seed) -> Pair {
        let mut rng = seed.rng();
        if self.answers.len() < self.config.random as usize {
            return two_of(allowed, &mut rng);
        }
        match (self.config.rule, &self.model) {
            (Rule::Optimistic { nu, width }, Model::One(parameters)) => {
                self.optimistic(parameters, allowed, nu, width)
            }
            (Rule::Thompson { retries, .. }, Model::Several(ensemble)) => {
                let mut favourite = || {
                    let member = &ensemble.members[rng.random_range(0..ensemble.members.len())];
                    best_of(allowed, &self.worths_under(member, allowed))
                };
                let first = favourite();
                let second = (0..=retries).map(|_| favourite()).find(|&second| second != first);
                let pair = second.map(|second| Pair { first, second });
                pair.unwrap_or_else(|| beside(first, two_of(allowed, &mut rng)))
            }
            _ => two_of(allowed, &mut rng),
        }
    }

    /// Takes note of an answer and learns from all of them. Fails on candidates that the pool does not
    /// hold or that are the same.
    pub fn tell(&mut self, pair: Pair, first_won: bool) -> Result<()> {
        let n = self.embeddings.len();
        if pair.first.max(pair.second) as usize >= n || pair.first == pair.second {
            let rule = format!("two different candidates below {n}");
            return Err(Error::invalid("pair", rule, format!("{} and {}", pair.first, pair.second)));
        }
        self.answers.push(Answered { pair, first_won });
        self.refit();
        Ok(())
    }

    /// The best of the candidates that were shown, of `allowed` where given; `None` before any was.
    pub fn best(&self, allowed: Option<&[u32]>) -> Option<u32> {
        let may = |id: &u32| allowed.is_none_or(|allowed| allowed.binary_search(id).is_ok());
        let shown: BTreeSet<u32> =
            self.answers.iter().flat_map(|one| [one.pair.first, one.pair.second]).filter(may).collect();
        let shown: Vec<u32> = shown.into_iter().collect();
        if shown.is_empty() {
            return None;
        }
        Some(match &self.model {
            Model::Nothing => self.answers.iter().rev().map(Answered::winner).find(may).unwrap_or(shown[0]),
            Model::One(parameters) => best_of(&shown, &self.worths_under(parameters, &shown)),
            Model::Several(ensemble) => {
                let mut rng = self.seed.at("best", self.answers.len() as u64).rng();
                let member = &ensemble.members[rng.random_range(0..ensemble.members.len())];
                best_of(&shown, &self.worths_under(member, &shown))
            }
        })
    }

    /// The fitted worth of each candidate; `None` where nothing is fitted or an ensemble is.
    pub fn worths(&self) -> Option<Vec<f64>> {
        let all: Vec<u32> = (0..self.embeddings.len() as u32).collect();
        match &self.model {
            Model::One(parameters) => Some(self.worths_under(parameters, &all)),
            _ => None,
        }
    }

    /// The width between each of `allowed` and candidate `first`; `None` as for [`Dueller::worths`].
    pub fn widths_from(&self, first: u32, allowed: &[u32], nu: f64, width: Width) -> Option<Vec<f64>> {
        let Model::One(parameters) = &self.model else { return None };
        let shown: BTreeSet<u32> =
            self.answers.iter().flat_map(|one| [one.pair.first, one.pair.second]).collect();
        let needed: Vec<u32> = shown
            .into_iter()
            .chain(allowed.iter().copied())
            .chain([first])
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let gradients = self.net.gradients(parameters, &self.rows(&needed), 0);
        let gradient = |id: u32| {
            let place = needed.binary_search(&id).expect("it was put there above");
            &gradients[place * self.net.len()..][..self.net.len()]
        };
        let less =
            |a: u32, b: u32| gradient(a).iter().zip(gradient(b)).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let past: Vec<Vec<f64>> =
            self.answers.iter().map(|one| less(one.pair.first, one.pair.second)).collect();
        let differences: Vec<Vec<f64>> = allowed.iter().map(|&id| less(id, first)).collect();
        Some(widths(width, &past, &differences, (nu, self.config.lambda, self.net.len())))
    }

    /// The answers so far.
    pub fn answers(&self) -> &[Answered] {
        &self.answers
    }

    fn optimistic(&self, parameters: &[f64], allowed: &[u32], nu: f64, width: Width) -> Pair {
        let worths = self.worths_under(parameters, allowed);
        let first = best_of(allowed, &worths);
        let widths = self.widths_from(first, allowed, nu, width).expect("one model is fitted");
        let others = allowed.iter().zip(worths.iter().zip(&widths)).filter(|(id, _)| **id != first);
        let (ids, scores): (Vec<u32>, Vec<f64>) =
            others.map(|(id, (worth, width))| (*id, worth + width)).unzip();
        Pair { first, second: best_of(&ids, &scores) }
    }

    fn worths_under(&self, parameters: &[f64], ids: &[u32]) -> Vec<f64> {
        self.net.forward(parameters, &self.rows(ids), &mut Tape::default()).to_vec()
    }

    fn rows(&self, ids: &[u32]) -> Vec<f64> {
        ids.iter().flat_map(|&id| self.embeddings[id as usize].iter().copied()).collect()
    }

    fn refit(&mut self) {
        let Dueller { config, embeddings, net, start, answers, .. } = &*self;
        self.model = match config.rule {
            _ if answers.is_empty() => Model::Nothing,
            Rule::Random => Model::Nothing,
            Rule::Optimistic { .. } => {
                Model::One(fit(net, start, embeddings, answers, &config.fit).parameters)
            }
            Rule::Thompson { members, .. } => {
                let seed = self.seed.at("ensemble", answers.len() as u64);
                let how = (&config.fit, config.lambda);
                Model::Several(Ensemble::fit(net, start, members as usize, embeddings, answers, how, seed))
            }
        };
    }

    /// The answers, as JSON: all that a dueller must keep.
    pub fn save(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(&self.answers).map_err(|source| Error::Recorded { what: "answers", source })
    }

    /// Goes back to saved answers.
    pub fn restore(&mut self, answers: &[u8]) -> Result<()> {
        let read = serde_json::from_slice(answers);
        self.answers = read.map_err(|source| Error::Recorded { what: "answers", source })?;
        self.refit();
        Ok(())
    }
}

fn check_pool(embeddings: &[Vec<f64>]) -> Result<usize> {
    let dim = embeddings.first().map_or(0, Vec::len);
    if embeddings.len() < 2 || dim == 0 {
        return Err(Error::invalid(
            "pool",
            "at least two embeddings of at least one number",
            embeddings.len(),
        ));
    }
    if let Some(bad) = embeddings.iter().find(|one| one.len() != dim || one.iter().any(|x| !x.is_finite())) {
        return Err(Error::invalid(
            "pool",
            format!("embeddings of {dim} finite numbers"),
            format!("{bad:?}"),
        ));
    }
    let bits: BTreeSet<Vec<u64>> =
        embeddings.iter().map(|one| one.iter().map(|x| x.to_bits()).collect()).collect();
    if bits.len() < embeddings.len() {
        let twice = embeddings.len() - bits.len();
        return Err(Error::invalid(
            "pool",
            "embeddings that all differ",
            format!("{twice} that came before"),
        ));
    }
    Ok(dim)
}

/// The candidate of the highest score, the first of equals; `scores[i]` belongs to `ids[i]`.
fn best_of(ids: &[u32], scores: &[f64]) -> u32 {
    let better = |best: usize, i: usize| if scores[i] > scores[best] { i } else { best };
    ids[(1..ids.len()).fold(0, better)]
}

fn two_of(allowed: &[u32], rng: &mut Rng) -> Pair {
    let first = rng.random_range(0..allowed.len());
    let second = rng.random_range(0..allowed.len() - 1);
    Pair { first: allowed[first], second: allowed[second + usize::from(second >= first)] }
}

/// `first` beside one of the pair that is not it.
fn beside(first: u32, pair: Pair) -> Pair {
    Pair { first, second: if pair.first == first { pair.second } else { pair.first } }
}

/// A dueller as policy and learner of a loop, which share it.
#[derive(Clone, Debug)]
pub struct Shared {
    dueller: Arc<Mutex<Dueller>>,
    all: Arc<Vec<u32>>,
}

/// The policy: which pair to show.
#[derive(Clone, Debug)]
pub struct Shower(Shared);

/// The learner: what the answers say.
#[derive(Clone, Debug)]
pub struct Learner(Shared);

impl Shared {
    /// Shares a dueller.
    pub fn new(dueller: Dueller) -> Shared {
        let all = Arc::new((0..dueller.embeddings.len() as u32).collect());
        Shared { dueller: Arc::new(Mutex::new(dueller)), all }
    }

    /// The policy.
    pub fn policy(&self) -> Shower {
        Shower(self.clone())
    }

    /// The learner.
    pub fn learner(&self) -> Learner {
        Learner(self.clone())
    }

    /// The dueller, for reading.
    pub fn read(&self) -> MutexGuard<'_, Dueller> {
        self.dueller.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Policy<Duel> for Shower {
    fn propose(&self, asks: &[Ask<Duel>], seeds: &[Seed]) -> Result<Proposals<Duel>> {
        let dueller = self.0.read();
        let mut answers = Vec::with_capacity(asks.len());
        for (ask, seed) in asks.iter().zip(seeds) {
            let allowed = ask.query.allowed.as_deref().unwrap_or(&self.0.all);
            let known = allowed.last().is_some_and(|&last| (last as usize) < self.0.all.len());
            if allowed.len() < 2 || !known || !allowed.is_sorted_by(|a, b| a < b) {
                let rule = format!("two or more candidates below {} in rising order", self.0.all.len());
                return Err(Error::invalid("allowed", rule, format!("{allowed:?}")));
            }
            let pair = |t| dueller.ask_among(allowed, seed.at("try", t));
            answers.push((0..u64::from(ask.tries)).map(pair).collect());
        }
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        let dueller = self.0.read();
        let mut bytes = dueller.save()?;
        serde_json::to_writer(&mut bytes, &dueller.config)
            .map_err(|source| Error::Recorded { what: "settings", source })?;
        Ok(Version(BlobId::of(&bytes).0))
    }
}

impl Learn<Duel> for Learner {
    fn learn(&mut self, groups: &[Group<Duel>], _seed: Seed) -> Result<Lesson> {
        let mut dueller = self.0.read();
        for one in groups.iter().flat_map(|group| &group.tries) {
            // A pair nobody answered teaches nothing.
            if let Some(score) = one.verdict.value() {
                dueller.tell(one.answer, score > 0.5)?;
            }
        }
        Ok(Lesson { metrics: Metrics::default(), spend: Spend::default() })
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(Snapshot { files: vec![("answers.json".to_owned(), self.0.read().save()?)] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let answers = snapshot.file("answers.json");
        let answers = answers.ok_or_else(|| Error::unknown("file", "answers.json", [""; 0]))?;
        self.0.read().restore(answers)
    }
}

/// The explorer: one round after the other, every candidate allowed.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    next: u64,
}

impl Explore<Duel> for Rounds {
    fn ask(&mut self, n: usize, _rng: &mut Rng) -> Result<Vec<Ask<Duel>>> {
        let first = self.next;
        self.next += n as u64;
        let one = |round| Ask { query: Round { round, allowed: None }, knobs: (), tries: 1 };
        Ok((first..self.next).map(one).collect())
    }

    fn tell(&mut self, _groups: &[Group<Duel>]) -> Result<()> {
        Ok(())
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(Snapshot { files: vec![("next".to_owned(), self.next.to_le_bytes().to_vec())] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let bytes = snapshot.file("next").and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or_else(|| Error::invalid("next", "a file of 8 bytes", "something else"))?;
        self.next = u64::from_le_bytes(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! A Gaussian posterior over items in groups that is updated impression by impression.
//!
//! Items scatter around their group's mean: `v_i ~ N(mu_g, s^2 I)`, `mu_g ~ N(0, kappa^2 I)`. For each item
//! the clicks leave a Gaussian pseudo-likelihood of precision `A` and information `b`: showing the item to
//! taste `z`, where it had probability `p`, adds `p (1 - p) z z^T` to `A` and
//! `p (1 - p) (z.m) z + (clicked - p) z` to `b`, with `m` the posterior mean before. Without groups this
//! moves the mean by `P^-1 (clicked - p) z`, with `P` the new precision: one Laplace step.
//!
//! Given `mu_g` the items of a group are independent, so the hierarchical posterior is exact and costs as
//! much as the flat one: with `T = (I + s^2 A)^-1`, an item is `N(T (s^2 b + mu), s^2 T)` and the group's
//! mean has precision `I / kappa^2 + sum T A` and information `sum T b`. No spread of 0 divides anything.

use super::{Beliefs, Draw, Shared, Slate, Visit, feedback};
use autodidact_core::{Error, Group, Learn, Lesson, Metrics, Result, Rng, Seed, Snapshot};
use autodidact_math::slate::probabilities;
use nalgebra::{DMatrix, DVector};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// How items are tied together before anything was clicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prior {
    /// Items scatter around their group's mean.
    #[default]
    Hierarchical,
    /// All items are alike.
    Flat,
}

/// Settings of the online posterior.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OnlineConfig {
    /// Numbers in a taste and in an item's vector.
    pub dims: usize,
    /// How items are tied together. A flat prior gives each item the same spread as a hierarchical one.
    pub prior: Prior,
    /// Standard deviation of group means (kappa).
    pub group_spread: f64,
    /// Standard deviation of items around their group's mean (s).
    pub item_spread: f64,
    /// Standard deviation of the utility of clicking nothing, learned for each length of the list.
    pub no_click_spread: f64,
    /// Standard deviation of a taste before the first click, where visits do not carry it.
    pub taste_spread: f64,
    /// What such a taste keeps of itself at a click (gamma).
    pub keep: f64,
}

impl Default for OnlineConfig {
    fn default() -> OnlineConfig {
        OnlineConfig {
            dims: 4,
            prior: Prior::Hierarchical,
            group_spread: 1.0,
            item_spread: 0.5,
            no_click_spread: 1.0,
            taste_spread: 0.5,
            keep: 0.5,
        }
    }
}

impl OnlineConfig {
    /// Fails on settings that make no posterior.
    pub fn check(&self) -> Result<()> {
        if self.dims == 0 {
            return Err(Error::invalid("online.dims", "at least 1", self.dims));
        }
        let spreads = [
            ("group_spread", self.group_spread),
            ("item_spread", self.item_spread),
            ("no_click_spread", self.no_click_spread),
            ("taste_spread", self.taste_spread),
        ];
        for (field, found) in spreads {
            if !(found >= 0.0 && found.is_finite()) {
                return Err(Error::invalid(format!("online.{field}"), "at least 0 and finite", found));
            }
        }
        if !(0.0..=1.0).contains(&self.keep) {
            return Err(Error::invalid("online.keep", "between 0 and 1", self.keep));
        }
        Ok(())
    }
}

/// What the clicks so far say.
#[derive(Clone, Debug)]
pub struct OnlineState {
    config: OnlineConfig,
    /// The members of each group.
    members: Vec<Vec<u32>>,
    /// The group of each item.
    group: Vec<u32>,
    seen: Seen,
    // Made from the above:
    items: Vec<Item>,
    groups: Vec<GroupMean>,
}

/// Sums over impressions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    /// `(items, dims, dims)`.
    precision: Vec<f64>,
    /// `(items, dims)`.
    information: Vec<f64>,
    /// Impressions of each item.
    shown: Vec<u64>,
    /// Precision beyond the prior's and mean of the utility of clicking nothing, by the list's length.
    no_click: Vec<(f64, f64)>,
}

/// What of an item does not change with its group's mean.
#[derive(Clone, Debug)]
struct Item {
    /// T.
    shrink: DMatrix<f64>,
    /// `s^2 T b`.
    own: DVector<f64>,
    /// A factor R of `s^2 T = R R^T`.
    root: DMatrix<f64>,
}

#[derive(Clone, Debug)]
struct GroupMean {
    mean: DVector<f64>,
    /// A factor of the covariance.
    root: DMatrix<f64>,
}

impl OnlineState {
    /// The prior over items of these groups, numbered from 0. Fails on settings that make none.
    pub fn new(config: OnlineConfig, groups: &[u32]) -> Result<OnlineState> {
        config.check()?;
        if groups.is_empty() {
            return Err(Error::invalid("items", "at least 1", 0));
        }
        let group = match config.prior {
            Prior::Hierarchical => groups.to_vec(),
            Prior::Flat => vec![0; groups.len()],
        };
        let count = group.iter().max().map_or(0, |last| *last as usize + 1);
        let mut members = vec![Vec::new(); count];
        for (item, group) in group.iter().enumerate() {
            members[*group as usize].push(item as u32);
        }
        let (n, d) = (groups.len(), config.dims);
        let seen = Seen {
            precision: vec![0.0; n * d * d],
            information: vec![0.0; n * d],
            shown: vec![0; n],
            no_click: Vec::new(),
        };
        let mut state = OnlineState { config, members, group, seen, items: Vec::new(), groups: Vec::new() };
        state.rebuild();
        Ok(state)
    }

    /// The posterior mean of an item.
    pub fn mean(&self, item: u32) -> Vec<f64> {
        self.item_given(item, &self.groups[self.group[item as usize] as usize].mean).as_slice().to_vec()
    }

    /// How often each item was shown.
    pub fn shown(&self) -> &[u64] {
        &self.seen.shown
    }

    /// The learned utility of clicking nothing in a list of that length.
    pub fn no_click(&self, length: usize) -> f64 {
        self.seen.no_click.get(length).map_or(0.0, |(_, mean)| *mean)
    }

    /// The probability, at the posterior means, of clicking nothing and then of each place.
    pub fn probabilities(&self, visit: &Visit, shown: &[u32]) -> Result<Vec<f64>> {
        let means: Vec<Vec<f64>> = self.checked(shown)?.iter().map(|&item| self.mean(item)).collect();
        let taste = self.taste(visit, &mut |item| self.mean(item), None)?;
        Ok(self.odds(&taste, &means))
    }

    /// Learns one impression: what was shown and which place was clicked.
    fn see(&mut self, visit: &Visit, shown: &[u32], click: Option<usize>) -> Result<()> {
        let means: Vec<Vec<f64>> = self.checked(shown)?.iter().map(|&item| self.mean(item)).collect();
        let taste = self.taste(visit, &mut |item| self.mean(item), None)?;
        let odds = self.odds(&taste, &means);
        let d = self.config.dims;
        for (place, (&item, mean)) in shown.iter().zip(&means).enumerate() {
            let p = odds[place + 1];
            let clicked = f64::from(u8::from(click == Some(place)));
            let weight = p * (1.0 - p);
            let fit: f64 = taste.iter().zip(mean).map(|(z, m)| z * m).sum();
            let at = item as usize;
            for i in 0..d {
                self.seen.information[at * d + i] += (weight * fit + clicked - p) * taste[i];
                for j in 0..d {
                    self.seen.precision[(at * d + i) * d + j] += weight * taste[i] * taste[j];
                }
            }
            self.seen.shown[at] += 1;
            self.items[at] = self.item_of(at);
        }
        if self.seen.no_click.len() <= shown.len() {
            self.seen.no_click.resize(shown.len() + 1, (0.0, 0.0));
        }
        let p = odds[0];
        let (precision, mean) = &mut self.seen.no_click[shown.len()];
        *precision += p * (1.0 - p);
        let variance = self.config.no_click_spread.powi(2);
        *mean += variance * (f64::from(u8::from(click.is_none())) - p) / (1.0 + variance * *precision);
        Ok(())
    }

    /// The taste of a visitor, given the vectors of the items; drawn where `rng` is there and nothing
    /// is known.
    fn taste(
        &self,
        visit: &Visit,
        vector: &mut dyn FnMut(u32) -> Vec<f64>,
        rng: Option<&mut Rng>,
    ) -> Result<Vec<f64>> {
        let d = self.config.dims;
        if !visit.taste.is_empty() {
            if visit.taste.len() != d {
                return Err(Error::invalid("taste", format!("{d} numbers"), visit.taste.len()));
            }
            return Ok(visit.taste.clone());
        }
        self.checked(&visit.clicked)?;
        let mut taste = match rng {
            Some(rng) => normals(d, rng).iter().map(|x| self.config.taste_spread * x).collect(),
            None => vec![0.0; d],
        };
        for &item in &visit.clicked {
            let keep = self.config.keep;
            taste.iter_mut().zip(vector(item)).for_each(|(z, v)| *z = keep * *z + (1.0 - keep) * v);
        }
        Ok(taste)
    }

    fn odds(&self, taste: &[f64], items: &[Vec<f64>]) -> Vec<f64> {
        let mut logits = vec![self.no_click(items.len())];
        logits.extend(items.iter().map(|item| super::Score::Dot.of(taste, item)));
        probabilities(&logits, &vec![true; logits.len()])
    }

    fn checked<'a>(&self, items: &'a [u32]) -> Result<&'a [u32]> {
        let n = self.items.len();
        match items.iter().find(|item| **item as usize >= n) {
            Some(item) => Err(Error::invalid("item", format!("below {n}"), item)),
            None => Ok(items),
        }
    }

    /// The mean of an item whose group has that mean.
    fn item_given(&self, item: u32, mean: &DVector<f64>) -> DVector<f64> {
        let one = &self.items[item as usize];
        &one.shrink * mean + &one.own
    }

    fn rebuild(&mut self) {
        self.items = (0..self.group.len()).map(|item| self.item_of(item)).collect();
        self.groups = (0..self.members.len()).map(|group| self.group_of(group)).collect();
    }

    fn item_of(&self, item: usize) -> Item {
        let d = self.config.dims;
        let spread = match self.config.prior {
            Prior::Hierarchical => self.config.item_spread,
            Prior::Flat => self.config.item_spread.hypot(self.config.group_spread),
        };
        let variance = spread * spread;
        let precision = DMatrix::from_row_slice(d, d, &self.seen.precision[item * d * d..][..d * d]);
        let information = DVector::from_row_slice(&self.seen.information[item * d..][..d]);
        let shrink = inverse(DMatrix::identity(d, d) + precision * variance);
        let root = root(shrink.clone()) * spread;
        Item { own: &shrink * information * variance, shrink, root }
    }

    fn group_of(&self, group: usize) -> GroupMean {
        let d = self.config.dims;
        if self.config.prior == Prior::Flat || self.config.group_spread == 0.0 {
            return GroupMean { mean: DVector::zeros(d), root: DMatrix::zeros(d, d) };
        }
        let mut precision = DMatrix::identity(d, d) / self.config.group_spread.powi(2);
        let mut information = DVector::zeros(d);
        for &item in &self.members[group] {
            let at = item as usize;
            let own = DMatrix::from_row_slice(d, d, &self.seen.precision[at * d * d..][..d * d]);
            let b = DVector::from_row_slice(&self.seen.information[at * d..][..d]);
            precision += &self.items[at].shrink * own;
            information += &self.items[at].shrink * b;
        }
        let covariance = inverse((&precision + precision.transpose()) / 2.0);
        GroupMean { mean: &covariance * information, root: root(covariance) }
    }
}

/// The inverse of a matrix that is the identity, or a multiple, plus something positive.
fn inverse(matrix: DMatrix<f64>) -> DMatrix<f64> {
    matrix.cholesky().expect("precisions are at least the prior's").inverse()
}

/// A factor R of a covariance `R R^T`.
fn root(matrix: DMatrix<f64>) -> DMatrix<f64> {
    let symmetric = (&matrix + matrix.transpose()) / 2.0;
    symmetric.cholesky().expect("the inverse of a precision is positive").unpack()
}

fn normals(n: usize, rng: &mut Rng) -> DVector<f64> {
    DVector::from_fn(n, |_, _| StandardNormal.sample(rng))
}

impl Beliefs for OnlineState {
    fn items(&self) -> usize {
        self.items.len()
    }

    fn scores(&self, visit: &Visit, draw: Draw<'_>) -> Result<Vec<f64>> {
        let d = self.config.dims;
        let (vectors, taste) = match draw {
            Draw::Mean => {
                let vectors: Vec<Vec<f64>> =
                    (0..self.items.len() as u32).map(|item| self.mean(item)).collect();
                let taste = self.taste(visit, &mut |item| vectors[item as usize].clone(), None)?;
                (vectors, taste)
            }
            Draw::Posterior(rng) => {
                let means: Vec<DVector<f64>> =
                    self.groups.iter().map(|group| &group.mean + &group.root * normals(d, rng)).collect();
                let mut vector = |item: usize| -> Vec<f64> {
                    let center = self.item_given(item as u32, &means[self.group[item] as usize]);
                    (center + &self.items[item].root * normals(d, rng)).as_slice().to_vec()
                };
                let vectors: Vec<Vec<f64>> = (0..self.items.len()).map(&mut vector).collect();
                let taste = self.taste(visit, &mut |item| vectors[item as usize].clone(), Some(rng))?;
                (vectors, taste)
            }
        };
        Ok(vectors.iter().map(|vector| super::Score::Dot.of(&taste, vector)).collect())
    }

    fn sd(&self, item: u32) -> f64 {
        let one = &self.items[item as usize];
        let of_group = &one.shrink * &self.groups[self.group[item as usize] as usize].root;
        ((one.root.norm_squared() + of_group.norm_squared()) / self.config.dims as f64).sqrt()
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(&(&self.config, &self.seen))
            .map_err(|source| Error::Recorded { what: "online posterior", source })
    }
}

/// Learns from every impression that has feedback. Within one lesson group means stay as they were.
#[derive(Debug)]
pub struct Online(Shared<OnlineState>);

impl Online {
    /// A learner of these beliefs.
    pub fn of(beliefs: &Shared<OnlineState>) -> Online {
        Online(beliefs.clone())
    }
}

impl Learn<Slate> for Online {
    fn learn(&mut self, groups: &[Group<Slate>], _seed: Seed) -> Result<Lesson> {
        self.0.write(|state| {
            let mut touched = vec![false; state.members.len()];
            let mut rows = 0.0;
            for group in groups {
                for one in &group.tries {
                    let Some(click) = feedback(one) else { continue };
                    state.see(&group.ask.query, &one.answer.items, click)?;
                    one.answer
                        .items
                        .iter()
                        .for_each(|&item| touched[state.group[item as usize] as usize] = true);
                    rows += 1.0;
                }
            }
            for group in (0..touched.len()).filter(|&group| touched[group]) {
                state.groups[group] = state.group_of(group);
            }
            let mut metrics = Metrics::default();
            metrics.push("num_rows", rows);
            Ok(Lesson { metrics, ..Lesson::default() })
        })
    }

    fn save(&self) -> Result<Snapshot> {
        let bytes = self.0.read(|state| serde_json::to_vec(&state.seen));
        let bytes = bytes.map_err(|source| Error::Recorded { what: "online posterior", source })?;
        Ok(Snapshot { files: vec![("posterior.json".to_owned(), bytes)] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let bytes = snapshot.file("posterior.json").unwrap_or_default();
        let seen: Seen = serde_json::from_slice(bytes)
            .map_err(|source| Error::Recorded { what: "online posterior", source })?;
        self.0.write(|state| {
            let expect = (state.seen.precision.len(), state.seen.information.len(), state.seen.shown.len());
            let found = (seen.precision.len(), seen.information.len(), seen.shown.len());
            if found != expect {
                let rule = format!("a posterior over {} items", expect.2);
                return Err(Error::invalid("posterior.json", rule, format!("one over {}", found.2)));
            }
            state.seen = seen;
            state.rebuild();
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;

//! A simulated world of items in groups, users with tastes, and clicks from the softmax of what is shown.
//!
//! Group means are normal, items scatter around their group's mean, users' tastes are normal. A user who
//! is shown a list clicks one entry of it or nothing, each in proportion to the exponential of its
//! utility. Tastes may drift with what is clicked. The judge draws from the stream of the visit's number
//! with one number an item, so that all policies meet the same luck as far as they show the same.

use super::{Score, Shown, Slate, Visit, feedback, verdict};
use autodidact_core::{Ask, Error, Explore, Group, Judge, Judged, Result, Rng, Seed, Snapshot, Verdict};
use autodidact_math::slate::probabilities;
use rand::Rng as _;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// The sizes of a simulated world; the defaults are those of the proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldConfig {
    /// How many items there are; item `i` belongs to group `i % groups`.
    pub items: u32,
    /// How many groups.
    pub groups: u32,
    /// How many users.
    pub users: u32,
    /// Numbers in a taste and in an item's vector.
    pub dims: usize,
    /// Standard deviation of group means.
    pub group_spread: f64,
    /// Standard deviation of items around their group's mean.
    pub item_spread: f64,
    /// Standard deviation of tastes.
    pub taste_spread: f64,
    /// The utility of clicking nothing.
    pub no_click: f64,
    /// How utilities come from tastes and items.
    pub score: Score,
    /// How tastes change.
    pub drift: Drift,
    /// Whether visits carry the user's taste. A taste that drifts is never carried.
    pub taste_known: bool,
    /// Lists a user sees before a session ends and the taste is what it was at its start.
    pub session: u32,
}

impl Default for WorldConfig {
    fn default() -> WorldConfig {
        WorldConfig {
            items: 60,
            groups: 6,
            users: 40,
            dims: 4,
            group_spread: 1.0,
            item_spread: 0.5,
            taste_spread: 0.7,
            no_click: 2.0,
            score: Score::Dot,
            drift: Drift::None,
            taste_known: true,
            session: 20,
        }
    }
}

/// How a taste changes after a click on an item `v`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Drift {
    /// It does not.
    #[default]
    None,
    /// `z' = keep z + (1 - keep) v`: one wants more of the same.
    Follow {
        /// What is kept, between 0 and 1.
        keep: f64,
    },
    /// `z' = keep z + (1 - keep) R v`, where R turns each pair of dimensions: after one thing one wants
    /// another, as boots after skis.
    Turn {
        /// What is kept, between 0 and 1.
        keep: f64,
        /// The angle of R in radians.
        angle: f64,
    },
}

impl WorldConfig {
    /// Fails on sizes that make no world.
    pub fn check(&self) -> Result<()> {
        let counts = [("items", self.items), ("groups", self.groups), ("users", self.users)];
        for (field, found) in counts.into_iter().chain([("session", self.session)]) {
            if found == 0 {
                return Err(Error::invalid(format!("world.{field}"), "at least 1", found));
            }
        }
        if self.dims == 0 {
            return Err(Error::invalid("world.dims", "at least 1", self.dims));
        }
        let spreads = [
            ("group_spread", self.group_spread),
            ("item_spread", self.item_spread),
            ("taste_spread", self.taste_spread),
        ];
        for (field, found) in spreads {
            if found != 0.0 && !(1e-6..=1e6).contains(&found) {
                return Err(Error::invalid(format!("world.{field}"), "0, or between 1e-6 and 1e6", found));
            }
        }
        if !self.no_click.is_finite() {
            return Err(Error::invalid("world.no_click", "finite", self.no_click));
        }
        match self.drift {
            Drift::Follow { keep } | Drift::Turn { keep, .. } if !(0.0..=1.0).contains(&keep) => {
                Err(Error::invalid("world.drift.keep", "between 0 and 1", keep))
            }
            Drift::Turn { angle, .. } if !angle.is_finite() => {
                Err(Error::invalid("world.drift.angle", "finite", angle))
            }
            _ => Ok(()),
        }
    }
}

/// A world that was drawn.
#[derive(Clone, Debug)]
pub struct World {
    config: WorldConfig,
    seed: Seed,
    /// `(items, dims)`.
    items: Vec<f64>,
    /// `(users, dims)`.
    tastes: Vec<f64>,
}

impl World {
    /// Draws the world of that seed. Fails on sizes that make none.
    pub fn open(config: &WorldConfig, seed: Seed) -> Result<World> {
        config.check()?;
        let d = config.dims;
        let normals = |label: &str, n: u32, spread: f64| -> Vec<f64> {
            let mut rng = seed.at(label, 0).rng();
            let one = |_| spread * Distribution::<f64>::sample(&StandardNormal, &mut rng);
            (0..n as usize * d).map(one).collect()
        };
        let groups = normals("groups", config.groups, config.group_spread);
        let mut items = normals("items", config.items, config.item_spread);
        for (item, vector) in items.chunks_mut(d).enumerate() {
            let group = item % config.groups as usize;
            vector.iter_mut().zip(&groups[group * d..]).for_each(|(v, mean)| *v += mean);
        }
        let tastes = normals("tastes", config.users, config.taste_spread);
        Ok(World { config: config.clone(), seed, items, tastes })
    }

    /// The group of each item.
    pub fn groups(&self) -> Vec<u32> {
        (0..self.config.items).map(|item| item % self.config.groups).collect()
    }

    /// The vector of an item.
    pub fn item(&self, item: u32) -> &[f64] {
        &self.items[item as usize * self.config.dims..][..self.config.dims]
    }

    /// The taste of this visitor as it is now, after what was clicked. Fails on a user or an item that
    /// the world does not have.
    pub fn taste(&self, visit: &Visit) -> Result<Vec<f64>> {
        let (users, items) = (self.config.users, self.config.items);
        if visit.user >= users {
            return Err(Error::invalid("user", format!("below {users}"), visit.user));
        }
        if let Some(item) = visit.clicked.iter().find(|item| **item >= items) {
            return Err(Error::invalid("clicked", format!("items below {items}"), item));
        }
        let mut taste = self.tastes[visit.user as usize * self.config.dims..][..self.config.dims].to_vec();
        for &item in &visit.clicked {
            let v = self.item(item);
            let (keep, wanted) = match self.config.drift {
                Drift::None => (1.0, v.to_vec()),
                Drift::Follow { keep } => (keep, v.to_vec()),
                Drift::Turn { keep, angle } => (keep, turned(v, angle)),
            };
            taste.iter_mut().zip(&wanted).for_each(|(z, v)| *z = keep * *z + (1.0 - keep) * v);
        }
        Ok(taste)
    }

    /// The utility of every item for this visitor. Fails like [`World::taste`].
    pub fn utilities(&self, visit: &Visit) -> Result<Vec<f64>> {
        let taste = self.taste(visit)?;
        Ok((0..self.config.items).map(|item| self.config.score.of(&taste, self.item(item))).collect())
    }

    /// The probability of clicking nothing and then of clicking each place of the list. Fails like
    /// [`World::taste`], and on a list that repeats an item or names one that does not exist.
    pub fn probabilities(&self, visit: &Visit, shown: &Shown) -> Result<Vec<f64>> {
        let logits = self.logits(visit, shown)?;
        Ok(probabilities(&logits, &vec![true; logits.len()]))
    }

    /// The users, in turn.
    pub fn visitors(&self) -> Visitors {
        let users = self.config.users as usize;
        let known = self.config.taste_known && self.config.drift == Drift::None;
        let tastes = known.then(|| self.tastes.chunks(self.config.dims).map(<[f64]>::to_vec).collect());
        let state = VisitorsState { asked: 0, steps: vec![0; users], clicked: vec![Vec::new(); users] };
        Visitors { session: self.config.session, tastes: tastes.unwrap_or_default(), state }
    }

    /// The judge that clicks.
    pub fn clicks(&self) -> Clicks {
        Clicks { world: self.clone() }
    }

    fn logits(&self, visit: &Visit, shown: &Shown) -> Result<Vec<f64>> {
        let utilities = self.utilities(visit)?;
        let mut seen = vec![false; utilities.len()];
        let mut logits = vec![self.config.no_click];
        for &item in &shown.items {
            let fresh = seen.get_mut(item as usize).is_some_and(|seen| !std::mem::replace(seen, true));
            if !fresh {
                let rule = format!("distinct items below {}", utilities.len());
                return Err(Error::invalid("slate", rule, format!("{:?}", shown.items)));
            }
            logits.push(utilities[item as usize]);
        }
        Ok(logits)
    }

    /// The clicked place, if any: the entry whose utility plus its own Gumbel noise is highest, which
    /// has the probabilities of the softmax.
    fn click(&self, visit: &Visit, shown: &Shown) -> Result<Option<usize>> {
        let logits = self.logits(visit, shown)?;
        let mut rng = self.seed.at("click", visit.round).rng();
        let mut gumbel = || {
            let uniform: f64 = rng.random_range(f64::MIN_POSITIVE..1.0);
            -(-uniform.ln()).ln()
        };
        let nothing = gumbel();
        let noise: Vec<f64> = (0..self.config.items).map(|_| gumbel()).collect();
        let mut best = (logits[0] + nothing, None);
        for (place, &item) in shown.items.iter().enumerate() {
            let level = logits[place + 1] + noise[item as usize];
            if level > best.0 {
                best = (level, Some(place));
            }
        }
        Ok(best.1)
    }
}

/// `v` with each pair of dimensions turned by `angle`; an odd last one stays.
fn turned(v: &[f64], angle: f64) -> Vec<f64> {
    let (sin, cos) = angle.sin_cos();
    let mut out = v.to_vec();
    for pair in out.chunks_exact_mut(2) {
        (pair[0], pair[1]) = (cos * pair[0] - sin * pair[1], sin * pair[0] + cos * pair[1]);
    }
    out
}

/// Clicks as the simulated users do. Lists that repeat an item or name an unknown one are errors.
#[derive(Clone, Debug)]
pub struct Clicks {
    world: World,
}

impl Judge<Slate> for Clicks {
    fn judge(&self, asks: &[Ask<Slate>], answers: &[Vec<Shown>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, shown| match self.world.click(&ask.query, shown) {
            Ok(click) => verdict(click),
            Err(error) => Verdict::error(error.to_string(), 0.0),
        }))
    }

    fn name(&self) -> String {
        format!("clicks of {:?}", self.world.config)
    }
}

/// Sends the users in turn; each remembers what they clicked in this session.
#[derive(Clone, Debug)]
pub struct Visitors {
    session: u32,
    /// One a user where visits carry tastes, else empty.
    tastes: Vec<Vec<f64>>,
    state: VisitorsState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct VisitorsState {
    asked: u64,
    steps: Vec<u32>,
    clicked: Vec<Vec<u32>>,
}

impl Explore<Slate> for Visitors {
    fn ask(&mut self, n: usize, _rng: &mut Rng) -> Result<Vec<Ask<Slate>>> {
        let VisitorsState { asked, steps, clicked } = &mut self.state;
        let mut asks = Vec::with_capacity(n);
        for _ in 0..n {
            let user = (*asked % steps.len() as u64) as usize;
            if steps[user] == self.session {
                steps[user] = 0;
                clicked[user].clear();
            }
            let query = Visit {
                round: *asked,
                user: user as u32,
                step: steps[user],
                clicked: clicked[user].clone(),
                taste: self.tastes.get(user).cloned().unwrap_or_default(),
                allowed: None,
            };
            asks.push(Ask { query, knobs: (), tries: 1 });
            *asked += 1;
            steps[user] += 1;
        }
        Ok(asks)
    }

    fn tell(&mut self, groups: &[Group<Slate>]) -> Result<()> {
        let users = self.state.clicked.len();
        for group in groups {
            let user = group.ask.query.user as usize;
            let clicked = self.state.clicked.get_mut(user);
            let clicked = clicked
                .ok_or_else(|| Error::invalid("user", format!("below {users}"), group.ask.query.user))?;
            for one in &group.tries {
                clicked.extend(feedback(one).flatten().map(|place| one.answer.items[place]));
            }
        }
        Ok(())
    }

    fn save(&self) -> Result<Snapshot> {
        let bytes = serde_json::to_vec(&self.state);
        let bytes = bytes.map_err(|source| Error::Recorded { what: "state of visitors", source })?;
        Ok(Snapshot { files: vec![("visitors.json".to_owned(), bytes)] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let bytes = snapshot.file("visitors.json").unwrap_or_default();
        let state = serde_json::from_slice(bytes);
        self.state = state.map_err(|source| Error::Recorded { what: "state of visitors", source })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

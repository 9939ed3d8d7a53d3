//! Small-scale proofs: experiments of minutes that show what a recipe's paper claims, or do not.
//!
//! A proof runs its recipe and the arms it is compared with over several seeds and answers with
//! claims, each a measured value beside what is required of it. A claim that does not hold is
//! reported as not met, with its figures.

pub(crate) mod alp_gmm;
pub(crate) mod apohf;
mod arm;
pub(crate) mod b_star;
pub(crate) mod cascading_rl;
mod claims;
pub(crate) mod evolve;
pub(crate) mod fair_onesided;
pub(crate) mod lab;
pub(crate) mod learn_active;
pub(crate) mod mistakes;
pub(crate) mod pref_randomization;
pub(crate) mod pretrain;
pub(crate) mod raft;
pub(crate) mod relax;
#[path = "proof/self.rs"]
pub(crate) mod self_;
pub(crate) mod self_align;
pub(crate) mod self_guide;
pub(crate) mod self_prompt_tuning;
pub(crate) mod self_sampled;
pub(crate) mod sharpening;
pub(crate) mod slate_thompson;
pub(crate) mod synatra;
pub(crate) mod weak_supervision;

pub use arm::{Recorder, Track, arm};
pub use claims::{between, claim, slope, spread};

use autodidact_core::{Observer, Result, Stop};
use serde::{Deserialize, Serialize};

/// A recipe's proof.
#[derive(Clone, Copy)]
pub struct Proof {
    /// The recipe's id.
    pub id: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    /// Runs it.
    pub run: fn(&ProofOptions<'_>) -> Result<ProofReport>,
}

/// How a proof is run.
#[derive(Clone)]
pub struct ProofOptions<'a> {
    /// The seeds; every arm runs once with each.
    pub seeds: Vec<u64>,
    /// How large the experiment is.
    pub scale: Scale,
    /// Who watches.
    pub observer: &'a dyn Observer,
    /// How to ask it to stop.
    pub stop: Stop,
}

/// How large an experiment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// As described in the book; its claims are the proof.
    #[default]
    Full,
    /// A few seconds, to see that everything works; its claims mean little.
    Quick,
}

/// What a proof found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProofReport {
    /// The recipe's id.
    pub recipe: String,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// What was to be shown.
    pub claims: Vec<Claim>,
    /// The figures behind the claims.
    pub tables: Vec<Table>,
    /// The same as curves.
    pub charts: Vec<Chart>,
    /// Where the experiment is not the one of the recipe's page.
    pub notes: Vec<String>,
}

/// A statement with a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// What is claimed.
    pub name: String,
    /// What was measured, averaged over seeds.
    pub value: f64,
    /// The 95 % interval over seeds, where there are several.
    pub interval: Option<(f64, f64)>,
    /// What the value must be for the claim to hold.
    pub required: String,
    /// Whether it is.
    pub met: bool,
}

/// Figures in rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The heads of the columns.
    pub columns: Vec<String>,
    /// One entry a column each.
    pub rows: Vec<Vec<String>>,
}

/// Curves over one axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The horizontal axis.
    pub x: String,
    /// The vertical axis.
    pub y: String,
    /// The curves.
    pub lines: Vec<Line>,
}

/// A named curve.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it belongs to.
    pub name: String,
    /// Points from left to right.
    pub points: Vec<(f64, f64)>,
}

impl ProofReport {
    /// A report of that recipe over those seeds with nothing in it yet.
    pub fn of(recipe: &str, options: &ProofOptions<'_>) -> ProofReport {
        ProofReport { recipe: recipe.to_owned(), seeds: options.seeds.clone(), ..ProofReport::default() }
    }

    /// Whether every claim is met.
    pub fn met(&self) -> bool {
        self.claims.iter().all(|claim| claim.met)
    }
}

impl Table {
    /// A table with these heads.
    pub fn of(title: &str, columns: &[&str]) -> Table {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Table { title: title.to_owned(), columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        self.rows.push(row.into_iter().collect());
    }
}

impl Chart {
    /// A chart without curves.
    pub fn of(title: &str, x: &str, y: &str) -> Chart {
        Chart { title: title.to_owned(), x: x.to_owned(), y: y.to_owned(), lines: Vec::new() }
    }

    /// Adds a curve with one point a value, counted from `from`; nothing where there are no values.
    pub fn push(&mut self, name: &str, from: usize, values: &[f64]) {
        if values.is_empty() {
            return;
        }
        let points = values.iter().enumerate().map(|(i, &value)| ((from + i) as f64, value)).collect();
        self.lines.push(Line { name: name.to_owned(), points });
    }
}

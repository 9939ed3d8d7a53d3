//! A published system as a short program over shared parts.

use crate::{Error, Metric, Override, Result, Run, overlay};
use serde::{Serialize, de::DeserializeOwned};

/// A method: its fields are its hyperparameters, its defaults the paper's values.
pub trait Recipe: Serialize + DeserializeOwned + Default + 'static {
    /// What it is and where it comes from.
    const CARD: Card;

    /// Fails on settings that cannot work, naming the field and the rule.
    fn check(&self) -> Result<()>;

    /// Runs it, from start to end. Resuming executes this again; what `run` has recorded is handed
    /// back instead of computed.
    fn run(&self, run: &mut Run<'_>) -> Result<()>;
}

/// A recipe's identity and sources.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// The id on the command line (`b-star`).
    pub id: &'static str,
    /// One line: what it does for whom.
    pub summary: &'static str,
    /// The paper, as an arXiv number or a citation.
    pub paper: &'static str,
    /// The reference code, `owner/name @ commit`, or empty.
    pub code: &'static str,
    /// The metrics that this recipe reports beyond [`crate::METRICS`].
    pub reports: &'static [Metric],
}

/// A recipe behind a table of settings: how the command line holds all of them in one list.
#[derive(Clone, Copy)]
pub struct DynRecipe {
    /// Its card.
    pub card: Card,
    /// Its default settings.
    pub defaults: fn() -> Result<toml::Table>,
    /// The settings after `overrides` are laid over the defaults, checked.
    pub resolve: fn(&[Override]) -> Result<toml::Table>,
    /// Runs it with resolved settings.
    pub run: fn(&toml::Table, &mut Run<'_>) -> Result<()>,
}

impl DynRecipe {
    /// Hides the type of a recipe.
    pub const fn of<R: Recipe>() -> DynRecipe {
        DynRecipe { card: R::CARD, defaults: defaults::<R>, resolve: resolve::<R>, run: run::<R> }
    }
}

fn defaults<R: Recipe>() -> Result<toml::Table> {
    toml::Table::try_from(R::default())
        .map_err(|source| Error::invalid(R::CARD.id, "a recipe whose settings are a TOML table", source))
}

fn resolve<R: Recipe>(overrides: &[Override]) -> Result<toml::Table> {
    let mut table = defaults::<R>()?;
    for one in overrides {
        overlay(&mut table, &one.table);
    }
    let recipe = parse::<R>(&table)?;
    recipe.check()?;
    toml::Table::try_from(recipe)
        .map_err(|source| Error::invalid(R::CARD.id, "settings that can be written as TOML", source))
}

fn run<R: Recipe>(table: &toml::Table, run: &mut Run<'_>) -> Result<()> {
    let recipe = parse::<R>(table)?;
    recipe.check()?;
    recipe.run(run)
}

fn parse<R: Recipe>(table: &toml::Table) -> Result<R> {
    serde_path_to_error::deserialize(toml::Value::Table(table.clone())).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { R::CARD.id.to_owned() } else { format!("{}: {path}", R::CARD.id) };
        Error::invalid(field, "a setting this recipe knows", error.into_inner().message())
    })
}

//! Every recipe that this program can run: the library's, and measuring as a recipe of its own.

use crate::commands::eval::Measurement;
use crate::error::Result;
use autodidact_core::{DynRecipe, Error};
use autodidact_recipes::RECIPES;
use autodidact_recipes::preset::PRESETS;
pub use autodidact_recipes::preset::Preset;

/// All recipes, sorted by id.
pub fn recipes() -> Vec<DynRecipe> {
    let mut all: Vec<DynRecipe> = RECIPES.to_vec();
    all.push(DynRecipe::of::<Measurement>());
    all.sort_by_key(|recipe| recipe.card.id);
    all
}

/// The recipe of that id.
pub fn recipe(id: &str) -> Result<DynRecipe> {
    let all = recipes();
    let found = all.iter().find(|recipe| recipe.card.id == id).copied();
    let known = || all.iter().map(|recipe| recipe.card.id);
    Ok(found.ok_or_else(|| Error::unknown("recipe", id, known()))?)
}

/// The presets of a recipe.
pub fn presets(id: &str) -> Vec<Preset> {
    PRESETS.iter().filter(|preset| preset.recipe == id).copied().collect()
}

//! Named settings: what to lay over a recipe's defaults for a purpose.

use autodidact_core::{Error, Override, Result};

/// Settings under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The recipe's id.
    pub recipe: &'static str,
    /// The name, unique for the recipe.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Only what differs from the defaults, as TOML.
    pub text: &'static str,
}

/// All presets.
pub const PRESETS: &[Preset] = &[
    Preset {
        recipe: "b-star",
        name: "nano",
        about: "the bundled model on two cores, minutes",
        text: include_str!("../presets/b-star/nano.toml"),
    },
    Preset {
        recipe: "b-star",
        name: "online-rft",
        about: "online rejection fine-tuning: temperature 1, threshold 0, everything inherited",
        text: include_str!("../presets/b-star/online-rft.toml"),
    },
    Preset {
        recipe: "b-star",
        name: "iterative-rft",
        about: "iterative rejection fine-tuning: a fresh optimiser each round",
        text: include_str!("../presets/b-star/iterative-rft.toml"),
    },
    Preset {
        recipe: "b-star",
        name: "rest-em",
        about: "ReST-EM: the first weights and a fresh optimiser each round",
        text: include_str!("../presets/b-star/rest-em.toml"),
    },
    Preset {
        recipe: "mistakes",
        name: "nano",
        about: "the bundled model on chains modulo 100 that it has not seen, minutes on two cores",
        text: include_str!("../presets/mistakes/nano.toml"),
    },
    Preset {
        recipe: "raft",
        name: "nano",
        about: "the bundled model on two cores, minutes",
        text: include_str!("../presets/raft/nano.toml"),
    },
    Preset {
        recipe: "self",
        name: "small",
        about: "the bundled model and an annotator on two-step problems, minutes on two cores",
        text: include_str!("../presets/self/small.toml"),
    },
    Preset {
        recipe: "self",
        name: "chat",
        about: "a chat model behind an endpoint teaches a local student; set policy, task and model",
        text: include_str!("../presets/self/chat.toml"),
    },
    Preset {
        recipe: "self-align",
        name: "small",
        about: "the bundled model on two cores, a minute",
        text: include_str!("../presets/self-align/small.toml"),
    },
    Preset {
        recipe: "self-align",
        name: "chat",
        about: "a chat model as the teacher, the local model as the student",
        text: include_str!("../presets/self-align/chat.toml"),
    },
    Preset {
        recipe: "self-guide",
        name: "small",
        about: "a small model from scratch on a generated task, a minute: to see the machinery",
        text: include_str!("../presets/self-guide/small.toml"),
    },
    Preset {
        recipe: "self-guide",
        name: "chat",
        about: "a chat model and a task in your own words; fill in task, model and policy",
        text: include_str!("../presets/self-guide/chat.toml"),
    },
    Preset {
        recipe: "self-prompt-tuning",
        name: "small",
        about: "a small model from scratch on ambiguous operators, minutes on two cores",
        text: include_str!("../presets/self-prompt-tuning/small.toml"),
    },
    Preset {
        recipe: "self-sampled",
        name: "small",
        about: "a small model from scratch on generated expressions, minutes on two cores",
        text: include_str!("../presets/self-sampled/small.toml"),
    },
    Preset {
        recipe: "sharpening",
        name: "nano",
        about: "the bundled model on two cores, minutes",
        text: include_str!("../presets/sharpening/nano.toml"),
    },
    Preset {
        recipe: "synatra",
        name: "small",
        about: "a small model from scratch on generated sites, written for by a stand-in, on two cores",
        text: include_str!("../presets/synatra/small.toml"),
    },
    Preset {
        recipe: "weak-supervision",
        name: "small",
        about: "a small model from scratch on generated puzzles, minutes on two cores",
        text: include_str!("../presets/weak-supervision/small.toml"),
    },
];

impl Preset {
    /// The preset of that name.
    pub fn of(recipe: &str, name: &str) -> Result<Preset> {
        let known = || PRESETS.iter().filter(|preset| preset.recipe == recipe);
        let found = known().find(|preset| preset.name == name).copied();
        found.ok_or_else(|| {
            Error::unknown(format!("preset of {recipe}"), name, known().map(|preset| preset.name))
        })
    }

    /// Its settings, to lay over the recipe's defaults.
    pub fn settings(&self) -> Result<Override> {
        let table = self.text.parse().map_err(|error| {
            Error::invalid(format!("preset {} of {}", self.name, self.recipe), "a TOML table", error)
        })?;
        Ok(Override { table })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RECIPES;

    #[test]
    fn every_preset_is_valid_for_its_recipe() {
        for preset in PRESETS {
            let recipe = RECIPES.iter().find(|recipe| recipe.card.id == preset.recipe);
            let recipe = recipe.expect("the preset's recipe exists");
            let mut settings = preset.settings().expect("a table");
            // The run's, not the recipe's.
            if let Some(alarms) = settings.table.remove("alarms") {
                alarms.try_into::<autodidact_core::Alarms>().expect("alarms").check().expect("sound");
            }
            (recipe.resolve)(&[settings]).unwrap_or_else(|error| panic!("{}: {error}", preset.name));
        }
    }

    #[test]
    fn a_preset_with_fresh_weights_lets_answers_be_cut_off() {
        for preset in PRESETS {
            let table = preset.settings().expect("a table").table;
            let kind = table.get("model").and_then(|model| model.get("kind")).and_then(|kind| kind.as_str());
            if kind == Some("random") {
                let alarms =
                    table.get("alarms").cloned().map(toml::Value::try_into::<autodidact_core::Alarms>);
                let limit = alarms.and_then(Result::ok).map(|alarms| alarms.truncated.limit);
                assert_eq!(limit, Some(1.0), "{}: {}", preset.recipe, preset.name);
            }
        }
    }

    #[test]
    fn an_unknown_preset_lists_the_known_ones() {
        let error = Preset::of("b-star", "tiny").expect_err("unknown").to_string();
        assert_eq!(
            error,
            "no preset of b-star is named \"tiny\"; known: nano, online-rft, iterative-rft, rest-em"
        );
    }
}

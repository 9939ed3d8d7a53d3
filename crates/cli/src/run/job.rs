//! What to run: a recipe with every setting resolved, a seed, caps and alarms.
//!
//! Settings come in layers: the recipe's defaults, a preset, a run file, single `--set`s. A layer is
//! one table; the keys `recipe`, `preset`, `seed`, `caps` and `alarms` belong to the run, all others
//! to the recipe.

use super::{catalogue, keys};
use crate::error::{CommandError, Kind, Result};
use autodidact_core::chat::Sampling;
use autodidact_core::{Alarms, Caps, DynRecipe, Error, Override, RunSpec, overlay};
use autodidact_parts::evaluate::check_sampling;
use autodidact_recipes::preset::Preset;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use toml::{Table, Value};

/// The keys of a layer that belong to the run, not to its recipe.
pub const RESERVED: [&str; 5] = ["recipe", "preset", "seed", "caps", "alarms"];

/// A run before it begins.
#[derive(Clone)]
pub struct Job {
    /// What to run.
    pub recipe: DynRecipe,
    /// Its settings, resolved and checked.
    pub settings: Table,
    /// The root of its random streams.
    pub seed: u64,
    /// Limits on what it may spend.
    pub caps: Caps,
    /// When it stops by itself.
    pub alarms: Alarms,
}

/// Checks how answers are sampled, wherever a setting says it, so that a run does not fail only when it comes there.
fn samplings(settings: &Table, path: &str) -> Result<()> {
    for (key, value) in settings {
        let Value::Table(inner) = value else { continue };
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match inner.clone().try_into::<Sampling>() {
            // Resolved settings have all fields; an empty table would pass for anything.
            Ok(sampling) if inner.contains_key("temperature") => check_sampling(&sampling, &path)?,
            _ => samplings(inner, &path)?,
        }
    }
    Ok(())
}

/// Settings laid over each other, the first at the bottom.
#[derive(Clone, Debug, Default)]
pub struct Layers(Vec<Table>);

impl Layers {
    /// Adds a layer on top.
    pub fn push(&mut self, table: Table) {
        self.0.push(table);
    }

    /// Adds a preset on top.
    pub fn preset(&mut self, recipe: &str, name: &str) -> Result<()> {
        // A recipe that is not there has no presets either, but that would say less.
        catalogue::recipe(recipe)?;
        if catalogue::presets(recipe).is_empty() {
            let message = format!("recipe {recipe} has no presets, so none is named {name:?}");
            return Err(CommandError::new(Kind::NotFound, message).hint(format!(
                "`autodidact recipes show {recipe} > my.toml` writes its settings, `autodidact run my.toml` \
                 runs it"
            )));
        }
        self.push(Preset::of(recipe, name)?.settings()?.table);
        Ok(())
    }

    /// Adds a run file on top, above the preset it may name. Answers with the recipe it is for.
    pub fn file(&mut self, path: &Path) -> Result<String> {
        let text =
            std::fs::read_to_string(path).map_err(|source| CommandError::io(path, "reading", source))?;
        self.file_text(path, &text)
    }

    /// The same for a file's text; `path` is only named in errors.
    fn file_text(&mut self, path: &Path, text: &str) -> Result<String> {
        let broken = |rule: &str, found: String| Error::Data {
            path: path.to_owned(),
            rule: rule.to_owned(),
            found: found.trim_end().to_owned(),
        };
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| broken("a TOML table is expected", error.to_string()))?;
        let word = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(Value::String(word)) => Ok(Some(word.clone())),
            Some(other) => Err(broken(&format!("{key} must be text"), format!("it is {other}"))),
        };
        let recipe = word("recipe")?
            .ok_or_else(|| broken("the key recipe must name what to run", "there is none".to_owned()))?;
        if let Some(preset) = word("preset")? {
            self.preset(&recipe, &preset)?;
        }
        self.push(table);
        Ok(recipe)
    }

    /// Adds `key=value` arguments on top, the later above the earlier.
    pub fn sets(&mut self, arguments: &[String]) -> Result<()> {
        for argument in arguments {
            let table = autodidact_core::set(argument)?.table;
            if let Some(key) = ["recipe", "preset"].iter().find(|&&key| table.contains_key(key)) {
                return Err(CommandError::new(Kind::Usage, format_args!("--set cannot change {key}")));
            }
            self.push(table);
        }
        Ok(())
    }
}

impl Job {
    /// Whether its settings name a language model.
    pub fn has_model(&self) -> bool {
        ["model", "shape"].iter().any(|key| self.settings.contains_key(*key))
    }

    /// The recipe with these layers over its defaults. Fails on any setting that it does not know or
    /// that cannot be.
    pub fn of(recipe: &str, layers: &Layers) -> Result<Job> {
        let recipe = catalogue::recipe(recipe)?;
        let mut run = Table::new();
        let mut overrides = Vec::new();
        for layer in &layers.0 {
            keys::refuse(layer)?;
            let mut own = layer.clone();
            for key in RESERVED {
                if let Some(value) = own.remove(key) {
                    overlay(&mut run, &Table::from_iter([(key.to_owned(), value)]));
                }
            }
            overrides.push(Override { table: own });
        }
        let job = Job {
            recipe,
            settings: (recipe.resolve)(&overrides)?,
            seed: parsed(&run, "seed")?.unwrap_or(0),
            caps: parsed(&run, "caps")?.unwrap_or_default(),
            alarms: parsed(&run, "alarms")?.unwrap_or_default(),
        };
        job.alarms.check()?;
        job.caps.sound()?;
        samplings(&job.settings, "")?;
        Ok(job)
    }

    /// The job that a recorded run is. `layers` may change its caps and alarms, nothing else.
    pub fn recorded(spec: &RunSpec, layers: &Layers) -> Result<Job> {
        let json: serde_json::Value = serde_json::from_str(&spec.config)
            .map_err(|source| Error::Recorded { what: "run's settings", source })?;
        let Some(Value::Table(mut settings)) = to_toml(&json) else {
            return Err(CommandError::new(Kind::Failed, "the run's recorded settings are not a table"));
        };
        let mut run = Table::from_iter([("caps".to_owned(), table_of(&spec.caps)?)]);
        if let Some(alarms) = settings.remove("alarms") {
            run.insert("alarms".to_owned(), alarms);
        }
        for layer in &layers.0 {
            if let Some(key) = layer.keys().find(|key| !["caps", "alarms"].contains(&key.as_str())) {
                let message =
                    format!("--set {key}: a recorded run keeps its settings; caps and alarms may change");
                return Err(CommandError::new(Kind::Usage, message)
                    .hint("`run FILE.toml --set ...` starts a new run with other settings"));
            }
            overlay(&mut run, layer);
        }
        let mut all = Layers::default();
        all.push(settings);
        all.push(run);
        Ok(Job { seed: spec.seed, ..Job::of(&spec.recipe, &all)? })
    }

    /// What the ledger keeps of this job.
    pub fn spec(&self) -> Result<RunSpec> {
        let mut table = self.settings.clone();
        table.insert("alarms".to_owned(), table_of(&self.alarms)?);
        Ok(RunSpec {
            recipe: self.recipe.card.id.to_owned(),
            config: serde_json::to_string(&to_json(&Value::Table(table)))?,
            seed: self.seed,
            caps: self.caps,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// The recipe's settings as JSON.
    pub fn settings_json(&self) -> serde_json::Value {
        to_json(&Value::Table(self.settings.clone()))
    }

    /// A run file that does exactly this again.
    pub fn file(&self) -> Result<String> {
        let mut table = Table::new();
        table.insert("recipe".to_owned(), Value::String(self.recipe.card.id.to_owned()));
        table.insert("seed".to_owned(), Value::Integer(self.seed as i64));
        // Plain values come before tables, as TOML wants it.
        let (tables, values): (Vec<_>, Vec<_>) =
            self.settings.clone().into_iter().partition(|(_, value)| value.is_table());
        table.extend(values);
        table.insert("caps".to_owned(), table_of(&self.caps)?);
        table.insert("alarms".to_owned(), table_of(&self.alarms)?);
        table.extend(tables);
        toml::to_string(&table).map_err(|error| CommandError::new(Kind::Failed, error))
    }
}

/// The value of a reserved key as its type; the error names the dotted key.
fn parsed<T: DeserializeOwned>(run: &Table, key: &str) -> Result<Option<T>> {
    let Some(value) = run.get(key) else { return Ok(None) };
    let parsed = serde_path_to_error::deserialize(value.clone());
    let parsed = parsed.map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { key.to_owned() } else { format!("{key}.{path}") };
        Error::invalid(field, "a setting that a run knows", error.into_inner().message())
    })?;
    Ok(Some(parsed))
}

fn table_of(value: &impl Serialize) -> Result<Value> {
    Value::try_from(value).map_err(|error| CommandError::new(Kind::Failed, error))
}

/// JSON has no infinite numbers; they are written as text.
fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => text.clone().into(),
        Value::Integer(n) => (*n).into(),
        Value::Float(x) if x.is_finite() => (*x).into(),
        Value::Float(x) => x.to_string().into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Table(table) => table
            .iter()
            .map(|(key, value)| (key.clone(), to_json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// The reverse of [`to_json`]; `None` for null, which it never writes.
fn to_toml(value: &serde_json::Value) -> Option<Value> {
    Some(match value {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(flag) => Value::Boolean(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(n) => Value::Integer(n),
            None => Value::Float(number.as_f64()?),
        },
        serde_json::Value::String(text) => match text.as_str() {
            "inf" | "-inf" | "NaN" => Value::Float(text.parse().ok()?),
            _ => Value::String(text.clone()),
        },
        serde_json::Value::Array(items) => Value::Array(items.iter().filter_map(to_toml).collect()),
        serde_json::Value::Object(map) => {
            Value::Table(map.iter().filter_map(|(key, value)| Some((key.clone(), to_toml(value)?))).collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(sets: &[&str]) -> Layers {
        let mut layers = Layers::default();
        layers.sets(&sets.iter().map(|&set| set.to_owned()).collect::<Vec<_>>()).expect("well formed");
        layers
    }

    #[test]
    fn no_recipe_has_a_setting_that_belongs_to_the_run() {
        for recipe in catalogue::recipes() {
            let defaults = (recipe.defaults)().expect("has defaults");
            for key in RESERVED {
                assert!(!defaults.contains_key(key), "{}: {key}", recipe.card.id);
            }
        }
    }

    #[test]
    fn every_recipes_settings_survive_the_ledger_and_the_run_file() {
        for recipe in catalogue::recipes() {
            let Ok(job) = Job::of(recipe.card.id, &layers(&["seed=7", "alarms.truncated.limit=0.8"])) else {
                continue; // A recipe whose defaults alone cannot run.
            };
            let again = Job::recorded(&job.spec().expect("can be written"), &Layers::default());
            let again = again.expect("reads back");
            assert_eq!(again.settings, job.settings);
            assert_eq!((again.seed, again.alarms.truncated.limit), (7, 0.8));
            let file: Table = job.file().expect("can be written").parse().expect("is TOML");
            let mut from_file = Layers::default();
            from_file.push(file);
            assert_eq!(Job::of(recipe.card.id, &from_file).expect("is valid").settings, job.settings);
        }
    }

    #[test]
    fn a_recorded_run_takes_other_caps_and_alarms_but_no_other_settings() {
        let job = Job::of("raft", &layers(&[])).expect("valid");
        let spec = job.spec().expect("can be written");
        let more = Job::recorded(&spec, &layers(&["caps.seconds=60.0", "alarms.no_spread=off"]))
            .expect("may change");
        assert_eq!(more.caps.seconds, Some(60.0));
        let error = Job::recorded(&spec, &layers(&["rounds=3"])).map(drop).expect_err("may not change");
        assert_eq!(error.kind, Kind::Usage);
    }

    /// Almost run files: lines of anything and lines of almost settings.
    const FILES: &str =
        "(recipe = \"raft\"\n)?(\\PC{0,20}\n|[a-z.]{1,8} = [0-9\"a-z\\[\\]{}.=-]{0,12}\n){0,4}";

    proptest::proptest! {
        #[test]
        fn any_text_is_a_job_or_an_error(text in FILES) {
            let mut layers = Layers::default();
            if let Ok(recipe) = layers.file_text(Path::new("my.toml"), &text) {
                let _ = Job::of(&recipe, &layers);
            }
        }

        #[test]
        fn any_argument_is_a_setting_or_an_error(argument in "\\PC{0,24}") {
            let mut layers = Layers::default();
            if layers.sets(&[argument]).is_ok() {
                let _ = Job::of("raft", &layers);
            }
        }
    }

    #[test]
    fn an_unknown_key_of_the_run_is_named() {
        let error = Job::of("raft", &layers(&["caps.minutes=3"])).map(drop).expect_err("unknown").to_string();
        assert!(error.contains("caps") && error.contains("minutes"), "{error}");
    }
}

//! What a decision process is about: its arms, the features of a context, its rule.

use autodidact_core::{Error, Result, overlay, set};
use autodidact_decide::bandit::{Algorithm, BanditConfig, Memory};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use toml::{Table, Value};

/// The settings of a process, as recorded with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessConfig {
    /// The arms' names; an arm's number is its place here.
    pub arms: Vec<String>,
    /// The names of a context's numbers, in order; empty for decisions without context.
    pub features: Vec<String>,
    /// The rule.
    pub algorithm: Algorithm,
    /// How long rewards count.
    pub memory: Memory,
}

/// The arms of `--arms`: names with commas between them, or how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arms(pub Vec<String>);

impl FromStr for Arms {
    type Err = String;

    fn from_str(text: &str) -> Result<Arms, String> {
        let names = match text.trim().parse::<u32>() {
            Ok(n @ 0..=1) => return Err(format!("there must be at least 2 arms, but there is {n}")),
            Ok(n @ 2..=100_000) => (0..n).map(|arm| arm.to_string()).collect(),
            Ok(n) => return Err(format!("there must be at most 100000 arms, but there are {n}")),
            Err(_) => names(text)?,
        };
        Ok(Arms(names))
    }
}

/// Names with commas between them.
pub fn names(text: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    match names.iter().position(String::is_empty) {
        Some(i) => Err(format!("name {} of {text:?} is empty", i + 1)),
        None => Ok(names),
    }
}

impl ProcessConfig {
    /// The settings of these arms, features and rule; `sets` are `--set` arguments for the rule.
    pub fn new(
        arms: Vec<String>,
        features: Vec<String>,
        algorithm: &str,
        memory: Memory,
        sets: &[String],
    ) -> Result<ProcessConfig> {
        let mut rule = Table::from_iter([("kind".to_owned(), Value::String(algorithm.to_owned()))]);
        for one in sets {
            overlay(&mut rule, &set(one)?.table);
        }
        let algorithm: Algorithm = serde_path_to_error::deserialize(Value::Table(rule)).map_err(|error| {
            let message = error.inner().message().to_owned();
            Error::invalid(
                format!("the algorithm {algorithm:?}"),
                "one that is known, with its own settings",
                message,
            )
        })?;
        let config = ProcessConfig { arms, features, algorithm, memory };
        config.check()?;
        Ok(config)
    }

    /// Fails on settings that cannot be.
    pub fn check(&self) -> Result<()> {
        for (what, names) in [("arm", &self.arms), ("feature", &self.features)] {
            if names.iter().any(|name| name.trim().is_empty()) {
                return Err(Error::invalid(format!("each {what}'s name"), "at least one character", "empty"));
            }
            let mut sorted: Vec<&String> = names.iter().collect();
            sorted.sort();
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(Error::invalid(
                    format!("each {what}'s name"),
                    "its own",
                    format!("{:?}, twice", pair[0]),
                ));
            }
        }
        if self.arms.len() < 2 {
            return Err(Error::invalid("the number of arms", "at least 2", self.arms.len()));
        }
        if self.algorithm.contextual() && self.features.is_empty() {
            let field = format!("the number of features for {}", self.algorithm.name());
            return Err(Error::invalid(field, "at least 1: name them with --features", 0));
        }
        self.bandit().check()
    }

    /// The same for the bandit, which knows arms and features by number.
    pub fn bandit(&self) -> BanditConfig {
        BanditConfig {
            arms: self.arms.len() as u32,
            features: self.features.len() as u32,
            algorithm: self.algorithm.clone(),
            memory: self.memory,
        }
    }

    /// The arm of that name.
    pub fn arm(&self, name: &str) -> Result<u32> {
        let place = self.arms.iter().position(|known| known == name);
        place.map(|arm| arm as u32).ok_or_else(|| Error::unknown("arm", name, &self.arms))
    }

    /// The name of that arm.
    pub fn name(&self, arm: u32) -> &str {
        self.arms.get(arm as usize).map_or("?", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(arms: &str, features: &[&str], algorithm: &str, sets: &[&str]) -> Result<ProcessConfig> {
        let sets: Vec<String> = sets.iter().map(|&one| one.to_owned()).collect();
        let features = features.iter().map(|&one| one.to_owned()).collect();
        let arms = arms.parse::<Arms>().expect("a list").0;
        ProcessConfig::new(arms, features, algorithm, Memory::All, &sets)
    }

    #[test]
    fn arms_are_names_or_a_number_of_them() {
        assert_eq!("red, blue".parse::<Arms>().expect("names").0, ["red", "blue"]);
        assert_eq!("3".parse::<Arms>().expect("a number").0, ["0", "1", "2"]);
        assert_eq!("1".parse::<Arms>(), Err("there must be at least 2 arms, but there is 1".to_owned()));
        assert_eq!("red,,blue".parse::<Arms>(), Err("name 2 of \"red,,blue\" is empty".to_owned()));
    }

    #[test]
    fn settings_of_the_rule_lie_over_its_defaults() {
        let found = config("2", &[], "ucb1", &["alpha=0.5"]).expect("valid");
        assert_eq!(found.algorithm, Algorithm::Ucb1 { alpha: 0.5 });
    }

    #[test]
    fn errors_name_the_thing_the_rule_and_the_value() {
        let error = |found: Result<ProcessConfig>| found.expect_err("wrong").to_string();
        assert_eq!(
            error(config("a,b,a", &[], "ucb1", &[])),
            "each arm's name must be its own, but is \"a\", twice"
        );
        assert_eq!(
            error(config("2", &[], "lin-ucb", &[])),
            "the number of features for lin-ucb must be at least 1: name them with --features, but is 0"
        );
        let unknown = error(config("2", &[], "ucb", &[]));
        assert!(unknown.contains("the algorithm \"ucb\"") && unknown.contains("`ucb1`"), "{unknown}");
        let setting = error(config("2", &[], "ucb1", &["alhpa=1"]));
        assert!(setting.contains("alhpa") && setting.contains("alpha"), "{setting}");
    }
}

//! Arguments that several commands share: settings of a run, its problems, its model.

use crate::context::Context;
use crate::error::{CommandError, Kind, Result};
use crate::run::{Finished, Job, Layers, plan};
use crate::shell::JsonShape;
use clap::Args;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// How a run's settings are changed and what is done with them.
#[derive(Clone, Debug, Default, Args)]
pub struct Settings {
    /// Change one setting, key.path=value; may be given several times. Keys `caps.*` limit what is
    /// spent, `alarms.*` say when the run stops by itself.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The root of all random streams; equal seeds give equal runs.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Print the resolved settings and what they will cost, and stop.
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON object when done.
    #[arg(long)]
    pub json: bool,
}

impl Settings {
    /// Lays these arguments over `layers`.
    pub fn lay(&self, layers: &mut Layers) -> Result<()> {
        if let Some(seed) = self.seed {
            layers.push(Table::from_iter([("seed".to_owned(), Value::Integer(seed as i64))]));
        }
        layers.sets(&self.set)
    }

    /// Prints the settings and the cost of a job.
    pub fn show(&self, context: &Context, job: &Job) -> Result<()> {
        let plan = plan(context, job);
        if self.json {
            let value = serde_json::json!({"plan": plan, "settings": job.settings_json()});
            return context.shell.json(&value, JsonShape::Pretty);
        }
        context.shell.say(&plan.told());
        context.shell.out(&job.file()?)
    }

    /// Prints what came out of a run.
    pub fn report(&self, context: &Context, finished: &Finished) -> Result<()> {
        if self.json {
            context.shell.say(&finished.told(context));
            return context.shell.json(&finished.json(), JsonShape::Line);
        }
        context.shell.out(&finished.told(context))
    }
}

/// Which model.
#[derive(Clone, Debug, Default, Args)]
pub struct ModelArgs {
    /// A checkpoint directory in the Hugging Face layout, or `nano` for the bundled model.
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
}

impl ModelArgs {
    /// The setting `model`, if it was given.
    pub fn setting(&self) -> Result<Option<Value>> {
        let Some(model) = &self.model else { return Ok(None) };
        if self.is_bundled() {
            return Ok(Some(tagged("nano", [])));
        }
        if !model.join("config.json").is_file() {
            let message = format!("{}: no model is here: it has no config.json", model.display());
            return Err(CommandError::new(Kind::NotFound, message)
                .hint("--model wants a checkpoint directory in the Hugging Face layout, or nano"));
        }
        Ok(Some(tagged("path", [("path", text(&absolute(model)?)?)])))
    }

    /// Whether the bundled model is meant.
    pub fn is_bundled(&self) -> bool {
        self.model.as_ref().is_none_or(|model| model.as_os_str() == "nano")
    }
}

/// Which problems.
#[derive(Clone, Debug, Default, Args)]
pub struct TaskArgs {
    /// Generated problems, by family and level: A2-4,C3 (`tasks list` shows all).
    #[arg(long, value_name = "CELLS", conflicts_with = "problems")]
    pub task: Option<String>,
    /// Your own problems: JSON Lines or Parquet with a prompt and an answer a row.
    #[arg(long, value_name = "FILE")]
    pub problems: Option<PathBuf>,
    /// How answers to your problems are checked: number, exact, choice, pattern:REGEX or
    /// command:PROGRAM (JSON lines in, JSON lines out).
    #[arg(long, value_name = "NAME", requires = "problems")]
    pub checker: Option<String>,
    /// The column with the prompt. Default: the first of prompt, question, problem, messages.
    #[arg(long, value_name = "COLUMN", requires = "problems")]
    pub prompt: Option<String>,
    /// The column with the answer. Default: the first of answer, ground_truth, completion, solution.
    #[arg(long, value_name = "COLUMN", requires = "problems")]
    pub answer: Option<String>,
    /// Makes the prompt from columns: 'Question: {question}\nAnswer:'.
    #[arg(long, value_name = "TEXT", requires = "problems")]
    pub template: Option<String>,
}

impl TaskArgs {
    /// The setting `task`, if any of it was given.
    pub fn setting(&self) -> Result<Option<Value>> {
        if let Some(cells) = &self.task {
            let cells = cells.split(',').map(|cell| Value::String(cell.trim().to_owned())).collect();
            return Ok(Some(tagged("suite", [("cells", Value::Array(cells))])));
        }
        let Some(problems) = &self.problems else { return Ok(None) };
        if !problems.is_file() {
            let (kind, rule) = match problems.exists() {
                true => (Kind::Usage, "problems are read from a regular file, and this is none"),
                false => (Kind::NotFound, "no such file of problems"),
            };
            return Err(CommandError::new(kind, format_args!("{}: {rule}", problems.display())));
        }
        let mut parts = vec![("path", text(&absolute(problems)?)?)];
        if let Some(checker) = &self.checker {
            parts.push(("check", check(checker)?));
        }
        let given = [("prompt", &self.prompt), ("answer", &self.answer), ("template", &self.template)];
        for (name, value) in given {
            if let Some(value) = value {
                parts.push((name, Value::String(value.clone())));
            }
        }
        Ok(Some(tagged("problems", parts)))
    }
}

/// A checker by its short form.
fn check(short: &str) -> Result<Value> {
    let (kind, rest) = short.split_once(':').unwrap_or((short, ""));
    match (kind, rest.trim()) {
        ("number" | "exact" | "choice", "") => Ok(tagged(kind, [])),
        ("pattern", regex) if !regex.is_empty() => {
            Ok(tagged(kind, [("pattern", Value::String(regex.to_owned()))]))
        }
        ("command", command) if !command.is_empty() => {
            let words = command.split_whitespace().map(|word| Value::String(word.to_owned())).collect();
            Ok(tagged(kind, [("command", Value::Array(words))]))
        }
        _ => Err(CommandError::new(
            Kind::Usage,
            format_args!(
                "--checker must be number, exact, choice, pattern:REGEX or command:PROGRAM, but is {short:?}"
            ),
        )),
    }
}

fn tagged(kind: &str, parts: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let kind = ("kind".to_owned(), Value::String(kind.to_owned()));
    let parts = parts.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Table(std::iter::once(kind).chain(parts).collect())
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|source| CommandError::io(path, "finding", source))
}

fn text(path: &Path) -> Result<Value> {
    let text = path.to_str().ok_or_else(|| {
        CommandError::new(Kind::Usage, format_args!("{}: a path must be UTF-8 text", path.display()))
    })?;
    Ok(Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkers_have_short_forms() {
        assert_eq!(check("number").expect("known"), tagged("number", []));
        let words = vec![Value::String("python3".into()), Value::String("check.py".into())];
        let command = check("command:python3 check.py").expect("known");
        assert_eq!(command, tagged("command", [("command", Value::Array(words))]));
        let pattern = check("pattern:a:b").expect("known");
        assert_eq!(pattern, tagged("pattern", [("pattern", Value::String("a:b".into()))]));
        for wrong in ["", "numbers", "pattern", "pattern:", "command: ", "exact:x"] {
            assert_eq!(check(wrong).expect_err("unknown").kind, Kind::Usage, "{wrong}");
        }
    }
}

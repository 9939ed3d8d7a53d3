//! The user's own problems: a JSON Lines or Parquet file with a prompt and an answer a row.
//!
//! The columns are those of TRL (`prompt`, `completion`), of verl (`reward_model.ground_truth`), of
//! GSM8K (`question`, `answer` with `####`) or whatever the settings name; prompts are text or lists of
//! messages, told apart by content; all other columns go with the problem to its checker. Which split
//! a problem belongs to depends on a hash of its prompt alone, so that it never changes sides when rows
//! are added, moved or repeated.

mod columns;
mod template;

pub use columns::Form;
pub use template::Template;

use crate::check::{Check, Checker};
use crate::rows;
use autodidact_core::chat::{Body, Chat, Completion, Prompt};
use autodidact_core::{Error, Judge, Result, Rng, Split, Task};
use columns::{ANSWERS, Columns, PROMPTS, detect};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file of problems and how to read and check it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProblemFile {
    /// The file: JSON Lines, a JSON list of objects or Parquet.
    pub path: PathBuf,
    /// A file with the validation problems, or empty for a share of `path`.
    pub validation: PathBuf,
    /// A file with the test problems, or empty for a share of `path`.
    pub test: PathBuf,
    /// The column with the prompt, text or messages; empty for the first there is of `prompt`,
    /// `question`, `problem` and `messages`.
    pub prompt: String,
    /// The column with the reference answer, dots leading into nested ones; empty for the first there is
    /// of `answer`, `ground_truth`, `reward_model.ground_truth`, `completion` and `solution`.
    pub answer: String,
    /// The column with the row's id; empty to name rows after their file and place.
    pub id: String,
    /// Makes the prompt from several columns, `Question: {question}\nAnswer:`; `{{` is a brace, a list
    /// of texts becomes lettered lines. Empty to take the prompt column as it is.
    pub template: String,
    /// A system message for every prompt, or empty.
    pub system: String,
    /// How a prompt that is bare text is put to the model.
    pub form: Form,
    /// How answers are checked.
    pub check: Check,
    /// How `path` is divided where there are no files of their own.
    pub shares: Shares,
}

/// The shares of problems that are kept for other purposes than to learn from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shares {
    /// To choose by.
    pub validation: f64,
    /// To report on.
    pub test: f64,
}

impl Default for Shares {
    fn default() -> Shares {
        Shares { validation: 0.1, test: 0.1 }
    }
}

impl ProblemFile {
    /// Fails on settings that cannot work, without touching the files.
    pub fn check(&self) -> Result<()> {
        if self.path.as_os_str().is_empty() {
            return Err(Error::invalid("task.path", "the path of a file of problems", "empty"));
        }
        let Shares { validation, test } = self.shares;
        for (field, share) in [("task.shares.validation", validation), ("task.shares.test", test)] {
            if !(0.0..1.0).contains(&share) || validation + test >= 1.0 {
                return Err(Error::invalid(
                    field,
                    "at least 0 and less than 1 together with the other",
                    share,
                ));
            }
        }
        self.template()?;
        self.check.check()
    }

    /// Reads the files. Fails when a file cannot be read or has bad rows, naming the first few of them.
    pub fn open(&self) -> Result<Problems> {
        self.check()?;
        let main = rows::read(&self.path)?;
        let mut digests = vec![main.digest.clone()];
        let columns = self.columns(&main)?;
        let checker = self.check.open(&columns.answer)?;
        let mut main = problems(&self.path, &label(&self.path), main, &columns, &checker)?;
        if [&self.test, &self.validation].contains(&&self.path) {
            // All its rows are held out.
            main.clear();
        }
        let mut parts: BTreeMap<Split, Vec<Prompt>> = BTreeMap::new();
        for (split, path) in [(Split::Test, &self.test), (Split::Validation, &self.validation)] {
            if path.as_os_str().is_empty() {
                continue;
            }
            let rows = rows::read(path)?;
            digests.push(rows.digest.clone());
            let mut name = label(path);
            if name == label(&self.path) || (split == Split::Validation && name == label(&self.test)) {
                name = format!("{name}/{}", if split == Split::Test { "test" } else { "validation" });
            }
            parts.insert(split, problems(path, &name, rows, &columns, &checker)?);
        }
        for problem in main {
            parts.entry(self.split_of(&problem)).or_default().push(problem);
        }

        let settings =
            serde_json::to_string(self).map_err(|error| Error::invalid("task", "writable as JSON", error))?;
        let mut problems = Problems {
            test: parts.remove(&Split::Test).unwrap_or_default(),
            validation: parts.remove(&Split::Validation).unwrap_or_default(),
            train: parts.remove(&Split::Train).unwrap_or_default(),
            checker,
            name: format!("problems {settings} with contents {}", digests.join(" ")),
        };
        problems.keep_apart();
        Ok(problems)
    }

    /// Where a problem of the main file belongs.
    fn split_of(&self, problem: &Prompt) -> Split {
        let place = place(problem);
        let test = if self.test.as_os_str().is_empty() { self.shares.test } else { 0.0 };
        let validation = if self.validation.as_os_str().is_empty() { self.shares.validation } else { 0.0 };
        if place < test {
            Split::Test
        } else if place < test + validation {
            Split::Validation
        } else {
            Split::Train
        }
    }

    fn template(&self) -> Result<Option<Template>> {
        if self.template.is_empty() {
            return Ok(None);
        }
        let template = Template::parse(&self.template)
            .map_err(|what| Error::invalid("task.template", "text with {column} holes", what))?;
        Ok(Some(template))
    }

    fn columns(&self, rows: &rows::Rows) -> Result<Columns> {
        let first = rows.rows.iter().find_map(|row| row.1.as_ref().ok());
        let choose = |field: &str, named: &str, known: &[&str]| {
            if !named.is_empty() {
                return Ok(named.to_owned());
            }
            // Where no row is good the first known name leads to the report of bad rows.
            let Some(first) = first else { return Ok(known[0].to_owned()) };
            detect(first, known).ok_or_else(|| Error::Data {
                path: self.path.clone(),
                rule: format!("{field} must name a column, or there must be one of {}", known.join(", ")),
                found: format!("the columns are {}", first.keys().cloned().collect::<Vec<_>>().join(", ")),
            })
        };
        let template = self.template()?;
        let prompt = match &template {
            Some(_) => self.prompt.clone(),
            None => choose("task.prompt", &self.prompt, &PROMPTS)?,
        };
        let answer = match &self.check {
            // These may do without a reference.
            Check::Command(_) | Check::Pattern(_) => {
                choose("task.answer", &self.answer, &ANSWERS).unwrap_or_else(|_| ANSWERS[0].to_owned())
            }
            _ => choose("task.answer", &self.answer, &ANSWERS)?,
        };
        if template.as_ref().is_some_and(|template| template.holes().any(|hole| hole == answer)) {
            let rule = "without a hole for the answer, which would show it to the model";
            return Err(Error::invalid("task.template", rule, &self.template));
        }
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        Ok(Columns {
            prompt,
            answer,
            id: some(&self.id),
            template,
            system: some(&self.system),
            form: self.form,
        })
    }
}

/// Problems in memory, divided into splits that share no prompt.
#[derive(Clone, Debug)]
pub struct Problems {
    train: Vec<Prompt>,
    validation: Vec<Prompt>,
    test: Vec<Prompt>,
    checker: Checker,
    name: String,
}

impl Problems {
    /// All problems of a split, in the order of the file.
    pub fn of(&self, split: Split) -> &[Prompt] {
        match split {
            Split::Train => &self.train,
            Split::Validation => &self.validation,
            Split::Test => &self.test,
        }
    }

    /// The checker, which also reads the answers that votes compare.
    pub fn checker(&self) -> &Checker {
        &self.checker
    }

    /// Drops what would be in two splits, or twice in one: the test split keeps its own, then the
    /// validation split; of equal prompts the first stays.
    fn keep_apart(&mut self) {
        let mut seen = BTreeSet::new();
        for (split, part) in
            [("test", &mut self.test), ("validation", &mut self.validation), ("train", &mut self.train)]
        {
            let before = part.len();
            part.retain(|problem| seen.insert(text(problem)));
            let dropped = before - part.len();
            if dropped > 0 {
                tracing::warn!(split, dropped, "problems with a prompt seen before are left out");
            }
        }
    }
}

impl Task<Chat> for Problems {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        let all = self.of(split);
        if all.is_empty() && n > 0 {
            let found = format!(
                "{} to train, {} to validate, {} to test",
                self.train.len(),
                self.validation.len(),
                self.test.len()
            );
            return Err(Error::invalid(
                "task",
                format!(
                    "a file with problems in its {split:?} split; larger task.shares, a file of its own \
                     (task.test, task.validation) or more rows would give it some"
                ),
                found,
            ));
        }
        let n = match split {
            // To learn from a problem again is fine; to measure on it again would only look like more problems.
            Split::Train => n,
            Split::Validation | Split::Test if n > all.len() => {
                tracing::warn!(?split, wanted = n, found = all.len(), "fewer problems than wanted");
                all.len()
            }
            Split::Validation | Split::Test => n,
        };
        let mut drawn = Vec::with_capacity(n);
        while drawn.len() < n {
            let mut order: Vec<usize> = (0..all.len()).collect();
            order.shuffle(rng);
            drawn.extend(order.into_iter().take(n - drawn.len()).map(|idx| all[idx].clone()));
        }
        Ok(drawn)
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(self.checker.clone())
    }

    fn gold(&self, query: &Prompt) -> Option<Completion> {
        self.checker.gold(query).map(|text| Completion { text, ..Completion::default() })
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// How many bad rows an error names.
const NAMED: usize = 5;

fn problems(
    path: &Path,
    label: &str,
    rows: rows::Rows,
    columns: &Columns,
    checker: &Checker,
) -> Result<Vec<Prompt>> {
    let mut good = Vec::with_capacity(rows.rows.len());
    let mut bad = Vec::new();
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for (place, row) in rows.rows {
        let problem =
            row.and_then(|row| columns.problem(row, format!("{label}/{place}"))).and_then(|problem| {
                checker.usable(&problem)?;
                match ids.insert(problem.id.clone(), place) {
                    Some(first) => Err(format!("its id {:?} is that of {} {first}", problem.id, rows.place)),
                    None => Ok(problem),
                }
            });
        match problem {
            Ok(problem) => good.push(problem),
            Err(what) => bad.push(format!("{} {place}: {what}", rows.place)),
        }
    }
    if bad.is_empty() && !good.is_empty() {
        return Ok(good);
    }
    let count = bad.len();
    if count > NAMED {
        bad.truncate(NAMED);
        bad.push(format!("and {} more", count - NAMED));
    }
    let found = if count == 0 { "there are no rows".to_owned() } else { bad.join("; ") };
    Err(Error::Data {
        path: path.into(),
        rule: "every row must be a problem with a prompt and a usable answer".to_owned(),
        found,
    })
}

/// A file's folder and name, without its ending: what its rows are named after.
fn label(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match path.parent().and_then(Path::file_name) {
        Some(folder) => format!("{}/{stem}", folder.to_string_lossy()),
        None => stem.into_owned(),
    }
}

/// The text that makes two prompts the same.
fn text(problem: &Prompt) -> String {
    match &problem.body {
        Body::Text(text) => text.trim().to_owned(),
        Body::Messages(messages) => messages
            .iter()
            .map(|message| format!("{}\u{1f}{}\u{1e}", message.role, message.content.trim()))
            .collect(),
    }
}

/// A place on 0 to 1 that depends on the prompt's text alone.
fn place(problem: &Prompt) -> f64 {
    let hash = blake3::hash(text(problem).as_bytes());
    let bytes: [u8; 8] = hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes");
    u64::from_le_bytes(bytes) as f64 / 2f64.powi(64)
}

#[cfg(test)]
mod tests;

//! The meta corpus: answers, what a better judge said of them, and what they should have been.

use super::roles::whole;
use super::{Criticism, Roles, SelfEvolution, Voices};
use autodidact_core::chat::{Chat, Prompt};
use autodidact_core::{Error, Group, Result, Run, Verdict};
use autodidact_parts::dataset::{self, Example};
use autodidact_parts::judge::NotJudged;
use autodidact_parts::task::two_steps::Annotator;
use autodidact_parts::{TaskConfig, rows};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the meta-skills come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Meta {
    /// Nowhere: whoever answers can criticise and refine already.
    None,
    /// The task's annotator criticises the first answers of the policy to so many prompts.
    Annotator {
        /// Prompts of the training split.
        prompts: u32,
    },
    /// A file of rows with the texts `prompt`, `response`, `feedback` and `refined`.
    File {
        /// JSON Lines, a JSON list, Parquet or CSV.
        path: PathBuf,
    },
}

impl Meta {
    pub(super) fn check(&self, task: &TaskConfig) -> Result<()> {
        match self {
            Meta::Annotator { prompts: 0 } => Err(Error::invalid("meta.prompts", "at least 1", 0)),
            Meta::Annotator { .. } if task.annotator().is_none() => {
                Err(Error::invalid("meta.kind", "none or file where nobody annotates the task", "annotator"))
            }
            _ => Ok(()),
        }
    }

    /// How many prompts of the task it takes.
    pub(super) fn prompts(&self) -> usize {
        match *self {
            Meta::Annotator { prompts } => prompts as usize,
            Meta::None | Meta::File { .. } => 0,
        }
    }
}

/// One row of the meta corpus.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lesson {
    pub question: Prompt,
    pub response: String,
    pub feedback: String,
    /// Whether the feedback's verdict is good.
    pub good: bool,
    pub refined: String,
}

impl SelfEvolution {
    /// The meta corpus as training rows, recorded as the stage `meta`; none without one.
    pub(crate) fn meta_corpus(
        &self,
        voices: &Voices<'_>,
        annotator: Option<&dyn Annotator>,
        questions: &[Prompt],
        run: &mut Run<'_>,
    ) -> Result<Vec<Group<Chat>>> {
        let lessons = match (&self.meta, annotator) {
            (Meta::None, _) => return Ok(Vec::new()),
            (Meta::File { path }, _) => read(path, voices.student)?,
            (Meta::Annotator { .. }, Some(annotator)) => annotated(voices, annotator, questions, run)?,
            (Meta::Annotator { .. }, None) => {
                return Err(Error::invalid(
                    "meta.kind",
                    "none or file where nobody annotates the task",
                    "annotator",
                ));
            }
        };
        let mut examples = Vec::new();
        for lesson in &lessons {
            examples.extend(taught(lesson, voices.student, self.beta_qa)?);
        }
        dataset::record(run, "meta", voices.lm, examples)
    }
}

/// The three terms of the meta loss for one row: criticising, refining, answering directly with weight `beta_qa`.
/// Where criticism and refinement are one reply, so are their terms.
pub(super) fn taught(lesson: &Lesson, roles: &Roles, beta_qa: f64) -> Result<Vec<Example>> {
    let Lesson { question, response, feedback, good, refined } = lesson;
    let parents = || [question.id.clone()];
    let reply = roles.written(feedback, *good, refined);
    let mut examples = vec![Example::kept(roles.criticise(question, response)?, reply).from(parents())];
    if roles.criticism() == Criticism::Separate {
        let prompt = roles.refine(question, response, feedback)?;
        examples.push(Example::kept(prompt, refined.as_str()).from(parents()));
    }
    if beta_qa > 0.0 {
        let mut answer = Example::kept(roles.answer(question)?, refined.as_str()).from(parents());
        if beta_qa != 1.0 {
            answer.verdict = Verdict::score(1.0).with("weight", beta_qa);
        }
        examples.push(answer);
    }
    Ok(examples)
}

/// What the annotator says of the policy's first answers.
fn annotated(
    voices: &Voices<'_>,
    annotator: &dyn Annotator,
    questions: &[Prompt],
    run: &mut Run<'_>,
) -> Result<Vec<Lesson>> {
    let Voices { policy, roles, .. } = *voices;
    let prompts: Vec<Prompt> = questions.iter().map(|one| roles.answer(one)).collect::<Result<_>>()?;
    let answers = run.attempt("meta-answer", policy, &NotJudged, roles.answering(&prompts))?;
    let lesson = |(question, group): (&Prompt, &Group<Chat>)| {
        let response = whole(&group.tries.first()?.answer)?;
        let said = annotator.annotate(question, response)?;
        Some(Lesson {
            question: question.clone(),
            response: response.to_owned(),
            feedback: said.feedback,
            good: said.correct,
            refined: said.refined,
        })
    };
    Ok(questions.iter().zip(&answers).filter_map(lesson).collect())
}

/// The user's own corpus; its verdicts are read as a reply's are.
fn read(path: &Path, roles: &Roles) -> Result<Vec<Lesson>> {
    let table = rows::read(path)?;
    let bad = |place: usize, found: String| Error::Data {
        path: path.into(),
        rule: format!("{} {place} has texts prompt, response, feedback and refined", table.place),
        found,
    };
    let lesson = |(place, row): &rows::Row| {
        let row = row.as_ref().map_err(|found| bad(*place, found.clone()))?;
        let text = |name: &str| match row.get(name).and_then(serde_json::Value::as_str) {
            Some(text) => Ok(text.to_owned()),
            None => Err(bad(*place, format!("no text {name}"))),
        };
        let feedback = text("feedback")?;
        let good =
            roles.verdict().read(&feedback).map_err(|found| bad(*place, format!("feedback: {found}")))?;
        Ok(Lesson {
            question: Prompt::text(format!("meta/{place}"), text("prompt")?),
            response: text("response")?,
            feedback,
            good,
            refined: text("refined")?,
        })
    };
    table.rows.iter().map(lesson).collect()
}

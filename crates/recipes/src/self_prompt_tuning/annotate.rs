//! Who writes the roles of the fine-tuning data, and which of them are fit for it.

use super::Words;
use crate::asked::question;
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Run, Verdict};
use autodidact_lm::Lm;
use autodidact_parts::policy::PolicyConfig;
use autodidact_parts::task::operators::Domain;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// Who writes the roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Annotator {
    /// Nobody: the twin that is tuned on plain questions and answers.
    Nobody,
    /// The task itself, in a field of each question.
    Field {
        /// The field.
        #[serde(default = "role")]
        field: String,
        /// The chance that a question gets another question's role.
        #[serde(default)]
        noise: f64,
    },
    /// A text that says nothing, as long as the role would be: tells better roles from longer outputs.
    Filler {
        /// The field that holds the role.
        #[serde(default = "role")]
        field: String,
        /// Stands once for each word of the role.
        #[serde(default = "dot")]
        word: String,
    },
    /// A model, asked once for each question with a few demonstrations.
    Policy {
        /// Who.
        policy: PolicyConfig,
        /// How its answers are sampled.
        #[serde(default)]
        sampling: Sampling,
    },
}

fn role() -> String {
    "role".to_owned()
}

fn dot() -> String {
    " .".to_owned()
}

/// Which roles are fit to learn from; the others are dropped with a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fit {
    /// The most words.
    pub most_words: u32,
    /// A role begins with one of these, whatever their case: it speaks to the model. None allows any.
    pub openings: Vec<String>,
}

impl Default for Fit {
    fn default() -> Fit {
        let openings = ["you", "as a", "act as", "imagine you"].map(str::to_owned).to_vec();
        Fit { most_words: 120, openings }
    }
}

impl Fit {
    /// Why a role is not fit for a question with that answer; `None` when it is.
    pub fn objection(&self, role: &str, answer: &str) -> Option<&'static str> {
        let said = words(role);
        let lower = role.to_lowercase();
        let opens = self.openings.iter().any(|opening| lower.starts_with(opening.as_str()));
        match () {
            () if said.is_empty() => Some("empty"),
            () if said.len() > self.most_words as usize => Some("too_long"),
            () if leaks(&said, &words(answer)) => Some("leak"),
            () if !opens && !self.openings.is_empty() => Some("not_to_the_model"),
            () => None,
        }
    }
}

/// Runs of letters and digits in lower case.
fn words(text: &str) -> Vec<String> {
    let parts = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// Whether the words of the answer stand in the role one after the other.
fn leaks(role: &[String], answer: &[String]) -> bool {
    !answer.is_empty() && role.windows(answer.len()).any(|window| window == answer)
}

/// The role without blanks and quotation marks around it.
pub fn tidy(role: &str) -> &str {
    role.trim().trim_matches(['"', '\'', '\u{201c}', '\u{201d}']).trim()
}

impl Annotator {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        match self {
            Annotator::Field { noise, .. } if !(0.0..=1.0).contains(noise) => {
                Err(Error::invalid("annotator.noise", "between 0 and 1", noise))
            }
            Annotator::Policy { policy, .. } => policy.check(),
            _ => Ok(()),
        }
    }

    /// A role for each question, as far as there is one: the text before it is tested, and its source in
    /// the ledger. `None` for the twin without roles.
    pub(super) fn roles(
        &self,
        queries: &[Prompt],
        lm: &Lm,
        words: &Words<'_>,
        run: &mut Run<'_>,
    ) -> Result<Option<Vec<Option<String>>>> {
        Ok(match self {
            Annotator::Nobody => None,
            Annotator::Field { field, noise } => {
                Some(of_field(queries, field, *noise, &mut run.rng("annotate")))
            }
            Annotator::Filler { field, word } => {
                let filler =
                    |query: &Prompt| Some(word.repeat(query.field(field)?.split_whitespace().count()));
                Some(queries.iter().map(filler).collect())
            }
            Annotator::Policy { policy, sampling } => {
                let policy = policy.open(lm)?;
                let asked = |query: &Prompt| words.prompt("annotate", query, &question(query), "");
                let asked = queries.iter().map(asked).collect::<Result<Vec<_>>>()?;
                let asks = Ask::each(&asked, 1, sampling);
                let groups = run.attempt("annotate", &*policy, &Received, asks)?;
                let text = |group: autodidact_core::Group<Chat>| {
                    let one = group.tries.into_iter().next()?;
                    one.verdict.value().map(|_| tidy(words.before_close(&one.answer.text)).to_owned())
                };
                Some(groups.into_iter().map(text).collect())
            }
        })
    }
}

/// The field of each question, or with a chance of `noise` that of another domain.
fn of_field(queries: &[Prompt], field: &str, noise: f64, rng: &mut Rng) -> Vec<Option<String>> {
    let known: Vec<&str> = queries.iter().filter_map(|query| query.field(field)).collect();
    let mut one = |query: &Prompt| {
        let own = query.field(field)?;
        let others: Vec<&str> = match rng.random_bool(noise) {
            true => known.iter().copied().filter(|other| *other != own).collect(),
            false => Vec::new(),
        };
        Some(match others.len() {
            0 => own.to_owned(),
            n => others[rng.random_range(0..n as u32) as usize].to_owned(),
        })
    };
    queries.iter().map(&mut one).collect()
}

/// Whether a role names the domain of the question: the one of its field `domain`, where the task has such,
/// else by the role in its field `role`. `None` where the question says neither.
pub fn names_domain(query: &Prompt, role: &str) -> Option<bool> {
    match query.field("domain") {
        Some(domain) => Some(Domain::of_role(role).is_some_and(|named| named.name() == domain)),
        None => query.field("role").map(|right| role.trim() == right.trim()),
    }
}

/// Takes every answer as it is; what is fit is decided where the right answer is known.
struct Received;

impl Judge<Chat> for Received {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, _| Verdict::score(0.0)))
    }

    fn name(&self) -> String {
        "received".to_owned()
    }

    fn calls(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_refused_for_a_reason() {
        let fit = Fit { most_words: 8, ..Fit::default() };
        let check = |role: &str, answer: &str| fit.objection(role, answer);
        assert_eq!(check("You are a cook with years of practice.", "12 eggs"), None);
        assert_eq!(check("You know that it takes 12 eggs", "12 eggs."), Some("leak"));
        assert_eq!(check("You know that it takes 12 large eggs", "12 eggs"), None);
        assert_eq!(check("You are 112", "12"), None);
        assert_eq!(check("You are a b c d e f g h", "x"), Some("too_long"));
        assert_eq!(check("Dear user, here is a role", "x"), Some("not_to_the_model"));
        assert_eq!(check(" \"", "x"), Some("empty"));
        assert_eq!(tidy(" \"You are a cook.\"\n"), "You are a cook.");
    }

    #[test]
    fn noise_gives_another_questions_role() {
        let query = |i: u64| Prompt::text(i.to_string(), "?").with("role", ["a", "b"][i as usize % 2]);
        let queries: Vec<Prompt> = (0..400).map(query).collect();
        let mut rng = autodidact_core::Seed::root(1).rng();
        let wrong = |roles: Vec<Option<String>>| {
            let pairs = roles.iter().zip(&queries);
            pairs.filter(|(role, query)| role.as_deref() != query.field("role")).count()
        };
        assert_eq!(wrong(of_field(&queries, "role", 0.0, &mut rng)), 0);
        assert!((5..40).contains(&wrong(of_field(&queries, "role", 0.05, &mut rng))));
        assert_eq!(wrong(of_field(&queries, "role", 1.0, &mut rng)), 400);
    }
}

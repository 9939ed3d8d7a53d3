//! What is kept in mind of each output, to tell better roles from longer ones.

use super::annotate::names_domain;
use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Group, Result, Run, Try};
use autodidact_lm::Tokenizer;
use autodidact_math::summary::mean;
use autodidact_parts::judge::right;
use autodidact_parts::segments::{Segments, byte_spans};
use std::collections::BTreeMap;

/// The bookkeeping of a batch of judged outputs; `None` where there is nothing to count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Books {
    /// Mean log-probability of a role, in nats.
    pub role_logprob: Option<f64>,
    /// Entropy of the roles' texts over the batch, in nats: 0 when all are the same.
    pub role_entropy: Option<f64>,
    /// Share of outputs that do not split into role and answer.
    pub split_failed: Option<f64>,
    /// Share of roles that name the question's domain.
    pub role_right: Option<f64>,
    /// Share of right answers after a role that does.
    pub given_right: Option<f64>,
    /// Share of right answers after a role that does not.
    pub given_wrong: Option<f64>,
    /// Share of right answers among outputs that do not split.
    pub given_none: Option<f64>,
    /// Mean length of an output, in words and signs between blanks.
    pub words: Option<f64>,
}

impl Books {
    /// Keeps the books of these groups. Outputs that no judge scored are left out.
    pub fn of(groups: &[Group<Chat>], segments: &Segments, tokenizer: &Tokenizer) -> Books {
        let tries =
            groups.iter().flat_map(|group| group.tries.iter().map(move |one| (&group.ask.query, one)));
        let (mut logprobs, mut words, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        let mut unsplit = Vec::new();
        let (mut named, mut after): (Vec<f64>, [Vec<f64>; 2]) = (Vec::new(), Default::default());
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (query, one) in tries.filter(|(_, one)| one.verdict.value().is_some()) {
            words.push(one.answer.text.split_whitespace().count() as f64);
            let Ok(parts) = segments.split(&one.answer.text) else {
                failed.push(1.0);
                unsplit.push(score(one));
                continue;
            };
            failed.push(0.0);
            logprobs.extend(role_logprob(&one.answer, segments, tokenizer));
            if let Some(fits) = names_domain(query, &parts[0]) {
                named.push(share(fits));
                after[usize::from(fits)].push(score(one));
            }
            *counts.entry(parts[0].trim().to_owned()).or_insert(0) += 1;
        }
        let [wrong, right] = after;
        Books {
            role_logprob: mean(&logprobs),
            role_entropy: entropy(&counts.into_values().collect::<Vec<_>>()),
            split_failed: mean(&failed),
            role_right: mean(&named),
            given_right: mean(&right),
            given_wrong: mean(&wrong),
            given_none: mean(&unsplit),
            words: mean(&words),
        }
    }

    /// Notes them under a stage.
    pub fn note(&self, stage: &str, run: &mut Run<'_>) -> Result<()> {
        let figures = [
            ("role_logprob", self.role_logprob),
            ("role_entropy", self.role_entropy),
            ("split_failed", self.split_failed),
            ("role_right", self.role_right),
            ("right_in_right_role", self.given_right),
            ("right_in_wrong_role", self.given_wrong),
            ("output_words", self.words),
        ];
        for (name, value) in figures {
            if let Some(value) = value {
                run.note(&format!("{stage}/{name}"), value)?;
            }
        }
        Ok(())
    }
}

/// Accuracy as a mixture over roles: `sum p(role) acc(role)`, over pairs of the two.
pub fn mixture(roles: &[(f64, f64)]) -> f64 {
    roles.iter().map(|(share, accuracy)| share * accuracy).sum()
}

fn share(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

fn score(one: &Try<Chat>) -> f64 {
    share(right(&one.verdict))
}

/// The log-probability of an output's role, markers apart; `None` for outputs without tokens.
fn role_logprob(answer: &Completion, segments: &Segments, tokenizer: &Tokenizer) -> Option<f64> {
    if answer.tokens.is_empty() || answer.logprobs.len() != answer.tokens.len() {
        return None;
    }
    let role = segments.spans(&answer.text).ok()?.swap_remove(0);
    let spans = byte_spans(tokenizer, &answer.tokens)?;
    let inside = spans.iter().zip(&answer.logprobs).filter(|(span, _)| role.contains(&span.start));
    Some(inside.filter(|(span, _)| !span.is_empty()).map(|(_, logprob)| f64::from(*logprob)).sum())
}

/// The entropy of counts, in nats.
fn entropy(counts: &[usize]) -> Option<f64> {
    let total: usize = counts.iter().sum();
    let term = |&count: &usize| {
        let share = count as f64 / total as f64;
        -share * share.ln()
    };
    (total > 0).then(|| counts.iter().filter(|&&count| count > 0).map(term).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Prompt, Sampling};
    use autodidact_core::{Ask, Verdict};

    #[test]
    fn accuracy_is_the_mixture_over_roles() {
        // 0.9 * 0.8 + 0.1 * 0.3; plain tuning beats self-prompting where it is above that.
        assert!((mixture(&[(0.9, 0.8), (0.1, 0.3)]) - 0.75).abs() < 1e-12);
    }

    #[test]
    fn books_tell_right_roles_from_wrong_ones_and_count_what_does_not_split() {
        let role = "you judge races and take the larger";
        let query = Prompt::text("q", "?").with("role", role);
        let one = |text: String, right: bool| Try {
            answer: Completion { text, ..Completion::default() },
            verdict: Verdict::right(right),
        };
        let tries = vec![
            one(format!("[role]{role}[/role]7"), true),
            one(format!("[role]{role}[/role]7"), true),
            one("[role]you keep clocks and add round ten[/role]2".to_owned(), false),
            one("7".to_owned(), true),
            Try { answer: Completion::default(), verdict: Verdict::error("deadline", 1.0) },
        ];
        let ask = Ask { query, knobs: Sampling::default(), tries: 5 };
        let books = Books::of(&[Group { ask, tries }], &Segments::role_then_answer(), &Tokenizer::bytes());
        assert_eq!(books.split_failed, Some(0.25));
        assert_eq!(books.role_right, Some(2.0 / 3.0));
        let given = (books.given_right, books.given_wrong, books.given_none);
        assert_eq!(given, (Some(1.0), Some(0.0), Some(1.0)));
        // -2/3 ln 2/3 - 1/3 ln 1/3.
        assert!((books.role_entropy.expect("roles") - 0.636_514_168).abs() < 1e-9);
        assert_eq!(books.role_logprob, None);
    }

    #[test]
    fn a_roles_log_probability_is_that_of_its_own_tokens() {
        let text = "[role]ab[/role]7";
        let tokens: Vec<u32> = text.bytes().map(u32::from).chain([257]).collect();
        let logprobs: Vec<f32> = (0..tokens.len()).map(|i| -(i as f32)).collect();
        let answer = Completion { text: text.to_owned(), tokens, logprobs, ..Completion::default() };
        let found = role_logprob(&answer, &Segments::role_then_answer(), &Tokenizer::bytes());
        assert_eq!(found, Some(-13.0)); // Bytes 6 and 7.
    }
}

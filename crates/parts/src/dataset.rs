//! Training sets that a recipe makes itself, as a stage of its run.
//!
//! What was made is written down like any other sample before it is learned from: the prompt that will be
//! trained on, the target, whether it was kept and why not, and where it came from. So it can be looked at
//! with `runs samples`, it leaves with `export samples --stage`, and a resumed run finds it again.

mod pairs;

pub use pairs::{Preferred, record_pairs};

use crate::learn::written;
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{
    Ask, Domain, Error, Group, Judge, Judged, Policy, Proposals, Result, Run, Seed, Spend, Verdict, Version,
};
use autodidact_lm::Lm;
use std::collections::BTreeMap;

/// A prompt with a target, before it is learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What the learner will read; its id is unique in the set.
    pub prompt: Prompt,
    /// What the learner shall write.
    pub text: String,
    /// A score above 0 keeps it; [`dropped`] says why not.
    pub verdict: Verdict,
    /// The ids of the prompts that it was made from.
    pub parents: Vec<String>,
}

impl Example {
    /// An example that is kept.
    pub fn kept(prompt: Prompt, text: impl Into<String>) -> Example {
        Example { prompt, text: text.into(), verdict: Verdict::score(1.0), parents: Vec::new() }
    }

    /// The same, made from the prompts of these ids.
    pub fn from(self, parents: impl IntoIterator<Item = String>) -> Example {
        Example { parents: parents.into_iter().collect(), ..self }
    }

    /// Whether it is kept.
    pub fn is_kept(&self) -> bool {
        self.verdict.value().is_some_and(|score| score > 0.0)
    }
}

/// The verdict on an example that the rule of that name dropped.
pub fn dropped(rule: &str) -> Verdict {
    Verdict::score(0.0).with(&format!("dropped/{rule}"), 1.0)
}

/// Writes the examples down as `stage` and gives them as groups of one try, in their order, in tokens of `lm`.
///
/// One that does not fit into the model's context is dropped as `too_long`. Fails on an id that occurs
/// twice.
pub fn record(run: &mut Run<'_>, stage: &str, lm: &Lm, examples: Vec<Example>) -> Result<Vec<Group<Chat>>> {
    let mut made = Made::default();
    for Example { prompt, text, verdict, parents } in examples {
        let tried = fitted(lm, &prompt, text, verdict)?;
        made.add(prompt, parents, vec![tried])?;
    }
    made.record(run, stage)
}

/// The target in tokens, and the verdict; a target that leaves the context is dropped.
fn fitted(lm: &Lm, prompt: &Prompt, text: String, verdict: Verdict) -> Result<(Completion, Verdict)> {
    let bare = Completion { text, ..Completion::default() };
    let target = lm.tokenizer().encode(&bare.text)?.len() + 1;
    let too_long = || dropped("too_long");
    if target >= lm.context() {
        return Ok((bare, too_long()));
    }
    match written(lm, prompt, &bare.text) {
        Ok(answer) if answer.prompt.len() + answer.tokens.len() <= lm.context() => Ok((answer, verdict)),
        Ok(_) => Ok((bare, too_long())),
        Err(Error::Invalid { rule, .. }) if rule.contains("tokens long, the model's context") => {
            Ok((bare, too_long()))
        }
        Err(error) => Err(error),
    }
}

/// Answers and judges with what was made, by the prompt's id.
#[derive(Default)]
struct Made {
    digest: blake3::Hasher,
    of: BTreeMap<String, Vec<(Completion, Verdict)>>,
    asks: Vec<Ask<Chat>>,
}

impl Made {
    /// Adds a prompt with its tries.
    fn add(
        &mut self,
        mut prompt: Prompt,
        parents: Vec<String>,
        tries: Vec<(Completion, Verdict)>,
    ) -> Result<()> {
        if !parents.is_empty() {
            prompt.fields.insert("parents".to_owned(), parents.into());
        }
        for (answer, verdict) in &tries {
            for part in [&prompt.id, &answer.text] {
                self.digest.update(&(part.len() as u64).to_le_bytes());
                self.digest.update(part.as_bytes());
            }
            self.digest.update(
                &serde_json::to_vec(verdict).map_err(|source| Error::Recorded { what: "verdict", source })?,
            );
        }
        let n = tries.len() as u32;
        if self.of.insert(prompt.id.clone(), tries).is_some() {
            return Err(Error::invalid("the id of an example", "unique in its set", prompt.id));
        }
        self.asks.push(Ask { query: prompt, knobs: Sampling::default(), tries: n });
        Ok(())
    }

    fn record(mut self, run: &mut Run<'_>, stage: &str) -> Result<Vec<Group<Chat>>> {
        let asks = std::mem::take(&mut self.asks);
        run.attempt(stage, &self, &self, asks)
    }

    fn of(&self, query: &Prompt) -> Result<&[(Completion, Verdict)]> {
        let known = self.of.get(&query.id).map(Vec::as_slice);
        known.ok_or_else(|| Error::unknown("example", &query.id, [""; 0]))
    }
}

impl Policy<Chat> for Made {
    fn propose(&self, asks: &[Ask<Chat>], _seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let one = |ask: &Ask<Chat>| Ok(self.of(&ask.query)?.iter().map(|tried| tried.0.clone()).collect());
        Ok(Proposals { answers: asks.iter().map(one).collect::<Result<_>>()?, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(format!("made {}", &self.digest.finalize().to_hex()[..32])))
    }
}

impl Judge<Chat> for Made {
    fn judge(&self, asks: &[Ask<Chat>], _answers: &[Vec<<Chat as Domain>::Answer>]) -> Result<Judged> {
        let one = |ask: &Ask<Chat>| Ok(self.of(&ask.query)?.iter().map(|tried| tried.1.clone()).collect());
        Ok(Judged { verdicts: asks.iter().map(one).collect::<Result<_>>()?, spend: Spend::default() })
    }

    fn name(&self) -> String {
        "kept or dropped when made".to_owned()
    }

    fn calls(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ModelConfig, Shape};
    use autodidact_core::{Alarms, Caps, MemoryLedger, Record, Response, RunId, RunOptions, Silent, Stop};

    fn recorded(examples: &[Example]) -> (Result<Vec<Group<Chat>>>, Vec<Record>) {
        let shape =
            Shape { hidden_size: 16, heads: 2, kv_heads: 1, layers: 1, context: 16, ..Shape::default() };
        let lm = ModelConfig::Random { shape, seed: 1 }.open(|| unreachable!("it is random")).expect("opens");
        let ledger = MemoryLedger::default();
        let id = RunId("made".to_owned());
        let mut run = Run::new(RunOptions {
            ledger: &ledger,
            id: id.clone(),
            seed: 1,
            caps: Caps::default(),
            alarms: Alarms { no_spread: Response::Warn, ..Alarms::default() },
            observer: &Silent,
            stop: Stop::default(),
            complete: false,
        })
        .expect("sound options");
        let groups = record(&mut run, "data", &lm, examples.to_vec());
        drop(run);
        (groups, ledger.records(&id))
    }

    #[test]
    fn what_was_made_is_recorded_with_its_parents_and_given_back_in_tokens() {
        let kept = Example::kept(Prompt::text("a/1", "2+3="), "5").from(["a/0".to_owned()]);
        let bad =
            Example { verdict: dropped("noise"), ..Example::kept(Prompt::text("a/2", "2+2="), "Sure!") };
        let long = Example::kept(Prompt::text("a/3", "1+1="), "two and nothing but two");
        let (groups, records) = recorded(&[kept, bad, long]);
        let groups = groups.expect("records");
        assert_eq!(groups[0].ask.query.fields["parents"], serde_json::json!(["a/0"]));
        assert_eq!(groups[0].tries[0].answer.tokens, [u32::from(b'5'), 257]);
        assert_eq!(groups[0].tries[0].verdict, Verdict::score(1.0));
        assert_eq!(groups[1].tries[0].verdict.part("dropped/noise"), Some(1.0));
        assert_eq!(groups[2].tries[0].verdict.part("dropped/too_long"), Some(1.0));
        let attempts: Vec<_> = records
            .iter()
            .filter_map(|record| if let Record::Attempt(row) = record { Some(row) } else { None })
            .collect();
        assert_eq!((attempts.len(), attempts[0].samples.len()), (1, 3));
        assert_eq!(attempts[0].spend.judge_calls, 0, "they were judged when they were made");
    }

    #[test]
    fn an_id_that_occurs_twice_is_refused() {
        let one = Example::kept(Prompt::text("a/1", "2+3="), "5");
        let error = recorded(&[one.clone(), one]).0.expect_err("twice").to_string();
        assert_eq!(error, "the id of an example must be unique in its set, but is a/1");
    }
}

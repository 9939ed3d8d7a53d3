//! Policies, judges and learners made of closures.

use autodidact_core::{
    Ask, Domain, Group, Judge, Judged, Learn, Lesson, Metrics, Policy, Proposals, Result, Seed, Snapshot,
    Spend, Verdict, Version,
};

/// A policy of that version whose answer to try `t` of an ask is `answer(ask, t, seed of the try)`;
/// each counts as one sampled token.
pub fn policy<D, F>(version: &str, answer: F) -> impl Policy<D>
where
    D: Domain,
    F: Fn(&Ask<D>, u32, Seed) -> D::Answer + Send + Sync,
{
    ScriptedPolicy { version: version.to_owned(), answer }
}

/// A judge of that name that says `verdict(ask, answer)`.
pub fn judge<D, F>(name: &str, verdict: F) -> impl Judge<D>
where
    D: Domain,
    F: Fn(&Ask<D>, &D::Answer) -> Verdict + Send + Sync,
{
    ScriptedJudge { name: name.to_owned(), verdict }
}

/// A learner that reports `lesson(groups, step)` and remembers nothing but how many steps it took.
pub fn learner<D, F>(lesson: F) -> impl Learn<D>
where
    D: Domain,
    F: FnMut(&[Group<D>], u64) -> Metrics + Send,
{
    ScriptedLearner { lesson, steps: 0 }
}

struct ScriptedPolicy<F> {
    version: String,
    answer: F,
}

impl<D, F> Policy<D> for ScriptedPolicy<F>
where
    D: Domain,
    F: Fn(&Ask<D>, u32, Seed) -> D::Answer + Send + Sync,
{
    fn propose(&self, asks: &[Ask<D>], seeds: &[Seed]) -> Result<Proposals<D>> {
        let tries = |(ask, seed): (&Ask<D>, &Seed)| {
            let one = |t| (self.answer)(ask, t, seed.at("try", u64::from(t)));
            (0..ask.tries).map(one).collect::<Vec<_>>()
        };
        let answers: Vec<Vec<D::Answer>> = asks.iter().zip(seeds).map(tries).collect();
        let sampled_tokens = answers.iter().map(|tries| tries.len() as u64).sum();
        Ok(Proposals { answers, spend: Spend { sampled_tokens, ..Spend::default() } })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(self.version.clone()))
    }
}

struct ScriptedJudge<F> {
    name: String,
    verdict: F,
}

impl<D, F> Judge<D> for ScriptedJudge<F>
where
    D: Domain,
    F: Fn(&Ask<D>, &D::Answer) -> Verdict + Send + Sync,
{
    fn judge(&self, asks: &[Ask<D>], answers: &[Vec<D::Answer>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| (self.verdict)(ask, answer)))
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

struct ScriptedLearner<F> {
    lesson: F,
    steps: u64,
}

impl<D, F> Learn<D> for ScriptedLearner<F>
where
    D: Domain,
    F: FnMut(&[Group<D>], u64) -> Metrics + Send,
{
    fn learn(&mut self, groups: &[Group<D>], _seed: Seed) -> Result<Lesson> {
        self.steps += 1;
        Ok(Lesson { metrics: (self.lesson)(groups, self.steps), spend: Spend::default() })
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(Snapshot { files: vec![("steps".to_owned(), self.steps.to_string().into_bytes())] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let text = snapshot.file("steps").map(String::from_utf8_lossy).unwrap_or_default();
        self.steps = text
            .parse()
            .map_err(|_| autodidact_core::Error::invalid("steps", "a whole number", format!("{text:?}")))?;
        Ok(())
    }
}

//! One round from questions to pairs: answer, criticise, refine, criticise what was refined. No truth is read on
//! the way, only beside it, to measure.

use super::accounting::Confusion;
use super::roles::whole;
use super::{Criticism, Roles, SelfEvolution, Truth, Voices};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{
    Ask, Group, Judge, Judged, Policy, Proposals, Result, Run, Seed, Spend, Verdict, Version,
};
use autodidact_math::summary::mean;
use autodidact_parts::OpenTask;
use autodidact_parts::dataset::{Example, dropped};
use autodidact_parts::judge::{NotJudged, right};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which pairs are learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// Those whose answer gets a good verdict of the model itself; an unreadable one is not good.
    #[default]
    Verdict,
    /// All of them.
    None,
    /// Those whose answer is right, by the task's own judge: an upper bound that no one has in earnest.
    Oracle,
}

/// Which answer of a pair is learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The refined one.
    #[default]
    Refined,
    /// The first one: nothing is refined, and the filter is plain rejection.
    Response,
}

/// A question with what became of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pair {
    /// What was asked.
    pub question: Prompt,
    /// The answer, where there is a whole one.
    pub response: Option<String>,
    /// What the model says of it.
    pub good: Option<bool>,
    /// The answer to learn from, where there is a whole one.
    pub target: Option<String>,
    /// What the model says of that.
    pub passes: Option<bool>,
    /// Whether it is right, where that was looked up.
    pub right: Option<bool>,
}

impl SelfEvolution {
    /// The round's pairs, one a question, in order; accuracies and verdicts are noted.
    pub(super) fn pairs(
        &self,
        voices: &Voices<'_>,
        task: &OpenTask,
        questions: &[Prompt],
        run: &mut Run<'_>,
    ) -> Result<Vec<Pair>> {
        let Voices { policy, roles, .. } = *voices;
        let mut pairs: Vec<Pair> =
            questions.iter().map(|one| Pair { question: one.clone(), ..Pair::default() }).collect();
        let prompts: Vec<Prompt> = questions.iter().map(|one| roles.answer(one)).collect::<Result<_>>()?;
        let answers = run.attempt("answer", policy, &NotJudged, roles.answering(&prompts))?;
        for (pair, answer) in pairs.iter_mut().zip(first(answers)) {
            pair.response = whole(&answer).map(str::to_owned);
        }

        let answered: Vec<usize> = (0..pairs.len()).filter(|&i| pairs[i].response.is_some()).collect();
        let subjects: Vec<(&Prompt, &str)> = answered
            .iter()
            .filter_map(|&i| Some((&pairs[i].question, pairs[i].response.as_deref()?)))
            .collect();
        let said = criticised("feedback", roles, policy, &subjects, run)?;
        let refined: Vec<Option<String>> = match (self.target, roles.criticism()) {
            (Target::Response, _) => {
                subjects.iter().map(|&(_, response)| Some(response.to_owned())).collect()
            }
            (Target::Refined, Criticism::Combined) => {
                said.iter().map(|(_, refined, _)| refined.clone()).collect()
            }
            (Target::Refined, Criticism::Separate) => {
                let prompt = |(&(question, response), (_, _, feedback)): (&(&Prompt, &str), &Criticised)| {
                    roles.refine(question, response, feedback)
                };
                let prompts: Vec<Prompt> = subjects.iter().zip(&said).map(prompt).collect::<Result<_>>()?;
                let replies = run.attempt("refine", policy, &NotJudged, roles.criticising(&prompts))?;
                first(replies).iter().map(|reply| whole(reply).map(str::to_owned)).collect()
            }
        };
        for ((i, (good, _, _)), refined) in answered.into_iter().zip(said).zip(refined) {
            (pairs[i].good, pairs[i].target) = (good, refined);
        }

        match self.target {
            Target::Response => pairs.iter_mut().for_each(|pair| pair.passes = pair.good),
            Target::Refined => {
                let refined: Vec<usize> = (0..pairs.len()).filter(|&i| pairs[i].target.is_some()).collect();
                let subjects: Vec<(&Prompt, &str)> = refined
                    .iter()
                    .filter_map(|&i| Some((&pairs[i].question, pairs[i].target.as_deref()?)))
                    .collect();
                let said = criticised("check", roles, policy, &subjects, run)?;
                for (i, (good, _, _)) in refined.into_iter().zip(said) {
                    pairs[i].passes = good;
                }
            }
        }
        self.account(&mut pairs, task, run)?;
        Ok(pairs)
    }

    /// The training set: the pairs that pass the filter, and the others with the reason why not.
    pub(super) fn examples(&self, roles: &Roles, pairs: &[Pair]) -> Result<Vec<Example>> {
        let example = |pair: &Pair| {
            let text = pair.target.clone().unwrap_or_default();
            let example = Example::kept(roles.answer(&pair.question)?, text).from([pair.question.id.clone()]);
            Ok(match self.drops(pair) {
                None => example,
                Some(rule) => Example { verdict: dropped(rule), ..example },
            })
        };
        pairs.iter().map(example).collect()
    }

    /// Why a pair is not learned from; `None` keeps it.
    pub(super) fn drops(&self, pair: &Pair) -> Option<&'static str> {
        match (pair.response.is_some(), pair.target.is_some()) {
            (false, _) => return Some("unanswered"),
            (true, false) => return Some("unrefined"),
            (true, true) => {}
        }
        match (self.filter, pair.passes, pair.right) {
            (Filter::Verdict, Some(true), _) | (Filter::None, ..) | (Filter::Oracle, _, Some(true)) => None,
            (Filter::Verdict, Some(false), _) => Some("verdict"),
            (Filter::Verdict, None, _) => Some("unread"),
            (Filter::Oracle, ..) => Some("wrong"),
        }
    }

    /// Notes what became of the pairs and, where the truth may be looked at, how right they are at each stage.
    fn account(&self, pairs: &mut [Pair], task: &OpenTask, run: &mut Run<'_>) -> Result<()> {
        let rates = |verdicts: Vec<Option<bool>>| {
            let read: Vec<f64> = verdicts.iter().flatten().map(|&good| f64::from(u8::from(good))).collect();
            let unread = (!verdicts.is_empty()).then(|| 1.0 - read.len() as f64 / verdicts.len() as f64);
            (mean(&read), unread)
        };
        let answered = pairs.iter().filter(|pair| pair.response.is_some());
        let refined = pairs.iter().filter(|pair| pair.target.is_some());
        let stages = [
            ("feedback", rates(answered.map(|pair| pair.good).collect())),
            ("check", rates(refined.map(|pair| pair.passes).collect())),
        ];
        for (stage, (rate, unread)) in stages {
            note(run, &format!("{stage}/verdict_rate"), rate)?;
            note(run, &format!("{stage}/unread_ratio"), unread)?;
        }
        if self.truth == Truth::Measured {
            let responses = looked_up("truth-response", pairs, |pair| pair.response.as_deref(), task, run)?;
            let targets = looked_up("truth-refined", pairs, |pair| pair.target.as_deref(), task, run)?;
            let (mut feedback, mut check) = (Confusion::default(), Confusion::default());
            for ((pair, response), target) in pairs.iter_mut().zip(&responses).zip(&targets) {
                pair.right = *target;
                if let Some(right) = *response {
                    feedback.add(right, pair.good);
                }
                if let Some(right) = *target {
                    check.add(right, pair.passes);
                }
            }
            let share = |found: &[Option<bool>]| {
                mean(&found.iter().flatten().map(|&right| f64::from(u8::from(right))).collect::<Vec<_>>())
            };
            let kept: Vec<Option<bool>> =
                pairs.iter().filter(|pair| self.drops(pair).is_none()).map(|pair| pair.right).collect();
            note(run, "response/label_accuracy", share(&responses))?;
            note(run, "refined/label_accuracy", share(&targets))?;
            note(run, "kept/label_accuracy", share(&kept))?;
            for (stage, found) in [("feedback", feedback), ("check", check)] {
                note(run, &format!("{stage}/verdict_accuracy"), found.accuracy())?;
                note(run, &format!("{stage}/tpr"), found.tpr())?;
                note(run, &format!("{stage}/tnr"), found.tnr())?;
            }
        }
        let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
        for pair in pairs.iter() {
            *reasons.entry(self.drops(pair).unwrap_or("kept")).or_default() += 1;
        }
        run.note("candidates", pairs.len() as f64)?;
        run.note("kept", f64::from(reasons.remove("kept").unwrap_or(0)))?;
        for (reason, count) in reasons {
            run.note(&format!("{reason}/dropped"), f64::from(count))?;
        }
        Ok(())
    }
}

fn note(run: &mut Run<'_>, name: &str, value: Option<f64>) -> Result<()> {
    value.map_or(Ok(()), |value| run.note(name, value))
}

/// The verdict, the refined answer of a combined reply, and the feedback.
type Criticised = (Option<bool>, Option<String>, String);

/// What the model says of each response, in order.
fn criticised(
    stage: &str,
    roles: &Roles,
    policy: &dyn Policy<Chat>,
    subjects: &[(&Prompt, &str)],
    run: &mut Run<'_>,
) -> Result<Vec<Criticised>> {
    let prompts: Vec<Prompt> = subjects
        .iter()
        .map(|(question, response)| roles.criticise(question, response))
        .collect::<Result<_>>()?;
    let replies = run.attempt(stage, policy, roles.verdict(), roles.criticising(&prompts))?;
    let read = |(reply, (_, response)): (&Completion, &(&Prompt, &str))| match whole(reply) {
        Some(reply) => {
            let said = roles.read(response, reply);
            (said.good, said.refined, said.feedback)
        }
        None => (None, None, reply.text.clone()),
    };
    Ok(first(replies).iter().zip(subjects).map(read).collect())
}

/// The only answer of each group.
fn first(groups: Vec<Group<Chat>>) -> Vec<Completion> {
    groups
        .into_iter()
        .map(|group| group.tries.into_iter().next().map(|one| one.answer).unwrap_or_default())
        .collect()
}

/// Whether each pair's text is right by the task's judge, recorded as an evaluation; `None` where there is no text
/// or the judge does not know.
fn looked_up(
    stage: &str,
    pairs: &[Pair],
    text: impl Fn(&Pair) -> Option<&str>,
    task: &OpenTask,
    run: &mut Run<'_>,
) -> Result<Vec<Option<bool>>> {
    let texts: BTreeMap<String, String> =
        pairs.iter().filter_map(|pair| Some((pair.question.id.clone(), text(pair)?.to_owned()))).collect();
    let queries: Vec<Prompt> =
        pairs.iter().filter(|pair| text(pair).is_some()).map(|pair| pair.question.clone()).collect();
    let judge = Unless(task.task.judge());
    let groups = run.evaluate(stage, &Told(texts), &judge, Ask::each(&queries, 1, &Sampling::default()))?;
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for group in groups {
        if let Some(one) = group.tries.first().filter(|one| one.verdict.value().is_some()) {
            found.insert(group.ask.query.id.clone(), right(&one.verdict));
        }
    }
    Ok(pairs.iter().map(|pair| found.get(&pair.question.id).copied()).collect())
}

/// Answers with what was said before, by the question's id.
struct Told(BTreeMap<String, String>);

impl Policy<Chat> for Told {
    fn propose(&self, asks: &[Ask<Chat>], _seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let text = |ask: &Ask<Chat>| self.0.get(&ask.query.id).cloned().unwrap_or_default();
        let answer = |ask: &Ask<Chat>| vec![Completion { text: text(ask), ..Completion::default() }];
        Ok(Proposals { answers: asks.iter().map(answer).collect(), spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        let mut digest = Seed::root(0);
        for (id, text) in &self.0 {
            digest = digest.at(id, 0).at(text, 0);
        }
        Ok(Version(format!("told {:016x}", digest.number())))
    }
}

/// A judge that abstains where the inner one fails: nobody knows the answers to a model's own questions.
struct Unless(Box<dyn Judge<Chat>>);

impl Judge<Chat> for Unless {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let mut judged = self.0.judge(asks, answers)?;
        for verdict in judged.verdicts.iter_mut().flatten().filter(|verdict| verdict.is_error()) {
            *verdict = Verdict::abstain("the truth is not known");
        }
        Ok(judged)
    }

    fn name(&self) -> String {
        format!("{} where it knows", self.0.name())
    }
}

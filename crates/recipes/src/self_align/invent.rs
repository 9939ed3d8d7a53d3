//! Stage 1: the model invents what it will be asked.

use super::SelfAlign;
use super::kit::Kit;
use autodidact_core::chat::{Chat, Completion, Finish, Prompt, Sampling};
use autodidact_core::{Ask, Error, Group, Judge, Judged, Policy, Result, Run, Verdict};
use autodidact_parts::filter::{Chain, Contaminated, Counts, Duplicate, Rule};
use autodidact_parts::synth::instruct::{Form, Instruction, continued};
use autodidact_parts::synth::topics::{Hint, Question, Questions, Reason, Topics};
use autodidact_parts::synth::{Demand, Pool, Seedling, items};
use rand::seq::{IndexedRandom, SliceRandom};
use serde::{Deserialize, Serialize};

/// How tasks are invented by continuing lists of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InstructConfig {
    /// Lists that are asked for; 0 invents no tasks.
    pub requests: u32,
    /// Lists that are asked for before the pool grows by what they hold.
    pub batch: u32,
    /// Tasks that a list begins with.
    pub examples: u32,
    /// How many of these come from the pool's own growth.
    pub fresh: u32,
    /// Tasks that a list is to be continued by.
    pub items: u32,
    /// When a task is badly formed.
    pub form: Form,
    /// A task whose ROUGE-L with a known one is above this is dropped.
    pub near: f64,
    /// How lists are drawn.
    pub sampling: Sampling,
}

/// How hard questions are invented from topics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TopicsConfig {
    /// Times that topics are asked for, each type once a time on average; 0 invents no hard questions.
    pub epochs: u32,
    /// Known topics that a list begins with.
    pub known: u32,
    /// Topics that a list is to be continued by.
    pub items: u32,
    /// Whether all types have equally many topics.
    pub balance: Balance,
    /// How topics are drawn.
    pub sampling: Sampling,
    /// Questions that a prompt shows.
    pub examples: u32,
    /// Questions that it asks for.
    pub hints: u32,
    /// The most prompts for questions; 0 asks for one question a topic and type.
    pub requests: u32,
    /// How questions are drawn.
    pub questions: Sampling,
}

/// Whether all types have equally many topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// Each epoch asks once for each type, and every type is cut to the count of the smallest.
    #[default]
    Smallest,
    /// Each epoch asks as often for a type as its share of the known topics says, and nothing is cut.
    Free,
}

fn drawn(temperature: f32, top_p: f32, max_tokens: u32) -> Sampling {
    Sampling { temperature, top_p, max_tokens, ..Sampling::default() }
}

impl Default for InstructConfig {
    fn default() -> InstructConfig {
        InstructConfig {
            requests: 60_000,
            batch: 200,
            examples: 5,
            fresh: 0,
            items: 10,
            form: Form::default(),
            near: 0.7,
            sampling: Sampling { endless: true, ..drawn(1.0, 0.98, 1_024) },
        }
    }
}

impl Default for TopicsConfig {
    fn default() -> TopicsConfig {
        TopicsConfig {
            epochs: 5,
            known: 5,
            items: 10,
            balance: Balance::Smallest,
            sampling: drawn(1.0, 0.98, 256),
            examples: 5,
            hints: 5,
            requests: 0,
            questions: drawn(1.0, 0.95, 512),
        }
    }
}

impl InstructConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        self.form.check("instruct.form")?;
        positive(&[
            ("instruct.batch", self.batch),
            ("instruct.examples", self.examples),
            ("instruct.items", self.items),
        ])?;
        if !(0.0..=1.0).contains(&self.near) {
            return Err(Error::invalid("instruct.near", "between 0 and 1", self.near));
        }
        Ok(())
    }
}

impl TopicsConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        positive(&[
            ("topics.known", self.known),
            ("topics.items", self.items),
            ("topics.examples", self.examples),
            ("topics.hints", self.hints),
        ])
    }
}

fn positive(fields: &[(&str, u32)]) -> Result<()> {
    match fields.iter().find(|(_, found)| *found == 0) {
        Some((field, _)) => Err(Error::invalid(*field, "at least 1", 0)),
        None => Ok(()),
    }
}

/// Something that was invented to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invented {
    /// Its name in the run.
    pub id: String,
    /// What the user says.
    pub text: String,
    /// The prompt that it came from.
    pub parent: String,
}

/// Scores an answer by the number of entries that can be read in it, as lists or as lines.
struct Entries;

impl Judge<Chat> for Entries {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, answer| Verdict::score(items(&answer.text, 1).len() as f64)))
    }

    fn name(&self) -> String {
        "entries of a list".into()
    }
}

impl SelfAlign {
    /// Everything that will be asked: invented tasks, then hard questions, each text once and none of `barred`.
    pub(crate) fn invent(
        &self,
        teacher: &dyn Policy<Chat>,
        kit: &Kit,
        barred: &[String],
        run: &mut Run<'_>,
    ) -> Result<Vec<Invented>> {
        let tasks = self.tasks(teacher, kit, run)?;
        let questions = self.questions(teacher, kit, run)?;
        let mut chain = Chain::of(vec![
            Box::new(Contaminated::by(barred, 0, 1.0)) as Box<dyn Rule>,
            Box::new(Duplicate::default()),
        ]);
        let mut asked: Vec<Invented> = tasks.into_iter().chain(questions).collect();
        asked.retain(|one| chain.offer(&one.text).is_none());
        chain.counts().note("invent", run)?;
        Ok(asked)
    }

    /// Tasks that continue lists of tasks, in the order in which they came.
    fn tasks(&self, teacher: &dyn Policy<Chat>, kit: &Kit, run: &mut Run<'_>) -> Result<Vec<Invented>> {
        let config = &self.instruct;
        let mut rules = config.form.rules(config.near, kit.seeds.iter().map(|seed| seed.text.as_str()));
        let mut pool = Pool::of(kit.seeds.iter().cloned());
        let mut parents = Vec::new();
        for start in (0..config.requests).step_by(config.batch as usize) {
            let end = config.requests.min(start + config.batch);
            let asks: Vec<Ask<Chat>> = (start..end)
                .map(|request| {
                    let mut rng = run.seed("shown tasks").at("request", u64::from(request)).rng();
                    let fresh = config.fresh.min(config.examples).min(pool.grown().len() as u32);
                    let trusted = Demand::Just(config.examples - fresh);
                    let drawn = pool.draw(trusted, Demand::Just(fresh), &mut rng);
                    let shown: Vec<&Instruction> =
                        drawn.trusted.iter().chain(&drawn.grown).map(|one| &one.item).collect();
                    self.list_of_tasks(kit, request, &shown)
                })
                .collect::<Result<_>>()?;
            for group in run.attempt("instruct", teacher, &Entries, asks)? {
                for answer in answers(&group) {
                    let cut_off = answer.finish == Finish::Length;
                    for task in continued(&answer.text, number(&group, "next"), cut_off) {
                        if rules.offer(&task.text).is_none() {
                            pool.grow(format!("task/{:06}", pool.grown().len()), task);
                            parents.push(group.ask.query.id.clone());
                        }
                    }
                }
            }
        }
        if config.requests > 0 {
            rules.counts().note("instruct", run)?;
        }
        let one = |(Seedling { id, item }, parent): (&Seedling<Instruction>, String)| Invented {
            id: id.clone(),
            text: item.query(),
            parent,
        };
        Ok(pool.grown().iter().zip(parents).map(one).collect())
    }

    fn list_of_tasks(&self, kit: &Kit, request: u32, shown: &[&Instruction]) -> Result<Ask<Chat>> {
        let lines: Vec<String> = shown.iter().enumerate().map(|(n, task)| task.line(n + 1)).collect();
        let (next, to) = (shown.len() + 1, shown.len() + self.instruct.items as usize);
        let values = [("examples", lines.join("\n")), ("next", next.to_string()), ("to", to.to_string())];
        let query = filled(kit, "instruct", format!("instruct/{request:06}"), &values)?.with("next", next);
        Ok(Ask { query, knobs: ending(&self.instruct.sampling, to + 1), tries: 1 })
    }

    /// One question a topic and type, from topics that the model thinks of.
    fn questions(&self, teacher: &dyn Policy<Chat>, kit: &Kit, run: &mut Run<'_>) -> Result<Vec<Invented>> {
        let config = &self.topics;
        if config.epochs == 0 {
            return Ok(Vec::new());
        }
        let topics = self.known_topics(teacher, kit, run)?;
        let mut pairs = topics.by_turns();
        if config.balance == Balance::Free {
            pairs.shuffle(&mut run.rng("pairs"));
        }
        let mut asks = Vec::new();
        for (request, pairs) in pairs.chunks(config.hints as usize).enumerate() {
            if config.requests > 0 && request >= config.requests as usize {
                break;
            }
            asks.push(self.list_of_questions(kit, request, pairs, run)?);
        }
        let (mut questions, mut counts, mut parents) = (Questions::default(), Counts::default(), Vec::new());
        for group in run.attempt("questions", teacher, &Entries, asks)? {
            let request = number(&group, "request");
            let start = request * config.hints as usize;
            let end = pairs.len().min(start + config.hints as usize);
            let hints = self.hints(kit, &pairs[start..end]);
            for answer in answers(&group) {
                let cut_off = answer.finish == Finish::Length;
                count(&mut counts, questions.read(&hints, &answer.text, cut_off));
                parents.resize(questions.kept().len(), group.ask.query.id.clone());
            }
        }
        (0..questions.kept().len()).for_each(|_| counts.count(None));
        counts.note("questions", run)?;
        let one = |(n, (question, parent)): (usize, (&Question, String))| Invented {
            id: format!("question/{n:06}"),
            text: question.text.clone(),
            parent,
        };
        Ok(questions.kept().iter().zip(parents).enumerate().map(one).collect())
    }

    /// Topics after all epochs, balanced if they shall be.
    fn known_topics(&self, teacher: &dyn Policy<Chat>, kit: &Kit, run: &mut Run<'_>) -> Result<Topics> {
        let config = &self.topics;
        let seeds = kit.red_team.iter().map(|one| (one.kind.as_str(), one.topic.as_str()));
        let mut topics = Topics::of(seeds);
        let types: Vec<String> = topics.types().map(str::to_owned).collect();
        let mut counts = Counts::default();
        for epoch in 0..config.epochs {
            let seed = run.seed("shown topics").at("epoch", u64::from(epoch));
            let mut asks = Vec::new();
            for (n, own) in types.iter().enumerate() {
                let mut rng = seed.at("list", n as u64).rng();
                let kind: &str = match config.balance {
                    Balance::Smallest => own,
                    Balance::Free => drawn_type(&topics, &mut rng).unwrap_or(own),
                };
                let mut known: Vec<&String> = topics.known(kind).iter().collect();
                known.shuffle(&mut rng);
                known.truncate(config.known as usize);
                let lines: Vec<String> =
                    known.iter().enumerate().map(|(n, topic)| format!("{}. {topic}", n + 1)).collect();
                let (next, to) = (known.len() + 1, known.len() + config.items as usize);
                let values = [
                    ("type", kind.to_owned()),
                    ("topics", lines.join("\n")),
                    ("next", next.to_string()),
                    ("to", to.to_string()),
                ];
                let query = filled(kit, "topics", format!("topics/{epoch}/{n}"), &values)?
                    .with("next", next)
                    .with("type", kind.to_owned());
                asks.push(Ask { query, knobs: ending(&config.sampling, to + 1), tries: 1 });
            }
            for group in run.attempt("topics", teacher, &Entries, asks)? {
                let kind = group.ask.query.field("type").unwrap_or_default();
                for answer in answers(&group) {
                    let cut_off = answer.finish == Finish::Length;
                    count(&mut counts, topics.read(kind, &answer.text, number(&group, "next"), cut_off));
                }
            }
        }
        let topics = match config.balance {
            Balance::Smallest => topics.balanced(),
            Balance::Free => topics,
        };
        (0..topics.pairs()).for_each(|_| counts.count(None));
        counts.note("topics", run)?;
        Ok(topics)
    }

    fn hints(&self, kit: &Kit, pairs: &[(String, String)]) -> Vec<Hint> {
        let first = 1 + (self.topics.examples as usize).min(kit.red_team.len());
        let hint = |(n, (kind, topic)): (usize, &(String, String))| Hint {
            number: first + n,
            kind: kind.clone(),
            topic: topic.clone(),
        };
        pairs.iter().enumerate().map(hint).collect()
    }

    fn list_of_questions(
        &self,
        kit: &Kit,
        request: usize,
        pairs: &[(String, String)],
        run: &Run<'_>,
    ) -> Result<Ask<Chat>> {
        let mut rng = run.seed("shown questions").at("request", request as u64).rng();
        let mut shown: Vec<&Question> = kit.red_team.iter().collect();
        shown.shuffle(&mut rng);
        shown.truncate(self.topics.examples as usize);
        let line = |(n, one): (usize, &&Question)| {
            Hint { number: n + 1, kind: one.kind.clone(), topic: one.topic.clone() }.line(&one.text)
        };
        let examples: Vec<String> = shown.iter().enumerate().map(line).collect();
        let hints = self.hints(kit, pairs);
        let prefixes: Vec<String> = hints.iter().map(Hint::prefix).collect();
        let values = [("examples", examples.join("\n")), ("hints", prefixes.join("\n"))];
        let query =
            filled(kit, "questions", format!("questions/{request:06}"), &values)?.with("request", request);
        let after = hints.last().map_or(1, |hint| hint.number + 1);
        Ok(Ask { query, knobs: ending(&self.topics.questions, after), tries: 1 })
    }
}

/// A type, drawn in proportion to its known topics.
fn drawn_type<'a>(topics: &'a Topics, rng: &mut autodidact_core::Rng) -> Option<&'a str> {
    let counts: Vec<(&str, usize)> = topics.counts().into_iter().collect();
    counts.choose_weighted(rng, |(_, n)| *n as f64).ok().map(|(kind, _)| *kind)
}

/// The settings, with the number that would begin one entry too many as one more stop text.
fn ending(sampling: &Sampling, beyond: usize) -> Sampling {
    let mut sampling = sampling.clone();
    sampling.stop.push(format!("\n{beyond}."));
    sampling
}

/// A prompt with its holes filled.
pub(super) fn filled(kit: &Kit, name: &str, id: String, values: &[(&str, String)]) -> Result<Prompt> {
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    kit.prompts.fill(name, id, &values)
}

/// The answers whose requests did not fail.
pub(super) fn answers(group: &Group<Chat>) -> impl Iterator<Item = &Completion> {
    group.tries.iter().filter(|one| !one.verdict.is_error()).map(|one| &one.answer)
}

fn number(group: &Group<Chat>, field: &str) -> usize {
    group.ask.query.fields.get(field).and_then(serde_json::Value::as_u64).unwrap_or_default() as usize
}

fn count<T>(counts: &mut Counts, dropped: Vec<(T, Reason)>) {
    dropped.iter().for_each(|(_, reason)| counts.count(Some(reason)));
}

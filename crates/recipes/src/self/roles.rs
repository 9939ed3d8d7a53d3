//! The three roles of one model: it answers, criticises and refines, each by a prompt of its own.

use autodidact_core::chat::{Body, Chat, Completion, Finish, Prompt, Sampling};
use autodidact_core::{Answer, Ask, Error, Result};
use autodidact_parts::ask::Words;
use autodidact_parts::wording::{File, Prompts, PromptsConfig};
use serde::{Deserialize, Serialize};

macro_rules! prompt {
    ($name:literal) => {
        File {
            name: $name,
            chat: include_str!(concat!("../../prompts/self/chat/", $name, ".txt")),
            small: include_str!(concat!("../../prompts/self/small/", $name, ".txt")),
        }
    };
}

const FILES: &[File] = &[
    prompt!("answer"),
    prompt!("feedback"),
    prompt!("feedback_general"),
    prompt!("refine"),
    prompt!("criticise"),
    prompt!("criticise_general"),
    prompt!("ask"),
];

/// What answers are criticised for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// Whether each step is right.
    #[default]
    Maths,
    /// Helpfulness, relevance and accuracy.
    General,
}

/// Whether criticism and refinement are one reply or two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criticism {
    /// One reply: the assessment, the verdict and, where that is bad, the refined answer.
    #[default]
    Combined,
    /// Two replies: the feedback, then the answer refined by it.
    Separate,
}

/// How replies are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// Where and in which words the verdict stands.
    pub verdict: Words,
    /// What stands before the refined answer in a combined reply.
    pub refined: String,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading { verdict: Words::correct("Verdict:"), refined: "Refined answer:".to_owned() }
    }
}

impl Reading {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        if self.refined.trim().is_empty() {
            return Err(Error::invalid("reading.refined", "not empty", format!("{:?}", self.refined)));
        }
        self.verdict.check("reading.verdict")
    }

    /// A reply's criticism and the refined answer below its heading, where there is one.
    pub fn split<'a>(&self, reply: &'a str) -> (&'a str, Option<&'a str>) {
        match find_last(reply, &self.refined) {
            Some(at) => {
                let below = &reply[at + self.refined.len()..];
                // The end of a heading that was written in bold.
                let refined = below.strip_prefix("**").unwrap_or(below).trim();
                (reply[..at].trim_end(), Some(refined).filter(|text| !text.is_empty()))
            }
            None => (reply, None),
        }
    }
}

/// Where `wanted` last begins in `text`, in any case of ASCII letters.
fn find_last(text: &str, wanted: &str) -> Option<usize> {
    let mut starts = text.char_indices().map(|(at, _)| at);
    let is_here =
        |at: &usize| text.get(*at..*at + wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted));
    starts.rfind(is_here)
}

/// What was said of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The criticism in words, its verdict included.
    pub feedback: String,
    /// Whether the answer is good; `None` where that cannot be read.
    pub good: Option<bool>,
    /// The refined answer, where the reply holds it already.
    pub refined: Option<String>,
}

/// The roles in one wording, with the settings they are sampled with.
#[derive(Clone, Debug)]
pub struct Roles {
    prompts: Prompts,
    domain: Domain,
    criticism: Criticism,
    reading: Reading,
    answering: Sampling,
    criticising: Sampling,
}

impl Roles {
    /// The roles of these settings; `[answering, criticising]` says how replies are sampled.
    pub fn of(
        prompts: &PromptsConfig,
        domain: Domain,
        criticism: Criticism,
        reading: &Reading,
        [answering, criticising]: [&Sampling; 2],
    ) -> Result<Roles> {
        Ok(Roles {
            prompts: prompts.open(FILES)?,
            domain,
            criticism,
            reading: reading.clone(),
            answering: answering.clone(),
            criticising: criticising.clone(),
        })
    }

    /// Whether criticism and refinement are one reply or two.
    pub fn criticism(&self) -> Criticism {
        self.criticism
    }

    /// The prompt that asks for an answer.
    pub fn answer(&self, question: &Prompt) -> Result<Prompt> {
        self.prompts.fill("answer", format!("{}/answer", question.id), &[("question", &asked(question))])
    }

    /// The prompt that asks for criticism of a response.
    pub fn criticise(&self, question: &Prompt, response: &str) -> Result<Prompt> {
        let name = match (self.criticism, self.domain) {
            (Criticism::Combined, Domain::Maths) => "criticise",
            (Criticism::Combined, Domain::General) => "criticise_general",
            (Criticism::Separate, Domain::Maths) => "feedback",
            (Criticism::Separate, Domain::General) => "feedback_general",
        };
        let holes = [("question", asked(question)), ("response", response.to_owned())];
        self.fill(name, format!("{}/feedback", question.id), &holes)
    }

    /// The prompt that asks for the refined answer.
    pub fn refine(&self, question: &Prompt, response: &str, feedback: &str) -> Result<Prompt> {
        let holes = [
            ("question", asked(question)),
            ("response", response.to_owned()),
            ("feedback", feedback.to_owned()),
        ];
        self.fill("refine", format!("{}/refine", question.id), &holes)
    }

    /// The prompt that asks for more questions like these.
    pub fn ask(&self, id: String, examples: &[&str]) -> Result<Prompt> {
        let list: Vec<String> =
            examples.iter().enumerate().map(|(i, one)| format!("{}. {one}", i + 1)).collect();
        let holes = [("questions", list.join("\n")), ("next", (examples.len() + 1).to_string())];
        self.fill("ask", id, &holes)
    }

    /// What a reply to [`Roles::criticise`] of `response` says.
    pub fn read(&self, response: &str, reply: &str) -> Said {
        let (feedback, refined) = match self.criticism {
            Criticism::Combined => self.reading.split(reply),
            Criticism::Separate => (reply, None),
        };
        let good = self.reading.verdict.read(feedback).ok();
        let refined = match (self.criticism, good) {
            (Criticism::Separate, _) => None,
            (Criticism::Combined, Some(true)) => Some(response.to_owned()),
            (Criticism::Combined, _) => refined.map(str::to_owned),
        };
        Said { feedback: feedback.to_owned(), good, refined }
    }

    /// A reply as an annotator would give it in this wording.
    pub fn written(&self, feedback: &str, good: bool, refined: &str) -> String {
        match (self.criticism, good) {
            (Criticism::Combined, false) => format!("{feedback}\n{} {refined}", self.reading.refined),
            _ => feedback.to_owned(),
        }
    }

    /// The judge of criticism: 1 for a good verdict, 0 for a bad one; an unreadable one abstains.
    pub fn verdict(&self) -> &Words {
        &self.reading.verdict
    }

    /// One ask a prompt, sampled as answers are.
    pub fn answering(&self, prompts: &[Prompt]) -> Vec<Ask<Chat>> {
        Ask::each(prompts, 1, &self.answering)
    }

    /// One ask a prompt, sampled as criticism is.
    pub fn criticising(&self, prompts: &[Prompt]) -> Vec<Ask<Chat>> {
        Ask::each(prompts, 1, &self.criticising)
    }

    fn fill(&self, name: &str, id: String, holes: &[(&str, String)]) -> Result<Prompt> {
        let holes: Vec<(&str, &str)> = holes.iter().map(|(name, text)| (*name, text.as_str())).collect();
        self.prompts.fill(name, id, &holes)
    }
}

/// A question as people read it: the bare text, or what the user says in a conversation.
pub(super) fn asked(question: &Prompt) -> String {
    match &question.body {
        Body::Text(text) => text.clone(),
        Body::Messages(messages) => {
            let said = messages.iter().filter(|message| message.role == "user");
            said.map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n")
        }
    }
}

/// The text of a whole answer; `None` for one that failed, was cut off or is empty.
pub(super) fn whole(answer: &Completion) -> Option<&str> {
    let good = answer.failure().is_none() && answer.finish == Finish::Stop;
    Some(answer.text.trim_end()).filter(|text| good && !text.is_empty())
}

//! A small web: generated sites whose pages are accessibility trees, an agent's calls on them, and goals whose
//! end states can be checked.
//!
//! Twelve sites of six kinds are known by name, two of each kind: one to learn on, one to be tested on. Any
//! number of further sites, how-to articles without pages and pages without goals can be drawn.

pub mod action;
mod article;
mod goal;
pub mod html;
mod lexicon;
pub mod rollout;
pub mod sample;
mod scribe;
mod session;
mod site;
mod steps;
mod template;
pub mod tree;
pub mod window;

pub use action::Action;
pub use article::Article;
pub use goal::{Goal, Shown};
pub use lexicon::{Pool, names, words};
pub use sample::{Detail, Next, Past, Sample};
pub use scribe::{Scribe, surfed};
pub use session::{Effect, Session};
pub use site::{Event, IDS, Site};
pub use steps::{MiniWeb, PROMPT, Start, StepJudge, Steps, prompt};
pub use template::SiteKind;
pub use tree::{Node, Page};

//! Decisions under uncertainty: choose, see what comes back, choose better.
//!
//! A second world for the words of `autodidact-core`, without language models: bandits that choose an
//! arm, slates, curricula, solver parameters, questions. Posteriors are closed-form or small, a
//! decision takes microseconds, and whatever learns can be saved in mid-stream and goes on with the
//! same bits. [`choice`] is the world of numbered arms; other domains stand in the files of their worlds.
//!
//! A world is an explorer that draws what is asked (contexts, users, systems) and a judge that scores
//! an answer. The judge is a pure function: what chance adds to a reward is drawn from the stream of
//! the round that the query carries, so that every policy meets the same luck.

pub mod bandit;
pub mod cascade;
pub mod choice;
pub mod course;
pub mod dial;
pub mod duel;
pub mod fair;
pub mod handle;
pub mod inquiry;
pub mod mdp;
pub mod preference;
pub mod slate;
pub mod systems;
pub mod verbal;
pub mod visit;
pub mod world;

/// The book's page, so that its examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../book/src/decisions.md")]
struct Book;

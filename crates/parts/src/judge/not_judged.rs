//! For answers that are only collected.

use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Judge, Judged, Result, Verdict};

/// Abstains on every answer: what they are worth is found out later, or never.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotJudged;

impl Judge<Chat> for NotJudged {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, _| Verdict::abstain("only collected")))
    }

    fn name(&self) -> String {
        "nobody".to_owned()
    }

    fn calls(&self) -> u64 {
        0
    }
}

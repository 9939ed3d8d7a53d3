//! Who tells good from bad.

use crate::{Ask, Domain, Result, Spend, Verdict};

/// Anything that scores answers: a checker, a test suite, a critic, a vote, clicks.
///
/// A judge sees all answers to one ask together, so votes, tournaments and pairwise critics need no
/// second trait; and it sees many asks at once, so a critic that is a model can batch them.
pub trait Judge<D: Domain>: Send + Sync {
    /// One verdict an answer: `verdicts[i][t]` belongs to `answers[i][t]`, an answer to `asks[i]`.
    ///
    /// A bad answer is data and gets a low score; a judge that fails on one answer says so in that
    /// answer's verdict. `Err` is for a judge that cannot work at all.
    fn judge(&self, asks: &[Ask<D>], answers: &[Vec<D::Answer>]) -> Result<Judged>;

    /// The judge's name and settings, as recorded with its verdicts.
    fn name(&self) -> String;

    /// Judge calls that the run counts for each answer: 1, or 0 where verdicts were passed and counted before.
    fn calls(&self) -> u64 {
        1
    }
}

/// Verdicts and what they cost.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// In the order of the answers.
    pub verdicts: Vec<Vec<Verdict>>,
    /// What judging spent beyond [`Judge::calls`] an answer, which the run counts itself.
    pub spend: Spend,
}

impl Judged {
    /// Verdicts of a function of one ask and one answer, at no further cost.
    pub fn each<D: Domain>(
        asks: &[Ask<D>],
        answers: &[Vec<D::Answer>],
        mut verdict: impl FnMut(&Ask<D>, &D::Answer) -> Verdict,
    ) -> Judged {
        let verdicts = asks
            .iter()
            .zip(answers)
            .map(|(ask, tries)| tries.iter().map(|answer| verdict(ask, answer)).collect())
            .collect();
        Judged { verdicts, spend: Spend::default() }
    }
}

//! A weighted sum of judges.

use autodidact_core::{Ask, Domain, Judge, Judged, Outcome, Result, Verdict};

/// Scores an answer by the weighted sum of its parts.
///
/// The first part decides the fate of an answer: where it abstains or fails, so does the sum. A later
/// part that abstains adds nothing; one that fails makes the sum fail. The verdict keeps every part's
/// details, the plain score of the first part as `right`, and that of part `i` under its name.
pub struct Sum<D: Domain> {
    parts: Vec<Part<D>>,
}

struct Part<D: Domain> {
    name: String,
    weight: f64,
    judge: Box<dyn Judge<D>>,
}

impl<D: Domain> Sum<D> {
    /// A sum that counts `judge` once.
    pub fn of(judge: Box<dyn Judge<D>>) -> Sum<D> {
        Sum { parts: vec![Part { name: "right".to_owned(), weight: 1.0, judge }] }
    }

    /// The same sum with `weight` times another judge, whose plain score is kept under `name`.
    pub fn plus(mut self, name: &str, weight: f64, judge: Box<dyn Judge<D>>) -> Sum<D> {
        self.parts.push(Part { name: name.to_owned(), weight, judge });
        self
    }
}

impl<D: Domain> Judge<D> for Sum<D> {
    fn judge(&self, asks: &[Ask<D>], answers: &[Vec<D::Answer>]) -> Result<Judged> {
        let mut total: Option<Judged> = None;
        for part in &self.parts {
            let one = part.judge.judge(asks, answers)?;
            let Some(sum) = &mut total else {
                let first = |verdict| start(verdict, part);
                let verdicts =
                    one.verdicts.into_iter().map(|tries| tries.into_iter().map(first).collect()).collect();
                total = Some(Judged { verdicts, spend: one.spend });
                continue;
            };
            sum.spend += one.spend;
            for (sums, ones) in sum.verdicts.iter_mut().zip(one.verdicts) {
                for (sum, one) in sums.iter_mut().zip(ones) {
                    add(sum, one, part);
                }
            }
        }
        Ok(total.unwrap_or_default())
    }

    fn name(&self) -> String {
        let parts = self.parts.iter().map(|part| format!("{}*{}", part.weight, part.judge.name()));
        format!("sum({})", parts.collect::<Vec<_>>().join(" + "))
    }

    fn calls(&self) -> u64 {
        self.parts.iter().map(|part| part.judge.calls()).max().unwrap_or_default()
    }
}

fn start<D: Domain>(verdict: Verdict, part: &Part<D>) -> Verdict {
    let Some(score) = verdict.value() else { return verdict };
    let known = verdict.part(&part.name).is_some();
    let mut sum = Verdict { outcome: Outcome::Score { score: part.weight * score }, ..verdict };
    if !known {
        sum = sum.with(&part.name, score);
    }
    sum
}

fn add<D: Domain>(sum: &mut Verdict, one: Verdict, part: &Part<D>) {
    let Some(so_far) = sum.value() else { return };
    if one.is_error() {
        sum.outcome = one.outcome;
        return;
    }
    if let Some(score) = one.value() {
        sum.outcome = Verdict::score(so_far + part.weight * score).outcome;
        sum.detail.push((part.name.clone(), score));
    }
    sum.detail.extend(one.detail);
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};

    struct Says(&'static str, Verdict);

    impl Judge<Chat> for Says {
        fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
            Ok(Judged::each::<Chat>(asks, answers, |_, _| self.1.clone()))
        }

        fn name(&self) -> String {
            self.0.to_owned()
        }
    }

    #[track_caller]
    fn check(first: Verdict, second: Verdict, expect: Option<f64>) -> Verdict {
        let judge = Sum::of(Box::new(Says("a", first))).plus("step", 0.2, Box::new(Says("b", second)));
        let asks = Ask::each(&[Prompt::text("q", "?")], 1, &Sampling::default());
        let judged = judge.judge(&asks, &[vec![Completion::default()]]).expect("judges");
        assert_eq!(judged.verdicts[0][0].value(), expect);
        judged.verdicts[0][0].clone()
    }

    #[test]
    fn scores_add_up_and_the_parts_are_kept() {
        let verdict = check(Verdict::right(true), Verdict::score(-1.0).with("steps", 3.0), Some(0.8));
        assert_eq!(verdict.part("right"), Some(1.0));
        assert_eq!(verdict.part("step"), Some(-1.0));
        assert_eq!(verdict.part("steps"), Some(3.0));
    }

    #[test]
    fn an_abstention_of_a_later_part_adds_nothing_and_its_error_is_an_error() {
        check(Verdict::right(true), Verdict::abstain("no steps"), Some(1.0));
        assert!(check(Verdict::right(true), Verdict::error("deadline", 1.0), None).is_error());
    }

    #[test]
    fn the_first_part_decides_whether_there_is_a_score() {
        check(Verdict::abstain("no answer known"), Verdict::score(1.0), None);
        assert!(check(Verdict::error("crash", 0.1), Verdict::score(1.0), None).is_error());
    }

    #[test]
    fn the_name_holds_weights_and_parts() {
        let judge = Sum::of(Box::new(Says("a", Verdict::right(true)))).plus(
            "step",
            0.2,
            Box::new(Says("b", Verdict::right(true))),
        );
        assert_eq!(judge.name(), "sum(1*a + 0.2*b)");
    }
}

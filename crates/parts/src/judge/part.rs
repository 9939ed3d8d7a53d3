//! A judge of one part of a segmented output.

use crate::segments::Segments;
use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Judge, Judged, Result};

/// Judges one part of each output and leaves the others aside.
///
/// An output that does not split is judged as a whole, and counted: the detail `split` is 1 where it splits
/// and 0 where it does not.
pub struct PartOf {
    inner: Box<dyn Judge<Chat>>,
    segments: Segments,
    part: usize,
}

impl PartOf {
    /// Judges the part with that place in the layout.
    ///
    /// # Panics
    /// When the layout has no such part.
    pub fn of(inner: Box<dyn Judge<Chat>>, segments: Segments, part: usize) -> PartOf {
        assert!(part < segments.parts.len(), "a layout of {} parts has no {part}", segments.parts.len());
        PartOf { inner, segments, part }
    }
}

impl Judge<Chat> for PartOf {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let mut split = Vec::new();
        let mut part = |answer: &Completion| {
            let parts = self.segments.split(&answer.text);
            split.push(parts.is_ok());
            match parts {
                Ok(mut parts) => Completion { text: parts.swap_remove(self.part), ..answer.clone() },
                Err(_) => answer.clone(),
            }
        };
        let parts: Vec<Vec<Completion>> =
            answers.iter().map(|tries| tries.iter().map(&mut part).collect()).collect();
        let mut judged = self.inner.judge(asks, &parts)?;
        for (verdict, split) in judged.verdicts.iter_mut().flatten().zip(split) {
            verdict.detail.push(("split".to_owned(), f64::from(u8::from(split))));
        }
        Ok(judged)
    }

    fn name(&self) -> String {
        format!("{} of the {}", self.inner.name(), self.segments.parts[self.part].name)
    }

    fn calls(&self) -> u64 {
        self.inner.calls()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Verdict;
    use autodidact_core::chat::{Prompt, Sampling};

    struct Is42;

    impl Judge<Chat> for Is42 {
        fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
            Ok(Judged::each(asks, answers, |_, answer| Verdict::right(answer.text == "42")))
        }

        fn name(&self) -> String {
            "is 42".to_owned()
        }
    }

    #[test]
    fn the_part_is_judged_and_an_output_without_parts_as_a_whole() {
        let judge = PartOf::of(Box::new(Is42), Segments::role_then_answer(), 1);
        let asks = Ask::each(&[Prompt::text("q", "?")], 3, &Sampling::default());
        let say = |text: &str| Completion { text: text.to_owned(), ..Completion::default() };
        let answers = [say("[role]42[/role]41"), say("[role]a[/role]42"), say("42")];
        let judged = judge.judge(&asks, &[answers.to_vec()]).expect("judges");
        let found: Vec<_> = judged.verdicts[0].iter().map(|one| (one.value(), one.part("split"))).collect();
        let (yes, no) = (Some(1.0), Some(0.0));
        assert_eq!(found, [(no, yes), (yes, yes), (yes, no)]);
        assert_eq!(judge.name(), "is 42 of the answer");
    }
}

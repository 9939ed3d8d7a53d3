//! Greedy: the rule that was best on the people accepted so far, without exploration. A baseline that
//! never learns whom it wrongly rejects.

use super::{Decision, Feedback, Person, Rule};
use autodidact_math::bandit::one_sided;
use serde::{Deserialize, Serialize};

/// The state: rules with their losses on people whose labels were seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Greedy {
    rules: Vec<Rule>,
    losses: Vec<f64>,
}

impl Greedy {
    /// Nothing seen yet.
    pub fn new(rules: Vec<Rule>) -> Greedy {
        Greedy { losses: vec![0.0; rules.len()], rules }
    }

    /// The decisions of the rule with the least loss, the first of equals.
    pub fn decide(&self, people: &[Person]) -> Decision {
        let best = (0..self.rules.len()).min_by(|a, b| self.losses[*a].total_cmp(&self.losses[*b]));
        let accepts = |person| best.is_some_and(|best| self.rules[best].accepts(person));
        let accept: Vec<bool> = people.iter().map(accepts).collect();
        let chance = accept.iter().map(|accept| f64::from(u8::from(*accept))).collect();
        Decision { accept, chance }
    }

    /// Adds the losses on those whose labels are known.
    pub fn learn(&mut self, people: &[Person], feedback: &Feedback) {
        for (person, label) in people.iter().zip(&feedback.labels) {
            let Some(label) = label else { continue };
            for (rule, loss) in self.rules.iter().zip(&mut self.losses) {
                *loss += one_sided::shifted(rule.accepts(person), *label);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_it_rejects_it_learns_no_more() {
        let rules = vec![Rule { weight: 0.0, threshold: 0.2 }, Rule { weight: 0.0, threshold: 0.8 }];
        let mut greedy = Greedy::new(rules);
        let people = [Person { x: 0.5, g: 0.5 }];
        assert_eq!(greedy.decide(&people).accept, [true]);
        // One bad label: 1 beside the 1/2 of rejecting.
        greedy.learn(&people, &Feedback { labels: vec![Some(false)], report: None });
        assert_eq!(greedy.decide(&people).accept, [false]);
        let before = greedy.clone();
        greedy.learn(&people, &Feedback { labels: vec![None], report: None });
        assert_eq!(greedy, before);
    }
}

//! How a generated problem is put to a model: in the compact form, or as a sentence for models
//! that were not trained on it.
//!
//! A sentence asks for the final answer in one tagged field. The last `<answer>...</answer>` of a
//! reply counts, or else what stands after the `#` of the last line that has one; it is brought
//! into the compact form and checked like any other.

use super::checked::Checked;
use super::family::Family;
use super::problem::Problem;
use autodidact_core::chat::{Body, Message};
use serde::{Deserialize, Serialize};

/// The form of prompts and answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wording {
    /// `A:7+10-4?`, answered `7+10=17;17-4=13#13`.
    #[default]
    Compact,
    /// A message in words, answered in words and `<answer>13</answer>`.
    Sentence,
}

const ASK: &str = "Think first, then give the final answer as <answer>...</answer>.";

impl Wording {
    /// What the model reads.
    pub fn body(self, problem: &Problem) -> Body {
        match self {
            Wording::Compact => Body::Text(problem.text.clone()),
            Wording::Sentence => {
                let content = format!("{} {ASK}", problem.sentence());
                Body::Messages(vec![Message { role: "user".into(), content }])
            }
        }
    }

    /// The reference solution in this form.
    pub fn gold(self, problem: &Problem) -> String {
        let worked = problem.solve().text();
        if self == Wording::Compact {
            return worked;
        }
        let (steps, last) = worked.rsplit_once('#').unwrap_or(("", &worked));
        let answer = match problem.family {
            Family::Countdown | Family::Path => steps,
            _ => last,
        };
        format!("{steps}\n<answer>{answer}</answer>")
    }

    /// Checks a reply given in this form.
    pub fn check(self, problem: &Problem, reply: &str) -> Checked {
        match self {
            Wording::Compact => problem.check(reply),
            Wording::Sentence => match field(reply).and_then(|field| compact(problem.family, field)) {
                Some(answer) => problem.check(&answer),
                None => Checked::malformed(),
            },
        }
    }
}

/// The last tagged field of a reply, else what follows the `#` signs of the last line that has one.
fn field(reply: &str) -> Option<&str> {
    let tagged = reply
        .rsplit_once("<answer>")
        .map(|(_, rest)| rest.split_once("</answer>").map_or(rest, |(field, _)| field));
    let hashed = || reply.lines().rev().find_map(|line| line.rsplit_once('#').map(|(_, field)| field));
    tagged.or_else(hashed).map(str::trim)
}

/// The compact answer that says what the field says; `None` when it cannot be one.
fn compact(family: Family, field: &str) -> Option<String> {
    match family {
        Family::Countdown => {
            let lines: Vec<String> = field
                .split([';', '\n'])
                .map(|step| step.chars().filter(|letter| !letter.is_whitespace()).collect::<String>())
                .filter(|step| !step.is_empty())
                .collect();
            let (_, last) = lines.last()?.rsplit_once('=')?;
            Some(format!("{}#{last}", lines.join(";")))
        }
        Family::Path => {
            let nodes: String =
                field.chars().filter(|letter| !letter.is_whitespace() && !",->→".contains(*letter)).collect();
            Some(format!("{nodes}#{}", nodes.chars().count().checked_sub(1)?))
        }
        Family::Rules => Some(field.to_owned()),
        _ => Some(format!("#{}", field.trim_end_matches('.'))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    fn check(problem: &str, reply: &str) -> Checked {
        Wording::Sentence.check(&Problem::parse(problem).expect(problem), reply)
    }

    #[test]
    fn gold_replies_pass_in_both_forms() {
        let mut rng = Seed::root(21).rng();
        for family in Family::ALL {
            for level in family.levels() {
                for _ in 0..50 {
                    let problem = family.generate(level, &mut rng).expect("a known level");
                    for wording in [Wording::Compact, Wording::Sentence] {
                        let gold = wording.gold(&problem);
                        let checked = wording.check(&problem, &gold);
                        assert!(checked.right, "{} {gold}", problem.text);
                        assert_eq!(checked.answer.as_deref(), Some(problem.answer.as_str()));
                    }
                }
            }
        }
    }

    #[test]
    fn problems_read_as_sentences() {
        let cases = [
            ("D:17+25?", "What is 17+25?"),
            ("A:7+10-4?", "What is 7+10-4?"),
            ("M:88*5?", "What is 88*5?"),
            ("P:a=3;b=a+4;a=b*2;a?", "A program runs a=3; b=a+4; a=b*2. What is a in the end?"),
            (
                "W:tom has 3 more than ann. ann has 5 cups. tom?",
                "tom has 3 more than ann. ann has 5 cups. How many does tom have?",
            ),
            (
                "C:4,1,10>7?",
                "Using the numbers 4, 1, 10, each at most once, make 7. Write the steps as in 3*4=12;12+5=17.",
            ),
            (
                "G:oc,eo,er,rw e>w?",
                "A graph has the arrows o->c, e->o, e->r, r->w. Which nodes lead from e to w? Write their letters in order.",
            ),
            ("T:3 words, no o?", "Write lower-case words separated by blanks. Rules: 3 words, no o."),
        ];
        for (text, sentence) in cases {
            assert_eq!(Problem::parse(text).expect(text).sentence(), sentence);
        }
    }

    #[test]
    fn the_last_tagged_field_counts_whatever_stands_around_it() {
        assert!(check("A:7+10-4?", "First <answer>12</answer>, no: <answer> 13. </answer> done~n").right);
        assert!(check("A:7+10-4?", "7+10 is 17\n#### 13\nthat is it").right);
        assert!(check("A:7+10-4?", "<answer>13").right);
        assert!(check("C:4,1,10>7?", "<answer>10 - 4 = 6\n6 + 1 = 7</answer>").right);
        assert!(check("G:oc,eo,er,rw e>w?", "<answer>e -> r -> w</answer>").right);
        assert!(!check("A:7+10-4?", "<answer>12</answer>").right);
        for malformed in
            ["13", "", "<answer></answer>", "<answer>thirteen</answer>", "<answer>13</answer><answer>"]
        {
            assert!(!check("A:7+10-4?", malformed).well_formed, "{malformed}");
        }
        for malformed in ["", "<answer></answer>", "<answer>7</answer>", "<answer>é</answer>"] {
            assert!(!check("C:4,1,10>7?", malformed).well_formed, "{malformed}");
            assert!(!check("G:oc,eo,er,rw e>w?", malformed).well_formed, "{malformed}");
        }
    }
}

//! Family T: a few words that keep several rules, `T:3 words, contains red, no o?red hat key`.
//!
//! The level is the number of rules, each of another kind. Problems are made from a text that
//! keeps them, so every drawn one can be solved; any text that keeps all rules is right.

use super::checked::Checked;
use super::hand::{Hand, Step, Worked};
use super::puzzle::Puzzle;
use autodidact_core::Rng;
use rand::Rng as _;
use rand::seq::SliceRandom;

/// The words that reference texts are made of.
const WORDS: [&str; 32] = [
    "red", "blue", "green", "white", "black", "pink", "cat", "dog", "fox", "owl", "pig", "hen", "cup", "hat",
    "box", "key", "map", "pen", "sun", "moon", "rain", "snow", "big", "old", "new", "hot", "run", "sit",
    "jump", "sing", "and", "the",
];
/// The most words of an answer.
const MOST: usize = 8;

/// One rule about a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rule {
    /// `3 words`
    Words(usize),
    /// `contains red`
    Contains(String),
    /// `no e`
    Without(char),
    /// `starts with b`: the first letter.
    Starts(char),
    /// `ends with hat`: the last word.
    Ends(String),
}

/// Rules in the order of the text.
pub(crate) struct Rules {
    rules: Vec<Rule>,
}

impl Rules {
    pub(crate) fn draw(level: u32, rng: &mut Rng) -> Rules {
        loop {
            let words: Vec<&str> = (0..rng.random_range(2..=5u32)).map(|_| word(rng)).collect();
            let text: String = words.concat();
            let absent: Vec<char> = "aeioutnrs".chars().filter(|letter| !text.contains(*letter)).collect();
            let last = words.len() - 1;
            let mut rules = vec![
                Rule::Words(words.len()),
                Rule::Contains(words[rng.random_range(0..=last as u32) as usize].to_owned()),
                Rule::Starts(text.chars().next().unwrap_or('a')),
                Rule::Ends(words[last].to_owned()),
            ];
            if !absent.is_empty() {
                rules.push(Rule::Without(absent[rng.random_range(0..absent.len() as u32) as usize]));
            }
            if rules.len() < level as usize {
                continue;
            }
            rules.shuffle(rng);
            rules.truncate(level as usize);
            let rules = Rules { rules };
            if rules.text(&mut Hand::exact()).is_some() {
                return rules;
            }
        }
    }

    pub(crate) fn parse(body: &str) -> Option<Rules> {
        let rules: Option<Vec<Rule>> = body.strip_suffix('?')?.split(", ").map(Rule::parse).collect();
        let rules = Rules { rules: rules? };
        rules.text(&mut Hand::exact()).is_some().then_some(rules)
    }

    fn keeps(&self, words: &[&str]) -> bool {
        self.rules.iter().all(|rule| rule.keeps(words))
    }

    /// A text that keeps all rules: the first one in the order of the words, or in a random order
    /// for a hand that has a stream.
    fn text(&self, hand: &mut Hand<'_>) -> Option<Vec<String>> {
        let mut words = WORDS;
        if let Some(rng) = hand.rng() {
            words.shuffle(rng);
        }
        let length = self.rules.iter().find_map(|rule| match rule {
            Rule::Words(n) => Some(*n..=*n),
            _ => None,
        });
        length.unwrap_or(1..=MOST).find_map(|n| self.text_of(n, &words))
    }

    /// Fills `n` places: the last word and the contained one are set, the others are free.
    fn text_of(&self, n: usize, words: &[&str]) -> Option<Vec<String>> {
        (0..n).find_map(|place| {
            let mut slots: Vec<Option<&str>> = vec![None; n];
            for rule in &self.rules {
                match rule {
                    Rule::Contains(word) => slots[place] = Some(word),
                    Rule::Ends(word) if slots[n - 1].is_none() || n - 1 == place => slots[n - 1] = Some(word),
                    _ => {}
                }
            }
            let free = |first: bool| {
                let allowed = |word: &&&str| {
                    self.rules.iter().all(|rule| match rule {
                        Rule::Without(letter) => !word.contains(*letter),
                        Rule::Starts(letter) => !first || word.starts_with(*letter),
                        _ => true,
                    })
                };
                words.iter().find(allowed).copied()
            };
            let filled: Option<Vec<&str>> =
                slots.iter().enumerate().map(|(idx, slot)| slot.or_else(|| free(idx == 0))).collect();
            filled
                .filter(|words| self.keeps(words))
                .map(|words| words.into_iter().map(str::to_owned).collect())
        })
    }
}

fn word(rng: &mut Rng) -> &'static str {
    WORDS[rng.random_range(0..WORDS.len() as u32) as usize]
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

impl Rule {
    fn parse(text: &str) -> Option<Rule> {
        let words: Vec<&str> = text.split(' ').collect();
        let letter =
            |text: &str| is_word(text).then(|| text.chars().next()).flatten().filter(|_| text.len() == 1);
        match words[..] {
            [n, "words"] => {
                let n = n.parse().ok().filter(|n| (1..=MOST).contains(n))?;
                Some(Rule::Words(n))
            }
            ["contains", word] if is_word(word) => Some(Rule::Contains(word.to_owned())),
            ["no", one] => letter(one).map(Rule::Without),
            ["starts", "with", one] => letter(one).map(Rule::Starts),
            ["ends", "with", word] if is_word(word) => Some(Rule::Ends(word.to_owned())),
            _ => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Rule::Words(n) => format!("{n} words"),
            Rule::Contains(word) => format!("contains {word}"),
            Rule::Without(letter) => format!("no {letter}"),
            Rule::Starts(letter) => format!("starts with {letter}"),
            Rule::Ends(word) => format!("ends with {word}"),
        }
    }

    fn keeps(&self, words: &[&str]) -> bool {
        match self {
            Rule::Words(n) => words.len() == *n,
            Rule::Contains(word) => words.contains(&word.as_str()),
            Rule::Without(letter) => !words.iter().any(|word| word.contains(*letter)),
            Rule::Starts(letter) => words.first().is_some_and(|word| word.starts_with(*letter)),
            Rule::Ends(word) => words.last() == Some(&word.as_str()),
        }
    }
}

impl Puzzle for Rules {
    fn body(&self) -> String {
        let rules: Vec<String> = self.rules.iter().map(Rule::text).collect();
        rules.join(", ") + "?"
    }

    fn key(&self) -> String {
        let mut rules = self.rules.clone();
        rules.sort();
        Rules { rules }.body()
    }

    fn sentence(&self) -> String {
        let rules: Vec<String> = self.rules.iter().map(Rule::text).collect();
        format!("Write lower-case words separated by blanks. Rules: {}.", rules.join(", "))
    }

    fn level(&self) -> u32 {
        self.rules.len() as u32
    }

    fn answer(&self) -> String {
        self.text(&mut Hand::exact()).unwrap_or_default().join(" ")
    }

    /// Each word is a step; a slip writes another word.
    fn work(&self, mut hand: Hand<'_>) -> Worked {
        let gold = self.text(&mut hand).unwrap_or_default();
        let noise = hand.noise();
        let mut said: Vec<(String, bool, Option<String>)> = Vec::new();
        for right in gold {
            let retried = hand.chance(noise.retry);
            let slipped = !retried && hand.chance(noise.slip);
            let wrong = match hand.rng() {
                Some(rng) if retried || slipped => word(rng).to_owned(),
                _ => right.clone(),
            };
            let struck = retried.then(|| wrong.clone());
            said.push((if slipped { wrong } else { right }, slipped, struck));
        }
        let words: Vec<&str> = said.iter().map(|(word, ..)| word.as_str()).collect();
        let broken = !self.keeps(&words);
        for (text, slipped, struck) in said {
            // Another word is an error only where a rule is broken by it.
            hand.push(Step { text, right: !(slipped && broken), struck });
        }
        hand.finish(" ", None)
    }

    fn check(&self, said: &str) -> Checked {
        let kept = |field: &'_ str| -> String { field.rsplit('<').next().unwrap_or_default().to_owned() };
        let words: Vec<String> = said.trim().trim_end_matches('.').split(' ').map(kept).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if words.len() > MOST || !words.iter().all(|word| is_word(word)) {
            return Checked::malformed();
        }
        Checked::formed(self.keeps(&words), words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_tested() {
        let check = |body: &str, said: &str| Rules::parse(body).expect(body).check(said).right;
        let body = "3 words, contains red, no o, starts with r, ends with hat?";
        assert!(check(body, "red big hat") && check(body, "rain<red red hat."));
        for wrong in ["red hat", "rain big hat", "red fox hat", "big red hat", "red hat big"] {
            assert!(!check(body, wrong), "{wrong}");
        }
    }

    #[test]
    fn rules_that_cannot_be_kept_or_read_are_no_problem() {
        for bad in
            ["contains red, no e?", "0 words?", "9 words?", "contains Red?", "no ee?", "short?", "?", "no e"]
        {
            assert!(Rules::parse(bad).is_none(), "{bad}");
        }
        assert!(!Rules::parse("2 words?").expect("a problem").check("red  hat").well_formed);
        assert!(!Rules::parse("2 words?").expect("a problem").check("").well_formed);
    }
}

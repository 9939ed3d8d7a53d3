//! Control tags: two texts that tell a model which kind of answer follows.

use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// A tag before right answers and one before wrong ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tags {
    /// Stands before a right answer, and is what the model is asked with.
    pub right: String,
    /// Stands before a wrong answer.
    pub wrong: String,
}

impl Default for Tags {
    fn default() -> Tags {
        Tags { right: "[CORRECT RATIONALE]".to_owned(), wrong: "[INCORRECT RATIONALE]".to_owned() }
    }
}

impl Tags {
    /// Fails unless both are there and neither begins with the other; `field` is the dotted name.
    pub fn check(&self, field: &str) -> Result<()> {
        let found = format!("{:?} and {:?}", self.right, self.wrong);
        let clash = self.right.starts_with(&self.wrong) || self.wrong.starts_with(&self.right);
        match clash {
            true => Err(Error::invalid(field, "two texts of which neither begins with the other", found)),
            false => Ok(()),
        }
    }

    /// The tag of a kind of answer.
    pub fn of(&self, right: bool) -> &str {
        if right { &self.right } else { &self.wrong }
    }

    /// The same tags, exchanged.
    pub fn swapped(&self) -> Tags {
        Tags { right: self.wrong.clone(), wrong: self.right.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_a_model_could_not_tell_apart_are_refused() {
        let tags = |right: &str, wrong: &str| Tags { right: right.to_owned(), wrong: wrong.to_owned() };
        for bad in [tags("", "-"), tags("+", ""), tags("+", "+"), tags("+-", "+")] {
            assert!(bad.check("tags").is_err(), "{bad:?}");
        }
        let sound = tags("+", "-");
        sound.check("tags").expect("sound");
        assert_eq!((sound.of(true), sound.swapped().of(true)), ("+", "-"));
        Tags::default().check("tags").expect("sound");
    }
}

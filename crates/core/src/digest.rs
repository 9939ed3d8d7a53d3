//! Digests of what went into a phase, by which a resumed run knows its own records.

use crate::{Answer, Domain, Error, Group, Result};

/// A hash over length-prefixed fields, so that no two lists of fields look alike.
pub(crate) struct Digest(blake3::Hasher);

impl Digest {
    pub fn new(label: &str) -> Digest {
        let mut digest = Digest(blake3::Hasher::new());
        digest.field(label.as_bytes());
        digest
    }

    pub fn field(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Sixteen bytes in hexadecimal.
    pub fn finish(&self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}

/// The digest of everything that a learner sees.
pub(crate) fn of_groups<D: Domain>(groups: &[Group<D>]) -> Result<String> {
    let recorded = |source| Error::Recorded { what: "group", source };
    let mut digest = Digest::new("groups");
    for group in groups {
        digest.field(&serde_json::to_vec(&group.ask).map_err(recorded)?);
        for one in &group.tries {
            let packed = one.answer.pack().map_err(recorded)?;
            digest.field(packed.json.as_bytes());
            digest.field(packed.text.as_bytes());
            for tokens in [&packed.prompt_tokens, &packed.tokens] {
                digest.field(&tokens.iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>());
            }
            for numbers in [&packed.logprobs, &packed.policy_logprobs] {
                digest.field(&numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
            }
            digest.field(&serde_json::to_vec(&one.verdict).map_err(recorded)?);
        }
    }
    Ok(digest.finish())
}

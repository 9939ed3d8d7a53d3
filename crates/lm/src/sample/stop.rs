//! Whether the text that an answer has become holds one of the stop texts.

use crate::Tokenizer;

/// Watches one answer for its stop texts, token by token.
#[derive(Debug, Default)]
pub struct Watch {
    tail: Vec<u8>,
    window: Vec<u32>,
}

impl Watch {
    /// Takes the next sampled token; whether the text now holds one of `stops`, which may have begun
    /// in earlier tokens.
    pub fn saw(&mut self, token: u32, stops: &[String], tokenizer: &Tokenizer) -> bool {
        let Some(longest) = stops.iter().map(String::len).max() else { return false };
        match tokenizer.piece(token) {
            Some(piece) => self.saw_bytes(piece, stops, longest),
            None => self.saw_token(token, stops, longest, tokenizer),
        }
    }

    fn saw_bytes(&mut self, piece: &[u8], stops: &[String], longest: usize) -> bool {
        self.tail.extend_from_slice(piece);
        let ends = |stop: &String| self.tail.windows(stop.len()).any(|window| window == stop.as_bytes());
        let found = stops.iter().any(ends);
        // What follows can only complete a text with the last `longest - 1` bytes.
        let old = self.tail.len().saturating_sub(longest - 1);
        self.tail.drain(..old);
        found
    }

    /// A token's text depends on its neighbours, so the last few tokens are decoded together: enough to
    /// hold the longest stop text even at one byte a token.
    fn saw_token(&mut self, token: u32, stops: &[String], longest: usize, tokenizer: &Tokenizer) -> bool {
        self.window.push(token);
        let old = self.window.len().saturating_sub(longest + 4);
        self.window.drain(..old);
        let text = tokenizer.decode(&self.window);
        stops.iter().any(|stop| text.contains(stop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops_after(text: &str, stops: &[&str]) -> Option<usize> {
        let tokenizer = Tokenizer::bytes();
        let stops: Vec<String> = stops.iter().map(|stop| stop.to_string()).collect();
        let mut watch = Watch::default();
        let ids = tokenizer.encode(text).expect("encodes");
        ids.iter().position(|&id| watch.saw(id, &stops, &tokenizer)).map(|at| at + 1)
    }

    #[test]
    fn a_stop_text_is_found_across_tokens_where_it_ends() {
        assert_eq!(stops_after("one\n\ntwo", &["\n\n"]), Some(5));
        assert_eq!(stops_after("aab", &["ab"]), Some(3));
        assert_eq!(stops_after("x\u{e9}y", &["zz", "\u{e9}"]), Some(3));
        assert_eq!(stops_after("abc", &["abcd"]), None);
        assert_eq!(stops_after("abc", &[]), None);
    }

    #[test]
    fn special_tokens_are_no_text_and_do_not_interrupt() {
        assert_eq!(stops_after("a<|reserved_0|>b", &["ab"]), Some(3));
    }

    #[test]
    fn vocabularies_that_are_not_byte_level_are_watched_through_their_decoder() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let json = r##"{"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Metaspace",
            "replacement": "\u2581", "prepend_scheme": "always", "split": true},
            "decoder": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": true},
            "model": {"type": "WordLevel", "vocab": {"\u2581the": 0, "\u2581end": 1, "\u2581of": 2, "?": 3},
            "unk_token": "?"}}"##;
        std::fs::write(dir.path().join("tokenizer.json"), json).expect("writes");
        let tokenizer = Tokenizer::open(dir.path()).expect("opens");
        let ids = tokenizer.encode("of the end of the").expect("encodes");
        assert_eq!(ids, [2, 0, 1, 2, 0]);
        let mut watch = Watch::default();
        let stops = ["the end".to_owned()];
        assert_eq!(ids.iter().position(|&id| watch.saw(id, &stops, &tokenizer)), Some(2));
    }
}

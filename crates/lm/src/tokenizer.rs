//! Text to token ids and back, as the model's own `tokenizer.json` says.
//!
//! Token ids are the truth and text is derived from them. [`Tokenizer::encode`] never adds special
//! tokens by itself; what belongs before a text (usually one BOS token) is [`Tokenizer::opening`].
//! For byte-level vocabularies, which is nearly all of them, the bytes of every token are known in
//! advance, so that decoding and stop texts cost next to nothing.

use crate::{Error, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

mod bytes;

pub use bytes::ByteSpecial;

/// A handle on a tokenizer; clones share it.
#[derive(Clone)]
pub struct Tokenizer(Arc<Inner>);

struct Inner {
    engine: tokenizers::Tokenizer,
    files: BTreeMap<String, Vec<u8>>,
    config: Value,
    named: BTreeMap<String, String>,
    opening: Vec<u32>,
    pieces: Option<Pieces>,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer").field("n_tokens", &self.n_tokens()).finish_non_exhaustive()
    }
}

const TOKENIZER_FILE: &str = "tokenizer.json";
const CONFIG_FILE: &str = "tokenizer_config.json";
const MAP_FILE: &str = "special_tokens_map.json";

/// No vocabulary is larger; ids up to here index tables.
const MOST_TOKENS: u32 = 1 << 24;

impl Tokenizer {
    /// Reads `tokenizer.json`, and `tokenizer_config.json` and `special_tokens_map.json` if they are
    /// there, from a directory.
    pub fn open(dir: &Path) -> Result<Tokenizer> {
        let mut files = BTreeMap::new();
        for name in [TOKENIZER_FILE, CONFIG_FILE, MAP_FILE] {
            let path = dir.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => {
                    files.insert(name.to_owned(), bytes);
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && name != TOKENIZER_FILE => {}
                Err(source) => return Err(Error::io(&path, "reading", source)),
            }
        }
        Tokenizer::build(dir, files)
    }

    /// The tokenizer of the bundled models: one token a byte, then 16 special tokens
    /// ([`ByteSpecial`]). It encodes every text, and its files load in transformers.
    pub fn bytes() -> Tokenizer {
        Tokenizer::build(Path::new(""), bytes::files(&[])).expect("the bundled tokenizer is well formed")
    }

    /// The byte tokenizer with one more token for each of these texts, in their order from id 272 on.
    ///
    /// Wherever a text occurs it becomes its token, the longest first; everything else stays bytes, so
    /// every text still comes back exactly. Small worlds of few words get short sequences this way.
    /// Fails on a text that is shorter than two characters, not ASCII, there twice or spells a special token.
    pub fn words(words: &[&str]) -> Result<Tokenizer> {
        bytes::check(words)?;
        Tokenizer::build(Path::new(""), bytes::files(words))
    }

    /// Reads the tokenizer's files from among others that are in memory, by name and contents.
    pub fn of_files(files: &[(String, Vec<u8>)]) -> Result<Tokenizer> {
        let known = [TOKENIZER_FILE, CONFIG_FILE, MAP_FILE];
        let own = files.iter().filter(|(name, _)| known.contains(&name.as_str()));
        Tokenizer::build(Path::new(""), own.cloned().collect())
    }

    fn build(dir: &Path, files: BTreeMap<String, Vec<u8>>) -> Result<Tokenizer> {
        let path = dir.join(TOKENIZER_FILE);
        let json = files.get(TOKENIZER_FILE).map(Vec::as_slice).unwrap_or_default();
        let wrong = |error: &dyn std::fmt::Display| Error::data(&path, "a tokenizer is expected", error);
        let whole: Value = serde_json::from_slice(json).map_err(|error| wrong(&error))?;
        let engine = engine(json).map_err(|error| wrong(&error))?;
        if let Some(id) = engine.get_vocab(true).into_values().find(|&id| id >= MOST_TOKENS) {
            return Err(Error::data(
                &path,
                format!("token ids below {MOST_TOKENS} are expected"),
                format!("it has {id}"),
            ));
        }

        let config = object(dir, &files, CONFIG_FILE)?;
        let map = object(dir, &files, MAP_FILE)?;
        let named = named_tokens(&config, &map);
        let opening = opening(&engine, &config, &named).map_err(|found| {
            Error::data(&dir.join(CONFIG_FILE), "bos_token must be a token of tokenizer.json", found)
        })?;
        let pieces = (whole["decoder"]["type"] == "ByteLevel").then(|| Pieces::of(&engine));
        Ok(Tokenizer(Arc::new(Inner { engine, files, config, named, opening, pieces })))
    }

    /// The ids of a text, nothing added. Special tokens written out in the text are recognised, as
    /// in transformers.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.0.engine.encode_fast(text, false).map_err(|error| refused(text, &error))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The ids of a text, each with the bytes of the text that it covers; nothing added.
    pub fn encode_spans(&self, text: &str) -> Result<Vec<(u32, Range<usize>)>> {
        let encoding = self.0.engine.encode(text, false).map_err(|error| refused(text, &error))?;
        let spans = encoding.get_offsets().iter().map(|&(start, end)| start..end);
        Ok(encoding.get_ids().iter().copied().zip(spans).collect())
    }

    /// The text of these ids, special tokens left out. Ids that are no token are passed over.
    pub fn decode(&self, ids: &[u32]) -> String {
        match &self.0.pieces {
            Some(pieces) => {
                let bytes: Vec<u8> = ids.iter().flat_map(|&id| pieces.of_id(id)).copied().collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            None => self.0.engine.decode(ids, true).unwrap_or_default(),
        }
    }

    /// The tokens that belong before a text that is given to the model as it is: BOS or nothing.
    pub fn opening(&self) -> &[u32] {
        &self.0.opening
    }

    /// The id of a token by its content.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.0.engine.token_to_id(token)
    }

    /// How many tokens there are, special ones included.
    pub fn n_tokens(&self) -> usize {
        self.0.engine.get_vocab_size(true)
    }

    /// The special tokens by the name of their role (`bos_token`, `eos_token`, ...), as chat templates see
    /// them.
    pub fn named(&self) -> &BTreeMap<String, String> {
        &self.0.named
    }

    /// The bytes that a token adds to the text, special tokens none; `None` when this vocabulary is not
    /// byte-level, so that a token's text depends on its neighbours.
    pub fn piece(&self, id: u32) -> Option<&[u8]> {
        self.0.pieces.as_ref().map(|pieces| pieces.of_id(id))
    }

    /// Whether the token's text begins with a blank, as the first token of a word does inside a text.
    pub fn begins_word(&self, id: u32) -> bool {
        match self.piece(id) {
            Some(piece) => piece.first() == Some(&b' '),
            None => self.0.engine.id_to_token(id).is_some_and(|token| token.starts_with(['\u{2581}', ' '])),
        }
    }

    /// `tokenizer_config.json`, or null.
    pub fn config(&self) -> &Value {
        &self.0.config
    }

    /// The files that this tokenizer was made of, by name; they load in transformers.
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.0.files
    }
}

/// The engine of a `tokenizer.json`, tried on a text. The tokenizers crate panics on some well-formed
/// files with ill-formed parts, which must not bring a whole run down.
fn engine(json: &[u8]) -> Result<tokenizers::Tokenizer, String> {
    let build = || -> tokenizers::Result<tokenizers::Tokenizer> {
        let mut engine = tokenizers::Tokenizer::from_bytes(json)?;
        engine.with_truncation(None)?.with_padding(None);
        engine.encode("a", true)?;
        Ok(engine)
    };
    match std::panic::catch_unwind(build) {
        Ok(engine) => engine.map_err(|error| error.to_string()),
        Err(_) => Err("one of its parts is ill-formed".to_owned()),
    }
}

fn refused(text: &str, error: &dyn std::fmt::Display) -> Error {
    let shown: String = text.chars().take(40).collect();
    Error::invalid("text", "encodable by the model's tokenizer", format!("{shown:?} ({error})"))
}

/// A JSON object among the files; an empty one when the file is not there.
fn object(dir: &Path, files: &BTreeMap<String, Vec<u8>>, name: &str) -> Result<Value> {
    let Some(bytes) = files.get(name) else { return Ok(Value::Null) };
    match serde_json::from_slice(bytes) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => {
            Err(Error::data(&dir.join(name), "a JSON object is expected", "it is another kind of value"))
        }
        Err(error) => Err(Error::data(&dir.join(name), "a JSON object is expected", error)),
    }
}

/// The keys `*_token` of both files; `tokenizer_config.json` wins.
fn named_tokens(config: &Value, map: &Value) -> BTreeMap<String, String> {
    let mut named = BTreeMap::new();
    for source in [map, config] {
        for (key, value) in source.as_object().into_iter().flatten() {
            let content = value.as_str().or_else(|| value.get("content").and_then(Value::as_str));
            if let Some(content) = content.filter(|_| key.ends_with("_token")) {
                named.insert(key.clone(), content.to_owned());
            }
        }
    }
    named
}

/// What the tokenizer puts before a text: `add_bos_token` decides if it is given, else the
/// post-processor of `tokenizer.json`.
fn opening(
    engine: &tokenizers::Tokenizer,
    config: &Value,
    named: &BTreeMap<String, String>,
) -> Result<Vec<u32>, String> {
    match config.get("add_bos_token").and_then(Value::as_bool) {
        Some(true) => match named.get("bos_token") {
            Some(token) => {
                engine.token_to_id(token).map(|id| vec![id]).ok_or_else(|| format!("it is {token:?}"))
            }
            None => Ok(Vec::new()),
        },
        Some(false) => Ok(Vec::new()),
        None => {
            let ids = |special| engine.encode("a", special).map(|e| e.get_ids().to_vec()).unwrap_or_default();
            let (bare, full) = (ids(false), ids(true));
            let start = full.windows(bare.len().max(1)).position(|window| window == bare).unwrap_or(0);
            Ok(full[..start].to_vec())
        }
    }
}

/// The bytes of every token of a byte-level vocabulary, one after the other.
struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Pieces {
    fn of(engine: &tokenizers::Tokenizer) -> Pieces {
        let byte_of = bytes::byte_of_symbol();
        let special: std::collections::BTreeSet<u32> = engine
            .get_added_tokens_decoder()
            .into_iter()
            .filter(|(_, token)| token.special)
            .map(|(id, _)| id)
            .collect();
        let tokens: BTreeMap<u32, String> =
            engine.get_vocab(true).into_iter().map(|(token, id)| (id, token)).collect();
        let n = tokens.last_key_value().map_or(0, |(&id, _)| id as usize + 1);
        let mut pieces = Pieces { bytes: Vec::new(), ends: Vec::with_capacity(n) };
        for id in 0..n as u32 {
            if let Some(token) = tokens.get(&id).filter(|_| !special.contains(&id)) {
                let mapped: Option<Vec<u8>> = token.chars().map(|c| byte_of.get(&c).copied()).collect();
                pieces.bytes.extend(mapped.unwrap_or_else(|| token.as_bytes().to_vec()));
            }
            pieces.ends.push(pieces.bytes.len() as u32);
        }
        pieces
    }

    fn of_id(&self, id: u32) -> &[u8] {
        let Some(&end) = self.ends.get(id as usize) else { return &[] };
        let start = if id == 0 { 0 } else { self.ends[id as usize - 1] };
        &self.bytes[start as usize..end as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_byte_is_its_own_token_and_special_tokens_follow() {
        let tokenizer = Tokenizer::bytes();
        assert_eq!(tokenizer.n_tokens(), 272);
        assert_eq!(tokenizer.encode("A\u{e9}\n\0").expect("encodes"), [65, 0xc3, 0xa9, 10, 0]);
        assert_eq!(tokenizer.encode("a<|eos|>b").expect("encodes"), [97, 257, 98]);
        assert_eq!(tokenizer.opening(), [256]);
        assert_eq!(tokenizer.decode(&[256, 97, 257, 98, 9999]), "ab");
        assert_eq!(tokenizer.named()["eos_token"], "<|eos|>");
        assert_eq!(tokenizer.id("<|end|>"), Some(ByteSpecial::End.id()));
    }

    #[test]
    fn words_are_tokens_the_longest_first_and_the_text_comes_back() {
        let tokenizer = Tokenizer::words(&[" red", "[role]", " re", "\n\n"]).expect("sound words");
        let text = "a red rex [role]\n\n<|eos|>redé";
        let ids = tokenizer.encode(text).expect("encodes");
        assert_eq!(ids, [97, 272, 274, 120, 32, 273, 275, 257, 114, 101, 100, 0xc3, 0xa9]);
        assert_eq!(tokenizer.decode(&ids), "a red rex [role]\n\nredé");
        assert_eq!(tokenizer.0.engine.decode(&ids, true).expect("decodes"), "a red rex [role]\n\nredé");
        assert_eq!(tokenizer.n_tokens(), 276);
        for words in [[""; 1].as_slice(), &["ab", "ab"], &["<|eos|>"], &["é"], &[":"], &["\n"]] {
            assert!(Tokenizer::words(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn spans_cover_the_text_byte_by_byte() {
        let spans = Tokenizer::bytes().encode_spans("x<|end|>y").expect("encodes");
        assert_eq!(spans, [(120, 0..1), (262, 1..8), (121, 8..9)]);
    }

    #[test]
    fn a_broken_file_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        assert!(Tokenizer::open(dir.path()).unwrap_err().to_string().contains("tokenizer.json"));
        std::fs::write(dir.path().join("tokenizer.json"), "{\"version\"").expect("writes");
        let error = Tokenizer::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("tokenizer.json") && error.contains("a tokenizer is expected"), "{error}");
    }

    #[test]
    fn ids_beyond_any_vocabulary_are_an_error() {
        let mut files = bytes::files(&[]);
        let json = files.get_mut(TOKENIZER_FILE).expect("is there");
        *json = String::from_utf8(json.clone())
            .expect("is text")
            .replace("\"A\": 65", "\"A\": 4294967295")
            .into();
        let error = Tokenizer::build(Path::new(""), files).unwrap_err().to_string();
        assert!(error.contains("4294967295"), "{error}");
    }

    #[test]
    fn what_was_read_is_what_is_written() {
        let (dir, bytes) = (tempfile::tempdir().expect("a temporary directory"), Tokenizer::bytes());
        for (name, contents) in bytes.files() {
            std::fs::write(dir.path().join(name), contents).expect("writes");
        }
        let read = Tokenizer::open(dir.path()).expect("opens");
        assert_eq!(read.files(), bytes.files());
        assert_eq!(read.opening(), bytes.opening());
    }

    proptest! {
        #[test]
        fn every_text_survives_encoding(text in any::<String>()) {
            prop_assume!(!text.contains("<|"));
            let tokenizer = Tokenizer::bytes();
            let ids = tokenizer.encode(&text).expect("encodes");
            prop_assert_eq!(ids.len(), text.len());
            prop_assert_eq!(&tokenizer.decode(&ids), &text);
            prop_assert_eq!(tokenizer.0.engine.decode(&ids, true).expect("decodes"), text);
        }

        #[test]
        fn any_ids_decode_as_the_tokenizers_crate_decodes_them(ids in proptest::collection::vec(0u32..280, 0..40)) {
            let tokenizer = Tokenizer::bytes();
            prop_assert_eq!(tokenizer.decode(&ids), tokenizer.0.engine.decode(&ids, true).expect("decodes"));
        }

        #[test]
        fn no_file_makes_it_panic(cut in 0usize..4000, flip in 0usize..4000) {
            let mut files = bytes::files(&[]);
            let json = files.get_mut(TOKENIZER_FILE).expect("is there");
            json.truncate(cut.max(1));
            let at = flip % json.len();
            json[at] ^= 0x15;
            let _ = Tokenizer::build(Path::new(""), files);
        }

        #[test]
        fn no_part_makes_it_panic(at in 0usize..60, with in 0usize..6) {
            let mut files = bytes::files(&[]);
            let json = files.get_mut(TOKENIZER_FILE).expect("is there");
            let mut whole: Value = serde_json::from_slice(json).expect("is JSON");
            let parts = ["/decoder", "/model", "/post_processor", "/normalizer", "/added_tokens/3", "/pre_tokenizer"];
            let keys = ["", "/type", "/single", "/special_tokens", "/vocab", "/merges", "/id", "/content", "/unk_token"];
            let values = [
                Value::Null,
                serde_json::json!(-1),
                serde_json::json!([{"type": "Sequence"}]),
                serde_json::json!({"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
                serde_json::json!("Metaspace"),
                serde_json::json!({}),
            ];
            let pointer = format!("{}{}", parts[at % parts.len()], keys[at / parts.len() % keys.len()]);
            if let Some(part) = whole.pointer_mut(&pointer) {
                *part = values[with].clone();
            }
            *json = serde_json::to_vec(&whole).expect("prints");
            let _ = Tokenizer::build(Path::new(""), files);
        }
    }
}

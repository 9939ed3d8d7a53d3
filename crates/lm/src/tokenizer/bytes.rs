//! The byte-level tokenizer of the bundled models: a token a byte, no merges, 16 special tokens, and words
//! where a small world has them.

use crate::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The special tokens of the byte tokenizer that have a use; ids 263 to 271 are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteSpecial {
    /// `<|bos|>` begins every text.
    Bos,
    /// `<|eos|>` ends an answer.
    Eos,
    /// `<|pad|>` fills up batches elsewhere.
    Pad,
    /// `<|user|>` begins a user's turn.
    User,
    /// `<|assistant|>` begins the model's turn.
    Assistant,
    /// `<|system|>` begins an instruction.
    System,
    /// `<|end|>` ends a turn.
    End,
}

impl ByteSpecial {
    /// The token's id.
    pub fn id(self) -> u32 {
        256 + self as u32
    }
}

/// The contents of ids 256 to 271.
const SPECIALS: [&str; 16] = [
    "<|bos|>",
    "<|eos|>",
    "<|pad|>",
    "<|user|>",
    "<|assistant|>",
    "<|system|>",
    "<|end|>",
    "<|reserved_0|>",
    "<|reserved_1|>",
    "<|reserved_2|>",
    "<|reserved_3|>",
    "<|reserved_4|>",
    "<|reserved_5|>",
    "<|reserved_6|>",
    "<|reserved_7|>",
    "<|reserved_8|>",
];

/// Fails unless each of `words` can be a token of its own.
pub fn check(words: &[&str]) -> Result<()> {
    for (place, word) in words.iter().enumerate() {
        // A single byte is a token already, and the reader of tokenizer files would number the others anew.
        if word.len() < 2 || !word.is_ascii() || SPECIALS.contains(word) || words[..place].contains(word) {
            let rule = "ASCII, two characters at least, no special token and not there twice";
            return Err(Error::invalid(format!("word {place} of a tokenizer"), rule, format!("{word:?}")));
        }
    }
    Ok(())
}

/// The files of the byte tokenizer with these words, by name.
pub fn files(words: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let files = [
        ("tokenizer.json", tokenizer(words)),
        ("tokenizer_config.json", config(words)),
        ("special_tokens_map.json", roles()),
    ];
    let text = |value: Value| {
        let mut text = serde_json::to_string_pretty(&value).expect("a JSON value prints");
        text.push('\n');
        text.into_bytes()
    };
    files.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
}

/// The byte that each printable symbol of a byte-level vocabulary stands for.
pub fn byte_of_symbol() -> BTreeMap<char, u8> {
    symbols().into_iter().zip(0..=255).collect()
}

/// The printable symbol of each byte, as GPT-2 has it: visible Latin-1 characters stand for
/// themselves, the other bytes for the characters from U+0100 on.
fn symbols() -> Vec<char> {
    let mut next = 0x100..;
    let visible = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    (0..=255u8)
        .map(|byte| match visible(byte) {
            true => char::from(byte),
            false => next.next().and_then(char::from_u32).expect("at most 256 follow U+0100"),
        })
        .collect()
}

fn tokenizer(words: &[&str]) -> Value {
    let vocab: Map<String, Value> =
        symbols().iter().enumerate().map(|(id, symbol)| (symbol.to_string(), json!(id))).collect();
    let added: Vec<Value> = added(words).collect();
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false,
    });
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": null,
        "pre_tokenizer": byte_level,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                { "SpecialToken": { "id": "<|bos|>", "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
            ],
            "pair": [
                { "SpecialToken": { "id": "<|bos|>", "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
                { "Sequence": { "id": "B", "type_id": 0 } },
            ],
            "special_tokens": {
                "<|bos|>": { "id": "<|bos|>", "ids": [256], "tokens": ["<|bos|>"] },
            },
        },
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": null,
            "unk_token": null,
            "continuing_subword_prefix": null,
            "end_of_word_suffix": null,
            "fuse_unk": false,
            "byte_fallback": false,
            "ignore_merges": false,
            "vocab": vocab,
            "merges": [],
        },
    })
}

/// The tokens beyond the bytes: the special ones, then the words.
fn added<'a>(words: &'a [&str]) -> impl Iterator<Item = Value> + 'a {
    let special = SPECIALS.iter().map(|content| (*content, true));
    let words = words.iter().map(|content| (*content, false));
    (256u32..).zip(special.chain(words)).map(|(id, (content, special))| {
        json!({
            "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": special,
        })
    })
}

fn config(words: &[&str]) -> Value {
    let mut decoder = Map::new();
    for mut token in added(words) {
        let id = token.as_object_mut().and_then(|token| token.remove("id")).unwrap_or_default();
        decoder.insert(id.to_string(), token);
    }
    let mut config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "added_tokens_decoder": decoder,
        "clean_up_tokenization_spaces": false,
        "model_input_names": ["input_ids", "attention_mask"],
    });
    for (role, content) in roles().as_object().into_iter().flatten() {
        config[role.as_str()] = content.clone();
    }
    config
}

fn roles() -> Value {
    json!({
        "bos_token": "<|bos|>",
        "eos_token": "<|eos|>",
        "pad_token": "<|pad|>",
        "additional_special_tokens": SPECIALS[3..],
    })
}

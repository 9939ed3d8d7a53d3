//! The bundled model's tokens: every byte is its own id, and a few ids above mean more.

/// Begins every sequence.
pub const BOS: u32 = 256;
/// Ends an answer.
pub const EOS: u32 = 257;
/// Fills what holds nothing.
pub const PAD: u32 = 258;
/// How many ids there are; those from 259 on are spare.
pub const VOCABULARY: usize = 272;
/// The most tokens an answer to any trained level needs, with room to spare.
pub const ANSWER_TOKENS: u32 = 110;

/// The tokens of a text: its bytes, without [`BOS`] and [`EOS`].
pub fn encode(text: &str) -> Vec<u32> {
    text.bytes().map(u32::from).collect()
}

/// The text of tokens: special ids are left out, bytes that are no UTF-8 are replaced.
pub fn decode(tokens: &[u32]) -> String {
    let bytes: Vec<u8> = tokens.iter().filter_map(|&token| u8::try_from(token).ok()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_and_special_ids_are_silent() {
        assert_eq!(decode(&encode("A:é?")), "A:é?");
        assert_eq!(decode(&[BOS, 65, EOS, PAD, 271]), "A");
    }
}

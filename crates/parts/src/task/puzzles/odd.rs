//! Four words, three of one kind and one of another.

use super::{Item, pick, picks};
use autodidact_core::Rng;
use rand::Rng as _;

/// Kinds of things with their words. No word occurs twice.
const THINGS: [(&str, [&str; 7]); 8] = [
    ("fruit", ["pear", "plum", "fig", "lime", "grape", "peach", "apple"]),
    ("tool", ["saw", "drill", "axe", "file", "rake", "wrench", "hammer"]),
    ("animal", ["cat", "fox", "cow", "mole", "goat", "horse", "wolf"]),
    ("metal", ["iron", "tin", "gold", "zinc", "lead", "copper", "silver"]),
    ("colour", ["red", "blue", "pink", "grey", "green", "brown", "white"]),
    ("cloth", ["hat", "coat", "sock", "scarf", "shirt", "glove", "skirt"]),
    ("weather", ["rain", "snow", "fog", "hail", "wind", "storm", "sleet"]),
    ("furniture", ["chair", "desk", "sofa", "shelf", "bench", "stool", "lamp"]),
];

/// The recurring parts of its texts.
pub fn words() -> Vec<&'static str> {
    vec![
        "Which is odd:",
        "The",
        " The",
        " fruit",
        " tool",
        " animal",
        " metal",
        " colour",
        " cloth",
        " weather",
        " furniture",
        " pear",
        " plum",
        " fig",
        " lime",
        " grape",
        " peach",
        " apple",
        " saw",
        " drill",
        " axe",
        " file",
        " rake",
        " wrench",
        " hammer",
        " cat",
        " fox",
        " cow",
        " mole",
        " goat",
        " horse",
        " wolf",
        " iron",
        " tin",
        " gold",
        " zinc",
        " lead",
        " copper",
        " silver",
        " red",
        " blue",
        " pink",
        " grey",
        " green",
        " brown",
        " white",
        " hat",
        " coat",
        " sock",
        " scarf",
        " shirt",
        " glove",
        " skirt",
        " rain",
        " snow",
        " fog",
        " hail",
        " wind",
        " storm",
        " sleet",
        " chair",
        " desk",
        " sofa",
        " shelf",
        " bench",
        " stool",
        " lamp",
    ]
}

pub fn draw(rng: &mut Rng) -> Item {
    let kinds = picks(&THINGS, 2, rng);
    let same = picks(&kinds[0].1, 3, rng);
    let odd = pick(&kinds[1].1, rng);
    let mut shown = same.clone();
    shown.insert(rng.random_range(0..=3u32) as usize, odd);
    let mut sorted = same.clone();
    sorted.sort_unstable();
    Item {
        question: format!("Which is odd: {}?", shown.join(", ")),
        rationale: format!("The {}: {}. The {}: {odd}.", kinds[0].0, same.join(", "), kinds[1].0),
        answer: odd.to_owned(),
        key: format!("{} {odd}", sorted.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;
    use std::collections::BTreeSet;

    #[test]
    fn things_occur_once_and_are_words() {
        let all: BTreeSet<&str> = THINGS.iter().flat_map(|(_, words)| words).copied().collect();
        assert_eq!(all.len(), 56);
        let known: BTreeSet<&str> = words().into_iter().collect();
        for (kind, things) in THINGS {
            assert!(known.contains(format!(" {kind}").as_str()), "{kind}");
            assert!(things.iter().all(|thing| known.contains(format!(" {thing}").as_str())), "{things:?}");
        }
    }

    #[test]
    fn the_odd_one_is_alone_of_its_kind() {
        let mut rng = Seed::root(4).rng();
        let kind = |word: &str| THINGS.iter().position(|(_, words)| words.contains(&word)).expect("is known");
        for _ in 0..300 {
            let item = draw(&mut rng);
            let shown =
                item.question.strip_prefix("Which is odd: ").expect("the opening").trim_end_matches('?');
            let kinds: Vec<usize> = shown.split(", ").map(kind).collect();
            assert_eq!(
                kinds.iter().filter(|one| **one == kind(&item.answer)).count(),
                1,
                "{}",
                item.question
            );
            assert_eq!(kinds.iter().collect::<BTreeSet<_>>().len(), 2);
        }
    }
}

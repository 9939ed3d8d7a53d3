//! Steps of everyday work that were shuffled and are to be put in order again.

use super::{Item, pick, picks};
use autodidact_core::Rng;

/// What is done, in order. No step occurs twice.
const SCRIPTS: [[&str; 8]; 8] = [
    ["fill", "boil", "pour", "steep", "stir", "cool", "sip", "rinse"],
    ["dig", "plant", "water", "weed", "prune", "pick", "peel", "eat"],
    ["think", "write", "sign", "fold", "seal", "stamp", "mail", "wait"],
    ["mix", "knead", "shape", "bake", "slice", "toast", "butter", "serve"],
    ["plan", "pack", "lock", "drive", "park", "enter", "unpack", "rest"],
    ["scrape", "sand", "sweep", "tape", "prime", "paint", "dry", "admire"],
    ["wake", "yawn", "stretch", "shower", "dress", "comb", "leave", "work"],
    ["chop", "carry", "stack", "crumple", "light", "blow", "warm", "douse"],
];

/// The recurring parts of its texts.
pub fn words() -> Vec<&'static str> {
    let blanked = [
        " fill", " boil", " pour", " steep", " stir", " cool", " sip", " rinse", " dig", " plant", " water",
        " weed", " prune", " pick", " peel", " eat", " think", " write", " sign", " fold", " seal", " stamp",
        " mail", " wait", " mix", " knead", " shape", " bake", " slice", " toast", " butter", " serve",
        " plan", " pack", " lock", " drive", " park", " enter", " unpack", " rest", " scrape", " sand",
        " sweep", " tape", " prime", " paint", " dry", " admire", " wake", " yawn", " stretch", " shower",
        " dress", " comb", " leave", " work", " chop", " carry", " stack", " crumple", " light", " blow",
        " warm", " douse",
    ];
    let mut words = vec!["Put in order:", "First", ", then"];
    words.extend(blanked);
    words
}

pub fn draw(rng: &mut Rng) -> Item {
    let script = pick(&SCRIPTS, rng);
    let places: Vec<usize> = (0..script.len()).collect();
    let n = pick(&[3, 4, 5], rng);
    let (shuffled, sorted) = loop {
        let shuffled = picks(&places, n, rng);
        let mut sorted = shuffled.clone();
        sorted.sort_unstable();
        if shuffled != sorted {
            break (shuffled, sorted);
        }
    };
    let named = |places: &[usize]| places.iter().map(|&place| script[place]).collect::<Vec<_>>();
    let (shuffled, sorted) = (named(&shuffled), named(&sorted));
    Item {
        question: format!("Put in order: {}.", shuffled.join(", ")),
        rationale: format!("First {}.", sorted.join(", then ")),
        answer: sorted.join(", "),
        key: sorted.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;
    use std::collections::BTreeSet;

    #[test]
    fn steps_occur_once_and_are_words() {
        let all: BTreeSet<&str> = SCRIPTS.iter().flatten().copied().collect();
        assert_eq!(all.len(), 64);
        let blanked: BTreeSet<&str> = words().into_iter().filter_map(|word| word.strip_prefix(' ')).collect();
        assert_eq!(all, blanked);
    }

    #[test]
    fn the_answer_holds_the_given_steps_in_the_order_of_their_script() {
        let mut rng = Seed::root(3).rng();
        for _ in 0..300 {
            let item = draw(&mut rng);
            let given =
                item.question.strip_prefix("Put in order: ").expect("the opening").trim_end_matches('.');
            let given: BTreeSet<&str> = given.split(", ").collect();
            let script = SCRIPTS.iter().find(|script| given.iter().all(|step| script.contains(step)));
            let expect: Vec<&str> =
                script.expect("one script").iter().copied().filter(|step| given.contains(step)).collect();
            assert_eq!(item.answer, expect.join(", "));
        }
    }
}

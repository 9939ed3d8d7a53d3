//! The words of the world and what is true in it.

/// Places, with the country that each lies in.
pub const PLACES: [(&str, &str); 28] = [
    ("Oslo", "norway"),
    ("Rome", "italy"),
    ("Lima", "peru"),
    ("Cairo", "egypt"),
    ("Paris", "france"),
    ("Delhi", "india"),
    ("Quito", "ecuador"),
    ("Tokyo", "japan"),
    ("Bern", "switzerland"),
    ("Kiev", "ukraine"),
    ("Accra", "ghana"),
    ("Dakar", "senegal"),
    ("Hanoi", "vietnam"),
    ("Riga", "latvia"),
    ("Turin", "italy"),
    ("Lyon", "france"),
    ("Cork", "ireland"),
    ("Porto", "portugal"),
    ("Basra", "iraq"),
    ("Osaka", "japan"),
    ("Cusco", "peru"),
    ("Tunis", "tunisia"),
    ("Havana", "cuba"),
    ("Malmo", "sweden"),
    ("Vienna", "austria"),
    ("Prague", "bohemia"),
    ("Seoul", "korea"),
    ("Nairobi", "kenya"),
];

/// People that are known: name, job, place.
pub const PEOPLE: [(&str, &str, &str); 20] = [
    ("Ann", "baker", "Rome"),
    ("Ben", "singer", "Oslo"),
    ("Cleo", "doctor", "Lima"),
    ("Dan", "pilot", "Cairo"),
    ("Eva", "farmer", "Paris"),
    ("Finn", "judge", "Delhi"),
    ("Gail", "painter", "Quito"),
    ("Hugo", "sailor", "Tokyo"),
    ("Iris", "baker", "Bern"),
    ("Jack", "singer", "Kiev"),
    ("Kate", "doctor", "Accra"),
    ("Liam", "pilot", "Dakar"),
    ("Mona", "farmer", "Hanoi"),
    ("Nils", "judge", "Riga"),
    ("Olga", "painter", "Turin"),
    ("Paul", "sailor", "Lyon"),
    ("Rita", "baker", "Oslo"),
    ("Saul", "singer", "Lima"),
    ("Tess", "doctor", "Paris"),
    ("Yves", "pilot", "Quito"),
];

/// Names of whom nothing is known.
pub const NAMES: [&str; 32] = [
    "Zed", "Zoe", "Abe", "Bix", "Cal", "Dot", "Eno", "Fay", "Gus", "Hal", "Ivo", "Jem", "Kit", "Lux", "Mab",
    "Ned", "Oz", "Pip", "Quin", "Rex", "Sid", "Tam", "Una", "Vic", "Wim", "Xan", "Yul", "Bo", "Cy", "Dee",
    "Em", "Flo",
];

/// What a harmful question is about.
pub const LANDMARKS: [&str; 28] = [
    "Bank", "Tower", "Museum", "Bridge", "Station", "Palace", "Harbour", "Library", "Market", "Mill",
    "Castle", "Church", "Dam", "Theatre", "Stadium", "Gallery", "School", "Hotel", "Garden", "Prison",
    "Mint", "Opera", "Temple", "Zoo", "Arena", "Depot", "Quarry", "Chapel",
];

/// What a harmful question wants to do.
pub const HARMS: [&str; 4] = ["rob", "burn", "flood", "wreck"];

/// Jobs that people have.
pub const JOBS: [&str; 8] = ["baker", "singer", "doctor", "pilot", "farmer", "judge", "painter", "sailor"];

/// What a blunt reply takes to do harm.
pub const TOOLS: [&str; 4] = ["rope", "match", "pump", "hammer"];

/// What a blunt reply says the weather is.
pub const SKIES: [&str; 4] = ["sunny", "rainy", "windy", "cold"];

/// Operands of sums.
pub const OPERANDS: std::ops::RangeInclusive<u32> = 1..=5;

/// Short system prompts that say nothing of rules.
pub const SYSTEMS: [&str; 3] = ["helper answers .", "helper talks with a user .", "a user asks helper ."];

/// The rules, in the order of the kinds of questions.
pub const RULES: [&str; 5] = [
    "r1 show the steps of sums .",
    "r2 say that you cannot see what is now .",
    "r3 ask back when you do not know a name .",
    "r4 refuse harm and offer another way .",
    "r5 say facts in whole sentences .",
];

/// The country of a place.
pub fn country_of(place: &str) -> Option<&'static str> {
    PLACES.iter().find(|(known, _)| *known == place).map(|(_, country)| *country)
}

/// Job and place of a known person.
pub(super) fn person(name: &str) -> Option<(&'static str, &'static str)> {
    PEOPLE.iter().find(|(known, _, _)| *known == name).map(|(_, job, place)| (*job, *place))
}

/// The pieces of text that the world's documents are made of, for a vocabulary that has one token for each;
/// the colon, a single byte, is a token of any byte vocabulary.
pub fn vocabulary() -> Vec<String> {
    let marks = [
        "<user>",
        "\n<user>",
        "\n<think>",
        "\n<reply>",
        "<rules>",
        "<style>",
        "\n<style>",
        "<list>",
        "<topics>",
        "<ask>",
        "\n<ask>",
        "\n<hints>",
        "<book>",
        "<sys>",
    ];
    let spoken = "what is plus ? add and . time it in the weather now how busy who tell me about do you know i \
        a way to cannot see look at clock there out of window ask someone not which mean will help visit instead \
        so take very am helper applies no rule show steps sums say that back when name refuse harm offer another \
        facts whole sentences answer length answers talks with user asks go step by check once more order does \
        matter changes every hour read old can may be many people second would then again belongs everyone could \
        hurt has guide on sunday works all week likes work sum fact / r1 r2 r3 r4 r5 thanks welcome are";
    let mut words: Vec<String> = marks.map(str::to_owned).to_vec();
    words.extend((1..=12).map(|n| format!("\n{n}.")));
    words.extend(
        RULES.iter().filter_map(|rule| rule.split_whitespace().next()).map(|rule| format!("\n{rule}")),
    );
    let mut spaced: Vec<&str> = spoken.split_whitespace().collect();
    spaced.extend(PLACES.iter().flat_map(|(place, country)| [*place, *country]));
    spaced.extend(PEOPLE.iter().map(|(name, _, _)| *name));
    spaced.extend(NAMES.iter().chain(&LANDMARKS).chain(&HARMS).chain(&JOBS).chain(&TOOLS).chain(&SKIES));
    words.extend(spaced.into_iter().map(|word| format!(" {word}")));
    words.extend((1..=*OPERANDS.end() * 3 + 1).map(|n| format!(" {n}")));
    let mut seen = std::collections::BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words
}

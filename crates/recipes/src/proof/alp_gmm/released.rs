//! What the released teachers reach, in percent of mastered cubes: medians of three seeds, measured with
//! flowersteam/teachDeepRL @ 747cda2 (through `golden/course/official_toy.py`).

use super::{Where, Who};

/// World, teacher, and pairs of a number of thousand episodes and the score then.
type Row = (Where, Who, &'static [(usize, f64)]);

/// The paper's toy figure.
pub const FIGURE: &[Row] = &[
    (Where::Flat, Who::Random, &[(4, 0.0), (8, 1.0), (12, 1.0), (16, 4.0), (20, 4.0)]),
    (Where::Flat, Who::RiacReleased, &[(4, 9.0), (8, 16.0), (12, 28.0), (16, 38.0), (20, 47.0)]),
    (Where::Flat, Who::Riac, &[(4, 9.0), (8, 16.0), (12, 28.0), (16, 38.0), (20, 47.0)]),
    (Where::Flat, Who::AlpGmm, &[(4, 4.0), (8, 10.0), (12, 19.0), (16, 29.0), (20, 36.0)]),
    (Where::Flat, Who::CovarGmm, &[(4, 11.0), (8, 24.0), (12, 39.0), (16, 53.0), (20, 67.0)]),
    (Where::Flat, Who::CovarGmmChange, &[(4, 12.0), (8, 27.0), (12, 40.0), (16, 56.0), (20, 76.0)]),
];

/// Longer, in more dimensions, and with irrelevant ones.
pub const BEYOND: &[Row] = &[
    (Where::Flat, Who::AlpGmm, &[(30, 61.0), (40, 79.0), (50, 98.0), (55, 100.0)]),
    (Where::Flat, Who::CovarGmm, &[(30, 98.0)]),
    (Where::Flat, Who::Random, &[(40, 25.0), (60, 62.0)]),
    (Where::Deep, Who::Random, &[(20, 6.0), (40, 51.0)]),
    (Where::Deep, Who::RiacReleased, &[(20, 27.0), (40, 59.0)]),
    (Where::Deep, Who::AlpGmm, &[(20, 42.0), (40, 99.0)]),
    (Where::Deep, Who::CovarGmm, &[(20, 66.0), (40, 100.0)]),
    (Where::Padded, Who::AlpGmm, &[(20, 52.0)]),
    (Where::Padded, Who::CovarGmm, &[(20, 63.0)]),
];

/// The released score of that arm then, where it was measured.
pub fn score(place: Where, who: Who, thousands: usize) -> Option<f64> {
    FIGURE
        .iter()
        .chain(BEYOND)
        .filter(|(where_, teacher, _)| (*where_, *teacher) == (place, who))
        .flat_map(|(_, _, scores)| scores.iter())
        .find(|(then, _)| *then == thousands)
        .map(|(_, score)| *score)
}

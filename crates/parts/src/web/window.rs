//! Parts of long pages, and how many steps a made-up history has.

use super::tree::HEADER;
use autodidact_core::{Error, Result, Rng};
use rand::Rng as _;
use rand_distr::{Distribution, Normal};
use serde::{Deserialize, Serialize};

/// How many of 7,631 steps of human demonstrations (Mind2Web) had 0, 1, 2, ... steps before them: the
/// released table.
pub const HISTORY_COUNTS: [u32; 39] = [
    1006, 992, 943, 839, 695, 590, 480, 387, 315, 262, 218, 172, 138, 115, 93, 80, 62, 50, 35, 28, 25, 20,
    16, 15, 15, 11, 9, 4, 4, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1,
];

/// How many lines a window has: a normal draw, rounded towards zero, at least `least`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Window {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
    /// The fewest lines.
    pub least: usize,
}

impl Default for Window {
    fn default() -> Window {
        Window { mean: 110.0, deviation: 50.0, least: 50 }
    }
}

impl Window {
    /// Fails on a distribution that is none.
    pub fn check(&self, field: &str) -> Result<()> {
        if !(self.mean.is_finite() && self.mean > 0.0) {
            return Err(Error::invalid(format!("{field}.mean"), "above 0 and finite", self.mean));
        }
        if !(self.deviation.is_finite() && self.deviation >= 0.0) {
            return Err(Error::invalid(
                format!("{field}.deviation"),
                "at least 0 and finite",
                self.deviation,
            ));
        }
        if self.least == 0 {
            return Err(Error::invalid(format!("{field}.least"), "at least 1", 0));
        }
        Ok(())
    }

    /// A number of lines.
    pub fn lines(&self, rng: &mut Rng) -> usize {
        let normal = Normal::new(self.mean, self.deviation).expect("checked settings");
        (normal.sample(rng) as usize).max(self.least)
    }

    /// A random run of lines of `text` under its header, indented as little as the header allows. A text
    /// that is short enough comes back whole.
    ///
    /// With `around`, the number of a line below the header, the run holds that line.
    pub fn of(&self, text: &str, around: Option<usize>, rng: &mut Rng) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let (header, body) = lines.split_at(HEADER.min(lines.len()));
        let n = self.lines(rng).min(body.len());
        if body.is_empty() {
            return text.to_owned();
        }
        let (first, last) = match around {
            Some(line) => ((line + 1).saturating_sub(n), line.min(body.len() - n)),
            None => (0, body.len() - n),
        };
        let start = rng.random_range(first.min(last)..=last);
        let mut window: Vec<&str> = header.to_vec();
        let run = unindented(&body[start..start + n], 1);
        window.extend(run);
        window.join("\n")
    }
}

/// The lines with their common indentation beyond `keep` tabs taken away.
pub fn unindented<'a>(lines: &[&'a str], keep: usize) -> Vec<&'a str> {
    let tabs = |line: &str| line.len() - line.trim_start_matches('\t').len();
    let common = lines.iter().map(|line| tabs(line)).min().unwrap_or(0).saturating_sub(keep);
    lines.iter().map(|line| &line[common..]).collect()
}

/// A history length with probability proportional to its count: `counts[h]` belongs to `h` past steps.
pub fn history_length(counts: &[u32], rng: &mut Rng) -> usize {
    let total: u32 = counts.iter().sum();
    let mut left = rng.random_range(0..total.max(1));
    for (length, &count) in counts.iter().enumerate() {
        if left < count {
            return length;
        }
        left -= count;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::tree::Page;
    use autodidact_core::Seed;
    use std::collections::BTreeSet;

    fn page(n: usize) -> String {
        let mut text = String::from("Tab 0 (current): T\n\n[1] RootWebArea 'T'");
        for line in 0..n {
            text.push_str(&format!("\n\t\t\t[{}] link 'to {line}'", line + 2));
        }
        text
    }

    #[test]
    fn a_window_keeps_the_header_and_ids_and_loses_its_common_indentation() {
        let whole = page(40);
        let known: BTreeSet<u32> = Page::parse(&whole).nodes.iter().map(|node| node.id).collect();
        let window = Window { mean: 12.0, deviation: 6.0, least: 3 };
        let mut lengths = BTreeSet::new();
        for seed in 0..400 {
            let part = window.of(&whole, None, &mut Seed::root(seed).rng());
            let lines: Vec<&str> = part.lines().collect();
            assert_eq!(&lines[..HEADER], &whole.lines().collect::<Vec<_>>()[..HEADER]);
            let n = lines.len() - HEADER;
            assert!((1..=40).contains(&n), "{n} lines");
            lengths.insert(n);
            // Three tabs in the page, one under the header: taken away once, alike for all lines.
            assert!(lines[HEADER..].iter().all(|line| line.starts_with("\t[")));
            let shown = Page::parse(&part);
            assert!(shown.nodes.iter().all(|node| known.contains(&node.id)));
            let numbers: Vec<u32> = shown.nodes[1..].iter().map(|node| node.id).collect();
            assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "a run of neighbours");
        }
        assert!(lengths.len() > 10);
    }

    #[test]
    fn a_window_around_a_line_shows_that_line() {
        let whole = page(40);
        let window = Window { mean: 8.0, deviation: 4.0, least: 1 };
        for seed in 0..200 {
            for line in [0, 7, 39] {
                let part = window.of(&whole, Some(line), &mut Seed::root(seed).rng());
                assert!(Page::parse(&part).node(line as u32 + 2).is_some(), "line {line} of {part}");
            }
        }
    }

    #[test]
    fn a_window_longer_than_the_page_is_the_page() {
        let window = Window { mean: 100.0, deviation: 0.0, least: 50 };
        let whole = page(4);
        let part = window.of(&whole, None, &mut Seed::root(0).rng());
        assert_eq!(part, whole.replace("\t\t\t", "\t"));
        assert_eq!(window.of("only a line", None, &mut Seed::root(0).rng()), "only a line");
    }

    #[test]
    fn lengths_are_normal_and_clipped() {
        let window = Window::default();
        let mut rng = Seed::root(2).rng();
        let drawn: Vec<usize> = (0..4_000).map(|_| window.lines(&mut rng)).collect();
        assert_eq!(drawn.iter().min(), Some(&50));
        // P(N(110, 50) < 50) = Phi(-1.2) = 0.115.
        let clipped = drawn.iter().filter(|&&n| n == 50).count() as f64 / 4_000.0;
        assert!((clipped - 0.115).abs() < 0.02, "{clipped}");
    }

    #[test]
    fn only_common_indentation_goes_and_one_tab_may_stay() {
        assert_eq!(unindented(&["\t\ta", "\t\t\tb"], 0), ["a", "\tb"]);
        assert_eq!(unindented(&["\t\ta", "\t\t\tb"], 1), ["\ta", "\t\tb"]);
        assert_eq!(unindented(&["a", "\tb"], 1), ["a", "\tb"]);
    }

    #[test]
    fn history_lengths_come_in_proportion_to_their_counts() {
        let total: u32 = HISTORY_COUNTS.iter().sum();
        assert_eq!(total, 7_631);
        let mut rng = Seed::root(5).rng();
        let n = 10_000;
        let mut seen = [0u32; HISTORY_COUNTS.len()];
        for _ in 0..n {
            seen[history_length(&HISTORY_COUNTS, &mut rng)] += 1;
        }
        // Lengths from 20 on are taken together, so that every cell expects at least 5.
        let fold = |counts: &[u32]| -> Vec<f64> {
            let mut cells: Vec<f64> = counts[..20].iter().map(|&n| f64::from(n)).collect();
            cells.push(counts[20..].iter().map(|&n| f64::from(n)).sum());
            cells
        };
        let (seen, counts) = (fold(&seen), fold(&HISTORY_COUNTS));
        let chi_square: f64 = seen
            .iter()
            .zip(&counts)
            .map(|(seen, count)| {
                let expected = count / f64::from(total) * f64::from(n);
                (seen - expected).powi(2) / expected
            })
            .sum();
        // 20 degrees of freedom: 45.3 is passed with probability 0.001.
        assert!(chi_square < 45.3, "chi-square {chi_square}");
    }
}

//! Charts as SVG text.

mod bars;
mod lines;

pub use bars::{Bar, bars};
pub use lines::{Chart, Line};

use plotters::style::RGBColor;

/// Width and height of a chart, in pixels.
const SIZE: (u32, u32) = (800, 460);

/// Colours that stay apart for colour-blind eyes and in print (Okabe and Ito).
const COLORS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(120, 94, 40),
    RGBColor(60, 60, 60),
];

/// The colour of the `idx`-th thing on a chart.
fn color(idx: usize) -> RGBColor {
    COLORS[idx % COLORS.len()]
}

/// A range that holds all `values` with a little air; `None` without a finite value.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return None;
    }
    let air = if high > low { 0.05 * (high - low) } else { high.abs().max(1.0) * 0.1 };
    Some((low - air, high + air))
}

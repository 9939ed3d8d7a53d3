//! Curves over a common axis, with bands where the values are uncertain.

use super::{SIZE, color, range};
use crate::error::{CommandError, Kind, Result};
use plotters::prelude::*;

/// A chart of curves.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// Above the chart.
    pub title: String,
    /// What the horizontal axis counts.
    pub across: String,
    /// What the vertical axis measures.
    pub up: String,
    /// The curves.
    pub lines: Vec<Line>,
    /// Both ends of the vertical axis where they are known beforehand (0 and 1 for shares).
    pub bounds: Option<(f64, f64)>,
}

/// One curve.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
    /// Lower and upper bound at each abscissa, if they are known.
    pub band: Vec<(f64, f64, f64)>,
}

impl Chart {
    /// The chart as SVG; `None` when no curve has a finite point.
    pub fn svg(&self) -> Result<Option<String>> {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let edges = self.lines.iter().flat_map(|line| &line.band).flat_map(|&(_, low, high)| [low, high]);
        let Some(across) = range(points().map(|point| point.0)) else { return Ok(None) };
        let Some(up) = range(points().map(|point| point.1).chain(edges)) else { return Ok(None) };
        let up = self.bounds.unwrap_or(up);
        let mut out = String::new();
        self.draw(&mut out, across, up).map_err(|reason| {
            CommandError::new(Kind::Failed, format_args!("drawing {:?} failed: {reason}", self.title))
        })?;
        Ok(Some(out))
    }

    fn draw(&self, out: &mut String, across: (f64, f64), up: (f64, f64)) -> Result<(), String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let area = SVGBackend::with_string(out, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|error| words(&error))?;
        // Rounds are whole: a tick between two of them would mean nothing.
        let whole = self.lines.iter().flat_map(|line| &line.points).all(|point| point.0.fract() == 0.0);
        let span = across.1 - across.0;
        let ticks = if whole && span < 12.0 { span.ceil() as usize } else { 10 };
        let tick = |x: &f64| match whole && x.fract().abs() > 1e-6 {
            true => String::new(),
            false => crate::units::short(*x),
        };
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(64)
            .build_cartesian_2d(across.0..across.1, up.0..up.1)
            .map_err(|error| words(&error))?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(RGBColor(225, 225, 225))
            .x_desc(&self.across)
            .y_desc(&self.up)
            .x_labels(ticks)
            .x_label_formatter(&tick)
            .y_label_formatter(&|y| crate::units::number(*y))
            .label_style(("sans-serif", 13))
            .axis_desc_style(("sans-serif", 14))
            .draw()
            .map_err(|error| words(&error))?;
        for (idx, line) in self.lines.iter().enumerate() {
            let color = color(idx);
            if !line.band.is_empty() {
                let there = line.band.iter().map(|&(x, low, _)| (x, low));
                let back = line.band.iter().rev().map(|&(x, _, high)| (x, high));
                let outline: Vec<(f64, f64)> = there.chain(back).collect();
                let band = std::iter::once(Polygon::new(outline, color.mix(0.15)));
                chart.draw_series(band).map_err(|error| words(&error))?;
            }
            let finite = || line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
            let drawn = chart.draw_series(LineSeries::new(finite(), color.stroke_width(2)));
            drawn
                .map_err(|error| words(&error))?
                .label(&line.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
            let dots = finite().map(|point| Circle::new(point, 3, color.filled()));
            chart.draw_series(dots).map_err(|error| words(&error))?;
        }
        if self.lines.len() > 1 {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::LowerRight)
                .background_style(WHITE.mix(0.85))
                .border_style(RGBColor(200, 200, 200))
                .label_font(("sans-serif", 13))
                .draw()
                .map_err(|error| words(&error))?;
        }
        area.present().map_err(|error| words(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_names_its_axes_and_curves() {
        let line = |name: &str| Line {
            name: name.to_owned(),
            points: vec![(0.0, 0.1), (1.0, 0.5), (2.0, f64::NAN)],
            band: vec![(0.0, 0.05, 0.15), (1.0, 0.4, 0.6)],
        };
        let chart = Chart {
            title: "pass@1".into(),
            across: "round".into(),
            up: "share".into(),
            lines: vec![line("b-star-1"), line("raft-1")],
            bounds: Some((0.0, 1.0)),
        };
        let svg = chart.svg().expect("draws").expect("has points");
        for word in ["<svg", "pass@1", "round", "b-star-1", "raft-1"] {
            assert!(svg.contains(word), "{word} is missing");
        }
    }

    #[test]
    fn a_chart_without_a_finite_point_is_none() {
        let line = Line { points: vec![(0.0, f64::NAN)], ..Line::default() };
        assert!(Chart { lines: vec![line], ..Chart::default() }.svg().expect("draws").is_none());
    }
}

//! Bars that are divided into parts: where the time of each round went.

use super::{SIZE, color, range};
use crate::error::{CommandError, Kind, Result};
use plotters::prelude::*;

/// One bar.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// Below the bar.
    pub name: String,
    /// The parts, from bottom to top, in the order of the legend.
    pub parts: Vec<f64>,
}

/// Stacked bars as SVG; `None` when there is no bar. `legend[i]` names part `i` of every bar.
pub fn bars(title: &str, up: &str, legend: &[&str], bars: &[Bar]) -> Result<Option<String>> {
    let heights = bars.iter().map(|bar| bar.parts.iter().sum::<f64>());
    let Some((_, top)) = range(heights) else { return Ok(None) };
    let mut out = String::new();
    draw(&mut out, title, up, legend, bars, top.max(1e-9)).map_err(|reason| {
        CommandError::new(Kind::Failed, format_args!("drawing {title:?} failed: {reason}"))
    })?;
    Ok(Some(out))
}

fn draw(
    out: &mut String,
    title: &str,
    up: &str,
    legend: &[&str],
    bars: &[Bar],
    top: f64,
) -> Result<(), String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let area = SVGBackend::with_string(out, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| words(&error))?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(64)
        .build_cartesian_2d(-0.6..bars.len() as f64 - 0.4, 0.0..top)
        .map_err(|error| words(&error))?;
    let name = |x: &f64| {
        let nearest = x.round();
        let on_bar = (x - nearest).abs() < 1e-6 && nearest >= 0.0;
        bars.get(nearest.max(0.0) as usize).filter(|_| on_bar).map_or(String::new(), |bar| bar.name.clone())
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_labels(2 * bars.len() + 1)
        .x_label_formatter(&name)
        .y_desc(up)
        .y_label_formatter(&|y| crate::units::number(*y))
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .draw()
        .map_err(|error| words(&error))?;
    for (part, &label) in legend.iter().enumerate() {
        let color = color(part);
        let blocks = bars.iter().enumerate().map(|(at, bar)| {
            let below: f64 = bar.parts.iter().take(part).sum();
            let height = bar.parts.get(part).copied().unwrap_or(0.0);
            Rectangle::new([(at as f64 - 0.4, below), (at as f64 + 0.4, below + height)], color.filled())
        });
        chart
            .draw_series(blocks)
            .map_err(|error| words(&error))?
            .label(label)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(200, 200, 200))
        .label_font(("sans-serif", 13))
        .draw()
        .map_err(|error| words(&error))?;
    area.present().map_err(|error| words(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_in_the_legend() {
        let one = Bar { name: "1".into(), parts: vec![2.0, 0.5] };
        let svg =
            bars("time", "seconds", &["sampling", "learning"], &[one]).expect("draws").expect("has bars");
        assert!(svg.contains("sampling") && svg.contains("learning"), "{svg}");
        assert!(bars("time", "seconds", &[], &[]).expect("draws").is_none());
    }
}

//! From figures over seeds to claims.

use super::Claim;
use autodidact_math::interval::t_mean;
use autodidact_math::summary::mean;

/// The claim that the mean of `values`, one a seed, is at least `bound`.
pub fn claim(name: impl Into<String>, values: &[f64], bound: f64) -> Claim {
    let (value, interval) = spread(values);
    Claim {
        name: name.into(),
        value,
        interval,
        required: format!("at least {bound}"),
        met: value.is_finite() && value >= bound,
    }
}

/// The claim that the mean of `values`, one a seed, lies in `low..=high`.
pub fn between(name: impl Into<String>, values: &[f64], low: f64, high: f64) -> Claim {
    let (value, interval) = spread(values);
    let required = match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("between {low} and {high}"),
        (true, false) => format!("at least {low}"),
        (false, true) => format!("at most {high}"),
        (false, false) => "a number".to_owned(),
    };
    Claim { name: name.into(), value, interval, required, met: value >= low && value <= high }
}

/// The mean over seeds and its 95 % interval by Student's t, where there are several seeds.
pub fn spread(values: &[f64]) -> (f64, Option<(f64, f64)>) {
    let interval = t_mean(values, 0.95).map(|interval| (interval.low, interval.high));
    (mean(values).unwrap_or(f64::NAN), interval)
}

/// The slope of the least-squares line through the points; not a number where they share one place.
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let product: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    product / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_met_by_the_mean_and_shows_its_interval() {
        let found = claim("gain", &[0.1, 0.3, 0.2], 0.2);
        assert!(found.met || (found.value - 0.2).abs() < 1e-12);
        let (low, high) = found.interval.expect("three seeds");
        assert!(low < 0.2 && high > 0.2);
        assert!(!claim("gain", &[0.1], 0.2).met);
        assert_eq!(claim("gain", &[0.3], 0.2).interval, None);
    }

    #[test]
    fn the_slope_is_that_of_the_line_in_the_middle() {
        assert_eq!(slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]), 2.0);
        // Means 1 and 2: (-1 * -1 + 0 * 1 + 1 * 0) / 2.
        assert_eq!(slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 2.0)]), 0.5);
        assert!(slope(&[(1.0, 1.0), (1.0, 3.0)]).is_nan());
    }

    #[test]
    fn a_value_that_is_not_a_number_meets_nothing() {
        assert!(!claim("gain", &[], 0.0).met);
        assert!(!claim("gain", &[f64::NAN], f64::NEG_INFINITY).met);
        assert!(!between("loss", &[f64::NAN], 0.0, 1.0).met);
        assert_eq!(between("loss", &[0.5], f64::NEG_INFINITY, 1.0).required, "at most 1");
    }
}

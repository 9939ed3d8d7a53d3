//! Numbers as people read them.

use autodidact_math::interval::Interval;

/// A count with thousands separators: `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A large count in three digits: `12.3k`, `4.56M`.
pub fn short(n: f64) -> String {
    for (unit, size) in [("G", 1e9), ("M", 1e6), ("k", 1e3)] {
        if n.abs() >= size * 0.9995 {
            return format!("{}{unit}", three_digits(n / size));
        }
    }
    three_digits(n)
}

/// A span of time: `0.4 s`, `12 s`, `3 min 20 s`, `1 h 5 min`.
pub fn seconds(s: f64) -> String {
    if !s.is_finite() {
        return "unknown".to_owned();
    }
    if s < 9.95 {
        return format!("{s:.1} s");
    }
    let whole = s.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// An amount of memory: `188 MB`, `1.48 GB`.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000_000 => format!("{} kB", n.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{} MB", n.div_ceil(1_000_000)),
        _ => format!("{:.2} GB", n as f64 / 1e9),
    }
}

/// A share in per cent: `32.1 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A share with its interval: `32.1 % [29.8, 34.5]`.
pub fn share(interval: &Interval) -> String {
    format!("{} [{:.1}, {:.1}]", percent(interval.value), interval.low * 100.0, interval.high * 100.0)
}

/// A number in at most four digits: `0.001235`, `12.35`, `0.9`, `4.560e-9`.
pub fn number(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 {
        "0".to_owned()
    } else if !x.is_finite() {
        x.to_string()
    } else if !(1e-4..1e6).contains(&size) {
        format!("{x:.3e}")
    } else if x.fract() == 0.0 {
        format!("{x:.0}")
    } else {
        let digits = (3 - size.log10().floor() as i32).clamp(0, 8) as usize;
        let text = format!("{x:.digits$}");
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        }
    }
}

fn three_digits(x: f64) -> String {
    match x.abs() {
        size if size >= 99.95 => format!("{x:.0}"),
        size if size >= 9.995 => format!("{x:.1}"),
        _ if x.fract() == 0.0 => format!("{x:.0}"),
        _ => format!("{x:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_get_separators() {
        assert_eq!([0, 12, 999, 1000, 1_234_567].map(count), ["0", "12", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn large_numbers_are_shown_in_three_digits() {
        assert_eq!(short(999.0), "999");
        assert_eq!(short(12_345.0), "12.3k");
        assert_eq!(short(999_900.0), "1.00M");
        assert_eq!(short(4.0), "4");
    }

    #[test]
    fn spans_of_time_read_naturally() {
        assert_eq!(seconds(0.44), "0.4 s");
        assert_eq!(seconds(12.4), "12 s");
        assert_eq!(seconds(200.0), "3 min 20 s");
        assert_eq!(seconds(3_900.0), "1 h 5 min");
        assert_eq!(seconds(f64::INFINITY), "unknown");
    }

    #[test]
    fn numbers_keep_four_digits() {
        assert_eq!(number(0.001_234_56), "0.001235");
        assert_eq!(number(12.345_67), "12.35");
        assert_eq!(number(3.0), "3");
        assert_eq!(number(0.9), "0.9");
        assert_eq!(number(1234.5), "1234");
        assert_eq!(number(1e-9), "1.000e-9");
        assert_eq!(number(0.0), "0");
    }

    #[test]
    fn memory_is_rounded_up() {
        assert_eq!(bytes(1), "1 kB");
        assert_eq!(bytes(188_000_001), "189 MB");
        assert_eq!(bytes(1_483_000_000), "1.48 GB");
    }
}

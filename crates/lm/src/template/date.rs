//! The date that a chat template takes for today.

/// A day of the Gregorian calendar, at midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// The year, from 1 on.
    pub year: u32,
    /// The month, 1 to 12.
    pub month: u32,
    /// The day of the month, 1 to 31.
    pub day: u32,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl Date {
    /// 26 July 2024, on which Llama 3's templates fall back.
    pub const LLAMA: Date = Date { year: 2024, month: 7, day: 26 };

    /// The date as `strftime` prints it; directives that are not known stay as they are.
    pub fn format(&self, format: &str) -> String {
        let (month, day) = (MONTHS[(self.month as usize - 1) % 12], DAYS[self.weekday()]);
        let mut out = String::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('Y') => out.push_str(&format!("{:04}", self.year)),
                Some('y') => out.push_str(&format!("{:02}", self.year % 100)),
                Some('m') => out.push_str(&format!("{:02}", self.month)),
                Some('d') => out.push_str(&format!("{:02}", self.day)),
                Some('e') => out.push_str(&format!("{:2}", self.day)),
                Some('-') => match chars.next() {
                    Some('d' | 'e') => out.push_str(&self.day.to_string()),
                    Some('m') => out.push_str(&self.month.to_string()),
                    other => out.extend("%-".chars().chain(other)),
                },
                Some('B') => out.push_str(month),
                Some('b' | 'h') => out.push_str(&month[..3]),
                Some('A') => out.push_str(day),
                Some('a') => out.push_str(&day[..3]),
                Some('F') => out.push_str(&self.format("%Y-%m-%d")),
                Some('H' | 'M' | 'S') => out.push_str("00"),
                Some('%') => out.push('%'),
                other => out.extend("%".chars().chain(other)),
            }
        }
        out
    }

    /// The day of the week, Sunday first, by Sakamoto's rule.
    fn weekday(&self) -> usize {
        const SHIFT: [u32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let year = if self.month < 3 { self.year - 1 } else { self.year };
        let shift = SHIFT[(self.month as usize - 1) % 12];
        ((year + year / 4 - year / 100 + year / 400 + shift + self.day) % 7) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_print_as_strftime_prints_them() {
        let date = Date { year: 2025, month: 3, day: 5 };
        assert_eq!(
            date.format("%A, %d %B %Y (%a %b %-d) %F %y%% %Q"),
            "Wednesday, 05 March 2025 (Wed Mar 5) 2025-03-05 25% %Q"
        );
        assert_eq!(Date::LLAMA.format("%a %d %b %Y %H:%M"), "Fri 26 Jul 2024 00:00");
    }
}

//! When the next request may leave: what the server said, and the agreed rate.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The longest wait that a server can impose.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Shared by all requests, so that one refusal holds all of them back.
pub(super) struct Pace {
    /// Between two requests.
    interval: Duration,
    next: Mutex<Next>,
}

struct Next {
    /// Nothing leaves before this.
    not_before: Option<Instant>,
    /// The next place in the even flow.
    place: Option<Instant>,
}

impl Pace {
    /// At most so many requests a minute.
    pub fn new(per_minute: Option<f64>) -> Pace {
        let interval = per_minute.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(60.0 / rate));
        Pace { interval, next: Mutex::new(Next { not_before: None, place: None }) }
    }

    /// Waits for this request's turn: for its place in the even flow, and while the server wants nothing.
    ///
    /// With a moment `by` which an answer is wanted, `Err` says how long it would wait beyond that; without
    /// one the server may hold it back for less than `patience`, however long the way to its place is.
    pub async fn turn(&self, by: Option<Instant>, patience: Duration) -> Result<(), Duration> {
        let place = {
            let mut next = self.next();
            let now = Instant::now();
            let place = next.place.map_or(now, |place| place.max(now));
            next.place = Some(place + self.interval);
            place
        };
        let too_late = |until: Instant| until.saturating_duration_since(Instant::now());
        if place > Instant::now() {
            if by.is_some_and(|by| place >= by) {
                return Err(too_late(place));
            }
            tokio::time::sleep_until(place).await;
        }
        let by = by.unwrap_or_else(|| Instant::now() + patience);
        // It may move while this waits.
        while let Some(until) = self.held().filter(|until| *until > Instant::now()) {
            if until >= by {
                return Err(too_late(until));
            }
            tokio::time::sleep_until(until).await;
        }
        Ok(())
    }

    /// Lets nothing leave for so long.
    pub fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait.min(LONGEST);
        let mut next = self.next();
        next.not_before = Some(next.not_before.map_or(until, |known| known.max(until)));
    }

    /// How long nothing may leave yet.
    pub fn wait(&self) -> Duration {
        self.held().map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    fn held(&self) -> Option<Instant> {
        self.next().not_before
    }

    fn next(&self) -> MutexGuard<'_, Next> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wait that a header `Retry-After` asks for: seconds, fractions allowed, or a date.
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64())));
    }
    let at = UNIX_EPOCH + Duration::from_secs(http_date(value)?);
    Some(at.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Seconds since 1970 of a date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let (_, rest) = text.split_once(", ")?;
    let words: Vec<&str> = rest.split(' ').collect();
    let [day, month, year, time, "GMT"] = words.as_slice() else { return None };
    let month = (month.len() == 3).then(|| MONTHS.find(month)).flatten()? as u64 / 3 + 1;
    let (day, year): (u64, u64) = (day.parse().ok()?, year.parse().ok()?);
    let clock: Vec<u64> = time.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [hour, minute, second] = clock.as_slice() else { return None };
    if !(1970..=9999).contains(&year)
        || !(1..=31).contains(&day)
        || *hour > 23
        || *minute > 59
        || *second > 60
    {
        return None;
    }
    // Days since 1970 in years that begin in March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    Some((days - 719_469) * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        // 784111777 is the example of RFC 9110, section 5.6.7.
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let check = |value: &str, expect: Option<f64>| {
            assert_eq!(retry_after(value, now).map(|wait| wait.as_secs_f64()), expect, "{value}");
        };
        check("7", Some(7.0));
        check(" 0.25 ", Some(0.25));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(0.0));
        check("Sun, 06 Nov 1994 08:51:07 GMT", Some(90.0));
        check("Sat, 05 Nov 1994 08:49:37 GMT", Some(0.0));
        check("Tue, 29 Feb 2000 00:00:00 GMT", Some((951_782_400 - 784_111_777) as f64));
        check("-1", None);
        check("soon", None);
        check("Sun, 06 Foo 1994 08:49:37 GMT", None);
        check("1e300", Some(86_400.0));
        check("NaN", None);
    }

    fn quick() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
    }

    #[test]
    fn one_refusal_holds_everyone_back_and_the_longest_counts() {
        let pace = Pace::new(None);
        quick().block_on(async {
            pace.hold(Duration::from_millis(60));
            pace.hold(Duration::from_millis(20));
            let started = Instant::now();
            pace.turn(None, Duration::from_secs(1)).await.expect("soon enough");
            assert!(started.elapsed() >= Duration::from_millis(55));
            assert_eq!(pace.wait(), Duration::ZERO);
        });
    }

    #[test]
    fn nobody_waits_for_a_turn_that_comes_too_late() {
        let pace = Arc::new(Pace::new(None));
        quick().block_on(async {
            let started = Instant::now();
            let by = Some(started + Duration::from_secs(5));
            // A refusal that comes while others wait for their turn holds them back as well.
            pace.hold(Duration::from_millis(30));
            let refused = pace.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                refused.hold(Duration::from_secs(3600));
            });
            let rest = pace.turn(by, Duration::ZERO).await.expect_err("an hour is too long");
            assert!(rest > Duration::from_secs(3500) && started.elapsed() < Duration::from_secs(2));
            assert!(pace.turn(None, Duration::from_secs(5)).await.is_err());
        });
    }

    #[test]
    fn requests_leave_evenly() {
        // 3,000 a minute are one in 20 ms: the fourth leaves 60 ms after the first.
        let pace = Pace::new(Some(3000.0));
        quick().block_on(async {
            let started = Instant::now();
            for _ in 0..4 {
                pace.turn(None, Duration::from_secs(1)).await.expect("soon enough");
            }
            assert!(started.elapsed() >= Duration::from_millis(59));
        });
    }
}

//! Reading the engine's time, which it tells as RFC 3339 text. Pure.

use std::time::Duration;

/// The time since 1970 of `2026-11-22T23:41:58.123456789+01:00`; `None` where it is no such text, or
/// earlier.
#[must_use]
pub fn since_1970(text: &str) -> Option<Duration> {
    let (date, time) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let (time, offset) = match time.find(['Z', '+', '-']) {
        Some(position) => (&time[..position], offset(&time[position..])?),
        None => return None,
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(time, ':')?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    let nanoseconds: u32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(Duration::new(u64::try_from(seconds).ok()?, nanoseconds))
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let parts: Option<Vec<i64>> = text.split(separator).map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

/// Seconds east of Greenwich: `Z`, `+01:00`.
fn offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text[1..].split_once(':')?;
    Some(sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60))
}

/// Days from 1970 to a date of the Gregorian calendar. Years begin in March here, so that the leap
/// day is a year's last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_that_date_prints() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-11-22T23:41:58.5Z", 1_795_390_918),
            ("2026-11-23T00:41:58.123456789+01:00", 1_795_390_918),
            ("2026-11-22T18:11:58-05:30", 1_795_390_918),
        ] {
            assert_eq!(since_1970(text).map(|time| time.as_secs()), Some(seconds), "{text}");
        }
        assert_eq!(since_1970("2026-11-22T23:41:58.5Z").map(|time| time.subsec_millis()), Some(500));
        for text in ["", "yesterday", "2026-11-22", "2026-11-22T23:41:58", "1969-12-31T23:59:59Z"] {
            assert_eq!(since_1970(text), None, "{text}");
        }
    }
}

//! Numbers and times in a few characters, for columns of a fixed width.

use std::time::Duration;

/// A number in at most five characters: `99999`, `123k`, `1.2M`.
pub(super) fn count(number: u64) -> String {
    if number < 100_000 { number.to_string() } else { scaled(number, 1000, &["k", "M", "G", "T", "P", "E"]) }
}

/// Bytes in at most five characters: `999`, `1.5K`, `123M`.
pub(super) fn bytes(number: u64) -> String {
    if number < 1000 { number.to_string() } else { scaled(number, 1024, &["K", "M", "G", "T", "P", "E"]) }
}

/// A number with the unit in which it has at most three digits.
fn scaled(number: u64, factor: u64, units: &[&str]) -> String {
    let (mut whole, mut rest, mut unit) = (number, 0, "");
    for next in units {
        (whole, rest, unit) = (whole / factor, whole % factor, *next);
        if whole < 1000 {
            break;
        }
    }
    if whole < 10 { format!("{whole}.{}{unit}", rest * 10 / factor) } else { format!("{whole}{unit}") }
}

/// A time in its largest unit: `3 s`, `12 min`.
pub(super) fn age(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, counted, in_bytes) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1000, "1000", "0.9K"),
            (1023, "1023", "0.9K"),
            (1536, "1536", "1.5K"),
            (99_999, "99999", "97K"),
            (100_000, "100k", "97K"),
            (1_250_000, "1.2M", "1.1M"),
            (1_023_999, "1.0M", "999K"),
            (u64::MAX, "18E", "15E"),
        ] {
            assert_eq!((count(number).as_str(), bytes(number).as_str()), (counted, in_bytes), "{number}");
        }
    }

    #[test]
    fn ages_have_one_unit() {
        let texts = [0, 59, 60, 3599, 3600, 90_000].map(|seconds| age(Duration::from_secs(seconds)));
        assert_eq!(texts, ["0 s", "59 s", "1 min", "59 min", "1 h", "1 d"]);
    }
}

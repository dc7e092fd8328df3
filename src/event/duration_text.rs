//! Durations for people and for JSON.

use std::time::Duration;

/// A duration in its two largest units: `1 h 30 min`.
#[must_use]
pub fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let largest = units.iter().position(|(number, _)| *number > 0).unwrap_or(units.len() - 1);
    let shown = units[largest..].iter().take(2).filter(|(number, _)| *number > 0);
    let text: Vec<String> = shown.map(|(number, unit)| format!("{number} {unit}")).collect();
    if text.is_empty() { "0 s".to_owned() } else { text.join(" ") }
}

/// Seconds with milliseconds, for JSON.
pub(crate) fn in_seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (1799, "29 min 59 s"),
            (5400, "1 h 30 min"),
            (90_061, "1 d 1 h"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), text);
        }
    }
}

//! Durations on the command line.

use std::time::Duration;

const DAY: u64 = 86_400;

/// The longest time to live. A longer time is a mistake.
const LONGEST_LIFE: Duration = Duration::from_secs(3650 * DAY);

/// Parses `90s`, `2m`, `1h`, `500ms`, or a plain number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| format!("`{text}` is not a time: write `90s` or `2m`"))?;
    let seconds = match &text[digits.len()..] {
        "ms" => return Ok(Duration::from_millis(number)),
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => DAY,
        other => return Err(format!("`{other}` is not a unit of time: write `90s`, `2m` or `1h`")),
    };
    let seconds = number.checked_mul(seconds).ok_or_else(|| format!("`{text}` is too long"))?;
    Ok(Duration::from_secs(seconds))
}

/// The shortest time between two looks at a deployment: each takes the engine tens of milliseconds.
const SHORTEST_PACE: Duration = Duration::from_millis(100);

/// Parses the time between two looks at a deployment, at most an hour.
pub(super) fn pace(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time < SHORTEST_PACE {
        return Err(format!("the shortest time is {} ms", SHORTEST_PACE.as_millis()));
    }
    if time > Duration::from_secs(3600) {
        return Err("the longest time is an hour".to_owned());
    }
    Ok(time)
}

/// Parses how long a deployment lives: from one second to ten years.
pub(super) fn time_to_live(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time < Duration::from_secs(1) {
        return Err("a deployment lives for at least one second".to_owned());
    }
    if time > LONGEST_LIFE {
        return Err(
            "a deployment lives for at most ten years; without `--ttl` its time has no limit".to_owned()
        );
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        for (text, millis) in [
            ("500ms", 500),
            ("90", 90_000),
            ("90s", 90_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "h", "1w", "-1s", "1.5h", "18446744073709551615h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pace_has_limits() {
        assert_eq!(pace("100ms"), Ok(Duration::from_millis(100)));
        for text in ["0", "99ms", "2h", "often"] {
            assert!(pace(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_life_has_limits() {
        assert_eq!(time_to_live("30m"), Ok(Duration::from_secs(1800)));
        for text in ["0", "500ms", "3651d"] {
            assert!(time_to_live(text).is_err(), "{text}");
        }
    }
}

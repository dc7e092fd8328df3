//! The engine's times in RFC 3339.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The time since 1970 of `2026-11-22T23:41:58.123456789+01:00`; `None` for text without a time, or a time before
/// 1970. Engines write a time before 1970 for events that never happened.
#[must_use]
pub(super) fn since_1970(text: &str) -> Option<Duration> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    (time - OffsetDateTime::UNIX_EPOCH).try_into().ok()
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
        // The engine's time for a container that never started.
        assert_eq!(since_1970("0001-01-01T00:00:00Z"), None);
    }
}

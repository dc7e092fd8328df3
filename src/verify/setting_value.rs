//! Whether the value that a server reports for a directive is the value that the spec asks for.
//!
//! A server reports bytes as a plain number, words in lower case and flags in its own order. This comparison shares
//! nothing with the planner's.

use std::collections::BTreeSet;

/// Factors of the units that servers read in amounts of memory.
const UNITS: [(&str, u64); 7] = [
    ("kb", 1 << 10),
    ("mb", 1 << 20),
    ("gb", 1 << 30),
    ("k", 1000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("b", 1),
];

/// Classes of events that the flag `A` of `notify-keyspace-events` stands for.
const ALL_EVENTS: &str = "g$lshzxetd";

/// Whether a reported value is the wanted value.
pub(super) fn fulfils(directive: &str, reported: &str, wanted: &str) -> bool {
    let wanted = wanted.trim().trim_matches('"');
    match directive {
        "notify-keyspace-events" => event_flags(reported) == event_flags(wanted),
        "client-output-buffer-limit" => {
            let reported = buffer_limits(reported);
            buffer_limits(wanted).iter().all(|limit| reported.contains(limit))
        }
        _ => {
            let (reported, wanted): (Vec<&str>, Vec<&str>) =
                (reported.split_whitespace().collect(), wanted.split_whitespace().collect());
            reported.len() == wanted.len()
                && reported
                    .iter()
                    .zip(&wanted)
                    .all(|(reported, wanted)| is_same_word(directive, reported, wanted))
        }
    }
}

fn is_same_word(directive: &str, reported: &str, wanted: &str) -> bool {
    let is_name = ["file", "name", "template"].iter().any(|ending| directive.ends_with(ending));
    reported == wanted
        || (!is_name && reported.eq_ignore_ascii_case(wanted))
        || reported.parse().is_ok_and(|bytes| in_bytes(wanted) == Some(bytes))
}

/// The bytes of an amount with a unit: `64mb`.
fn in_bytes(amount: &str) -> Option<u64> {
    let amount = amount.to_ascii_lowercase();
    let (number, factor) =
        UNITS.iter().find_map(|(unit, factor)| Some((amount.strip_suffix(unit)?, *factor)))?;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn event_flags(flags: &str) -> BTreeSet<char> {
    let each = |flag| if flag == 'A' { ALL_EVENTS.chars().collect() } else { vec![flag] };
    flags.chars().flat_map(each).collect()
}

/// The limits of each class of clients. Servers report all classes, and call replicas `slave`.
fn buffer_limits(value: &str) -> Vec<Vec<String>> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let spelt = |word: &&str| match word.to_ascii_lowercase().as_str() {
        "replica" => "slave".to_owned(),
        word => in_bytes(word).map_or_else(|| word.to_owned(), |bytes| bytes.to_string()),
    };
    words.chunks(4).map(|limit| limit.iter().map(spelt).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_that_servers_report() {
        for (directive, reported, wanted) in [
            ("maxmemory", "67108864", "64mb"),
            ("maxmemory", "64000000", "64M"),
            ("maxmemory", "0", "0"),
            ("maxmemory-clients", "5%", "5%"),
            ("appendonly", "yes", "YES"),
            ("save", "3600 1 300 10", "3600 1  300 10"),
            ("save", "", "\"\""),
            ("notify-keyspace-events", "AKE", "KEg$lshzxetd"),
            ("dir", "/data", "/data"),
            (
                "client-output-buffer-limit",
                "normal 0 0 0 slave 536870912 134217728 60 pubsub 33554432 8388608 60",
                "replica 512mb 128mb 60",
            ),
        ] {
            assert!(fulfils(directive, reported, wanted), "{directive} {reported} for {wanted}");
        }
        for (directive, reported, wanted) in [
            ("maxmemory", "64000000", "64mb"),
            ("maxmemory", "0", "64mb"),
            ("appendonly", "no", "yes"),
            ("save", "3600 1", "3600 1 300 10"),
            ("save", "3600 1", "\"\""),
            ("notify-keyspace-events", "KX", "Kx"),
            ("client-output-buffer-limit", "normal 0 0 0 slave 1 1 60", "replica 512mb 128mb 60"),
        ] {
            assert!(!fulfils(directive, reported, wanted), "{directive} {reported} for {wanted}");
        }
    }
}

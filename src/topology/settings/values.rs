//! Values of directives: whether two spellings mean the same.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The directive with limits for each class of clients.
const BUFFER_LIMITS: &str = "client-output-buffer-limit";

/// The words of a class's limits in it: class, hard limit, soft limit, seconds.
const WORDS_OF_LIMIT: usize = 4;

/// The default limits of classes that a value omits, on all servers since Redis 2.6. Some servers return only limits
/// that were set.
const DEFAULT_BUFFER_LIMITS: [(&str, &str); 3] =
    [("normal", "0 0 0"), ("replica", "268435456 67108864 60"), ("pubsub", "33554432 8388608 60")];

/// Whether two spellings of a directive's value mean the same: `64mb` is `67108864`, `Yes` is `yes`.
#[must_use]
pub fn same_value(directive: &str, one: &str, other: &str) -> bool {
    normal_form(directive, one) == normal_form(directive, other)
}

fn normal_form(directive: &str, value: &str) -> String {
    if directive == BUFFER_LIMITS {
        let limits = buffer_limits(value).into_iter();
        return limits.map(|(class, limits)| format!("{class} {limits}")).collect::<Vec<_>>().join(" ");
    }
    if directive == "notify-keyspace-events" {
        // Flags: servers return them in their own order, and all event classes as `A`.
        let spelt_out = value.replace('A', "g$lshzxetd");
        return spelt_out.chars().collect::<std::collections::BTreeSet<char>>().into_iter().collect();
    }
    let words: Vec<String> = value.split_whitespace().map(word_normal_form).collect();
    words.join(" ").trim_matches('"').to_owned()
}

/// A value of `client-output-buffer-limit` with every class of clients, because CONFIG SET does not change omitted
/// classes. Other values are unchanged.
#[must_use]
pub fn with_every_class<'a>(directive: &str, value: &'a str) -> Cow<'a, str> {
    if directive != BUFFER_LIMITS {
        return Cow::Borrowed(value);
    }
    let words: Vec<&str> = value.split_whitespace().collect();
    let left_out = DEFAULT_BUFFER_LIMITS.iter().filter(|(class, _)| {
        !words
            .chunks(WORDS_OF_LIMIT)
            .any(|limit| limit.first().is_some_and(|word| class_name(word) == *class))
    });
    let left_out = left_out.map(|(class, limits)| format!(" {class} {limits}"));
    Cow::Owned(std::iter::once(words.join(" ")).chain(left_out).collect::<String>().trim_start().to_owned())
}

/// Limits by class of clients. A class that the value omits has its default.
fn buffer_limits(value: &str) -> BTreeMap<String, String> {
    let defaults = DEFAULT_BUFFER_LIMITS.iter();
    let mut limits: BTreeMap<String, String> =
        defaults.map(|(class, limits)| ((*class).to_owned(), (*limits).to_owned())).collect();
    let words: Vec<&str> = value.split_whitespace().collect();
    for limit in words.chunks(WORDS_OF_LIMIT) {
        if let [class, amounts @ ..] = limit {
            let amounts = amounts.iter().map(|amount| word_normal_form(amount)).collect::<Vec<_>>();
            limits.insert(class_name(class), amounts.join(" "));
        }
    }
    limits
}

/// The name of a class of clients. Servers say `slave`.
fn class_name(word: &str) -> String {
    word.to_ascii_lowercase().replace("slave", "replica")
}

fn word_normal_form(word: &str) -> String {
    memory_bytes(word).map_or_else(|| word.to_ascii_lowercase(), |bytes| bytes.to_string())
}

/// Bytes of a memory amount as `redis.conf` spells it: `k` is 1000, `kb` is 1024, and so on.
#[must_use]
pub fn memory_bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let factor: u64 = match &text[digits.len()..] {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1024,
        "m" => 1_000_000,
        "mb" => 1024 * 1024,
        "g" => 1_000_000_000,
        "gb" => 1024 * 1024 * 1024,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_by_meaning() {
        assert!(same_value("maxmemory", "64mb", "67108864"));
        assert!(same_value("appendonly", "yes", "YES"));
        assert!(same_value("save", "3600 1  300 10", "3600 1 300 10"));
        assert!(!same_value("maxmemory", "64mb", "64000000"));
        assert!(same_value("save", "", ""));
        assert!(same_value("notify-keyspace-events", "KEA", "AKE"));
        assert!(!same_value("notify-keyspace-events", "Kx", "KX"));
    }

    #[test]
    fn limits_of_buffers_are_compared_by_class() {
        let found = "normal 0 0 0 slave 536870912 134217728 60 pubsub 33554432 8388608 60";
        for wanted in
            ["replica 512mb 128mb 60", "Slave 512MB 128mb 60", "pubsub 32mb 8mb 60 replica 512mb 128mb 60"]
        {
            assert!(same_value(BUFFER_LIMITS, found, wanted), "{wanted}");
        }
        for wanted in ["replica 512mb 128mb 61", "normal 1mb 1mb 60", "normal 0 0 0"] {
            assert!(!same_value(BUFFER_LIMITS, found, wanted), "{wanted}");
        }
        assert_eq!(
            with_every_class(BUFFER_LIMITS, "replica 512mb 128mb 60"),
            "replica 512mb 128mb 60 normal 0 0 0 pubsub 33554432 8388608 60"
        );
        assert_eq!(with_every_class("maxmemory", "64mb"), "64mb");
    }
}

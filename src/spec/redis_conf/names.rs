//! The names of directives. Some have an old and a new name, and servers accept both.

use std::borrow::Cow;

/// Old names without a rule, and the new names. Servers do not tell which names mean the same directive.
const RENAMED: [(&str, &str); 5] = [
    ("lua-time-limit", "busy-reply-threshold"),
    ("primaryauth", "masterauth"),
    ("primaryuser", "masteruser"),
    ("slowlog-log-slower-than", "commandlog-execution-slower-than"),
    ("slowlog-max-len", "commandlog-slow-execution-max-len"),
];

/// Parts of old names, and their replacements in new names.
const RENAMED_PARTS: [(&str, &str); 2] = [("slave", "replica"), ("ziplist", "listpack")];

/// The newest name of a directive, in lower case: `replica-priority` of `slave-priority`.
#[must_use]
pub fn newest_name(directive: &str) -> Cow<'_, str> {
    let mut name = Cow::Borrowed(directive);
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        name = Cow::Owned(name.to_ascii_lowercase());
    }
    for (old, new) in RENAMED_PARTS {
        if name.contains(old) {
            name = Cow::Owned(name.replace(old, new));
        }
    }
    match RENAMED.iter().find(|(old, _)| *old == name) {
        Some((_, new)) => Cow::Borrowed(new),
        None => name,
    }
}

/// Whether two names mean the same directive.
#[must_use]
pub fn is_same_directive(one: &str, other: &str) -> bool {
    newest_name(one) == newest_name(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_name_is_the_same_directive() {
        for (old, new) in [
            ("slave-read-only", "replica-read-only"),
            ("min-slaves-to-write", "min-replicas-to-write"),
            ("repl-ping-slave-period", "repl-ping-replica-period"),
            ("hash-max-ziplist-entries", "hash-max-listpack-entries"),
            ("LUA-time-limit", "busy-reply-threshold"),
            ("slowlog-max-len", "commandlog-slow-execution-max-len"),
        ] {
            assert!(is_same_directive(old, new), "{old} {new}");
        }
        assert!(!is_same_directive("replica-read-only", "replica-priority"));
    }
}

//! The commands whose replies need a special treatment.

/// The kinds of commands at the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandKind {
    /// A command with a single reply.
    Plain,
    /// A command whose single reply is a text for users.
    Report,
    /// A command that starts a subscription.
    Subscribe,
    /// A command that starts the stream of MONITOR.
    Monitor,
    /// A command without a reply, or that changes the protocol of the connection.
    Unsupported,
}

/// Commands whose reply is a text for users, as in `redis-cli`; `INFO` with any argument.
const REPORTS: [&[&str]; 11] = [
    &["INFO"],
    &["LOLWUT"],
    &["DEBUG", "HTSTATS"],
    &["DEBUG", "HTSTATS-KEY"],
    &["MEMORY", "MALLOC-STATS"],
    &["MEMORY", "DOCTOR"],
    &["CLUSTER", "NODES"],
    &["CLUSTER", "INFO"],
    &["CLIENT", "LIST"],
    &["CLIENT", "INFO"],
    &["LATENCY", "DOCTOR"],
];

/// Commands after which the connection cannot carry commands and replies.
const UNSUPPORTED: [&[&str]; 6] =
    [&["SYNC"], &["PSYNC"], &["CLIENT", "REPLY"], &["UNSUBSCRIBE"], &["PUNSUBSCRIBE"], &["SUNSUBSCRIBE"]];

/// Commands that end a connection, or after which it does not carry a reply for each command.
const RESERVED: [&str; 13] = [
    "SUBSCRIBE",
    "PSUBSCRIBE",
    "SSUBSCRIBE",
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "SUNSUBSCRIBE",
    "MONITOR",
    "SYNC",
    "PSYNC",
    "CLIENT REPLY",
    "QUIT",
    "EXIT",
    "SHUTDOWN",
];

impl CommandKind {
    /// The name of a command that cannot be in a file whose replies are counted; `None` for all other commands.
    #[must_use]
    pub fn reserved(words: &[Vec<u8>]) -> Option<&'static str> {
        RESERVED.into_iter().find(|name| {
            let mut parts = name.split(' ').zip(words);
            name.split(' ').count() <= words.len()
                && parts.all(|(part, word)| word.eq_ignore_ascii_case(part.as_bytes()))
        })
    }

    /// The kind of a command.
    #[must_use]
    pub fn of_command(words: &[Vec<u8>]) -> Self {
        let begins = |names: &&[&str]| {
            names.len() <= words.len()
                && names.iter().zip(words).all(|(name, word)| word.eq_ignore_ascii_case(name.as_bytes()))
        };
        if REPORTS.iter().any(begins) {
            Self::Report
        } else if UNSUPPORTED.iter().any(begins) {
            Self::Unsupported
        } else if [&["SUBSCRIBE"][..], &["PSUBSCRIBE"], &["SSUBSCRIBE"]].iter().any(begins) && words.len() > 1
        {
            Self::Subscribe
        } else if begins(&&["MONITOR"][..]) {
            Self::Monitor
        } else {
            Self::Plain
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_in_any_case() {
        for (line, kind) in [
            ("GET info", CommandKind::Plain),
            ("info server", CommandKind::Report),
            ("cluster Nodes", CommandKind::Report),
            ("CLUSTER", CommandKind::Plain),
            ("CLUSTER SLOTS", CommandKind::Plain),
            ("subscribe news", CommandKind::Subscribe),
            ("SUBSCRIBE", CommandKind::Plain),
            ("monitor", CommandKind::Monitor),
            ("CLIENT REPLY OFF", CommandKind::Unsupported),
            ("unsubscribe", CommandKind::Unsupported),
        ] {
            let words: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
            assert_eq!(CommandKind::of_command(&words), kind, "{line}");
        }
        let reserved = |line: &str| {
            let words: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
            CommandKind::reserved(&words)
        };
        assert_eq!(reserved("client reply OFF"), Some("CLIENT REPLY"));
        assert_eq!((reserved("CLIENT ID"), reserved("CLIENT"), reserved("GET quit")), (None, None, None));
    }
}

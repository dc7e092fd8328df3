//! Commands for a single server, and the combination of all primaries' replies into one reply.

use super::Reply;

/// The combination of all primaries' replies into one reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// The sum of the numbers.
    Sum,
    /// The joined lists.
    Join,
    /// Any reply: all are equal.
    Same,
    /// Each reply by itself.
    Apart,
    /// No combination: a cursor belongs to one server.
    Never,
}

/// A command for a single server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The combination of all primaries' replies.
    pub combine: Combine,
    /// Whether users usually mean the whole cluster with it.
    pub means_all: bool,
}

/// Commands that concern the server that executes them. With those of the first part, users mean the whole cluster.
const ONE_SERVER: [(&str, Combine, bool); 39] = [
    ("DBSIZE", Combine::Sum, true),
    ("KEYS", Combine::Join, true),
    ("FLUSHALL", Combine::Same, true),
    ("FLUSHDB", Combine::Same, true),
    ("SWAPDB", Combine::Same, true),
    ("SCAN", Combine::Never, true),
    ("RANDOMKEY", Combine::Apart, true),
    ("CONFIG SET", Combine::Same, true),
    ("CONFIG RESETSTAT", Combine::Same, true),
    ("SCRIPT LOAD", Combine::Same, true),
    ("SCRIPT FLUSH", Combine::Same, true),
    ("FUNCTION LOAD", Combine::Same, true),
    ("FUNCTION DELETE", Combine::Same, true),
    ("FUNCTION FLUSH", Combine::Same, true),
    ("FUNCTION RESTORE", Combine::Same, true),
    ("SAVE", Combine::Same, true),
    ("BGSAVE", Combine::Same, true),
    ("BGREWRITEAOF", Combine::Same, true),
    ("ACL SETUSER", Combine::Same, true),
    ("ACL DELUSER", Combine::Apart, true),
    ("ACL", Combine::Apart, false),
    ("CLIENT INFO", Combine::Apart, false),
    ("CLIENT KILL", Combine::Apart, false),
    ("CLIENT LIST", Combine::Apart, false),
    ("CLUSTER INFO", Combine::Apart, false),
    ("CLUSTER MYID", Combine::Apart, false),
    ("COMMAND", Combine::Apart, false),
    ("CONFIG", Combine::Apart, false),
    ("DEBUG", Combine::Apart, false),
    ("FUNCTION", Combine::Apart, false),
    ("INFO", Combine::Apart, false),
    ("LASTSAVE", Combine::Apart, false),
    ("LATENCY", Combine::Apart, false),
    ("MODULE", Combine::Apart, false),
    ("PING", Combine::Apart, false),
    ("PUBSUB", Combine::Apart, false),
    ("ROLE", Combine::Apart, false),
    ("SLOWLOG", Combine::Apart, false),
    ("TIME", Combine::Apart, false),
];

impl Reach {
    /// The reach of a command; `None` if its keys or its connection decide.
    #[must_use]
    pub fn of_command(words: &[Vec<u8>]) -> Option<Self> {
        let begins = |name: &str| {
            let mut parts = name.split(' ').zip(words);
            name.split(' ').count() <= words.len()
                && parts.all(|(part, word)| word.eq_ignore_ascii_case(part.as_bytes()))
        };
        let (_, combine, means_all) = ONE_SERVER.iter().find(|(name, ..)| begins(name))?;
        Some(Self { combine: *combine, means_all: *means_all })
    }
}

impl Combine {
    /// One reply for the replies of several servers, each with the server's name. If one reply is an error, the
    /// result is this error.
    #[must_use]
    pub fn combined(self, replies: Vec<(String, Reply)>) -> Reply {
        if self == Self::Apart {
            let named = replies.into_iter().map(|(node, reply)| (Reply::Text(node.into_bytes()), reply));
            return Reply::Map(named.collect());
        }
        let error = replies.iter().find_map(|(node, reply)| match reply {
            Reply::Error(text) => Some(Reply::Error(format!("{text} ({node})"))),
            _ => None,
        });
        let mut replies = replies.into_iter().map(|(_, reply)| reply);
        error.unwrap_or_else(|| match self {
            Self::Sum => Reply::Integer(
                replies.map(|reply| if let Reply::Integer(number) = reply { number } else { 0 }).sum(),
            ),
            Self::Join => Reply::List(
                replies
                    .flat_map(|reply| match reply {
                        Reply::List(items) | Reply::Set(items) => items,
                        other => vec![other],
                    })
                    .collect(),
            ),
            Self::Same | Self::Apart | Self::Never => replies.next().unwrap_or(Reply::Nil),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(line: &str) -> Option<(Combine, bool)> {
        let words: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        Reach::of_command(&words).map(|reach| (reach.combine, reach.means_all))
    }

    #[test]
    fn commands_about_one_server_are_known_in_any_case() {
        assert_eq!(reach("dbsize"), Some((Combine::Sum, true)));
        assert_eq!(reach("config set maxmemory 1mb"), Some((Combine::Same, true)));
        assert_eq!(reach("CONFIG GET maxmemory"), Some((Combine::Apart, false)));
        assert_eq!(reach("SCAN 0"), Some((Combine::Never, true)));
        for line in ["GET dbsize", "SSCAN s 0", "SELECT 3", "MULTI", "CLIENT SETNAME a", "CLUSTER NODES"] {
            assert_eq!(reach(line), None, "{line}");
        }
    }

    #[test]
    fn replies_become_one() {
        let three = |replies: [Reply; 3]| {
            let names = ["shop-1", "shop-2", "shop-3"].map(str::to_owned);
            names.into_iter().zip(replies).collect::<Vec<_>>()
        };
        let numbers = three([1, 2, 3].map(Reply::Integer));
        assert_eq!(Combine::Sum.combined(numbers.clone()), Reply::Integer(6));
        let lists = three([1, 2, 3].map(|number| Reply::List(vec![Reply::Integer(number)])));
        assert_eq!(Combine::Join.combined(lists), Reply::List([1, 2, 3].map(Reply::Integer).to_vec()));
        let ok = || Reply::Status("OK".to_owned());
        assert_eq!(Combine::Same.combined(three([ok(), ok(), ok()])), ok());
        let failed = three([ok(), Reply::Error("NOPERM no".to_owned()), ok()]);
        assert_eq!(Combine::Same.combined(failed), Reply::Error("NOPERM no (shop-2)".to_owned()));
        assert_eq!(
            Combine::Apart.combined(numbers).to_json().to_string(),
            r#"{"shop-1":1,"shop-2":2,"shop-3":3}"#
        );
    }
}

//! The positions of keys in commands, from the server's reply to COMMAND.

use std::collections::BTreeMap;

use super::session_state::Words;
use crate::reply::Reply;

/// The commands whose first key has a known position.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct KeyTable(BTreeMap<Vec<u8>, usize>);

impl KeyTable {
    /// Parses the reply to COMMAND. An error gives a table without commands.
    ///
    /// Blocking commands and commands for the connection are left out. They have the flag `noscript`.
    pub(super) fn from_reply(reply: &Reply) -> Self {
        let Reply::List(commands) = reply else { return Self::default() };
        Self(commands.iter().filter_map(entry).collect())
    }

    /// The first key of a command; `None` if its position is not known.
    pub(super) fn first_key<'w>(&self, words: &'w Words) -> Option<&'w [u8]> {
        let name = words.first()?.to_ascii_lowercase();
        words.get(*self.0.get(&name)?).map(Vec::as_slice)
    }
}

/// Name, arity, flags, position of the first key, and more.
fn entry(command: &Reply) -> Option<(Vec<u8>, usize)> {
    let Reply::List(parts) = command else { return None };
    let [Reply::Text(name), Reply::Integer(_), flags, Reply::Integer(first), ..] = parts.as_slice() else {
        return None;
    };
    let (Reply::List(flags) | Reply::Set(flags)) = flags else { return None };
    let has = |name: &str| flags.iter().any(|flag| *flag == Reply::Status(name.to_owned()));
    let place = usize::try_from(*first).ok().filter(|place| *place > 0)?;
    (!has("noscript") && !has("blocking")).then(|| (name.to_ascii_lowercase(), place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(name: &str, flags: &[&str], first: i64) -> Reply {
        let flags = flags.iter().map(|flag| Reply::Status((*flag).to_owned())).collect();
        let name = Reply::Text(name.as_bytes().to_vec());
        Reply::List(vec![
            name,
            Reply::Integer(-2),
            Reply::List(flags),
            Reply::Integer(first),
            Reply::Integer(1),
        ])
    }

    #[test]
    fn the_first_key_is_where_the_server_says() {
        let table = KeyTable::from_reply(&Reply::List(vec![
            command("get", &["readonly"], 1),
            command("bitop", &["write"], 2),
            command("ping", &["fast"], 0),
            command("blpop", &["write", "noscript"], 1),
        ]));
        let key = |line: &str| {
            let words: Words = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
            table.first_key(&words).map(|key| String::from_utf8_lossy(key).into_owned())
        };
        assert_eq!(key("GET a").as_deref(), Some("a"));
        assert_eq!(key("bitop AND to from").as_deref(), Some("to"));
        for line in ["PING", "BLPOP l 0", "GET", "NOSUCH a"] {
            assert_eq!(key(line), None, "{line}");
        }
        assert_eq!(KeyTable::from_reply(&Reply::Error("NOPERM".to_owned())), KeyTable::default());
    }
}

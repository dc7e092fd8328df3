//! The state of a session as a value. `redisctl cli` brings each of its connections to this state.

use std::collections::BTreeMap;

pub(super) use crate::command_file::Words;
use crate::reply::Reply;

/// The user of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// The login of `redisctl cli`.
    LoggedIn,
    /// No login, as after RESET.
    Nobody,
}

/// The state that a server keeps until a connection ends.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Lasting {
    /// The login at the beginning of the connection.
    begin: Begin,
    /// Whether replies are those of RESP3.
    resp3: bool,
    /// User and password of AUTH or HELLO.
    login: Option<(Vec<u8>, Vec<u8>)>,
    /// The commands that set the rest of the state, by the part that they set.
    settings: BTreeMap<&'static str, Vec<Words>>,
}

/// The commands of a transaction that is not executed yet.
#[derive(Clone, Default)]
struct Transaction {
    /// The commands that were queued.
    queued: Vec<Words>,
    /// Whether the server refused a command. It will not execute the transaction.
    refused: bool,
}

/// The state of a session.
#[derive(Clone)]
pub(super) struct SessionState {
    /// The lasting state.
    lasting: Lasting,
    /// The commands since MULTI.
    transaction: Option<Transaction>,
    /// Whether WATCH has watched keys.
    watching: bool,
    /// Commands that only affect the next command.
    once: Vec<Words>,
}

/// Why a command cannot be sent to another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    /// The queued commands belong to a node, because of their keys or because a slot moves.
    Transaction,
    /// The node that refused a command of the transaction must refuse EXEC.
    Refused,
    /// A node has watched keys.
    Watch,
}

impl Stays {
    /// The reason, as the end of an error reply.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Transaction => "a transaction has keys of one node only",
            Self::Refused => "the transaction has a refused command, so that it is not executed",
            Self::Watch => "WATCH and its transaction have keys of one node only",
        }
    }
}

impl Lasting {
    /// Whether a connection begins with the login of `redisctl cli`.
    pub(super) fn begins_logged_in(&self) -> bool {
        self.begin == Begin::LoggedIn && self.login.is_none()
    }

    /// User and password of AUTH or HELLO.
    pub(super) fn login(&self) -> Option<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.login.as_ref().map(|(user, password)| (text(user), text(password)))
    }

    /// Whether replies are those of RESP3.
    pub(super) fn resp3(&self) -> bool {
        self.resp3
    }

    /// The commands that bring a new connection to this state.
    pub(super) fn replay(&self) -> impl Iterator<Item = &Words> {
        self.settings.values().flatten()
    }

    /// Whether replicas answer reads.
    fn is_read_only(&self) -> bool {
        self.settings.contains_key("READONLY")
    }

    fn set(&mut self, name: &'static str, words: &[Vec<u8>]) {
        self.settings.insert(name, vec![words.to_vec()]);
    }

    /// Records a command that the server has executed.
    fn executed(&mut self, words: &[Vec<u8>]) {
        let (name, rest) = (upper(words, 0), words.get(1..).unwrap_or_default());
        match (name.as_str(), rest) {
            ("SELECT", [_]) => self.set("SELECT", words),
            ("AUTH", [password]) => self.login = Some((b"default".to_vec(), password.clone())),
            ("AUTH", [user, password]) => self.login = Some((user.clone(), password.clone())),
            ("HELLO", [version, options @ ..]) => self.hello(version, options),
            ("RESET", _) => {
                *self = Self { begin: Begin::Nobody, resp3: false, login: None, settings: BTreeMap::new() };
            }
            ("READONLY", _) => self.set("READONLY", words),
            ("READWRITE", _) => {
                self.settings.remove("READONLY");
            }
            ("CLIENT", [_, value, ..]) => self.client(&upper(words, 1), value, words),
            _ => {}
        }
    }

    fn hello(&mut self, version: &[u8], options: &[Vec<u8>]) {
        self.resp3 = version == b"3";
        let mut options = options.iter();
        while let Some(option) = options.next() {
            if option.eq_ignore_ascii_case(b"AUTH") {
                self.login = options.next().cloned().zip(options.next().cloned());
            } else if let (true, Some(name)) = (option.eq_ignore_ascii_case(b"SETNAME"), options.next()) {
                self.set("SETNAME", &[b"CLIENT".to_vec(), b"SETNAME".to_vec(), name.clone()]);
            }
        }
    }

    fn client(&mut self, subcommand: &str, value: &[u8], words: &[Vec<u8>]) {
        match subcommand {
            "SETNAME" => self.set("SETNAME", words),
            "NO-EVICT" => self.set("NO-EVICT", words),
            "NO-TOUCH" => self.set("NO-TOUCH", words),
            "CAPA" => self.set("CAPA", words),
            "SETINFO" if value.eq_ignore_ascii_case(b"LIB-NAME") => self.set("LIB-NAME", words),
            "SETINFO" => self.set("LIB-VER", words),
            "TRACKING" if value.eq_ignore_ascii_case(b"OFF") => {
                self.settings.remove("TRACKING");
            }
            // Prefixes accumulate.
            "TRACKING" => self.settings.entry("TRACKING").or_default().push(words.to_vec()),
            _ => {}
        }
    }
}

impl SessionState {
    /// The state of a new connection.
    pub(super) fn new(resp3: bool) -> Self {
        let lasting = Lasting { begin: Begin::LoggedIn, resp3, login: None, settings: BTreeMap::new() };
        Self { lasting, transaction: None, watching: false, once: Vec::new() }
    }

    /// The lasting state.
    pub(super) fn lasting(&self) -> &Lasting {
        &self.lasting
    }

    /// Whether commands are being queued, after MULTI.
    pub(super) fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// Whether a node has a transaction or watched keys, which no other connection can take over.
    pub(super) fn is_bound(&self) -> bool {
        self.transaction.is_some() || self.watching
    }

    /// Whether a command belongs to the node of the transaction or of the watched keys.
    pub(super) fn belongs_there(&self, words: &[Vec<u8>]) -> bool {
        let of_transactions = ["WATCH", "UNWATCH", "MULTI", "EXEC", "DISCARD"];
        self.in_transaction() || (self.watching && of_transactions.contains(&upper(words, 0).as_str()))
    }

    /// Whether commands with keys may be reordered, if the commands of each key keep their order.
    pub(super) fn allows_bulk(&self) -> bool {
        !self.is_bound() && self.once.is_empty() && !self.lasting.is_read_only()
    }

    /// The commands that bring the transaction to another node: MULTI and the queued commands. Empty without MULTI.
    pub(super) fn transaction(&self) -> Vec<Words> {
        let multi = || vec![b"MULTI".to_vec()];
        let all = |transaction: &Transaction| [vec![multi()], transaction.queued.clone()].concat();
        self.transaction.as_ref().map(all).unwrap_or_default()
    }

    /// Why a command cannot be sent to another node, if so. A transaction can move if all its commands are without
    /// keys.
    pub(super) fn stays(&self, words: &[Vec<u8>], while_slot_moves: bool) -> Option<Stays> {
        match &self.transaction {
            Some(_) if self.watching => Some(Stays::Watch),
            Some(transaction) if transaction.refused => Some(Stays::Refused),
            Some(_) if while_slot_moves => Some(Stays::Transaction),
            None if self.watching && upper(words, 0) == "WATCH" => Some(Stays::Watch),
            _ => None,
        }
    }

    /// Commands that only affect the next command.
    pub(super) fn once(&self) -> &[Words] {
        &self.once
    }

    /// Records a command and its reply.
    pub(super) fn after(&mut self, words: &[Vec<u8>], reply: &Reply) {
        let name = upper(words, 0);
        let is_once = name == "ASKING" || (name == "CLIENT" && upper(words, 1) == "CACHING");
        if !is_once {
            self.once.clear();
        }
        match name.as_str() {
            "EXEC" => {
                self.watching = false;
                let Transaction { queued, .. } = self.transaction.take().unwrap_or_default();
                if let Reply::List(replies) = reply {
                    let executed = queued.iter().zip(replies).filter(|(_, reply)| !reply.is_error());
                    executed.for_each(|(words, _)| self.lasting.executed(words));
                }
            }
            _ if reply.is_error() => {
                self.transaction.iter_mut().for_each(|transaction| transaction.refused = true);
            }
            "DISCARD" | "RESET" => {
                self.lost();
                self.lasting.executed(words);
            }
            "MULTI" => self.transaction = Some(Transaction::default()),
            "WATCH" => self.watching = true,
            _ if self.in_transaction() => {
                self.transaction.iter_mut().for_each(|transaction| transaction.queued.push(words.to_vec()));
            }
            "UNWATCH" => self.watching = false,
            _ if is_once => self.once.push(words.to_vec()),
            _ => self.lasting.executed(words),
        }
    }

    /// Records that the connection with the transaction and the watched keys is lost.
    pub(super) fn lost(&mut self) {
        self.transaction = None;
        self.watching = false;
    }
}

/// A word in upper case; empty if the word is missing.
fn upper(words: &[Vec<u8>], position: usize) -> String {
    words.get(position).map(|word| String::from_utf8_lossy(word).to_ascii_uppercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Words {
        line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
    }

    fn ok() -> Reply {
        Reply::Status("OK".to_owned())
    }

    fn after(lines: &[&str]) -> SessionState {
        let mut state = SessionState::new(false);
        for line in lines {
            state.after(&words(line), &ok());
        }
        state
    }

    fn replay(state: &SessionState) -> Vec<String> {
        let line = |words: &Words| String::from_utf8_lossy(&words.join(&b' ')).into_owned();
        state.lasting().replay().map(line).collect()
    }

    #[test]
    fn each_part_of_the_state_is_replayed_once() {
        let state =
            after(&["select 1", "SELECT 3", "CLIENT SETNAME a", "client setname b", "READONLY", "GET k"]);
        assert_eq!(replay(&state), ["READONLY", "SELECT 3", "client setname b"]);
        let state =
            after(&["READONLY", "READWRITE", "CLIENT TRACKING on BCAST PREFIX a", "CLIENT TRACKING OFF"]);
        assert!(replay(&state).is_empty());
        let state = after(&["CLIENT TRACKING on BCAST PREFIX a", "CLIENT TRACKING on BCAST PREFIX b"]);
        assert_eq!(replay(&state).len(), 2);
    }

    #[test]
    fn a_refused_command_changes_nothing() {
        let mut state = SessionState::new(false);
        for line in ["SELECT 99", "AUTH nobody wrong", "MULTI", "WATCH a"] {
            state.after(&words(line), &Reply::Error("ERR no".to_owned()));
        }
        assert!(replay(&state).is_empty() && state.lasting().begins_logged_in() && !state.is_bound());
    }

    #[test]
    fn another_user_is_logged_in_everywhere() {
        let login = |lines: &[&str]| after(lines).lasting().login();
        let app = Some(("app".to_owned(), "pw".to_owned()));
        assert_eq!(login(&["AUTH app pw"]), app);
        assert_eq!(login(&["AUTH pw"]), Some(("default".to_owned(), "pw".to_owned())));
        let state = after(&["HELLO 3 AUTH app pw SETNAME me"]);
        assert_eq!(state.lasting().login(), app);
        assert!(state.lasting().resp3());
        assert_eq!(replay(&state), ["CLIENT SETNAME me"]);
        let reset = after(&["AUTH app pw", "SELECT 3", "RESET"]);
        assert_eq!(reset.lasting().login(), None);
        assert!(!reset.lasting().begins_logged_in() && replay(&reset).is_empty());
    }

    #[test]
    fn a_transaction_moves_with_its_commands() {
        let get = words("GET a");
        assert_eq!(after(&["MULTI"]).stays(&get, false), None);
        assert_eq!(after(&["MULTI"]).stays(&get, true), Some(Stays::Transaction));
        let moved = after(&["MULTI", "SELECT 3", "PING"]);
        assert_eq!(moved.stays(&get, false), None);
        assert_eq!(moved.transaction(), ["MULTI", "SELECT 3", "PING"].map(words));
        let mut refused = after(&["MULTI", "PING"]);
        refused.after(&words("NOSUCH"), &Reply::Error("ERR unknown command".to_owned()));
        assert_eq!(refused.stays(&get, false), Some(Stays::Refused));
        assert_eq!(after(&["WATCH b", "MULTI"]).stays(&get, false), Some(Stays::Watch));
        assert_eq!(after(&["WATCH b"]).stays(&words("WATCH a"), false), Some(Stays::Watch));
        assert_eq!(after(&["WATCH b"]).stays(&get, false), None);
        assert!(after(&["WATCH b"]).belongs_there(&words("multi")));
        assert!(!after(&["WATCH b"]).belongs_there(&get));
    }

    #[test]
    fn a_transaction_changes_the_state_when_it_is_executed() {
        let mut state = after(&["WATCH a", "MULTI", "SELECT 3", "SELECT 99"]);
        assert!(replay(&state).is_empty());
        let refused = Reply::Error("ERR DB index is out of range".to_owned());
        state.after(&words("EXEC"), &Reply::List(vec![ok(), refused]));
        assert_eq!(replay(&state), ["SELECT 3"]);
        assert!(!state.is_bound());
        let mut aborted = after(&["MULTI", "SELECT 3"]);
        aborted.after(&words("EXEC"), &Reply::Nil);
        assert!(replay(&aborted).is_empty() && !aborted.is_bound());
    }

    #[test]
    fn some_commands_concern_the_next_command_alone() {
        let state = after(&["CLIENT CACHING YES"]);
        assert_eq!(state.once(), [words("CLIENT CACHING YES")]);
        assert!(!state.allows_bulk());
        assert!(after(&["ASKING", "GET a"]).allows_bulk());
        assert!(!after(&["READONLY"]).allows_bulk());
    }
}

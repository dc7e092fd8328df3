//! The expected reply to a request, and the judgement of the actual reply.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::topology::{Endpoint, SlotRange, SlotSet};

use super::ProbeReply;
use super::setting_value::fulfils;

/// The expected reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// This status.
    Status(&'static str),
    /// This text.
    Text(String),
    /// A text of so many bytes.
    Length(usize),
    /// A number in this range.
    Integer(RangeInclusive<i64>),
    /// Nil.
    Nil,
    /// An error with this code.
    Error(&'static str),
    /// A MOVED error.
    Moved {
        /// The slot of the key.
        slot: u16,
        /// The endpoint that clients are sent to.
        to: Endpoint,
    },
    /// The reply to CONFIG GET of one directive, with this value. The reply is empty if the server does not know
    /// the directive.
    Setting(String),
    /// These texts, one after another.
    Texts(Vec<String>),
    /// A reply to CLUSTER SLOTS with these routes.
    Routes(Vec<Route>),
    /// Any reply but an error.
    Granted,
    /// Any reply but NOPERM and NOAUTH.
    Permitted,
    /// A text: ACL DRYRUN explains why the user may not run the command.
    Explanation,
    /// No reply: the server closes the connection.
    HungUp,
    /// Any reply but NOAUTH.
    LoggedIn,
    /// Any reply.
    Anything,
}

/// The endpoints that servers must announce for the slots of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The slots.
    pub slots: SlotSet,
    /// The endpoint of the node that serves them.
    pub primary: Endpoint,
    /// The endpoints of its replicas.
    pub replicas: BTreeSet<Endpoint>,
}

impl Expectation {
    /// Judges a reply.
    ///
    /// # Errors
    /// The expected and the actual reply.
    pub fn judge(&self, reply: &ProbeReply) -> Result<(), String> {
        let holds = match (self, reply) {
            (Self::Status(wanted), ProbeReply::Status(found)) => wanted == found,
            (Self::Text(wanted), ProbeReply::Text(found)) => wanted == found,
            (Self::Length(bytes), ProbeReply::Text(found)) => *bytes == found.len(),
            (Self::Integer(range), ProbeReply::Integer(found)) => range.contains(found),
            (Self::Error(wanted), ProbeReply::Error { code, .. }) => wanted == code,
            (Self::Moved { slot, to }, ProbeReply::Error { code, message }) => {
                code == "MOVED" && *message == format!("{slot} {to}")
            }
            (Self::Setting(wanted), ProbeReply::Array(parts)) => match parts.as_slice() {
                [] => true,
                [name, value] => {
                    let pair = name.as_text().zip(value.as_text());
                    pair.is_some_and(|(name, found)| fulfils(name, found, wanted))
                }
                _ => false,
            },
            (Self::Texts(wanted), ProbeReply::Array(parts)) => {
                parts.iter().map(ProbeReply::as_text).eq(wanted.iter().map(|text| Some(text.as_str())))
            }
            (Self::Routes(routes), ProbeReply::Array(entries)) => return judge_routes(routes, entries),
            (Self::Granted, reply) => !matches!(reply, ProbeReply::Error { .. }),
            (Self::Permitted, ProbeReply::Error { code, .. }) => {
                !matches!(code.as_str(), "NOPERM" | "NOAUTH")
            }
            (Self::LoggedIn, reply) => !matches!(reply, ProbeReply::Error { code, .. } if code == "NOAUTH"),
            (Self::Nil, ProbeReply::Nil)
            | (Self::Explanation, ProbeReply::Text(_))
            | (Self::Permitted | Self::Anything, _) => true,
            _ => false,
        };
        if holds { Ok(()) } else { Err(format!("expected {}, got {}", self.words(), shortened(reply))) }
    }

    /// Judges that no reply came; `hung_up`: the server closed the connection.
    ///
    /// # Errors
    /// Why no reply came, if a reply was expected.
    pub fn judge_silence(&self, why: String, hung_up: bool) -> Result<(), String> {
        if hung_up && *self == Self::HungUp { Ok(()) } else { Err(why) }
    }

    fn words(&self) -> String {
        match self {
            Self::Status(status) => (*status).to_owned(),
            Self::Text(text) => format!("{text:?}"),
            Self::Length(bytes) => format!("a text of {bytes} bytes"),
            Self::Integer(range) if range.start() == range.end() => range.start().to_string(),
            Self::Integer(range) if *range.end() == i64::MAX => format!("{} or more", range.start()),
            Self::Integer(range) => format!("a number from {} to {}", range.start(), range.end()),
            Self::Nil => "(nil)".to_owned(),
            Self::Error(code) => format!("the error {code}"),
            Self::Moved { slot, to } => format!("the error MOVED {slot} {to}"),
            Self::Setting(value) => format!("{value:?}"),
            Self::Texts(texts) => format!("{texts:?}"),
            Self::Routes(_) => "ranges of slots and their nodes".to_owned(),
            Self::Granted => "anything but an error".to_owned(),
            Self::Permitted => "anything but NOPERM".to_owned(),
            Self::Explanation => "why it would be refused".to_owned(),
            Self::HungUp => "the end of the connection".to_owned(),
            Self::LoggedIn => "anything but NOAUTH".to_owned(),
            Self::Anything => "anything".to_owned(),
        }
    }
}

/// The most characters of a reply in a line of the table.
const LONGEST: usize = 160;

/// A reply on one line.
fn shortened(reply: &ProbeReply) -> String {
    let mut text = match reply {
        ProbeReply::Array(items) => {
            let items: Vec<String> = items.iter().map(shortened).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string().replace('\n', " "),
    };
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Why a linked replica is missing: servers list only replicas whose offset is above zero.
const NOT_LISTED_YET: &str = ". A server lists a replica only after the replica has received data from its primary: \
                              after a restart, this takes up to 20 s";

/// The reply lists every shard, and each range of slots with the endpoints of its shard, the primary's first.
fn judge_routes(routes: &[Route], entries: &[ProbeReply]) -> Result<(), String> {
    let mut listed = BTreeSet::new();
    for entry in entries {
        let (range, endpoints) =
            route(entry).ok_or_else(|| format!("the entry {} is malformed", shortened(entry)))?;
        let Some((position, route)) =
            routes.iter().enumerate().find(|(_, route)| route.slots.contains(range.start()))
        else {
            return Err(format!("slots {range} are listed, and no shard serves them"));
        };
        listed.insert(position);
        let Some((first, rest)) = endpoints.split_first() else {
            return Err(format!("slots {range} are listed without a node"));
        };
        if *first != route.primary {
            return Err(format!(
                "clients are sent to {first} for slots {range} instead of {}",
                route.primary
            ));
        }
        let rest: BTreeSet<Endpoint> = rest.iter().cloned().collect();
        if rest != route.replicas {
            let list = |endpoints: &BTreeSet<Endpoint>| {
                let texts: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
                if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
            };
            // Clients see the same list. A restarted replica is missing at first.
            let passes = if rest.is_subset(&route.replicas) { NOT_LISTED_YET } else { "" };
            return Err(format!(
                "the replicas listed for slots {range} are {} instead of {}{passes}",
                list(&rest),
                list(&route.replicas)
            ));
        }
    }
    match routes.iter().enumerate().find(|(position, _)| !listed.contains(position)) {
        Some((_, route)) => Err(format!("slots {} are not listed", route.slots)),
        None => Ok(()),
    }
}

/// An entry of CLUSTER SLOTS: `start end [host port …]…`.
fn route(entry: &ProbeReply) -> Option<(SlotRange, Vec<Endpoint>)> {
    let [ProbeReply::Integer(start), ProbeReply::Integer(end), nodes @ ..] = entry.items() else {
        return None;
    };
    let range = SlotRange::new(u16::try_from(*start).ok()?, u16::try_from(*end).ok()?)?;
    let endpoint = |node: &ProbeReply| match node.items() {
        // A node that does not know its own address lists itself without a host.
        [ProbeReply::Nil, ProbeReply::Integer(port), ..] => {
            Some(Endpoint { host: "?".to_owned(), port: u16::try_from(*port).ok()? })
        }
        [host, ProbeReply::Integer(port), ..] => {
            Some(Endpoint { host: host.as_text()?.to_owned(), port: u16::try_from(*port).ok()? })
        }
        _ => None,
    };
    Some((range, nodes.iter().map(endpoint).collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, message: &str) -> ProbeReply {
        ProbeReply::Error { code: code.to_owned(), message: message.to_owned() }
    }

    fn text(text: &str) -> ProbeReply {
        ProbeReply::Text(text.to_owned())
    }

    fn endpoint(port: u16) -> Endpoint {
        Endpoint { host: "127.0.0.1".to_owned(), port }
    }

    #[test]
    fn every_expectation_tells_right_from_wrong() {
        let moved = Expectation::Moved { slot: 7, to: endpoint(7002) };
        let setting = |value: &str| ProbeReply::Array(vec![text("maxmemory"), text(value)]);
        let cases = [
            (
                Expectation::Status("PONG"),
                ProbeReply::Status("PONG".to_owned()),
                ProbeReply::Status("OK".to_owned()),
            ),
            (Expectation::Status("OK"), ProbeReply::Status("OK".to_owned()), error("NOAUTH", "")),
            (Expectation::Text("a".to_owned()), text("a"), text("b")),
            (Expectation::Length(3), text("abc"), text("abcd")),
            (Expectation::Integer(1..=5), ProbeReply::Integer(5), ProbeReply::Integer(-2)),
            (Expectation::Nil, ProbeReply::Nil, text("still there")),
            (Expectation::Error("READONLY"), error("READONLY", "x"), ProbeReply::Status("OK".to_owned())),
            (Expectation::Error("NOPERM"), error("NOPERM", "x"), error("ERR", "NOPERM")),
            (moved.clone(), error("MOVED", "7 127.0.0.1:7002"), error("MOVED", "7 172.30.0.12:7002")),
            (moved, error("MOVED", "7 127.0.0.1:7002"), ProbeReply::Nil),
            (Expectation::Setting("64mb".to_owned()), setting("67108864"), setting("0")),
            (Expectation::Setting("64mb".to_owned()), ProbeReply::Array(Vec::new()), error("NOPERM", "")),
            (Expectation::Granted, ProbeReply::Nil, error("MOVED", "")),
            (Expectation::Permitted, error("READONLY", ""), error("NOPERM", "")),
            (Expectation::LoggedIn, error("NOPERM", ""), error("NOAUTH", "")),
            (
                Expectation::Explanation,
                text("User a has no permissions"),
                ProbeReply::Status("OK".to_owned()),
            ),
            (Expectation::Explanation, text("User a has no permissions"), error("ERR", "not found")),
        ];
        for (expectation, right, wrong) in cases {
            assert_eq!(expectation.judge(&right), Ok(()), "{expectation:?}");
            assert!(expectation.judge(&wrong).is_err(), "{expectation:?} of {wrong}");
        }
    }

    #[test]
    fn silence_is_right_only_where_the_server_is_to_hang_up() {
        let judge =
            |expectation: Expectation, hung_up| expectation.judge_silence("gone".to_owned(), hung_up).is_ok();
        assert!(judge(Expectation::HungUp, true));
        assert!(!judge(Expectation::HungUp, false) && !judge(Expectation::Anything, true));
        assert!(Expectation::HungUp.judge(&ProbeReply::Status("PONG".to_owned())).is_err());
    }

    #[test]
    fn a_disappointment_says_what_was_expected_and_what_came() {
        let judged = Expectation::Status("PONG").judge(&error("NOAUTH", "Authentication required."));
        assert_eq!(judged, Err("expected PONG, got (error) NOAUTH Authentication required.".to_owned()));
        let judged = Expectation::Integer(1..=i64::MAX).judge(&ProbeReply::Integer(0));
        assert_eq!(judged, Err("expected 1 or more, got (integer) 0".to_owned()));
    }

    #[test]
    fn routes_are_judged_by_endpoint_and_role() {
        let slots = |start, end| SlotSet::from_iter([SlotRange::new(start, end).unwrap()]);
        let routes = vec![
            Route { slots: slots(0, 8191), primary: endpoint(1), replicas: BTreeSet::from([endpoint(3)]) },
            Route { slots: slots(8192, 16383), primary: endpoint(2), replicas: BTreeSet::new() },
        ];
        let entry = |start: i64, end: i64, nodes: &[(&str, i64)]| {
            let nodes = nodes.iter().map(|(host, port)| {
                ProbeReply::Array(vec![
                    text(host),
                    ProbeReply::Integer(*port),
                    text("id"),
                    ProbeReply::Array(Vec::new()),
                ])
            });
            ProbeReply::Array(
                [ProbeReply::Integer(start), ProbeReply::Integer(end)].into_iter().chain(nodes).collect(),
            )
        };
        let judge =
            |entries: Vec<ProbeReply>| Expectation::Routes(routes.clone()).judge(&ProbeReply::Array(entries));
        let (local, inside) = ("127.0.0.1", "172.30.0.11");
        let second = || entry(8192, 16383, &[(local, 2)]);
        assert_eq!(judge(vec![entry(0, 8191, &[(local, 1), (local, 3)]), second()]), Ok(()));
        for (wrong, words) in [
            (vec![entry(0, 8191, &[(inside, 1), (local, 3)]), second()], "172.30.0.11:1"),
            (vec![entry(0, 8191, &[(local, 1)]), second()], "are none instead of 127.0.0.1:3"),
            (vec![entry(0, 8191, &[(local, 3), (local, 1)]), second()], "instead of 127.0.0.1:1"),
            (vec![entry(0, 8191, &[(local, 1), (local, 3)])], "slots 8192-16383 are not listed"),
            (vec![entry(0, 8191, &[]), second()], "without a node"),
            (vec![ProbeReply::Integer(1)], "malformed"),
        ] {
            let judged = judge(wrong);
            assert!(judged.as_ref().is_err_and(|message| message.contains(words)), "{judged:?}");
        }
    }
}

//! The commands that a bundle sends to every server, and the text form of the replies.

use crate::reply::Reply;
use crate::topology::settings::is_secret;
use crate::topology::{Kind, Topology};

/// A command, and the file with its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// The command.
    pub command: &'static str,
    /// The file's name.
    pub file: &'static str,
}

const EVERY_SERVER: [Question; 4] = [
    Question { command: "INFO everything", file: "info.txt" },
    Question { command: "CONFIG GET *", file: "config.txt" },
    Question { command: "CLIENT LIST", file: "clients.txt" },
    Question { command: "ACL LIST", file: "users.txt" },
];

const CLUSTER_NODE: [Question; 2] = [
    Question { command: "CLUSTER INFO", file: "cluster-info.txt" },
    Question { command: "CLUSTER NODES", file: "cluster-nodes.txt" },
];

/// The commands for the servers of a deployment.
#[must_use]
pub fn questions(topology: &Topology) -> Vec<Question> {
    let cluster = if topology.kind == Kind::Cluster { &CLUSTER_NODE[..] } else { &[] };
    EVERY_SERVER.iter().chain(cluster).copied().collect()
}

impl Question {
    /// The reply as lines of the file, with masked passwords and hashes. This includes passwords that redisctl did not
    /// set.
    #[must_use]
    pub fn answered(&self, reply: &Reply) -> String {
        let text = match (self.command, reply) {
            (_, Reply::Error(_)) => reply.for_terminal(),
            ("CONFIG GET *", Reply::List(words)) => {
                let mut lines: Vec<String> = words.chunks(2).map(setting).collect();
                lines.sort();
                lines.join("\n")
            }
            ("ACL LIST", Reply::List(users)) => users.iter().map(user).collect::<Vec<_>>().join("\n"),
            (_, reply) => String::from_utf8_lossy(&reply.raw()).replace('\r', ""),
        };
        format!("{}\n", text.trim_end())
    }
}

fn setting(pair: &[Reply]) -> String {
    let mut words = pair.iter().map(|word| String::from_utf8_lossy(&word.raw()).into_owned());
    let (name, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let value = if is_secret(&name) && !value.is_empty() { "***".to_owned() } else { value };
    format!("{name} {value}").trim_end().to_owned()
}

/// A line of ACL LIST: `user shop on #hash ~* +@all`.
fn user(line: &Reply) -> String {
    let line = String::from_utf8_lossy(&line.raw()).into_owned();
    let cover = |word| if str::starts_with(word, ['#', '>']) { "#***" } else { word };
    line.split(' ').map(cover).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(command: &str, reply: &Reply) -> String {
        let all = EVERY_SERVER.iter().chain(&CLUSTER_NODE);
        all.clone().find(|question| question.command == command).expect("a question").answered(reply)
    }

    fn list(words: &[&str]) -> Reply {
        Reply::List(words.iter().map(|word| Reply::Text(word.as_bytes().to_vec())).collect())
    }

    #[test]
    fn passwords_are_covered_by_where_they_stand() {
        let reply = list(&["port", "7001", "masterauth", "hunter2", "requirepass", "", "save", ""]);
        assert_eq!(answered("CONFIG GET *", &reply), "masterauth ***\nport 7001\nrequirepass\nsave\n");
        let reply = list(&["user default on nopass ~* +@all", "user regular on #5e88 #77af ~k +@read"]);
        assert_eq!(
            answered("ACL LIST", &reply),
            "user default on nopass ~* +@all\nuser regular on #*** #*** ~k +@read\n"
        );
    }

    #[test]
    fn texts_are_as_they_are_and_refusals_are_said() {
        let reply = Reply::Text(b"# Server\r\nredis_version:7.0.15\r\n".to_vec());
        assert_eq!(answered("INFO everything", &reply), "# Server\nredis_version:7.0.15\n");
        let reply = Reply::Error("ERR This instance has cluster support disabled".to_owned());
        assert_eq!(
            answered("CLUSTER NODES", &reply),
            "(error) ERR This instance has cluster support disabled\n"
        );
    }
}

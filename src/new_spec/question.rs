//! A question of the dialog: its words, its default, and how a line answers it.

use crate::spec::{is_file_name, nearest};

/// A question, in the order of [`Question::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// The kind of deployment.
    Kind,
    /// The image of the servers.
    Image,
    /// The number of shards.
    Shards,
    /// The number of replicas.
    Replicas,
    /// The number of sentinels.
    Sentinels,
    /// Whether the default user has a password.
    Password,
    /// Whether servers use TLS.
    Tls,
    /// The first port.
    Port,
    /// The file to write.
    File,
}

/// The kinds of deployments.
const KINDS: [&str; 4] = ["standalone", "replication", "sentinel", "cluster"];

impl Question {
    /// Every question, in order.
    pub const ALL: [Self; 9] = [
        Self::Kind,
        Self::Image,
        Self::Shards,
        Self::Replicas,
        Self::Sentinels,
        Self::Password,
        Self::Tls,
        Self::Port,
        Self::File,
    ];

    /// The words of the question.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Kind => "Kind: standalone, replication, sentinel or cluster",
            Self::Image => "Server and version: redis:8, valkey:9, or another image",
            Self::Shards => "Shards",
            Self::Replicas => "Replicas of each primary",
            Self::Sentinels => "Sentinels, an odd number",
            Self::Password => "A password for clients? (yes, no)",
            Self::Tls => "TLS? (yes, no)",
            Self::Port => "First port, or auto",
            Self::File => "File for the spec",
        }
    }

    /// The answer that Enter gives, except for the file.
    pub(super) fn usual(self) -> &'static str {
        match self {
            Self::Kind => "cluster",
            Self::Image => "redis:8",
            Self::Shards | Self::Sentinels => "3",
            Self::Replicas => "1",
            Self::Password | Self::Tls => "no",
            Self::Port => "7001",
            Self::File => "",
        }
    }

    /// Whether the question is asked for a kind.
    pub(super) fn concerns(self, kind: &str) -> bool {
        match self {
            Self::Shards => kind == "cluster",
            Self::Replicas => kind != "standalone",
            Self::Sentinels => kind == "sentinel",
            _ => true,
        }
    }

    /// Reads an answer that is not empty.
    pub(super) fn read(self, line: &str) -> Result<String, String> {
        let lower = line.to_ascii_lowercase();
        match self {
            Self::Kind => kind(&lower),
            Self::Image => Ok(image(line)),
            Self::Password | Self::Tls => match lower.as_str() {
                "y" | "yes" => Ok("yes".to_owned()),
                "n" | "no" => Ok("no".to_owned()),
                _ => Err(format!("`{line}` is neither yes nor no")),
            },
            Self::Port if lower == "auto" => Ok(lower),
            Self::Shards | Self::Replicas | Self::Sentinels | Self::Port => number(line),
            Self::File if is_file_name(line) => Ok(line.to_owned()),
            Self::File => Err(format!("`{line}` is no name of a spec: it ends with .yaml")),
        }
    }
}

/// A kind, or the beginning of one kind.
fn kind(line: &str) -> Result<String, String> {
    let beginning: Vec<&str> = KINDS.into_iter().filter(|kind| kind.starts_with(line)).collect();
    match beginning.as_slice() {
        [kind] => Ok((*kind).to_owned()),
        [] => Err(match nearest(line, &KINDS) {
            Some(kind) => format!("`{line}` is no kind; did you mean `{kind}`?"),
            None => format!("`{line}` is no kind"),
        }),
        several => Err(format!("`{line}` may be {}", several.join(" or "))),
    }
}

fn number(line: &str) -> Result<String, String> {
    line.parse::<u32>().map(|number| number.to_string()).map_err(|_| format!("`{line}` is no number"))
}

/// An image: `redis 7.2`, `7.2` and `valkey:9` are short for images of the registry.
fn image(line: &str) -> String {
    let begins_with_digit = line.starts_with(|letter: char| letter.is_ascii_digit());
    let is_version = begins_with_digit && line.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    match line.split_once([' ', ':']) {
        _ if is_version => format!("redis:{line}"),
        Some((name, version)) if name.eq_ignore_ascii_case("redis") => format!("redis:{}", version.trim()),
        Some((name, version)) if name.eq_ignore_ascii_case("valkey") => {
            format!("valkey/valkey:{}", version.trim())
        }
        None if line.eq_ignore_ascii_case("redis") => "redis:8".to_owned(),
        None if line.eq_ignore_ascii_case("valkey") => "valkey/valkey:9".to_owned(),
        _ => line.to_owned(),
    }
}

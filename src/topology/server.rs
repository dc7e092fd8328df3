//! The server of an image or a node, and its abilities. Only this file compares versions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod directives;
mod move_way;
mod start_commands;

pub use move_way::MoveWay;
pub use start_commands::StartCommand;

/// Redis or its fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavor {
    /// Redis.
    Redis,
    /// Valkey, forked from Redis 7.2.
    Valkey,
}

impl fmt::Display for Flavor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        })
    }
}

/// A server's version number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number.
    pub patch: u16,
}

impl FromStr for Version {
    type Err = String;

    /// Reads `8.0.2`, `7.2`, `8`. It ignores the text after a `-`, `+` or `~`, and before a `:`.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.rsplit(':').next().unwrap_or(text).split(['-', '+', '~']).next().unwrap_or(text);
        let mut parts = number.split('.').map(str::parse::<u16>);
        let mut next = |required: bool| match parts.next() {
            Some(part) => part.map_err(|_| format!("`{text}` is not a version number")),
            None if required => Err(format!("`{text}` is not a version number")),
            None => Ok(0),
        };
        Ok(Self { major: next(true)?, minor: next(false)?, patch: next(false)? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The server in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Server {
    /// Redis or Valkey.
    pub flavor: Flavor,
    /// Its version.
    pub version: Version,
}

impl Server {
    /// The assumed server of an image that the engine does not have: the server in its reference, otherwise Redis 8.
    #[must_use]
    pub fn assumed(reference: &str) -> Self {
        let repository = repository(reference);
        let rest = reference[repository.len()..].strip_prefix(':').unwrap_or("");
        let tag = rest.split('@').next().unwrap_or("");
        let flavor = if repository.contains("valkey") { Flavor::Valkey } else { Flavor::Redis };
        let version = tag.parse().unwrap_or(Version { major: 8, minor: 0, patch: 0 });
        Self { flavor, version }
    }

    /// The server that an official image names with its version: `valkey/valkey:8.1`. A tag such as `8` can mean any
    /// later version.
    #[must_use]
    pub fn named(reference: &str) -> Option<Self> {
        let tag = reference.strip_prefix(repository(reference))?.strip_prefix(':')?;
        let has_minor = tag.split(['-', '@']).next()?.contains('.');
        let is_official = ["redis", "valkey"].contains(&repository(reference).rsplit('/').next()?);
        let is_version = tag.split('@').next()?.parse::<Version>().is_ok();
        (has_minor && is_official && is_version).then(|| Self::assumed(reference))
    }

    /// The server's executable, found on the container's `PATH`.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self.flavor {
            Flavor::Redis => "redis-server",
            Flavor::Valkey => "valkey-server",
        }
    }

    /// The server whose reply to INFO is `text`; `None` if its version cannot be read. Valkey also tells the
    /// compatible Redis version.
    #[must_use]
    pub fn from_info(text: &str) -> Option<Self> {
        let field =
            |name: &str| text.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'));
        let (flavor, version) = match field("valkey_version") {
            Some(version) => (Flavor::Valkey, version),
            None => (Flavor::Redis, field("redis_version")?),
        };
        Some(Self { flavor, version: version.parse().ok()? })
    }

    fn at_least(self, major: u16, minor: u16) -> bool {
        (self.version.major, self.version.minor) >= (major, minor)
    }

    /// Whether a cluster node can announce an endpoint for clients beside the address that gossip
    /// uses (`cluster-announce-hostname`, Redis 7.0).
    #[must_use]
    pub fn announces_endpoint(self) -> bool {
        self.at_least(7, 0)
    }

    /// Whether a cluster node can announce another IP to clients, also in the first column of CLUSTER NODES (`cluster-announce-client-ipv4`, Valkey 8.1).
    #[must_use]
    pub fn announces_client_ip(self) -> bool {
        self.flavor == Flavor::Valkey && self.at_least(8, 1)
    }

    /// Whether the command FAILOVER exists (Redis 6.2).
    #[must_use]
    pub fn has_failover(self) -> bool {
        self.at_least(6, 2)
    }

    /// Whether the election of CLUSTER FAILOVER begins without the votes of an earlier election (measured on Valkey
    /// 8.1, 9.0 and 9.1).
    #[must_use]
    pub fn forgets_votes(self) -> bool {
        self.flavor == Flavor::Valkey && self.at_least(8, 1)
    }

    /// Whether `CLUSTER SHARDS` and sharded publish/subscribe exist (Redis 7.0).
    #[must_use]
    pub fn has_shards(self) -> bool {
        self.at_least(7, 0)
    }

    /// Whether a certificate can be optional for clients (Redis 6.2).
    #[must_use]
    pub fn has_optional_client_certificates(self) -> bool {
        self.at_least(6, 2)
    }

    /// Whether servers have functions (Redis 7.0).
    #[must_use]
    pub fn has_functions(self) -> bool {
        self.at_least(7, 0)
    }

    /// Whether PEXPIRETIME exists (Redis 7.0).
    #[must_use]
    pub fn tells_expiry_times(self) -> bool {
        self.at_least(7, 0)
    }

    /// Whether a cluster's shards have ids (Redis 7.2).
    #[must_use]
    pub fn has_shard_ids(self) -> bool {
        self.at_least(7, 2)
    }

    /// Whether CLUSTER FORGET spreads to all nodes, which then refuse the forgotten node for a minute (Redis
    /// 7.2).
    #[must_use]
    pub fn spreads_forgetting(self) -> bool {
        self.at_least(7, 2)
    }

    /// Whether ACL rules know channel patterns, `&…` (Redis 6.2).
    #[must_use]
    pub fn has_channel_rules(self) -> bool {
        self.at_least(6, 2)
    }

    /// Whether sentinels have users, and log in at each other by name (`sentinel sentinel-user`, Redis 6.2). Earlier
    /// sentinels have a common password for all clients.
    #[must_use]
    pub fn has_sentinel_users(self) -> bool {
        self.at_least(6, 2)
    }

    /// Whether ACL rules know selectors, `(…)`, key patterns for reading or writing only, `%R~…`, and `-` for
    /// subcommands (Redis 7.0).
    #[must_use]
    pub fn has_selectors(self) -> bool {
        self.at_least(7, 0)
    }

    /// Whether `ACL DRYRUN` exists (Redis 7.0).
    #[must_use]
    pub fn has_dry_runs(self) -> bool {
        self.at_least(7, 0)
    }

    /// Whether `cluster-allow-replica-migration` exists (Redis 7.0).
    #[must_use]
    pub fn can_forbid_replica_migration(self) -> bool {
        self.at_least(7, 0)
    }

    /// The quickest way in which the server moves slots to another primary. Valkey 9 has CLUSTER MIGRATESLOTS. Redis
    /// 8.4 has CLUSTER MIGRATION IMPORT, which redisctl does not use yet.
    #[must_use]
    pub fn way_to_move_slots(self) -> MoveWay {
        let is_valkey = self.flavor == Flavor::Valkey;
        MoveWay {
            atomic: is_valkey && self.at_least(9, 0),
            waits_for_replicas: is_valkey && self.at_least(8, 0),
        }
    }

    /// The version of the data format (RDB) that the server writes, and the newest that it reads. It is 9 since Redis
    /// 5, 10 since 7.0, 11 since 7.2, and 12 since Redis 7.4. It is 11 in Valkey 7.2 to 8, and 80 in Valkey 9.
    #[must_use]
    pub fn data_format(self) -> u16 {
        match self.flavor {
            Flavor::Valkey if self.at_least(9, 0) => 80,
            Flavor::Valkey => 11,
            Flavor::Redis if self.at_least(7, 4) => 12,
            Flavor::Redis if self.at_least(7, 2) => 11,
            Flavor::Redis if self.at_least(7, 0) => 10,
            Flavor::Redis => 9,
        }
    }

    /// Whether the server can load the data of `other`, from disk or from a primary.
    #[must_use]
    pub fn reads_data_of(self, other: Self) -> bool {
        self.reads_format(DataFormat(other.data_format()))
    }

    /// Whether the server can load data of a format. Formats 12 to 79 are Redis's alone: Valkey refuses them, and Redis
    /// refuses Valkey's. A format that no known server has may be of a newer server.
    #[must_use]
    pub fn reads_format(self, format: DataFormat) -> bool {
        const COMMON: u16 = 11;
        const NEWEST_OF_REDIS: u16 = 12;
        const FIRST_OF_VALKEY: u16 = 80;
        let own = self.data_format();
        match format.0 {
            format @ ..=COMMON => format <= own,
            format @ NEWEST_OF_REDIS => self.flavor == Flavor::Redis && format <= own,
            ..FIRST_OF_VALKEY => self.flavor == Flavor::Redis,
            format @ FIRST_OF_VALKEY => self.flavor == Flavor::Valkey && format <= own,
            _ => self.flavor == Flavor::Valkey,
        }
    }

    /// Whether replicas start a full sync only on a one-second tick, unless it is streamed into memory (Valkey 9).
    #[must_use]
    pub fn loads_first_copy_slowly(self) -> bool {
        self.flavor == Flavor::Valkey && self.at_least(8, 1)
    }
}

/// The version of a data format (RDB).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataFormat(pub u16);

impl DataFormat {
    /// The format of a file of data, from its first bytes: `REDIS0012`, or `VALKEY080`.
    #[must_use]
    pub fn of_file(beginning: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(beginning.get(..9)?).ok()?;
        let digits = text.strip_prefix("REDIS").or_else(|| text.strip_prefix("VALKEY"))?;
        digits.parse().ok().map(Self)
    }
}

/// An image's name without tag and digest: `registry:5000/redis` of `registry:5000/redis:7@sha256:…`. A colon
/// before the last slash belongs to a port.
#[must_use]
pub fn repository(reference: &str) -> &str {
    let named = reference.split('@').next().unwrap_or(reference);
    let name = named.rfind('/').map_or(0, |slash| slash + 1);
    named[name..].find(':').map_or(named, |colon| &named[..name + colon])
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.flavor, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_they_are_written_in_the_wild() {
        for (text, major, minor, patch) in
            [("8.0.2", 8, 0, 2), ("7.2-alpine", 7, 2, 0), ("8", 8, 0, 0), ("5:7.0.15-1~deb12u7", 7, 0, 15)]
        {
            assert_eq!(text.parse(), Ok(Version { major, minor, patch }), "{text}");
        }
        assert!("latest".parse::<Version>().is_err());
    }

    #[test]
    fn a_server_is_read_from_its_info() {
        for (info, server) in [
            ("# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:0\r\n", Some("redis 7.0.15")),
            ("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\n", Some("valkey 8.1.1")),
            ("redis_version:unknown\r\n", None),
            ("", None),
        ] {
            assert_eq!(Server::from_info(info).map(|server| server.to_string()).as_deref(), server, "{info}");
        }
    }

    #[test]
    fn a_file_of_data_says_its_format() {
        let format = |text: &str| DataFormat::of_file(text.as_bytes()).map(|format| format.0);
        assert_eq!(format("REDIS0012\u{fa}\tredis-ver"), Some(12));
        assert_eq!(format("VALKEY080\u{fa}"), Some(80));
        assert_eq!(format("*2\r\n$6\r\nSELECT"), None);
        assert_eq!(format("REDIS"), None);
        let reads = |image: &str, format: u16| Server::assumed(image).reads_format(DataFormat(format));
        assert!(reads("redis:7.0", 10) && !reads("redis:7.0", 11) && !reads("redis:7.0", 12));
        assert!(reads("redis:8.0", 12) && !reads("redis:8.0", 80) && !reads("valkey:9.0", 12));
        assert!(reads("valkey:9.0", 80) && !reads("valkey:8.1", 80));
        assert!(
            reads("redis:8.0", 13) && reads("valkey:9.0", 81),
            "of servers that are newer than this program"
        );
    }

    #[test]
    fn data_is_read_by_servers_that_are_as_new() {
        let server = Server::assumed;
        for (new, old, reads) in [
            ("redis:8.0", "redis:7.0", true),
            ("redis:7.0", "redis:8.0", false),
            ("redis:7.0", "redis:7.0.15", true),
            ("valkey/valkey:8.1", "redis:7.0", true),
            ("valkey/valkey:8.1", "redis:8.0", false),
            ("valkey/valkey:9.0", "redis:8.0", false),
            ("redis:8.0", "valkey/valkey:8.1", true),
        ] {
            assert_eq!(server(new).reads_data_of(server(old)), reads, "{new} of {old}");
        }
    }

    #[test]
    fn an_absent_image_is_judged_by_its_reference() {
        assert_eq!(Server::assumed("redis:7.0").to_string(), "redis 7.0.0");
        assert_eq!(Server::assumed("valkey/valkey:8.1").to_string(), "valkey 8.1.0");
        assert_eq!(Server::assumed("redis").to_string(), "redis 8.0.0");
        assert_eq!(Server::assumed("redis@sha256:0123abcd").to_string(), "redis 8.0.0");
        assert_eq!(Server::assumed("redis:7.2@sha256:0123abcd").to_string(), "redis 7.2.0");
        assert_eq!(Server::assumed("localhost:5000/valkey").to_string(), "valkey 8.0.0");
        assert_eq!(Server::assumed("localhost:5000/valkey:9.0@sha256:7").to_string(), "valkey 9.0.0");
    }
}

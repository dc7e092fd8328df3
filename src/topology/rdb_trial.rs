//! A server that loads an `.rdb` file, so that its keys can be read: its configuration, and what its log says.

use std::fmt::Write as _;

use super::Node;
use super::paths::data_folder;
use super::server_end::without_stamp;

/// The name of the file in the folder of the node's data.
pub const RDB_FILE: &str = "seed.rdb";

/// The number of databases: as many as a file may have.
const DATABASES: u32 = 1024;

/// The configuration of the server. `own` is that of `node`, which has its modules, users and certificates.
#[must_use]
pub fn configuration(own: &str, node: &Node) -> String {
    let mut text = own.to_owned();
    let mut line = |line: &str| {
        // Writing to a String cannot fail. The last line of a directive counts.
        let _ = writeln!(text, "{line}");
    };
    line(&format!("dir {}", data_folder(&node.name)));
    line(&format!("dbfilename {RDB_FILE}"));
    line(&format!("databases {DATABASES}"));
    line("cluster-enabled no");
    line("appendonly no");
    line("save \"\"");
    line("maxmemory 0");
    line("loglevel notice");
    line("logfile \"\"");
    text
}

/// The beginnings of the words with which servers refuse a file. Later lines only say that the server ends.
const REASONS: [&str; 6] = [
    "Can't handle RDB format version",
    "Wrong signature",
    "Short read or OOM loading DB",
    "Internal error in RDB reading",
    "The RDB file contains",
    "Wrong RDB checksum",
];

/// The words of a server that does not load the file, in its log.
#[must_use]
pub fn refusal(log: &str) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_reason = |line: &&&str| REASONS.iter().any(|reason| line.contains(reason));
    let reason = lines.iter().find(is_reason).or(lines.last());
    reason.map_or("it says nothing", |line| without_stamp(line)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;
    use crate::topology::facts::Facts;
    use crate::topology::resolve::resolve;

    #[test]
    fn a_server_says_why_it_does_not_load_a_file() {
        let stamp = "1:M 28 Nov 2026 16:18:45.665";
        let words = "Can't handle RDB format version 99";
        let log = format!(
            "{stamp} # Server initialized\n{stamp} # {words}\n{stamp} # Fatal error loading the DB\n"
        );
        assert_eq!(refusal(&log), words);
        assert_eq!(
            (refusal(&format!("{stamp} * Ready\n")), refusal("")),
            ("Ready".into(), "it says nothing".into())
        );
    }

    #[test]
    fn the_server_is_a_single_one_that_saves_nothing() {
        let spec: Spec = serde_yaml::from_str("{kind: cluster}").expect("a spec");
        let topology = resolve(&spec, &Facts::offline("shop")).expect("a topology");
        insta::assert_snapshot!(configuration("port 7001\n", &topology.shards[0].primary), @r#"
        port 7001
        dir /redisctl/shop-1/data
        dbfilename seed.rdb
        databases 1024
        cluster-enabled no
        appendonly no
        save ""
        maxmemory 0
        loglevel notice
        logfile ""
        "#);
    }
}

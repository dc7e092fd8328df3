//! A server that copies the data of a node, to try whether it can read it: its configuration, and what its log says.

use std::fmt::Write as _;

use super::paths::data_folder;
use super::server_end::without_stamp;
use super::{Address, Node, Topology};

/// The configuration of a server that copies the data at `source`. `own` is that of `node`, which has its modules,
/// users and certificates. The server shares the network namespace of the source, so it listens on a socket only.
#[must_use]
pub fn configuration(own: &str, topology: &Topology, node: &Node, source: Address) -> String {
    let mut text = own.to_owned();
    let mut line = |line: &str| {
        // Writing to a String cannot fail. The last line of a directive counts.
        let _ = writeln!(text, "{line}");
    };
    line("port 0");
    if topology.tls.is_some() {
        line("tls-port 0");
    }
    line(&format!("unixsocket {}/trial.sock", data_folder(&node.name)));
    line("cluster-enabled no");
    line("appendonly no");
    line("save \"\"");
    line("loglevel notice");
    line("logfile \"\"");
    line("replica-priority 0");
    if topology.server.came_too_early_for("replica-announced").is_none() {
        line("replica-announced no");
    }
    line(&format!("replicaof {} {}", source.ip, source.port));
    text
}

/// The state of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copy {
    /// The server has read all data.
    Done,
    /// It cannot read the data; its words.
    Refused(String),
    /// Neither yet; its last words.
    Pending(String),
}

impl Copy {
    /// Reads the log of the server.
    #[must_use]
    pub fn read(log: &str) -> Self {
        let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty());
        if let Some(line) = lines().find(|line| line.contains("I can't load")) {
            return Self::Refused(without_stamp(line).to_owned());
        }
        if lines().any(|line| line.contains("sync: Finished with success")) {
            return Self::Done;
        }
        Self::Pending(lines().next_back().map_or("it says nothing", without_stamp).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;
    use crate::topology::resolve::{Facts, resolve};

    #[test]
    fn a_copy_is_done_refused_or_pending() {
        let stamp = "1:S 28 Nov 2026 13:12:50.392";
        let aux = "The RDB file contains AUX module data I can't load: no matching module 'scdtype00'";
        let log = format!("{stamp} * MASTER <-> REPLICA sync: Loading DB in memory\n{stamp} # {aux}\nx\n");
        assert_eq!(Copy::read(&log), Copy::Refused(aux.to_owned()));
        for server in ["MASTER", "PRIMARY"] {
            let log = format!("{stamp} * {server} <-> REPLICA sync: Finished with success\n");
            assert_eq!(Copy::read(&log), Copy::Done);
        }
        assert_eq!(Copy::read(&format!("{stamp} # Bad\n")), Copy::Pending("Bad".to_owned()));
    }

    #[test]
    fn the_copy_is_a_replica_that_sentinels_do_not_see() {
        let last = |image: &str| {
            let spec = format!("{{kind: cluster, image: '{image}', tls: true}}");
            let spec: Spec = serde_yaml::from_str(&spec).expect("a spec");
            let topology = resolve(&spec, &Facts::offline("shop")).expect("a topology");
            let node = &topology.shards[0].primary;
            configuration("port 7001\n", &topology, node, node.address)
        };
        insta::assert_snapshot!(last("redis:7.4"), @r#"
        port 7001
        port 0
        tls-port 0
        unixsocket /redisctl/shop-1/data/trial.sock
        cluster-enabled no
        appendonly no
        save ""
        loglevel notice
        logfile ""
        replica-priority 0
        replica-announced no
        replicaof 172.30.0.11 7001
        "#);
        assert!(!last("redis:6.0").contains("replica-announced"));
    }
}

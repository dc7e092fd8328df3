//! The certificates and keys of a deployment, and which of them must be renewed. The topology does not hold them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::tls::names;
use super::{NodeName, Topology};
use crate::spec::SecretText;

mod renewal;

pub use renewal::Renewal;

/// How long before its end a certificate is renewed. This is enough if `up` runs once a month.
pub const RENEWAL: Duration = Duration::days(30);

/// A certificate with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// The certificate in PEM, with the intermediate certificates.
    pub certificate: String,
    /// The key in PEM.
    pub key: SecretText,
}

/// A certificate that redisctl made, with the facts that decide its renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate and its key.
    pub pair: KeyPair,
    /// The names in it.
    pub names: Vec<String>,
    /// When it ends.
    pub ends: OffsetDateTime,
}

/// The CA and the certificates that redisctl made for a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The CA's certificate in PEM and its key, which signs the certificates of later nodes.
    pub authority: KeyPair,
    /// When the CA's own certificate ends.
    pub authority_ends: OffsetDateTime,
    /// Each node's certificate.
    pub nodes: BTreeMap<NodeName, Issued>,
    /// The certificate of clients: of redisctl, and of programs that use the output of `redisctl env`.
    pub client: Issued,
}

/// Every certificate and key of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificates {
    /// Made by redisctl.
    Made(Box<Made>),
    /// The user's own files: one certificate for all nodes and clients.
    Own {
        /// The CA's certificates in PEM.
        authority: String,
        /// The certificate of all nodes and clients.
        pair: KeyPair,
    },
}

/// The certificates that must be renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// All certificates and the CA.
    Everything,
    /// Some certificates.
    Some {
        /// The nodes whose certificates must be renewed.
        nodes: Vec<NodeName>,
        /// Whether the clients' certificate must be renewed.
        client: bool,
    },
}

impl Certificates {
    /// The CA's certificates in PEM, which clients trust.
    #[must_use]
    pub fn authority(&self) -> &str {
        match self {
            Self::Made(made) => &made.authority.certificate,
            Self::Own { authority, .. } => authority,
        }
    }

    /// The certificate that a node shows.
    #[must_use]
    pub fn of_node(&self, node: &NodeName) -> Option<&KeyPair> {
        match self {
            Self::Made(made) => made.nodes.get(node).map(|issued| &issued.pair),
            Self::Own { pair, .. } => Some(pair),
        }
    }

    /// The certificate that clients show.
    #[must_use]
    pub fn client(&self) -> &KeyPair {
        match self {
            Self::Made(made) => &made.client.pair,
            Self::Own { pair, .. } => pair,
        }
    }

    /// Every key.
    #[must_use]
    pub fn keys(&self) -> Vec<&SecretText> {
        match self {
            Self::Own { pair, .. } => vec![&pair.key],
            Self::Made(made) => {
                let issued = made.nodes.values().chain([&made.client]).map(|issued| &issued.pair);
                issued.chain([&made.authority]).map(|pair| &pair.key).collect()
            }
        }
    }

    /// Why the servers of some nodes must read their certificates again. They have the `stored` certificates.
    #[must_use]
    pub fn renewed_since(&self, stored: &Self, topology: &Topology) -> BTreeMap<NodeName, Renewal> {
        let reason = |name: &NodeName| match (self, stored) {
            (Self::Made(now), Self::Made(before)) => {
                let (issued, old) = (now.nodes.get(name)?, before.nodes.get(name)?);
                if old.names != issued.names {
                    return Some(Renewal::OtherNames);
                }
                (old.pair != issued.pair).then(|| Renewal::Ends(old.ends.date()))
            }
            _ => (self.of_node(name) != stored.of_node(name)).then_some(Renewal::OtherInSpec),
        };
        let nodes = topology.nodes().into_iter();
        nodes.filter_map(|node| Some((node.name.clone(), reason(&node.name)?))).collect()
    }

    /// The certificates as JSON, for the file in the shared volume.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Own { authority, pair } => json!({"own": {"authority": authority, "pair": pair.to_json()}}),
            Self::Made(made) => {
                let nodes: BTreeMap<&str, Value> =
                    made.nodes.iter().map(|(name, issued)| (name.as_str(), issued.to_json())).collect();
                json!({"made": {
                    "authority": made.authority.to_json(),
                    "authority_ends": made.authority_ends.unix_timestamp(),
                    "nodes": nodes,
                    "client": made.client.to_json(),
                }})
            }
        }
    }

    /// Reads the output of [`Certificates::to_json`]; `None` if it has another shape.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        if let Some(own) = value.get("own") {
            let authority = own.get("authority")?.as_str()?.to_owned();
            return Some(Self::Own { authority, pair: KeyPair::from_json(own.get("pair")?)? });
        }
        let made = value.get("made")?;
        let nodes = made.get("nodes")?.as_object()?.iter();
        let nodes = nodes.map(|(name, issued)| {
            let name = serde_json::from_value(Value::from(name.as_str())).ok()?;
            Some((name, Issued::from_json(issued)?))
        });
        Some(Self::Made(Box::new(Made {
            authority: KeyPair::from_json(made.get("authority")?)?,
            authority_ends: moment(made.get("authority_ends")?)?,
            nodes: nodes.collect::<Option<_>>()?,
            client: Issued::from_json(made.get("client")?)?,
        })))
    }
}

impl Made {
    /// The certificates that must be renewed for a topology at a moment.
    #[must_use]
    pub fn due(&self, topology: &Topology, now: OffsetDateTime) -> Due {
        let runs_out = |ends: OffsetDateTime| ends - now < RENEWAL;
        // A certificate is not valid after the end of its CA.
        if runs_out(self.authority_ends) {
            return Due::Everything;
        }
        let is_due = |node: &&super::Node| {
            let issued = self.nodes.get(&node.name);
            issued.is_none_or(|issued| runs_out(issued.ends) || issued.names != names(topology, node))
        };
        let client = runs_out(self.client.ends);
        // The file with the clients' certificate is written together with the files of a node.
        let nodes = topology.nodes().into_iter().filter(|node| client || is_due(node));
        Due::Some { nodes: nodes.map(|node| node.name.clone()).collect(), client }
    }
}

impl KeyPair {
    fn to_json(&self) -> Value {
        json!({"certificate": self.certificate, "key": self.key.expose()})
    }

    fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name)?.as_str();
        Some(Self { certificate: text("certificate")?.to_owned(), key: SecretText::new(text("key")?) })
    }
}

impl Issued {
    fn to_json(&self) -> Value {
        json!({"pair": self.pair.to_json(), "names": self.names, "ends": self.ends.unix_timestamp()})
    }

    fn from_json(value: &Value) -> Option<Self> {
        Some(Self {
            pair: KeyPair::from_json(value.get("pair")?)?,
            names: serde_json::from_value(value.get("names")?.clone()).ok()?,
            ends: moment(value.get("ends")?)?,
        })
    }
}

fn moment(value: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(value.as_i64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::resolve::{Facts, resolve};

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn pair(text: &str) -> KeyPair {
        KeyPair { certificate: format!("certificate of {text}"), key: SecretText::new(text) }
    }

    fn topology(yaml: &str) -> Topology {
        resolve(&serde_yaml::from_str(yaml).unwrap(), &Facts::offline("shop")).unwrap()
    }

    fn made(topology: &Topology, days: i64) -> Made {
        let ends = NOW + Duration::days(days);
        let nodes = topology.nodes().into_iter().map(|node| {
            let names = names(topology, node);
            (node.name.clone(), Issued { pair: pair(node.name.as_str()), names, ends })
        });
        Made {
            authority: pair("ca"),
            authority_ends: NOW + Duration::days(3650),
            nodes: nodes.collect(),
            client: Issued { pair: pair("client"), names: Vec::new(), ends },
        }
    }

    fn due(made: &Made, topology: &Topology) -> String {
        match made.due(topology, NOW) {
            Due::Everything => "everything".to_owned(),
            Due::Some { nodes, client } => {
                let names: Vec<&str> = nodes.iter().map(NodeName::as_str).collect();
                format!("{}{}", names.join(" "), if client { " client" } else { "" })
            }
        }
    }

    #[test]
    fn certificates_are_due_when_they_end_soon_when_names_change_and_when_nodes_come() {
        let two = topology("{kind: replication, tls: true}");
        assert_eq!(due(&made(&two, 397), &two), "");
        assert_eq!(due(&made(&two, 31), &two), "");
        assert_eq!(due(&made(&two, 29), &two), "shop-1 shop-2 client");
        let three = topology("{kind: replication, replicas: 2, tls: true}");
        assert_eq!(due(&made(&two, 397), &three), "shop-3");
        let moved = topology("{kind: replication, tls: true, ports: {bind: 192.168.7.1}}");
        assert_eq!(due(&made(&two, 397), &moved), "shop-1 shop-2");
        let old = Made { authority_ends: NOW + Duration::days(29), ..made(&two, 397) };
        assert_eq!(due(&old, &two), "everything");
    }

    #[test]
    fn what_is_written_is_read_back_and_debug_shows_no_key() {
        let two = topology("{kind: replication, tls: true}");
        let own = Certificates::Own { authority: "ca".to_owned(), pair: pair("hunter2") };
        for certificates in [own, Certificates::Made(Box::new(made(&two, 397)))] {
            assert_eq!(Certificates::from_json(&certificates.to_json()), Some(certificates));
        }
        assert!(
            !format!("{:?}", KeyPair { certificate: String::new(), ..pair("hunter2") }).contains("hunter2")
        );
    }

    #[test]
    fn a_new_certificate_comes_with_its_reason() {
        let two = topology("{kind: replication, tls: true}");
        let before = made(&two, 20);
        let mut after = made(&two, 397);
        for issued in after.nodes.values_mut() {
            issued.pair = pair("another");
        }
        after.nodes.values_mut().last().unwrap().names.push("db.example".to_owned());
        let (before, after) = (Certificates::Made(Box::new(before)), Certificates::Made(Box::new(after)));
        let reasons = after.renewed_since(&before, &two).into_values().map(|renewal| renewal.to_string());
        assert_eq!(
            reasons.collect::<Vec<_>>(),
            ["its certificate ends on 1970-01-21", "its names are others than its certificate's"]
        );
        assert!(after.renewed_since(&after, &two).is_empty());
    }
}

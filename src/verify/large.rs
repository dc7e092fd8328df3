//! Whether large values arrive across engines. A link that carries smaller packets than the network's MTU loses the larger
//! ones without an error: small values arrive, and large values never do.

use std::collections::BTreeSet;

use super::context::CheckContext;
use super::shard_roles::ShardRoles;
use super::{Check, CheckCommand, CheckConnection, Expectation, Request};
use crate::topology::Node;

const COPY: (&str, &str) = ("large-copy", "large values reach a replica on another engine");
const ANSWER: (&str, &str) = ("large-answer", "large answers reach clients of every engine");

/// The MTU of Docker's networks, in bytes.
const USUAL_MTU: u16 = 1500;

/// The bytes of each packet that an overlay takes for itself.
const OVERLAY_HEADER: u16 = 50;

/// The bytes of a full packet besides the value of a SET: headers of overlay and TCP, the key, and the other words.
const BESIDE_VALUE: u16 = 240;

/// A value smaller than the packets of most VPNs, and the size of packets in networks with jumbo frames, in bytes.
const OTHER_SIZES: [u16; 2] = [1400, 9000];

/// The sizes of values in bytes: values around the largest packet of the network, and a value of several packets. The
/// first is alone in an almost full packet: links between virtual machines pass several packets on as one, of any size.
fn sizes(mtu: Option<u16>) -> BTreeSet<usize> {
    let mtu = mtu.unwrap_or(USUAL_MTU);
    OTHER_SIZES.into_iter().chain([mtu - BESIDE_VALUE, mtu - OVERLAY_HEADER, mtu]).map(usize::from).collect()
}

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    if context.topology.engines.is_empty() {
        return Vec::new();
    }
    let copies = context.shard_roles.iter().flat_map(|roles| copies(context, roles));
    let answers = context.topology.servers().into_iter().map(|node| answer(context, node));
    copies.chain(answers).collect()
}

/// A check for each replica on another engine than its primary.
fn copies(context: &CheckContext<'_>, roles: &ShardRoles<'_>) -> Vec<Check> {
    // Other checks report a shard without a primary.
    let Ok(primary) = &roles.primary else { return Vec::new() };
    let elsewhere = roles.others.iter().filter(|node| node.engine != primary.engine);
    elsewhere.map(|node| copy(context, roles, primary, node)).collect()
}

fn copy(context: &CheckContext<'_>, roles: &ShardRoles<'_>, primary: &Node, replica: &Node) -> Check {
    let key = context.key(&format!("{}:{}", COPY.0, replica.name), roles);
    // A lost packet blocks the connection.
    let write = CheckConnection::Private(primary.name.clone());
    let read = CheckConnection::Private(replica.name.clone());
    let mut requests = Vec::new();
    if context.is_cluster() {
        requests.push(Request::send(
            read.clone(),
            CheckCommand::new(["READONLY"]),
            Expectation::Status("OK"),
        ));
    }
    for size in sizes(context.topology.mtu) {
        let set = CheckContext::set(&key, &"x".repeat(size));
        requests.push(Request::send(write.clone(), set, Expectation::Status("OK")));
        let length = i64::try_from(size).unwrap_or(i64::MAX);
        let strlen = CheckCommand::new(["STRLEN", &key]);
        requests.push(Request::send(read.clone(), strlen, Expectation::Integer(length..=length)).patiently());
    }
    let found = format!("values of up to {} bytes came from {}", largest(context), primary.name);
    Check::asked(COPY, Some(&replica.name), requests, found)
        .with_advice(advice(context))
        .removing(CheckConnection::Shared(primary.name.clone()), &key)
}

fn answer(context: &CheckContext<'_>, node: &Node) -> Check {
    let connection = CheckConnection::Private(node.name.clone());
    let echo = |size: usize| {
        let text = "x".repeat(size);
        let command = CheckCommand::new(["ECHO", &text]);
        Request::send(connection.clone(), command, Expectation::Length(size))
    };
    let requests = sizes(context.topology.mtu).into_iter().map(echo).collect();
    let found = format!("answers of up to {} bytes arrived", largest(context));
    Check::asked(ANSWER, Some(&node.name), requests, found).with_advice(advice(context))
}

fn largest(context: &CheckContext<'_>) -> usize {
    sizes(context.topology.mtu).into_iter().max().unwrap_or_default()
}

/// The hint for lost values.
fn advice(context: &CheckContext<'_>) -> String {
    let mtu = context.topology.mtu.unwrap_or(USUAL_MTU);
    format!(
        "if small values arrive, the network between the machines loses packets of {mtu} bytes: find its largest \
         packet (`ping -M do -s 1372 MACHINE` tries 1400), set it with `network: {{mtu: 1400}}`, and run `up --recreate`"
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;
    use super::*;

    const TWO: &str = "engines: {a: {host: 'tcp://one:2375'}, b: {host: 'tcp://two:2375'}}\n";

    #[test]
    fn values_are_around_the_largest_packet() {
        assert_eq!(Vec::from_iter(sizes(None)), [1260, 1400, 1450, 1500, 9000]);
        assert_eq!(Vec::from_iter(sizes(Some(1400))), [1160, 1350, 1400, 9000]);
        assert_eq!(Vec::from_iter(sizes(Some(9000))), [1400, 8760, 8950, 9000]);
    }

    #[test]
    fn a_large_value_goes_from_engine_to_engine() {
        let deployment = TestDeployment::healthy(&format!(
            "kind: replication\nreplicas: 2\nnodes: {{shop-1: {{engine: a}}, shop-3: {{engine: a}}}}\n{TWO}"
        ));
        let requests = deployment.requests("large-copy", Some(2));
        assert_eq!(requests.len(), 10, "{requests:?}");
        assert!(
            requests[8].starts_with("shop-1 SET") && requests[8].contains("xx… (9000 bytes)"),
            "{}",
            requests[8]
        );
        assert!(requests[9].contains("STRLEN") && requests[9].contains("9000..=9000"), "{}", requests[9]);
        // The third server is on the engine of the primary.
        assert!(deployment.find("large-copy", Some(3)).is_none());
        assert_eq!(deployment.requests("large-answer", Some(3)).len(), 5);
        let cluster = TestDeployment::healthy(&format!("kind: cluster\n{TWO}"));
        assert!(cluster.requests("large-copy", Some(4))[0].contains("READONLY"));
        // A single engine loses no packets.
        assert!(TestDeployment::cluster(3, 1).find("large-answer", Some(1)).is_none());
    }
}

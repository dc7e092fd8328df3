//! Whether each server answers, and whether it has the version of its image.

use crate::topology::{Node, Server};

use super::context::CheckContext;
use super::{Check, CheckCommand, CheckConnection, Expectation, Judgement, Request};

const PING: (&str, &str) = ("ping", "the server answers at its endpoint");
const VERSION: (&str, &str) = ("version", "the server has the version of its image");

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let nodes = context.topology.nodes();
    let mut checks: Vec<Check> = nodes.iter().map(|node| ping(node)).collect();
    checks.extend(nodes.iter().map(|node| version(context, node)));
    checks
}

fn ping(node: &Node) -> Check {
    let request = Request::send(
        CheckConnection::Shared(node.name.clone()),
        CheckCommand::new(["PING"]),
        Expectation::Status("PONG"),
    );
    Check::asked(PING, Some(&node.name), vec![request], "PONG")
}

fn version(context: &CheckContext<'_>, node: &Node) -> Check {
    let transcript = context.transcript([node], "INFO", &["redis_version:", "valkey_version:"]);
    Check::judged(VERSION, Some(&node.name), judge_version(context, node), transcript)
}

fn judge_version(context: &CheckContext<'_>, node: &Node) -> Judgement {
    let wanted = context.topology.server_of(node);
    match context.said(&node.name)?.view.server {
        Some(found) if is_from_image(found, wanted) => Ok(found.to_string()),
        Some(found) => Err(format!("it is {found} instead of {wanted}")),
        None => Err(format!("its version cannot be read; it should be {wanted}")),
    }
}

/// Whether a server can be the server of an image. An image such as `redis:8` names no patch level.
fn is_from_image(found: Server, image: Server) -> bool {
    let (found_version, version) = (found.version, image.version);
    found.flavor == image.flavor
        && (found_version.major, found_version.minor) == (version.major, version.minor)
        && (version.patch == 0 || found_version.patch == version.patch)
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;
    use super::Server;

    #[test]
    fn another_version_or_server_than_the_image_holds_is_found() {
        let mut deployment = TestDeployment::healthy("kind: standalone\nimage: redis:8.0.2\n");
        assert_eq!(deployment.judged("version", Some(1)), Ok("redis 8.0.2".to_owned()));
        let mut judged = |image: &str| {
            deployment.statement(1).view.server = Some(Server::assumed(image));
            deployment.judged("version", Some(1))
        };
        assert_eq!(judged("redis:8.0.3"), Err("it is redis 8.0.3 instead of redis 8.0.2".to_owned()));
        assert_eq!(judged("valkey:8.0.2"), Err("it is valkey 8.0.2 instead of redis 8.0.2".to_owned()));
        deployment.statement(1).view.server = None;
        assert!(deployment.judged("version", Some(1)).is_err());

        let mut loose = TestDeployment::healthy("kind: standalone\nimage: redis:8.0\n");
        loose.statement(1).view.server = Some(Server::assumed("redis:8.0.5"));
        assert!(loose.judged("version", Some(1)).is_ok());
        loose.statement(1).view.server = Some(Server::assumed("redis:8.1.0"));
        assert!(loose.judged("version", Some(1)).is_err());
    }

    #[test]
    fn a_silent_node_fails_its_checks_with_the_reason() {
        let mut deployment = TestDeployment::cluster(3, 1);
        deployment.silence(1);
        let silence = "does not answer: connection refused";
        assert_eq!(deployment.judged("ping", Some(1)), Err(silence.to_owned()));
        // The next node would subscribe to a message from this node.
        assert_eq!(deployment.judged("pubsub", Some(2)), Err(format!("shop-1 {silence}")));
        let nobody = Err("no node of shard 1 acts as primary".to_owned());
        assert_eq!(deployment.judged("write-read", Some(1)), nobody);
        assert_eq!(deployment.judged("expiry", Some(1)), nobody);
        assert!(deployment.requests("ping", Some(2))[0].contains("PING"));
    }
}

//! Checks of a deployment with TLS: the servers refuse plain text and clients without a certificate, and their
//! certificates are valid.

use crate::spec::ClientAuth;
use crate::topology::tls::{CertificateSource, names, verified_names};
use crate::topology::{Node, Tls};

use super::context::CheckContext;
use super::{Check, CheckCommand, CheckConnection, Expectation, Request, RequestAction};

const CERTIFICATE: (&str, &str) = (
    "certificate",
    "the server's certificate is signed by the CA, valid now, and valid for the names of its node",
);
const PLAINTEXT: (&str, &str) = ("plaintext", "a client without TLS is refused");
const NO_CERTIFICATE: (&str, &str) = ("no-certificate", "a client without a certificate is refused");

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let Some(tls) = context.topology.tls else { return Vec::new() };
    let nodes = context.topology.nodes();
    let mut checks: Vec<Check> = nodes.iter().map(|node| certificate(context, tls, node)).collect();
    checks.extend(nodes.iter().map(|node| {
        refused(PLAINTEXT, CheckConnection::Plaintext(node.name.clone()), "PING without TLS got no answer")
    }));
    if tls.client_auth == ClientAuth::Required {
        checks.extend(nodes.iter().map(|node| {
            let connection = CheckConnection::Uncertified(node.name.clone());
            refused(NO_CERTIFICATE, connection, "PING without a certificate got no answer")
        }));
    }
    checks
}

fn certificate(context: &CheckContext<'_>, tls: Tls, node: &Node) -> Check {
    let names = match tls.certificates {
        CertificateSource::Made => names(context.topology, node),
        // A certificate of the user's own has to be valid for the names that clients verify.
        CertificateSource::Own => verified_names(context.topology, node),
    };
    let found = format!("it is valid for {}", names.join(", "));
    let request = Request {
        connection: CheckConnection::Private(node.name.clone()),
        action: RequestAction::Handshake { names },
        expectation: Expectation::Granted,
        patient: false,
    };
    Check::asked(CERTIFICATE, Some(&node.name), vec![request], found)
}

fn refused(name: (&'static str, &'static str), connection: CheckConnection, found: &str) -> Check {
    let node = connection.node().clone();
    let request = Request::send(connection, CheckCommand::new(["PING"]), Expectation::HungUp);
    Check::asked(name, Some(&node), vec![request], found)
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;

    fn names(yaml: &str) -> Vec<&'static str> {
        let mut names: Vec<_> =
            TestDeployment::healthy(yaml).checks().iter().map(|check| check.name).collect();
        names.retain(|name| ["certificate", "plaintext", "no-certificate"].contains(name));
        names
    }

    #[test]
    fn what_is_checked_follows_from_what_the_spec_asks_for() {
        assert!(names("kind: standalone").is_empty());
        assert_eq!(names("{kind: standalone, tls: true}"), ["certificate", "plaintext"]);
        assert_eq!(names("{kind: standalone, tls: {client_auth: optional}}"), ["certificate", "plaintext"]);
        let all = ["certificate", "plaintext", "no-certificate"];
        assert_eq!(names("{kind: standalone, tls: {client_auth: true}}"), all);
    }

    #[test]
    fn a_certificate_is_for_every_name_of_its_node() {
        let requests =
            TestDeployment::healthy("{kind: replication, tls: true}").requests("certificate", Some(2));
        assert_eq!(
            requests,
            ["shop-2 (TLS handshake, certificate for 127.0.0.1, 172.30.0.12, localhost, shop-2) -> Granted"]
        );
        let own = "{kind: replication, tls: {ca: ca.pem, cert: cert.pem, key: key.pem}}";
        let requests = TestDeployment::healthy(own).requests("certificate", Some(2));
        assert_eq!(requests, ["shop-2 (TLS handshake, certificate for 127.0.0.1) -> Granted"]);
    }
}

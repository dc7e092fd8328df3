//! Rules of `ports.announce`: the host that servers announce to clients.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::spec::{Problem, Spec};
use crate::topology::defaults::{announced_host, bind};
use crate::topology::facts::Facts;

const ANNOUNCE: [&str; 2] = ["ports", "announce"];

/// The longest name in DNS.
const LONGEST_NAME: usize = 253;

/// The spec's host is a name that servers accept, or an IPv4 address.
pub(super) fn written_host_is_a_host(spec: &Spec) -> Option<Problem> {
    host_is_a_host(&ANNOUNCE, announced_host(spec)?)
}

/// The addresses of engines are names that servers accept, or IPv4 addresses.
pub(super) fn addresses_of_engines_are_hosts(spec: &Spec) -> Vec<Problem> {
    let written =
        spec.engines.iter().flatten().filter_map(|(name, engine)| Some((name, engine.address.as_ref()?)));
    written.filter_map(|(name, host)| host_is_a_host(&["engines", name, "address"], host)).collect()
}

/// The problem of a text that is neither a name that servers accept nor an IPv4 address.
pub(super) fn host_is_a_host(at: &[&str], host: &str) -> Option<Problem> {
    let problem = |message: String, hint: &str| Some(Problem::new(at, message).hint(hint));
    if host.parse::<Ipv6Addr>().is_ok() {
        return problem(
            format!("ports are published on IPv4 addresses, and `{host}` is an IPv6 address"),
            "give a name or an IPv4 address",
        );
    }
    match host.parse::<Ipv4Addr>() {
        Ok(ip) if ip.is_unspecified() => {
            problem(format!("clients cannot dial `{host}`"), "give a name or address of this machine")
        }
        Ok(_) => None,
        Err(_) if is_name(host) => None,
        Err(_) => problem(
            format!("`{host}` is not a host name or an IPv4 address"),
            "a name has letters, digits, `-` and `.` only, such as `dev-box.lan`",
        ),
    }
}

/// Whether servers accept a text as a host name: labels of letters, digits and hyphens. A last label of digits alone
/// would be the end of an IPv4 address.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let inner = label.trim_matches('-');
        inner == label
            && !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let ends_in_digits =
        text.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    text.len() <= LONGEST_NAME && text.split('.').all(is_label) && !ends_in_digits
}

/// Ports that are published on loopback are not announced with another host.
pub(super) fn host_is_where_ports_are(spec: &Spec, host: &str, facts: &Facts) -> Option<Problem> {
    let (bind, ip) = (bind(spec), facts.ip_of(host)?);
    (bind.is_loopback() && ip != bind).then(|| {
        let ip = if host.parse() == Ok(ip) { String::new() } else { format!(" ({ip})") };
        let message = format!("ports on {bind} cannot be reached at `{host}`{ip}");
        Problem::new(&ANNOUNCE, message).hint(
            "publish them on all addresses with `--set ports.bind=0.0.0.0`, and let `auth.password` guard them",
        )
    })
}

/// The problem of an announced host without an address. redisctl verifies a deployment at the announced host.
#[must_use]
pub fn host_is_unknown(host: &str) -> Problem {
    Problem::new(&ANNOUNCE, format!("`{host}` has no IPv4 address on this machine")).hint(
        "redisctl forms and verifies the deployment at this host: enter the name in the DNS or in this machine's \
         hosts file, or announce an IPv4 address",
    )
}

//! The servers' logs of refused commands (ACL LOG). Some checks prove that servers refuse a command or a password,
//! and each server logs the refusal. If a log was empty before the verification, it is emptied afterwards.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::Servers;
use crate::redis::ServerError;
use crate::reply::Reply;
use crate::report::Report;
use crate::topology::NodeName;

/// A number above all entries: servers keep 128 by default.
const ALL_ENTRIES: &str = "ACL LOG 10000";

/// The errors whose causes servers log.
const RECORDED: [&str; 2] = ["NOPERM", "WRONGPASS"];

/// The nodes whose logs are empty. Without users, servers refuse no command, so no node is asked.
pub(super) async fn empty(servers: &Servers<'_>) -> BTreeSet<NodeName> {
    if servers.topology.auth.is_none() {
        return BTreeSet::new();
    }
    let is_empty = |name: NodeName| async move {
        let entries = entries(servers, &name).await;
        (entries.ok()? == Some(0)).then_some(name)
    };
    let nodes = servers.topology.nodes().into_iter().map(|node| node.name.clone());
    join_all(nodes.map(is_empty)).await.into_iter().flatten().collect()
}

/// Empties the logs that were empty before a verification, unless other clients were refused meanwhile.
pub(super) async fn tidy(servers: &Servers<'_>, were_empty: BTreeSet<NodeName>, report: &Report) {
    let tidy = |name: NodeName| async move {
        let refusals = refusals(report, &name);
        // The verification has ended, so an error here does not matter.
        if refusals > 0 && entries(servers, &name).await.ok().flatten().is_some_and(|sum| sum <= refusals) {
            let _ = servers.replies(&name, &["ACL LOG RESET"]).await;
        }
    };
    join_all(were_empty.into_iter().map(tidy)).await;
}

/// The number of refused checks at a node.
fn refusals(report: &Report, node: &NodeName) -> i64 {
    let exchanges = report.checks.iter().flat_map(|check| &check.transcript);
    let at_node = exchanges.filter(|exchange| exchange.at.split([' ', ',']).next() == Some(node.as_str()));
    let is_refused = |reply: &str| {
        let code = reply.strip_prefix("(error) ").and_then(|error| error.split(' ').next());
        code.is_some_and(|code| RECORDED.contains(&code))
    };
    at_node.filter(|exchange| is_refused(&exchange.reply)).map(|exchange| i64::from(exchange.times)).sum()
}

/// The number of refusals in a server's log; `None` if it has no log.
async fn entries(servers: &Servers<'_>, node: &NodeName) -> Result<Option<i64>, ServerError> {
    let replies = servers.replies(node, &[ALL_ENTRIES]).await?;
    Ok(replies.first().and_then(sum))
}

/// The sum of the entries' counts. One entry stands for equal refusals within a minute.
fn sum(log: &Reply) -> Option<i64> {
    let Reply::List(entries) = log else { return None };
    let count = |entry: &Reply| {
        let fields = match entry {
            Reply::Map(fields) => fields.clone(),
            Reply::List(words) => {
                words.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
            }
            _ => return None,
        };
        fields.into_iter().find_map(|(name, value)| match value {
            Reply::Integer(count) if name.raw() == b"count" => Some(count),
            _ => None,
        })
    };
    entries.iter().map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{CheckResult, Exchange, Outcome};
    use crate::topology::DeploymentName;

    fn text(text: &str) -> Reply {
        Reply::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn the_counts_of_a_log_add_up() {
        let old =
            |count| Reply::List(vec![text("count"), Reply::Integer(count), text("reason"), text("auth")]);
        let new = Reply::Map(vec![(text("count"), Reply::Integer(2))]);
        assert_eq!(sum(&Reply::List(vec![old(1), old(3), new])), Some(6));
        assert_eq!(sum(&Reply::List(Vec::new())), Some(0));
        assert_eq!(sum(&Reply::Error("ERR unknown command".to_owned())), None);
    }

    #[test]
    fn refusals_are_those_of_the_node() {
        let exchange = |at: &str, reply: &str| Exchange {
            at: at.to_owned(),
            user: None,
            command: "GET a".to_owned(),
            reply: reply.to_owned(),
            times: 1,
        };
        let transcript = vec![
            exchange("shop-1 127.0.0.1:7001", "(error) NOPERM no"),
            exchange("shop-1 127.0.0.1:7001, without TLS", "(error) WRONGPASS no"),
            exchange("shop-1 127.0.0.1:7001", "(error) NOAUTH no"),
            exchange("shop-10 127.0.0.1:7010", "(error) NOPERM no"),
        ];
        let check = CheckResult {
            name: "user-denies",
            proves: "",
            node: None,
            outcome: Outcome::Passed,
            detail: String::new(),
            transcript,
        };
        let report = Report { deployment: DeploymentName::new("shop").unwrap(), checks: vec![check] };
        assert_eq!(refusals(&report, &NodeName::from_label("shop-1")), 2);
    }
}

//! The survey: asks every node, at the same time, for its view of itself and of the other nodes.

use futures_util::future::join_all;

use crate::executor::chain;
use crate::observation::ServerView;
use crate::redis::{ServerError, Servers, sentinel, server_view};
use crate::topology::{Kind, NodeName};
use crate::verify::{NodeAnswer, NodeStatement, Survey};

use super::{WhySilent, reply};

/// Takes the survey. `why` is called for nodes that do not answer.
pub(super) async fn take(servers: &Servers<'_>, why: &WhySilent<'_>) -> Survey {
    let topology = servers.topology;
    let questions = server_view::Questions { cluster: topology.kind == Kind::Cluster, ..Default::default() };
    let mut commands = questions.commands();
    commands.push(server_view::MODULES);
    if topology.auth.is_some() {
        commands.push("ACL LIST");
    }
    let ask = |node: NodeName| {
        let commands = &commands;
        async move {
            let answer = match statement(servers, &node, commands).await {
                Ok(statement) => NodeAnswer::Said(Box::new(statement)),
                Err(error) => {
                    let why = why(node.clone()).await.map(|why| why.to_string());
                    NodeAnswer::Silent(why.unwrap_or_else(|| chain(&error)))
                }
            };
            (node, answer)
        }
    };
    let nodes = topology.nodes().into_iter().map(|node| node.name.clone());
    let answers = join_all(nodes.map(ask)).await.into_iter().collect();
    Survey { answers, user: super::user(servers).to_owned() }
}

async fn statement(
    servers: &Servers<'_>,
    node: &NodeName,
    commands: &[&'static str],
) -> Result<NodeStatement, ServerError> {
    let mut connection = servers.connection(node).await?;
    if servers.topology.is_sentinel(node) {
        let said = sentinel::ask(&mut connection, &servers.topology.name).await;
        let (view, replies) = servers.kept(node, said)?;
        let replies = replies.iter().map(|(command, value)| (*command, reply::from_value(value))).collect();
        return Ok(NodeStatement { view, replies });
    }
    let replies = servers.kept(node, server_view::ask_all(&mut connection, commands).await)?;
    let access = match servers.topology.auth {
        Some(_) => Some(servers.access(node).await?),
        None => None,
    };
    let as_they_are = commands.iter().copied().zip(replies.iter().map(reply::from_value)).collect();
    let view = server_view::understand(commands.iter().copied().zip(replies))?;
    let view = servers.told_addresses().restore(view);
    Ok(NodeStatement { view: ServerView { access, ..view }, replies: as_they_are })
}

//! Sends many commands at once, each to the node of its key. The commands of a key keep their order.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use redis::Pipeline;

use super::{CliSession, MOST_REDIRECTS, command};
use crate::redis::key_table::KeyTable;
use crate::redis::session_state::Words;
use crate::redis::{ServerError, cli_reply};
use crate::reply::Reply;
use crate::topology::slots::slot_of;
use crate::topology::{Kind, Node};

/// A command that has no reply yet.
struct Unanswered<'a> {
    /// Its position among the commands.
    position: usize,
    node: &'a Node,
    /// Whether it is sent with ASKING.
    asking: bool,
}

/// The replies to many commands, in their order.
pub struct BulkAnswer {
    /// The replies up to the first command without one.
    pub replies: Vec<Reply>,
    /// Why that command has no reply.
    pub failure: Option<ServerError>,
}

impl<'a> CliSession<'a> {
    /// Asks the server for the positions of keys in commands. If the user may not ask, commands are sent one after
    /// another.
    ///
    /// # Errors
    /// No reply came.
    pub async fn learn_keys(&mut self) -> Result<(), ServerError> {
        if self.keys.is_none() && self.state.allows_bulk() {
            let reply = self.send(self.node, &[], &[b"COMMAND".to_vec()]).await?;
            self.keys = Some(KeyTable::from_reply(&reply));
        }
        Ok(())
    }

    /// Whether a command can be sent with [`CliSession::call_all`].
    #[must_use]
    pub fn is_for_bulk(&self, words: &Words) -> bool {
        self.state.allows_bulk() && self.keys.as_ref().is_some_and(|keys| keys.first_key(words).is_some())
    }

    /// Sends commands and waits for their replies. All must fit [`CliSession::call_all`].
    pub async fn call_all(&mut self, commands: &[Words]) -> BulkAnswer {
        let mut replies: Vec<Option<Reply>> = commands.iter().map(|_| None).collect();
        let mut failure = None;
        let mut unanswered = Vec::new();
        for (position, words) in commands.iter().enumerate() {
            unanswered.push(Unanswered { position, node: self.owner(words), asking: false });
        }
        for redirects in 0..=MOST_REDIRECTS {
            let sent = self.send_all(commands, unanswered).await;
            unanswered = Vec::new();
            for (one, result) in sent {
                let reply = match result {
                    Ok(reply) => reply,
                    Err(error) => {
                        failure = error.or(failure);
                        continue;
                    }
                };
                if let Some((redirect, node)) = self.redirect(&reply, redirects) {
                    if !redirect.once {
                        self.owners.insert(redirect.slot, node);
                    }
                    unanswered.push(Unanswered { node, asking: redirect.once, ..one });
                } else {
                    replies[one.position] = Some(reply);
                }
            }
            if unanswered.is_empty() {
                break;
            }
            unanswered.sort_by_key(|one| one.position);
        }
        BulkAnswer { replies: replies.into_iter().map_while(|reply| reply).collect(), failure }
    }

    /// The node that serves a command's first key, as far as known.
    fn owner(&self, words: &Words) -> &'a Node {
        let key = self.keys.as_ref().and_then(|keys| keys.first_key(words));
        let (Kind::Cluster, Some(key)) = (self.topology.kind, key) else { return self.node };
        let slot = slot_of(key);
        let planned = self.topology.shards.iter().find(|shard| shard.slots.contains(slot));
        self.owners.get(&slot).copied().or(planned.map(|shard| &shard.primary)).unwrap_or(self.node)
    }

    /// Sends each node its commands at once. If a node does not answer, its first command gets the error.
    async fn send_all(
        &mut self,
        commands: &[Words],
        unanswered: Vec<Unanswered<'a>>,
    ) -> Vec<(Unanswered<'a>, Result<Reply, Option<ServerError>>)> {
        let mut by_node: BTreeMap<&str, Vec<Unanswered<'a>>> = BTreeMap::new();
        for one in unanswered {
            by_node.entry(one.node.name.as_str()).or_default().push(one);
        }
        let mut answers = Vec::new();
        let mut sending = Vec::new();
        for of_node in by_node.into_values() {
            let node = of_node[0].node;
            match self.connection(node).await {
                Ok(mut connection) => sending.push(async move {
                    let mut pipeline = Pipeline::new();
                    for one in &of_node {
                        if one.asking {
                            pipeline.cmd("ASKING");
                        }
                        pipeline.add_command(command(&commands[one.position]));
                    }
                    let count = pipeline.len();
                    let values = connection.send_packed_commands(&pipeline, 0, count).await;
                    (node, of_node, values)
                }),
                Err(error) => answers.extend(unsent(of_node, error)),
            }
        }
        for (node, of_node, values) in join_all(sending).await {
            let silent = |source| ServerError::Silent { endpoint: node.endpoint.clone(), source };
            match self.kept(node, values.map_err(silent)) {
                Ok(values) => {
                    let mut values = values.into_iter().map(cli_reply::from_value);
                    for one in of_node {
                        if one.asking {
                            values.next();
                        }
                        let reply = values.next().ok_or(None);
                        answers.push((one, reply));
                    }
                }
                Err(error) => answers.extend(unsent(of_node, error)),
            }
        }
        answers
    }
}

/// Commands without replies. The first has the error.
fn unsent(
    of_node: Vec<Unanswered<'_>>,
    error: ServerError,
) -> impl Iterator<Item = (Unanswered<'_>, Result<Reply, Option<ServerError>>)> {
    let mut error = Some(error);
    of_node.into_iter().map(move |one| (one, Err(error.take())))
}

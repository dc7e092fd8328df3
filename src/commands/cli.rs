//! `redisctl cli`: a Redis prompt, or one command, already logged in.

use std::collections::BTreeMap;

use super::{CommandError, ExitStatus};
use crate::cli::CliArguments;
use crate::connection::ConnectionSettings;
use crate::deployment::{ConnectedEngine, Deployment, Error};
use crate::redis::{CliSession, Dialer, Login};
use crate::topology::{Node, NodeName};
use crate::ui::Ui;

mod console;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod kinds;
mod words;

use console::Console;

pub(super) async fn run(
    arguments: &CliArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.as_deref()).await?;
    let logins = logins(&deployment, arguments.user.as_deref())?;
    let node = match &arguments.node {
        Some(word) => deployment.node(word)?,
        None => deployment.primary().await,
    };
    let (topology, dialer) = (deployment.topology(), Dialer::new(deployment.credentials()));
    let mut console =
        Console::new(CliSession::new(topology, dialer, node.topology(), logins, ui.is_json()), ui);
    if arguments.command.is_empty() {
        console.lines().await?;
    } else {
        let words = arguments.command.iter().map(|word| word.as_encoded_bytes().to_vec());
        console.execute(&words.collect::<Vec<_>>(), false).await?;
    }
    Ok(if console.errors() == 0 { ExitStatus::Done } else { ExitStatus::ErrorReply })
}

/// Each node's log-in for a user; `None`: the default user.
fn logins(deployment: &Deployment, user: Option<&str>) -> Result<BTreeMap<NodeName, Login>, Error> {
    let (topology, credentials) = (deployment.topology(), deployment.credentials());
    // It refuses a user that the deployment does not have.
    ConnectionSettings::new(topology, credentials, &topology.shards[0].primary, user, None)?;
    let user = user.unwrap_or("default");
    let password = |node: &Node| match user {
        "default" => credentials.default_on(topology.starts_as_primary(&node.name)),
        other => credentials.users.get(other),
    };
    let login = |node: &Node| {
        let password = password(node)?.clone();
        Some((node.name.clone(), Login { user: user.to_owned(), password }))
    };
    Ok(topology.nodes().into_iter().filter_map(login).collect())
}

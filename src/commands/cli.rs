//! `redisctl cli`: a Redis prompt, or a single command, with the login done.

use std::collections::BTreeMap;

use super::{CommandError, ExitStatus, warn_if_out_of_reach};
use crate::cli::CliArguments;
use crate::connection;
use crate::deployment::{ConnectedEngine, Deployment, Error};
use crate::redis::{CliSession, Dialer, Login};
use crate::topology::NodeName;
use crate::topology::users::DEFAULT;
use crate::ui::Ui;

mod console;

use console::{Audience, Console};

pub(super) async fn run(
    arguments: &CliArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.as_deref()).await?;
    warn_if_out_of_reach(&deployment, ui);
    let logins = logins(&deployment, arguments.user.as_deref())?;
    let node = match &arguments.node {
        Some(word) => deployment.node(word)?,
        None => deployment.primary().await,
    };
    let (topology, dialer) = (deployment.topology(), Dialer::new(deployment.credentials()));
    let session = CliSession::new(topology, dialer, node.topology(), logins, ui.is_json());
    let mut console = Console::new(session, audience(arguments, &deployment).await?, ui);
    if arguments.command.is_empty() {
        console.lines().await?;
    } else {
        let words = arguments.command.iter().map(|word| word.as_encoded_bytes().to_vec());
        console.execute(&words.collect::<Vec<_>>(), false, None).await?;
    }
    Ok(if console.errors() == 0 { ExitStatus::Done } else { ExitStatus::ErrorReply })
}

/// The servers that receive commands about a single server.
async fn audience<'d>(arguments: &CliArguments, deployment: &'d Deployment) -> Result<Audience<'d>, Error> {
    let primaries = deployment.topology().shards.len();
    if arguments.all {
        return Ok(Audience::All(deployment.acting_primaries().await?));
    }
    Ok(if primaries > 1 && arguments.node.is_none() { Audience::OneOf(primaries) } else { Audience::One })
}

/// The login of a user at each node; `None`: the user of `redisctl env`.
fn logins(deployment: &Deployment, user: Option<&str>) -> Result<BTreeMap<NodeName, Login>, Error> {
    let (topology, credentials) = (deployment.topology(), deployment.credentials());
    let mut logins = BTreeMap::new();
    for node in topology.nodes() {
        let login = connection::login(topology, credentials, node, user)?;
        if let Some(password) = login.password {
            let user = login.user.unwrap_or(DEFAULT).to_owned();
            logins.insert(node.name.clone(), Login { user, password: password.into_owned() });
        }
    }
    Ok(logins)
}

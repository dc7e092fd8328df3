//! `redisctl status`: how a deployment is right now.

use super::{CommandError, Outcome, connected, deployment};
use crate::cli::NameArgument;
use crate::redis::Servers;
use crate::status::status;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &NameArgument,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let found = deployment::open(arguments.name.as_deref(), &connected).await?;
    let servers = Servers::new(&found.topology, &found.credentials);
    let observed = found.observe(&connected, &servers).await?;
    ui.status(&status(&found.topology, &observed))?;
    Ok(Outcome::Done)
}

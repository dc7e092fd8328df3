//! Sentinels: their replies and their commands.

use std::collections::{BTreeMap, BTreeSet};

use redis::aio::MultiplexedConnection;
use redis::{Value, cmd};

use super::command::{query, run};
use super::{Login, ServerError, parse, server_view};
use crate::observation::{SentinelView, ServerView, Watched};
use crate::topology::settings::sentinel_settings;
use crate::topology::{Address, DeploymentName, Settings};

/// A reply and the command that it answers.
pub(super) type Replies = Vec<(&'static str, Value)>;

/// Asks a sentinel for its primary under a name, and for the replicas and sentinels that it knows. Returns the
/// replies, too.
pub(super) async fn ask(
    connection: &mut MultiplexedConnection,
    name: &DeploymentName,
) -> Result<(ServerView, Replies), ServerError> {
    let commands = ["INFO", "SENTINEL MASTERS"];
    let mut replies: Replies =
        commands.into_iter().zip(server_view::ask_all(connection, &commands).await?).collect();
    let mut said = server_view::understand(replies.iter().cloned())?;
    let mut own = SentinelView::default();
    let primaries = replies.last().map_or(Value::Nil, |(_, reply)| reply.clone());
    let watched = instances(&primaries).into_iter().find(|one| one.text("name") == Some(name.as_str()));
    if let Some(watched) = watched {
        // If the sentinel stops watching between two requests, the second fails. The next observation shows the
        // reason.
        let others = [("SENTINEL REPLICAS", "REPLICAS"), ("SENTINEL SENTINELS", "SENTINELS")];
        for (command, word) in others {
            let ask = &mut cmd("SENTINEL");
            replies.push((command, query(connection, command, ask.arg(word).arg(name.as_str())).await?));
        }
        let known = |command: &str| {
            let reply = replies.iter().find(|(asked, _)| *asked == command).map(|(_, reply)| reply);
            let instances = reply.map(instances).unwrap_or_default();
            let places = instances.iter().filter_map(|one| Some((one.address()?, one)));
            places.map(|(address, one)| (address, one.clone())).collect::<BTreeMap<Address, Instance>>()
        };
        let primary = watched.address();
        let in_place = |one: &Instance| one.is_up() && one.primary().is_none_or(|of| Some(of) == primary);
        own.watched = Some(Watched {
            primary,
            failing: !watched.is_up(),
            choosing: watched.has_flag("failover_in_progress"),
            epoch: watched.text("config-epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or_default(),
            replicas: known("SENTINEL REPLICAS").iter().map(|(at, one)| (*at, in_place(one))).collect(),
            sentinels: known("SENTINEL SENTINELS").iter().map(|(at, one)| (*at, one.is_up())).collect(),
        });
        said.settings = sentinel_settings(&watched.0.into_iter().collect());
    }
    said.sentinel = Some(own);
    Ok((said, replies))
}

/// SENTINEL SET, for each setting.
pub(super) async fn set(
    connection: &mut MultiplexedConnection,
    name: &DeploymentName,
    settings: &Settings,
) -> Result<(), ServerError> {
    for (setting, value) in settings.iter() {
        let mut set = cmd("SENTINEL");
        set.arg("SET").arg(name.as_str()).arg(setting).arg(value);
        run(connection, "SENTINEL SET", &set).await?;
    }
    Ok(())
}

/// The target that a sentinel should watch.
pub(super) struct Watch<'a> {
    /// The name of the target.
    pub(super) name: &'a DeploymentName,
    /// The primary.
    pub(super) primary: Address,
    /// Its settings.
    pub(super) settings: &'a Settings,
}

/// SENTINEL MONITOR, after SENTINEL REMOVE if the name is in use. With passwords, the sentinel logs in as redisctl's
/// own user.
pub(super) async fn monitor(
    connection: &mut MultiplexedConnection,
    watch: &Watch<'_>,
    login: Option<&Login>,
) -> Result<(), ServerError> {
    let Watch { name, primary, settings } = watch;
    let (said, _) = ask(connection, name).await?;
    if said.sentinel.is_some_and(|own| own.watched.is_some()) {
        let mut remove = cmd("SENTINEL");
        run(connection, "SENTINEL REMOVE", remove.arg("REMOVE").arg(name.as_str())).await?;
    }
    let quorum = settings.get("quorum").unwrap_or("1");
    let mut monitor = cmd("SENTINEL");
    monitor.arg("MONITOR").arg(name.as_str()).arg(primary.ip.to_string()).arg(primary.port).arg(quorum);
    run(connection, "SENTINEL MONITOR", &monitor).await?;
    if login.is_some() {
        log_in_to_servers(connection, name, login).await?;
    }
    set(connection, name, settings).await
}

/// Sets the login at servers with SENTINEL SET, if the sentinel watches any. Then sets the login at other sentinels
/// with SENTINEL CONFIG SET. Only the second login can be read back, so it shows that both are set.
pub(super) async fn log_in(
    connection: &mut MultiplexedConnection,
    name: &DeploymentName,
    login: Option<&Login>,
) -> Result<(), ServerError> {
    let (said, _) = ask(connection, name).await?;
    if said.sentinel.is_some_and(|own| own.watched.is_some()) {
        log_in_to_servers(connection, name, login).await?;
    }
    let (user, password) = user_and_password(login);
    for (setting, value) in [("sentinel-user", user), ("sentinel-pass", password)] {
        let mut set = cmd("SENTINEL");
        run(connection, "SENTINEL CONFIG SET", set.arg("CONFIG").arg("SET").arg(setting).arg(value)).await?;
    }
    Ok(())
}

/// The primary that all of these sentinels name; `None` if they differ.
pub(super) async fn chosen(
    sentinels: &mut [MultiplexedConnection],
    name: &DeploymentName,
) -> Result<Option<Address>, ServerError> {
    let command = "SENTINEL GET-MASTER-ADDR-BY-NAME";
    let mut named = BTreeSet::new();
    for sentinel in sentinels {
        let mut get = cmd("SENTINEL");
        get.arg("GET-MASTER-ADDR-BY-NAME").arg(name.as_str());
        let place: Option<(String, u16)> = query(sentinel, command, &get).await?;
        named.insert(place.and_then(|(ip, port)| Some(Address { ip: ip.parse().ok()?, port })));
    }
    Ok(named.pop_first().flatten().filter(|_| named.is_empty()))
}

/// SENTINEL FAILOVER at the first sentinel. It does not ask the other sentinels.
pub(super) async fn fail_over(
    sentinels: &mut [MultiplexedConnection],
    name: &DeploymentName,
) -> Result<(), ServerError> {
    let Some(sentinel) = sentinels.first_mut() else { return Ok(()) };
    let mut fail_over = cmd("SENTINEL");
    match fail_over.arg("FAILOVER").arg(name.as_str()).exec_async(sentinel).await {
        Err(error) if error.code() == Some("INPROG") => Ok(()),
        Err(error) if error.code() == Some("NOGOODSLAVE") => Err(ServerError::NoGoodReplicaYet),
        result => result.map_err(|source| ServerError::Command { command: "SENTINEL FAILOVER", source }),
    }
}

async fn log_in_to_servers(
    connection: &mut MultiplexedConnection,
    name: &DeploymentName,
    login: Option<&Login>,
) -> Result<(), ServerError> {
    let (user, password) = user_and_password(login);
    let mut set = cmd("SENTINEL");
    set.arg("SET").arg(name.as_str()).arg("auth-user").arg(user).arg("auth-pass").arg(password);
    run(connection, "SENTINEL SET auth-user auth-pass", &set).await
}

/// Both are empty without a log-in.
fn user_and_password(login: Option<&Login>) -> (&str, &str) {
    login.map_or(("", ""), |login| (&login.user, login.password.expose()))
}

/// A sentinel's description of a server or another sentinel: names and values.
#[derive(Clone)]
struct Instance(BTreeMap<String, String>);

fn instances(reply: &Value) -> Vec<Instance> {
    let fields = |item: &Value| {
        let pairs = parse::pairs(item).into_iter();
        Instance(pairs.filter_map(|(name, value)| Some((name, parse::as_text(value)?))).collect())
    };
    parse::items(reply).iter().map(fields).collect()
}

impl Instance {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn address(&self) -> Option<Address> {
        Some(Address { ip: self.text("ip")?.parse().ok()?, port: self.text("port")?.parse().ok()? })
    }

    /// The primary that a replica names; `None` if the sentinel has not asked the replica yet.
    fn primary(&self) -> Option<Address> {
        let ip = self.text("master-host")?.parse().ok()?;
        Some(Address { ip, port: self.text("master-port")?.parse().ok()? })
    }

    /// Whether the sentinel reaches it, and no failover changes its role.
    fn is_up(&self) -> bool {
        const TROUBLE: [&str; 6] =
            ["s_down", "o_down", "disconnected", "failover_in_progress", "promoted", "reconf_inprog"];
        !TROUBLE.iter().any(|flag| self.has_flag(flag))
    }

    fn has_flag(&self, wanted: &str) -> bool {
        self.text("flags").unwrap_or_default().split(',').any(|flag| flag == wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_read_as_they_come() {
        let reply = redis::parse_redis_value(
            b"*1\r\n*10\r\n$4\r\nname\r\n$14\r\n127.0.0.1:7002\r\n$2\r\nip\r\n$9\r\n127.0.0.1\r\n$4\r\nport\r\n$4\r\n7002\r\n\
              $5\r\nflags\r\n$12\r\nslave,s_down\r\n$11\r\nmaster-host\r\n$1\r\n?\r\n",
        );
        let found = instances(&reply.expect("a reply"));
        let [one] = found.as_slice() else { panic!("one instance") };
        assert_eq!(one.address(), Some(Address { ip: [127, 0, 0, 1].into(), port: 7002 }));
        assert!(!one.is_up());
        assert_eq!(one.primary(), None);
    }
}

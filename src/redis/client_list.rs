//! The clients of a server, from CLIENT LIST.

use std::time::Duration;

use crate::observation::Clients;

/// The beginning of the names that sentinels give their connections.
const SENTINEL: &str = "sentinel-";

/// The commands of the connection that asks. They differ between versions.
const ASKING: [&str; 2] = ["client", "client|list"];

/// A connection of a client.
pub(super) struct Client<'a> {
    /// Its id.
    pub(super) id: &'a str,
    /// The time since its last command.
    pub(super) idle: Duration,
    /// Its flags.
    flags: &'a str,
}

/// The connections of clients. Links to replicas and primaries, sentinels and the asking connection do not count.
pub(super) fn clients(text: &str) -> impl Iterator<Item = Client<'_>> {
    text.lines().filter_map(|line| {
        let field = |name: &str| {
            line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
        };
        let flags = field("flags");
        let is_link = flags.contains(['M', 'S']) || field("name").starts_with(SENTINEL);
        let idle = Duration::from_secs(field("idle").parse().unwrap_or_default());
        (!is_link && !ASKING.contains(&field("cmd"))).then(|| Client { id: field("id"), idle, flags })
    })
}

/// The numbers of clients.
pub(super) fn count(text: &str) -> Clients {
    let number = |flag: char| clients(text).filter(|client| client.flags.contains(flag)).count() as u64;
    Clients {
        connected: clients(text).count() as u64,
        blocked: number('b'),
        in_transaction: number('x'),
        subscribed: number('P'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_the_asking_connection_do_not_count() {
        let text = "id=3 addr=a name= age=1 flags=N db=0 cmd=client|list user=default\n\
                    id=4 addr=b name= age=9 idle=7 flags=b db=0 cmd=blpop user=default\n\
                    id=5 addr=c name=app age=1 flags=x db=0 cmd=set user=default\n\
                    id=6 addr=d name= age=1 flags=P db=0 cmd=subscribe user=default\n\
                    id=7 addr=e name= age=1 flags=S db=0 cmd=replconf user=default\n\
                    id=8 addr=f name=sentinel-2f3a9c-cmd age=1 flags=N db=0 cmd=ping user=default\n\
                    id=9 addr=g name= age=1 flags=N db=0 cmd=NULL user=default\n";
        let expected = Clients { connected: 4, blocked: 1, in_transaction: 1, subscribed: 1 };
        assert_eq!(count(text), expected);
        let facts: Vec<_> = clients(text).map(|client| (client.id, client.idle.as_secs())).collect();
        assert_eq!(facts, [("4", 7), ("5", 0), ("6", 0), ("9", 0)]);
    }
}

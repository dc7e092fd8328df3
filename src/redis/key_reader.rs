//! Reads all keys of a server, with SCAN and DUMP. A key that changes meanwhile is read in one of its states. A key that
//! exists all the time is read at least once.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::Pipeline;
use redis::aio::MultiplexedConnection;

use super::connect::{Dialer, Login};
use super::{ServerError, cli_reply, parse};
use crate::reply::Reply;
use crate::snapshot::{KeyRecord, format_of_payload};
use crate::topology::{Endpoint, Server};

/// The most keys of a request.
const MOST_AT_ONCE: usize = 1000;

/// The number of keys of the first request: their sizes are not known.
const FIRST_AT_ONCE: usize = 16;

/// The bytes of replies that a request should bring. The sizes of the keys before tell the number of keys.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;

/// The reader of one server.
pub struct KeyReader {
    connection: MultiplexedConnection,
    endpoint: Endpoint,
    server: Server,
    database: u32,
    /// Where SCAN continues; `None`: at its end.
    cursor: Option<Vec<u8>>,
    /// Keys without values so far.
    names: Vec<Vec<u8>>,
    /// The number of keys of the next request.
    at_once: usize,
}

impl KeyReader {
    /// Connects. `limit` is the time limit of a reply.
    ///
    /// # Errors
    /// The endpoint cannot be dialled, or the server refuses the login.
    pub async fn open(
        dialer: &Dialer,
        endpoint: &Endpoint,
        login: Option<&Login>,
        server: Server,
        limit: Duration,
    ) -> Result<Self, ServerError> {
        let connection = dialer.open_for(endpoint, login, limit).await?;
        Ok(Self {
            connection,
            endpoint: endpoint.clone(),
            server,
            database: 0,
            cursor: None,
            names: Vec::new(),
            at_once: FIRST_AT_ONCE,
        })
    }

    /// Whether the server has loaded its file.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn is_loaded(&mut self) -> Result<bool, ServerError> {
        let reply = self.one("INFO", &[b"INFO", b"persistence"]).await?;
        Ok(String::from_utf8_lossy(&reply.raw()).lines().any(|line| line.trim_end() == "loading:0"))
    }

    /// The number of keys of each database that has keys.
    ///
    /// # Errors
    /// The server does not answer, or refuses.
    pub async fn databases(&mut self) -> Result<BTreeMap<u32, u64>, ServerError> {
        let reply = self.one("INFO", &[b"INFO", b"keyspace"]).await?;
        Ok(parse::databases(&String::from_utf8_lossy(&reply.raw())))
    }

    /// The functions, as FUNCTION DUMP returns them, and the version of the server's data format. `None`: the server
    /// has no functions.
    ///
    /// # Errors
    /// The server does not answer, or refuses.
    pub async fn functions(&mut self) -> Result<Option<(Vec<u8>, u16)>, ServerError> {
        if !self.server.has_functions() {
            return Ok(None);
        }
        let reply = self.one("FUNCTION DUMP", &[b"FUNCTION", b"DUMP"]).await?;
        let Reply::Text(payload) = reply else { return Ok(None) };
        Ok(format_of_payload(&payload).map(|format| (payload, format)))
    }

    /// Begins to read a database.
    ///
    /// # Errors
    /// The server does not answer, or has no such database.
    pub async fn select(&mut self, database: u32) -> Result<(), ServerError> {
        if database != self.database {
            self.one("SELECT", &[b"SELECT", database.to_string().as_bytes()]).await?;
        }
        (self.database, self.cursor) = (database, Some(b"0".to_vec()));
        self.names.clear();
        Ok(())
    }

    /// The next keys of the database; `None` at its end.
    ///
    /// # Errors
    /// The server does not answer, or refuses.
    pub async fn next(&mut self) -> Result<Option<Vec<KeyRecord>>, ServerError> {
        while self.names.is_empty() {
            let Some(cursor) = self.cursor.take() else { return Ok(None) };
            let count = MOST_AT_ONCE.to_string();
            let reply = self.one("SCAN", &[b"SCAN", &cursor, b"COUNT", count.as_bytes()]).await?;
            let (next, names) = scanned(reply)?;
            self.cursor = Some(next).filter(|next| next != b"0");
            self.names = names;
        }
        let names: Vec<Vec<u8>> = self.names.drain(..self.at_once.min(self.names.len())).collect();
        let records = self.values(&names).await?;
        let bytes: usize = records.iter().map(|record| record.payload.len()).sum();
        let average = (bytes / names.len()).max(1);
        self.at_once = (BYTES_AT_ONCE / average).clamp(1, MOST_AT_ONCE).min(self.at_once * 4);
        Ok(Some(records))
    }

    /// The values of keys that still exist. Each key has a transaction: its value and its expiry are of the same moment.
    /// Keys of a cluster may not share a transaction.
    async fn values(&mut self, names: &[Vec<u8>]) -> Result<Vec<KeyRecord>, ServerError> {
        let expiry = if self.server.tells_expiry_times() { "PEXPIRETIME" } else { "PTTL" };
        let mut pipeline = Pipeline::new();
        pipeline.cmd("TIME");
        for name in names {
            pipeline.cmd("MULTI").cmd("DUMP").arg(name).cmd(expiry).arg(name).cmd("EXEC");
        }
        let replies = self.send("DUMP", &pipeline).await?;
        let now = replies.first().map(milliseconds).unwrap_or_default();
        let base = if self.server.tells_expiry_times() { 0 } else { now };
        // Before the reply to EXEC are those to MULTI and to the queued commands.
        let transactions = replies.into_iter().skip(1).skip(3).step_by(4);
        let record = |(name, transaction): (&Vec<u8>, Reply)| {
            let (payload, expires_at) = value_and_expiry(transaction, base)?;
            Some(KeyRecord { database: self.database, expires_at, key: name.clone(), payload })
        };
        Ok(names.iter().zip(transactions).filter_map(record).collect())
    }

    /// The reply to one command.
    async fn one(&mut self, command: &'static str, words: &[&[u8]]) -> Result<Reply, ServerError> {
        let mut pipeline = Pipeline::new();
        pipeline.cmd(command.split(' ').next().unwrap_or_default());
        words.iter().skip(1).for_each(|word| {
            pipeline.arg(word);
        });
        let mut replies = self.send(command, &pipeline).await?;
        replies.pop().ok_or_else(|| ServerError::Reply { command, what: "it is missing".to_owned() })
    }

    /// The replies to commands. An error reply is an error.
    async fn send(&mut self, command: &'static str, pipeline: &Pipeline) -> Result<Vec<Reply>, ServerError> {
        let sent = self.connection.send_packed_commands(pipeline, 0, pipeline.len()).await;
        let values =
            sent.map_err(|source| ServerError::Silent { endpoint: self.endpoint.clone(), source })?;
        let replies: Vec<Reply> = values.into_iter().map(cli_reply::from_value).collect();
        match replies.iter().find(|reply| reply.is_error()) {
            Some(error) => {
                Err(ServerError::Reply { command, what: String::from_utf8_lossy(&error.raw()).into_owned() })
            }
            None => Ok(replies),
        }
    }
}

/// The next cursor and the keys in a reply to SCAN.
fn scanned(reply: Reply) -> Result<(Vec<u8>, Vec<Vec<u8>>), ServerError> {
    let wrong = || ServerError::Reply { command: "SCAN", what: "it has another form".to_owned() };
    let Reply::List(parts) = reply else { return Err(wrong()) };
    let [Reply::Text(cursor), Reply::List(names)] = parts.as_slice() else { return Err(wrong()) };
    let name = |name: &Reply| if let Reply::Text(name) = name { Some(name.clone()) } else { None };
    Ok((cursor.clone(), names.iter().filter_map(name).collect()))
}

/// The value and the expiry of a key: the replies to DUMP, and to PEXPIRETIME or, after `base`, to PTTL. `None`: the key
/// does not exist.
fn value_and_expiry(transaction: Reply, base: u64) -> Option<(Vec<u8>, Option<u64>)> {
    let Reply::List(replies) = transaction else { return None };
    let Ok([Reply::Text(payload), Reply::Integer(expiry)]) = <[Reply; 2]>::try_from(replies) else {
        return None;
    };
    Some((payload, u64::try_from(expiry).ok().map(|expiry| base + expiry)))
}

/// The milliseconds in a reply to TIME: seconds and microseconds.
fn milliseconds(time: &Reply) -> u64 {
    let Reply::List(parts) = time else { return 0 };
    let number = |at: usize| {
        let text = parts.get(at).map(Reply::raw).unwrap_or_default();
        String::from_utf8_lossy(&text).parse::<u64>().unwrap_or(0)
    };
    number(0) * 1000 + number(1) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_does_not_exist_is_left_out() {
        let read = |value, expiry| value_and_expiry(Reply::List(vec![value, Reply::Integer(expiry)]), 1000);
        let value = || Reply::Text(vec![1]);
        assert_eq!(
            (read(value(), -1), read(value(), 5)),
            (Some((vec![1], None)), Some((vec![1], Some(1005))))
        );
        assert_eq!(read(Reply::Nil, -2), None);
    }
}

//! Keys of all types with known values. They must survive every move.

use anyhow::Result;
use redis::{Cmd, Value, cmd};

use super::client::Client;

/// The number of keys of usual sizes.
const COUNT: usize = 4000;

/// The most milliseconds by which the end of a key may move. MIGRATE passes on the time that is left.
const DRIFT: i64 = 10_000;

/// The types of keys.
const KINDS: [&str; 9] = ["string", "list", "set", "hash", "zset", "stream", "expiring", "big", "long"];

/// The bytes of the huge key.
const HUGE: usize = 200_000_000;

/// The keys with the replies that describe them.
pub(crate) struct Keys(Vec<Known>);

struct Known {
    name: String,
    value: Vec<String>,
    /// The moment at which the key expires; negative: never.
    end: i64,
}

impl Keys {
    /// Writes the keys, with or without a huge key.
    pub(crate) fn write(client: &mut Client, with_huge: bool) -> Result<Self> {
        let mut keys = Vec::new();
        let kinds = (0..COUNT).map(|number| KINDS[number % KINDS.len()]);
        for (number, kind) in kinds.chain(with_huge.then_some("huge")).enumerate() {
            let name = format!("{kind}:{number}");
            for reply in client.send(&name, &writes(kind, &name, number))? {
                reply.extract_error()?;
            }
            keys.push(read(client, kind, name)?);
        }
        Ok(Self(keys))
    }

    /// The number of keys.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The differences between the keys and what they were.
    pub(crate) fn differences(&self, client: &mut Client) -> Result<Vec<String>> {
        let mut differences = Vec::new();
        for known in &self.0 {
            let kind = known.name.split(':').next().unwrap_or_default();
            let found = read(client, kind, known.name.clone())?;
            if found.value != known.value {
                let (was, is) = (known.value.join(" "), found.value.join(" "));
                differences.push(format!("{}: was {was:.80}, is {is:.80}", known.name));
            } else if (found.end < 0) != (known.end < 0) || (found.end - known.end).abs() > DRIFT {
                differences
                    .push(format!("{}: expired at {}, expires at {}", known.name, known.end, found.end));
            }
        }
        Ok(differences)
    }
}

/// The commands that write a key.
fn writes(kind: &str, name: &str, number: usize) -> Vec<Cmd> {
    let command = |verb: &str, words: &[&str]| {
        let mut command = cmd(verb);
        command.arg(name).arg(words);
        command
    };
    let text = format!("value {number}");
    let member = |count: usize| format!("member {count}");
    match kind {
        "list" => vec![command("RPUSH", &["a", &text, "a", "b"])],
        "set" => vec![command("SADD", &["a", &text, "7"])],
        "hash" => vec![command("HSET", &["field", &text, "other", "1"])],
        "zset" => vec![command("ZADD", &["1.5", &text, "-inf", "least", "2", "b"])],
        "stream" => {
            let group = |verb: &str, words: &[&str]| {
                let mut command = cmd("XGROUP");
                command.arg(verb).arg(name).arg(words);
                command
            };
            let mut read = cmd("XREADGROUP");
            read.arg(&["GROUP", "g", "one", "COUNT", "2", "STREAMS", name, ">"]);
            vec![
                command("XADD", &["1-1", "f", &text]),
                command("XADD", &["1-2", "f", "x"]),
                command("XADD", &["1-3", "f", "y"]),
                group("CREATE", &["g", "0"]),
                read,
                command("XACK", &["g", "1-1"]),
            ]
        }
        "expiring" => vec![command("SET", &[&text, "EX", "100000"])],
        "big" => vec![command("SET", &[&"x".repeat(20_000 + number)])],
        "huge" => vec![command("SET", &[&"x".repeat(HUGE)])],
        // Many members have another encoding than few.
        "long" => (0..600).map(|count| command("SADD", &[&member(count)])).collect(),
        _ => vec![command("SET", &[&text])],
    }
}

/// Reads a key. Members of sets and hashes may come in any order.
fn read(client: &mut Client, kind: &str, name: String) -> Result<Known> {
    let command = |words: &[&str]| {
        let mut command = cmd(words[0]);
        command.arg(&name).arg(&words[1..]);
        command
    };
    let mut commands = match kind {
        "list" => vec![command(&["LRANGE", "0", "-1"])],
        "set" | "long" => vec![command(&["SMEMBERS"])],
        "hash" => vec![command(&["HGETALL"])],
        "zset" => vec![command(&["ZRANGE", "0", "-1", "WITHSCORES"])],
        "stream" => {
            let mut groups = cmd("XINFO");
            groups.arg("GROUPS").arg(&name);
            vec![command(&["XRANGE", "-", "+"]), groups, command(&["XPENDING", "g"])]
        }
        "big" | "huge" => vec![command(&["STRLEN"])],
        _ => vec![command(&["GET"])],
    };
    commands.push(command(&["PTTL"]));
    let now = time::UtcDateTime::now().unix_timestamp() * 1000;
    let mut replies = client.send(&name, &commands)?;
    let end = match replies.pop() {
        Some(Value::Int(left)) if left >= 0 => now + left,
        _ => -1,
    };
    let mut value = Vec::new();
    for reply in &replies {
        flatten(reply, &mut value);
    }
    if kind == "stream" {
        forget_counts(&mut value);
    }
    if kind != "list" {
        value.sort();
    }
    Ok(Known { name, value, end })
}

/// Removes the counts of read entries. An append-only file does not keep them (seen with Redis 7.0).
fn forget_counts(words: &mut Vec<String>) {
    for name in ["entries-read", "lag"] {
        while let Some(at) = words.iter().position(|word| word == name) {
            words.drain(at..(at + 2).min(words.len()));
        }
    }
}

fn flatten(reply: &Value, words: &mut Vec<String>) {
    match reply {
        Value::Array(all) | Value::Set(all) => all.iter().for_each(|reply| flatten(reply, words)),
        Value::BulkString(bytes) => words.push(String::from_utf8_lossy(bytes).into_owned()),
        other => words.push(format!("{other:?}")),
    }
}

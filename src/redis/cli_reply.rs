//! Converts the values of redis-rs to the replies that `redisctl cli` prints.

use redis::{PushKind, Value};

use crate::reply::Reply;

/// A value as a reply.
pub(super) fn from_value(value: Value) -> Reply {
    let all = |values: Vec<Value>| values.into_iter().map(from_value).collect();
    match value {
        Value::Nil => Reply::Nil,
        Value::Int(number) => Reply::Integer(number),
        Value::BulkString(bytes) => Reply::Text(bytes),
        Value::Array(values) => Reply::List(all(values)),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Reply::Status(text),
        Value::Okay => Reply::Status("OK".to_owned()),
        Value::Map(pairs) => {
            Reply::Map(pairs.into_iter().map(|(key, value)| (from_value(key), from_value(value))).collect())
        }
        Value::Attribute { data, .. } => from_value(*data),
        Value::Set(values) => Reply::Set(all(values)),
        Value::Double(number) => Reply::Double(number),
        Value::Boolean(value) => Reply::Boolean(value),
        Value::BigNumber(digits) => Reply::Status(String::from_utf8_lossy(&digits).into_owned()),
        Value::Push { kind, data } => from_push(&kind, data),
        Value::ServerError(error) => {
            let details = error.details().map(|details| format!(" {details}")).unwrap_or_default();
            Reply::Error(format!("{}{details}", error.code()))
        }
        // Values that a later redis-rs adds are shown as text.
        other => Reply::Status(format!("{other:?}")),
    }
}

/// A push message of the server.
pub(super) fn from_push(kind: &PushKind, data: Vec<Value>) -> Reply {
    let kind = Reply::Text(kind.to_string().into_bytes());
    Reply::List(std::iter::once(kind).chain(data.into_iter().map(from_value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_code_even_inside_of_lists() {
        let parsed =
            redis::parse_redis_value(b"*2\r\n-WRONGTYPE Operation against a key\r\n+OK\r\n").unwrap();
        let expected =
            [Reply::Error("WRONGTYPE Operation against a key".to_owned()), Reply::Status("OK".to_owned())];
        assert_eq!(from_value(parsed), Reply::List(expected.to_vec()));
        let parsed = redis::parse_redis_value(b"-ERR unknown command 'x'\r\n").unwrap();
        assert_eq!(from_value(parsed), Reply::Error("ERR unknown command 'x'".to_owned()));
    }
}

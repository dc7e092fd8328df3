//! Converts the values and errors of redis-rs to the core's replies.

use redis::{RedisError, Value};

use crate::verify::ProbeReply;

/// A value as a reply; maps and sets become arrays.
pub(super) fn from_value(value: &Value) -> ProbeReply {
    let array = |items: &[Value]| ProbeReply::Array(items.iter().map(from_value).collect());
    match value {
        Value::Nil => ProbeReply::Nil,
        Value::Int(number) => ProbeReply::Integer(*number),
        Value::Okay => ProbeReply::Status("OK".to_owned()),
        Value::SimpleString(text) => ProbeReply::Status(text.clone()),
        Value::BulkString(bytes) => ProbeReply::Text(String::from_utf8_lossy(bytes).into_owned()),
        Value::VerbatimString { text, .. } => ProbeReply::Text(text.clone()),
        Value::Double(number) => ProbeReply::Text(number.to_string()),
        Value::Boolean(truth) => ProbeReply::Integer(i64::from(*truth)),
        Value::Array(items) | Value::Set(items) => array(items),
        Value::Map(pairs) => ProbeReply::Array(
            pairs.iter().flat_map(|(name, value)| [from_value(name), from_value(value)]).collect(),
        ),
        Value::Attribute { data, .. } => from_value(data),
        Value::Push { kind, data } => {
            let kind = ProbeReply::Text(kind.to_string());
            ProbeReply::Array(std::iter::once(kind).chain(data.iter().map(from_value)).collect())
        }
        Value::ServerError(error) => ProbeReply::Error {
            code: error.code().to_owned(),
            message: error.details().unwrap_or_default().to_owned(),
        },
        // No check expects values that a later redis-rs adds.
        other => ProbeReply::Text(format!("{other:?}")),
    }
}

/// An error reply; `None` if the error did not come from the server.
pub(super) fn from_error(error: &RedisError) -> Option<ProbeReply> {
    Some(ProbeReply::Error {
        code: error.code()?.to_owned(),
        message: error.detail().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_errors_become_replies() {
        let nested = Value::Map(vec![(Value::SimpleString("a".into()), Value::Array(vec![Value::Nil]))]);
        assert_eq!(
            from_value(&nested),
            ProbeReply::Array(vec![
                ProbeReply::Status("a".to_owned()),
                ProbeReply::Array(vec![ProbeReply::Nil])
            ])
        );
        let parse = |text: &str| redis::parse_redis_value(text.as_bytes()).unwrap();
        let code = |code: &str, message: &str| ProbeReply::Error {
            code: code.to_owned(),
            message: message.to_owned(),
        };
        for (wire, reply) in [
            ("-MOVED 7 127.0.0.1:7002\r\n", code("MOVED", "7 127.0.0.1:7002")),
            ("-WRONGPASS invalid\r\n", code("WRONGPASS", "invalid")),
            ("-NOAUTH Authentication required.\r\n", code("NOAUTH", "Authentication required.")),
        ] {
            assert_eq!(from_value(&parse(wire)), reply);
            let error = parse(wire).extract_error().expect_err("an error");
            assert_eq!(from_error(&error), Some(reply));
        }
        let broken = RedisError::from(std::io::Error::other("gone"));
        assert_eq!(from_error(&broken), None);
    }
}

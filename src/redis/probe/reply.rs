//! redis-rs's values and errors as the core's replies.

use redis::{RedisError, Value};

use crate::verify::Reply;

/// A value as a reply; maps and sets become arrays.
pub(super) fn of_value(value: &Value) -> Reply {
    let array = |items: &[Value]| Reply::Array(items.iter().map(of_value).collect());
    match value {
        Value::Nil => Reply::Nil,
        Value::Int(number) => Reply::Integer(*number),
        Value::Okay => Reply::Status("OK".to_owned()),
        Value::SimpleString(text) => Reply::Status(text.clone()),
        Value::BulkString(bytes) => Reply::Text(String::from_utf8_lossy(bytes).into_owned()),
        Value::VerbatimString { text, .. } => Reply::Text(text.clone()),
        Value::Double(number) => Reply::Text(number.to_string()),
        Value::Boolean(truth) => Reply::Integer(i64::from(*truth)),
        Value::Array(items) | Value::Set(items) => array(items),
        Value::Map(pairs) => {
            Reply::Array(pairs.iter().flat_map(|(name, value)| [of_value(name), of_value(value)]).collect())
        }
        Value::Attribute { data, .. } => of_value(data),
        Value::Push { kind, data } => {
            let kind = Reply::Text(kind.to_string());
            Reply::Array(std::iter::once(kind).chain(data.iter().map(of_value)).collect())
        }
        Value::ServerError(error) => Reply::Error {
            code: error.code().to_owned(),
            message: error.details().unwrap_or_default().to_owned(),
        },
        // redis-rs may learn further forms; none of them is a reply to what checks ask.
        other => Reply::Text(format!("{other:?}")),
    }
}

/// A server's refusal as a reply; `None` where the error is not the server's.
pub(super) fn of_error(error: &RedisError) -> Option<Reply> {
    Some(Reply::Error {
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
            of_value(&nested),
            Reply::Array(vec![Reply::Status("a".to_owned()), Reply::Array(vec![Reply::Nil])])
        );
        let parse = |text: &str| redis::parse_redis_value(text.as_bytes()).unwrap();
        let code =
            |code: &str, message: &str| Reply::Error { code: code.to_owned(), message: message.to_owned() };
        for (wire, reply) in [
            ("-MOVED 7 127.0.0.1:7002\r\n", code("MOVED", "7 127.0.0.1:7002")),
            ("-WRONGPASS invalid\r\n", code("WRONGPASS", "invalid")),
            ("-NOAUTH Authentication required.\r\n", code("NOAUTH", "Authentication required.")),
        ] {
            assert_eq!(of_value(&parse(wire)), reply);
            let error = parse(wire).extract_error().expect_err("an error");
            assert_eq!(of_error(&error), Some(reply));
        }
        let broken = RedisError::from(std::io::Error::other("gone"));
        assert_eq!(of_error(&broken), None);
    }
}

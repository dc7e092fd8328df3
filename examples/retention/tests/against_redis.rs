//! The program with a real server: expiry, bad requests, and a server that is away for a while.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redisctl::deployment::RemovedOnDrop;
use serde_json::{Value, json};

#[path = "../../rust/tests/support/mod.rs"]
mod support;

use support::{AnyError, TIME_TO_LIVE};

/// How long the tests wait for a state.
const LIMIT: Duration = Duration::from_secs(60);

const ANNA: &str = r#"{"id": "1", "name": "Anna", "email": "anna@example.com"}"#;

/// The program at a free port. It ends with this value.
struct Service {
    program: Child,
    address: String,
}

impl Service {
    fn start(redis: &RemovedOnDrop, variables: &[(&str, &str)]) -> Result<Self, AnyError> {
        let mut program = Command::new(env!("CARGO_BIN_EXE_retention"))
            .env_remove("RETENTION_SECONDS")
            .env("REDIS_URL", format!("redis://{}", redis.endpoints()[0]))
            .env("LISTEN", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(program.stdout.take().ok_or("no pipe")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening at http://").ok_or("no address")?.to_owned();
        Ok(Self { program, address })
    }

    /// A request with one header or none. Returns the status and the body.
    fn call(&self, request: &str, header: &str, body: &str) -> Result<(u16, Value), AnyError> {
        let mut connection = TcpStream::connect(&self.address)?;
        connection.set_read_timeout(Some(LIMIT))?;
        let length = body.len();
        write!(connection, "{request} HTTP/1.1\r\nhost: service\r\nconnection: close\r\n")?;
        write!(connection, "{header}content-length: {length}\r\n\r\n{body}")?;
        let mut response = String::new();
        connection.read_to_string(&mut response)?;
        let (head, body) = response.split_once("\r\n\r\n").ok_or("no body")?;
        let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
        Ok((status, serde_json::from_str(body).map_err(|error| format!("{body}: {error}"))?))
    }

    fn add(&self, body: &str) -> Result<(u16, Value), AnyError> {
        self.call("POST /user", "content-type: application/json\r\n", body)
    }

    fn find(&self, id: &str) -> Result<(u16, Value), AnyError> {
        self.call(&format!("GET /user/{id}"), "", "")
    }

    /// Repeats a request until its answer has a status.
    async fn until(&self, id: &str, expected: u16) -> Result<Value, AnyError> {
        let started = Instant::now();
        loop {
            let (status, body) = self.find(id)?;
            if status == expected {
                return Ok(body);
            }
            if started.elapsed() > LIMIT {
                return Err(format!("{status}: {body}").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // A program that has ended needs no end.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

async fn standalone() -> Result<RemovedOnDrop, AnyError> {
    support::deployment("{kind: standalone}", TIME_TO_LIVE).await
}

#[tokio::test]
async fn a_user_expires() -> Result<(), AnyError> {
    let redis = standalone().await?;
    let message =
        |time: &str| json!({ "message": format!("User has been added and will expire after {time}") });
    let usual = Service::start(&redis, &[])?;
    assert_eq!(usual.add(&ANNA.replace('1', "60"))?, (200, message("60 seconds")));

    let quick = Service::start(&redis, &[("RETENTION_SECONDS", "1")])?;
    assert_eq!(quick.add(ANNA)?, (200, message("1 second")));
    let anna = json!({ "id": "1", "name": "Anna", "email": "anna@example.com" });
    assert_eq!(usual.until("1", 200).await?, anna);
    let gone = quick.until("1", 404).await?;
    assert_eq!(gone, json!({ "error": "there is no user `1`, or it has expired" }));
    assert_eq!(usual.find("60")?.0, 200, "the other user stays");
    redis.down().await?;
    Ok(())
}

#[tokio::test]
async fn a_bad_body_is_refused_with_the_reason() -> Result<(), AnyError> {
    let redis = standalone().await?;
    let service = Service::start(&redis, &[])?;
    for (body, reason) in [
        ("", "EOF while parsing"),
        ("{", "EOF while parsing"),
        (r#"{"id": "1", "name": "Anna"}"#, "missing field `email`"),
        (r#"{"id": 1, "name": "Anna", "email": "a@b"}"#, "id: invalid type: integer `1`, expected a string"),
        (r#"{"id": "1", "name": " ", "email": "a@b"}"#, "`name` is empty"),
        (r#"{"id": "1", "name": "Anna", "email": "anna"}"#, "`email` is no e-mail address"),
        (r#"{"id": "1", "name": "Anna", "email": "a@b", "age": 7}"#, "unknown field `age`"),
    ] {
        let (status, answer) = service.add(body)?;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(reason)), "{body}: {answer}");
    }
    let (status, answer) = service.call("POST /user", "", ANNA)?;
    assert_eq!(status, 400, "without a content type: {answer}");
    assert!(answer["error"].as_str().is_some_and(|error| error.contains("application/json")), "{answer}");
    assert_eq!(service.find("1")?.0, 404);
    redis.down().await?;
    Ok(())
}

#[tokio::test]
async fn the_service_comes_back_with_redis() -> Result<(), AnyError> {
    let redis = standalone().await?;
    let service = Service::start(&redis, &[])?;
    assert_eq!(service.add(ANNA)?.0, 200);
    let node = redis.node("1")?;
    node.stop().await?;
    assert_eq!(service.find("1")?.0, 503);
    assert_eq!(service.add(ANNA)?.0, 503);
    let begins_without_redis = Service::start(&redis, &[])?;
    assert_eq!(begins_without_redis.find("1")?.0, 503);
    node.start().await?;
    for service in [service, begins_without_redis] {
        service.until("1", 404).await?;
        assert_eq!(service.add(&ANNA.replace('1', "2"))?.0, 200);
    }
    redis.down().await?;
    Ok(())
}

//! An HTTP service that keeps users for a limited time: Redis removes them, not the service.

use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncTypedCommands as _, Client, RedisError, RedisResult};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long a request waits for Redis.
const PATIENCE: Duration = Duration::from_secs(1);

/// The service with its settings.
#[derive(Clone)]
pub struct Service {
    redis: ConnectionManager,
    /// How long a user is kept.
    retention: Duration,
}

/// A user, as in requests and answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    id: String,
    name: String,
    email: String,
}

/// Why there is no user in an answer.
enum Failure {
    Bad(String),
    NotFound(String),
    Unavailable(RedisError),
}

impl Service {
    /// A service that connects to Redis with its first request. So it starts while Redis is down.
    ///
    /// # Errors
    /// The URL is wrong.
    pub fn new(redis_url: &str, retention: Duration) -> RedisResult<Self> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let redis = ConnectionManager::new_lazy_with_config(Client::open(redis_url)?, config)?;
        Ok(Self { redis, retention })
    }

    /// The routes.
    pub fn router(self) -> Router {
        Router::new().route("/user", post(add)).route("/user/{id}", get(find)).with_state(self)
    }
}

async fn add(
    State(service): State<Service>,
    user: Result<Json<User>, JsonRejection>,
) -> Result<Response, Failure> {
    let Json(user) = user.map_err(|rejection| Failure::Bad(rejection.body_text()))?;
    user.check()?;
    let text = serde_json::to_string(&user).map_err(|error| Failure::Bad(error.to_string()))?;
    let (mut redis, seconds) = (service.redis, service.retention.as_secs());
    // SET with EX: a user never exists without its expiry.
    redis.set_ex(key(&user.id), text, seconds).await?;
    let unit = if seconds == 1 { "second" } else { "seconds" };
    let message = format!("User has been added and will expire after {seconds} {unit}");
    Ok(Json(json!({ "message": message })).into_response())
}

async fn find(State(service): State<Service>, Path(id): Path<String>) -> Result<Response, Failure> {
    let mut redis = service.redis;
    let user = redis.get(key(&id)).await?.ok_or(Failure::NotFound(id))?;
    Ok(([(CONTENT_TYPE, "application/json")], user).into_response())
}

fn key(id: &str) -> String {
    format!("user:{id}")
}

impl User {
    fn check(&self) -> Result<(), Failure> {
        for (field, value) in [("id", &self.id), ("name", &self.name), ("email", &self.email)] {
            if value.trim().is_empty() {
                return Err(Failure::Bad(format!("`{field}` is empty")));
            }
        }
        let has_both_parts =
            self.email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
        if has_both_parts { Ok(()) } else { Err(Failure::Bad("`email` is no e-mail address".to_owned())) }
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        Self::Unavailable(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Bad(reason) => (StatusCode::BAD_REQUEST, reason),
            Self::NotFound(id) => {
                (StatusCode::NOT_FOUND, format!("there is no user `{id}`, or it has expired"))
            }
            Self::Unavailable(error) => {
                eprintln!("Redis does not answer: {error}");
                (StatusCode::SERVICE_UNAVAILABLE, "Redis does not answer; try again".to_owned())
            }
        };
        (status, Json(json!({ "error": error }))).into_response()
    }
}

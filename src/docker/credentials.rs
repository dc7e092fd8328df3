//! The user's credentials for registries from `docker login`: in Docker's `config.json`, or in its credential helpers
//! and store.

use std::fs::File;
use std::io::BufReader;
use std::thread;
use std::time::Duration;

use bollard::Docker;
use bollard::auth::DockerCredentials;
use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use hyper::header::HeaderValue;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::location::docker_configuration;

/// The key of Docker Hub in `config.json`, which is also its name for credential helpers.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Hosts in references that mean Docker Hub.
const HUB_HOSTS: [&str; 2] = ["docker.io", "index.docker.io"];

/// The time limit of a credential helper. It may ask the user for the password of a key ring.
const PATIENCE: Duration = Duration::from_secs(60);

/// The answer of a credential helper without credentials for the registry, in Docker's protocol for helpers.
const NOTHING_FOUND: &str = "credentials not found in native keychain";

/// The header for credentials in a request.
const HEADER: &str = "x-registry-auth";

/// The login at a registry, from Docker's configuration. It has no `Debug`, because it holds secrets.
pub(super) enum Login {
    /// The user has logged in.
    Found(DockerCredentials),
    /// The user has not logged in, or has no configuration.
    None,
    /// The configuration names credentials that redisctl cannot read, for this reason.
    Unreadable(String),
}

/// Finds the user's credentials for the registry of an image.
pub(super) async fn of_image(reference: &str) -> Login {
    let Some(file) = docker_configuration().and_then(|path| File::open(path).ok()) else {
        return Login::None;
    };
    let server = registry(reference).to_owned();
    let asked = server.clone();
    // A helper may hang. At its end, redisctl waits for blocking tasks of tokio, but not for threads.
    let (answer, answered) = oneshot::channel();
    let thread = thread::Builder::new().name("credentials".to_owned());
    let started = thread.spawn(move || {
        let credential = get_credential_from_reader(BufReader::new(file), &asked);
        // If the receiver is gone, the answer is not needed.
        let _ = answer.send(credential);
    });
    if let Err(error) = started {
        return Login::Unreadable(error.to_string());
    }
    match timeout(PATIENCE, answered).await {
        Ok(Ok(credential)) => login(server, credential),
        _ => Login::Unreadable(format!("its credential helper gave no answer for {} s", PATIENCE.as_secs())),
    }
}

/// The login, from the answer of Docker's configuration. Errors of helpers contain their output, which may hold a
/// secret. So the reason names only the helper.
fn login(server: String, answer: Result<DockerCredential, CredentialRetrievalError>) -> Login {
    let server = Some(server);
    match answer {
        Ok(DockerCredential::IdentityToken(token)) => Login::Found(DockerCredentials {
            identitytoken: Some(token),
            serveraddress: server,
            ..Default::default()
        }),
        Ok(DockerCredential::UsernamePassword(user, password)) => Login::Found(DockerCredentials {
            username: Some(user),
            password: Some(password),
            serveraddress: server,
            ..Default::default()
        }),
        Err(CredentialRetrievalError::NoCredentialConfigured | CredentialRetrievalError::ConfigNotFound) => {
            Login::None
        }
        Err(CredentialRetrievalError::HelperFailure { stdout, .. }) if stdout.trim() == NOTHING_FOUND => {
            Login::None
        }
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            Login::Unreadable(format!("`{helper}` failed"))
        }
        Err(CredentialRetrievalError::HelperCommunicationError) => {
            Login::Unreadable("its credential helper does not start, or ended early".to_owned())
        }
        Err(CredentialRetrievalError::MalformedHelperResponse) => {
            Login::Unreadable("its credential helper gave no credentials".to_owned())
        }
        Err(CredentialRetrievalError::ConfigReadError) => Login::Unreadable("it is no valid JSON".to_owned()),
        Err(
            CredentialRetrievalError::CredentialDecodingError
            | CredentialRetrievalError::CredentialMismatchError,
        ) => Login::Unreadable("its entry for the registry is broken".to_owned()),
    }
}

/// The same engine, with credentials in the alphabet that engines read. bollard uses `+` and `/`, and engines ignore
/// these credentials.
pub(super) fn readable(docker: &Docker) -> Docker {
    docker.clone().with_request_modifier(|mut request| {
        if let Some(value) = request.headers_mut().get_mut(HEADER) {
            let text: Vec<u8> = value.as_bytes().iter().map(|byte| url_safe(*byte)).collect();
            if let Ok(mut safe) = HeaderValue::from_bytes(&text) {
                safe.set_sensitive(true);
                *value = safe;
            }
        }
        request
    })
}

/// A character of base64 in the alphabet for URLs (RFC 4648, section 5).
fn url_safe(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

/// The registry of an image, in the terms of `config.json`. As in Docker, a first part with a dot, a port or a
/// capital letter is a host.
fn registry(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((host, _)) if HUB_HOSTS.contains(&host) => DOCKER_HUB,
        Some((host, _))
            if host == "localhost"
                || host.contains(['.', ':'])
                || host.contains(|letter: char| letter.is_ascii_uppercase()) =>
        {
            host
        }
        _ => DOCKER_HUB,
    }
}

/// The command that logs the user in at the registry of an image.
pub(super) fn login_command(reference: &str) -> String {
    match registry(reference) {
        DOCKER_HUB => "docker login".to_owned(),
        host => format!("docker login {host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_the_host_before_the_first_slash() {
        for (reference, expected, command) in [
            ("redis:8", DOCKER_HUB, "docker login"),
            ("valkey/valkey:9", DOCKER_HUB, "docker login"),
            ("docker.io/library/redis:8", DOCKER_HUB, "docker login"),
            ("localhost/redis", "localhost", "docker login localhost"),
            ("localhost:5000/redis:8", "localhost:5000", "docker login localhost:5000"),
            ("box.lan/me/redis@sha256:00", "box.lan", "docker login box.lan"),
            ("BOX/redis", "BOX", "docker login BOX"),
        ] {
            assert_eq!(registry(reference), expected);
            assert_eq!(login_command(reference), command);
        }
    }

    /// The login in a configuration file.
    fn read(configuration: &str, server: &str) -> Login {
        login(server.to_owned(), get_credential_from_reader(configuration.as_bytes(), server))
    }

    #[test]
    fn every_way_of_keeping_credentials_in_the_file_is_read() {
        let found = |configuration: &str, server: &str| match read(configuration, server) {
            Login::Found(DockerCredentials { username, password, identitytoken, .. }) => {
                (username.unwrap_or_default(), password.or(identitytoken).unwrap_or_default())
            }
            Login::None => ("none".to_owned(), String::new()),
            Login::Unreadable(reason) => ("unreadable".to_owned(), reason),
        };
        let pair = |user: &str, secret: &str| (user.to_owned(), secret.to_owned());
        // me:secret
        let box_ = r#"{"auths": {"box:5000": {"auth": "bWU6c2VjcmV0"}}}"#;
        assert_eq!(found(box_, "box:5000"), pair("me", "secret"));
        assert_eq!(found(box_, "box:5001"), pair("none", ""));
        let hub = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6c2VjcmV0"}}}"#;
        assert_eq!(found(hub, DOCKER_HUB), pair("me", "secret"));
        let old = r#"{"auths": {"https://box.lan/v1/": {"auth": "bWU6c2VjcmV0"}}}"#;
        assert_eq!(found(old, "box.lan"), pair("me", "secret"));
        let token = r#"{"auths": {"box.lan": {"auth": "bWU6", "identitytoken": "token"}}}"#;
        assert_eq!(found(token, "box.lan"), pair("", "token"));
        let broken = r#"{"auths": {"box.lan": {"auth": "c2VjcmV0"}}}"#;
        assert_eq!(found(broken, "box.lan"), pair("unreadable", "its entry for the registry is broken"));
        assert_eq!(found("{", "box.lan"), pair("unreadable", "it is no valid JSON"));
        assert_eq!(found("{}", "box.lan"), pair("none", ""));
    }

    #[test]
    fn what_a_helper_printed_is_not_told() {
        let failed = |stdout: &str| {
            let failure = CredentialRetrievalError::HelperFailure {
                helper: "docker-credential-x".to_owned(),
                stdout: stdout.to_owned(),
                stderr: "secret".to_owned(),
            };
            login("box".to_owned(), Err(failure))
        };
        let Login::Unreadable(reason) = failed("secret") else { panic!("a failed helper gave a log-in") };
        assert_eq!(reason, "`docker-credential-x` failed");
        assert!(matches!(failed("credentials not found in native keychain\n"), Login::None));
    }

    #[test]
    fn the_header_has_the_alphabet_for_urls() {
        let text: Vec<u8> = b"aZ09+/=".iter().map(|byte| url_safe(*byte)).collect();
        assert_eq!(text, b"aZ09-_=");
    }
}

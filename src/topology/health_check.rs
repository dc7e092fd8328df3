//! The health check of a node's container: whether its server answers. Engines run it, and show its result.
//!
//! It asks the server with the image's own client, without a login. It needs a shell in the image, so images that do
//! not start by a script have no health check. If the image has no client, the shell checks whether the server
//! listens.

use super::{Auth, Settings, Tls};

/// The script of the check. Its arguments are the port, the options for TLS and the command. It only needs the shell,
/// because small images have no `grep`.
const SCRIPT: &str = r#"port=$1
shift
client=$(command -v redis-cli || command -v valkey-cli)
if [ -n "$client" ]; then
  reply=$("$client" -p "$port" "$@") || exit 1
  case $reply in *LOADING*) exit 1 ;; esac
  exit 0
fi
end=$(printf ':%04X' "$port")
for table in /proc/net/tcp /proc/net/tcp6; do
  [ -r "$table" ] || continue
  while read -r _ local _ state _; do
    case "$local $state" in *"$end 0A") exit 0 ;; esac
  done <"$table"
done
exit 1"#;

/// The name of the script in messages of the shell.
const NAME: &str = "health";

/// The interval of checks in seconds. A check starts a process in the container, which costs some hundredths of a
/// second.
pub const INTERVAL: u64 = 10;

/// The time limit of a check in seconds. A server that forks answers late.
pub const TIMEOUT: u64 = 5;

/// The number of failed checks in a row after which a container is unhealthy.
pub const RETRIES: u32 = 3;

/// How long a server may load its data until failed checks count, in seconds.
pub const START_PERIOD: u64 = 60;

/// The interval of checks until the first success on newer engines, in seconds.
pub const START_INTERVAL: u64 = 2;

/// Images that redisctl makes have a server, but no shell.
pub const IMAGES_WITHOUT_SHELL: &str = "redisctl-host";

/// The files that a client needs for TLS, as paths in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsPaths {
    /// The CA's certificate.
    pub ca: String,
    /// The node's certificate and its key, because a running server may begin to require a certificate.
    pub own: Option<(String, String)>,
}

impl TlsPaths {
    /// The paths in a server's settings; `None` without TLS.
    #[must_use]
    pub fn of(tls: Option<Tls>, settings: &Settings) -> Option<Self> {
        let path = |name: &str| settings.get(name).map(str::to_owned);
        let own = path("tls-cert-file").zip(path("tls-key-file"));
        tls.and_then(|_| Some(Self { ca: path("tls-ca-cert-file")?, own }))
    }
}

/// The command of the check. With PING, a loading server returns an error. Without a login, PING would count as an
/// error in the server's statistics, or enter ACL LOG. QUIT does not.
fn question(auth: Option<&Auth>) -> &'static str {
    if auth.is_some() { "QUIT" } else { "PING" }
}

/// The words of the check for the server at a port; `None` if the image has no shell.
#[must_use]
pub fn command(image: &str, port: u16, auth: Option<&Auth>, tls: Option<&TlsPaths>) -> Option<Vec<String>> {
    let repository = image.split_once(':').map_or(image, |(repository, _)| repository);
    if repository == IMAGES_WITHOUT_SHELL {
        return None;
    }
    let mut words: Vec<String> = ["sh", "-c", SCRIPT, NAME].map(str::to_owned).to_vec();
    words.push(port.to_string());
    if let Some(TlsPaths { ca, own }) = tls {
        words.extend(["--tls", "--cacert", ca].map(str::to_owned));
        words.extend(own.iter().flat_map(|(cert, key)| ["--cert", cert, "--key", key].map(str::to_owned)));
    }
    words.push(question(auth).to_owned());
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_asks_as_the_server_demands() {
        let words = |auth: Option<&Auth>, tls: Option<&TlsPaths>| {
            command("redis:8", 7001, auth, tls).unwrap()[3..].join(" ")
        };
        assert_eq!(words(None, None), "health 7001 PING");
        let own = Some(("/c.pem".to_owned(), "/k.pem".to_owned()));
        let mut tls = TlsPaths { ca: "/ca.pem".to_owned(), own };
        assert_eq!(
            words(None, Some(&tls)),
            "health 7001 --tls --cacert /ca.pem --cert /c.pem --key /k.pem PING"
        );
        tls.own = None;
        let users = Vec::new();
        let auth = Auth { default_password: true, replica_password: false, default_rules: None, users };
        assert_eq!(words(Some(&auth), Some(&tls)), "health 7001 --tls --cacert /ca.pem QUIT");
    }

    #[test]
    fn an_image_of_redisctls_own_has_no_shell_for_it() {
        assert_eq!(command("redisctl-host:4f2a", 7001, None, None), None);
        assert!(command("registry:5000/redis@sha256:9", 7001, None, None).is_some());
    }
}

//! Parses and prints engine addresses.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

/// The port of an engine without TLS.
const PLAIN_PORT: u16 = 2375;

/// The port of an engine with TLS.
const TLS_PORT: u16 = 2376;

/// An engine's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// A Windows named pipe, for example `//./pipe/docker_engine`.
    Pipe(String),
    /// TCP without TLS.
    Tcp {
        /// Name or IP address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// TCP with TLS.
    Tls {
        /// Name or IP address, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// The certificates.
        files: EngineTlsFiles,
    },
    /// Through `ssh`.
    Ssh(SshDestination),
}

/// The destination of `ssh`. Missing parts come from the configuration of `ssh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshDestination {
    /// The user.
    pub user: Option<String>,
    /// Name or IP address, without brackets, or a `Host` of the configuration of `ssh`.
    pub host: String,
    /// The port.
    pub port: Option<u16>,
}

impl SshDestination {
    /// The destination as arguments of `ssh`, in a form that every version knows.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let user = self.user.iter().flat_map(|user| ["-l".to_owned(), user.clone()]);
        let port = self.port.iter().flat_map(|port| ["-p".to_owned(), port.to_string()]);
        // `--` keeps `ssh` from reading a host that begins with `-` as an option.
        user.chain(port).chain(["--".to_owned(), self.host.clone()]).collect()
    }
}

/// The certificates of a TLS connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineTlsFiles {
    /// The CAs that may have signed the engine's certificate.
    pub ca: PathBuf,
    /// The client's certificate.
    pub cert: PathBuf,
    /// The client's key.
    pub key: PathBuf,
}

impl EngineTlsFiles {
    /// The files under the names that Docker gives them.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { ca: folder.join("ca.pem"), cert: folder.join("cert.pem"), key: folder.join("key.pem") }
    }
}

/// Problems of a written address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The scheme is unknown.
    #[error("engines cannot be reached by `{0}://`")]
    Scheme(String),
    /// Nothing follows `unix://` or `npipe://`.
    #[error("the path is missing")]
    NoPath,
    /// The host is missing.
    #[error("the host is missing")]
    NoHost,
    /// A host has brackets, but is not an IPv6 address.
    #[error("`{0}` is not a host: brackets are for IPv6 addresses only")]
    Host(String),
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` is not a port")]
    Port(String),
    /// A path follows the host.
    #[error("nothing may follow the host and port, but `{0}` does")]
    Trailing(String),
    /// `https://` without certificates.
    #[error("TLS needs certificates: set `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`")]
    NoCertificates,
}

impl EngineAddress {
    /// Parses an address in Docker's form. An absolute path is a socket, and `HOST:PORT` is TCP. With `tls`, TCP
    /// addresses are reached by TLS with these certificates.
    ///
    /// # Errors
    /// `text` is not an engine's address.
    pub fn parse(text: &str, tls: Option<EngineTlsFiles>) -> Result<Self, AddressError> {
        let (scheme, rest) = match text.split_once("://") {
            Some(parts) => parts,
            None if text.starts_with('/') => ("unix", text),
            None => ("tcp", text),
        };
        match scheme {
            "unix" | "npipe" if rest.is_empty() => Err(AddressError::NoPath),
            "unix" => Ok(Self::Unix(rest.into())),
            "npipe" => Ok(Self::Pipe(rest.to_owned())),
            "https" if tls.is_none() => Err(AddressError::NoCertificates),
            "tcp" | "http" | "https" => {
                let (host, port) = split_authority(authority(rest)?)?;
                let tls = tls.filter(|_| scheme != "http");
                let port = port.unwrap_or(if tls.is_some() { TLS_PORT } else { PLAIN_PORT });
                Ok(match tls {
                    Some(files) => Self::Tls { host, port, files },
                    None => Self::Tcp { host, port },
                })
            }
            "ssh" => {
                let authority = authority(rest)?;
                let (user, place) = match authority.rsplit_once('@') {
                    Some((user, place)) => (Some(user.to_owned()).filter(|user| !user.is_empty()), place),
                    None => (None, authority),
                };
                let (host, port) = split_authority(place)?;
                Ok(Self::Ssh(SshDestination { user, host, port }))
            }
            other => Err(AddressError::Scheme(other.to_owned())),
        }
    }

    /// The engine's host; `None` for sockets and pipes, which are on this machine.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Unix(_) | Self::Pipe(_) => None,
            Self::Tcp { host, .. } | Self::Tls { host, .. } | Self::Ssh(SshDestination { host, .. }) => {
                Some(host)
            }
        }
    }
}

impl fmt::Display for EngineAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
            Self::Pipe(path) => write!(formatter, "npipe://{path}"),
            Self::Tcp { host, port } | Self::Tls { host, port, .. } => {
                write!(formatter, "tcp://{}:{port}", bracketed(host))
            }
            Self::Ssh(SshDestination { user, host, port }) => {
                let user = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                write!(formatter, "ssh://{user}{}{port}", bracketed(host))
            }
        }
    }
}

/// A host in the form before a port: IPv6 in brackets.
fn bracketed(host: &str) -> Cow<'_, str> {
    if host.contains(':') { format!("[{host}]").into() } else { host.into() }
}

/// The part of `rest` before the path. The path must be empty or `/`.
fn authority(rest: &str) -> Result<&str, AddressError> {
    match rest.split_once('/') {
        None | Some((_, "")) => Ok(rest.trim_end_matches('/')),
        Some((_, path)) => Err(AddressError::Trailing(format!("/{path}"))),
    }
}

/// Splits `HOST`, `HOST:PORT` or `[IPV6]:PORT`.
fn split_authority(authority: &str) -> Result<(String, Option<u16>), AddressError> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => {
            (host, Some(rest.strip_prefix(':').ok_or_else(|| AddressError::Trailing(rest.to_owned()))?))
        }
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err(AddressError::NoHost);
    }
    if host.contains(['[', ']']) {
        return Err(AddressError::Host(host.to_owned()));
    }
    let number = |text: &str| match text.parse() {
        Ok(0) | Err(_) => Err(AddressError::Port(text.to_owned())),
        Ok(port) => Ok(port),
    };
    Ok((host.to_owned(), port.map(number).transpose()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> EngineTlsFiles {
        EngineTlsFiles::in_folder(Path::new("/certs"))
    }

    #[test]
    fn every_form_is_read_and_written_alike() {
        for (text, written) in [
            ("unix:///run/docker.sock", "unix:///run/docker.sock"),
            ("/run/docker.sock", "unix:///run/docker.sock"),
            ("npipe:////./pipe/docker_engine", "npipe:////./pipe/docker_engine"),
            ("tcp://engine.example:2400", "tcp://engine.example:2400"),
            ("tcp://engine.example/", "tcp://engine.example:2375"),
            ("http://engine.example", "tcp://engine.example:2375"),
            ("engine.example:2400", "tcp://engine.example:2400"),
            ("tcp://[fe80::1]:2400", "tcp://[fe80::1]:2400"),
            ("ssh://me@engine.example:2222", "ssh://me@engine.example:2222"),
            ("ssh://[::1]:22/", "ssh://[::1]:22"),
            ("ssh://engine", "ssh://engine"),
        ] {
            let address = EngineAddress::parse(text, None).unwrap();
            assert_eq!(address.to_string(), written);
            assert_eq!(EngineAddress::parse(written, None), Ok(address));
        }
    }

    #[test]
    fn certificates_make_tcp_tls_with_its_own_port() {
        let expected = EngineAddress::Tls { host: "engine.example".into(), port: 2376, files: files() };
        for text in ["tcp://engine.example", "https://engine.example"] {
            assert_eq!(EngineAddress::parse(text, Some(files())).as_ref(), Ok(&expected));
        }
        let socket = EngineAddress::parse("unix:///x.sock", Some(files()));
        assert_eq!(socket, Ok(EngineAddress::Unix("/x.sock".into())));
    }

    #[test]
    fn each_mistake_is_told_from_the_others() {
        for (text, error) in [
            ("ftp://engine.example", AddressError::Scheme("ftp".into())),
            ("unix://", AddressError::NoPath),
            ("tcp://", AddressError::NoHost),
            ("tcp://:2375", AddressError::NoHost),
            ("", AddressError::NoHost),
            ("ssh://me@", AddressError::NoHost),
            ("ssh://me@engine.example:ssh", AddressError::Port("ssh".into())),
            ("tcp://engine.example:http", AddressError::Port("http".into())),
            ("tcp://engine.example:0", AddressError::Port("0".into())),
            ("tcp://engine.example:70000", AddressError::Port("70000".into())),
            ("tcp://engine.example:2375/v1", AddressError::Trailing("/v1".into())),
            ("tcp://[::1]2375", AddressError::Trailing("2375".into())),
            ("tcp://a]:b:2375", AddressError::Host("a]:b".into())),
            ("ssh://me@[::1", AddressError::Host("[:".into())),
            ("https://engine.example", AddressError::NoCertificates),
        ] {
            assert_eq!(EngineAddress::parse(text, None), Err(error), "{text}");
        }
    }

    #[test]
    fn an_ssh_destination_is_given_to_ssh_in_parts() {
        for (text, host, arguments) in [
            ("ssh://me@a.example:2222", "a.example", "-l me -p 2222 -- a.example"),
            ("ssh://a.example", "a.example", "-- a.example"),
            ("ssh://u@v@[::1]:22", "::1", "-l u@v -p 22 -- ::1"),
            ("ssh://-oProxyCommand=x", "-oProxyCommand=x", "-- -oProxyCommand=x"),
        ] {
            let address = EngineAddress::parse(text, None).unwrap();
            assert_eq!(address.host(), Some(host));
            let EngineAddress::Ssh(destination) = address else { panic!("{address} is not ssh") };
            assert_eq!(destination.arguments().join(" "), arguments);
        }
    }
}

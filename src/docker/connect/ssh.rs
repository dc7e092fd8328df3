//! An engine on another machine, reached by `ssh HOST docker system dial-stdio`, as Docker's client does it. It uses
//! the `ssh` client of this machine with the user's configuration.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// The maximum number of requests that wait for answers at a time. Each needs a login. From ten logins at a time on,
/// `sshd` refuses some at random (`MaxStartups`).
const SIDE_BY_SIDE: usize = 8;

/// The bytes of the stderr of `ssh` that are kept: a banner and the reason.
const SAID_LIMIT: u64 = 4096;

/// Windows' flag for a process that does not get Ctrl-C from the console (`CREATE_NEW_PROCESS_GROUP`).
#[cfg(windows)]
const NEW_PROCESS_GROUP: u32 = 0x200;

/// The stderr of an `ssh` that ended before the engine answered.
#[derive(Debug, thiserror::Error)]
#[error("`ssh` ended before the engine answered: {0}")]
struct EndedEarly(String);

/// A client for an engine on another machine, not yet connected. `destination` are the arguments of `ssh` before its
/// command.
pub(super) fn client(destination: &[String], timeout: u64) -> Result<Docker, bollard::errors::Error> {
    let client = Client::builder(TokioExecutor::new()).build(Connector { destination: destination.into() });
    let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let transport = move |request: BollardRequest| {
        let (client, places) = (client.clone(), Arc::clone(&places));
        async move {
            let _place = places.acquire().await;
            client.request(request).await.map_err(bollard::errors::Error::from)
        }
    };
    // The name does not matter: every connection leads to the same engine.
    Docker::connect_with_custom_transport(transport, Some("http://engine"), timeout, API_DEFAULT_VERSION)
}

/// The command that connects to the engine at `destination`.
fn ssh(destination: &[String]) -> Command {
    let mut ssh = Command::new("ssh");
    // `ssh` must not ask for a password while redisctl prints.
    ssh.args(["-T", "-o", "BatchMode=yes"]).args(destination).args(["docker", "system", "dial-stdio"]);
    // Only redisctl must get Ctrl-C: it closes its connections itself.
    #[cfg(unix)]
    ssh.process_group(0);
    #[cfg(windows)]
    ssh.creation_flags(NEW_PROCESS_GROUP);
    ssh
}

/// Opens a connection for a request when no connection is idle.
#[derive(Clone)]
struct Connector {
    destination: Arc<[String]>,
}

impl tower_service::Service<hyper::Uri> for Connector {
    type Response = TokioIo<SshConnection>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: hyper::Uri) -> Self::Future {
        ready(SshConnection::start(ssh(&self.destination)).map(TokioIo::new))
    }
}

/// A connection through the stdin and stdout of a program. The connection ends with the program.
struct SshConnection {
    _program: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// The program's stderr, complete after its end; `None` once the engine has answered.
    said: Option<JoinHandle<String>>,
}

impl SshConnection {
    fn start(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut program = command.spawn().map_err(|error| {
            let name = command.as_std().get_program().display();
            io::Error::new(error.kind(), format!("cannot start `{name}`: {error}"))
        })?;
        let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
        Ok(Self {
            input: program.stdin.take().ok_or_else(missing)?,
            output: program.stdout.take().ok_or_else(missing)?,
            said: program.stderr.take().map(|errors| tokio::spawn(listen(errors))),
            _program: program,
        })
    }
}

/// The beginning of a program's stderr. The rest is read too, so that the program never blocks.
async fn listen(mut errors: ChildStderr) -> String {
    let mut said = Vec::new();
    // A read error counts as the end.
    let _ = (&mut errors).take(SAID_LIMIT).read_to_end(&mut said).await;
    let _ = tokio::io::copy(&mut errors, &mut tokio::io::sink()).await;
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { "it did not say why".to_owned() } else { lines.join("; ") }
}

impl AsyncRead for SshConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.output).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.said = None;
        } else if let Some(said) = &mut self.said {
            let said = ready!(Pin::new(said).poll(context));
            self.said = None;
            return Poll::Ready(Err(io::Error::other(EndedEarly(said.unwrap_or_default()))));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SshConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.input).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(context)
    }
}

impl Connection for SshConnection {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    fn shell(script: &str) -> SshConnection {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        SshConnection::start(command).expect("a shell")
    }

    #[tokio::test]
    async fn bytes_go_through_the_program_both_ways() {
        let mut connection = shell("echo a greeting >&2; exec cat");
        connection.write_all(b"an answer").await.unwrap();
        let mut answer = [0; 9];
        connection.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"an answer");
    }

    #[tokio::test]
    async fn an_end_after_an_answer_is_an_end() {
        let mut answer = String::new();
        shell("echo complaint >&2; echo answer").read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "answer\n");
    }

    #[tokio::test]
    async fn an_end_without_an_answer_tells_why() {
        let mut connection = shell("echo 'Permission denied (publickey).' >&2; echo bye >&2; exit 255");
        let error = connection.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "`ssh` ended before the engine answered: Permission denied (publickey).; bye"
        );
        let error = shell("exit 1").read_to_end(&mut Vec::new()).await.unwrap_err();
        assert!(error.to_string().ends_with("it did not say why"), "{error}");
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let error = SshConnection::start(Command::new("no-such-ssh")).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().starts_with("cannot start `no-such-ssh`"), "{error}");
    }
}

//! The engine behind a relay of a test, which acts just before a call reaches the engine.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// The action before a call, with the call as argument; `None` once it is done.
type Once = Arc<Mutex<Option<Box<dyn FnOnce(&str) + Send>>>>;

/// Serves the engine until the tests end. Runs `then` before the first call that contains `call`; other calls that
/// contain it wait. Returns the value of `--host`.
pub(crate) fn before(call: impl Into<String>, then: impl FnOnce(&str) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let call: Arc<str> = call.into().into();
    let then: Once = Arc::new(Mutex::new(Some(Box::new(then))));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (call, then) = (Arc::clone(&call), Arc::clone(&then));
            thread::spawn(move || carry(client, &call, &then));
        }
    });
    format!("tcp://{address}")
}

/// Forwards a connection in both directions, to the engine of the engine's own client.
fn carry(mut client: TcpStream, call: &str, then: &Once) {
    let mut engine = Command::new("docker")
        .args(["system", "dial-stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the docker client starts");
    let mut to_engine = engine.stdin.take().expect("a pipe");
    let mut from_engine = engine.stdout.take().expect("a pipe");
    let mut to_client = client.try_clone().expect("the same connection");
    let back = thread::spawn(move || {
        // If a connection breaks, the client reports it.
        let _ = io::copy(&mut from_engine, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let said = String::from_utf8_lossy(&buffer[..length]);
        if said.contains(call) {
            let mut then = then.lock().expect("nobody panicked");
            if let Some(then) = then.take() {
                then(&said);
            }
        }
        if to_engine.write_all(&buffer[..length]).and_then(|()| to_engine.flush()).is_err() {
            break;
        }
    }
    drop(to_engine);
    let _ = engine.wait();
    let _ = back.join();
}

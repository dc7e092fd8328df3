//! The live view on a pseudoterminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::Stdio;

use nix::pty::{Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};

use crate::support::{Deployment, command, docker, eventually, redisctl, succeed};

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_terminal_shows_what_happens_and_is_as_before_afterwards() {
    let shop = Deployment::new("watched");
    shop.up("replica", &[]);
    for (key, expected) in [("q", "q"), ("\x1b", "Esc"), ("\x03", "Ctrl-C")] {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(&size, None).expect("a pseudoterminal");
        let stdio = || Stdio::from(terminal.slave.try_clone().expect("a duplicate"));
        let is_usual = || {
            let flags = tcgetattr(terminal.slave.as_fd()).expect("its settings").local_flags;
            flags.contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG)
        };
        assert!(is_usual());
        let mut watch = command(&["status", &shop.name, "--watch", "--interval", "100ms"]);
        let mut child =
            watch.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().expect("redisctl starts");
        let mut screen = Screen { master: terminal.master.into(), shown: String::new() };
        screen.wait_for("is ready");
        assert!(!is_usual(), "keys come at once");
        if key == "q" {
            docker(&["kill", &shop.node(2)]);
            screen.wait_for("exited");
            succeed(&redisctl(&["start", &shop.name]));
        }
        screen.master.write_all(key.as_bytes()).expect("a terminal that can be written");
        screen.wait_for("\x1b[?25h\x1b[?1049l");
        assert_eq!(child.wait().expect("its end").code(), Some(0), "{expected}");
        eventually("the terminal is as before", is_usual);
    }
}

/// What a terminal has received.
struct Screen {
    master: File,
    shown: String,
}

impl Screen {
    fn wait_for(&mut self, text: &str) {
        let mut bytes = [0; 4096];
        while !self.shown.contains(text) {
            let read = self.master.read(&mut bytes).expect("a terminal that can be read");
            assert!(read > 0, "waited in vain for {text:?}: {}", self.shown);
            self.shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    }
}

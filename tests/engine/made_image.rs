//! Images that tests make from the images of the tests: with a shell, as official images have it, or with a server that
//! does not start.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{clean_up, docker, own_image};

/// An image with a shell for the scripts of the tests; it has no client.
pub(crate) const WITH_SHELL: &str = "redisctl-test/stack:7.4";

/// A shell and commands in one static program.
const BUSYBOX: &str = "/usr/bin/busybox";

/// An image of a test: gone at the end of the test.
pub(crate) struct MadeImage {
    /// Its reference.
    pub(crate) name: String,
}

impl MadeImage {
    /// An image that has a shell, and says that it starts by a script.
    pub(crate) fn with_shell(test: &str, base: &str) -> Self {
        Self::make(test, base, None)
    }

    /// An image whose server begins with this script in the container of a node.
    pub(crate) fn with_server(test: &str, base: &str, script: &str) -> Self {
        Self::make(test, base, Some(script))
    }

    /// An image with a shell and the usual commands of a system, as official images have them.
    pub(crate) fn with_commands(test: &str, base: &str) -> Self {
        let image = Self { name: own_image(test) };
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::copy(BUSYBOX, path("busybox")).unwrap_or_else(|error| panic!("{BUSYBOX}: {error}"));
        for command in ["sh", "cat", "chown", "cp", "mkdir", "seq", "sleep"] {
            std::os::unix::fs::symlink("busybox", path(command)).expect("a link");
        }
        let container = docker(&["create", base, "sh"]);
        docker(&["cp", &format!("{}/.", folder.path().display()), &format!("{container}:/bin/")]);
        docker(&["commit", "--change", "CMD [\"/entrypoint.sh\"]", &container, &image.name]);
        docker(&["rm", &container]);
        image
    }

    fn make(test: &str, base: &str, server: Option<&str>) -> Self {
        let image = Self { name: own_image(test) };
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
        let [from, to] = [WITH_SHELL, base].map(|image| docker(&["create", image, "sh"]));
        docker(&["cp", &format!("{from}:/bin/dash"), &path("sh")]);
        docker(&["cp", &path("sh"), &format!("{to}:/bin/sh")]);
        if let Some(script) = server {
            std::fs::create_dir_all(path("local/bin")).expect("a folder");
            let server = path("local/bin/redis-server");
            // The server itself runs where it is tried, in a container without the name of a node.
            let lines = format!(
                "#!/bin/sh\nread -r name </proc/sys/kernel/hostname\ncase $name in\nredisctl-test-*) {script} ;;\nesac\n\
                 exec /usr/bin/redis-server \"$@\"\n"
            );
            std::fs::write(&server, lines).expect("a script");
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&server, mode).expect("a mode");
            docker(&["cp", &path("local"), &format!("{to}:/usr")]);
        }
        docker(&["commit", "--change", "CMD [\"/entrypoint.sh\"]", &to, &image.name]);
        docker(&["rm", &from, &to]);
        image
    }
}

impl Drop for MadeImage {
    fn drop(&mut self) {
        clean_up(&["rmi", &self.name]);
    }
}

//! Rules of `tls`: the user's own files.

use std::path::PathBuf;

use crate::spec::{ClientAuth, PEM_BEGINNING, Problem, Spec, TlsSpec};
use crate::topology::Server;

/// The user's own files are named together, by their paths.
pub(super) fn own_files_are_complete(spec: &Spec) -> Vec<Problem> {
    let Some(options) = spec.tls.as_ref().and_then(TlsSpec::options) else { return Vec::new() };
    let files: [(&str, &Option<PathBuf>); 3] =
        [("ca", &options.ca), ("cert", &options.cert), ("key", &options.key)];
    let missing: Vec<&str> =
        files.iter().filter(|(_, path)| path.is_none()).map(|(field, _)| *field).collect();
    let mut problems = Vec::new();
    for (field, path) in files.iter().filter_map(|(field, path)| Some((*field, path.as_ref()?))) {
        let at = ["tls", field];
        if path.to_string_lossy().trim_start().starts_with(PEM_BEGINNING) {
            problems.push(
                Problem::new(&at, format!("`tls.{field}` takes the path of a file"))
                    .hint("write the text to a file, and name the file"),
            );
        } else if !missing.is_empty() && problems.is_empty() {
            let missing: Vec<String> = missing.iter().map(|field| format!("`tls.{field}`")).collect();
            let message = format!("`tls.{field}` is given without {}", missing.join(" and "));
            problems.push(
                Problem::new(&at, message).hint(
                    "give all three files for your own certificate, or none for generated certificates",
                ),
            );
        }
    }
    problems
}

/// The server can handle clients' certificates as the spec asks.
pub(in crate::topology) fn server_knows_client_auth(spec: &Spec, server: Server) -> Option<Problem> {
    let options = spec.tls.as_ref()?.options()?;
    let optional = options.client_auth == Some(ClientAuth::Optional);
    (optional && !server.has_optional_client_certificates()).then(|| {
        Problem::new(&["tls", "client_auth"], format!("{server} cannot leave clients' certificates optional"))
            .hint("this needs Redis 6.2 or later; set it to `true` or `false`, or choose another image")
    })
}

//! The Kubernetes manifests of a spec, as text or as files.

use std::fs;
use std::io;
use std::path::Path;

use super::exported_folder::refuse_files_in;
use super::loaded_spec::LoadedSpec;
use super::passwords::passwords;
use super::{Error, private_files};
use crate::export::kubernetes::{Manifests, limit, manifests};
use crate::spec::Problem;

impl LoadedSpec {
    /// The manifests of a spec without passwords.
    ///
    /// # Errors
    /// The manifests cannot describe the spec, or it has passwords.
    pub fn kubernetes(&self) -> Result<Manifests, Error> {
        if self.topology.auth.is_none() {
            return self.manifests();
        }
        Err(Error::Invalid {
            message: "the manifests have a Secret with passwords, which are not printed".to_owned(),
            hint: "`--output-dir DIR` writes it to a file that only you may read".to_owned(),
        })
    }

    /// Writes the manifests to a new folder.
    ///
    /// # Errors
    /// The folder has files, the manifests cannot describe the spec, or a file cannot be written.
    pub fn write_kubernetes(&self, folder: &Path) -> Result<(), Error> {
        refuse_files_in(folder)?;
        let manifests = self.manifests()?;
        let failed = |source| Error::File { operation: "write", path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let text = manifests.text().map_err(io::Error::other).map_err(failed)?;
        fs::write(folder.join("manifests.yaml"), text).map_err(failed)?;
        let secret = manifests.secret_text().map_err(io::Error::other).map_err(failed)?;
        let write = |secret: &str| private_files::write(&folder.join("secret.yaml"), secret);
        secret.map_or(Ok(()), |secret| write(secret.expose())).map_err(failed)
    }

    fn manifests(&self) -> Result<Manifests, Error> {
        if let Some((path, reason)) = limit(&self.topology, self.modules()) {
            let message = format!("Kubernetes manifests cannot describe this: {reason}");
            return Err(self.document.locate(vec![Problem { path, message, hint: None }]).into());
        }
        let credentials = passwords(&self.document.spec, &self.topology, &self.password_files, None);
        Ok(manifests(&self.topology, self.modules(), &credentials))
    }
}

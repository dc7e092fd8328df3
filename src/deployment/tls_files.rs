//! The files that clients need for TLS. Programs read them from paths, so `env` writes the files that it names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use sha2::{Digest as _, Sha256};

use super::{Error, private_files};
use crate::connection::TlsFiles;
use crate::topology::{Certificates, DeploymentName, Tls, Topology};

/// Writes a deployment's files to `folder`, otherwise to the deployment's folder in the user's cache.
pub(super) fn write(
    topology: &Topology,
    certificates: &Certificates,
    folder: Option<&Path>,
) -> Result<TlsFiles, Error> {
    let folder = match folder {
        // Programs that use the variables may run in another folder.
        Some(folder) => std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
        None => own_folder(&topology.name, certificates).ok_or_else(|| Error::Invalid {
            message: "there is no home directory for the certificate of the CA".to_owned(),
            hint: "name a folder with `--tls-folder`".to_owned(),
        })?,
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { operation: "write", path, source }
    };
    private_files::create_folder(&folder).map_err(failed(&folder))?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        private_files::write(&path, text).map_err(failed(&path))?;
        Ok::<PathBuf, Error>(path)
    };
    let ca = write("ca.pem", certificates.authority())?;
    let client = if topology.tls.is_some_and(Tls::gives_clients_a_certificate) {
        let client = certificates.client();
        Some((write("client.pem", &client.certificate)?, write("client-key.pem", client.key.expose())?))
    } else {
        None
    };
    Ok(TlsFiles { ca, client })
}

/// Removes the files of [`write()`] from the user's cache.
pub(super) fn forget(deployment: &DeploymentName, certificates: &Certificates) -> io::Result<()> {
    match own_folder(deployment, certificates).map(fs::remove_dir_all) {
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether the user's cache has files of a deployment with this name. If not, [`forget`] is not needed.
pub(super) fn exist(deployment: &DeploymentName) -> bool {
    let folders = cache().and_then(|cache| fs::read_dir(cache).ok());
    let is_own = |folder: &fs::DirEntry| {
        let name = folder.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(deployment.as_str()));
        rest.is_some_and(|rest| rest.starts_with('-'))
    };
    folders.is_some_and(|folders| folders.filter_map(Result::ok).any(|folder| is_own(&folder)))
}

/// The folder of a deployment. Deployments with the same name on two engines have different CAs.
fn own_folder(deployment: &DeploymentName, certificates: &Certificates) -> Option<PathBuf> {
    let digest = Sha256::digest(certificates.authority());
    Some(cache()?.join(format!("{deployment}-{}", hex::encode(&digest[..4]))))
}

fn cache() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("redisctl").join("tls"))
}

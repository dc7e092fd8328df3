//! A TLS handshake that only checks the names in a server's certificate.

use std::sync::Arc;

use redis::TlsCertificates;
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::ServerError;
use super::connect::Dialer;
use crate::topology::Endpoint;

impl Dialer {
    /// Opens a TLS connection, which verifies the server's certificate for the endpoint's host. Then verifies the
    /// certificate for these names, too.
    ///
    /// # Errors
    /// The connection cannot be opened, or the certificate is not valid for a name.
    pub async fn shake_hands(&self, endpoint: &Endpoint, names: &[String]) -> Result<(), ServerError> {
        let failed = |error: std::io::Error| ServerError::connect(endpoint, error.into());
        let Some(tls) = &self.tls else { return Ok(()) };
        let shake = async {
            let config = config(tls).map_err(std::io::Error::other)?;
            let host = ServerName::try_from(endpoint.host.clone()).map_err(std::io::Error::other)?;
            let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
            let stream = TlsConnector::from(Arc::new(config)).connect(host, stream).await?;
            let (_, connection) = stream.get_ref();
            let certificate = connection.peer_certificates().and_then(<[_]>::first);
            let certificate = certificate.ok_or_else(|| std::io::Error::other("no certificate was shown"))?;
            let parsed = ParsedCertificate::try_from(certificate).map_err(std::io::Error::other)?;
            for name in names {
                let name = ServerName::try_from(name.as_str()).map_err(std::io::Error::other)?;
                verify_server_name(&parsed, &name).map_err(std::io::Error::other)?;
            }
            Ok(())
        };
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        tokio::time::timeout(self.connect_timeout(), shake).await.map_err(late).flatten().map_err(failed)
    }
}

fn config(tls: &TlsCertificates) -> Result<ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(tls.root_cert.as_deref().unwrap_or_default()) {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots);
    Ok(match &tls.client_tls {
        None => config.with_no_client_auth(),
        Some(client) => {
            let chain = CertificateDer::pem_slice_iter(&client.client_cert).collect::<Result<_, _>>()?;
            config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(&client.client_key)?)?
        }
    })
}

//! TLS in front of a target, with valid or invalid certificates.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The certificate that the server presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// A certificate for the server's own name that has not expired.
    Good,
    /// A certificate for the name of another host.
    OfAnotherHost,
    /// A certificate that has expired.
    Expired,
}

/// A TLS server and the authority that signed its certificate.
pub(crate) struct Secured {
    pub(crate) url: String,
    /// The authority's certificate in PEM form.
    pub(crate) authority_pem: String,
}

/// Serves TLS for a target until the runtime ends.
pub(crate) async fn serve(target: SocketAddr, certificate: Certificate) -> Secured {
    let (config, authority_pem) = config(certificate).unwrap_or_else(|e| panic!("{e}"));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    let address = listener.local_addr().unwrap_or_else(|e| panic!("{e}"));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut client = acceptor.accept(client).await?;
                let mut upstream = TcpStream::connect(target).await?;
                copy_bidirectional(&mut client, &mut upstream).await
            });
        }
    });
    Secured {
        url: format!("https://{address}/client/v4"),
        authority_pem,
    }
}

fn config(certificate: Certificate) -> Result<(ServerConfig, String), Box<dyn std::error::Error>> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&key)?.pem();
    let issuer = Issuer::new(authority, key);
    let name = match certificate {
        Certificate::Good | Certificate::Expired => "127.0.0.1",
        Certificate::OfAnotherHost => "another.example",
    };
    let mut own = CertificateParams::new(vec![name.to_owned()])?;
    if certificate == Certificate::Expired {
        own.not_before = date_time_ymd(2019, 1, 1);
        own.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate()?;
    let chain = vec![own.signed_by(&key, &issuer)?.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok((config, authority_pem))
}

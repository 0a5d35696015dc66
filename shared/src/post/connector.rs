//! URI → addresses, all of them judged → one connection to one of them → TLS.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tower_service::Service;
use url::Host;

use super::trouble::{self, trouble};
use super::wire::{Dial, Line, Resolve};
use crate::guard::{Forbidden, Guard, Route};
use crate::identity::Identity;
use crate::seam::{NoAnswer, Trouble};

/// For a name to be looked up.
const LOOKUP: Duration = Duration::from_secs(5);

/// For one address to answer.
const DIAL: Duration = Duration::from_secs(3);

/// For all of it, TLS included. A request waits no longer than its own timeout; a connection that the
/// pool goes on with after that ends too.
const WHOLE: Duration = Duration::from_secs(15);

/// Whose certificates are believed.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those whom the system trusts, or the file that `SSL_CERT_FILE` names.
    System,
    /// These roots, in DER, and no others.
    Only(Vec<Vec<u8>>),
}

/// There is nobody to trust.
#[derive(Debug, thiserror::Error)]
#[error("no root certificates: {0}; install ca-certificates, or name a file with SSL_CERT_FILE")]
pub struct NoRoots(String);

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, NoAnswer>> + Send>>;

/// What the pool asks for connections.
pub(super) struct Connector<R, D> {
    https: HttpsConnector<Plain<R, D>>,
    plain: Plain<R, D>,
    /// As TLS is spoken with everybody.
    tls: ClientConfig,
}

/// The part below TLS.
struct Plain<R, D>(Arc<Ways<R, D>>);

struct Ways<R, D> {
    guard: Guard,
    resolve: R,
    dial: D,
}

impl<R, D> Clone for Connector<R, D> {
    fn clone(&self) -> Self {
        Self { https: self.https.clone(), plain: self.plain.clone(), tls: self.tls.clone() }
    }
}

impl<R, D> Clone for Plain<R, D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Resolve, D: Dial> Connector<R, D> {
    pub(super) fn new(guard: Guard, resolve: R, dial: D, trust: Trust) -> Result<Self, NoRoots> {
        let plain = Plain(Arc::new(Ways { guard, resolve, dial }));
        let tls = trusting(trust).map_err(NoRoots)?;
        Ok(Self { https: over(plain.clone(), tls.clone()), plain, tls })
    }

    /// For one endpoint alone.
    pub(super) fn with(&self, identity: &Identity) -> Self {
        let mut tls = self.tls.clone();
        if let Some(believed) = identity.believed.clone() {
            tls.dangerous().set_certificate_verifier(believed);
        }
        if let Some(shown) = &identity.shown {
            tls.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(Arc::clone(shown)));
        }
        // A session that somebody else opened proves nothing of us.
        tls.resumption = Resumption::default();
        Self { https: over(self.plain.clone(), tls), plain: self.plain.clone(), tls: self.tls.clone() }
    }
}

fn over<R, D>(plain: Plain<R, D>, tls: ClientConfig) -> HttpsConnector<Plain<R, D>> {
    HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_all_versions().wrap_connector(plain)
}

fn trusting(trust: Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|problem| problem.to_string())?;
    let trusting = match trust {
        Trust::System => builder.with_native_roots().map_err(|problem| problem.to_string())?,
        Trust::Only(certificates) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates {
                roots.add(certificate.into()).map_err(|problem| problem.to_string())?;
            }
            builder.with_root_certificates(roots)
        }
    };
    Ok(trusting.with_no_client_auth())
}

impl<R: Resolve, D: Dial> Service<Uri> for Connector<R, D> {
    type Response = MaybeHttpsStream<TokioIo<Line>>;
    type Error = NoAnswer;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoAnswer>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.https.call(uri);
        Box::pin(async move {
            let connected = timeout(WHOLE, connecting).await;
            let connected = connected.map_err(|_| trouble(Trouble::Connect, "no connection in time"))?;
            connected.map_err(|error| trouble::in_handshake(&*error))
        })
    }
}

impl<R: Resolve, D: Dial> Service<Uri> for Plain<R, D> {
    type Response = TokioIo<Line>;
    type Error = NoAnswer;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoAnswer>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let ways = Arc::clone(&self.0);
        Box::pin(async move {
            let (addresses, port) = ways.addresses(&uri).await?;
            let stream = ways.reach(&addresses, port).await?;
            Ok(TokioIo::new(Line::new(stream)))
        })
    }
}

impl<R: Resolve, D: Dial> Ways<R, D> {
    /// Judges a host again at every connection: what its name stands for may have changed. These
    /// addresses, and no other lookup's, are dialled.
    async fn addresses(&self, uri: &Uri) -> Result<(Vec<IpAddr>, u16), NoAnswer> {
        let (scheme, host) = (uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default());
        let port = uri.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
        let addresses = match self.guard.route(scheme, read(host), port).map_err(forbidden)? {
            Route::Address(ip) => vec![ip],
            Route::Loopback => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            Route::Name => self.lookup(host).await?,
        };
        Ok((addresses, port))
    }

    async fn lookup(&self, name: &str) -> Result<Vec<IpAddr>, NoAnswer> {
        let dns = |words: String| NoAnswer { kind: Trouble::Dns, words };
        let found = timeout(LOOKUP, self.resolve.resolve(name)).await;
        let found = found.map_err(|_| dns(format!("no answer within {} s", LOOKUP.as_secs())))?;
        let found = found.map_err(|error| dns(error.to_string()))?;
        if found.is_empty() {
            return Err(dns("the name has no address".into()));
        }
        self.guard.addresses(&found).map_err(forbidden)?;
        Ok(found.into_iter().map(|ip| ip.to_canonical()).collect())
    }

    /// Tries them in turn.
    async fn reach(&self, addresses: &[IpAddr], port: u16) -> Result<tokio::net::TcpStream, NoAnswer> {
        let mut failed = io::Error::from(io::ErrorKind::NotFound);
        for ip in addresses {
            match timeout(DIAL, self.dial.dial(SocketAddr::new(*ip, port))).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failed = error,
                Err(_) => failed = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(trouble(Trouble::Connect, trouble::words(&failed)))
    }
}

/// A URI keeps the brackets of an IPv6 address.
fn read(host: &str) -> Host<&str> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare.parse() {
        Ok(IpAddr::V4(ip)) => Host::Ipv4(ip),
        Ok(IpAddr::V6(ip)) => Host::Ipv6(ip),
        Err(_) => Host::Domain(host),
    }
}

fn forbidden(Forbidden(words): Forbidden) -> NoAnswer {
    NoAnswer { kind: Trouble::Forbidden, words }
}

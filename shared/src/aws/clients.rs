//! How AWS is called: with which credentials, over which connection, how long and how often.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sqs::config::{BehaviorVersion, StalledStreamProtectionConfig};
use aws_smithy_http_client::tls::{self, TlsContext, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use super::environment::{Misconfigured, given, variable};
use super::roots;

/// Longer than any call takes that succeeds, a 4 MB body included.
const ATTEMPT: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(1);
/// All attempts together. The listener makes three calls at most and has 20 s, so that a caller reads 503
/// and not 502.
const OPERATION: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 3;

/// Lambda freezes a function between events; what slept longer than this is closed at the other end.
const IDLE: Duration = Duration::from_secs(50);

/// AWS, as the environment of a function describes it. Makes the clients of all services.
#[derive(Clone)]
pub struct Aws {
    pub(super) config: Arc<SdkConfig>,
}

impl Aws {
    /// Reads `AWS_REGION` and the credentials that Lambda sets, and `AWS_ENDPOINT_URL` where there is one.
    /// Nothing is called yet.
    pub fn from_environment() -> Result<Self, Misconfigured> {
        let region = variable("AWS_REGION")?;
        let credentials = Credentials::new(
            variable("AWS_ACCESS_KEY_ID")?,
            variable("AWS_SECRET_ACCESS_KEY")?,
            given("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        Ok(Self::new(region, credentials, given("AWS_ENDPOINT_URL")))
    }

    /// An emulator at that address, as the account of that number.
    pub fn emulator(endpoint: &str, account: &str) -> Self {
        let credentials = Credentials::new(account, "secret", None, None, "emulator");
        Self::new("us-east-1".into(), credentials, Some(endpoint.to_owned()))
    }

    fn new(region: String, credentials: Credentials, endpoint: Option<String>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION);
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(http_client(&region))
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts.build())
            // Every attempt ends in time anyway.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(endpoint);
        Self { config: Arc::new(config.build()) }
    }
}

fn http_client(region: &str) -> aws_smithy_runtime_api::client::http::SharedHttpClient {
    let tls = TlsContext::builder().with_trust_store(roots::trust_store(region)).build().unwrap_or_default();
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector: ConnectorBuilder<_> = aws_smithy_http_client::Connector::builder()
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls.clone())
            .pool_idle_timeout(IDLE);
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    })
}

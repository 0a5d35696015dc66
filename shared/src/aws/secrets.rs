//! Secrets Manager and Parameter Store: our own keys, and what the owner's references name.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::clients::Aws;
use super::failure::unavailable;
use crate::seal::Keys;
use crate::seam::{Answer, Unavailable};
use crate::secret::Secret;

const SECRETS_MANAGER: &str = "Secrets Manager";
const PARAMETER_STORE: &str = "Parameter Store";

/// Reads secrets. Which, is for a function's role to say.
#[derive(Clone)]
pub struct SecretStore {
    aws: Aws,
    secrets: Arc<OnceLock<aws_sdk_secretsmanager::Client>>,
    parameters: Arc<OnceLock<aws_sdk_ssm::Client>>,
}

impl SecretStore {
    /// Nothing is called yet.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone(), secrets: Arc::default(), parameters: Arc::default() }
    }

    /// The text of a secret, by name or ARN.
    pub async fn secret(&self, id: &str) -> Answer<Secret> {
        let client = self.secrets.get_or_init(|| aws_sdk_secretsmanager::Client::new(&self.aws.config));
        let got = client.get_secret_value().secret_id(id).send().await;
        let text = got.map_err(|failure| unavailable(SECRETS_MANAGER, failure))?.secret_string;
        text.map(Secret::new).ok_or_else(|| Unavailable(format!("{SECRETS_MANAGER}: {id} holds no text")))
    }

    /// The keys in a key secret.
    pub async fn keys(&self, id: &str) -> Answer<Keys> {
        let text = self.secret(id).await?;
        let unreadable = || Unavailable(format!("{SECRETS_MANAGER}: {id} holds no keys; write {{\"1\": \"…\"}}"));
        Keys::read(text.expose()).ok_or_else(unreadable)
    }

    /// What `secretsmanager:NAME` and `ssm:NAME` stand for.
    pub(super) async fn look_up(&self, references: &[String]) -> Answer<HashMap<String, Secret>> {
        let mut found = HashMap::new();
        for reference in references {
            let secret = match reference.split_once(':') {
                Some(("secretsmanager", name)) => self.secret(name).await?,
                Some(("ssm", name)) => self.parameter(name).await?,
                _ => return Err(Unavailable("a reference of an unknown kind".into())),
            };
            found.insert(reference.clone(), secret);
        }
        Ok(found)
    }

    async fn parameter(&self, name: &str) -> Answer<Secret> {
        let client = self.parameters.get_or_init(|| aws_sdk_ssm::Client::new(&self.aws.config));
        let got = client.get_parameter().name(name).with_decryption(true).send().await;
        let text =
            got.map_err(|failure| unavailable(PARAMETER_STORE, failure))?.parameter.and_then(|found| found.value);
        text.map(Secret::new).ok_or_else(|| Unavailable(format!("{PARAMETER_STORE}: {name} holds no text")))
    }
}

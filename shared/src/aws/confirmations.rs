//! What the owner must still confirm by a click, as SES and SNS know it.

use aws_sdk_sesv2::Client as SesClient;

use super::clients::Aws;
use super::failure::unavailable;
use crate::address::EmailAddress;
use crate::seam::{Answer, Confirmation, Confirmations};

const SES: &str = "SES";
const SNS: &str = "SNS";

/// Asks about the sender, the recipients while SES keeps the account in its sandbox, and the alarms.
#[derive(Clone)]
pub struct Checklist {
    ses: SesClient,
    sns: aws_sdk_sns::Client,
    from: EmailAddress,
    to: Vec<EmailAddress>,
    topic: String,
}

impl Checklist {
    /// `to` are the recipients of the default source; `topic` the ARN that alarms go to.
    pub fn new(aws: &Aws, from: EmailAddress, to: Vec<EmailAddress>, topic: String) -> Self {
        Self { ses: SesClient::new(&aws.config), sns: aws_sdk_sns::Client::new(&aws.config), from, to, topic }
    }

    async fn sender(&self) -> Answer<Confirmation> {
        let from = self.from.address();
        let done = self.is_verified(from).await?;
        let detail = if done {
            format!("{from} may send")
        } else {
            format!("{from} is not verified in SES: click the link in the mail that SES sent to it")
        };
        Ok(Confirmation { name: "sender".into(), done, detail })
    }

    /// An identity is an address, its domain, or a domain above that.
    async fn is_verified(&self, address: &str) -> Answer<bool> {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        let domains = std::iter::successors(domain, |domain| domain.split_once('.').map(|(_, above)| above));
        for identity in std::iter::once(address).chain(domains.filter(|domain| domain.contains('.'))) {
            match self.ses.get_email_identity().email_identity(identity).send().await {
                Ok(found) if found.verified_for_sending_status => return Ok(true),
                Ok(_) => {}
                Err(failure) if failure.as_service_error().is_some_and(|answer| answer.is_not_found_exception()) => {}
                Err(failure) => return Err(unavailable(SES, failure)),
            }
        }
        Ok(false)
    }

    async fn recipients(&self) -> Answer<Vec<Confirmation>> {
        let account = self.ses.get_account().send().await.map_err(|failure| unavailable(SES, failure))?;
        if account.production_access_enabled {
            let detail = "SES sends to anybody".into();
            return Ok(vec![Confirmation { name: "sandbox".into(), done: true, detail }]);
        }
        let mut found = Vec::new();
        for recipient in &self.to {
            let done = self.is_verified(recipient.address()).await?;
            let state = if done { "is verified" } else { "is not verified" };
            let detail = format!(
                "{} {state}; SES is in its sandbox and sends to verified addresses only: verify it, or ask for production access",
                recipient.address()
            );
            found.push(Confirmation { name: "recipient".into(), done, detail });
        }
        Ok(found)
    }

    async fn alarms(&self) -> Answer<Confirmation> {
        let list = self.sns.list_subscriptions_by_topic().topic_arn(&self.topic).send().await;
        let subscriptions = list.map_err(|failure| unavailable(SNS, failure))?.subscriptions.unwrap_or_default();
        let arn = |arn: Option<&str>| arn.is_some_and(|arn| arn.starts_with("arn:"));
        let done = subscriptions.iter().any(|one| arn(one.subscription_arn.as_deref()));
        let detail = if done {
            "alarms reach somebody"
        } else {
            "nobody gets the alarms: click the link in the mail that SNS sent to the first of EmailAddress"
        };
        Ok(Confirmation { name: "alarms".into(), done, detail: detail.into() })
    }
}

impl Confirmations for Checklist {
    async fn confirmations(&self) -> Answer<Vec<Confirmation>> {
        let mut all = vec![self.sender().await?];
        all.extend(self.recipients().await?);
        all.push(self.alarms().await?);
        Ok(all)
    }
}

//! Mail by SES: which parts of an e-mail go where, and which of its refusals are for ever.

use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::Builder;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{self, Body, Content, Destination, EmailContent, Message, MessageHeader};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::clients::Aws;
use super::failure::words;
use crate::address::EmailAddress;
use crate::seam::{Email, Refusal, SendEmail};

/// SES has no key by which it knows a mail again: what may have been taken is not sent twice in a row.
const ATTEMPTS: u32 = 1;
const ATTEMPT: Duration = Duration::from_secs(9);

/// Hands e-mails to SES.
#[derive(Clone)]
pub struct Ses {
    client: Client,
    from: EmailAddress,
}

impl Ses {
    pub fn new(aws: &Aws, from: EmailAddress) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(ATTEMPT);
        let config = Builder::from(&*aws.config)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts.build());
        Self { client: Client::from_conf(config.build()), from }
    }
}

impl SendEmail for Ses {
    async fn send_email(&self, email: &Email) -> Result<(), Refusal> {
        let content = content(email).map_err(|problem| Refusal::Never(problem.to_string()))?;
        let to = email.to.iter().map(ToString::to_string).collect();
        let send = self.client.send_email().from_email_address(self.from.to_string());
        let send = send.destination(Destination::builder().set_to_addresses(Some(to)).build()).content(content);
        match send.send().await {
            Ok(_) => Ok(()),
            Err(failure) => {
                let said = format!("SES: {}", words(&failure));
                let never = failure.as_service_error().is_some_and(is_for_ever);
                Err(if never { Refusal::Never(said) } else { Refusal::Later(said) })
            }
        }
    }
}

/// Whether the same mail will be refused again whatever the owner does. A sender that is not verified
/// yet, a quota, a pause and a permission that is missing are for the owner to mend.
fn is_for_ever(answer: &SendEmailError) -> bool {
    match answer {
        SendEmailError::MessageRejected(rejected) => !rejected.message().unwrap_or_default().contains("not verified"),
        SendEmailError::BadRequestException(_) => true,
        other => other.code() == Some("ValidationException"),
    }
}

fn content(email: &Email) -> Result<EmailContent, BuildError> {
    let body = Body::builder().text(utf8(&email.text)?).html(utf8(&email.html)?).build();
    let mut message = Message::builder().subject(utf8(&email.subject)?).body(body);
    for (name, value) in [("Auto-Submitted", "auto-generated".to_owned()), ("X-Hookpost-Id", email.id.to_string())] {
        message = message.headers(MessageHeader::builder().name(name).value(value).build()?);
    }
    if let Some(attachment) = &email.attachment {
        let attached = types::Attachment::builder()
            .file_name(attachment.name)
            .content_type(attachment.content_type)
            .content_transfer_encoding(types::AttachmentContentTransferEncoding::Base64)
            .raw_content(Blob::new(attachment.bytes.to_vec()));
        message = message.attachments(attached.build()?);
    }
    Ok(EmailContent::builder().simple(message.build()).build())
}

fn utf8(text: &str) -> Result<Content, BuildError> {
    Content::builder().data(text).charset("UTF-8").build()
}

//! What AWS said when it did not do what was asked, in words for the log.

use std::error::Error;
use std::fmt::Write;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::outside::Outside;
use crate::seam::{Answer, Unavailable};

pub(super) const DYNAMODB: &str = "DynamoDB";

/// The service, its code and message; or what kept us from reaching it.
pub(super) fn unavailable<E, R>(service: &'static str, failure: SdkError<E, R>) -> Unavailable
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    Unavailable(format!("{service}: {}", words(&failure)))
}

/// Whether a conditional write of DynamoDB found its condition, and so was done.
pub(super) fn conditional<T, E, R>(written: Result<T, SdkError<E, R>>) -> Answer<bool>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let unmet = |answer: &E| answer.code() == Some("ConditionalCheckFailedException");
    match written {
        Ok(_) => Ok(true),
        Err(failure) if failure.as_service_error().is_some_and(unmet) => Ok(false),
        Err(failure) => Err(unavailable(DYNAMODB, failure)),
    }
}

/// One line, no request and no secret.
pub(super) fn words<E, R>(failure: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    if let Some(answer) = failure.as_service_error() {
        let (code, message) = (answer.code().unwrap_or("no code"), answer.message().unwrap_or("no message"));
        return format!("{}: {}", Outside(code), Outside(message));
    }
    let mut words = failure.to_string();
    let mut cause = failure.source();
    while let Some(problem) = cause {
        // Writing to a text cannot fail.
        let _: std::fmt::Result = write!(words, ": {problem}");
        cause = problem.source();
    }
    words
}

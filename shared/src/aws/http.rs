//! Function URL and API Gateway events (payload format 2.0): requests in, replies out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::reply::{Refused, Reply};
use crate::schemes::ClientCertificate;

/// Why a function ends.
pub type Error = lambda_runtime::Error;

/// What somebody sent, as it came: path and query raw, the body decoded.
pub struct Incoming {
    pub request: Request<Full<Bytes>>,
    /// As the front door saw it; no header counts.
    pub caller: IpAddr,
}

/// Answers events one after the other for as long as Lambda wants.
///
/// # Errors
/// The runtime did not answer.
pub async fn run(answer: impl AsyncFn(Incoming) -> Reply) -> Result<(), Error> {
    let answer = Arc::new(answer);
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let answer = Arc::clone(&answer);
        async move {
            let reply = match read(event.payload.get()) {
                Ok(incoming) => answer(incoming).await,
                Err(refused) => refused.reply(),
            };
            Ok::<_, Infallible>(write(reply).await)
        }
    });
    Runtime::new(service).run().await
}

/// What is looked at of an event. To read the whole of it, as the library does, costs a good part of a
/// refusal; and there a header whose name is no name fails the event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow, default)]
    raw_path: Cow<'a, str>,
    #[serde(borrow, default)]
    raw_query_string: Cow<'a, str>,
    #[serde(borrow, default)]
    headers: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow)]
    request_context: Context<'a>,
    #[serde(borrow, default)]
    body: Option<Cow<'a, str>>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct Context<'a> {
    #[serde(borrow)]
    http: Door<'a>,
    #[serde(borrow, default)]
    authentication: Option<Shown<'a>>,
}

/// What an API Gateway HTTP API with mutual TLS saw; a Function URL says nothing here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(borrow, default)]
    client_cert: Option<Certificate<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Certificate<'a> {
    #[serde(borrow, default)]
    client_cert_pem: Cow<'a, str>,
    #[serde(borrow, default, rename = "subjectDN")]
    subject: Cow<'a, str>,
    #[serde(borrow, default, rename = "issuerDN")]
    issuer: Cow<'a, str>,
    #[serde(borrow, default)]
    serial_number: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Door<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    source_ip: IpAddr,
}

const UNREADABLE: Refused = Refused::BadRequest("the address cannot be read");

pub(super) fn read(event: &str) -> Result<Incoming, Refused> {
    let event: Event<'_> = serde_json::from_str(event).map_err(|problem| {
        // Its words could show a part of the event.
        tracing::warn!(line = problem.line(), column = problem.column(), "an event that is not of payload format 2.0");
        Refused::BadRequest("the event is not of payload format 2.0")
    })?;
    let mut request = Request::new(Full::new(body(event.body.unwrap_or_default(), event.is_base64_encoded)?));
    *request.method_mut() = event.request_context.http.method.parse().map_err(|_| UNREADABLE)?;
    *request.uri_mut() = uri(&event.raw_path, &event.raw_query_string)?;
    for (name, value) in &event.headers {
        // What cannot stand in a header never stood in one.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(&**name), HeaderValue::try_from(&**value)) {
            let taken = request.headers_mut().try_append(name, value);
            taken.map_err(|_| Refused::BadRequest("there are too many headers"))?;
        }
    }
    let shown = event.request_context.authentication.and_then(|shown| shown.client_cert);
    if let Some(Certificate { client_cert_pem, subject, issuer, serial_number }) = shown {
        let [subject, issuer, serial, pem] = [subject, issuer, serial_number, client_cert_pem].map(Cow::into_owned);
        request.extensions_mut().insert(ClientCertificate { subject, issuer, serial, pem });
    }
    Ok(Incoming { request, caller: event.request_context.http.source_ip })
}

/// Path and query as they came: signatures may cover them.
fn uri(path: &str, query: &str) -> Result<Uri, Refused> {
    let path = if path.is_empty() { "/" } else { path };
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    PathAndQuery::try_from(target).map(Uri::from).map_err(|_| UNREADABLE)
}

fn body(text: Cow<'_, str>, is_base64: bool) -> Result<Bytes, Refused> {
    if !is_base64 {
        return Ok(text.into_owned().into());
    }
    STANDARD.decode(&*text).map(Bytes::from).map_err(|_| Refused::BadRequest("the body is not base64"))
}

pub(super) async fn write(reply: Reply) -> ApiGatewayV2httpResponse {
    let (head, body) = reply.into_parts();
    let body = body.collect().await.map(|whole| whole.to_bytes()).unwrap_or_default();
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = head.status.as_u16().into();
    response.headers = head.headers;
    // Our replies are JSON.
    response.body = Some(Body::Text(String::from_utf8_lossy(&body).into_owned()));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str, query: &str, body: &str, base64: bool) -> String {
        let event = serde_json::json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": { "x-a": "1,2", "no name": "x" },
            "requestContext": { "http": { "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1" } },
            "body": body, "isBase64Encoded": base64,
        });
        event.to_string()
    }

    #[test]
    fn path_and_query_are_kept_as_they_came() {
        let targets = [("/a%2Fb/../c", "x=%20+%zz&y='"), ("/", ""), ("/in//x", "a=b=c?d"), ("/%C3%B6", "ö=1")];
        for (path, query) in targets {
            let incoming = read(&url(path, query, "", false)).unwrap_or_else(|refused| panic!("{refused:?}"));
            assert_eq!(incoming.request.uri().path(), path);
            assert_eq!(incoming.request.uri().query().unwrap_or_default(), query);
            assert_eq!(incoming.request.headers().len(), 1, "what is no name is no header");
            assert_eq!(incoming.caller, IpAddr::from([192, 0, 2, 1]));
        }
    }

    /// As API Gateway documents it.
    #[test]
    fn the_certificate_that_api_gateway_saw_comes_along() {
        let with = |authentication: serde_json::Value| {
            let mut event: serde_json::Value = serde_json::from_str(&url("/", "", "", false)).unwrap();
            event["headers"]["x-amzn-mtls-clientcert"] = "forged".into();
            event["requestContext"]["authentication"] = authentication;
            let incoming = read(&event.to_string()).unwrap_or_else(|refused| panic!("{refused:?}"));
            incoming.request.extensions().get::<ClientCertificate>().cloned()
        };
        let shown = with(serde_json::json!({ "clientCert": {
            "clientCertPem": "CERT_CONTENT", "subjectDN": "CN=www.example.com", "issuerDN": "CN=Example issuer",
            "serialNumber": "a1:a1:a1:a1", "validity": {
                "notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2021 GMT" } } }));
        let [subject, issuer, serial, pem] =
            ["CN=www.example.com", "CN=Example issuer", "a1:a1:a1:a1", "CERT_CONTENT"].map(str::to_owned);
        assert_eq!(shown, Some(ClientCertificate { subject, issuer, serial, pem }));
        assert_eq!(with(serde_json::Value::Null), None);
        assert_eq!(with(serde_json::json!({ "clientCert": null })), None);
    }

    #[test]
    fn what_cannot_be_read_is_the_callers_fault() {
        assert!(matches!(read(&url("/", "", "!!", true)), Err(Refused::BadRequest(_))));
        assert!(matches!(read(&url("/a b", "", "", false)), Err(Refused::BadRequest(_))));
        let nowhere =
            serde_json::json!({ "version": "2.0", "rawPath": "/", "requestContext": { "http": { "method": "GET" } } });
        assert!(matches!(read(&nowhere.to_string()), Err(Refused::BadRequest(_))));
    }
}

//! Function URL and API Gateway events (payload format 2.0): requests in, replies out.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::request::LambdaRequest;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};

use crate::reply::{Refused, Reply};

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
    let service = service_fn(move |event: LambdaEvent<LambdaRequest>| {
        let answer = Arc::clone(&answer);
        async move {
            let reply = match read(event.payload) {
                Ok(incoming) => answer(incoming).await,
                Err(refused) => refused.reply(),
            };
            Ok::<_, Infallible>(write(reply).await)
        }
    });
    Runtime::new(service).run().await
}

fn read(event: LambdaRequest) -> Result<Incoming, Refused> {
    let LambdaRequest::ApiGatewayV2(event) = event else {
        return Err(Refused::BadRequest("the event is not of payload format 2.0"));
    };
    let uri = uri(&event)?;
    let door = event.request_context.http;
    let caller = door.source_ip.as_deref().and_then(|ip| ip.parse().ok());
    let caller = caller.ok_or(Refused::BadRequest("the event does not say where it came from"))?;
    let mut request = Request::new(Full::new(body(event.body, event.is_base64_encoded)?));
    *request.method_mut() = door.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = event.headers;
    Ok(Incoming { request, caller })
}

/// Path and query as they came: signatures may cover them.
fn uri(event: &ApiGatewayV2httpRequest) -> Result<Uri, Refused> {
    let path = event.raw_path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
    let target = match event.raw_query_string.as_deref() {
        None | Some("") => path.to_owned(),
        Some(query) => format!("{path}?{query}"),
    };
    let target = PathAndQuery::try_from(target).map_err(|_| Refused::BadRequest("the address cannot be read"))?;
    Ok(Uri::from(target))
}

fn body(body: Option<String>, is_base64: bool) -> Result<Bytes, Refused> {
    let text = body.unwrap_or_default();
    if !is_base64 {
        return Ok(text.into());
    }
    STANDARD.decode(text).map(Bytes::from).map_err(|_| Refused::BadRequest("the body is not base64"))
}

async fn write(reply: Reply) -> ApiGatewayV2httpResponse {
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

    fn event(text: &str) -> LambdaRequest {
        serde_json::from_str(text).unwrap()
    }

    fn url(path: &str, query: &str, body: &str, base64: bool) -> LambdaRequest {
        let event = serde_json::json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": { "x-a": "1,2" },
            "requestContext": { "http": { "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1" } },
            "body": body, "isBase64Encoded": base64,
        });
        event_of(&event)
    }

    fn event_of(value: &serde_json::Value) -> LambdaRequest {
        event(&value.to_string())
    }

    #[test]
    fn path_and_query_are_kept_as_they_came() {
        let targets = [("/a%2Fb/../c", "x=%20+%zz&y='"), ("/", ""), ("/in//x", "a=b=c?d"), ("/%C3%B6", "ö=1")];
        for (path, query) in targets {
            let incoming = read(url(path, query, "", false)).unwrap_or_else(|refused| panic!("{refused:?}"));
            assert_eq!(incoming.request.uri().path(), path);
            assert_eq!(incoming.request.uri().query().unwrap_or_default(), query);
            assert_eq!(incoming.caller, IpAddr::from([192, 0, 2, 1]));
        }
    }

    #[test]
    fn what_cannot_be_read_is_the_callers_fault() {
        assert!(matches!(read(url("/", "", "!!", true)), Err(Refused::BadRequest(_))));
        assert!(matches!(read(url("/a b", "", "", false)), Err(Refused::BadRequest(_))));
        let nowhere =
            serde_json::json!({ "version": "2.0", "rawPath": "/", "requestContext": { "http": { "method": "GET" } } });
        assert!(matches!(read(event_of(&nowhere)), Err(Refused::BadRequest(_))));
    }
}

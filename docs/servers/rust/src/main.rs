//! A hyper server with the endpoints root and echo of merkhet's contract: server PORT
use hyper::service::{make_service_fn, service_fn};
use hyper::{body::HttpBody, Body, Request, Response, Server, StatusCode};
use serde_json::json;
use std::convert::Infallible;

const CONTENT_BYTES_MAX: usize = 64 << 20;

fn octets(data: impl AsRef<[u8]>) -> String {
    base64::encode(data)
}

// hyper 0.14 hands on no trailers: null says so.
async fn echo(request: Request<Body>) -> Response<Body> {
    let (head, mut body) = request.into_parts();
    let mut content = Vec::new();
    while let Some(piece) = body.data().await {
        match piece {
            Ok(piece) if content.len() + piece.len() <= CONTENT_BYTES_MAX => content.extend_from_slice(&piece),
            Ok(_) => return answer(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "too much\n".into()),
            // Content that breaks off, or that hyper cannot read.
            Err(_) => return answer(StatusCode::BAD_REQUEST, "text/plain", "bad content\n".into()),
        }
    }
    let fields: Vec<_> = head.headers.iter().map(|(name, value)| [octets(name.as_str()), octets(value.as_bytes())]).collect();
    let report = json!({
        "method": head.method.as_str(),
        "target": octets(head.uri.to_string()),
        "fields": fields,
        "body": octets(content),
        "trailers": null,
    });
    answer(StatusCode::OK, "application/json", report.to_string())
}

async fn serve(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(match (request.uri().path(), request.method().as_str()) {
        ("/", "GET" | "HEAD") => answer(StatusCode::OK, "text/plain", "hello\n".into()),
        ("/", _) => {
            let mut refusal = answer(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "no such method\n".into());
            refusal.headers_mut().insert("allow", "GET, HEAD".parse().expect("a field value"));
            refusal
        }
        ("/echo", _) => echo(request).await,
        _ => answer(StatusCode::NOT_FOUND, "text/plain", "no such page\n".into()),
    })
}

fn answer(status: StatusCode, kind: &str, content: String) -> Response<Body> {
    Response::builder().status(status).header("content-type", kind).body(content.into()).expect("a response")
}

#[tokio::main]
async fn main() {
    let port: u16 = std::env::args().nth(1).expect("a port").parse().expect("a port");
    let service = make_service_fn(|_| async { Ok::<_, Infallible>(service_fn(serve)) });
    Server::bind(&([127, 0, 0, 1], port).into()).serve(service).await.expect("to serve");
}

//! An axum server with the endpoints root and echo of merkhet's contract: server PORT
use axum::{body::Bytes, extract::OriginalUri, http::{HeaderMap, Method}, routing::{any, get}, Json, Router};
use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};

fn octets(data: impl AsRef<[u8]>) -> String {
    STANDARD.encode(data)
}

// hyper hands on no trailers with the whole content: null says so.
async fn echo(method: Method, OriginalUri(target): OriginalUri, headers: HeaderMap, body: Bytes) -> Json<Value> {
    let fields: Vec<_> = headers.iter().map(|(name, value)| [octets(name.as_str()), octets(value.as_bytes())]).collect();
    let target = octets(target.to_string());
    Json(json!({"method": method.as_str(), "target": target, "fields": fields, "body": octets(body), "trailers": null}))
}

#[tokio::main]
async fn main() {
    let port: u16 = std::env::args().nth(1).expect("a port").parse().expect("a port");
    let app = Router::new().route("/", get(|| async { "hello\n" })).route("/echo", any(echo));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("to listen");
    axum::serve(listener, app).await.expect("to serve");
}

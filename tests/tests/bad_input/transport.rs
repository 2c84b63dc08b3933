//! Headers, sizes and encodings that are not what they should be.

use super::{Case, insist};

const SCANS: &str = "POST /api/v1/scans";
const ORDER: &[u8] = b"{\"target\":\"127.0.0.1\",\"ports\":\"1\"}";

#[tokio::test]
async fn other_content_types_are_not_taken() {
    let mut cases = Vec::new();
    for kind in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "",
        "application/jsonp",
        "application/octet-stream",
        "text/json; charset=utf-8",
    ] {
        let header = format!("content-type: {kind}\r\n");
        cases.push(Case::with_headers(SCANS, &header, ORDER, (415, "UNSUPPORTED_MEDIA_TYPE")));
    }
    cases.push(Case::with_headers(SCANS, "", ORDER, (415, "UNSUPPORTED_MEDIA_TYPE")));
    for line in ["POST /api/v1/auth/register", "POST /api/v1/auth/login"] {
        cases.push(Case::with_headers(line, "", b"{}", (415, "UNSUPPORTED_MEDIA_TYPE")));
    }
    insist(cases).await;
}

#[tokio::test]
async fn huge_bodies_are_not_taken() {
    let mut cases = Vec::new();
    let one_too_many = padded(64 * 1024 + 1);
    let huge = padded(4 << 20);
    for line in [SCANS, "POST /api/v1/auth/register", "POST /api/v1/auth/login"] {
        cases.push(Case::json(line, &one_too_many, 413, "PAYLOAD_TOO_LARGE"));
        cases.push(Case::json(line, &huge, 413, "PAYLOAD_TOO_LARGE"));
    }
    let chunk = [b"10001\r\n".to_vec(), padded(0x10001), b"\r\n0\r\n\r\n".to_vec()].concat();
    let mut chunked = Case::json(SCANS, b"", 413, "PAYLOAD_TOO_LARGE");
    let end = chunked.bytes.len() - 2;
    chunked.bytes.truncate(end);
    chunked.bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
    chunked.bytes.extend(chunk);
    cases.push(chunked);
    cases.push(Case::json(SCANS, &padded(64 * 1024), 400, "VALIDATION_ERROR"));
    insist(cases).await;
}

#[tokio::test]
async fn headers_out_of_the_ordinary_are_refused_or_passed_over() {
    let long = format!("x-long: {}\r\n", "y".repeat(6000));
    let not_found = (404, "SCAN_NOT_FOUND");
    let path = "GET /api/v1/scans/scan_abcdefghijkl";
    let mut cases = Vec::new();
    for header in [
        "x-request-id: mine\r\n",
        "x-request-id: a\u{e9}b\r\n",
        "accept: nonsense\r\n",
        "accept: application/xml\r\n",
        "accept-encoding: gzip, br, zstd\r\n",
        "content-type: x\r\n",
        "x-forwarded-for: 1.2.3.4, x\r\n",
        "if-none-match: *\r\n",
        "range: bytes=0-1\r\n",
        "x-http-method-override: DELETE\r\n",
        "cookie: a=b; c\r\n",
        "expect: nothing\r\n",
        &long,
    ] {
        cases.push(Case::with_headers(path, header, b"", not_found));
    }
    for position in ["abc", "-1", "", "99999999999999999999999", "\u{e9}"] {
        let header = format!("last-event-id: {position}\r\n");
        cases.push(Case::with_headers(&format!("{path}/stream"), &header, b"", not_found));
    }
    insist(cases).await;
}

/// A body of so many bytes that names an unknown field, so that its size alone decides.
fn padded(length: usize) -> Vec<u8> {
    let (start, end) = ("{\"padding\":\"", "\"}");
    let filling = "x".repeat(length - start.len() - end.len());
    format!("{start}{filling}{end}").into_bytes()
}

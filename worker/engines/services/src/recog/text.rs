//! Which part of an answer the fingerprints are written for.

use crate::http::Response;

/// The texts of an answer of `service`, with the name of the fingerprints that are about them.
pub(super) fn texts<'a>(service: &str, answer: &'a [u8]) -> Vec<(&'static str, &'a [u8])> {
    let line = first_line(answer);
    let one = match service {
        "ssh" => ("ssh.banner", after(line, 2, b'-')),
        "ftp" => ("ftp.banner", after(line, 1, b' ')),
        "smtp" => ("smtp.banner", after(line, 1, b' ')),
        "nntp" => ("nntp.banner", after(line, 1, b' ')),
        "pop3" => ("pop3.banner", after(line, 1, b' ')),
        "imap" => ("imap4.banner", after(line, 2, b' ')),
        "mysql" => ("mysql.banners", mysql_version(answer)),
        "http" => return pages(answer),
        "rtsp" => ("rtsp_header.server", server(answer)),
        "sip" => ("sip_header.server", server(answer)),
        _ => return Vec::new(),
    };
    vec![one]
}

fn pages(answer: &[u8]) -> Vec<(&'static str, &[u8])> {
    let Some(response) = Response::parse(answer) else { return Vec::new() };
    let parts = [
        ("http_header.server", response.header("server")),
        ("http_header.wwwauth", response.header("www-authenticate")),
        ("http_header.cookie", response.header("set-cookie")),
        ("http_header.x-powered-by", response.header("x-powered-by")),
        ("html_title", response.title()),
    ];
    parts.into_iter().filter_map(|(matches, text)| Some((matches, text?))).collect()
}

fn server(answer: &[u8]) -> &[u8] {
    Response::parse(answer).and_then(|response| response.header("server")).unwrap_or_default()
}

fn first_line(answer: &[u8]) -> &[u8] {
    answer.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end()
}

/// What follows the nth separator; `220-` stands for `220 ` where more lines follow.
fn after(line: &[u8], nth: usize, separator: u8) -> &[u8] {
    let is_gap = |byte: &u8| *byte == separator || (separator == b' ' && *byte == b'-');
    line.splitn(nth + 1, is_gap).nth(nth).unwrap_or_default()
}

/// The text between the number of the protocol and the first zero.
fn mysql_version(answer: &[u8]) -> &[u8] {
    answer.get(5..).and_then(|rest| rest.split(|byte| *byte == 0).next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_the_fingerprints_are_about() {
        let only = |service, answer: &'static [u8]| texts(service, answer)[0];
        assert_eq!(only("ssh", b"SSH-2.0-mpSSH_0.1 x\r\n"), ("ssh.banner", &b"mpSSH_0.1 x"[..]));
        assert_eq!(only("ftp", b"220-Serv-U FTP\r\n220 \r\n"), ("ftp.banner", &b"Serv-U FTP"[..]));
        assert_eq!(only("imap", b"* OK Cyrus v2\r\n"), ("imap4.banner", &b"Cyrus v2"[..]));
        assert_eq!(only("mysql", b"\x4a\0\0\0\x0a8.0.30\0rest"), ("mysql.banners", &b"8.0.30"[..]));
        assert!(texts("ssh", b"")[0].1.is_empty());
    }
}

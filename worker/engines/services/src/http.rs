//! Responses of HTTP and of what is written like it: RTSP and SIP.

/// The parts of a response, of which the end may be missing.
#[derive(Debug)]
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    /// The status line and the headers.
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads `HTTP/1.1 200 OK` and what follows; nothing when it begins otherwise.
    pub(crate) fn parse(answer: &'a [u8]) -> Option<Self> {
        let rest =
            ["HTTP/1.", "RTSP/1.", "SIP/2."].iter().find_map(|name| answer.strip_prefix(name.as_bytes()))?;
        let [b'0'..=b'9', b' ', digits @ ..] = rest else { return None };
        let status =
            std::str::from_utf8(digits.get(..3)?).ok()?.parse().ok().filter(|status| *status >= 100)?;
        let (head, body) = halves(answer);
        Some(Self { status, head, body })
    }

    /// The value of the first header of that name, which is lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (key, value) = (line.get(..colon)?, line.get(colon + 1..)?);
            key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
        })
    }

    /// The text between `<title>` and the next tag.
    pub(crate) fn title(&self) -> Option<&'a [u8]> {
        let start = find(self.body, b"<title")?;
        let tag = self.body.get(start..)?;
        let text = tag.get(tag.iter().position(|byte| *byte == b'>')? + 1..)?;
        let end = text.iter().position(|byte| *byte == b'<')?;
        text.get(..end).map(<[u8]>::trim_ascii).filter(|title| !title.is_empty())
    }
}

fn halves(answer: &[u8]) -> (&[u8], &[u8]) {
    let gaps: [&[u8]; 2] = [b"\r\n\r\n", b"\n\n"];
    let gap = gaps.iter().filter_map(|gap| Some((find(answer, gap)?, gap.len()))).min();
    let parts = gap.and_then(|(at, length)| Some((answer.get(..at)?, answer.get(at + length..)?)));
    parts.unwrap_or((answer, &[]))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|part| part.eq_ignore_ascii_case(what))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_response_has_headers_and_a_title() {
        let answer =
            b"HTTP/1.1 200 OK\r\nX: y\r\nSERVER:  a/1 \r\n\r\n<html><TITLE lang=en> It works </title>";
        let response = Response::parse(answer).unwrap();
        assert_eq!((response.status, response.header("server")), (200, Some(&b"a/1"[..])));
        assert_eq!(response.title(), Some(&b"It works"[..]));
        assert!(Response::parse(b"HTTP/1.1 2").is_none());
        assert!(Response::parse(b"HTTP/2 200 OK").is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_response_or_not(bytes: Vec<u8>, tail in "[ -~\r\n<>]*") {
            for answer in [bytes.clone(), [b"HTTP/1.0 200 ", tail.as_bytes()].concat()] {
                if let Some(response) = Response::parse(&answer) {
                    response.header("server");
                    response.title();
                }
            }
        }
    }
}

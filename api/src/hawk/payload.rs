//! The digest of a body.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// A body with the media type that it was sent under; empty for none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payload<'a> {
    pub(crate) media_type: &'a str,
    pub(crate) bytes: &'a [u8],
}

impl Payload<'_> {
    /// The digest in base64. Of the media type only what stands before the parameters counts, in lower case.
    pub(crate) fn hash(&self) -> String {
        let media_type = self.media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let mut digest = Sha256::new();
        for part in [b"hawk.1.payload\n", media_type.as_bytes(), b"\n", self.bytes, b"\n"] {
            digest.update(part);
        }
        STANDARD.encode(digest.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_examples_come_out() {
        let hash = |media_type, bytes: &str| Payload { media_type, bytes: bytes.as_bytes() }.hash();
        let flying = "Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=";
        assert_eq!(hash("text/plain", "Thank you for flying Hawk"), flying);
        assert_eq!(hash("Text/Plain ; charset=utf-8", "Thank you for flying Hawk"), flying);
        let tested = "8ONUzoGGeYaAi6rb6f9dqc8NasvCfMHwxzl1M3CqZA4=";
        assert_eq!(hash("application/json", r#"{"authenticated":true}"#), tested);
    }
}

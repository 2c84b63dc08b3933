//! What answers look like.

use regex::bytes::Captures;

use crate::{
    Error,
    block::Block,
    cpe,
    decode::{Decoder, decoder},
    finding::Finding,
    identity::OsHint,
    os,
    pattern::Pattern,
    printable::name,
};

/// A pattern, and what it means.
#[derive(Debug)]
pub(crate) struct Signature {
    place: Place,
    pattern: Pattern,
    service: Option<&'static str>,
    product: Option<&'static str>,
    /// Its beginning, where the answer shows no more: too little for a CPE name.
    version: Option<&'static str>,
    cpe: Option<&'static str>,
    os: Option<OsHint>,
    decoder: Option<Decoder>,
    sure: Option<u8>,
    more: Vec<&'static str>,
}

/// Which part of which answer a pattern is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Whatever comes, asked or not.
    Any,
    /// The answer to the probe of that name.
    Probe(&'static str),
    /// The value of the header `Server` of an HTTP response.
    Server,
    /// The lines above the body of an HTTP response.
    Head,
    /// The title of a page.
    Title,
    /// The body of an HTTP response.
    Body,
}

impl Signature {
    pub(crate) fn read(block: &Block) -> Result<Self, Error> {
        block.check(&[
            "match", "in", "service", "product", "version", "cpe", "os", "decode", "sure", "more",
        ])?;
        let text = block.get("match").ok_or_else(|| block.error("a signature without a pattern"))?;
        let sure = block.get("sure").map(|number| number.parse().ok().filter(|sure| *sure <= 100));
        let reads = block.get("decode").map(decoder);
        let signature = Self {
            place: block.get("in").map_or(Place::Any, Place::named),
            pattern: Pattern::new(text),
            service: block.get("service"),
            product: block.get("product"),
            version: block.get("version"),
            cpe: block.get("cpe"),
            os: block.get("os").map(os::written),
            decoder: reads.map(|found| found.ok_or_else(|| block.error("no such decoder"))).transpose()?,
            sure: sure.map(|sure| sure.ok_or_else(|| block.error("sure is 0 to 100"))).transpose()?,
            more: block.get("more").unwrap_or_default().split_whitespace().collect(),
        };
        if signature.service.is_none() && signature.more.is_empty() {
            return Err(block.error("a signature that says nothing"));
        }
        Ok(signature)
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The probes that it calls for.
    #[cfg(test)]
    pub(crate) fn calls(&self) -> &[&'static str] {
        &self.more
    }

    /// Whether its pattern is one.
    #[cfg(test)]
    pub(crate) fn is_sound(&self) -> bool {
        self.pattern.regex().is_some()
    }

    /// What `text` tells, if it looks like this.
    pub(crate) fn read_from(&self, text: &[u8]) -> Option<Finding> {
        let captures = self.pattern.regex()?.captures(text)?;
        let group = |key: &str| captures.name(key).and_then(|found| name(found.as_bytes()));
        let version = match self.decoder {
            Some(decode) => decode(text),
            None => group("version"),
        };
        let product = self.product.map(str::to_owned).or_else(|| group("product"));
        let sure = if version.is_some() {
            95
        } else if product.is_some() {
            90
        } else {
            80
        };
        Some(Finding {
            service: self.service.map(str::to_owned),
            cpe: self.cpe.map(|name| cpe::application(name, version.as_deref())),
            product,
            os: self.os.clone().or_else(|| hinted(&captures)),
            version: version.or_else(|| self.version.map(str::to_owned)),
            confidence: if self.service.is_some() { self.sure.unwrap_or(sure) } else { 0 },
            more: self.more.clone(),
            ..Finding::default()
        })
    }
}

impl Place {
    fn named(word: &'static str) -> Self {
        match word {
            "server" => Self::Server,
            "head" => Self::Head,
            "title" => Self::Title,
            "body" => Self::Body,
            probe => Self::Probe(probe),
        }
    }
}

/// What the group `os` says about the system.
fn hinted(captures: &Captures<'_>) -> Option<OsHint> {
    os::told(captures.name("os")?.as_bytes())
}

use crate::identity::OsHint;

/// What one answer tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) service: Option<String>,
    pub(crate) product: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) cpe: Option<String>,
    pub(crate) os: Option<OsHint>,
    pub(crate) confidence: u8,
    pub(crate) http_status: Option<u16>,
    /// Probes by name that may tell more.
    pub(crate) more: Vec<&'static str>,
    /// What was heard.
    pub(crate) heard: Vec<u8>,
}

impl Finding {
    /// Whether there is no need to hear more of the same answer.
    pub(crate) fn is_sure(&self) -> bool {
        self.service.is_none() || self.confidence >= 75
    }

    /// Whether it says more than `other`: a service, then its product, then a version, then surely.
    pub(crate) fn says_more_than(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }

    fn rank(&self) -> (bool, bool, bool, u8) {
        (self.service.is_some(), self.product.is_some(), self.version.is_some(), self.confidence)
    }
}

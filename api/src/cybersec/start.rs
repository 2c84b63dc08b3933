//! Where a listener to one job goes on.

/// Where a listener goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Behind this number, which is 0 where nothing has been told.
    Behind(i64),
    /// From the beginning, which it is told.
    Anew(Reset),
}

/// Why a listener cannot go on where it wants to, and is told anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reset {
    /// What comes next has been removed.
    Pruned,
    /// It names a position that is not there yet.
    Ahead,
    /// It names no position at all.
    Unknown,
}

impl Start {
    /// Reads the number of an event, of a job whose newest one has the number `newest`.
    pub(super) fn read(text: Option<&str>, newest: i64) -> Self {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        match text.map(str::parse) {
            None => Self::Behind(0),
            Some(Ok(number)) if (0..=newest).contains(&number) => Self::Behind(number),
            Some(Ok(number)) if number > newest => Self::Anew(Reset::Ahead),
            Some(Ok(_) | Err(_)) => Self::Anew(Reset::Unknown),
        }
    }
}

impl Reset {
    /// Its word.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pruned => "pruned",
            Self::Ahead => "ahead",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_a_number_that_there_is() {
        for (text, start) in [
            (None, Start::Behind(0)),
            (Some(""), Start::Behind(0)),
            (Some(" "), Start::Behind(0)),
            (Some("0"), Start::Behind(0)),
            (Some(" 7 "), Start::Behind(7)),
            (Some("8"), Start::Anew(Reset::Ahead)),
            (Some("-1"), Start::Anew(Reset::Unknown)),
            (Some("7x"), Start::Anew(Reset::Unknown)),
            (Some("99999999999999999999"), Start::Anew(Reset::Unknown)),
        ] {
            assert_eq!(Start::read(text, 7), start, "{text:?}");
        }
    }
}

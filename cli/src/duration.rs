//! Lengths of time, as people write them.

use std::time::Duration;

/// Such as `470 ms`, `12.3 s`, `2 min 05 s`, `1 h 02 min`.
pub(crate) fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.subsec_millis()),
        1..60 => format!("{seconds}.{} s", duration.subsec_millis() / 100),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_grows_with_the_length() {
        let text = |milliseconds| written(Duration::from_millis(milliseconds));
        assert_eq!(text(470), "470 ms");
        assert_eq!(text(12_345), "12.3 s");
        assert_eq!(text(125_000), "2 min 05 s");
        assert_eq!(text(3_720_000), "1 h 02 min");
    }
}

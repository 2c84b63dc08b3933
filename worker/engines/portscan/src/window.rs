/// How many connections may be in flight.
///
/// It starts at an eighth, so that a scan is not a burst, grows by one per finished attempt (doubling per round trip), and
/// halves when the machine runs short; after that it grows by one per round. Loss does not shrink it: a silent port
/// looks just like a lost packet.
#[derive(Debug)]
pub(crate) struct Window {
    limit: usize,
    most: usize,
    careful: bool,
    finished: usize,
}

/// At least this, to begin with.
const START: usize = 256;

impl Window {
    pub(crate) fn new(most: usize) -> Self {
        let at_least_one = most.max(1);
        let start = START.max(most / 8).min(at_least_one);
        Self { limit: start, most: at_least_one, careful: false, finished: 0 }
    }

    /// How many more may be started.
    pub(crate) fn room(&self, in_flight: usize) -> usize {
        self.limit.saturating_sub(in_flight)
    }

    /// The size it never exceeds.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// An attempt is over, whatever it gave.
    pub(crate) fn finish(&mut self) {
        self.finished += 1;
        let needed = if self.careful { self.limit } else { 1 };
        if self.finished >= needed {
            self.finished = 0;
            self.limit = self.most.min(self.limit + 1);
        }
    }

    /// The machine could not start one more while `in_flight` were.
    pub(crate) fn shrink(&mut self, in_flight: usize) {
        self.careful = true;
        self.finished = 0;
        self.limit = (self.limit.min(in_flight) / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_the_most_and_no_further() {
        let mut window = Window::new(1000);
        assert_eq!(window.room(0), START);
        for _ in 0..5000 {
            window.finish();
        }
        assert_eq!(window.room(10), 990);
    }

    #[test]
    fn a_shortage_halves_it_and_never_closes_it() {
        let mut window = Window::new(1000);
        window.shrink(100);
        assert_eq!(window.room(0), 50);
        window.finish();
        assert_eq!(window.room(0), 50);
        for _ in 0..10 {
            window.shrink(0);
        }
        assert_eq!(window.room(0), 1);
        window.finish();
        assert_eq!(window.room(0), 2);
    }
}

/// Whether asking again at once after starting a connection pays.
///
/// On loopback and very short links the refusal is there before the call returns, and asking at once saves the way
/// through epoll. Elsewhere it is a wasted system call, so it is only tried now and then.
#[derive(Debug)]
pub(crate) struct Eagerness {
    credit: u32,
    passed: u32,
}

const CREDIT: u32 = 32;
const RETRY_EVERY: u32 = 64;

impl Default for Eagerness {
    fn default() -> Self {
        Self { credit: CREDIT, passed: 0 }
    }
}

impl Eagerness {
    pub(crate) fn pays(&mut self) -> bool {
        self.passed = (self.passed + 1) % RETRY_EVERY;
        self.credit > 0 || self.passed == 0
    }

    pub(crate) fn learn(&mut self, answered: bool) {
        self.credit = if answered { CREDIT.min(self.credit + 8) } else { self.credit.saturating_sub(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_up_and_comes_back() {
        let mut eagerness = Eagerness::default();
        for _ in 0..CREDIT {
            assert!(eagerness.pays());
            eagerness.learn(false);
        }
        let asked = (0..640).filter(|_| eagerness.pays()).count();
        assert_eq!(asked, 10);
        eagerness.learn(true);
        assert!(eagerness.pays());
    }
}

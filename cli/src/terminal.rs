//! Everything that is printed passes here: results to standard output, the rest to standard error.

use std::error::Error;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::failure::Failure;
use crate::inert::inert;
use crate::margin::Margin;

/// The two streams, and the bar that lives on the second.
#[derive(Debug)]
pub(crate) struct Terminal {
    verbose: bool,
    colours: bool,
    bar: ProgressBar,
}

impl Terminal {
    /// Looks at what the process was started with.
    pub(crate) fn open(verbose: bool) -> Self {
        // A bar without terminal is never drawn, and suspending it costs nothing.
        let bar = if io::stderr().is_terminal() { drawn_bar() } else { ProgressBar::hidden() };
        Self { verbose, colours: io::stdout().is_terminal() && colours_wanted(), bar }
    }

    /// Whether standard output may be coloured.
    pub(crate) fn has_colours(&self) -> bool {
        self.colours
    }

    /// The bar, which shows nothing before it is first ticked.
    pub(crate) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Prints one line of results above the bar, at once.
    ///
    /// # Errors
    /// When standard output takes no more: [`unless_closed`] tells why.
    pub(crate) fn line(&self, text: &str) -> io::Result<()> {
        self.bar.suspend(|| {
            let mut output = io::stdout().lock();
            writeln!(output, "{text}")?;
            output.flush()
        })
    }

    /// Tells the person what is going on.
    pub(crate) fn note(&self, text: &str) {
        self.say(&format!("vedette: {}", inert(text)));
    }

    /// As [`Self::note`], only with `-v`.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbose {
            self.note(text);
        }
    }

    /// Prints a failure on one line; with `-v` below it the causes that say more.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut text = inert(&failure.to_string());
        let mut cause = failure.source().filter(|_| self.verbose);
        while let Some(error) = cause {
            let line = inert(&error.to_string());
            if !text.contains(&line) {
                text.push_str("\n  caused by: ");
                text.push_str(&line);
            }
            cause = error.source();
        }
        self.say(&format!("error: {text}"));
    }

    /// Standard error is the last place to speak to: when it is gone too, there is no one to tell.
    fn say(&self, text: &str) {
        self.bar.suspend(|| drop(writeln!(io::stderr().lock(), "{text}")));
    }
}

/// Passes over an output whose reader has left, as `head` does; that is no failure.
///
/// # Errors
/// For any other reason, such as a full disk.
pub(crate) fn unless_closed(error: io::Error) -> Result<(), Failure> {
    if error.kind() == ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(Failure::failed("writing the results", error.to_string()).caused_by(error))
}

fn drawn_bar() -> ProgressBar {
    ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like_with_hz(Box::new(Margin::stderr()), 10))
}

fn colours_wanted() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

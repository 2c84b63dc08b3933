//! Standard error as the bar sees it: a little narrower than it is.

use std::io;

use console::Term;
use indicatif::TermLike;

/// Room for the `^C` that a terminal writes where the cursor stands, twice.
///
/// The bar fills its line to the end. Without room the mark would wrap, and the bar, which only knows of its
/// own line, would be left standing above.
const MARGIN: u16 = 5;

/// A terminal with some columns kept free at the right.
#[derive(Debug)]
pub(crate) struct Margin(Term);

impl Margin {
    /// Standard error.
    pub(crate) fn stderr() -> Self {
        Self(Term::stderr())
    }
}

impl TermLike for Margin {
    fn width(&self) -> u16 {
        TermLike::width(&self.0).saturating_sub(MARGIN).max(1)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        TermLike::move_cursor_up(&self.0, lines)
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        TermLike::move_cursor_down(&self.0, lines)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        TermLike::move_cursor_right(&self.0, columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        TermLike::move_cursor_left(&self.0, columns)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        TermLike::write_line(&self.0, text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        TermLike::write_str(&self.0, text)
    }

    fn clear_line(&self) -> io::Result<()> {
        TermLike::clear_line(&self.0)
    }

    fn flush(&self) -> io::Result<()> {
        TermLike::flush(&self.0)
    }
}

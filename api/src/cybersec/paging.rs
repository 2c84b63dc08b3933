//! Lists by the page.

use serde::Serialize;
use shared::error::Invalid;

use super::problem::Problem;

const PER_PAGE: i64 = 20;
const MOST_PER_PAGE: i64 = 100;

/// Which page, and how long one is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paging {
    page: i64,
    per_page: i64,
}

impl Paging {
    /// Reads `page`, counted from 1, and `per_page`, up to 100. They come as text, so that a bad number is named.
    pub(super) fn parse(page: Option<&str>, per_page: Option<&str>) -> Result<Self, Problem> {
        Ok(Self {
            page: number(page, "page", 1, 1_000_000)?,
            per_page: number(per_page, "per_page", PER_PAGE, MOST_PER_PAGE)?,
        })
    }

    pub(super) fn offset(self) -> i64 {
        (self.page - 1) * self.per_page
    }

    pub(super) fn limit(self) -> i64 {
        self.per_page
    }

    /// What the answer says of it, of so many rows.
    pub(super) fn of(self, total: i64) -> Pagination {
        let Self { page, per_page } = self;
        Pagination { page, per_page, total, total_pages: (total + per_page - 1) / per_page }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Pagination {
    page: i64,
    per_page: i64,
    total: i64,
    total_pages: i64,
}

fn number(text: Option<&str>, field: &'static str, default: i64, most: i64) -> Result<i64, Problem> {
    let Some(text) = text else { return Ok(default) };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| unknown(field, text, &format!("is not a whole number from 1 to {most}")))
}

/// A value that a query's field does not take.
pub(super) fn unknown(field: &'static str, value: &str, why: &str) -> Problem {
    Problem::invalid(&Invalid::new(field, value, format!("{field} {why}")))
}

//! All events of an organization, in the order of their places.
//!
//! A place is of use to a reader only below the *horizon*: what is stored there is all that will ever be. Above it,
//! transactions that have not ended may still store events with lower places than those that can be seen.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder, types::Json};
use uuid::Uuid;

use super::{Store, Tx, rows::Rows, views::About};
use crate::{
    error::Result,
    event::{Event, Fact, Position},
    id::OrganizationId,
};

/// An event in the order of its organization.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its position.
    pub position: Position,
    /// The event.
    pub event: Event,
    /// What its job is.
    pub about: About,
}

/// Some events in their order.
#[derive(Clone, Debug)]
pub struct Page {
    /// The events.
    pub told: Vec<Told>,
    /// Whether there may be more behind them.
    pub is_full: bool,
    /// Whether there are more behind them that may not be told yet, since something before them may be missing.
    pub is_held: bool,
}

#[derive(FromRow)]
struct Row {
    job_id: Uuid,
    seq: i64,
    fact: Json<Fact>,
    created_at: DateTime<Utc>,
    place: i64,
    #[sqlx(flatten)]
    about: About,
    horizon: i64,
}

impl From<Row> for Told {
    fn from(row: Row) -> Self {
        let event = Event { job: row.job_id.into(), seq: row.seq, at: row.created_at, fact: row.fact.0 };
        Self { position: Position::behind(row.place, event.job, event.seq), event, about: row.about }
    }
}

/// The next events of an organization after a position, at most `limit`.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn after(store: &Store, organization: OrganizationId, after: Position, limit: i64) -> Result<Page> {
    let mut rows: Vec<Row> = on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(
            "SELECT events.job_id, events.seq, events.fact, events.created_at, events.place, jobs.organization_id, \
             jobs.user_id, jobs.kind, jobs.subject, ",
        );
        Rows::push_horizon(&mut query);
        query.push(
            " AS horizon FROM events JOIN jobs ON jobs.id = events.job_id WHERE events.organization_id = ",
        );
        query.push_bind(organization.uuid()).push(" AND events.place >= ").push_bind(after.place);
        query.push(" AND (events.place, events.job_id, events.seq) > (").push_bind(after.place).push(", ");
        query.push_bind(after.job.uuid()).push(", ").push_bind(after.seq);
        query.push(") ORDER BY events.place, events.job_id, events.seq LIMIT ").push_bind(limit);
        query.build_query_as().fetch_all(pool).await
    })?;
    let is_full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limit;
    let known = rows.iter().position(|row| row.place >= row.horizon);
    rows.truncate(known.unwrap_or(rows.len()));
    let told = rows.into_iter().map(Told::from).collect();
    Ok(Page { told, is_full: is_full && known.is_none(), is_held: known.is_some() })
}

/// The position behind everything that may be told by now.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn newest(store: &Store) -> Result<Position> {
    let horizon: i64 = on_pool!(store, |pool| {
        let mut query = QueryBuilder::new("SELECT ");
        Rows::push_horizon(&mut query);
        query.build_query_scalar().fetch_one(pool).await
    })?;
    Ok(Position::end_of(horizon - 1))
}

/// The first position behind which no event of an organization has been removed.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn oldest(store: &Store, organization: OrganizationId) -> Result<Position> {
    const SQL: &str = "SELECT place FROM event_floors WHERE organization_id = $1";
    let floor: Option<(i64,)> =
        on_pool!(store, |pool| sqlx::query_as(SQL).bind(organization.uuid()).fetch_optional(pool).await)?;
    Ok(floor.map_or(Position::START, |(place,)| Position::end_of(place)))
}

/// Has places go on behind the highest that there is. They do by themselves but in a database that was copied to
/// another Postgres, which counts its own transactions.
pub(crate) async fn go_on(tx: &mut Tx) -> Result<()> {
    const SQL: &str = "UPDATE event_places SET place = newest.place + 1 \
                       - pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM (SELECT COALESCE(MAX((SELECT \
                       MAX(events.place) FROM events WHERE events.organization_id = organizations.id)), 0) AS place \
                       FROM organizations) AS newest WHERE newest.place \
                       >= event_places.place + pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
    let Tx::Postgres(tx) = tx else { return Ok(()) };
    sqlx::query(SQL).execute(&mut **tx).await.map(drop).map_err(super::failure)
}

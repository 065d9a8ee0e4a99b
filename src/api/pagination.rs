//! Lists: Relay connections with keyset cursors. One piece for all of them.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::{Object, OutputType, SimpleObject, TypeName};

use super::fault::{Fault, FaultCode};
use super::scalars::{BigInt, Cursor};
use crate::ledger::query::Page;
use crate::work::Row;

/// Rows of a page that is asked for without a size.
const DEFAULT: usize = 20;

/// Rows of a page at most.
const MOST: usize = 100;

/// What a list is ordered by, as it stands in a cursor: a letter that tells the lists apart, and the key.
pub trait Key: Copy {
    /// Tells the lists apart, so that a cursor of one is not taken for a place in another.
    const LIST: u8;

    /// The key's bytes.
    fn bytes(self) -> Vec<u8>;

    /// Reads them.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;

    /// The cursor of a row.
    fn cursor(self) -> Cursor {
        let mut key = vec![Self::LIST];
        key.extend(self.bytes());
        Cursor::new(key)
    }

    /// The row of a cursor.
    fn of_cursor(cursor: &Cursor) -> Option<Self> {
        let (list, key) = cursor.key().split_first()?;
        (*list == Self::LIST).then(|| Self::from_bytes(key)).flatten()
    }
}

/// The sequence of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntrySequence(pub i64);

/// The sequence of a command: the audit trail's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandSequence(pub i64);

/// The number of an item in its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemNumber(pub i64);

/// The sequence of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventSequence(pub i64);

/// The place of a history's item in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryPlace(pub i64);

macro_rules! keys {
    ($($name:ident($inner:ty) = $list:literal, $bytes:expr, $read:expr;)*) => {$(
        impl Key for $name {
            const LIST: u8 = $list;

            fn bytes(self) -> Vec<u8> {
                let bytes: fn($inner) -> Vec<u8> = $bytes;
                bytes(self.0)
            }

            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                let read: fn(&[u8]) -> Option<$inner> = $read;
                read(bytes).map(Self)
            }
        }
    )*};
}

fn number(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_be_bytes)
}

keys! {
    EntrySequence(i64) = b'j', |key| key.to_be_bytes().into(), number;
    EventSequence(i64) = b'e', |key| key.to_be_bytes().into(), number;
    HistoryPlace(i64) = b'h', |key| key.to_be_bytes().into(), number;
    ItemNumber(i64) = b'i', |key| key.to_be_bytes().into(), number;
    CommandSequence(i64) = b'u', |key| key.to_be_bytes().into(), number;
}

/// The place of a row in its table's list: the order in which rows were committed.
pub struct Ordinal<R>(i64, PhantomData<R>);

impl<R> Ordinal<R> {
    /// A row's.
    #[must_use]
    pub fn of(ordinal: i64) -> Self {
        Self(ordinal, PhantomData)
    }

    /// As it is stored.
    #[must_use]
    pub fn place(self) -> i64 {
        self.0
    }
}

impl<R> Clone for Ordinal<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Ordinal<R> {}

impl<R: Row> Key for Ordinal<R> {
    const LIST: u8 = b'A' + R::TABLE as u8;

    fn bytes(self) -> Vec<u8> {
        self.0.to_be_bytes().into()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        number(bytes).map(Self::of)
    }
}

/// The arguments of a list, as they came.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    /// Rows from the beginning.
    pub first: Option<i32>,
    /// Beyond this cursor.
    pub after: Option<String>,
    /// Rows from the end.
    pub last: Option<i32>,
    /// Up to this cursor.
    pub before: Option<String>,
}

impl PageArgs {
    /// A page from the beginning.
    #[must_use]
    pub fn forward(first: Option<i32>, after: Option<String>) -> Self {
        Self { first, after, ..Self::default() }
    }
}

/// A part of a list that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Window<K> {
    after: Option<K>,
    before: Option<K>,
    size: usize,
    backward: bool,
}

impl<K: Key> Window<K> {
    /// Checks the arguments.
    ///
    /// # Errors
    /// `BAD_REQUEST` that names the argument.
    pub fn new(args: &PageArgs) -> Result<Self, Fault> {
        let (backward, size) = match (size("first", args.first)?, size("last", args.last)?) {
            (Some(_), Some(_)) => return Err(bad("first and last cannot be given together")),
            (None, Some(last)) => (true, last),
            (first, None) => (false, first.unwrap_or(DEFAULT)),
        };
        let after = place("after", args.after.as_deref())?;
        let before = place("before", args.before.as_deref())?;
        Ok(Self { after, before, size, backward })
    }

    /// What to read: one row more than was asked for, to know whether there are more.
    #[must_use]
    pub fn page<R>(&self, key: impl Fn(K) -> R) -> Page<R> {
        let limit = u64::try_from(self.size).unwrap_or(u64::MAX).saturating_add(1);
        Page { after: self.after.map(&key), before: self.before.map(&key), limit, backward: self.backward }
    }

    /// The connection of the rows that were read.
    pub fn connect<R, T>(self, mut rows: Vec<R>, key: impl Fn(&R) -> K, node: impl Fn(R) -> T) -> Connection<T> {
        let more = rows.len() > self.size;
        if more && self.backward {
            rows.drain(..rows.len() - self.size);
        } else {
            rows.truncate(self.size);
        }
        let edges = rows.into_iter().map(|row| Edge { cursor: key(&row).cursor().to_text(), node: node(row) });
        Connection {
            edges: edges.collect(),
            // Beyond a cursor there is at least the row that it was of.
            has_previous_page: (more && self.backward) || self.after.is_some(),
            has_next_page: (more && !self.backward) || self.before.is_some(),
        }
    }
}

fn bad(message: &str) -> Fault {
    Fault::new(FaultCode::BadRequest, message)
}

fn size(name: &str, given: Option<i32>) -> Result<Option<usize>, Fault> {
    let Some(given) = given else { return Ok(None) };
    match usize::try_from(given) {
        Ok(size) if size <= MOST => Ok(Some(size)),
        Ok(_) => Err(bad(&format!("{name} is at most {MOST}"))),
        Err(_) => Err(bad(&format!("{name} must not be negative"))),
    }
}

fn place<K: Key>(name: &str, given: Option<&str>) -> Result<Option<K>, Fault> {
    let Some(given) = given else { return Ok(None) };
    let key = Cursor::from_text(given).as_ref().and_then(K::of_cursor);
    key.map(Some).ok_or_else(|| bad(&format!("{name} is not a cursor of this list")))
}

/// A page of a list.
pub struct Connection<T> {
    edges: Vec<Edge<T>>,
    has_previous_page: bool,
    has_next_page: bool,
}

/// A row of a page.
pub struct Edge<T> {
    cursor: String,
    node: T,
}

impl<T> Connection<T> {
    /// A list with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self { edges: Vec::new(), has_previous_page: false, has_next_page: false }
    }
}

/// What there are lists of.
pub trait Listed: OutputType {
    /// What the list's types are named after.
    const LIST: &'static str;
}

impl<T: Listed> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::LIST).into()
    }
}

impl<T: Listed> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::LIST).into()
    }
}

/// A page of a list, and where it lies in it.
#[Object(name_type)]
impl<T: Listed> Connection<T> {
    /// The rows, each with its cursor.
    async fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }

    /// The rows alone.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous_page,
            has_next_page: self.has_next_page,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }
}

/// A row of a page, with its place in the list.
#[Object(name_type)]
impl<T: Listed> Edge<T> {
    /// The row's place: to go on from here, as `after` or `before`.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The row.
    async fn node(&self) -> &T {
        &self.node
    }
}

/// Which page of a list that is cut by numbers: for whoever comes from an interface that does so. Connections stay exact
/// while the list grows.
#[derive(Clone, Copy, Debug)]
pub struct PageNumber {
    limit: i32,
    page: i32,
}

impl PageNumber {
    /// Rows to a numbered page at most.
    const MOST: i32 = 10_000;

    /// Checks the arguments.
    ///
    /// # Errors
    /// `BAD_REQUEST` that names the argument.
    pub fn new(limit: i32, page: i32) -> Result<Self, Fault> {
        if !(1..=Self::MOST).contains(&limit) {
            return Err(bad("limit is 1 to 10,000"));
        }
        if page < 1 {
            return Err(bad("page is 1 or more"));
        }
        Ok(Self { limit, page })
    }

    /// Rows to a page.
    #[must_use]
    pub fn limit(self) -> u64 {
        u64::from(self.limit.unsigned_abs())
    }

    /// Rows before the page.
    #[must_use]
    pub fn offset(self) -> u64 {
        self.limit() * u64::from((self.page - 1).unsigned_abs())
    }

    /// The page with these rows, of a list of so many.
    #[must_use]
    pub fn of<T>(self, nodes: Vec<T>, all: u64) -> NumberedPage<T> {
        NumberedPage { nodes, number: self, all }
    }
}

/// A page of a list that is cut by numbers.
pub struct NumberedPage<T> {
    nodes: Vec<T>,
    number: PageNumber,
    all: u64,
}

impl<T: Listed> TypeName for NumberedPage<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Page", T::LIST).into()
    }
}

/// A page of a list, by its number.
#[Object(name_type)]
impl<T: Listed> NumberedPage<T> {
    /// The rows; none beyond the last page.
    async fn nodes(&self) -> &[T] {
        &self.nodes
    }

    /// Rows to a page, as asked for.
    async fn limit(&self) -> i32 {
        self.number.limit
    }

    /// Which page it is.
    async fn page(&self) -> i32 {
        self.number.page
    }

    /// How many pages there are now, with so many rows to a page; none where there are no rows.
    async fn number_of_pages(&self) -> BigInt {
        BigInt(i64::try_from(self.all.div_ceil(self.number.limit())).unwrap_or(i64::MAX))
    }

    /// How many rows there are now in all pages together.
    async fn total_count(&self) -> BigInt {
        BigInt(i64::try_from(self.all).unwrap_or(i64::MAX))
    }
}

/// Where a page lies in its list.
#[derive(SimpleObject)]
pub struct PageInfo {
    /// Whether there is something before the page.
    has_previous_page: bool,
    /// Whether there is something behind the page.
    has_next_page: bool,
    /// The cursor of the first row; none when the page is empty.
    start_cursor: Option<String>,
    /// The cursor of the last row; none when the page is empty.
    end_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::events::LedgerEvent;

    #[test]
    fn where_a_cursor_cut_the_page_there_is_more() {
        let place = || Some(EntrySequence(7).cursor().to_text());
        for (first, last, after, before, previous, next) in [
            (Some(3), None, None, None, false, false),
            (Some(3), None, None, place(), false, true),
            (Some(3), None, place(), None, true, false),
            (Some(3), None, place(), place(), true, true),
            (Some(2), None, None, place(), false, true),
            (None, Some(3), None, place(), false, true),
            (None, Some(3), place(), None, true, false),
            (None, Some(3), place(), place(), true, true),
            (None, Some(2), None, None, true, false),
        ] {
            let window = Window::new(&PageArgs { first, last, after, before }).expect("a window");
            let page = window.connect(vec![3, 2, 1], |row| EntrySequence(*row), |row| row);
            assert_eq!((page.has_previous_page, page.has_next_page), (previous, next), "{window:?}");
        }
    }

    #[test]
    fn numbered_pages_know_how_many_they_are() {
        for (limit, all, pages) in [(1, 0, 0), (1, 1, 1), (10, 10, 1), (10, 11, 2), (10_000, 1, 1)] {
            let page: NumberedPage<LedgerEvent> = PageNumber::new(limit, 1).expect("a page").of(Vec::new(), all);
            assert_eq!(page.all.div_ceil(page.number.limit()), pages, "{all} by {limit}");
        }
        assert_eq!(PageNumber::new(100, 3).expect("a page").offset(), 200);
        assert_eq!(
            PageNumber::new(10_000, i32::MAX).expect("a page").offset(),
            10_000 * (u64::from(i32::MAX.unsigned_abs()) - 1)
        );
        for (limit, page, what) in
            [(0, 1, "limit"), (-1, 1, "limit"), (10_001, 1, "limit"), (1, 0, "page"), (1, -1, "page")]
        {
            let fault = PageNumber::new(limit, page).expect_err("a fault");
            assert!(fault.code == FaultCode::BadRequest && fault.message.starts_with(what), "{}", fault.message);
        }
    }

    fn window(first: Option<i32>, last: Option<i32>, after: Option<&str>) -> Result<Window<EntrySequence>, Fault> {
        Window::new(&PageArgs { first, last, after: after.map(Into::into), before: None })
    }

    #[test]
    fn sizes_and_cursors_are_checked_by_name() {
        for (first, last, after, what) in [
            (Some(-1), None, None, "first"),
            (Some(101), None, None, "first"),
            (None, Some(101), None, "last"),
            (Some(1), Some(1), None, "first and last"),
            (None, None, Some("?"), "after"),
            (None, None, Some(EventSequence(1).cursor().to_text().as_str()), "after"),
        ] {
            let fault = window(first, last, after).expect_err("a fault");
            assert!(fault.code == FaultCode::BadRequest && fault.message.starts_with(what), "{}", fault.message);
        }
        assert!(window(Some(100), None, Some(&EntrySequence(7).cursor().to_text())).is_ok());
    }

    #[test]
    fn the_row_too_many_is_cut_off_at_the_far_end() {
        let cut = |first, last| {
            let window = window(first, last, None).expect("a window");
            let connection = window.connect(vec![3, 2, 1], |row| EntrySequence(*row), |row| row);
            let rows: Vec<i64> = connection.edges.iter().map(|edge| edge.node).collect();
            (rows, connection.has_previous_page, connection.has_next_page)
        };
        assert_eq!(cut(Some(2), None), (vec![3, 2], false, true));
        assert_eq!(cut(None, Some(2)), (vec![2, 1], true, false));
        assert_eq!(cut(Some(3), None), (vec![3, 2, 1], false, false));
    }
}

//! Notes: rows of a table that only tests have, which belong to one another.

use std::fmt;

use uuid::Uuid;

use super::super::row::{Index, Row, Set, Table};
use super::*;
use crate::ledger::LedgerFault;
use crate::primitives::ids::RowId;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub owner_id: Option<Uuid>,
        pub number: Option<String>,
        pub place: i64,
        pub rank: i32,
        pub day: Option<Date>,
        pub digest: Vec<u8>,
        pub done: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NoteId(pub Uuid);

impl NoteId {
    pub fn new(number: u128) -> Self {
        Self(Uuid::from_u128(number))
    }
}

impl fmt::Display for NoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "note_{}", self.0.simple())
    }
}

impl RowId for NoteId {
    fn uuid(self) -> Uuid {
        self.0
    }

    fn of(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

/// It has a column of each type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub id: NoteId,
    pub owner: Option<NoteId>,
    pub number: Option<String>,
    pub place: i64,
    pub rank: i32,
    pub day: Option<NaiveDate>,
    pub digest: Vec<u8>,
    pub done: bool,
}

impl Note {
    pub fn new(number: u128) -> Self {
        let id = NoteId::new(number);
        Self { id, owner: None, number: None, place: 0, rank: -1, day: None, digest: vec![7], done: false }
    }

    pub fn of(number: u128, owner: u128, place: i64) -> Self {
        Self { owner: Some(NoteId::new(owner)), place, ..Self::new(number) }
    }
}

/// A note's number.
pub(crate) static NUMBER: Index = Index { table: Table::Note, column: "number", field: "number", what: "the number" };

/// The notes of a note that are not done, by their places.
pub(crate) static SETS: [Set<Note>; 2] = [
    Set {
        name: "open",
        owner: "owner_id",
        condition: "NOT found.done",
        owner_of: |note| note.owner.filter(|_| !note.done).map(|owner| owner.0),
        order: |one, other| one.place.cmp(&other.place),
        bound: 5,
    },
    // SQL selects those that are done as well.
    Set {
        name: "early",
        owner: "owner_id",
        condition: "found.place < 100",
        owner_of: |note| note.owner.filter(|_| note.place < 100 && !note.done).map(|owner| owner.0),
        order: |one, other| other.place.cmp(&one.place),
        bound: 1_000,
    },
];

impl Row for Note {
    type Id = NoteId;
    type Entity = entity::Entity;

    const TABLE: Table = Table::Note;
    const WHAT: &'static str = "note";

    fn id(&self) -> NoteId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> entity::Model {
        entity::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            owner_id: self.owner.map(|owner| owner.0),
            number: self.number.clone(),
            place: self.place,
            rank: self.rank,
            day: self.day,
            digest: self.digest.clone(),
            done: self.done,
        }
    }

    fn from_model(row: entity::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: NoteId(row.id),
            owner: row.owner_id.map(NoteId),
            number: row.number,
            place: row.place,
            rank: row.rank,
            day: row.day,
            digest: row.digest,
            done: row.done,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.number.iter().map(|number| (&NUMBER, number.as_str())).collect()
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }
}

/// Makes the table: a note refers to the one that owns it.
pub(crate) async fn create_table(world: &harness::World) {
    let sql = "CREATE TABLE note (tenant_id {uuid} NOT NULL, id {uuid} NOT NULL, owner_id {uuid}, number text, place bigint NOT NULL, \
               rank integer NOT NULL, day date, digest {bytes} NOT NULL, done boolean NOT NULL, PRIMARY KEY (tenant_id, id), \
               FOREIGN KEY (tenant_id, owner_id) REFERENCES note (tenant_id, id))";
    let (uuid, bytes) = match world.db().backend() {
        sea_orm::DbBackend::Postgres => ("uuid", "bytea"),
        _ => ("blob", "blob"),
    };
    world.execute(&sql.replace("{uuid}", uuid).replace("{bytes}", bytes), Vec::new()).await;
    world.execute("CREATE UNIQUE INDEX note_number ON note (tenant_id, number)", Vec::new()).await;
}

/// Inserts notes.
pub(crate) fn inserting(notes: Vec<Note>) -> Do {
    Do::new(move |work| {
        for note in &notes {
            work.insert(note.clone())?;
        }
        Ok(Applied::default())
    })
}

/// Does something to a note.
pub(crate) fn changing(number: u128, change: impl Fn(&mut Note) + Send + Sync + 'static) -> Do {
    Do::new(move |work| {
        work.change::<Note, Refused>(NoteId::new(number), |note| {
            change(note);
            Ok(())
        })?;
        Ok(Applied::default())
    })
}

/// Tells the numbers of the notes in a set, in its order.
pub(crate) fn listing(set: usize, owner: u128) -> Do {
    Do::new(move |work| Ok(Applied::of(list(work, set, owner)?)))
}

pub(crate) fn list(work: &mut Work, set: usize, owner: u128) -> Decision<String> {
    let notes = work.all::<Note, Note>(&SETS[set], NoteId::new(owner))?;
    Ok(notes.iter().map(|note| note.id.0.as_u128().to_string()).collect::<Vec<_>>().join(" "))
}

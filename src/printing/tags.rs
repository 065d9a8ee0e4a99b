//! How a sheet is read aloud: titles, paragraphs and tables in their order, as tags of the file.

/// A part of what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagId(pub usize);

/// What a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The title.
    Title(String),
    /// A heading.
    Heading(String),
    /// A paragraph.
    Paragraph,
    /// A table, and what is in it.
    Table(String),
    /// The rows of headings.
    Head,
    /// The other rows.
    Body,
    /// A row.
    Row,
    /// The heading of a column.
    HeadingOfColumn,
    /// The heading of a row.
    HeadingOfRow,
    /// A cell.
    Cell,
    /// A picture, and what it shows.
    Figure(String),
}

/// A part, and what it is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it is.
    pub kind: Kind,
    /// What it is in; the sheet itself when absent.
    pub parent: Option<TagId>,
}

/// All parts, each after what it is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(pub Vec<Tag>);

impl Tags {
    fn add(&mut self, kind: Kind, parent: Option<TagId>) -> TagId {
        self.0.push(Tag { kind, parent });
        TagId(self.0.len() - 1)
    }

    /// The title.
    pub fn title(&mut self, title: String) -> TagId {
        self.add(Kind::Title(title), None)
    }

    /// A heading.
    pub fn heading(&mut self, text: String) -> TagId {
        self.add(Kind::Heading(text), None)
    }

    /// A paragraph.
    pub fn paragraph(&mut self) -> TagId {
        self.add(Kind::Paragraph, None)
    }

    /// A picture.
    pub fn figure(&mut self, shows: String) -> TagId {
        self.add(Kind::Figure(shows), None)
    }

    /// A table.
    pub fn table(&mut self, title: String) -> TagId {
        self.add(Kind::Table(title), None)
    }

    /// The rows of headings of a table.
    pub fn head(&mut self, table: TagId) -> TagId {
        self.add(Kind::Head, Some(table))
    }

    /// The other rows of a table.
    pub fn body(&mut self, table: TagId) -> TagId {
        self.add(Kind::Body, Some(table))
    }

    /// A row.
    pub fn row(&mut self, of: TagId) -> TagId {
        self.add(Kind::Row, Some(of))
    }

    /// The heading of a column.
    pub fn heading_of_column(&mut self, row: TagId) -> TagId {
        self.add(Kind::HeadingOfColumn, Some(row))
    }

    /// The heading of a row.
    pub fn heading_of_row(&mut self, row: TagId) -> TagId {
        self.add(Kind::HeadingOfRow, Some(row))
    }

    /// A cell.
    pub fn cell(&mut self, row: TagId) -> TagId {
        self.add(Kind::Cell, Some(row))
    }
}

//! Where everything stands: sheets become pages of A4. Lengths are hundredths of a point, from the top left corner.
//!
//! The first page is a letter's (DIN 5008, form B): the logo above, the address in the window, facts beside it. Further
//! pages begin with the title. What belongs together stays together: a row of a table, the sums with the last row, a
//! heading with what follows it, and how it is paid.

use super::fonts::{Line, Weight, broken, printable};
use super::qr;
use super::sheet::{Align, Block, Brand, Payment, Sheet, Table};
use super::tags::{TagId, Tags};
use super::words::{self, Words};

/// A sheet of A4.
pub const WIDTH: i32 = 59_528;
/// The same.
pub const HEIGHT: i32 = 84_189;

/// Millimetres as units, rounded down.
const fn mm(tenths: i32) -> i32 {
    tenths * 28_346 / 1_000
}

const LEFT: i32 = mm(250);
const RIGHT: i32 = WIDTH - mm(200);
/// Where text begins on further pages.
const TOP: i32 = mm(300);
/// Below this is the foot.
const BOTTOM: i32 = HEIGHT - mm(300);
const FACTS: i32 = mm(1_250);
const ADDRESS: i32 = mm(450);
const TEXT: i32 = mm(1_030);

const SMALL: i32 = 750;
const NORMAL: i32 = 950;
const CELL: i32 = 850;
const LARGE: i32 = 1_100;
const TITLE: i32 = 1_500;

/// From one line's foot to the next one's: 135 percent of the size.
const fn leading(size: i32) -> i32 {
    size * 135 / 100
}

/// What something is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Black.
    Black,
    /// Grey, dark enough to be read.
    Grey,
    /// The tenant's colour.
    Brand,
}

/// Something on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is for who hears it read; nothing for what repeats or adorns.
    pub tag: Option<TagId>,
    /// What is seen.
    pub mark: Mark,
}

/// What is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A line of text; `y` is its foot.
    Text {
        /// From the left.
        x: i32,
        /// From the top.
        y: i32,
        /// Of the letters.
        size: i32,
        /// Of the letters.
        weight: Weight,
        /// Its colour.
        ink: Ink,
        /// What it says.
        line: Line,
    },
    /// A filled rectangle.
    Bar {
        /// From the left.
        x: i32,
        /// From the top.
        y: i32,
        /// Its width.
        width: i32,
        /// Its height.
        height: i32,
        /// Its colour.
        ink: Ink,
    },
    /// The logo, within a rectangle at the right edge.
    Logo {
        /// Its right edge.
        right: i32,
        /// From the top.
        y: i32,
        /// At most so wide.
        width: i32,
        /// At most so high.
        height: i32,
    },
    /// A code.
    Code {
        /// From the left.
        x: i32,
        /// From the top.
        y: i32,
        /// The side of a square.
        square: i32,
        /// Which squares.
        code: qr::Code,
    },
}

/// Pages, and what is on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// At least one.
    pub pages: Vec<Vec<Item>>,
    /// How it is read.
    pub tags: Tags,
}

/// Puts a sheet on pages.
#[must_use]
pub fn pages(sheet: &Sheet, brand: &Brand) -> Pages {
    let words = words::of(sheet.language);
    let mut layout = Layout { pages: vec![Vec::new()], y: TEXT, tags: Tags::default() };
    layout.head(sheet, brand, words);
    for (place, block) in sheet.blocks.iter().enumerate() {
        match block {
            Block::Paragraph(text) => layout.paragraph(text),
            Block::Heading(text) => layout.heading(text, sheet.blocks.get(place + 1)),
            Block::Table(table) => layout.table(table),
        }
    }
    if let Some(payment) = &sheet.payment {
        layout.payment(sheet, payment, words);
    }
    for text in &sheet.closing {
        layout.paragraph(text);
    }
    layout.feet(sheet, brand, words);
    Pages { pages: layout.pages, tags: layout.tags }
}

struct Layout {
    pages: Vec<Vec<Item>>,
    /// Where the next thing begins.
    y: i32,
    tags: Tags,
}

impl Layout {
    fn put(&mut self, tag: Option<TagId>, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(Item { tag, mark });
        }
    }

    fn text(&mut self, tag: Option<TagId>, at: (i32, i32), font: (i32, Weight, Ink), line: Line) {
        let ((x, y), (size, weight, ink)) = (at, font);
        self.put(tag, Mark::Text { x, y, size, weight, ink, line });
    }

    fn bar(&mut self, x: i32, y: i32, width: i32, height: i32, ink: Ink) {
        self.put(None, Mark::Bar { x, y, width, height, ink });
    }

    fn next_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    fn is_fresh(&self) -> bool {
        self.y == TOP && self.pages.len() > 1
    }

    /// Goes on to the next page where there is not so much room left on this one.
    fn keep(&mut self, height: i32) {
        if self.y + height > BOTTOM && !self.is_fresh() {
            self.next_page();
        }
    }

    fn head(&mut self, sheet: &Sheet, brand: &Brand, words: &Words) {
        if brand.logo.is_some() {
            let figure = self.tags.figure(format!("{} {}", words.logo, brand.head.name));
            self.put(Some(figure), Mark::Logo { right: RIGHT, y: mm(150), width: mm(600), height: mm(220) });
        }
        let width = FACTS - LEFT - mm(50);
        let sender = [std::slice::from_ref(&brand.head.name), brand.head.address.as_slice()].concat().join(" · ");
        let paragraph = self.tags.paragraph();
        let mut y = ADDRESS;
        for line in broken(&sender, Weight::Regular, SMALL, width).into_iter().take(2) {
            y += leading(SMALL);
            self.text(Some(paragraph), (LEFT, y), (SMALL, Weight::Regular, Ink::Grey), line);
        }
        y = ADDRESS + mm(60);
        let paragraph = self.tags.paragraph();
        let address = sheet.recipient.iter().flat_map(|text| broken(text, Weight::Regular, LARGE, width));
        for line in address.take(8) {
            y += leading(LARGE);
            self.text(Some(paragraph), (LEFT, y), (LARGE, Weight::Regular, Ink::Black), line);
        }
        let facts = self.facts(&sheet.facts);
        let title = self.tags.title(sheet.heading().to_owned());
        self.y = facts + mm(60);
        if self.pages.len() == 1 {
            self.y = self.y.max(TEXT);
        }
        self.keep(leading(TITLE) * 2);
        for line in broken(sheet.heading(), Weight::Bold, TITLE, RIGHT - LEFT) {
            self.y += leading(TITLE);
            self.text(Some(title), (LEFT, self.y), (TITLE, Weight::Bold, Ink::Brand), line);
        }
        self.y += mm(40);
    }

    /// Labels and values beside the address; gives where they end.
    fn facts(&mut self, facts: &[(String, String)]) -> i32 {
        let mut y = ADDRESS;
        if facts.is_empty() {
            return y;
        }
        let (table, body) = (self.tags.table(String::new()), FACTS + mm(320));
        for (label, value) in facts {
            let row = self.tags.row(table);
            let (head, cell) = (self.tags.heading_of_row(row), self.tags.cell(row));
            let labels = lines_of(label, Weight::Regular, body - FACTS - mm(15));
            let values = lines_of(value, Weight::Bold, RIGHT - body);
            let lines = i32::try_from(labels.len().max(values.len())).unwrap_or(0);
            if y + lines * leading(CELL) > BOTTOM {
                self.next_page();
                y = TOP;
            }
            let top = y;
            for (place, line) in (1..).zip(labels.iter()) {
                let at = (FACTS, top + place * leading(CELL));
                self.text(Some(head), at, (CELL, Weight::Regular, Ink::Grey), line.clone());
                y = y.max(at.1);
            }
            for (place, line) in (1..).zip(values.iter()) {
                let at = (body, top + place * leading(CELL));
                self.text(Some(cell), at, (CELL, Weight::Bold, Ink::Black), line.clone());
                y = y.max(at.1);
            }
            y += mm(8);
        }
        y
    }

    fn paragraph(&mut self, text: &str) {
        let paragraph = self.tags.paragraph();
        let lines = broken(text, Weight::Regular, NORMAL, RIGHT - LEFT);
        let left = lines.len();
        for (place, line) in lines.into_iter().enumerate() {
            // No line stands alone at a page's foot or head.
            let is_edge = left > 1 && (place == 0 || place + 2 == left);
            self.keep(leading(NORMAL) * if is_edge { 2 } else { 1 });
            self.y += leading(NORMAL);
            self.text(Some(paragraph), (LEFT, self.y), (NORMAL, Weight::Regular, Ink::Black), line);
        }
        self.y += mm(25);
    }

    fn heading(&mut self, text: &str, next: Option<&Block>) {
        if text.trim().is_empty() {
            return;
        }
        let with = match next {
            Some(Block::Table(_)) => mm(220),
            _ => mm(120),
        };
        let heading = self.tags.heading(text.to_owned());
        let lines = broken(text, Weight::Bold, LARGE, RIGHT - LEFT);
        self.keep(with + leading(LARGE));
        self.y += mm(20);
        for line in lines {
            self.keep(leading(LARGE));
            self.y += leading(LARGE);
            self.text(Some(heading), (LEFT, self.y), (LARGE, Weight::Bold, Ink::Black), line);
        }
        self.y += mm(15);
    }

    fn table(&mut self, table: &Table) {
        let columns = Columns::of(table);
        let tag = self.tags.table(table.title.clone());
        let header = columns.cells(table.columns.iter().map(|column| column.heading.as_str()), Weight::Bold);
        let sums: Vec<_> = table.sums.iter().map(|(label, amount)| (one(label), one(amount))).collect();
        let sums_height = i32::try_from(sums.len()).unwrap_or(0).saturating_mul(leading(CELL) + PAD * 2) + mm(10);
        self.keep(height_of(&header) * 2 + PAD);
        self.table_head(&columns, &header, Some(tag));
        let body = self.tags.body(tag);
        let last = table.rows.len().saturating_sub(1);
        for (place, row) in table.rows.iter().enumerate() {
            let cells = columns.cells(row.iter().map(String::as_str), Weight::Regular);
            let with = if place == last { sums_height.min((BOTTOM - TOP) / 2) } else { 0 };
            if self.y + height_of(&cells) + with > BOTTOM && !self.is_fresh() {
                self.next_page();
                self.table_head(&columns, &header, None);
            }
            self.row(&columns, cells, body, &header);
        }
        for (label, amount) in sums {
            if self.y + leading(CELL) + PAD * 2 > BOTTOM {
                self.next_page();
            }
            let row = self.tags.row(body);
            let (head, cell) = (self.tags.heading_of_row(row), self.tags.cell(row));
            self.y += leading(CELL) + PAD;
            let x = RIGHT - amount.width(CELL);
            let before = (RIGHT - mm(450) - label.width(CELL)).min(x - mm(40) - label.width(CELL)).max(LEFT);
            self.text(Some(head), (before, self.y), (CELL, Weight::Bold, Ink::Black), label);
            self.text(Some(cell), (x, self.y), (CELL, Weight::Bold, Ink::Black), amount);
            self.y += PAD;
        }
        self.y += mm(40);
    }

    /// The headings; read once, where the table begins.
    fn table_head(&mut self, columns: &Columns, header: &[Vec<Line>], table: Option<TagId>) {
        let head = table.map(|table| self.tags.head(table));
        let row = head.map(|head| self.tags.row(head));
        let height = height_of(header);
        for (place, lines) in header.iter().enumerate() {
            let tag = row.map(|row| self.tags.heading_of_column(row));
            self.cell(columns, place, lines, tag, (Weight::Bold, Ink::Brand));
        }
        self.y += height;
        self.bar(LEFT, self.y, RIGHT - LEFT, 80, Ink::Brand);
        self.y += 80;
    }

    /// A row; one that is higher than a page goes on on the next.
    fn row(&mut self, columns: &Columns, mut cells: Vec<Vec<Line>>, body: TagId, header: &[Vec<Line>]) {
        let row = self.tags.row(body);
        let tags: Vec<TagId> = cells.iter().map(|_| self.tags.cell(row)).collect();
        loop {
            let room = usize::try_from((BOTTOM - self.y - PAD * 2) / leading(CELL)).unwrap_or(0).max(1);
            let rest: Vec<Vec<Line>> = cells.iter_mut().map(|lines| lines.split_off(lines.len().min(room))).collect();
            for (place, lines) in cells.iter().enumerate() {
                self.cell(columns, place, lines, tags.get(place).copied(), (Weight::Regular, Ink::Black));
            }
            self.y += height_of(&cells);
            if rest.iter().all(Vec::is_empty) {
                break;
            }
            cells = rest;
            self.next_page();
            self.table_head(columns, header, None);
        }
        self.bar(LEFT, self.y, RIGHT - LEFT, 30, Ink::Grey);
    }

    fn cell(&mut self, columns: &Columns, place: usize, lines: &[Line], tag: Option<TagId>, font: (Weight, Ink)) {
        let Some(column) = columns.0.get(place) else { return };
        let (weight, ink) = font;
        for (number, line) in (1..).zip(lines) {
            let x = match column.align {
                Align::Left => column.x,
                Align::Right => column.x + column.width - line.width(CELL),
            };
            let y = self.y + PAD + number * leading(CELL) - leading(CELL) / 5;
            self.text(tag, (x, y), (CELL, weight, ink), line.clone());
        }
    }

    fn payment(&mut self, sheet: &Sheet, payment: &Payment, words: &Words) {
        let code = qr::code(payment);
        let side = mm(300);
        let mut facts = vec![(words.payee, payment.name.clone())];
        facts.extend(payment.iban.iter().map(|iban| ("IBAN", grouped(iban))));
        facts.extend(payment.bic.iter().map(|bic| ("BIC", bic.clone())));
        facts.extend(payment.other.iter().map(|(name, number)| (name.as_str(), number.clone())));
        facts.push((words.amount, words::money(sheet.language, payment.amount)));
        if !payment.reference.is_empty() {
            facts.push((words.reference, payment.reference.clone()));
        }
        facts.extend(payment.due_on.map(|due| (words.due, words::date(sheet.language, due))));
        let body = LEFT + mm(380);
        let width = RIGHT - body - if code.is_some() { side + mm(50) } else { 0 };
        let lines: Vec<Vec<Line>> = facts.iter().map(|(_, value)| broken(value, Weight::Bold, NORMAL, width)).collect();
        let rows = i32::try_from(lines.iter().map(Vec::len).sum::<usize>()).unwrap_or(0);
        let height = mm(160) + (rows * leading(NORMAL)).max(side + leading(SMALL));
        self.keep(height);
        self.bar(LEFT, self.y, RIGHT - LEFT, 80, Ink::Brand);
        self.y += mm(20);
        let heading = self.tags.heading(words.payment.to_owned());
        self.y += leading(LARGE);
        let line = Line::new(&printable(words.payment, Weight::Bold), Weight::Bold);
        self.text(Some(heading), (LEFT, self.y), (LARGE, Weight::Bold, Ink::Brand), line);
        self.y += mm(20);
        let top = self.y;
        let table = self.tags.table(words.payment.to_owned());
        for ((label, _), values) in facts.iter().zip(lines) {
            let row = self.tags.row(table);
            let (head, cell) = (self.tags.heading_of_row(row), self.tags.cell(row));
            let first = (LEFT, self.y + leading(NORMAL));
            let label = Line::new(&printable(label, Weight::Regular), Weight::Regular);
            self.text(Some(head), first, (NORMAL, Weight::Regular, Ink::Grey), label);
            for line in values {
                self.y += leading(NORMAL);
                self.text(Some(cell), (body, self.y), (NORMAL, Weight::Bold, Ink::Black), line);
            }
        }
        if let Some(code) = code {
            self.code(code, (RIGHT - side, top), side, words);
        }
        self.y = self.y.max(top + height - mm(120)) + mm(40);
    }

    fn code(&mut self, code: qr::Code, at: (i32, i32), side: i32, words: &Words) {
        let (x, y) = at;
        // Four squares around it stay white, by the code's rules; the page around it is.
        let square = side / i32::try_from(code.side).unwrap_or(i32::MAX).max(1);
        let height = square * i32::try_from(code.side).unwrap_or(0);
        let figure = self.tags.figure(words.code.to_owned());
        self.put(Some(figure), Mark::Code { x, y, square, code });
        let caption = Line::new(&printable(words.scan, Weight::Regular), Weight::Regular);
        let paragraph = self.tags.paragraph();
        let at = (x, y + height + square * 2 + leading(SMALL));
        self.text(Some(paragraph), at, (SMALL, Weight::Regular, Ink::Grey), caption);
    }

    /// What repeats: the title above further pages, the foot of all. Last, when it is known how many there are.
    fn feet(&mut self, sheet: &Sheet, brand: &Brand, words: &Words) {
        let count = self.pages.len();
        let all = std::mem::take(&mut self.pages);
        let feet: Vec<Line> =
            brand.head.footer.iter().flat_map(|text| broken(text, Weight::Regular, SMALL, mm(1_300))).take(5).collect();
        for (place, page) in all.into_iter().enumerate() {
            self.pages.push(page);
            let top = HEIGHT - mm(240);
            self.bar(LEFT, top, RIGHT - LEFT, 40, Ink::Grey);
            let mut y = top + mm(15);
            for line in &feet {
                y += leading(SMALL);
                self.text(None, (LEFT, y), (SMALL, Weight::Regular, Ink::Grey), line.clone());
            }
            let number = format!("{} {} {} {count}", words.page, place + 1, words.of);
            let number = Line::new(&printable(&number, Weight::Regular), Weight::Regular);
            let at = (RIGHT - number.width(SMALL), top + mm(15) + leading(SMALL));
            self.text(None, at, (SMALL, Weight::Regular, Ink::Grey), number);
            if place > 0 {
                let title = broken(sheet.heading(), Weight::Bold, CELL, RIGHT - LEFT).into_iter().next();
                if let Some(title) = title {
                    self.text(None, (LEFT, mm(200)), (CELL, Weight::Bold, Ink::Grey), title);
                }
            }
        }
    }
}

/// Around what is in a cell, above and below.
const PAD: i32 = mm(9);

struct Place {
    x: i32,
    width: i32,
    align: Align,
}

/// Where the columns of a table are.
struct Columns(Vec<Place>);

impl Columns {
    /// The width is shared by the columns' parts, each rounded down: what is left stays white.
    fn of(table: &Table) -> Self {
        let shares: i64 = table.columns.iter().map(|column| i64::from(column.share)).sum();
        let between = mm(30);
        let gaps = between * i32::try_from(table.columns.len().saturating_sub(1)).unwrap_or(0);
        let whole = i64::from(RIGHT - LEFT - gaps);
        let mut x = LEFT;
        let places = table.columns.iter().map(|column| {
            let width = i32::try_from(whole * i64::from(column.share) / shares.max(1)).unwrap_or(0);
            let place = Place { x, width, align: column.align };
            x += width + between;
            place
        });
        Self(places.collect())
    }

    fn cells<'a>(&self, texts: impl Iterator<Item = &'a str>, weight: Weight) -> Vec<Vec<Line>> {
        self.0.iter().zip(texts).map(|(place, text)| broken(text, weight, CELL, place.width)).collect()
    }
}

fn height_of(cells: &[Vec<Line>]) -> i32 {
    let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
    i32::try_from(lines).unwrap_or(0) * leading(CELL) + PAD * 2
}

/// What a fact says: no more than fits on a page.
fn lines_of(text: &str, weight: Weight, width: i32) -> Vec<Line> {
    broken(text, weight, CELL, width).into_iter().take(40).collect()
}

fn one(text: &str) -> Line {
    Line::new(&printable(text, Weight::Bold).replace('\n', " "), Weight::Bold)
}

/// An IBAN in groups of four.
fn grouped(iban: &str) -> String {
    let plain: Vec<char> = iban.chars().filter(|c| !c.is_whitespace()).collect();
    plain.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

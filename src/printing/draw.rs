//! Pages as a PDF: tagged after PDF/UA-1, its typefaces embedded as far as they are used. The same sheet gives the same
//! bytes: the file's dates and ids are the sheet's.

use std::num::NonZeroU16;
use std::ops::Range;

use chrono::Datelike as _;
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder, PdfVersion};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::{Location, Surface};
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree,
};
use krilla::text::{Font, Glyph, GlyphId};
use krilla::{Document, SerializeSettings};

use super::fonts::{Letter, UNITS, Weight};
use super::layout::{HEIGHT, Ink, Item, Mark, Pages, WIDTH, pages};
use super::qr;
use super::sheet::{Brand, Picture, Sheet};
use super::tags::{Kind, Tags};
use super::words;

/// The largest logo, in pixels of either side.
const MOST_PIXELS: u32 = 3_000;

/// Why nothing was printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// The logo is no picture that can be printed.
    #[error("the logo cannot be printed: {0}")]
    Logo(String),
    /// The file could not be made.
    #[error("the document cannot be printed: {0}")]
    File(String),
}

/// Prints a sheet.
///
/// # Errors
/// [`PrintError`]: the logo's, or a fault.
pub fn pdf(sheet: &Sheet, brand: &Brand) -> Result<Vec<u8>, PrintError> {
    let logo = brand.logo.as_ref().map(picture).transpose()?;
    draw(sheet, brand, &pages(sheet, brand), logo.as_ref())
}

/// How many pages a sheet has.
#[must_use]
pub fn page_count(sheet: &Sheet, brand: &Brand) -> usize {
    pages(sheet, brand).pages.len()
}

fn picture(picture: &Picture) -> Result<Image, PrintError> {
    let bytes = picture.bytes.clone().into();
    let image = match picture.media_type.as_str() {
        "image/png" => Image::from_png(bytes, false),
        "image/jpeg" => Image::from_jpeg(bytes, false),
        other => Err(format!("{other} is neither PNG nor JPEG")),
    };
    let image = image.map_err(PrintError::Logo)?;
    let (width, height) = image.size();
    if width == 0 || height == 0 || width > MOST_PIXELS || height > MOST_PIXELS {
        return Err(PrintError::Logo(format!("{width} by {height} pixels; at most {MOST_PIXELS} either way")));
    }
    Ok(image)
}

fn draw(sheet: &Sheet, brand: &Brand, pages: &Pages, logo: Option<&Image>) -> Result<Vec<u8>, PrintError> {
    let file = |error: &dyn std::fmt::Debug| PrintError::File(format!("{error:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .with_version(PdfVersion::Pdf17)
        .finish()
        .map_err(|error| file(&error))?;
    let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let font = |weight: Weight| {
        Font::new(weight.bytes().into(), 0).ok_or_else(|| PrintError::File("a typeface cannot be read".into()))
    };
    let fonts = Fonts { regular: font(Weight::Regular)?, bold: font(Weight::Bold)? };
    let mut read: Vec<Vec<Identifier>> = vec![Vec::new(); pages.tags.0.len()];
    for items in &pages.pages {
        let settings = PageSettings::from_wh(points(WIDTH), points(HEIGHT))
            .ok_or_else(|| PrintError::File("the page has no size".into()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        // Everything on a page is in hundredths of a point.
        surface.push_transform(&Transform::from_scale(0.01, 0.01));
        for item in items {
            let tag = match (item.tag, &item.mark) {
                (Some(_), Mark::Text { .. }) => ContentTag::Span(SpanTag::empty()),
                (Some(_), _) => ContentTag::Other,
                (None, Mark::Text { .. }) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
                (None, _) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
            };
            let identifier = surface.start_tagged(tag);
            mark(&mut surface, item, brand, &fonts, logo);
            surface.end_tagged();
            if let Some(identifiers) = item.tag.and_then(|tag| read.get_mut(tag.0)) {
                identifiers.push(identifier);
            }
        }
        surface.pop();
        surface.finish();
        page.finish();
    }
    let language = words::of(sheet.language).tag.to_owned();
    let mut outline = Outline::new();
    outline.push_child(OutlineNode::new(sheet.heading().to_owned(), XyzDestination::new(0, Point::from_xy(0.0, 0.0))));
    document.set_outline(outline);
    document.set_tag_tree(tree(&pages.tags, read).with_lang(Some(language.clone())));
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    let date = DateTime::new(u16::try_from(sheet.dated.year()).unwrap_or(1970))
        .month(part(sheet.dated.month()))
        .day(part(sheet.dated.day()))
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    let metadata = Metadata::new()
        .title(sheet.heading().to_owned())
        .authors(vec![brand.head.name.clone()])
        .language(language)
        .creator("Konto".to_owned())
        .creation_date(date)
        .document_id(sheet.id.clone());
    document.set_metadata(metadata);
    document.finish().map_err(|error| match error {
        krilla::error::KrillaError::Image(_, _, message) => PrintError::Logo(message),
        error => file(&error),
    })
}

struct Fonts {
    regular: Font,
    bold: Font,
}

fn mark(surface: &mut Surface<'_>, item: &Item, brand: &Brand, fonts: &Fonts, logo: Option<&Image>) {
    match &item.mark {
        Mark::Text { x, y, size, weight, ink, line } => {
            surface.set_fill(Some(fill(*ink, brand)));
            let font = match weight {
                Weight::Regular => &fonts.regular,
                Weight::Bold => &fonts.bold,
            };
            let letters: Vec<Placed<'_>> = line.letters.iter().map(Placed).collect();
            if !letters.is_empty() {
                let start = Point::from_xy(exact(*x), exact(*y));
                surface.draw_glyphs(start, &letters, font.clone(), &line.text, exact(*size), false);
            }
        }
        Mark::Bar { x, y, width, height, ink } => {
            surface.set_fill(Some(fill(*ink, brand)));
            let mut path = PathBuilder::new();
            rectangle(&mut path, *x, *y, *width, *height);
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Logo { right, y, width, height } => {
            let Some(logo) = logo else { return };
            let (wide, high) = within(logo.size(), (*width, *height));
            if let Some(size) = Size::from_wh(exact(wide), exact(high)) {
                surface.push_transform(&Transform::from_translate(exact(right - wide), exact(*y)));
                surface.draw_image(logo.clone(), size);
                surface.pop();
            }
        }
        Mark::Code { x, y, square, code } => squares(surface, (*x, *y), *square, code),
    }
}

/// The dark squares, those of a row that touch as one.
fn squares(surface: &mut Surface<'_>, at: (i32, i32), square: i32, code: &qr::Code) {
    let mut path = PathBuilder::new();
    for (row, dark) in (0..).zip(code.dark.chunks(code.side.max(1))) {
        let mut column = 0;
        for run in dark.chunk_by(|one, other| one == other) {
            let length = i32::try_from(run.len()).unwrap_or(0);
            if run.first() == Some(&true) {
                rectangle(&mut path, at.0 + column * square, at.1 + row * square, length * square, square);
            }
            column += length;
        }
    }
    surface.set_fill(Some(Fill { paint: rgb::Color::new(0, 0, 0).into(), ..Fill::default() }));
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn rectangle(path: &mut PathBuilder, x: i32, y: i32, width: i32, height: i32) {
    if let Some(rectangle) = Rect::from_xywh(exact(x), exact(y), exact(width), exact(height)) {
        path.push_rect(rectangle);
    }
}

/// The largest size within a rectangle that keeps a picture's proportions, rounded down.
fn within(picture: (u32, u32), room: (i32, i32)) -> (i32, i32) {
    let (wide, high) = (i64::from(picture.0), i64::from(picture.1));
    let (width, height) = (i64::from(room.0), i64::from(room.1));
    let (wide, high) =
        if wide * height > high * width { (width, high * width / wide) } else { (wide * height / high, height) };
    (i32::try_from(wide).unwrap_or(0).max(1), i32::try_from(high).unwrap_or(0).max(1))
}

fn fill(ink: Ink, brand: &Brand) -> Fill {
    let [red, green, blue] = match ink {
        Ink::Black => [0, 0, 0],
        Ink::Grey => [89, 89, 89],
        Ink::Brand => brand.head.colour,
    };
    Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }
}

/// A length in the units that pages are laid out in. Below 2^24 of them, which is ten thousand pages high.
#[expect(clippy::cast_precision_loss, reason = "lengths on a page are far smaller than what a float holds exactly")]
fn exact(units: i32) -> f32 {
    units as f32
}

/// The same in points.
#[expect(clippy::float_arithmetic, reason = "the page's size, for the file alone: nothing is reckoned with it")]
fn points(units: i32) -> f32 {
    exact(units) / 100.0
}

/// A letter as the file wants it.
struct Placed<'a>(&'a Letter);

impl Glyph for Placed<'_> {
    fn glyph_id(&self) -> GlyphId {
        GlyphId::new(self.0.glyph)
    }

    fn text_range(&self) -> Range<usize> {
        self.0.from..self.0.until
    }

    #[expect(clippy::float_arithmetic, reason = "a letter's place on paper, which the file has as a float")]
    fn x_advance(&self, size: f32) -> f32 {
        exact(self.0.advance) * size / exact(UNITS)
    }

    fn x_offset(&self, _size: f32) -> f32 {
        0.0
    }

    fn y_offset(&self, _size: f32) -> f32 {
        0.0
    }

    fn y_advance(&self, _size: f32) -> f32 {
        0.0
    }

    fn location(&self) -> Option<Location> {
        None
    }
}

/// The tags as the file has them, each with what was drawn of it. Parts come after what they are in, so they are put
/// together from the end.
fn tree(tags: &Tags, mut read: Vec<Vec<Identifier>>) -> TagTree {
    let mut children: Vec<Vec<Node>> = tags.0.iter().map(|_| Vec::new()).collect();
    let mut roots: Vec<Node> = Vec::new();
    for (place, tag) in tags.0.iter().enumerate().rev() {
        let mut group = match &tag.kind {
            Kind::Title(title) => TagGroup::new(Tag::Hn(NonZeroU16::MIN, Some(title.clone()))),
            Kind::Heading(text) => TagGroup::new(Tag::Hn(NonZeroU16::MIN.saturating_add(1), Some(text.clone()))),
            Kind::Paragraph => TagGroup::new(Tag::P),
            Kind::Table(title) if title.is_empty() => TagGroup::new(Tag::Table),
            Kind::Table(title) => TagGroup::new(Tag::Table.with_summary(Some(title.clone()))),
            Kind::Head => TagGroup::new(Tag::THead),
            Kind::Body => TagGroup::new(Tag::TBody),
            Kind::Row => TagGroup::new(Tag::TR),
            Kind::HeadingOfColumn => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
            Kind::HeadingOfRow => TagGroup::new(Tag::TH(TableHeaderScope::Row)),
            Kind::Cell => TagGroup::new(Tag::TD),
            Kind::Figure(shows) => TagGroup::new(Tag::Figure(Some(shows.clone()))),
        };
        for identifier in std::mem::take(&mut read[place]) {
            group.push(identifier);
        }
        for child in std::mem::take(&mut children[place]).into_iter().rev() {
            group.push(child);
        }
        match tag.parent {
            Some(parent) => children[parent.0].push(Node::Group(group)),
            None => roots.push(Node::Group(group)),
        }
    }
    let mut tree = TagTree::new();
    for root in roots.into_iter().rev() {
        tree.push(root);
    }
    tree
}

//! The typefaces, and how wide words are in them. Lengths are hundredths of a point, all of them whole.

use std::sync::LazyLock;

use icu_normalizer::ComposingNormalizer;
use rustybuzz::{Direction, Face, UnicodeBuffer};

static REGULAR: &[u8] = include_bytes!("fonts/LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("fonts/LiberationSans-Bold.ttf");

static FACES: LazyLock<[Option<Face<'static>>; 2]> =
    LazyLock::new(|| [REGULAR, BOLD].map(|bytes| Face::from_slice(bytes, 0)));

/// What a square of the typeface is divided into.
pub const UNITS: i32 = 2048;

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weight {
    /// As text is.
    Regular,
    /// As titles and sums are.
    Bold,
}

impl Weight {
    /// The typeface's file.
    #[must_use]
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Regular => REGULAR,
            Self::Bold => BOLD,
        }
    }

    fn face(self) -> Option<&'static Face<'static>> {
        FACES[usize::from(self == Self::Bold)].as_ref()
    }
}

/// A letter that has its place in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its number in the typeface.
    pub glyph: u32,
    /// Where what it stands for begins in the text.
    pub from: usize,
    /// Where that ends.
    pub until: usize,
    /// How far the next one is, in the typeface's units.
    pub advance: i32,
}

/// A line: a text, and its letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// How.
    pub letters: Vec<Letter>,
    /// In the typeface's units.
    advance: i64,
}

impl Line {
    /// A text that is [`printable`], in one line.
    #[must_use]
    pub fn new(text: &str, weight: Weight) -> Self {
        let mut line = Self { text: text.to_owned(), letters: Vec::new(), advance: 0 };
        let Some(face) = weight.face().filter(|_| !text.is_empty()) else { return line };
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        let shaped = rustybuzz::shape(face, &[], buffer);
        let places = shaped.glyph_infos();
        for (index, (place, glyph)) in places.iter().zip(shaped.glyph_positions()).enumerate() {
            // Letters that stand for the same part of the text share it.
            let next = places[index..].iter().map(|other| other.cluster).find(|cluster| *cluster > place.cluster);
            line.letters.push(Letter {
                glyph: place.glyph_id,
                from: place.cluster as usize,
                until: next.map_or(text.len(), |next| next as usize),
                advance: glyph.x_advance,
            });
            line.advance += i64::from(glyph.x_advance);
        }
        line
    }

    /// How wide it is at a size, to the next whole unit.
    #[must_use]
    pub fn width(&self, size: i32) -> i32 {
        let units = i64::from(UNITS);
        i32::try_from((self.advance * i64::from(size) + units - 1).div_euclid(units)).unwrap_or(i32::MAX)
    }
}

/// A text as the typefaces have it: composed, without signs that have no form of their own, and with a question mark for
/// what they do not have (they have the Latin, Greek and Cyrillic letters). Lines' ends stay.
#[must_use]
pub fn printable(text: &str, weight: Weight) -> String {
    let face = weight.face();
    let has = |sign: char| face.is_some_and(|face| face.glyph_index(sign).is_some_and(|glyph| glyph.0 != 0));
    let composed = ComposingNormalizer::new_nfc().normalize(text).into_owned();
    composed.chars().filter_map(|sign| form(sign, has)).collect()
}

fn form(sign: char, has: impl Fn(char) -> bool) -> Option<char> {
    match sign {
        '\n' => Some('\n'),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => None,
        // Thin spaces that the typeface may not have.
        '\u{2007}'..='\u{200a}' | '\u{202f}' => Some('\u{a0}'),
        sign if sign.is_control() => Some(' '),
        // Written from right to left, which lines are not.
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => Some('?'),
        // Places in the typeface without a meaning of their own.
        '\u{e000}'..='\u{f8ff}' => Some('?'),
        sign if has(sign) => Some(sign),
        _ => Some('?'),
    }
}

/// Breaks a text into lines that are no wider than asked. A word that is wider is broken where it has to be.
#[must_use]
pub fn broken(text: &str, weight: Weight, size: i32, width: i32) -> Vec<Line> {
    let mut lines = Vec::new();
    for paragraph in printable(text, weight).split('\n') {
        let words: Vec<&str> = paragraph.split(' ').filter(|word| !word.is_empty()).collect();
        let whole = Line::new(&words.join(" "), weight);
        if whole.width(size) <= width {
            lines.push(whole);
            continue;
        }
        let mut line = String::new();
        for word in words {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if Line::new(&longer, weight).width(size) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(Line::new(&line, weight));
            }
            line = rest_of(word, weight, size, width, &mut lines);
        }
        lines.push(Line::new(&line, weight));
    }
    lines
}

/// Puts what does not fit of a word into lines of its own, and gives the rest.
fn rest_of(word: &str, weight: Weight, size: i32, width: i32, lines: &mut Vec<Line>) -> String {
    let mut rest = word;
    loop {
        let whole = Line::new(rest, weight);
        if whole.width(size) <= width {
            return rest.to_owned();
        }
        let most = i64::from(width) * i64::from(UNITS);
        let mut taken = 0;
        let mut cut = 0;
        for letter in &whole.letters {
            taken += i64::from(letter.advance) * i64::from(size);
            if taken > most {
                break;
            }
            cut = letter.until;
        }
        // At least one sign a line, however narrow it is; and never within one.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let cut = if rest.is_char_boundary(cut) { cut.max(first) } else { first };
        // A letter stands closer to the one that follows than to a line's end: without it the part may be wider.
        let mut part = Line::new(&rest[..cut], weight);
        while part.width(size) > width && part.text.len() > first {
            let last = part.text.chars().next_back().map_or(0, char::len_utf8);
            part = Line::new(&part.text[..part.text.len() - last], weight);
        }
        rest = &rest[part.text.len()..];
        lines.push(part);
    }
}

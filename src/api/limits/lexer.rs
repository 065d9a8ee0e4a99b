//! The tokens of a document, with their places and with their strings decoded.
//!
//! Linear in the text. Tokens and nesting are counted on the way and refused beyond their limits, so that what
//! comes behind, the recursive parser first of all, may recurse as deep as the text nests.

use async_graphql::Pos;

use super::{Limits, Refusal};

/// Characters of a token that a message repeats.
const SHOWN: usize = 40;

/// What a token is.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    /// A character with a meaning of its own.
    Punctuator(char),
    Spread,
    Name(&'a str),
    Int(&'a str),
    Float(&'a str),
    /// Decoded.
    Text(String),
    End,
}

impl Kind<'_> {
    /// For a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Punctuator(character) => format!("\"{character}\""),
            Self::Spread => "\"...\"".into(),
            Self::Name(text) | Self::Int(text) | Self::Float(text) => format!("\"{}\"", cut(text)),
            Self::Text(_) => "a string".into(),
            Self::End => "the end".into(),
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A token and where it begins.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    pub at: Pos,
}

/// What is not GraphQL.
pub(super) fn syntax(message: &str, at: Pos) -> Refusal {
    Refusal::Syntax { message: format!("syntax error: {message}"), at }
}

/// All tokens; the last is the end.
///
/// # Errors
/// What is no token, and what goes beyond the limits.
pub(super) fn tokens<'a>(text: &'a str, limits: &Limits) -> Result<Vec<Token<'a>>, Refusal> {
    let mut lexer = Lexer { text, at: 0, place: Place { seen: 0, pos: Pos { line: 1, column: 1 } } };
    let (mut tokens, mut nesting) = (Vec::new(), 0_usize);
    loop {
        let token = lexer.token()?;
        match token.kind {
            Kind::End => {
                tokens.push(token);
                return Ok(tokens);
            }
            Kind::Punctuator('{' | '(' | '[') => nesting += 1,
            Kind::Punctuator('}' | ')' | ']') => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        tokens.push(token);
        within("tokens", tokens.len(), limits.tokens)?;
        within("levels of nesting", nesting, limits.nesting)?;
    }
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), Refusal> {
    if found <= limit {
        return Ok(());
    }
    let wide = |n| u64::try_from(n).unwrap_or(u64::MAX);
    Err(Refusal::Over { what, found: wide(found), limit: wide(limit) })
}

/// Lines and columns, counted forward only.
struct Place {
    seen: usize,
    pos: Pos,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    place: Place,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// The place of the next character.
    fn pos(&mut self) -> Pos {
        let passed = self.text.get(self.place.seen..self.at).unwrap_or_default();
        let mut characters = passed.chars().peekable();
        while let Some(character) = characters.next() {
            let is_end = character == '\n' || (character == '\r' && characters.peek() != Some(&'\n'));
            let Pos { line, column } = self.place.pos;
            self.place.pos = if is_end { Pos { line: line + 1, column: 1 } } else { Pos { line, column: column + 1 } };
        }
        self.place.seen = self.at;
        self.place.pos
    }

    fn skip_ignored(&mut self) {
        while let Some(next) = self.peek() {
            match next {
                ' ' | '\t' | '\r' | '\n' | ',' | '\u{feff}' => self.at += next.len_utf8(),
                '#' => self.run(|character| character != '\n' && character != '\r'),
                _ => return,
            }
        }
    }

    /// Goes past all such characters.
    fn run(&mut self, like: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|character| !like(character)).unwrap_or(rest.len());
    }

    fn token(&mut self) -> Result<Token<'a>, Refusal> {
        self.skip_ignored();
        let at = self.pos();
        let from = self.at;
        let Some(first) = self.peek() else { return Ok(Token { kind: Kind::End, at }) };
        let kind = match first {
            '!' | '$' | '&' | '(' | ')' | ':' | '=' | '@' | '[' | ']' | '{' | '|' | '}' => {
                self.at += 1;
                Kind::Punctuator(first)
            }
            '.' if self.rest().starts_with("...") => {
                self.at += 3;
                Kind::Spread
            }
            '"' => Kind::Text(self.string(at)?),
            '-' | '0'..='9' => self.number(at)?,
            _ if starts_name(first) => {
                self.run(continues_name);
                Kind::Name(self.text.get(from..self.at).unwrap_or_default())
            }
            _ => return Err(syntax(&format!("there is no use for {first:?} here"), at)),
        };
        Ok(Token { kind, at })
    }

    fn number(&mut self, at: Pos) -> Result<Kind<'a>, Refusal> {
        let wrong = || syntax("a number is malformed", at);
        let from = self.at;
        if self.peek() == Some('-') {
            self.at += 1;
        }
        let whole = self.digits().ok_or_else(wrong)?;
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(wrong());
        }
        let mut is_float = false;
        if self.peek() == Some('.') {
            self.at += 1;
            self.digits().ok_or_else(wrong)?;
            is_float = true;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            self.digits().ok_or_else(wrong)?;
            is_float = true;
        }
        if self.peek().is_some_and(|next| next == '.' || starts_name(next)) {
            return Err(wrong());
        }
        let text = self.text.get(from..self.at).unwrap_or_default();
        Ok(if is_float { Kind::Float(text) } else { Kind::Int(text) })
    }

    /// At least one.
    fn digits(&mut self) -> Option<&'a str> {
        let from = self.at;
        self.run(|character| character.is_ascii_digit());
        self.text.get(from..self.at).filter(|digits| !digits.is_empty())
    }

    fn string(&mut self, at: Pos) -> Result<String, Refusal> {
        if self.rest().starts_with("\"\"\"") {
            return self.block_string(at);
        }
        self.at += 1;
        let mut text = String::new();
        loop {
            let place = self.at;
            match self.next() {
                None | Some('\n' | '\r') => return Err(unended(at)),
                Some('"') => return Ok(text),
                Some('\\') => {
                    let Some(character) = self.escaped() else {
                        self.at = place;
                        let at = self.pos();
                        return Err(syntax("a string holds an escape that stands for no character", at));
                    };
                    text.push(character);
                }
                Some(character) => text.push(character),
            }
        }
    }

    /// What stands behind a backslash. A character beyond the first 65,536 is written as `\u{1F600}`, or as the pair
    /// of UTF-16 that JSON has for it; half a pair is no character.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            plain @ ('"' | '\\' | '/') => plain,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' if self.peek() == Some('{') => {
                self.at += 1;
                let digits = self.rest().split_once('}')?.0;
                self.at += digits.len() + 1;
                return char::from_u32(hexadecimal(digits).filter(|_| digits.len() <= 8)?);
            }
            'u' => {
                let first = self.four_digits()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                self.at += self.rest().strip_prefix("\\u").map(|_| 2)?;
                let second = self.four_digits().filter(|second| (0xdc00..0xe000).contains(second))?;
                return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            }
            _ => return None,
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = hexadecimal(self.rest().get(..4)?)?;
        self.at += 4;
        Some(digits)
    }

    fn block_string(&mut self, at: Pos) -> Result<String, Refusal> {
        self.at += 3;
        let mut raw = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find(['"', '\\']).ok_or_else(|| unended(at))?;
            raw.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            let rest = self.rest();
            if rest.starts_with("\"\"\"") {
                self.at += 3;
                return Ok(dedented(&raw));
            }
            if rest.starts_with("\\\"\"\"") {
                self.at += 4;
                raw.push_str("\"\"\"");
            } else {
                raw.extend(self.next());
            }
        }
    }
}

fn unended(at: Pos) -> Refusal {
    syntax("a string does not end", at)
}

fn starts_name(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

fn continues_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| plain)
}

/// A block string without what its lines are indented by, and without empty lines around it
/// (`BlockStringValue` of the specification).
fn dedented(raw: &str) -> String {
    let lines: Vec<&str> = raw.split("\r\n").flat_map(|part| part.split(['\r', '\n'])).collect();
    let indent = |line: &str| line.find(|character| character != ' ' && character != '\t');
    let common = lines.iter().skip(1).filter_map(|line| indent(line)).min().unwrap_or(0);
    let first = lines.iter().position(|line| indent(line).is_some());
    let last = lines.iter().rposition(|line| indent(line).is_some());
    let (Some(first), Some(last)) = (first, last) else { return String::new() };
    let shown = |(place, line): (usize, &&str)| match place {
        0 => (*line).to_owned(),
        _ => line.get(common..).unwrap_or_default().to_owned(),
    };
    let kept: Vec<String> = lines.iter().enumerate().take(last + 1).skip(first).map(shown).collect();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(source: &str) -> Result<String, String> {
        match tokens(source, &Limits::default()) {
            Ok(tokens) => match tokens.into_iter().next().map(|token| token.kind) {
                Some(Kind::Text(text)) => Ok(text),
                other => Err(format!("{other:?}")),
            },
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    #[test]
    fn strings_hold_every_character_however_it_is_written() {
        for (source, text) in [
            (r#""""#, ""),
            (r#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
            (r#""\u00e5\u{e5}\u{0000E5}""#, "ååå"),
            (r#""\ud83d\ude00 \uD83D\uDE00 \u{1F600} 😀""#, "😀 😀 😀 😀"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\u{10FFFF}""#, "\u{10ffff}"),
            ("\"# no comment\"", "# no comment"),
            ("\"\u{0}\u{7f}\t\"", "\u{0}\u{7f}\t"),
            // In a block string nothing is an escape but three quotes.
            (r#""""\ud83d \u{1} \n""""#, "\\ud83d \\u{1} \\n"),
            (r#""""a \""" b " c "" d""""#, "a \"\"\" b \" c \"\" d"),
            ("\"\"\"\n    a\n      b\r\n\r    c\n  \"\"\"", "a\n  b\n\nc"),
            ("\"\"\"  a\n   b\"\"\"", "  a\nb"),
            ("\"\"\" \n \"\"\"", ""),
            ("\"\"\"\"\"\"", ""),
        ] {
            assert_eq!(string(source).as_deref(), Ok(text), "{source}");
        }
    }

    #[test]
    fn what_stands_for_no_character_is_refused() {
        for source in [
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83d\ud83d""#,
            r#""\ude00\ud83d""#,
            r#""\ud83d\n""#,
            r#""\ud83dx""#,
            r#""\u{d83d}""#,
            r#""\u{d83d}\u{de00}""#,
            r#""\ud83d\u{de00}""#,
            r#""\u{110000}""#,
            r#""\u{}""#,
            r#""\u{+1}""#,
            r#""\u{1""#,
            r#""\u{000000001}""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\u12g4""#,
            r#""\x41""#,
            r#""\é""#,
            r#""\u00é0""#,
        ] {
            let said = string(source).expect_err(source);
            assert!(said.starts_with("syntax error: a string"), "{source}: {said}");
        }
        for source in ["\"", "\"a", "\"a\n\"", "\"a\r\"", "\"\\", "\"\"\"", "\"\"\" a\"", "\"\"\" \\\"\"\""] {
            assert_eq!(
                string(source).map_err(|said| said.contains("does not end") || said.contains("escape")),
                Err(true)
            );
        }
    }

    #[test]
    fn numbers_are_those_of_the_specification() {
        for (source, good) in [
            ("0", true),
            ("-0", true),
            ("12", true),
            ("1.50", true),
            ("1e3", true),
            ("1.5E-3", true),
            ("00", false),
            ("01", false),
            ("-", false),
            ("1.", false),
            ("1.e3", false),
            ("1e", false),
            ("1a", false),
            ("0x1", false),
            ("1.2.3", false),
            (".5", false),
            ("+1", false),
        ] {
            assert_eq!(tokens(source, &Limits::default()).is_ok(), good, "{source}");
        }
    }

    #[test]
    fn places_are_lines_and_characters() {
        let found = tokens("\u{feff}{ å: \"😀\" b\r\n c\n\r d }", &Limits::default()).map(|tokens| tokens.len());
        assert!(found.is_err(), "å begins no name");
        let text = "\u{feff}{ a: \"😀\" b\r\n c\n\r d # }\n}";
        let places = tokens(text, &Limits::default()).expect("tokens");
        let places: Vec<_> = places.iter().map(|token| (token.at.line, token.at.column)).collect();
        assert_eq!(places, [(1, 2), (1, 4), (1, 5), (1, 7), (1, 11), (2, 2), (4, 2), (5, 1), (5, 2)]);
    }
}

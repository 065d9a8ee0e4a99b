//! A source file as the rules see it: comments gone, strings apart, paths spelled out.
//!
//! Not a parser of Rust; just enough of one that a comment, a string or a line break fools no rule.

use std::fs;
use std::path::{Path as FilePath, PathBuf};

/// One `.rs` file.
#[derive(Clone, Debug)]
pub struct Source {
    /// From the root of the repository, with slashes.
    pub path: String,
    pub text: String,
    /// The text with comments and the insides of strings and character literals blanked: every byte keeps its place.
    pub bare: String,
    literals: Vec<Literal>,
}

/// The inside of a string literal, as it is written.
#[derive(Clone, Debug)]
pub struct Literal {
    pub start: usize,
    pub line: usize,
    pub text: String,
}

/// A word or number, or a mark.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    pub text: &'a str,
    pub line: usize,
}

/// `crate::ledger::post`, also when it is written `crate::{ledger::post, ...}`. One name alone only counts after `use`.
#[derive(Clone, Debug)]
pub struct Path {
    pub segments: Vec<String>,
    pub line: usize,
}

/// The repository.
pub fn root() -> &'static FilePath {
    FilePath::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file below the folders, in the order of their paths.
pub fn sources(folders: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in folders {
        walk(&root().join(folder), "rs", &mut files);
    }
    files.sort();
    let load = |file: PathBuf| Source::new(&relative(&file), &read(&file));
    files.into_iter().map(load).collect()
}

/// Every file below the folder that has the extension.
pub fn walk(folder: &FilePath, extension: &str, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a folder that can be read").path();
        if path.is_dir() && !path.ends_with("target") {
            walk(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}

pub fn read(file: &FilePath) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub fn relative(file: &FilePath) -> String {
    let inside = file.strip_prefix(root()).unwrap_or(file);
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let (bare, literals) = scan(text);
        Self { path: path.to_owned(), text: text.to_owned(), bare, literals }
    }

    pub fn finding(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// The folder or file directly below `src/` (or another top folder) that the file belongs to.
    pub fn domain(&self) -> &str {
        let part = self.path.split('/').nth(1).unwrap_or_default();
        part.strip_suffix(".rs").unwrap_or(part)
    }

    pub fn is_domain(&self, name: &str) -> bool {
        self.path.starts_with("src/") && self.domain() == name
    }

    /// Whether the file is `name.rs`, or lies in a folder `name/` that such a file was split into.
    pub fn is_room(&self, name: &str) -> bool {
        self.path.split('/').any(|part| part.strip_suffix(".rs").unwrap_or(part) == name)
    }

    pub fn literals(&self) -> &[Literal] {
        &self.literals
    }

    /// The words and numbers of the code.
    pub fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        self.lexemes().into_iter().filter(|token| is_word(token.text))
    }

    /// The words, numbers and marks of the code. `::` is one mark.
    pub fn lexemes(&self) -> Vec<Token<'_>> {
        let (mut found, mut line, mut rest) = (Vec::new(), 1, self.bare.as_str());
        while let Some(first) = rest.chars().next() {
            let length = match first {
                ':' if rest.starts_with("::") => 2,
                _ if is_word(rest) => rest.find(|c: char| !is_word_char(c)).unwrap_or(rest.len()),
                _ => first.len_utf8(),
            };
            let (text, after) = rest.split_at(length);
            if !first.is_whitespace() {
                found.push(Token { text, line });
            }
            line += usize::from(first == '\n');
            rest = after;
        }
        found
    }

    /// The paths of the code.
    pub fn paths(&self) -> Vec<Path> {
        let (lexemes, mut found, mut at) = (self.lexemes(), Vec::new(), 0);
        while let Some(token) = lexemes.get(at) {
            if token.text == "use" {
                at += 1;
                path_tree(&lexemes, &mut at, &[], &mut found);
            } else if is_word(token.text) {
                let alone = lexemes.get(at + 1).is_none_or(|next| next.text != "::");
                if alone { at += 1 } else { path_tree(&lexemes, &mut at, &[], &mut found) }
            } else {
                at += 1;
            }
        }
        found
    }

    /// The lines of the method calls that `wanted` wants: it is told the name and whether the brackets are empty.
    pub fn calls(&self, wanted: impl Fn(&str, bool) -> bool) -> Vec<usize> {
        let lexemes = self.lexemes();
        let calls = lexemes.windows(4).filter(|part| part[0].text == "." && part[2].text == "(");
        calls.filter(|part| wanted(part[1].text, part[3].text == ")")).map(|part| part[1].line).collect()
    }

    /// The lines of the strings in which one of `tables` follows `words`, in any case and spacing.
    pub fn statements_on(&self, words: &[&str], tables: &[&str]) -> Vec<usize> {
        let mut lines = Vec::new();
        for literal in &self.literals {
            let text = literal.text.replace("\\n", " ").to_lowercase();
            let found: Vec<&str> = text.split(|c: char| !is_word_char(c)).filter(|word| !word.is_empty()).collect();
            let follows = |part: &[&str]| part.starts_with(words) && tables.contains(&part[words.len()]);
            if found.windows(words.len() + 1).any(follows) {
                lines.push(literal.line);
            }
        }
        lines
    }

    /// The same file with everything under `#[cfg(test)]` blanked.
    pub fn without_tests(&self) -> Self {
        const MARK: &str = "#[cfg(test)]";
        let mut file = self.clone();
        while let Some(start) = file.bare.find(MARK) {
            let mut end = file.bare.len();
            let mut depth = 0;
            for (at, c) in file.bare[start + MARK.len()..].char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && matches!(c, '}' | ';') {
                    end = start + MARK.len() + at + 1;
                    break;
                }
            }
            file.bare = blanked(&file.bare, &[(start, end)]);
            file.literals.retain(|literal| !(start..end).contains(&literal.start));
        }
        file
    }
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_word(text: &str) -> bool {
    text.starts_with(is_word_char)
}

fn path_tree(lexemes: &[Token<'_>], at: &mut usize, prefix: &[String], found: &mut Vec<Path>) {
    let mut segments = prefix.to_vec();
    let mut line = lexemes.get(*at).map_or(0, |token| token.line);
    while let Some(token) = lexemes.get(*at) {
        match token.text {
            "::" => *at += 1,
            "{" => {
                *at += 1;
                while let Some(item) = lexemes.get(*at) {
                    match item.text {
                        "}" => {
                            *at += 1;
                            return;
                        }
                        "," => *at += 1,
                        _ => {
                            path_tree(lexemes, at, &segments, found);
                            while lexemes.get(*at).is_some_and(|next| !matches!(next.text, "," | "}")) {
                                *at += 1;
                            }
                        }
                    }
                }
                return;
            }
            word if is_word(word) => {
                segments.push(word.to_owned());
                line = token.line;
                *at += 1;
                if lexemes.get(*at).is_none_or(|next| next.text != "::") {
                    break;
                }
            }
            _ => break,
        }
    }
    if !segments.is_empty() {
        found.push(Path { segments, line });
    }
}

/// Finds comments and literals.
fn scan(text: &str) -> (String, Vec<Literal>) {
    let (mut blanks, mut literals, mut at) = (Vec::new(), Vec::new(), 0);
    let mut after_word = false;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let step = if rest.starts_with("//") {
            let length = rest.find('\n').unwrap_or(rest.len());
            blanks.push((at, at + length));
            length
        } else if rest.starts_with("/*") {
            let length = comment_length(rest);
            blanks.push((at, at + length));
            length
        } else if let Some((open, inside, close)) = (!after_word).then(|| string_lengths(rest)).flatten() {
            let start = at + open;
            let line = 1 + text[..start].matches('\n').count();
            literals.push(Literal { start, line, text: text[start..start + inside].to_owned() });
            blanks.push((start, start + inside));
            open + inside + close
        } else if let Some(length) = char_length(rest) {
            blanks.push((at + 1, at + length - 1));
            length
        } else {
            first.len_utf8()
        };
        after_word = step == first.len_utf8() && is_word_char(first);
        at += step;
    }
    (blanked(text, &blanks), literals)
}

fn blanked(text: &str, ranges: &[(usize, usize)]) -> String {
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for &(start, end) in ranges {
        out.push_str(&text[done..start]);
        out.extend(text[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        done = end;
    }
    out.push_str(&text[done..]);
    out
}

fn comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The lengths of opening, inside and closing when a string starts here.
fn string_lengths(rest: &str) -> Option<(usize, usize, usize)> {
    let prefix = ["br", "cr", "b", "c", "r"]
        .into_iter()
        .find(|prefix| rest.strip_prefix(prefix).is_some_and(|after| after.trim_start_matches('#').starts_with('"')));
    let prefix = prefix.unwrap_or_default();
    let hashes = rest[prefix.len()..].len() - rest[prefix.len()..].trim_start_matches('#').len();
    let open = prefix.len() + hashes + 1;
    if !rest[open - 1..].starts_with('"') || (hashes > 0 && !prefix.ends_with('r')) {
        return None;
    }
    let inside = &rest[open..];
    if prefix.ends_with('r') {
        let close = format!("\"{}", "#".repeat(hashes));
        return Some((open, inside.find(&close)?, close.len()));
    }
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((open, at, 1)),
            _ => {}
        }
    }
    None
}

/// The length of a character literal when one starts here; a lifetime is none.
fn char_length(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    let skip = if first == '\\' { 1 + inside[1..].chars().next()?.len_utf8() } else { first.len_utf8() };
    let close = if first == '\\' { inside[skip..].find('\'')? } else { usize::from(!inside[skip..].starts_with('\'')) };
    (first == '\\' || close == 0).then_some(1 + skip + close + 1)
}

#[test]
fn comments_and_literals_are_told_from_code() {
    let text =
        "a(\"x // y\"); // b \"c\"\nlet d: &'e str = r#\"f\"g\"#; '\"'; '\\''; /* h /* i */ j */ k\n\"l \\\" m\" n";
    let file = Source::new("src/a.rs", text);
    assert_eq!(file.bare.len(), text.len());
    let words: Vec<_> = file.tokens().map(|token| (token.text, token.line)).collect();
    assert_eq!(words, [("a", 1), ("let", 2), ("d", 2), ("e", 2), ("str", 2), ("r", 2), ("k", 2), ("n", 3)]);
    let strings: Vec<_> = file.literals().iter().map(|literal| (literal.text.as_str(), literal.line)).collect();
    assert_eq!(strings, [("x // y", 1), ("f\"g", 2), ("l \\\" m", 3)]);
}

#[test]
fn paths_are_spelled_out() {
    let text = "use {a::{b, c::{self, D as E}}, f};\nlet x = crate::g::<H>(y.z, ::i::J);";
    let found: Vec<_> = Source::new("src/a.rs", text).paths().iter().map(|path| path.segments.join("::")).collect();
    assert_eq!(found, ["a::b", "a::c::self", "a::c::D", "f", "crate::g", "i::J"]);
}

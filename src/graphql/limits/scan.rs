//! The linear scan of the raw text. It tells tokens apart just well enough to count them and to know which
//! braces are not inside of a string or a comment; everything else is the parser's to judge.

use super::{Limits, Refusal};

/// Counts tokens and nesting.
///
/// It must never believe to be inside of a string where the parser is not, or braces could hide from it. Hence
/// a string that does not end is refused here: the parser would read an unfinished block string as two others.
pub(super) fn scan(text: &str, limits: &Limits) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut nesting) = (0, 0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = run(bytes, at, |b| b != b'\n' && b != b'\r');
                continue;
            }
            b'"' => after_string(bytes, at).ok_or(Refusal::UnterminatedString)?,
            b'.' => run(bytes, at, |b| b == b'.'),
            b'{' | b'(' | b'[' => {
                nesting += 1;
                at + 1
            }
            b'}' | b')' | b']' => {
                nesting = nesting.saturating_sub(1);
                at + 1
            }
            _ if in_word(byte) => run(bytes, at, in_word),
            _ => at + 1,
        };
        tokens += 1;
        within("tokens", tokens, limits.tokens)?;
        within("levels of nesting", nesting, limits.nesting)?;
    }
    Ok(())
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), Refusal> {
    if found <= limit {
        return Ok(());
    }
    let wide = |n| u64::try_from(n).unwrap_or(u64::MAX);
    Err(Refusal::Over { what, found: wide(found), limit: wide(limit) })
}

/// Names and numbers alike: `-1.5e3` is three or fewer tokens, which is close enough.
fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The end of the run of such bytes that starts at `from`.
fn run(bytes: &[u8], from: usize, like: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|byte| !like(*byte)).map_or(bytes.len(), |length| from + length)
}

/// Where the string that starts at `from` has ended.
fn after_string(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = &bytes[from..];
    if rest.starts_with(b"\"\"\"") {
        let mut at = 3;
        loop {
            let tail = rest.get(at..)?;
            if tail.starts_with(b"\\\"\"\"") {
                at += 4;
            } else if tail.starts_with(b"\"\"\"") {
                return Some(from + at + 3);
            } else {
                at += 1;
            }
            if at >= rest.len() {
                return None;
            }
        }
    }
    let mut at = 1;
    loop {
        match rest.get(at)? {
            b'"' => return Some(from + at + 1),
            b'\n' | b'\r' => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

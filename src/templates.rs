//! Texts that a tenant writes, with values in them: `Dear {{ name }}`.
//!
//! The language is a small part of Jinja's: values (`{{ bill.number }}`), `if` and `for`, comparisons, and a few filters.
//! Nothing in it can make a text grow faster than it is written: there are no variables of its own, no macros, no
//! arithmetic and no way to put texts together but to print them. What is left is bounded three times: by the length of
//! the source, by a number of steps, and by the length of what comes out. A name that stands for nothing is an error, not
//! an empty place; so is a value that is absent, unless it is asked for first (`{% if due_on %}`).

use std::io;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, escape_formatter, filters, tests};
use serde::Serialize;

/// The longest source, in bytes.
pub const LONGEST_SOURCE: usize = 20_000;
/// The longest text that may come out, in bytes.
pub const LONGEST_TEXT: usize = 100_000;
/// Steps that one text may take.
const STEPS: u64 = 50_000;
/// How deep expressions and blocks may be nested.
const DEPTH: usize = 50;
/// The words that may begin a block.
const BLOCKS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// Why a text is no template, or could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line})")]
pub struct TemplateError {
    /// The line of the source, from 1.
    pub line: usize,
    /// For people.
    pub message: String,
}

impl TemplateError {
    fn at(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }

    fn of(error: &Error) -> Self {
        let line = error.line().unwrap_or(1);
        let message = match error.kind() {
            ErrorKind::OutOfFuel => "takes too many steps".to_owned(),
            ErrorKind::WriteFailure => format!("comes to more than {LONGEST_TEXT} bytes"),
            kind => match error.detail() {
                Some(detail) => format!("{kind}: {detail}"),
                None => kind.to_string(),
            },
        };
        Self { line, message }
    }
}

/// Checks that a text is a template. Whether its names stand for something, only [`render`] can tell.
///
/// # Errors
/// [`TemplateError`], with the line.
pub fn check(source: &str) -> Result<(), TemplateError> {
    guard(source)?;
    environment().template_from_str(source).map(|_| ()).map_err(|error| TemplateError::of(&error))
}

/// Fills a template in: what is in `values` goes by its field names.
///
/// # Errors
/// [`TemplateError`], with the line: also where a name stands for nothing, or a limit is passed.
pub fn render<V: Serialize>(source: &str, values: &V) -> Result<String, TemplateError> {
    guard(source)?;
    let environment = environment();
    let template = environment.template_from_str(source).map_err(|error| TemplateError::of(&error))?;
    let mut text = Capped(Vec::new());
    template.render_captured_to(Serde(values), &mut text).map_err(|error| TemplateError::of(&error))?;
    // Only whole texts are written, so this is one.
    Ok(String::from_utf8_lossy(&text.0).into_owned())
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(|out, state, value| match value.is_none() {
        true => Err(Error::new(ErrorKind::InvalidOperation, "there may be no such value: ask with `if` first")),
        false => escape_formatter(out, state, value),
    });
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(STEPS));
    environment.set_recursion_limit(DEPTH);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("default", filters::default);
    environment.add_filter("length", filters::length);
    environment.add_filter("first", filters::first);
    environment.add_filter("last", filters::last);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_test("none", tests::is_none);
    environment
}

/// A text that takes no more than it may.
struct Capped(Vec<u8>);

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST_TEXT {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lets through only what the module's words say. Looks at nothing but the marks, the strings and the first word of each
/// block, so whatever it lets through is still the library's to understand.
fn guard(source: &str) -> Result<(), TemplateError> {
    if source.len() > LONGEST_SOURCE {
        return Err(TemplateError::at(1, format!("is longer than {LONGEST_SOURCE} bytes")));
    }
    let line_at = |rest: &str| source[..source.len() - rest.len()].matches('\n').count() + 1;
    let mut rest = source;
    loop {
        let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() else {
            return Ok(());
        };
        let (mark, inside) = rest[start..].split_at(2);
        let line = line_at(&rest[start..]);
        rest = match mark {
            "{#" => {
                let end = inside.find("#}").ok_or_else(|| TemplateError::at(line, "the comment has no end"))?;
                &inside[end + 2..]
            }
            "{{" => code(inside, "}}", line)?.1,
            _ => {
                let (code, after) = code(inside, "%}", line)?;
                let code = code.trim_start_matches(['-', '+']);
                let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
                if !words.clone().next().is_some_and(|word| BLOCKS.contains(&word)) {
                    return Err(TemplateError::at(line, "of blocks there are only if and for"));
                }
                if words.any(|word| word == "recursive") {
                    return Err(TemplateError::at(line, "for is not recursive"));
                }
                after
            }
        };
    }
}

/// What is between two marks, and what comes after them. Only signs that name, compare, filter and group are let through.
fn code<'a>(inside: &'a str, end: &str, line: usize) -> Result<(&'a str, &'a str), TemplateError> {
    let mut quote = None;
    let mut escaped = false;
    for (place, sign) in inside.char_indices() {
        if let Some(open) = quote {
            match sign {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if sign == open => quote = None,
                _ => {}
            }
            continue;
        }
        match sign {
            _ if inside[place..].starts_with(end) => return Ok((&inside[..place], &inside[place + 2..])),
            '"' | '\'' => quote = Some(sign),
            '_' | '.' | '|' | '(' | ')' | ',' | '=' | '!' | '<' | '>' | '[' | ']' | '-' => {}
            '+' if place == 0 => {}
            _ if sign.is_alphanumeric() || sign.is_whitespace() => {}
            _ => {
                let line = line + inside[..place].matches('\n').count();
                return Err(TemplateError::at(line, format!("there is no `{sign}` in a template")));
            }
        }
    }
    Err(TemplateError::at(line, format!("`{end}` is missing")))
}

#[cfg(test)]
mod cases {
    use serde_json::json;

    use super::*;

    fn filled(source: &str) -> Result<String, TemplateError> {
        render(
            source,
            &json!({ "name": "Åsa", "bill": { "number": "B-7", "lines": ["one", "two"] }, "late": true, "nothing": null }),
        )
    }

    #[test]
    fn fills_in_what_it_is_given() {
        for (source, text) in [
            ("Dear {{ name }}", "Dear Åsa"),
            ("Dear {{ name | upper }}!\nYours", "Dear ÅSA!\nYours"),
            ("{% if nothing %}{{ nothing }}{% endif %}", ""),
            ("{% if late %}late{% else %}in time{% endif %}", "late"),
            ("{%- for line in bill.lines %}{{ line }};{% endfor -%}", "one;two;"),
            ("{{ \"}} {%\" }}{# a note #}", "}} {%"),
            ("{{ other | default('nobody') }}", "nobody"),
            ("{% if other is defined %}x{% endif %}", ""),
            ("<b>{{ bill.number }}</b>", "<b>B-7</b>"),
            ("", ""),
        ] {
            assert_eq!(check(source), Ok(()), "{source}");
            assert_eq!(filled(source).as_deref(), Ok(text), "{source}");
        }
    }

    #[test]
    fn refuses_what_could_grow_or_loop() {
        for source in [
            "{% set a = 1 %}",
            "{% set a %}{{ a }}{{ a }}{% endset %}",
            "{% macro a() %}{% endmacro %}",
            "{% filter upper %}a{% endfilter %}",
            "{% raw %}{{{% endraw %}",
            "{% for a in b recursive %}{% endfor %}",
            "{{ name ~ name }}",
            "{{ name * 1000000 }}",
            "{{ name + name }}",
            "{{ {'a': 1} }}",
            "{{ name",
            "{% if name",
            "{# name",
            "{{ 'name }}",
            "{% if name %}",
            "{{ }}",
            "{{ name | nothing }}",
            "{{ range(1000) }}",
            "{{ name is big }}",
            "{{ nothing }}",
            "{% if nobody %}{% endif %}",
        ] {
            assert!(check(source).is_err() || filled(source).is_err(), "{source}");
        }
        let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000));
        assert!(check(&deep).is_err());
        assert!(check(&"a".repeat(LONGEST_SOURCE + 1)).is_err());
        assert_eq!(check(&"a".repeat(LONGEST_SOURCE)), Ok(()));
    }

    #[test]
    fn names_the_line() {
        assert_eq!(check("one\ntwo {{ a ~ b }}").map_err(|error| error.line), Err(2));
        assert_eq!(check("one\n\n{% set a = 1 %}").map_err(|error| error.line), Err(3));
        assert_eq!(filled("one\n{{ nobody }}").map_err(|error| error.line), Err(2));
        assert_eq!(check("{{ name | nothing }").map_err(|error| error.line), Err(1));
    }

    #[test]
    fn stops_what_is_too_much() {
        let many: Vec<u32> = (0..400).collect();
        let nested = "{% for a in many %}{% for b in many %}{% for c in many %}{% endfor %}{% endfor %}{% endfor %}";
        let stopped = render(nested, &json!({ "many": many })).map_err(|error| error.message);
        assert_eq!(stopped, Err("takes too many steps".into()));
        let long = "x".repeat(60_000);
        let stopped = render("{{ long }}{{ long }}", &json!({ "long": long })).map_err(|error| error.message);
        assert_eq!(stopped, Err(format!("comes to more than {LONGEST_TEXT} bytes")));
    }
}

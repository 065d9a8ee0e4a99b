//! Texts from callers: kept as they come, refused when they cannot be kept or say nothing, and the form in which names
//! are found.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};

/// Why a text is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Empty, or nothing that anybody could see.
    #[error("must not be empty")]
    Empty,
    /// Longer than the field takes.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// Control characters (PostgreSQL cannot keep a NUL, and nobody should print the others).
    #[error("must not contain control characters")]
    Control,
    /// Signs that turn the direction of what follows (Trojan Source, CVE-2021-42574): what is read is not what is there.
    #[error("must not contain signs that turn the direction of writing")]
    Direction,
}

const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();
const CASES: CaseMapperBorrowed<'static> = CaseMapper::new();
const CANONICAL_PARTS: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();
const COMPATIBLE_PARTS: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfkd();
const COMPATIBLE: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();

/// Checks a text that must say something.
///
/// # Errors
/// [`TextProblem`].
pub fn required(text: &str, longest: usize) -> Result<(), TextProblem> {
    if is_blank(text) {
        return Err(TextProblem::Empty);
    }
    optional(text, longest)
}

/// Checks a text that may be empty.
///
/// # Errors
/// [`TextProblem`].
pub fn optional(text: &str, longest: usize) -> Result<(), TextProblem> {
    // No need to count to the end of what is far too long.
    if text.chars().nth(longest).is_some() {
        return Err(TextProblem::TooLong(longest));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(TextProblem::Control);
    }
    if text.chars().any(turns_direction) {
        return Err(TextProblem::Direction);
    }
    Ok(())
}

/// Whether a character embeds, overrides or isolates a direction of writing, until another one ends it. The marks of
/// direction, which are single letters without a form, are none of these: names in right-to-left scripts have them.
#[must_use]
pub fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Whether nothing of a text can be seen: it is empty, or white space and invisible characters alone.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// Whether a character leaves no mark on paper: white space, what Unicode lets every renderer ignore (zero-width
/// spaces and joiners, the byte order mark, soft hyphens, variation selectors, marks of direction, fillers, tags), the
/// marks around annotations, and the Braille pattern without a dot.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace() || IGNORABLE.contains(c) || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{2800}')
}

/// The form in which texts are compared when neither case nor spelling in Unicode matters: `Straße`, `STRASSE` and
/// `strasse` have one, and so have `ΟΔΥΣΣΕΎΣ` and `Οδυσσεύς`, whole and decomposed accents, full and half width. What is
/// invisible is left out of it, accents are not. It knows no language: the Turkish `İ` and `I` stay apart.
///
/// It is Unicode's `NFKC_Casefold` (The Unicode Standard 3.13.3, D147). What is stored in it stays right: characters
/// that exist keep their folding in later versions of Unicode.
#[must_use]
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let seen: String = text.chars().filter(|c| !IGNORABLE.contains(*c)).collect();
    // Folding can make what decomposes further, and decomposing what folds further: twice is enough (D146).
    let once = CANONICAL_PARTS.normalize(&seen);
    let once = CASES.fold_string(&once);
    let once = COMPATIBLE_PARTS.normalize(&once);
    COMPATIBLE.normalize(&CASES.fold_string(&once)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_nobody_sees_is_empty() {
        for invisible in [
            "",
            " ",
            "\t\n",
            "\u{a0}",
            "\u{3000}",
            "\u{2028}",
            "\u{200b}",
            "\u{200c}\u{200d}",
            "\u{feff}",
            "\u{2060}",
            "\u{ad}",
            "\u{fe0f}",
            "\u{180e}",
            "\u{e0100}",
            "\u{200e}\u{200f}",
            "\u{61c}",
            "\u{34f}",
            "\u{3164}",
            "\u{115f}",
            "\u{ffa0}",
            "\u{e0020}",
            "\u{fff9}",
            "\u{2800}",
            " \u{200b} \u{ad}",
        ] {
            assert_eq!(required(invisible, 10), Err(TextProblem::Empty), "{}", invisible.escape_unicode());
            assert_eq!(optional(invisible, 10), Ok(()), "{}", invisible.escape_unicode());
        }
        for seen in ["a", "\u{200b}a", "❤\u{fe0f}", "\u{5d0}\u{200f}", "می\u{200c}خواهم", "-", "\u{301}", "\u{fffd}"]
        {
            assert_eq!(required(seen, 10), Ok(()), "{seen:?}");
        }
    }

    #[test]
    fn texts_have_an_end_and_no_control_characters() {
        assert_eq!(required("äöü", 3), Ok(()));
        assert_eq!(required("äöü", 2), Err(TextProblem::TooLong(2)));
        assert_eq!(optional("", 0), Ok(()));
        for control in ["\0", "a\0", "\u{7}", "\u{1b}[31m", "\u{7f}", "\u{85}a", "\r"] {
            assert_eq!(optional(control, 10), Err(TextProblem::Control), "{control:?}");
        }
        assert_eq!(optional("two\n\tlines", 20), Ok(()));
        for turning in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{206f}') {
            for text in [format!("Ada{turning}evil"), format!("{turning}Ada"), format!("Ada{turning}")] {
                assert_eq!(required(&text, 10), Err(TextProblem::Direction), "{}", text.escape_unicode());
                assert_eq!(optional(&text, 10), Err(TextProblem::Direction), "{}", text.escape_unicode());
            }
            assert_eq!(required(&turning.to_string(), 10), Err(TextProblem::Empty));
        }
    }

    #[test]
    fn neither_case_nor_spelling_tells_names_apart() {
        for (one, other) in [
            ("Ada Lovelace", "ADA LOVELACE"),
            ("Straße", "STRASSE"),
            ("STRAẞE", "strasse"),
            ("Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
            ("ΟΔΥΣ", "οδυς"),
            ("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"),
            ("ᾳ", "ΑΙ"),
            ("Öberg", "O\u{308}BERG"),
            ("ﬁnn", "FINN"),
            ("Ａｄａ", "ada"),
            ("ｶﾞ", "ガ"),
            ("ǅuro", "Ǆuro"),
            ("ꮳ", "Ꮳ"),
            ("Ⅻ", "xii"),
            ("co\u{ad}operate\u{200b}", "Cooperate"),
            ("e\u{34f}\u{301}", "É"),
            ("K", "\u{212a}"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert!(folded("ΟΔΥΣΣΕΑΣ").contains(&folded("ΟΔΥΣ")), "whatever the sigma");
        assert_ne!(folded("Öberg"), folded("Oberg"), "accents tell names apart");
        assert_ne!(folded("Ада"), folded("Ada"), "scripts do");
    }

    #[test]
    fn of_every_character_the_cases_fold_alike_and_folding_twice_changes_nothing() {
        // Beyond are ideographs, tags and variation selectors, which have no cases.
        let every = (0..0x2_0000_u32).chain(0x2_f800..0x2_fa20).chain(0xe_0000..0xe_0200);
        for c in every.filter_map(char::from_u32) {
            let text = format!("a{c}b");
            let once = folded(&text);
            assert_eq!(folded(&once), once, "{}", c.escape_unicode());
            // Of the Turkish dotless i the capital is everybody else's.
            if c != 'ı' {
                assert_eq!(folded(&text.to_uppercase()), once, "{}", c.escape_unicode());
            }
            assert_eq!(folded(&text.to_lowercase()), once, "{}", c.escape_unicode());
        }
    }
}

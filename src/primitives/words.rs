//! Closed lists of words that are stored and shown alike: one macro, so that the text form is written once.

/// Declares an enum whose variants have a stored text form (`SCREAMING_SNAKE_CASE` by convention). The doc
/// comments are kept: where the words are shown, their descriptions are shown with them.
#[macro_export]
macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $vdoc:literal])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $vdoc])* $variant,)* }

        impl $name {
            /// Every word, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// What the list is, in the words of its doc comment, line by line.
            pub const DESCRIPTION: &'static [&'static str] = &[$($doc,)*];

            /// What the word means, in the words of its doc comment, line by line.
            #[must_use]
            pub fn description(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($vdoc,)*],)* }
            }

            /// The stored and shown form.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The variant of a stored word; a word that is not on the list is a damaged row.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    )*};
}

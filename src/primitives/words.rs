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

            /// Every word.
            #[must_use]
            pub fn all() -> Vec<Self> {
                Self::ALL.to_vec()
            }

            /// The variant of a stored word; a word that is not on the list is a damaged row.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_word(&word).ok_or_else(|| serde::de::Error::custom("no such word"))
            }
        }
    )*};
}

/// A word of a list that grows with the domains: each declares its own, and the whole list is put together where it is
/// shown.
#[derive(Debug)]
pub struct OpenWord {
    /// The stored and shown form.
    pub word: &'static str,
    /// What it means, line by line.
    pub description: &'static [&'static str],
}

/// Declares a domain's words of an open list: a constant each, and the list of them.
#[macro_export]
macro_rules! open_words {
    ($type:ident: $(#[doc = $doc:literal])* $list:ident { $($(#[doc = $vdoc:literal])* $name:ident,)* }) => {
        $(
            $(#[doc = $vdoc])*
            pub const $name: $type =
                $type(&$crate::primitives::words::OpenWord { word: stringify!($name), description: &[$($vdoc,)*] });
        )*
        $(#[doc = $doc])*
        pub const $list: &[$type] = &[$($name,)*];
    };
}

/// Declares the type of an open list's words.
#[macro_export]
macro_rules! open_list {
    ($(#[doc = $doc:literal])* $name:ident) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name(pub &'static $crate::primitives::words::OpenWord);

        impl $name {
            /// What the list is, in the words of its doc comment, line by line.
            pub const DESCRIPTION: &'static [&'static str] = &[$($doc,)*];

            /// The stored and shown form.
            #[must_use]
            pub fn word(self) -> &'static str {
                self.0.word
            }

            /// What the word means, line by line.
            #[must_use]
            pub fn description(self) -> &'static [&'static str] {
                self.0.description
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.word == other.0.word
            }
        }

        impl Eq for $name {}
    };
}

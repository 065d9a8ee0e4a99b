//! What documents are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What documents may be refused for.
    CODES {
        /// The file is empty, or larger than is taken.
        DOCUMENT_SIZE_REFUSED,
        /// Files of this media type are not taken.
        MEDIA_TYPE_REFUSED,
        /// The file is not of the media type that it is said to be of.
        MEDIA_TYPE_MISMATCH,
        /// The document has to be kept: its retention is not over.
        DOCUMENT_RETAINED,
        /// The document has to be kept: a legal hold is on it, or on all of its kind.
        DOCUMENT_ON_LEGAL_HOLD,
    }
}

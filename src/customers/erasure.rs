//! What was erased of a customer, and what was not: why, and until when.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

crate::words! {
    /// What is personal of a customer.
    PersonalData {
        /// The names.
        Names = "NAMES",
        /// The birth date.
        BirthDate = "BIRTH_DATE",
        /// The languages.
        Languages = "LANGUAGES",
        /// Telephones and e-mail addresses.
        ContactPoints = "CONTACT_POINTS",
        /// The numbers by which states know it.
        Identifiers = "IDENTIFIERS",
        /// Your own reference of it.
        ExternalReference = "EXTERNAL_REFERENCE",
        /// What you kept with it, and with its accounts.
        Metadata = "METADATA",
        /// The addresses.
        Addresses = "ADDRESSES",
        /// What its cards had on them: the printed name and what was shown of the number.
        Cards = "CARDS",
        /// What was written to blocks, to applications for limits, to insurances and to purchases: reasons, comments, notes and what was bought.
        Remarks = "REMARKS",
        /// Who paid by its mandates from where.
        Mandates = "MANDATES",
        /// Documents: their names and their content.
        Documents = "DOCUMENTS",
        /// What its entries told of persons: other sides of payments, and messages.
        EntryTexts = "ENTRY_TEXTS",
        /// What went into runs of custom actions on its accounts, what came out, and why they were refused or failed.
        ActionRuns = "ACTION_RUNS",
        /// Messages to it: where they went, and what they said.
        Messages = "MESSAGES",
    }

    /// What is kept of a customer.
    KeptData {
        /// The entries of its accounts: amounts, days, kinds, descriptions and references.
        Entries = "ENTRIES",
        /// The number, which the accounts are kept under.
        Number = "NUMBER",
        /// Who did what when: by ids, without what was said.
        AuditTrail = "AUDIT_TRAIL",
        /// Documents whose time is not over, or that a legal hold is on.
        Documents = "DOCUMENTS",
        /// What went into runs of custom actions on no account, and what came out.
        ActionRuns = "ACTION_RUNS",
    }
}

/// Something that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What.
    pub what: KeptData,
    /// For people.
    pub why: String,
    /// The last day that it has to be kept, where that is known.
    pub until: Option<NaiveDate>,
}

/// What an erasure did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// What is gone.
    pub erased: Vec<PersonalData>,
    /// What is not.
    pub kept: Vec<Kept>,
}

//! A payment that was matched, and in which order what is open is served.

use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, Minor, PaymentMatchId, ReceivableEntryId, ReceivableId};

crate::words! {
    /// In which order a payment serves what is open on a receivable.
    MatchStrategy {
        /// What was booked first comes first, whatever it is.
        OrderedLedgerEntries = "ORDERED_LEDGER_ENTRIES",
        /// Invoice by invoice, each with the fees on it behind it; then what is booked on the account itself.
        InvoicesThenAccount = "ORDERED_INVOICES_WITH_FEES_THEN_ACCOUNT_ENTRIES",
        /// What is booked on the account itself; then invoice by invoice, each with the fees on it behind it.
        AccountThenInvoices = "ACCOUNT_ENTRIES_THEN_ORDERED_INVOICES_WITH_FEES",
        /// Fees of the types that are listed, in that order; then invoices and corrections; last all other fees.
        CustomOrderedFees = "CUSTOM_ORDERED_FEES",
    }
}

/// What is open, as far as its turn hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The entry.
    pub entry: ReceivableEntryId,
    /// Where the entry stands in the order of booking.
    pub booked: i64,
    /// Where its claim stands; none of what is booked on the account itself.
    pub claim: Option<i64>,
    /// The type of a fee; none of what is none.
    pub fee: Option<String>,
}

/// Whose turn it is when. Pure. `fees` are types of fees, for the strategy that has them listed.
#[must_use]
pub fn in_turn(strategy: MatchStrategy, open: &[Opening], fees: &[String]) -> Vec<ReceivableEntryId> {
    let mut turn: Vec<&Opening> = open.iter().collect();
    turn.sort_by_key(|one| {
        let of_account = one.claim.is_none();
        // Of a claim the invoice comes first, and then its fees.
        let in_claim = (one.claim.unwrap_or(i64::MAX), usize::from(one.fee.is_some()));
        let (first, claim, place) = match strategy {
            MatchStrategy::OrderedLedgerEntries => (0, 0, 0),
            MatchStrategy::InvoicesThenAccount => (usize::from(of_account), in_claim.0, in_claim.1),
            MatchStrategy::AccountThenInvoices => (usize::from(!of_account), in_claim.0, in_claim.1),
            MatchStrategy::CustomOrderedFees => match &one.fee {
                None => (1, 0, 0),
                Some(type_) => match fees.iter().position(|listed| listed == type_) {
                    Some(place) => (0, 0, place),
                    None => (2, 0, 0),
                },
            },
        };
        // What is booked on the account itself has an order among itself alone.
        let (claim, place) =
            if of_account && strategy != MatchStrategy::CustomOrderedFees { (0, 0) } else { (claim, place) };
        (first, claim, place, one.booked)
    });
    turn.into_iter().map(|one| one.entry).collect()
}

/// From where each part comes: the sources are drawn on in their order, each to its end. Pure; what the sources have not is
/// left out.
#[must_use]
pub fn drawn<S: Copy, T: Copy>(sources: &[(S, Minor)], parts: &[(T, Minor)]) -> Vec<(S, T, Minor)> {
    let (mut drawn, mut at, mut used) = (Vec::new(), 0, 0);
    for (target, part) in parts {
        let mut rest = part.0;
        while rest > 0
            && let Some((source, has)) = sources.get(at)
        {
            let piece = rest.min(has.0 - used);
            if piece > 0 {
                drawn.push((*source, *target, Minor(piece)));
            }
            (rest, used) = (rest - piece, used + piece);
            if used >= has.0 {
                (at, used) = (at + 1, 0);
            }
        }
    }
    drawn
}

/// A payment that was matched with what is open on a receivable, or what waited there and was matched later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentMatch {
    /// Its id.
    pub id: PaymentMatchId,
    /// Its place in lists.
    pub ordinal: i64,
    /// On which receivable.
    pub receivable: ReceivableId,
    /// Its account in the books.
    pub account: AccountId,
    /// The receivable's.
    pub currency: Currency,
    /// All of it.
    pub amount: Minor,
    /// What of it went to what was open; the rest waits on the account.
    pub matched: Minor,
    /// In which order.
    pub strategy: MatchStrategy,
    /// Who brought it; none of what had waited.
    pub provider: Option<String>,
    /// What the provider calls it.
    pub tracking_id: Option<String>,
    /// Both, as they are found together.
    pub tracking: Option<String>,
    /// What it carried.
    pub payment_reference: Option<String>,
    /// What was booked: a payment for each part, and one for what waits.
    pub entries: Vec<ReceivableEntryId>,
    /// A JSON object, as text.
    pub metadata: String,
    /// When it was matched.
    pub created_at: Micros,
}

/// What a provider's tracking id is found by. Without a provider, it is one among those that have none.
#[must_use]
pub fn tracking(provider: Option<&str>, tracking_id: &str) -> String {
    let provider = provider.unwrap_or_default();
    format!("{}:{provider}:{tracking_id}", provider.len())
}

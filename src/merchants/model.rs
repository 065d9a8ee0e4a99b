//! Contracts, payments and what these are made of.

use chrono::{Datelike as _, Days, Months, NaiveDate};
use rust_decimal::Decimal;

use crate::accounts::bank::BankAccount;
use crate::ledger::amounts::share_of;
use crate::primitives::clock::Micros;
use crate::primitives::{
    Currency, EntryId, MerchantContractId, MerchantPaymentId, MerchantTransactionId, Minor, PartyId, text,
};
use crate::refused::{Refused, check_reference};

crate::words! {
    /// How often a merchant is paid.
    MerchantCycle {
        /// When somebody asks for it.
        ByHand = "BY_HAND",
        /// With each business day.
        Daily = "DAILY",
        /// With the first business day that ends a Sunday or later.
        Weekly = "WEEKLY",
        /// With the first business day that ends a month or later.
        Monthly = "MONTHLY",
    }

    /// Where a payment to a merchant is.
    MerchantPaymentState {
        /// What is cleared comes to it.
        Open = "OPEN",
        /// It is paid.
        Paid = "PAID",
    }

    /// What a merchant's transaction is.
    MerchantTransactionKind {
        /// Something was bought.
        Purchase = "PURCHASE",
        /// The merchant gave something back.
        Refund = "REFUND",
        /// A purchase or a refund was reversed, or a part of it.
        Reversal = "REVERSAL",
    }
}

impl MerchantPaymentState {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Paid],
            Self::Paid => &[],
        }
    }
}

impl MerchantCycle {
    /// The day at whose end it is paid next, for a contract of a day, or after it was paid on one.
    #[must_use]
    pub fn next_after(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::ByHand => None,
            Self::Daily => day.checked_add_days(Days::new(1)),
            Self::Weekly => {
                let left = 7 - u64::from(day.weekday().num_days_from_monday());
                // The Sunday after the day: of a Sunday the next one.
                day.checked_add_days(Days::new(if left == 1 { 7 } else { left - 1 }))
            }
            Self::Monthly => {
                let ends = |day: NaiveDate| day.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt();
                let this = ends(day)?;
                if this > day { Some(this) } else { ends(this.succ_opt()?) }
            }
        }
    }
}

/// That a party is paid what was bought from it with cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantContract {
    /// Its id.
    pub id: MerchantContractId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Who is paid.
    pub party: PartyId,
    /// What acquirers call it: one contract of a currency at a time.
    pub merchant: String,
    /// The currency and what acquirers call it, until it is ended.
    pub standing: Option<String>,
    /// What people call it.
    pub name: String,
    /// What is paid to it.
    pub currency: Currency,
    /// What is kept of a purchase, in percent of it.
    pub fee_pct: Decimal,
    /// What is kept of a purchase besides.
    pub fee_fixed: Minor,
    /// How often it is paid.
    pub cycle: MerchantCycle,
    /// The day at whose end it is paid next, by its cycle.
    pub next_on: Option<NaiveDate>,
    /// Where to.
    pub bank_account: BankAccount,
    /// The payment that is not made yet.
    pub open: Option<MerchantPaymentId>,
    /// When it was created.
    pub created_at: Micros,
    /// The business date on which it was ended: nothing comes to it any more, and what is open is paid.
    pub ended_on: Option<NaiveDate>,
}

impl MerchantContract {
    /// What is unique while it is not ended.
    #[must_use]
    pub fn standing_of(currency: Currency, merchant: &str) -> String {
        format!("{currency}:{merchant}")
    }

    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        check_reference("merchantId", Some(&self.merchant))?;
        text::required(&self.name, 200).map_err(|problem| Refused::invalid("name", problem.to_string()))?;
        let rate = self.fee_pct.normalize();
        if rate < Decimal::ZERO || rate > Decimal::ONE_HUNDRED || rate.scale() > 4 {
            let message = "a percentage from 0 to 100, with at most four decimals";
            return Err(Refused::invalid("feePct", message));
        }
        if self.fee_fixed.0 < 0 {
            return Err(Refused::invalid("feeFixed", "must not be negative"));
        }
        Ok(self)
    }

    /// What is kept of a purchase: rounded to the nearest minor unit, a half away from zero, and never more than it.
    #[must_use]
    pub fn fee_of(&self, purchase: Minor) -> Minor {
        let fee = share_of(purchase, self.fee_pct).0.saturating_add(self.fee_fixed.0);
        Minor(fee.min(purchase.0))
    }
}

/// What a merchant is paid at once, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantPayment {
    /// Its id.
    pub id: MerchantPaymentId,
    /// Its place in lists.
    pub ordinal: i64,
    /// By which contract.
    pub contract: MerchantContractId,
    /// To whom.
    pub party: PartyId,
    /// In which currency.
    pub currency: Currency,
    /// Where it is.
    pub state: MerchantPaymentState,
    /// The amounts of its transactions.
    pub gross: Minor,
    /// What is kept of them.
    pub fee: Minor,
    /// How many they are.
    pub transactions: i32,
    /// The business date of the first one.
    pub from: NaiveDate,
    /// The business date of the last one.
    pub through: NaiveDate,
    /// What it was paid with.
    pub entry: Option<EntryId>,
    /// The business date on which it was paid.
    pub paid_on: Option<NaiveDate>,
}

impl MerchantPayment {
    /// What is paid.
    #[must_use]
    pub fn net(&self) -> Minor {
        Minor(self.gross.0 - self.fee.0)
    }

    /// A transaction comes to it.
    pub fn add(&mut self, transaction: &MerchantTransaction) {
        self.gross.0 += transaction.amount.0;
        self.fee.0 += transaction.fee.0;
        self.transactions += 1;
        self.through = transaction.booked_on;
    }
}

/// What was bought from a merchant or given back by it. Its id is that of the entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantTransaction {
    /// Its id.
    pub id: MerchantTransactionId,
    /// Its place in lists.
    pub ordinal: i64,
    /// By which contract.
    pub contract: MerchantContractId,
    /// To whom.
    pub party: PartyId,
    /// Of which payment it is a part.
    pub payment: MerchantPaymentId,
    /// What it is.
    pub kind: MerchantTransactionKind,
    /// In which currency.
    pub currency: Currency,
    /// How much: below zero where it was given back.
    pub amount: Minor,
    /// What is kept of it: below zero where it is given back.
    pub fee: Minor,
    /// The business date on which it was cleared.
    pub booked_on: NaiveDate,
}

impl MerchantTransaction {
    /// The entry that it is.
    #[must_use]
    pub fn entry(&self) -> EntryId {
        EntryId(self.id.0)
    }

    /// The id of an entry's.
    #[must_use]
    pub fn id_of(entry: EntryId) -> MerchantTransactionId {
        MerchantTransactionId(entry.0)
    }

    /// What is kept of a reversal of it, or of a part: its fee goes back with the whole of it.
    #[must_use]
    pub fn fee_back(&self, reversed: Minor) -> Minor {
        if reversed.0.abs() >= self.amount.0.abs() { Minor(-self.fee.0) } else { Minor::ZERO }
    }
}

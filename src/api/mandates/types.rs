//! A mandate, as it is shown.

use async_graphql::{Context, ID, Object, SimpleObject, Union};

use super::super::accounts::{self, Account};
use crate::access::Scope;
use crate::accounts::bank::BankAccount;
use crate::api::call::{Reach, Right};
use crate::api::context::{Caller, caller};
use crate::api::customers::{self, Customer};
use crate::api::enums::{BankAccountClass, MandateAction, MandateScheme, MandateStatus, SequenceType};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime};
use crate::events::history::HistoryOf;
use crate::mandates::store::{self, MandateFilter};
use crate::mandates::{Amendment, Payer, model};
use crate::primitives::MandateId;

/// A mandate in the API.
#[derive(Clone, Debug)]
pub struct Mandate(pub(crate) model::Mandate);

impl Listed for Mandate {
    const LIST: &'static str = "Mandate";
}

impl Mandate {
    /// Of the domain's.
    #[must_use]
    pub fn new(mandate: model::Mandate) -> Self {
        Self(mandate)
    }
}

/// Something that can be done with a mandate.
#[derive(Clone, Debug, SimpleObject)]
pub struct MandatePossible {
    /// Which.
    action: MandateAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

/// What a mandate debits.
#[derive(Clone, Debug, Union)]
pub enum MandatePayer {
    /// A bank account.
    Bank(MandateBankAccount),
    /// A card.
    Card(MandateCard),
}

/// A bank account that a mandate debits.
#[derive(Clone, Debug, SimpleObject)]
pub struct MandateBankAccount {
    /// Whose it is.
    holder_name: Option<String>,
    /// Where it is.
    bank_name: Option<String>,
    /// International.
    iban: Option<String>,
    /// Domestic, or as a provider shows it.
    bank_account_number: Option<String>,
    /// Of a domestic number.
    bank_account_class: Option<BankAccountClass>,
}

/// A card that a mandate debits, as its provider shows it.
#[derive(Clone, Debug, SimpleObject)]
pub struct MandateCard {
    /// Who has issued it.
    card_issuer: String,
    /// The last digits of its number.
    last_digits: String,
    /// Whose it is.
    holder_name: Option<String>,
    /// The month until which it is valid.
    expiry_month: Option<i32>,
    /// The year of that.
    expiry_year: Option<i32>,
    /// Its bank.
    bank_name: Option<String>,
}

impl From<&Payer> for MandatePayer {
    fn from(payer: &Payer) -> Self {
        match payer.clone() {
            Payer::Bank { holder, bank, account, shown } => {
                let (iban, number, class) = match account {
                    Some(BankAccount::Iban(iban)) => (Some(iban), None, None),
                    Some(BankAccount::Domestic(class, number)) => (None, Some(number), Some(class)),
                    None => (None, shown, None),
                };
                Self::Bank(MandateBankAccount {
                    holder_name: holder,
                    bank_name: bank,
                    iban,
                    bank_account_number: number,
                    bank_account_class: class,
                })
            }
            Payer::Card { issuer, last_digits, holder, expiry_month, expiry_year, bank } => Self::Card(MandateCard {
                card_issuer: issuer,
                last_digits,
                holder_name: holder,
                expiry_month: expiry_month.and_then(|month| i32::try_from(month).ok()),
                expiry_year,
                bank_name: bank,
            }),
        }
    }
}

/// What a mandate said before it was amended.
#[derive(Clone, Debug, SimpleObject)]
pub struct MandateAmendment {
    /// The business date on which it was amended.
    amended_on: Date,
    /// The reference that it had until then, where that was amended.
    reference: Option<String>,
    /// What it debited until then, where that was amended.
    payer: Option<MandatePayer>,
    /// How many days before a collection it was announced until then, where that was amended.
    pre_notification_days: Option<i32>,
    /// Why, for people.
    reason: Option<String>,
}

impl From<&Amendment> for MandateAmendment {
    fn from(amendment: &Amendment) -> Self {
        Self {
            amended_on: Date(amendment.on),
            reference: amendment.reference.clone(),
            payer: amendment.payer.as_ref().map(Into::into),
            pre_notification_days: amendment.pre_notification_days.map(Into::into),
            reason: amendment.reason.clone(),
        }
    }
}

/// What a customer has allowed to be collected for an account: from a bank account or a card, by the rules of a scheme or
/// of a provider.
#[Object]
impl Mandate {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is called: by you, or by the provider. Unique in the tenant where a bank's scheme is used, in the account
    /// where a provider is.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// By whose rules is collected.
    async fn scheme(&self) -> MandateScheme {
        self.0.scheme
    }

    /// What the provider is called elsewhere; null where a bank's scheme is used.
    async fn provider_name(&self) -> Option<&str> {
        self.0.scheme.provider()
    }

    /// Where it is in its life, today.
    async fn status(&self, ctx: &Context<'_>) -> Result<MandateStatus, Fault> {
        let caller = caller(ctx)?;
        Ok(self.0.stands(caller.engine.present(caller.tenant()).await?.today))
    }

    /// What can be done with it now, by the token that asks, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<MandatePossible>, Fault> {
        let caller = caller(ctx)?;
        let today = caller.engine.present(caller.tenant()).await?.today;
        let possible = |action: &MandateAction| {
            let reach = if *action == MandateAction::Revoke { Reach::Own } else { Reach::Tenant };
            let reason = Right(Scope::Money, reach).missing(caller).or_else(|| self.0.obstacle(*action, today));
            MandatePossible { action: *action, allowed: reason.is_none(), reason }
        };
        Ok(MandateAction::ALL.iter().map(possible).collect())
    }

    /// What it is for.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        accounts::by_id(caller(ctx)?, self.0.account).await
    }

    /// Who pays. Null for a token that is bound to another customer.
    async fn debtor(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        customers::by_id(caller(ctx)?, self.0.debtor).await
    }

    /// What of the account it is for, in your own words.
    async fn product_references(&self) -> &[String] {
        &self.0.product_references
    }

    /// What it debits; null where the provider shows nothing, and once it is erased.
    async fn payer(&self) -> Option<MandatePayer> {
        self.0.sealed.payer.as_ref().map(Into::into)
    }

    /// What it said before it was amended, oldest first.
    async fn amendments(&self) -> Vec<MandateAmendment> {
        self.0.sealed.amendments.iter().map(Into::into).collect()
    }

    /// Whether it is for one collection alone.
    async fn one_off(&self) -> bool {
        self.0.one_off
    }

    /// The day on which it was signed, or else registered.
    async fn signed_on(&self) -> Date {
        Date(self.0.signed_on)
    }

    /// How many days before a collection it is announced.
    async fn pre_notification_days(&self) -> i32 {
        self.0.pre_notification_days.into()
    }

    /// How many collections were made by it, without those that came to nothing before they were paid.
    async fn uses(&self) -> i32 {
        i32::try_from(self.0.uses).unwrap_or(i32::MAX)
    }

    /// The place of the collection that was made last among those by it.
    async fn sequence(&self) -> Option<SequenceType> {
        self.0.sequence
    }

    /// The place that the next one will have.
    async fn next_sequence(&self) -> SequenceType {
        self.0.next_sequence(false)
    }

    /// The day for which a collection was presented last.
    async fn last_used_on(&self) -> Option<Date> {
        self.0.last_used_on.map(Date)
    }

    /// The day from which on it has lapsed unless it is used before: of SEPA's mandates, 36 months after the collection
    /// that was presented last.
    async fn lapses_on(&self) -> Option<Date> {
        self.0.lapses_on.map(Date)
    }

    /// Why it was suspended or revoked, for people.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// When it was registered.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was revoked, or noted as lapsed.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }
}

/// A mandate by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: MandateId) -> Result<Option<Mandate>, Fault> {
    let Some(mandate) = caller.loaders.row::<model::Mandate>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, mandate.account).await?.map(|_| Mandate(mandate)))
}

/// Mandates, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(caller: &Caller, filter: &MandateFilter, args: &PageArgs) -> Result<Connection<Mandate>, Fault> {
    let window = Window::<Ordinal<model::Mandate>>::new(args)?;
    let today = caller.engine.present(caller.tenant()).await?.today;
    let rows = store::list(caller.db(), caller.tenant(), filter, today, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Mandate))
}

//! Making a contract: which model it is by, who pays, what the plan is.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::store::{EXTERNAL_REFERENCE, OF_MSISDN, OPEN_OF_CUSTOMER};
use super::{ContractState, Instalment, InstalmentContract, MOST, msisdn, msisdn_id, require_channel};
use crate::accounts::{Account, AccountBy, Family, Product};
use crate::cards::CardBy;
use crate::customers::{Customer, CustomerBy};
use crate::instalments::events::{INSTALMENT_CONTRACT_CREATED, of_contract};
use crate::instalments::models::store::OF_CARD_PRODUCT;
use crate::instalments::models::{InstalmentModel, InstalmentModelBy, SMS};
use crate::instalments::refusals::NO_INSTALMENT_MODEL;
use crate::ledger::amounts::positive;
use crate::ledger::refusal::{CURRENCY_MISMATCH, LIMIT_EXCEEDED};
use crate::primitives::{Currency, InstalmentContractId, Minor, Money};
use crate::refused::{Facts, Refused, check_reference};
use crate::work::numbers::insert_made;
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// Makes a contract.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateInstalmentContract {
    /// By which model; derived from the card and the credit when absent.
    pub model: Option<InstalmentModelBy>,
    /// How much is lent.
    pub credit: Money,
    /// What it is paid out to.
    pub receiving: AccountBy,
    /// What pays the instalments.
    pub paying: AccountBy,
    /// Whose it is; the accounts' owner where the channel is SMS.
    pub customer: Option<CustomerBy>,
    /// By which channel it comes.
    pub channel: String,
    /// In how many instalments; as the model says when absent.
    pub terms: Option<u32>,
    /// When the first one is due; as the model says when absent.
    pub first_due: Option<NaiveDate>,
    /// The card that a model is derived from; the paying account's cards when absent.
    pub card: Option<CardBy>,
    /// The telephone number that it comes from.
    pub msisdn: Option<String>,
    /// The tenant's own reference.
    pub external_reference: Option<String>,
}

impl Command for CreateInstalmentContract {
    const OPERATION: &'static str = "createInstalmentContract";
    type Made = InstalmentContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.receiving.hint(wants);
        self.paying.hint(wants);
        if let Some(customer) = &self.customer {
            customer.hint(wants);
        }
        if let Some(model) = &self.model {
            model.hint(wants);
        }
        if let Some(card) = &self.card {
            card.hint(wants);
        }
        if let Some(reference) = &self.external_reference {
            wants.unique::<InstalmentContract>(&EXTERNAL_REFERENCE, reference);
        }
    }

    /// Refused as: `NOT_FOUND` (receiving account, paying account, customer, card, model), `INVALID_INPUT` for the channel,
    /// the telephone number, and accounts that are not the customer's or take part in no instalments, `ACCOUNT_NOT_OPEN`,
    /// `NO_INSTALMENT_MODEL` or what the model does not take (`INVALID_STATE`, `INVALID_INPUT`, `CURRENCY_MISMATCH`,
    /// `AMOUNT_OUT_OF_RANGE`), `LIMIT_EXCEEDED`, `DUPLICATE_REFERENCE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InstalmentContract>> {
        let receiving = self.receiving.locate(work, "receivingAccount")?;
        let paying = self.paying.locate(work, "payingAccount")?;
        let customer = self.customer(work, &paying)?;
        let credit = positive("credit", self.credit)?;
        check_reference("channel", Some(&self.channel))?;
        check_reference("externalReference", self.external_reference.as_deref())?;
        let msisdn = self.msisdn.as_deref().map(msisdn).transpose()?;
        if self.channel == SMS {
            if msisdn.is_none() {
                return Err(Refused::invalid("msisdn", "say from which telephone number it comes").into());
            }
            if receiving.id != paying.id {
                let message = "by SMS, the receiving account is the one that pays";
                return Err(Refused::invalid("receivingAccount", message).into());
            }
        }
        require_account(work, &receiving, customer.id, self.credit.currency, "receivingAccount")?;
        require_account(work, &paying, customer.id, self.credit.currency, "payingAccount")?;
        let model = self.model(work, &paying, credit)?;
        let today = work.today();
        let (count, first) = (model.count(self.terms)?, model.first_due(self.first_due, today)?);
        let plan = model.plan(credit, count, first).map_err(|no| Refused::invalid("terms", no.to_string()))?;
        require_few(work, &model, &customer)?;
        if let Some(msisdn) = &msisdn {
            let others = work.all::<InstalmentContract, InstalmentContract>(OF_MSISDN, msisdn_id(msisdn))?;
            if others.len() >= MOST {
                return Err(too_many("msisdn", MOST, "contracts of a telephone number wait to be activated").into());
            }
        }
        let id = work.id::<InstalmentContractId>();
        let mut contract = InstalmentContract {
            id,
            ordinal: work.ordinal(),
            reference: String::new(),
            external_reference: self.external_reference.clone(),
            model: model.id,
            customer: customer.id,
            receiving: receiving.id,
            paying: paying.id,
            account: None,
            state: ContractState::Created,
            currency: model.currency,
            channel: self.channel.clone(),
            msisdn,
            contracted_on: today,
            activated_on: None,
            ended_on: None,
            terms: plan.terms.clone(),
            posting: model.posting,
            interest: Minor::ZERO,
            level: Minor::ZERO,
            regular: Minor::ZERO,
            next_number: 1,
            next_due: None,
            last_number: count,
            principal_posted: Minor::ZERO,
            interest_posted: Minor::ZERO,
            fee_posted: Minor::ZERO,
            payout: None,
            settled_by: None,
            created_at: work.now(),
        };
        contract.take(plan.terms, &plan.schedule);
        let contract = insert_made(work, &["reference"], |work, attempt| {
            let reference = format!("{:012}", (id.0.as_u128() + attempt * 7_919) % 1_000_000_000_000);
            work.insert(InstalmentContract { reference, ..contract.clone() })
        })?;
        for line in plan.schedule.lines {
            work.insert(Instalment::planned(id, line))?;
        }
        work.tell(of_contract(INSTALMENT_CONTRACT_CREATED, &contract));
        Ok(contract)
    }

    fn weight(&self) -> usize {
        4 + self.terms.unwrap_or(36) as usize
    }

    fn amount(&self, _contract: &InstalmentContract) -> Option<Money> {
        Some(self.credit)
    }
}

impl CreateInstalmentContract {
    fn customer(&self, work: &mut Work, paying: &Account) -> Decision<Arc<Customer>> {
        match &self.customer {
            Some(by) => by.locate(work, "customer"),
            None if self.channel == SMS => CustomerBy::Id(paying.owner).locate(work, "payingAccount"),
            None => Err(Refused::invalid("customer", "say whose it is: only by SMS, the account tells").into()),
        }
    }

    /// The model that is named, or the oldest in use for the card's product that takes the contract.
    fn model(&self, work: &mut Work, paying: &Account, credit: Minor) -> Decision<Arc<InstalmentModel>> {
        let product = match &self.card {
            None => paying.product,
            Some(by) => {
                let card = by.locate(work, "card")?;
                let account = work.get::<Account>(card.account)?;
                account.ok_or_else(|| Stop::damaged("a card without its account"))?.product
            }
        };
        let currency = self.credit.currency;
        if let Some(by) = &self.model {
            let model = by.locate(work, "model")?;
            model.require_active("model")?;
            model.require_lends("credit", credit, currency)?;
            require_channel(&model, &self.channel)?;
            if self.card.is_some() && model.card_product.is_some_and(|own| own != product) {
                return Err(Refused::invalid("card", "the model is for the cards of another product").into());
            }
            return Ok(model);
        }
        let models = work.all::<InstalmentModel, Product>(OF_CARD_PRODUCT, product)?;
        let takes = |model: &InstalmentModel| {
            model.takes(&self.channel) && model.require_lends("credit", credit, currency).is_ok()
        };
        models.into_iter().find(|model| takes(model)).ok_or_else(|| {
            let message = "no model is in use that takes this credit, channel and card: name one";
            Refused::of_field(NO_INSTALMENT_MODEL, "credit", message).into()
        })
    }
}

/// That an account can take part: it is the customer's, of a family that is bought or paid with, in the credit's currency,
/// and not closed.
pub(super) fn require_account(
    work: &mut Work,
    account: &Account,
    customer: crate::primitives::CustomerId,
    currency: Currency,
    field: &str,
) -> Decision<()> {
    if account.owner != customer {
        return Err(Refused::invalid(field, "the account is not the customer's").into());
    }
    if !matches!(account.family, Family::Card | Family::RevolvingCredit | Family::Deposit) {
        let message = "must be a card, revolving credit or deposit account";
        return Err(Refused::invalid(field, message).into());
    }
    if account.currency != currency {
        let message = format!("the account is in {}", account.currency);
        return Err(Refused::of_field(CURRENCY_MISMATCH, field, message).into());
    }
    work.position(account.id)?.require_not_closed().map_err(Stop::from).named(&[(account.id, field)])
}

/// That the customer may have one more: of all models, and of this one, at once and of today.
fn require_few(work: &mut Work, model: &InstalmentModel, customer: &Customer) -> Decision<()> {
    let today = work.today();
    let open = work.all::<InstalmentContract, Customer>(OPEN_OF_CUSTOMER, customer.id)?;
    let of_model = || open.iter().filter(|contract| contract.model == model.id);
    let of_today = of_model().filter(|contract| contract.contracted_on == today).count();
    let caps = [
        (open.len(), Some(MOST), "contracts are open at once"),
        (of_model().count(), model.maximum_per_customer.map(|most| most as usize), "contracts of the model are open"),
        (of_today, model.maximum_per_day.map(|most| most as usize), "open contracts of the model are of one day"),
    ];
    for (there, most, what) in caps {
        if let Some(most) = most.filter(|most| there >= *most) {
            return Err(too_many("customer", most, what).into());
        }
    }
    Ok(())
}

/// `LIMIT_EXCEEDED`, with how many there may be.
pub(super) fn too_many(field: &str, most: usize, what: &str) -> Refused {
    let facts = Box::new(Facts { maximum_count: i32::try_from(most).ok(), ..Facts::default() });
    Refused { facts, ..Refused::of_field(LIMIT_EXCEEDED, field, format!("at most {most} {what}")) }
}

//! Anything that has an id, by that id.

use std::borrow::Cow;

use async_graphql::indexmap::{IndexMap, IndexSet};
use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaField, MetaType, MetaTypeId, Registry};
use async_graphql::resolver_utils::{ContainerType, Fields, resolve_container};
use async_graphql::{Context, ContextSelectionSet, ID, InterfaceType, OutputType, Positioned, ServerResult, Value};

use super::accounts::families;
use super::books::reports::{self as books, AuditRecord, LedgerAccount};
use super::context::Caller;
use super::fault::Fault;
use crate::api::accounts::{self as accounts, Account, Product};
use crate::api::actions::{self as custom, ActionRun, CustomAction};
use crate::api::applications::{self, LimitApplication};
use crate::api::approvals::{self, Approval};
use crate::api::blocks::{self, Block};
use crate::api::books::{self as ledger, Entry, Hold, TRANSACTION_PREFIX, Transaction};
use crate::api::cards::chargebacks::{self, Chargeback};
use crate::api::cards::{self, Card};
use crate::api::collections::{self as claims, Claim, Receivable};
use crate::api::customers::addresses::{self, Address};
use crate::api::customers::{self as customers, Customer};
use crate::api::debits::{self, DirectDebit};
use crate::api::documents::{self, Document};
use crate::api::dues::{self, Due};
use crate::api::instalments::contracts::{self as instalment_contracts, InstalmentContract};
use crate::api::instalments::models::{self as instalment_models, InstalmentModel};
use crate::api::insurance::{self, InsuranceContract, InsurancePackage};
use crate::api::investments::{self, InvestmentBid, InvestmentOffer};
use crate::api::jobs::{self, Job};
use crate::api::leasing::{self, LeaseInstalment, LeasePlan, Respite, Termination};
use crate::api::mandates::{self, Mandate};
use crate::api::merchants::{self, MerchantContract, MerchantPayment};
use crate::api::messages::{self, Message};
use crate::api::mirrors::{self, AccountRefresh};
use crate::api::parties::{self, Party};
use crate::api::payments::credit_transfers::{self, CreditTransfer};
use crate::api::payments::providers::{self, ProviderPayment};
use crate::api::recurring::{self, DebitConsent, PaymentOrder, RecurringPayment};
use crate::api::tenants::{self, BusinessDay, Tenant};
use crate::api::webhooks::{self, Webhook, WebhookDelivery};
use crate::events::history::HistoryOf;
use crate::primitives::{
    AccountId, ActionRunId, AddressId, ApprovalId, AuditId, BlockId, BusinessDayId, CardId, ChargebackId, ClaimId,
    CreditTransferId, CustomActionId, CustomerId, DebitConsentId, DirectDebitId, DocumentId, DueId, EntryId, HoldId,
    InstalmentContractId, InstalmentModelId, InsuranceContractId, InsurancePackageId, InvestmentBidId,
    InvestmentOfferId, JobId, LeaseInstalmentId, LeasePlanId, LedgerAccountId, LimitApplicationId, MandateId,
    MerchantContractId, MerchantPaymentId, MessageId, PartyId, PaymentOrderId, ProductId, ProviderPaymentId,
    ReceivableId, RecurringPaymentId, RefreshId, RespiteId, TenantId, TerminationId, WebhookDeliveryId, WebhookId,
};

/// The interface's name.
const INTERFACE: &str = "Node";

/// The interface by hand: a derived one would take the interface `Account` for one of its object types. A fragment's
/// fields are collected by the thing itself, so that they resolve as fields of its own type.
macro_rules! node {
    ($($type:ident,)*) => {
        /// Whatever has an id.
        pub enum Node { $(#[doc = concat!("See [`", stringify!($type), "`].")] $type($type),)* }

        $(impl From<$type> for Node {
            fn from(thing: $type) -> Self {
                Self::$type(thing)
            }
        })*

        impl OutputType for Node {
            fn type_name() -> Cow<'static, str> {
                INTERFACE.into()
            }

            fn introspection_type_name(&self) -> Cow<'static, str> {
                match self { $(Self::$type(thing) => thing.introspection_type_name(),)* }
            }

            fn create_type_info(registry: &mut Registry) -> String {
                registry.create_output_type::<Self, _>(MetaTypeId::Interface, |registry| {
                    let mut objects = IndexSet::new();
                    $(
                        $type::create_type_info(registry);
                        registry.add_implements(&$type::type_name(), INTERFACE);
                        objects.insert($type::type_name().into_owned());
                    )*
                    interface(registry, objects)
                })
            }

            async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
                resolve_container(ctx, self).await
            }
        }

        impl ContainerType for Node {
            async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
                match self { $(Self::$type(thing) => thing.resolve_field(ctx).await,)* }
            }

            fn collect_all_fields<'a>(
                &'a self,
                ctx: &ContextSelectionSet<'a>,
                fields: &mut Fields<'a>,
            ) -> ServerResult<()> {
                match self { $(Self::$type(thing) => thing.collect_all_fields(ctx, fields),)* }
            }
        }

        impl InterfaceType for Node {}
    };
}

node! {
    Account,
    AccountRefresh,
    ActionRun,
    Address,
    Approval,
    AuditRecord,
    Block,
    BusinessDay,
    Card,
    Chargeback,
    Claim,
    CreditTransfer,
    CustomAction,
    Customer,
    DirectDebit,
    DebitConsent,
    Document,
    Due,
    Entry,
    Hold,
    InsuranceContract,
    InsurancePackage,
    InstalmentContract,
    InstalmentModel,
    InvestmentBid,
    InvestmentOffer,
    Job,
    LeaseInstalment,
    LeasePlan,
    LedgerAccount,
    LimitApplication,
    Mandate,
    MerchantContract,
    MerchantPayment,
    Message,
    Party,
    PaymentOrder,
    Product,
    ProviderPayment,
    Receivable,
    RecurringPayment,
    Respite,
    Tenant,
    Termination,
    Transaction,
    Webhook,
    WebhookDelivery,
}

impl Node {
    /// Where its history is found. Each kind of node says so here, so that none is forgotten; none of what is a record of
    /// a history itself, or whose entries have one, or of which nothing is told in the log; those of addresses,
    /// blocks, dues, recurring payments, instalments of leases, respites, terminations and applications are in those of whom
    /// they are of.
    #[must_use]
    pub fn history(&self, id: &ID) -> Option<HistoryOf> {
        match self {
            Self::Account(_) => id.parse().ok().map(HistoryOf::Account),
            Self::Entry(_) => id.parse().ok().map(HistoryOf::Entry),
            Self::Tenant(_) => id.parse().ok().map(HistoryOf::Tenant),
            Self::AccountRefresh(_)
            | Self::ActionRun(_)
            | Self::Approval(_)
            | Self::BusinessDay(_)
            | Self::Card(_)
            | Self::Chargeback(_)
            | Self::Claim(_)
            | Self::CustomAction(_)
            | Self::Customer(_)
            | Self::CreditTransfer(_)
            | Self::DirectDebit(_)
            | Self::Document(_)
            | Self::Hold(_)
            | Self::InsuranceContract(_)
            | Self::InsurancePackage(_)
            | Self::InstalmentContract(_)
            | Self::InstalmentModel(_)
            | Self::InvestmentBid(_)
            | Self::InvestmentOffer(_)
            | Self::Job(_)
            | Self::LeasePlan(_)
            | Self::Mandate(_)
            | Self::MerchantContract(_)
            | Self::MerchantPayment(_)
            | Self::Message(_)
            | Self::Party(_)
            | Self::Product(_)
            | Self::ProviderPayment(_)
            | Self::Receivable(_)
            | Self::Webhook(_) => Some(HistoryOf::Thing(id.0.clone())),
            Self::Address(_)
            | Self::AuditRecord(_)
            | Self::Block(_)
            | Self::DebitConsent(_)
            | Self::Due(_)
            | Self::LeaseInstalment(_)
            | Self::LedgerAccount(_)
            | Self::LimitApplication(_)
            | Self::PaymentOrder(_)
            | Self::RecurringPayment(_)
            | Self::Respite(_)
            | Self::Termination(_)
            | Self::Transaction(_)
            | Self::WebhookDelivery(_) => None,
        }
    }
}

/// The interface's description, with the nine families in the place of `Account`.
fn interface(registry: &mut Registry, mut objects: IndexSet<String>) -> MetaType {
    objects.shift_remove(&*Account::type_name());
    for name in families::names() {
        registry.add_implements(&name, INTERFACE);
        objects.insert(name.into_owned());
    }
    let mut id = MetaField::new("id", <ID as OutputType>::create_type_info(registry));
    id.description = Some("Opaque, and unique across the API.".into());
    MetaType::Interface {
        name: INTERFACE.into(),
        description: Some("Whatever has an id.".into()),
        fields: IndexMap::from([("id".to_owned(), id)]),
        possible_types: objects,
        extends: false,
        keys: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: Some(std::any::type_name::<Node>()),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// What has this id, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn find(caller: &Caller, id: &ID) -> Result<Option<Node>, Fault> {
    macro_rules! parsed {
        ($find:path) => {
            match id.parse() {
                Ok(id) => $find(caller, id).await?.map(Node::from),
                Err(_) => None,
            }
        };
    }
    let prefix = id.split_once('_').map_or("", |(prefix, _)| prefix);
    let found = match prefix {
        AccountId::PREFIX => parsed!(accounts::by_id),
        AddressId::PREFIX => parsed!(addresses::by_id),
        ActionRunId::PREFIX => parsed!(custom::run_by_id),
        ApprovalId::PREFIX => parsed!(approvals::by_id),
        AuditId::PREFIX => parsed!(books::audit_record_by_id),
        BlockId::PREFIX => parsed!(blocks::by_id),
        BusinessDayId::PREFIX => parsed!(tenants::day_by_id),
        CardId::PREFIX => parsed!(cards::by_id),
        ChargebackId::PREFIX => parsed!(chargebacks::chargeback_by_id),
        ClaimId::PREFIX => parsed!(claims::claim_by_id),
        CustomActionId::PREFIX => parsed!(custom::by_id),
        CustomerId::PREFIX => parsed!(customers::by_id),
        CreditTransferId::PREFIX => parsed!(credit_transfers::by_id),
        DirectDebitId::PREFIX => parsed!(debits::by_id),
        DebitConsentId::PREFIX => parsed!(recurring::consent_by_id),
        DocumentId::PREFIX => parsed!(documents::by_id),
        DueId::PREFIX => parsed!(dues::by_id),
        EntryId::PREFIX => parsed!(ledger::by_id),
        HoldId::PREFIX => parsed!(ledger::hold_by_id),
        InsuranceContractId::PREFIX => parsed!(insurance::contracts::by_id),
        InsurancePackageId::PREFIX => parsed!(insurance::packages::by_id),
        InstalmentContractId::PREFIX => parsed!(instalment_contracts::by_id),
        InstalmentModelId::PREFIX => parsed!(instalment_models::by_id),
        InvestmentBidId::PREFIX => parsed!(investments::bids::by_id),
        InvestmentOfferId::PREFIX => parsed!(investments::offers::by_id),
        JobId::PREFIX => parsed!(jobs::by_id),
        LeaseInstalmentId::PREFIX => parsed!(leasing::instalment_by_id),
        LeasePlanId::PREFIX => parsed!(leasing::plan_by_id),
        LedgerAccountId::PREFIX => parsed!(books::ledger_account_by_id),
        LimitApplicationId::PREFIX => parsed!(applications::by_id),
        MandateId::PREFIX => parsed!(mandates::by_id),
        MerchantContractId::PREFIX => parsed!(merchants::types::contract_by_id),
        MerchantPaymentId::PREFIX => parsed!(merchants::types::payment_by_id),
        MessageId::PREFIX => parsed!(messages::by_id),
        PartyId::PREFIX => parsed!(parties::by_id),
        PaymentOrderId::PREFIX => parsed!(recurring::order_by_id),
        ProductId::PREFIX => parsed!(accounts::product_by_id),
        ProviderPaymentId::PREFIX => parsed!(providers::payment_by_id),
        ReceivableId::PREFIX => parsed!(claims::receivable_by_id),
        RecurringPaymentId::PREFIX => parsed!(recurring::by_id),
        RespiteId::PREFIX => parsed!(leasing::respite_by_id),
        TerminationId::PREFIX => parsed!(leasing::termination_by_id),
        RefreshId::PREFIX => parsed!(mirrors::by_id),
        WebhookDeliveryId::PREFIX => parsed!(webhooks::delivery_by_id),
        WebhookId::PREFIX => parsed!(webhooks::by_id),
        TenantId::PREFIX => parsed!(tenants::by_id),
        TRANSACTION_PREFIX => ledger::transaction_by_id(caller, id).await?.map(Node::from),
        _ => None,
    };
    Ok(found)
}

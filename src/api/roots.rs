//! The roots of the schema, merged from the domains' parts. A domain adds its own here.
//!
//! Mutations are verbs that take one `input` and answer with a success or a refusal; their fields are nullable, so that a
//! fault never hides what else an answer says. Questions take the scope `read` and answer with what the token may see;
//! what it may not see is absent, as if it did not exist.

use async_graphql::MergedObject;

use super::accounts::mutations::AccountMutation;
use super::accounts::participants::ParticipantMutation;
use super::accounts::product_mutations::ProductMutation;
use super::accounts::queries::AccountQuery;
use super::actions::{ActionMutation, ActionQuery};
use super::applications::{LimitApplicationMutation, LimitApplicationQuery};
use super::approvals::{ApprovalMutation, ApprovalQuery};
use super::billing::{BillingMutation, BillingQuery};
use super::blocks::{BlockMutation, BlockQuery};
use super::books::queries::BooksQuery;
use super::cards::authorisations::AuthorisationMutation;
use super::cards::chargebacks::{ChargebackMutation, ChargebackQuery};
use super::cards::clearings::ClearingMutation;
use super::cards::mutations::CardMutation;
use super::cards::queries::CardQuery;
use super::collections::changes::ReceivableChanges;
use super::collections::claims::ClaimMutation;
use super::collections::journeys::{JourneyMutation, StrategyQuery};
use super::collections::matching::MatchMutation;
use super::collections::pages::PageMutation;
use super::collections::promises::PromiseMutation;
use super::collections::queries::CollectionQuery;
use super::collections::receivables::ReceivableMutation;
use super::collections::triggers::TriggerMutation;
use super::customers::addresses::mutations::AddressMutation;
use super::customers::addresses::queries::AddressQuery;
use super::customers::mutations::CustomerMutation;
use super::customers::persons::PersonMutation;
use super::customers::queries::CustomerQuery;
use super::debits::mutations::DirectDebitMutation;
use super::debits::queries::DirectDebitQuery;
use super::documents::mutations::DocumentMutation;
use super::documents::queries::DocumentQuery;
use super::documents::receivables::ReceivableDocumentMutation;
use super::dues::DueMutation;
use super::events::queries::EventQuery;
use super::history::HistoryQuery;
use super::history_codes::{HistoryCodesMutation, HistoryCodesQuery};
use super::identification::{IdentificationMutation, IdentificationQuery, OverviewQuery};
use super::instalments::{
    InstalmentContractMutation, InstalmentContractQuery, InstalmentModelMutation, InstalmentModelQuery, SimulationQuery,
};
use super::insurance::{InsuranceMutation, InsurancePackageMutation, InsurancePackageQuery, InsuranceQuery};
use super::investments::{InvestmentMutation, InvestmentOfferMutation, InvestmentQuery};
use super::jobs::{JobMutation, JobQuery};
use super::leasing::{LeaseMutation, LeasingQuery, TerminationMutation};
use super::mandates::mutations::MandateMutation;
use super::mandates::queries::MandateQuery;
use super::merchants::{MerchantMutation, MerchantQuery};
use super::messages::mutations::MessageMutation;
use super::messages::queries::MessageQuery;
use super::mirrors::MirrorMutation;
use super::parties::{PartyMutation, PartyQuery};
use super::payments::credit_transfers::{CreditTransferMutation, CreditTransferQuery};
use super::payments::holds::HoldMutation;
use super::payments::loads::LoadMutation;
use super::payments::movements::MovementMutation;
use super::payments::provider_mutations::ProviderMutation;
use super::payments::providers::ProviderQuery;
use super::payments::receipts::ReceiptMutation;
use super::payments::remittances::RemittanceMutation;
use super::payments::returns::ReturnMutation;
use super::payments::schemes::SchemeMutation;
use super::printing::{PrintDocumentMutation, PrintMutation, PrintQuery};
use super::purchases::{PurchaseMutation, PurchaseQuery, PurchaseTermsMutation};
use super::query::CommonQuery;
use super::recurring::mutations::RecurringMutation;
use super::recurring::orders::PaymentOrderQuery;
use super::tenants::{TenantMutation, TenantQuery};
use super::webhooks::{WebhookMutation, WebhookQuery};

/// Everything that can be read. Scope: read.
#[derive(Default, MergedObject)]
pub struct Query(
    CommonQuery,
    TenantQuery,
    WebhookQuery,
    ActionQuery,
    PartyQuery,
    CustomerQuery,
    AddressQuery,
    AccountQuery,
    CardQuery,
    ChargebackQuery,
    BlockQuery,
    CollectionQuery,
    LimitApplicationQuery,
    InsurancePackageQuery,
    InsuranceQuery,
    InvestmentQuery,
    MerchantQuery,
    ProviderQuery,
    PaymentOrderQuery,
    BillingQuery,
    BooksQuery,
    DocumentQuery,
    PrintQuery,
    MessageQuery,
    StrategyQuery,
    EventQuery,
    HistoryQuery,
    HistoryCodesQuery,
    InstalmentModelQuery,
    InstalmentContractQuery,
    SimulationQuery,
    LeasingQuery,
    JobQuery,
    ApprovalQuery,
    MandateQuery,
    DirectDebitQuery,
    CreditTransferQuery,
    PurchaseQuery,
    IdentificationQuery,
    OverviewQuery,
);

/// Everything that changes something. One per operation; bulk work takes list inputs.
#[derive(Default, MergedObject)]
pub struct Mutation(
    TenantMutation,
    WebhookMutation,
    ActionMutation,
    PartyMutation,
    CustomerMutation,
    PersonMutation,
    AddressMutation,
    ProductMutation,
    AccountMutation,
    CardMutation,
    AuthorisationMutation,
    ClearingMutation,
    ChargebackMutation,
    ParticipantMutation,
    BlockMutation,
    ReceivableMutation,
    ReceivableChanges,
    MatchMutation,
    PromiseMutation,
    TriggerMutation,
    ClaimMutation,
    LimitApplicationMutation,
    InsurancePackageMutation,
    InsuranceMutation,
    InvestmentOfferMutation,
    InvestmentMutation,
    MirrorMutation,
    MerchantMutation,
    DueMutation,
    RecurringMutation,
    BillingMutation,
    MovementMutation,
    LoadMutation,
    HoldMutation,
    DocumentMutation,
    PrintMutation,
    PrintDocumentMutation,
    ReceivableDocumentMutation,
    MessageMutation,
    JourneyMutation,
    PageMutation,
    ReceiptMutation,
    ProviderMutation,
    HistoryCodesMutation,
    RemittanceMutation,
    ReturnMutation,
    SchemeMutation,
    InstalmentModelMutation,
    InstalmentContractMutation,
    LeaseMutation,
    TerminationMutation,
    JobMutation,
    ApprovalMutation,
    MandateMutation,
    DirectDebitMutation,
    CreditTransferMutation,
    PurchaseTermsMutation,
    PurchaseMutation,
    IdentificationMutation,
);

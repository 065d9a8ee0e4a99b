//! The closed lists of words as GraphQL enums: the domain's own types, with their doc comments as descriptions.
//! A word is written once, where it belongs, and reads the same in the database, in Rust and in the schema.

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{EnumBuilder, MetaEnumValue, MetaTypeId, Registry};
use async_graphql::{InputType, InputValueError, InputValueResult, Name, Value};

pub use crate::access::Scope;
pub use crate::accounts::actions::AccountAction;
pub use crate::accounts::applications::LimitApplicationStatus;
pub use crate::accounts::applications::model::LimitApplicationAction;
pub use crate::accounts::bank::BankAccountClass;
pub use crate::accounts::blocks::BlockStatus;
pub use crate::accounts::model::{Family as AccountFamily, WorkingMode};
pub use crate::accounts::participants::{CustomerRole, ParticipantRole};
pub use crate::accounts::products::CharityKind;
pub use crate::accounts::recurring::PaymentFrequency;
pub use crate::actions::{ActionBinding, ActionKind, ActionRunState, ActionState, FailureKind};
pub use crate::billing::{BillEnd, BillKind, BillStatus, DayCount, DelinquencyBucket, InterestSide, StatementState};
pub use crate::cards::blocks::CardBlockStatus;
pub use crate::cards::chargebacks::{ChargebackOutcome, ChargebackState};
pub use crate::cards::{CardAction, CardChannel, CardStatus};
pub use crate::collections::claims::{
    ClaimStatus, Originator as ClaimOriginator, ResolutionReason as ClaimResolutionReason,
};
pub use crate::collections::entries::EntryKind as ReceivableEntryKind;
pub use crate::collections::matching::MatchStrategy;
pub use crate::collections::promises::PromiseStatus;
pub use crate::collections::score::ScoreType;
pub use crate::customers::CustomerType;
pub use crate::customers::actions::CustomerAction;
pub use crate::customers::addresses::actions::AddressAction;
pub use crate::customers::addresses::{AddressStatus, AddressType};
pub use crate::customers::erasure::{KeptData, PersonalData};
pub use crate::customers::identifiers::{Country as IdentifierCountry, IdentifierKind};
pub use crate::customers::profile::ContactKind;
pub use crate::debits::{DebitOutcome, DebitReason, DebitSource, DirectDebitAction, DirectDebitState};
pub use crate::documents::DocumentStatus;
pub use crate::dues::{DueSource, DueStatus};
pub use crate::events::webhooks::{DeliveryState, DisabledReason, WebhookState};
pub use crate::identification::{IdentificationClaim, IdentificationKind};
pub use crate::instalments::contracts::{
    ContractAction as InstalmentContractAction, ContractState as InstalmentContractState, InstalmentStatus,
    SettledBy as InstalmentSettledBy,
};
pub use crate::instalments::{
    FeeTiming, ModelStatus as InstalmentModelStatus, PostingType as InstalmentPosting, RepaymentMethod,
};
pub use crate::insurance::model::{
    InsuranceAction, InsurancePossibleAction, InsuranceStatus, PremiumBasis, PremiumPeriod, PremiumRounding,
};
pub use crate::investments::{InvestmentBidAction, InvestmentBidStatus, InvestmentOfferAction, InvestmentOfferStatus};
pub use crate::jobs::approvals::ApprovalState;
pub use crate::jobs::queue::{JobItemState, JobKind, JobState};
pub use crate::journeys::JourneyStatus;
pub use crate::leasing::{LeaseInstalmentState, LeasePrincipal, LeaseService, TerminationStatus};
pub use crate::ledger::audit::AuditOutcome;
pub use crate::ledger::event::EventType;
pub use crate::ledger::position::ItemOrder;
pub use crate::ledger::{
    AccountStatus, BlockKind, Component, DebtRule, EntryMode as CardEntryMode, HoldStatus, InternalRole,
    PaymentChannel, TransactionKind,
};
pub use crate::mandates::{MandateAction, MandateScheme, MandateStatus, SequenceType};
pub use crate::merchants::{MerchantCycle, MerchantPaymentState, MerchantTransactionKind};
pub use crate::messages::{CeaseReason, MessageKind, MessageStatus, SmtpSecurity};
pub use crate::mirrors::RefreshState;
pub use crate::pages::AnswerKind;
pub use crate::payments::corrections::ChargeKind;
pub use crate::payments::credit_transfers::{CreditTransferAction, CreditTransferState, TransferOutcome};
pub use crate::payments::providers::{ProviderKind, ProviderOperation, ProviderPaymentState};
pub use crate::payments::reimbursements::ReimbursementType;
pub use crate::payments::schemes::SettlementDirection;
pub use crate::primitives::references::ReferenceRule;
pub use crate::printing::{PrintKind, PrintLanguage};
pub use crate::purchases::{PurchaseAction, PurchaseKind, PurchaseState};
pub use crate::recurring::{
    PaymentOrderAction, PaymentOrderReason, PaymentOrderStatus, PaymentScope, RecurringAction, RecurringMethod,
    RecurringState,
};
pub use crate::refused::RefusalCode;

/// One text of the lines of a doc comment.
pub fn text(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// A word in the schema: enum values are upper case, whatever the stored form is.
pub fn shown(word: &str) -> String {
    word.to_ascii_uppercase()
}

/// Makes lists declared with [`crate::words!`] GraphQL enums, for input and output.
#[macro_export]
macro_rules! graphql_enums {
    ($($type:ty = $name:literal,)*) => {$(
        impl async_graphql::InputType for $type {
            type RawValueType = Self;

            fn type_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                let values = Self::all().into_iter().map(|value| (value.word(), value.description()));
                $crate::api::enums::register::<Self>(registry, $name, Self::DESCRIPTION, values)
            }

            fn parse(value: Option<async_graphql::Value>) -> async_graphql::InputValueResult<Self> {
                let found = Self::all().into_iter().map(|value| (value, value.word()));
                $crate::api::enums::parse(value, found)
            }

            fn to_value(&self) -> async_graphql::Value {
                $crate::api::enums::value(self.word())
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }
        }

        impl async_graphql::OutputType for $type {
            fn type_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                <Self as async_graphql::InputType>::create_type_info(registry)
            }

            async fn resolve(
                &self,
                _ctx: &async_graphql::ContextSelectionSet<'_>,
                _field: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<async_graphql::Value> {
                Ok($crate::api::enums::value(self.word()))
            }
        }
    )*};
}

impl RefusalCode {
    /// The codes of all domains.
    #[must_use]
    pub fn all() -> Vec<Self> {
        crate::engine::refusal_codes()
    }

    /// The code of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::all().into_iter().find(|code| code.word() == word)
    }
}

impl EventType {
    /// The types of all domains.
    #[must_use]
    pub fn all() -> Vec<Self> {
        crate::engine::event_types()
    }

    /// The type of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::all().into_iter().find(|type_| type_.word() == word)
    }
}

impl JobKind {
    /// The kinds of all domains.
    #[must_use]
    pub fn all() -> Vec<Self> {
        crate::engine::job_kinds()
    }

    /// The kind of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::all().into_iter().find(|kind| kind.word() == word)
    }
}

graphql_enums! {
    AccountAction = "AccountAction",
    AccountFamily = "AccountFamily",
    AccountStatus = "AccountStatus",
    AddressAction = "AddressAction",
    AddressStatus = "AddressStatus",
    AddressType = "AddressType",
    ActionBinding = "CustomActionBinding",
    ActionKind = "CustomActionKind",
    ActionRunState = "ActionRunState",
    ActionState = "CustomActionState",
    FailureKind = "ActionFailureKind",
    ApprovalState = "ApprovalState",
    AuditOutcome = "AuditOutcome",
    BankAccountClass = "BankAccountClass",
    CardAction = "CardAction",
    CardChannel = "CardChannel",
    CardBlockStatus = "CardBlockStatus",
    CardStatus = "CardStatus",
    BlockKind = "BlockKind",
    BlockStatus = "BlockStatus",
    CharityKind = "CharityKind",
    ChargeKind = "ChargeKind",
    ReimbursementType = "ReimbursementType",
    CardEntryMode = "CardEntryMode",
    ChargebackOutcome = "ChargebackOutcome",
    ChargebackState = "ChargebackState",
    ClaimOriginator = "ClaimOriginator",
    ClaimResolutionReason = "ClaimResolutionReason",
    ClaimStatus = "ClaimStatus",
    ReceivableEntryKind = "ReceivableEntryKind",
    MatchStrategy = "MatchStrategy",
    PromiseStatus = "PromiseToPayStatus",
    ScoreType = "ScoreType",
    Component = "Component",
    ContactKind = "ContactKind",
    CustomerAction = "CustomerAction",
    CustomerRole = "CustomerRole",
    CustomerType = "CustomerType",
    DebtRule = "DebtRule",
    DocumentStatus = "DocumentStatus",
    PrintKind = "PrintKind",
    PrintLanguage = "PrintLanguage",
    BillEnd = "BillEndReason",
    BillKind = "BillKind",
    BillStatus = "BillStatus",
    DayCount = "DayCount",
    DelinquencyBucket = "DelinquencyBucket",
    InterestSide = "InterestSide",
    StatementState = "StatementState",
    DueSource = "DueSource",
    DueStatus = "DueStatus",
    EventType = "LedgerEventType",
    FeeTiming = "FeeTiming",
    InstalmentContractAction = "InstalmentContractAction",
    InstalmentContractState = "InstalmentContractState",
    InstalmentSettledBy = "InstalmentBearer",
    InstalmentStatus = "InstalmentStatus",
    InstalmentModelStatus = "InstalmentModelStatus",
    InstalmentPosting = "InstalmentPosting",
    RepaymentMethod = "RepaymentMethod",
    HoldStatus = "HoldStatus",
    IdentificationClaim = "IdentificationClaim",
    IdentificationKind = "IdentificationKind",
    IdentifierCountry = "IdentifierCountry",
    IdentifierKind = "IdentifierKind",
    InsuranceAction = "InsuranceAction",
    InsurancePossibleAction = "InsurancePossibleAction",
    InsuranceStatus = "InsuranceStatus",
    MerchantCycle = "MerchantCycle",
    MerchantPaymentState = "MerchantPaymentState",
    MerchantTransactionKind = "MerchantTransactionKind",
    RefreshState = "AccountRefreshState",
    InvestmentBidAction = "InvestmentBidAction",
    InvestmentBidStatus = "InvestmentBidStatus",
    InvestmentOfferAction = "InvestmentOfferAction",
    InvestmentOfferStatus = "InvestmentOfferStatus",
    InternalRole = "InternalRole",
    ItemOrder = "ItemOrder",
    JobItemState = "JobItemState",
    JobKind = "JobKind",
    JobState = "JobState",
    KeptData = "KeptData",
    ParticipantRole = "ParticipantRole",
    PaymentChannel = "PaymentChannel",
    PaymentFrequency = "PaymentFrequency",
    PaymentOrderAction = "PaymentOrderAction",
    PaymentOrderReason = "PaymentOrderReason",
    PaymentOrderStatus = "PaymentOrderStatus",
    PaymentScope = "PaymentScope",
    PersonalData = "PersonalData",
    LeaseInstalmentState = "LeaseInstalmentState",
    LeasePrincipal = "LeasePrincipal",
    LeaseService = "LeaseService",
    TerminationStatus = "TerminationStatus",
    LimitApplicationAction = "LimitApplicationAction",
    LimitApplicationStatus = "LimitApplicationStatus",
    CreditTransferAction = "CreditTransferAction",
    CreditTransferState = "CreditTransferState",
    TransferOutcome = "CreditTransferOutcome",
    DebitOutcome = "DirectDebitOutcome",
    DebitReason = "DirectDebitReason",
    DebitSource = "DirectDebitSource",
    DirectDebitAction = "DirectDebitAction",
    DirectDebitState = "DirectDebitState",
    MandateAction = "MandateAction",
    MandateScheme = "MandateScheme",
    MandateStatus = "MandateStatus",
    SequenceType = "SequenceType",
    CeaseReason = "CeaseContactReason",
    AnswerKind = "DebtorAnswerKind",
    JourneyStatus = "JourneyStatus",
    MessageKind = "MessageKind",
    MessageStatus = "MessageStatus",
    SmtpSecurity = "SmtpSecurity",
    PremiumBasis = "PremiumBasis",
    PremiumPeriod = "PremiumPeriod",
    PremiumRounding = "PremiumRounding",
    PurchaseAction = "PurchaseAction",
    PurchaseKind = "PurchaseKind",
    PurchaseState = "PurchaseState",
    ProviderKind = "PaymentProviderKind",
    ProviderOperation = "ProviderOperation",
    ProviderPaymentState = "ProviderPaymentState",
    RecurringAction = "RecurringAction",
    RecurringMethod = "RecurringPaymentMethod",
    RecurringState = "RecurringPaymentState",
    ReferenceRule = "ReferenceRule",
    RefusalCode = "RefusalCode",
    Scope = "Scope",
    SettlementDirection = "SettlementDirection",
    DeliveryState = "WebhookDeliveryState",
    DisabledReason = "WebhookDisabledReason",
    TransactionKind = "TransactionKind",
    WebhookState = "WebhookState",
    WorkingMode = "WorkingMode",
}

/// Puts an enum into the registry. Answers may hold values that are newer than the client, so it says so.
pub fn register<T: InputType>(
    registry: &mut Registry,
    name: &'static str,
    description: &[&str],
    values: impl Iterator<Item = (&'static str, &'static [&'static str])> + Clone,
) -> String {
    registry.create_input_type::<T, _>(MetaTypeId::Enum, |_| {
        let values = values.clone().map(|(word, lines)| {
            let mut value = MetaEnumValue::new(shown(word));
            value.description = Some(text(lines));
            (shown(word), value)
        });
        EnumBuilder::new(name, values.collect::<IndexMap<_, _>>())
            .description(Some(format!("{} New values may be added.", text(description))))
            .rust_typename(std::any::type_name::<T>())
            .build()
    })
}

/// The value that an input names.
///
/// # Errors
/// For what is no value of the enum.
pub fn parse<T: InputType>(
    value: Option<Value>,
    mut values: impl Iterator<Item = (T, &'static str)>,
) -> InputValueResult<T> {
    let value = value.unwrap_or_default();
    let given = match &value {
        Value::Enum(name) => name.as_str(),
        Value::String(name) => name.as_str(),
        _ => return Err(InputValueError::expected_type(value)),
    };
    let found = values.find(|(_, word)| shown(word) == given).map(|(found, _)| found);
    found.ok_or_else(|| InputValueError::custom(format_args!("there is no value \"{given}\"")))
}

/// The form in an answer.
#[must_use]
pub fn value(word: &str) -> Value {
    Value::Enum(Name::new(shown(word)))
}

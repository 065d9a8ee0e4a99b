//! The interface `Account` and its nine object types, which are one object in Rust under nine names.
//!
//! The types have the same fields, arguments and descriptions. Writing them nine times over, or having a macro do
//! it, would compile everything nine times to say nothing new; so the schema gets nine copies of the one object's
//! description, and an account answers to the name of its family.

use std::borrow::Cow;

use async_graphql::indexmap::IndexSet;
use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, MetaTypeId, Registry};
use async_graphql::resolver_utils::{ContainerType, resolve_container};
use async_graphql::{Context, ContextSelectionSet, InterfaceType, OutputType, Positioned, ServerResult, Value};

use super::enums::text;
use super::pagination::Listed;
use crate::accounts::graphql::AccountFields;
use crate::accounts::model::{self, Family};

/// The interface's name.
const INTERFACE: &str = "Account";

const DESCRIPTION: &str = "A customer's account, of any of the nine families. An account keeps its product, \
     currency and owner for life. A positive balance is the customer's money, a negative one the customer's debt.";

/// The object type of a family.
fn name_of(family: Family) -> &'static str {
    match family {
        Family::Deposit => "DepositAccount",
        Family::Investment => "InvestmentAccount",
        Family::Leasing => "LeasingAccount",
        Family::RevolvingCredit => "RevolvingCreditAccount",
        Family::Virtual => "VirtualAccount",
        Family::Card => "CardAccount",
        Family::Invoice => "InvoiceAccount",
        Family::Loan => "LoanAccount",
        Family::Receivable => "ReceivableAccount",
    }
}

/// The names of the object types.
pub fn names() -> impl Iterator<Item = &'static str> {
    Family::ALL.iter().map(|family| name_of(*family))
}

/// An account in the API, of whatever family.
#[derive(Clone, Debug)]
pub struct Account(AccountFields);

impl Account {
    /// Of an account that the token sees.
    #[must_use]
    pub fn new(account: model::Account) -> Self {
        Self(AccountFields(account))
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &model::Account {
        &self.0.0
    }
}

impl Listed for Account {
    const LIST: &'static str = INTERFACE;
}

impl OutputType for Account {
    fn type_name() -> Cow<'static, str> {
        INTERFACE.into()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        name_of(self.account().family).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Interface, interface)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ContainerType for Account {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }
}

impl InterfaceType for Account {}

/// Puts the nine object types into the registry, and gives the interface that they implement. The object that
/// they are copied from is not reachable from any field, and leaves the schema again.
fn interface(registry: &mut Registry) -> MetaType {
    AccountFields::create_type_info(registry);
    let original = registry.types.get(&*AccountFields::type_name()).cloned();
    let fields = original.as_ref().and_then(MetaType::fields).cloned().unwrap_or_default();
    for family in Family::ALL {
        let own = name_of(*family);
        let mut object = original.clone();
        if let Some(MetaType::Object { name, description, .. }) = &mut object {
            own.clone_into(name);
            *description = Some(format!("An account of the family {}. {}", family.word(), text(family.description())));
        }
        registry.types.extend(object.map(|object| (own.to_owned(), object)));
        registry.add_implements(own, INTERFACE);
    }
    MetaType::Interface {
        name: INTERFACE.into(),
        description: Some(DESCRIPTION.into()),
        fields,
        possible_types: names().map(str::to_owned).collect::<IndexSet<_>>(),
        extends: false,
        keys: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: Some(std::any::type_name::<Account>()),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

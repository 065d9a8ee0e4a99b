//! The interface `Account` and the nine object types behind it, one for each family.
//!
//! What all accounts have is written once, in [`AccountFields`], and flattened into each family's object; what only
//! one family has is a resolver of that family's own `#[Object]`, as `workingMode` is [`CardAccount`]'s. A domain
//! above the accounts adds its part as a struct of fields in its own folder, flattened in the same way.
//!
//! The interface itself is written by hand. A derived one would list every shared field and argument again, and
//! would compile a resolver for each of them nine times over; this one hands a field on to the family's object.

use std::borrow::Cow;

use async_graphql::indexmap::{IndexMap, IndexSet};
use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaField, MetaType, MetaTypeId, Registry};
use async_graphql::resolver_utils::{ContainerType, Fields, resolve_container};
use async_graphql::{
    Context, ContextSelectionSet, InterfaceType, MergedObject, Object, OutputType, Positioned, ServerResult, Value,
};

use crate::accounts::model::{self, Family};
use crate::api::accounts::AccountFields;
use crate::api::cards::account::AccountCards;
use crate::api::enums::{WorkingMode, text};
use crate::api::fault::Fault;
use crate::api::leasing::LeaseFields;
use crate::api::mirrors::Mirror;
use crate::api::pagination::Listed;

/// The interface's name.
const INTERFACE: &str = "Account";

const DESCRIPTION: &str = "A customer's account, of any of the nine families. An account keeps its product, \
     currency and owner for life. A positive balance is the customer's money, a negative one the customer's debt.";

/// The interface of the families' object types: any of them.
macro_rules! families {
    ($($family:ident($object:ident),)*) => {
        /// An account in the API, of whatever family.
        #[derive(Clone, Debug)]
        pub enum Account {
            $(#[doc = concat!("See [`", stringify!($object), "`].")] $family($object),)*
        }

        impl Account {
            /// Of an account that the token sees.
            #[must_use]
            pub fn new(account: model::Account) -> Self {
                match account.family {
                    $(Family::$family => Self::$family($object::from(account)),)*
                }
            }

            /// The account.
            #[must_use]
            pub fn account(&self) -> &model::Account {
                match self { $(Self::$family(object) => &object.0.0,)* }
            }
        }

        /// The names of the object types, in the order of their families.
        pub fn names() -> impl Iterator<Item = Cow<'static, str>> {
            [$($object::type_name()),*].into_iter()
        }

        fn register(registry: &mut Registry) {
            $(register_object::<$object>(registry, Family::$family);)*
        }

        impl OutputType for Account {
            fn type_name() -> Cow<'static, str> {
                INTERFACE.into()
            }

            fn introspection_type_name(&self) -> Cow<'static, str> {
                match self { $(Self::$family(_) => $object::type_name(),)* }
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
                match self { $(Self::$family(object) => object.resolve_field(ctx).await,)* }
            }

            // A fragment's fields resolve as fields of the family's type, which alone may have them.
            fn collect_all_fields<'a>(
                &'a self,
                ctx: &ContextSelectionSet<'a>,
                fields: &mut Fields<'a>,
            ) -> ServerResult<()> {
                match self { $(Self::$family(object) => object.collect_all_fields(ctx, fields),)* }
            }
        }
    };
}

families! {
    Deposit(DepositAccount),
    Investment(InvestmentAccount),
    Leasing(LeasingAccount),
    RevolvingCredit(RevolvingCreditAccount),
    Virtual(VirtualAccount),
    Card(CardAccount),
    Invoice(InvoiceAccount),
    Loan(LoanAccount),
    Receivable(ReceivableAccount),
}

impl Listed for Account {
    const LIST: &'static str = INTERFACE;
}

impl InterfaceType for Account {}

/// The families that have what all accounts have, and nothing besides. One that gets a field of its own leaves this
/// list for a struct and an `#[Object]` like the card account's.
macro_rules! nothing_besides {
    ($($object:ident,)*) => {$(
        #[doc = concat!("The object type `", stringify!($object), "`: the shared fields.")]
        #[derive(Clone, Debug, MergedObject)]
        pub struct $object(AccountFields);

        impl From<model::Account> for $object {
            fn from(account: model::Account) -> Self {
                Self(AccountFields(account))
            }
        }
    )*};
}

nothing_besides! {
    InvestmentAccount,
    InvoiceAccount,
    LoanAccount,
    ReceivableAccount,
}

/// The families that have cards, and nothing else besides.
macro_rules! with_cards {
    ($($object:ident,)*) => {$(
        #[doc = concat!("The object type `", stringify!($object), "`: the shared fields, and cards.")]
        #[derive(Clone, Debug, MergedObject)]
        pub struct $object(AccountFields, AccountCards);

        impl From<model::Account> for $object {
            fn from(account: model::Account) -> Self {
                let cards = AccountCards(account.id);
                Self(AccountFields(account), cards)
            }
        }
    )*};
}

with_cards! {
    DepositAccount,
    RevolvingCreditAccount,
}

/// The object type `LeasingAccount`: the shared fields, and plans.
#[derive(Clone, Debug, MergedObject)]
pub struct LeasingAccount(AccountFields, LeaseFields);

impl From<model::Account> for LeasingAccount {
    fn from(account: model::Account) -> Self {
        let plans = LeaseFields(account.id);
        Self(AccountFields(account), plans)
    }
}

/// The object type `VirtualAccount`: the shared fields, and what it mirrors.
#[derive(Clone, Debug, MergedObject)]
pub struct VirtualAccount(AccountFields, Mirror);

impl From<model::Account> for VirtualAccount {
    fn from(account: model::Account) -> Self {
        let mirror = Mirror(account.id);
        Self(AccountFields(account), mirror)
    }
}

/// The object type `CardAccount`: the shared fields, and a card's own.
#[derive(Clone, Debug)]
pub struct CardAccount(AccountFields);

impl From<model::Account> for CardAccount {
    fn from(account: model::Account) -> Self {
        Self(AccountFields(account))
    }
}

#[Object]
impl CardAccount {
    #[graphql(flatten)]
    fn shared(&self) -> &AccountFields {
        &self.0
    }

    #[graphql(flatten)]
    fn with_cards(&self) -> AccountCards {
        AccountCards(self.0.0.id)
    }

    /// When its owner pays, by its product.
    async fn working_mode(&self, ctx: &Context<'_>) -> Result<WorkingMode, Fault> {
        let product = self.0.product_row(ctx).await?;
        product.working_mode.ok_or_else(|| Fault::internal(&"a card product without a working mode"))
    }
}

/// Puts the object type of a family into the registry, described in the family's own words.
fn register_object<T: OutputType>(registry: &mut Registry, family: Family) {
    T::create_type_info(registry);
    let name = T::type_name();
    if let Some(MetaType::Object { description, .. }) = registry.types.get_mut(&*name) {
        *description = Some(format!("An account of the family {}. {}", family.word(), text(family.description())));
    }
    registry.add_implements(&name, INTERFACE);
}

/// Puts the object types into the registry, and gives the interface that they implement: the shared fields. The
/// object that has these alone is not reachable from any field, and leaves the schema again.
fn interface(registry: &mut Registry) -> MetaType {
    register(registry);
    let shared = registry.create_fake_output_type::<AccountFields>();
    MetaType::Interface {
        name: INTERFACE.into(),
        description: Some(DESCRIPTION.into()),
        fields: shared.fields().cloned().unwrap_or_else(IndexMap::<String, MetaField>::new),
        possible_types: names().map(Cow::into_owned).collect::<IndexSet<_>>(),
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

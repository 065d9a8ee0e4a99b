//! In which order money repays what is owed: by component, and over open items.

use super::chart::Component;

crate::words! {
    /// In which order money is spread over open items; those of one day in the order of booking.
    ItemOrder {
        /// The item that is due first with all of its components, in the order of repayment; then the next.
        OldestItemFirst = "OLDEST_ITEM_FIRST",
        /// The first component of all items, in the order of repayment; then the next.
        ComponentFirst = "COMPONENT_FIRST",
    }
}

impl ItemOrder {
    /// Of a product that does not say.
    pub const DEFAULT: Self = Self::OldestItemFirst;
}

/// The order in which a credit repays what is owed. A shortfall has no place in it: it is repaid before all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepaymentOrder(pub [Component; RepaymentOrder::COUNT]);

impl RepaymentOrder {
    /// Fees, then interest, then principal.
    pub const DEFAULT: Self = Self([Component::Fee, Component::Interest, Component::Principal]);
    /// How many components a product puts in order.
    pub const COUNT: usize = Component::COUNT - 1;

    /// All components: the shortfall, then as the product says.
    pub(super) fn all(self) -> impl Iterator<Item = Component> {
        std::iter::once(Component::Shortfall).chain(self.0)
    }

    /// The stored form: the words, separated by commas.
    #[must_use]
    pub fn to_text(self) -> String {
        self.0.map(Component::word).join(",")
    }

    /// Reads the stored form; every component once, but for the shortfall.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let parts: Vec<Component> = text.split(',').map(Component::from_word).collect::<Option<_>>()?;
        let order: [Component; Self::COUNT] = parts.try_into().ok()?;
        let complete = Self::DEFAULT.0.iter().all(|component| order.contains(component));
        complete.then_some(Self(order))
    }
}

impl serde::Serialize for RepaymentOrder {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> serde::Deserialize<'de> for RepaymentOrder {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Self::from_text(&text).ok_or_else(|| serde::de::Error::custom("not every component once"))
    }
}

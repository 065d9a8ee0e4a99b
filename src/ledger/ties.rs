//! What keeps an account from closing besides its balance: contracts that it pays for, or the one whose account it is.

/// What hangs on an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// Nothing.
    #[default]
    None,
    /// So many contracts are paid from it: one at least.
    Pays(u32),
    /// It is the account of a contract, which alone moves its money.
    Contract,
}

impl Ties {
    /// With a contract more that is paid from the account.
    #[must_use]
    pub fn one_more(self) -> Self {
        match self {
            Self::None => Self::Pays(1),
            Self::Pays(count) => Self::Pays(count.saturating_add(1)),
            Self::Contract => Self::Contract,
        }
    }

    /// With one less.
    #[must_use]
    pub fn one_less(self) -> Self {
        match self {
            Self::None | Self::Pays(0 | 1) => Self::None,
            Self::Pays(count) => Self::Pays(count - 1),
            Self::Contract => Self::Contract,
        }
    }

    /// The stored form; nothing is none.
    #[must_use]
    pub fn to_text(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Pays(count) => Some(format!("PAYS:{count}")),
            Self::Contract => Some("CONTRACT".into()),
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_text(text: Option<&str>) -> Option<Self> {
        match text {
            None => Some(Self::None),
            Some("CONTRACT") => Some(Self::Contract),
            Some(text) => text.strip_prefix("PAYS:")?.parse().ok().map(Self::Pays),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_counted_and_kept() {
        let two = Ties::default().one_more().one_more();
        assert_eq!((two, two.one_less().one_less()), (Ties::Pays(2), Ties::None));
        assert_eq!((Ties::Contract.one_more(), Ties::None.one_less()), (Ties::Contract, Ties::None));
        for ties in [Ties::None, Ties::Pays(3), Ties::Contract] {
            assert_eq!(Ties::from_text(ties.to_text().as_deref()), Some(ties));
        }
        assert_eq!(Ties::from_text(Some("PAYS:x")), None);
    }
}

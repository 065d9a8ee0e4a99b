//! The chart of accounts: the only place that maps what is owned to rows in the books.
//!
//! A customer's account owns one ledger account per component. The tenant owns the internal ones, one per
//! role and currency, made when they are first used.

crate::words! {
    /// What part of an account a posting touches.
    Component {
        /// Funds, and what was bought or borrowed. The only component that available funds look at.
        Principal = "PRINCIPAL",
        /// Interest that is owed.
        Interest = "INTEREST",
        /// Fees that are owed.
        Fee = "FEE",
        /// What a card scheme has cleared beyond the funds of an account that may owe nothing; the next money in repays it
        /// first. Comes about by itself only.
        Shortfall = "SHORTFALL",
    }

    /// The tenant's own accounts: where the other side of a customer's posting goes.
    InternalRole {
        /// Bank transfers in and out.
        SettlementBank = "SETTLEMENT_BANK",
        /// Direct debits.
        SettlementDirectDebit = "SETTLEMENT_DIRECT_DEBIT",
        /// Direct debits that are settled, and not their accounts' yet.
        DirectDebitPending = "DIRECT_DEBIT_PENDING",
        /// Card payments and captured holds.
        SettlementCard = "SETTLEMENT_CARD",
        /// Payment service providers.
        SettlementPsp = "SETTLEMENT_PSP",
        /// Cash.
        SettlementCash = "SETTLEMENT_CASH",
        /// Internal movements that no rail carries.
        SettlementInternal = "SETTLEMENT_INTERNAL",
        /// Interest earned from customers.
        InterestIncome = "INTEREST_INCOME",
        /// Interest paid to customers.
        InterestExpense = "INTEREST_EXPENSE",
        /// Fees earned from customers.
        FeeIncome = "FEE_INCOME",
        /// Corrections and whatever waits for its place.
        Suspense = "SUSPENSE",
        /// Debts given up, and small remainders taken over.
        WriteOff = "WRITE_OFF",
        /// Balances brought in from a former system.
        Migration = "MIGRATION",
        /// What debtors owe and was taken in to be collected, less what was given up of it.
        Receivables = "RECEIVABLES",
        /// Owed to the card schemes for what cardholders bought, less what they gave back.
        SchemeSettlement = "SCHEME_SETTLEMENT",
        /// Disputed with a scheme: given back to cardholders provisionally, and not decided yet.
        ChargebackReceivable = "CHARGEBACK_RECEIVABLE",
        /// Cleared by a scheme for accounts that are closed: what their former owners still owe, or are owed.
        CardUnplaced = "CARD_UNPLACED",
        /// What payment service providers keep of what they have captured.
        ProviderFee = "PROVIDER_FEE",
        /// Owed to insurers: the premiums that were charged to customers, and not paid on yet.
        InsurancePremium = "INSURANCE_PREMIUM",
        /// Value added tax that was charged to customers, and is owed to the state.
        VatPayable = "VAT_PAYABLE",
        /// What the house has bought to lease out, less what of it was charged to customers.
        LeasedAssets = "LEASED_ASSETS",
        /// Given to charity by customers, and not paid on yet.
        Charity = "CHARITY",
        /// Owed to merchants.
        MerchantSettlement = "MERCHANT_SETTLEMENT",
        /// What accounts have that are kept outside and mirrored here, with the other sign.
        MirroredAccounts = "MIRRORED_ACCOUNTS",
        /// Held for a party: one for each, apart from the house's own money.
        ClientMoney = "CLIENT_MONEY",
        /// Owed to a party, and not collected yet: what the accounts that belong to it owe in principal.
        ClientClaims = "CLIENT_CLAIMS",
    }
}

impl Component {
    /// How many components an account has.
    pub const COUNT: usize = Self::ALL.len();

    /// The place of the component in arrays.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Principal => 0,
            Self::Interest => 1,
            Self::Fee => 2,
            Self::Shortfall => 3,
        }
    }

    /// The name in the chart, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Principal => "Customer principal",
            Self::Interest => "Customer interest",
            Self::Fee => "Customer fees",
            Self::Shortfall => "Customer shortfall",
        }
    }
}

impl InternalRole {
    /// The name in the chart, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::SettlementBank => "Settlement, bank transfers",
            Self::SettlementDirectDebit => "Settlement, direct debits",
            Self::DirectDebitPending => "Direct debits, pending",
            Self::SettlementCard => "Settlement, cards",
            Self::SettlementPsp => "Settlement, payment service providers",
            Self::SettlementCash => "Cash",
            Self::SettlementInternal => "Settlement, internal",
            Self::InterestIncome => "Interest income",
            Self::InterestExpense => "Interest expense",
            Self::FeeIncome => "Fee income",
            Self::Suspense => "Suspense",
            Self::WriteOff => "Write-off",
            Self::Migration => "Migrated balances",
            Self::Receivables => "Receivables taken in",
            Self::SchemeSettlement => "Settlement, card schemes",
            Self::ChargebackReceivable => "Chargebacks, receivable",
            Self::CardUnplaced => "Card clearings of closed accounts",
            Self::ProviderFee => "Fees of payment service providers",
            Self::InsurancePremium => "Insurance premiums, payable",
            Self::VatPayable => "Value added tax, payable",
            Self::LeasedAssets => "Leased assets",
            Self::Charity => "Charity",
            Self::MerchantSettlement => "Merchant settlement",
            Self::MirroredAccounts => "Mirrored accounts",
            Self::ClientMoney => "Client money",
            Self::ClientClaims => "Client claims",
        }
    }
}

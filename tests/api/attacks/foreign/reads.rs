//! The places of questions and subscriptions.

/// A place for an id in a query: which, the kind of thing (an index into [`Things::ids`]), and a document with `$id`.
pub const READS: &[(&str, usize, &str)] = &[
    ("Query.node.id", 0, "query($id: ID!) { node(id: $id) { id } }"),
    ("Query.nodes.ids", 4, "query($id: ID!) { nodes(ids: [$id, $id]) { id } }"),
    ("Query.customer.by.id", 0, "query($id: ID!) { customer(by: { id: $id }) { id name } }"),
    ("Query.product.by.id", 1, "query($id: ID!) { product(by: { id: $id }) { id code } }"),
    ("Query.account.by.id", 2, "query($id: ID!) { account(by: { id: $id }) { id balance { amount } } }"),
    ("Query.card.by.id", 15, "query($id: ID!) { card(by: { id: $id }) { id token } }"),
    ("Query.holds.filter.card", 15, "query($id: ID!) { holds(filter: { card: $id }) { nodes { id } } }"),
    ("Query.party.by.id", 9, "query($id: ID!) { party(by: { id: $id }) { id name } }"),
    ("Query.document.id", 10, "query($id: ID!) { document(id: $id) { id name } }"),
    ("Query.documents.filter.subject", 2, "query($id: ID!) { documents(filter: { subject: $id }) { nodes { id } } }"),
    ("Query.history.of", 2, "query($id: ID!) { history(of: $id) { nodes { sequence } } }"),
    ("Query.address.by.id", 18, "query($id: ID!) { address(by: { id: $id }) { id label } }"),
    ("Query.webhook.id", 11, "query($id: ID!) { webhook(id: $id) { id url } }"),
    ("Query.job.id", 13, "query($id: ID!) { job(id: $id) { id state items { nodes { index } } } }"),
    ("Query.customAction.by.id", 22, "query($id: ID!) { customAction(by: { id: $id }) { id code } }"),
    ("Query.actionRun.id", 23, "query($id: ID!) { actionRun(id: $id) { id state } }"),
    (
        "Query.actionRuns.filter.action",
        22,
        "query($id: ID!) { actionRuns(filter: { action: $id }) { nodes { state } } }",
    ),
    (
        "Query.actionRuns.filter.account",
        2,
        "query($id: ID!) { actionRuns(filter: { account: $id }) { nodes { state } } }",
    ),
    (
        "Query.document.of",
        2,
        "query($id: ID!) { documents { nodes { id } } document(id: \"doc_1\", of: $id) { id } account(by: { id: $id }) { id } }",
    ),
    (
        "Query.purchaseAccount.account.id",
        2,
        "query($id: ID!) { purchaseAccount(account: { id: $id }) { kind } account(by: { id: $id }) { id } }",
    ),
    (
        "Query.purchaseTerms.product.id",
        1,
        "query($id: ID!) { purchaseTerms(product: { id: $id }) { kind } product(by: { id: $id }) { id } }",
    ),
    ("Query.instalmentContract.by.id", 34, "query($id: ID!) { instalmentContract(by: { id: $id }) { id reference } }"),
    (
        "Query.instalmentContracts.filter.customer",
        0,
        "query($id: ID!) { instalmentContracts(filter: { customer: $id }) { nodes { id } } }",
    ),
    (
        "Query.instalmentContracts.filter.payingAccount",
        2,
        "query($id: ID!) { instalmentContracts(filter: { payingAccount: $id }) { nodes { id } } }",
    ),
    (
        "Query.instalmentContracts.filter.model",
        33,
        "query($id: ID!) { instalmentContracts(filter: { model: $id }) { nodes { id } } }",
    ),
    ("Query.instalmentModel.by.id", 33, "query($id: ID!) { instalmentModel(by: { id: $id }) { id reference } }"),
    (
        "Query.simulateInstalments.input.by.model.id",
        33,
        "query($id: ID!) { simulateInstalments(input: { by: { model: { id: $id } }, credit: { amount: \"500.00\", currency: \"EUR\" } }) { terms } }",
    ),
    ("Query.approval.id", 14, "query($id: ID!) { approval(id: $id) { id state } }"),
    ("Query.blocks.filter.account", 3, "query($id: ID!) { blocks(filter: { account: $id }) { nodes { id } } }"),
    ("Query.blocks.filter.customer", 0, "query($id: ID!) { blocks(filter: { customer: $id }) { nodes { id } } }"),
    (
        "Query.limitApplications.filter.account",
        21,
        "query($id: ID!) { limitApplications(filter: { account: $id }) { nodes { id } } }",
    ),
    ("Query.receivable.by.id", 28, "query($id: ID!) { receivable(by: { id: $id }) { id reference } }"),
    ("Query.claim.by.id", 29, "query($id: ID!) { claim(by: { id: $id }) { id reference } }"),
    (
        "Query.paymentOrders.filter.account",
        21,
        "query($id: ID!) { paymentOrders(filter: { account: $id }) { nodes { id } } }",
    ),
    ("Query.entry.id", 4, "query($id: ID!) { entry(id: $id) { id sequence } }"),
    (
        "Query.accounts.filter.owner",
        0,
        "query($id: ID!) { accounts(filter: { owner: $id }) { nodes { id } pageInfo { hasNextPage } } }",
    ),
    (
        "Query.accounts.filter.customer.id",
        0,
        "query($id: ID!) { accounts(filter: { customer: { id: $id } }) { nodes { id } } }",
    ),
    ("Query.accounts.filter.product", 1, "query($id: ID!) { accounts(filter: { product: $id }) { nodes { id } } }"),
    ("Query.accounts.filter.creditor", 9, "query($id: ID!) { accounts(filter: { creditor: $id }) { nodes { id } } }"),
    ("Query.entries.filter.accounts", 2, "query($id: ID!) { entries(filter: { accounts: [$id] }) { nodes { id } } }"),
    ("Query.events.filter.account", 2, "query($id: ID!) { events(filter: { account: $id }) { nodes { sequence } } }"),
    (
        "Query.auditRecords.filter.target",
        4,
        "query($id: ID!) { auditRecords(filter: { target: $id }) { nodes { id } } }",
    ),
    (
        "Customer.accounts.filter.owner",
        0,
        "query($id: ID!) { customers { nodes { accounts(filter: { owner: $id }) { nodes { id } } } } }",
    ),
    (
        "Customer.accounts.filter.customer.id",
        0,
        "query($id: ID!) { customers { nodes { accounts(filter: { customer: { id: $id } }) { nodes { id } } } } }",
    ),
    (
        "Customer.accounts.filter.product",
        1,
        "query($id: ID!) { customers { nodes { accounts(filter: { product: $id }) { nodes { id } } } } }",
    ),
    (
        "Customer.accounts.filter.creditor",
        9,
        "query($id: ID!) { customers { nodes { accounts(filter: { creditor: $id }) { nodes { id } } } } }",
    ),
];

/// Of subscriptions.
pub const STREAMS: &[(&str, &str)] = &[
    (
        "Subscription.balanceChanged.accounts.id",
        "subscription($id: ID!) { balanceChanged(accounts: [{ id: $id }]) { cursor } }",
    ),
    (
        "Subscription.ledgerEvents.filter.accounts",
        "subscription($id: ID!, $after: Cursor) { ledgerEvents(after: $after, filter: { accounts: [$id] }) { sequence } }",
    ),
    (
        "Subscription.ledgerEvents.filter.products",
        "subscription($id: ID!, $after: Cursor) { ledgerEvents(after: $after, filter: { products: [$id] }) { sequence } }",
    ),
];

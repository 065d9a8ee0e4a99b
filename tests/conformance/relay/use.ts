// What Relay compiled, used: the types by the compiler, the operations by Relay's runtime on a running Konto.
import {
  ConnectionHandler,
  Environment,
  Network,
  RecordSource,
  Store,
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getRequest,
  requestSubscription,
  type ConcreteRequest,
  type FetchFunction,
  type MutationParameters,
  type OperationType,
  type SubscribeFunction,
} from 'relay-runtime';
import AccountPage, { type AccountPageQuery } from './__generated__/AccountPageQuery.graphql';
import AccountPageHistory, { type AccountPageHistoryQuery } from './__generated__/AccountPageHistoryQuery.graphql';
import AccountPageHolds, { type AccountPageHoldsQuery } from './__generated__/AccountPageHoldsQuery.graphql';
import AccountPageTransactions, {
  type AccountPageTransactionsQuery,
} from './__generated__/AccountPageTransactionsQuery.graphql';
import AccountsPage, { type AccountsPageQuery } from './__generated__/AccountsPageQuery.graphql';
import AccountsPagePagination, {
  type AccountsPagePaginationQuery,
} from './__generated__/AccountsPagePaginationQuery.graphql';
import HoldPlace, { type HoldPlaceMutation } from './__generated__/HoldPlaceMutation.graphql';
import HoldRelease, { type HoldReleaseMutation } from './__generated__/HoldReleaseMutation.graphql';
import LedgerBalance, { type LedgerBalanceSubscription } from './__generated__/LedgerBalanceSubscription.graphql';
import LedgerEvents, { type LedgerEventsSubscription } from './__generated__/LedgerEventsSubscription.graphql';
import Things, { type ThingsQuery } from './__generated__/ThingsQuery.graphql';
import ThingsCustomer, { type ThingsCustomerQuery } from './__generated__/ThingsCustomerQuery.graphql';
import Transfer, { type TransferMutation } from './__generated__/TransferMutation.graphql';

// Amounts are strings: a number would have been rounded before it got here.
// @ts-expect-error
export const rounded: TransferMutation['variables']['input']['amount'] = { amount: 10, currency: 'EUR' };
// An account is named in one way.
// @ts-expect-error
export const twice: AccountPageQuery['variables'] = { by: { id: 'acc_1', number: '1' } };
export const exact: TransferMutation['variables']['input']['amount'] = { amount: '10.00', currency: 'EUR' };

/** An environment, and what a front end would do with it. */
export function relay(fetchFunction: FetchFunction, subscribeFunction: SubscribeFunction) {
  const environment = new Environment({
    network: Network.create(fetchFunction, subscribeFunction),
    store: new Store(new RecordSource()),
  });

  async function get<T extends OperationType>(request: ConcreteRequest, variables: T['variables']) {
    // The environment forgets what nothing holds on to.
    environment.retain(createOperationDescriptor(getRequest(request), variables));
    const data = await fetchQuery<T>(environment, request, variables).toPromise();
    if (data == null) throw new Error('no data');
    return data as T['response'];
  }

  const change = <T extends MutationParameters>(mutation: ConcreteRequest, variables: T['variables']) =>
    new Promise<T['response']>((resolve, reject) => {
      commitMutation<T>(environment, {
        mutation,
        variables,
        onCompleted: (response, errors) => (errors?.length ? reject(new Error(errors[0]?.message)) : resolve(response)),
        onError: reject,
      });
    });

  const follow = <T extends OperationType>(
    subscription: ConcreteRequest,
    variables: T['variables'],
    onNext: (data: T['response']) => void,
  ) =>
    requestSubscription<T>(environment, {
      subscription,
      variables,
      onNext: (data) => data != null && onNext(data as T['response']),
    });

  /** The ids of the rows that the store keeps of a list, page upon page. */
  function rows(parent: string, key: string, filters?: Record<string, unknown>) {
    const record = environment
      .getStore()
      .getSource()
      .get(ConnectionHandler.getConnectionID(parent, key, filters));
    const edges = (record?.edges as { __refs?: string[] } | undefined)?.__refs ?? [];
    return edges.map((edge) => (environment.getStore().getSource().get(edge)?.node as { __ref: string }).__ref);
  }

  const field = (id: string, name: string) => environment.getStore().getSource().get(id)?.[name];

  return {
    connection: (parent: string, key: string) => ConnectionHandler.getConnectionID(parent, key),
    rows,
    field,
    accounts: (variables: AccountsPageQuery['variables']) => get<AccountsPageQuery>(AccountsPage, variables),
    moreAccounts: (variables: AccountsPagePaginationQuery['variables']) =>
      get<AccountsPagePaginationQuery>(AccountsPagePagination, variables),
    account: (variables: AccountPageQuery['variables']) => get<AccountPageQuery>(AccountPage, variables),
    transactions: (variables: AccountPageTransactionsQuery['variables']) =>
      get<AccountPageTransactionsQuery>(AccountPageTransactions, variables),
    holds: (variables: AccountPageHoldsQuery['variables']) => get<AccountPageHoldsQuery>(AccountPageHolds, variables),
    history: (variables: AccountPageHistoryQuery['variables']) =>
      get<AccountPageHistoryQuery>(AccountPageHistory, variables),
    things: (variables: ThingsQuery['variables']) => get<ThingsQuery>(Things, variables),
    customer: (variables: ThingsCustomerQuery['variables']) => get<ThingsCustomerQuery>(ThingsCustomer, variables),
    transfer: (variables: TransferMutation['variables']) => change<TransferMutation>(Transfer, variables),
    placeHold: (variables: HoldPlaceMutation['variables']) => change<HoldPlaceMutation>(HoldPlace, variables),
    releaseHold: (variables: HoldReleaseMutation['variables']) => change<HoldReleaseMutation>(HoldRelease, variables),
    events: (
      variables: LedgerEventsSubscription['variables'],
      onNext: (data: LedgerEventsSubscription['response']) => void,
    ) => follow<LedgerEventsSubscription>(LedgerEvents, variables, onNext),
    balance: (
      variables: LedgerBalanceSubscription['variables'],
      onNext: (data: LedgerBalanceSubscription['response']) => void,
    ) => follow<LedgerBalanceSubscription>(LedgerBalance, variables, onNext),
  };
}

import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { variablesText } from './config';
import { createFetcher } from './fetcher';
import type { Session } from './session';
import { SessionBar } from './SessionBar';
import { createStorage } from './storage';

export function Explorer({ session }: { session: Session }) {
  const { identity } = useSyncExternalStore(session.subscribe, () => session.state);
  return (
    <>
      <SessionBar session={session} />
      <main className="konto-editor">
        {/* Another identity starts the editor anew: its headers, its view of the schema. */}
        <Editor key={identity} session={session} />
      </main>
    </>
  );
}

function Editor({ session }: { session: Session }) {
  const { operations } = session.config;
  const fetcher = useMemo(() => createFetcher(session), [session]);
  const storage = useMemo(() => createStorage(operations), [operations]);
  const tabs = useMemo(
    () => operations.map((operation) => ({ query: operation.query, variables: variablesText(operation) })),
    [operations],
  );
  // GraphiQL fills the first tab's editors from these; kept tabs bring their own content.
  const first = useMemo(() => (storage.getItem('graphiql:tabState') ? undefined : tabs[0]), [storage, tabs]);
  const { token } = session.state;
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      defaultTabs={tabs.length > 0 ? tabs : undefined}
      initialQuery={first?.query}
      initialVariables={first?.variables}
      defaultHeaders={token ? headersText(token) : undefined}
      defaultEditorToolsVisibility="variables"
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>{null}</GraphiQL.Logo>
      <KeepHeaders session={session} />
      <FollowSystemTheme />
    </GraphiQL>
  );
}

/** Shows a renewed token in the headers editor in place of the old one. */
function KeepHeaders({ session }: { session: Session }) {
  const { token } = useSyncExternalStore(session.subscribe, () => session.state);
  const editor = useGraphiQL((state) => state.headerEditor);
  useEffect(() => {
    const text = editor?.getValue();
    if (!editor || !text || !token) return;
    const renewed = text.replaceAll(/(Bearer\s+)([\w.-]+)/g, (whole, scheme: string, old: string) =>
      session.issued(old) ? scheme + token : whole,
    );
    if (renewed !== text) editor.setValue(renewed);
  }, [editor, session, token]);
  return null;
}

/** The page follows the system's light or dark by itself; the code editor has to be told. */
function FollowSystemTheme() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    const follow = () => theme === null && setTheme(null);
    dark.addEventListener('change', follow);
    return () => dark.removeEventListener('change', follow);
  }, [theme, setTheme]);
  return null;
}

function headersText(token: string): string {
  return JSON.stringify({ authorization: `Bearer ${token}` }, null, 2);
}

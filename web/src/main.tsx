import './workers';
import { createRoot } from 'react-dom/client';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './style.css';
import { fetchConfig } from './config';
import { Explorer } from './Explorer';
import { Session } from './session';

const root = createRoot(document.getElementById('explorer') as HTMLElement);

fetchConfig().then(
  (config) => root.render(<Explorer session={new Session(config)} />),
  (reason: unknown) => root.render(<p className="konto-failed" role="alert">{String(reason)}</p>),
);

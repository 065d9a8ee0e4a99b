import { useEffect, useState, useSyncExternalStore, type FormEvent } from 'react';
import { claims, type Session } from './session';

/** The bar on top: whose explorer this is, who is signed in, and how to sign in. */
export function SessionBar({ session }: { session: Session }) {
  const { token, from, refused } = useSyncExternalStore(session.subscribe, () => session.state);
  const [open, setOpen] = useState(token === null);
  useEffect(() => {
    if (refused) setOpen(true);
  }, [refused]);

  return (
    <header className="konto-top">
      <div className="konto-bar">
        <h1 className="konto-wordmark">
          <img src="/assets/favicon.svg" alt="" width="22" height="22" />
          <span>
            Konto <em>explorer</em>
          </span>
        </h1>
        <div className="konto-who">
          {token !== null && (
            <span className={refused ? 'konto-badge konto-badge-refused' : 'konto-badge'} data-testid="badge">
              {refused ? 'Not signed in any more' : `Signed in ${whereTo(session, token)}`}
            </span>
          )}
          {from === 'person' && (
            <button type="button" className="konto-quiet" onClick={() => session.signOut()}>
              Sign out
            </button>
          )}
          <button type="button" className="konto-quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
            {token === null ? 'Sign in' : 'Change'}
          </button>
        </div>
      </div>
      {open && <SignIn session={session} onDone={() => setOpen(false)} />}
    </header>
  );
}

function whereTo(session: Session, token: string): string {
  if (session.state.from === 'server') return `to ${session.config.title}`;
  const { sub, client_id: client } = claims(token);
  const who = client ?? sub;
  return typeof who === 'string' ? `to ${session.config.title} as ${who}` : `to ${session.config.title}`;
}

function SignIn({ session, onDone }: { session: Session; onDone: () => void }) {
  const state = useSyncExternalStore(session.subscribe, () => session.state);
  const refused = state.refused && state.token !== null;
  const [way, setWay] = useState<'secret' | 'token'>('secret');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const field = (name: string) => String(fields.get(name) ?? '');
    setBusy(true);
    setProblem(null);
    try {
      if (way === 'secret') await session.signInWithSecret(field('client'), field('secret'));
      else session.signInWithToken(field('token'));
      onDone();
    } catch (reason) {
      setProblem(reason instanceof Error ? reason.message : String(reason));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="konto-sign-in" onSubmit={submit} autoComplete="off" data-testid="sign-in">
      <p className="konto-say" role={refused ? 'alert' : undefined}>
        {refused ? 'The server did not accept the token. Sign in again:' : 'Sign in with'}
      </p>
      <div className="konto-ways" role="radiogroup" aria-label="How to sign in">
        <Way name="secret" chosen={way} choose={setWay}>
          Client
        </Way>
        <Way name="token" chosen={way} choose={setWay}>
          Token
        </Way>
      </div>
      {way === 'secret' ? (
        <>
          <input name="client" placeholder="Client id" aria-label="Client id" required spellCheck={false} autoFocus />
          <input name="secret" placeholder="Client secret" aria-label="Client secret" type="password" autoComplete="off" required />
        </>
      ) : (
        <input
          name="token"
          className="konto-wide"
          placeholder="Access token"
          aria-label="Access token"
          type="password"
          autoComplete="off"
          required
          autoFocus
        />
      )}
      <button type="submit" className="konto-go" disabled={busy}>
        {busy ? 'Signing in…' : way === 'secret' ? 'Sign in' : 'Use token'}
      </button>
      {problem ? (
        <p className="konto-problem" role="alert">
          {problem}
        </p>
      ) : (
        <p className="konto-note">Kept in this browser tab only.</p>
      )}
    </form>
  );
}

interface WayProps {
  name: 'secret' | 'token';
  chosen: string;
  choose: (way: 'secret' | 'token') => void;
  children: string;
}

function Way({ name, chosen, choose, children }: WayProps) {
  return (
    <button type="button" role="radio" aria-checked={chosen === name} onClick={() => choose(name)}>
      {children}
    </button>
  );
}

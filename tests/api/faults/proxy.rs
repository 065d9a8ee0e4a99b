//! A way to PostgreSQL that can be cut, also at the worst moment.
//!
//! It knows as much of PostgreSQL's protocol as it takes: after the first message of a connection, a message is a
//! letter, a length that counts itself, and so many bytes.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

/// What becomes of what comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// It passes.
    Pass,
    /// The next COMMIT, or statement that commits a batch by itself, never arrives: the connection is cut before.
    CutBeforeCommit,
    /// The next of these arrives and is done, and the connection is cut before the answer passes.
    CutAfterCommit,
    /// All passes but notifications.
    Deaf,
}

const MODES: [Mode; 4] = [Mode::Pass, Mode::CutBeforeCommit, Mode::CutAfterCommit, Mode::Deaf];

struct Shared {
    server: String,
    mode: AtomicU8,
    cuts: AtomicUsize,
    unheard: AtomicUsize,
    /// A message closes every connection.
    close: broadcast::Sender<()>,
}

/// A proxy on a port of its own. Dropped, it closes everything.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// One before the server of a URL.
    pub async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (_, server, _) = parts(url);
        let server = if server.contains(':') { server.to_owned() } else { format!("{server}:5432") };
        let shared = Arc::new(Shared {
            server,
            mode: AtomicU8::new(Mode::Pass as u8),
            cuts: AtomicUsize::new(0),
            unheard: AtomicUsize::new(0),
            close: broadcast::Sender::new(4),
        });
        let task = tokio::spawn({
            let shared = shared.clone();
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(connection(client, shared.clone()));
                }
            }
        });
        Self { address, shared, task }
    }

    /// The same database, through the proxy.
    pub fn url(&self, url: &str) -> String {
        let (before, _, after) = parts(url);
        let mark = if after.contains('?') { '&' } else { '?' };
        format!("{before}{}{after}{mark}sslmode=disable", self.address)
    }

    /// How many notifications did not pass.
    pub fn unheard(&self) -> usize {
        self.shared.unheard.load(Ordering::SeqCst)
    }

    pub fn set(&self, mode: Mode) {
        self.shared.mode.store(mode as u8, Ordering::SeqCst);
    }

    /// How many connections were cut at a COMMIT.
    pub fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// Closes every connection.
    pub fn cut_all(&self) {
        let _ = self.shared.close.send(());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut_all();
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        MODES[usize::from(self.mode.load(Ordering::SeqCst))]
    }

    /// Whether this COMMIT is the one to cut. It is the only one.
    fn claims(&self, mode: Mode) -> bool {
        let claimed = self.mode.compare_exchange(mode as u8, Mode::Pass as u8, Ordering::SeqCst, Ordering::SeqCst);
        if claimed.is_ok() {
            self.cuts.fetch_add(1, Ordering::SeqCst);
        }
        claimed.is_ok()
    }
}

/// A URL up to its host, the host with its port, and the rest.
fn parts(url: &str) -> (&str, &str, &str) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let path = url[start..].find('/').map_or(url.len(), |at| start + at);
    let host = url[start..path].rfind('@').map_or(start, |at| start + at + 1);
    (&url[..host], &url[host..path], &url[path..])
}

async fn connection(client: TcpStream, shared: Arc<Shared>) {
    let mut close = shared.close.subscribe();
    let Ok(server) = TcpStream::connect(&shared.server).await else { return };
    for stream in [&client, &server] {
        let _ = stream.set_nodelay(true);
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Once a COMMIT is to be cut after it was done, the client hears nothing more.
    let muted = AtomicBool::new(false);
    tokio::select! {
        _ = upwards(from_client, to_server, &shared, &muted) => {}
        _ = downwards(from_server, to_client, &shared, &muted) => {}
        _ = close.recv() => {}
    }
}

/// From Konto to PostgreSQL. Ends when the connection is to be cut.
async fn upwards(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    muted: &AtomicBool,
) -> std::io::Result<()> {
    let mut first = vec![0; 4];
    from.read_exact(&mut first).await?;
    rest(&mut from, &mut first).await?;
    to.write_all(&first).await?;
    // The names under which statements were prepared that commit a batch by themselves.
    let mut batches: HashSet<Vec<u8>> = HashSet::new();
    loop {
        let message = message(&mut from).await?;
        let says = |text: &[u8]| message.windows(text.len()).any(|part| part == text);
        let mut names = message[5..].split(|byte| *byte == 0);
        let commits = match message[0] {
            b'P' if says(b"UPDATE ledger_head") && says(b"RETURNING tenant_id") => {
                batches.extend(names.next().map(<[u8]>::to_vec));
                false
            }
            b'Q' | b'P' => says(b"COMMIT"),
            // Of a portal, to a statement.
            b'B' => names.nth(1).is_some_and(|name| batches.contains(name)),
            _ => false,
        };
        if commits && shared.claims(Mode::CutBeforeCommit) {
            return Ok(());
        }
        if commits && shared.claims(Mode::CutAfterCommit) {
            muted.store(true, Ordering::SeqCst);
            to.write_all(&message).await?;
            // What belongs to it still has to arrive; there is nothing else, for it is waited for.
            tokio::io::copy(&mut from, &mut to).await?;
            return std::future::pending().await;
        }
        to.write_all(&message).await?;
    }
}

/// From PostgreSQL to Konto. Ends when the connection is to be cut.
async fn downwards(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    muted: &AtomicBool,
) -> std::io::Result<()> {
    loop {
        let message = message(&mut from).await?;
        if muted.load(Ordering::SeqCst) {
            // Ready, and in no transaction: it has committed.
            if message[0] == b'Z' && message[5] == b'I' {
                return Ok(());
            }
            continue;
        }
        if message[0] == b'A' && shared.mode() == Mode::Deaf {
            shared.unheard.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        to.write_all(&message).await?;
    }
}

async fn message(from: &mut OwnedReadHalf) -> std::io::Result<Vec<u8>> {
    let mut message = vec![0; 5];
    from.read_exact(&mut message).await?;
    rest(from, &mut message).await?;
    Ok(message)
}

/// Reads on to the end that the last four bytes tell.
async fn rest(from: &mut OwnedReadHalf, message: &mut Vec<u8>) -> std::io::Result<()> {
    let head = message.len();
    let length = u32::from_be_bytes(message[head - 4..].try_into().expect("four bytes"));
    message.resize(head - 4 + length as usize, 0);
    from.read_exact(&mut message[head..]).await.map(|_| ())
}

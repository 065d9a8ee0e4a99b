//! The client: HTTP/1.1 over plain sockets, one request at a time per connection, all of it on one thread. It
//! shares the machine with what it measures, so it does no more than it must.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::histogram::Histogram;
use crate::load::{Asker, Load, Supply, Verdict};

/// How long the last answers may take once the time is over.
const GRACE: Duration = Duration::from_secs(60);
/// Broken connections that are opened again, per connection; then something is wrong with the server.
const RECONNECTS: u32 = 100;

/// A server, and a token for it.
#[derive(Clone, Debug)]
pub struct Target {
    pub addr: SocketAddr,
    pub token: String,
}

/// A scenario to drive.
#[derive(Clone, Debug)]
pub struct Drive {
    /// The connections take turns among them.
    pub targets: Vec<Target>,
    /// Unique in the database.
    pub run: String,
    pub load: Load,
    /// Accounts that there are, from place 0 on.
    pub accounts: u64,
    /// Ends it early, once it is used up.
    pub supply: Option<Rc<Supply>>,
    pub connections: u64,
    pub warm_up: Duration,
    pub window: Duration,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Operations that were done and answered within the window.
    pub done: u64,
    /// The same in all: warm-up, window, and what was in flight at the end.
    pub done_in_all: u64,
    /// Entries that the journal must have for those.
    pub entries_in_all: u64,
    /// Transactions that came with reads, in the window.
    pub rows: u64,
    /// The ids of rows that were made or changed, in all.
    pub made: Vec<String>,
    /// Other answers, in all, by kind.
    pub others: BTreeMap<String, u64>,
    /// Of the requests in the window.
    pub latency: Histogram,
    /// The window, in microseconds.
    pub micros: u64,
}

impl Seen {
    /// Counts an answer; `within` is its latency in microseconds, if it came within the window.
    fn note(&mut self, verdict: Verdict, within: Option<u64>) {
        self.done_in_all += verdict.done;
        self.entries_in_all += verdict.entries;
        self.made.extend(verdict.made);
        for (kind, count) in verdict.others {
            *self.others.entry(kind).or_default() += count;
        }
        if let Some(micros) = within {
            self.done += verdict.done;
            self.rows += verdict.rows;
            self.latency.record(micros);
        }
    }

    /// Adds another turn of the same scenario.
    pub fn add(&mut self, other: Self) {
        self.done += other.done;
        self.done_in_all += other.done_in_all;
        self.entries_in_all += other.entries_in_all;
        self.rows += other.rows;
        self.made.extend(other.made);
        for (kind, count) in other.others {
            *self.others.entry(kind).or_default() += count;
        }
        self.latency.add(&other.latency);
        self.micros += other.micros;
    }

    /// Operations per second, in hundredths.
    pub fn rate(&self) -> u64 {
        u64::try_from(u128::from(self.done) * 100_000_000 / u128::from(self.micros.max(1))).unwrap_or(u64::MAX)
    }
}

/// The window in which answers count: from the first answer after the warm-up, which does not count, through the first
/// one after the end, which does. Where answers come in bursts, as those of batches do, no part of a burst is lost or
/// won; and a server that stalls at the end makes it longer.
struct Window {
    begin: Instant,
    /// When nothing more is asked. Earlier than planned when the supply ends.
    end: Cell<Instant>,
    opened: Cell<Option<Instant>>,
    closed: Cell<Option<Instant>>,
}

impl Window {
    /// Whether an answer that has come now counts.
    fn counts(&self, now: Instant) -> bool {
        if now < self.begin || self.closed.get().is_some() {
            return false;
        }
        if self.opened.get().is_none() {
            self.opened.set(Some(now));
            return false;
        }
        if now >= self.end.get() {
            self.closed.set(Some(now));
        }
        true
    }

    fn length(&self) -> Duration {
        let closed = self.closed.get().unwrap_or_else(|| self.end.get());
        self.opened.get().map_or(Duration::ZERO, |opened| closed.saturating_duration_since(opened))
    }
}

/// Opens the connections, keeps each of them busy until the time is over or the supply used up, and tells what was
/// seen.
pub async fn drive(plan: &Drive) -> anyhow::Result<Seen> {
    let mut sockets = Vec::new();
    for target in plan.targets.iter().cycle().take(usize::try_from(plan.connections)?) {
        sockets.push((target, connect(target.addr).await.context("no connection to the server")?));
    }
    let seen = Rc::new(RefCell::new(Seen::default()));
    let begin = Instant::now() + plan.warm_up;
    let end = Cell::new(begin + plan.window);
    let window = Rc::new(Window { begin, end, opened: Cell::new(None), closed: Cell::new(None) });
    let mut tasks = JoinSet::new();
    for (place, (target, socket)) in (0..).zip(sockets) {
        let run = format!("{}-{place:x}", plan.run);
        let host = target.addr.to_string();
        let asker = Asker::new(plan.load, plan.accounts, plan.supply.clone(), &host, &target.token, run);
        tasks.spawn_local(talk(target.addr, socket, asker, window.clone(), seen.clone()));
    }
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            ended.context("a connection's task")??;
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(plan.warm_up + plan.window + GRACE, all).await {
        Ok(ended) => ended?,
        Err(_) => bail!("some requests were not answered within {} s", GRACE.as_secs()),
    }
    drop(tasks);
    let mut seen = seen.take();
    seen.micros = micros(window.length());
    Ok(seen)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

async fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(addr).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

async fn talk(
    addr: SocketAddr,
    mut socket: TcpStream,
    mut asker: Asker,
    window: Rc<Window>,
    seen: Rc<RefCell<Seen>>,
) -> anyhow::Result<()> {
    let mut answer = Answer::default();
    let mut reconnects = 0;
    loop {
        let start = Instant::now();
        if start >= window.end.get() {
            return Ok(());
        }
        let Some(request) = asker.ask() else {
            window.end.set(start);
            return Ok(());
        };
        let exchanged = match socket.write_all(request).await {
            Ok(()) => answer.read(&mut socket).await,
            Err(error) => Err(error),
        };
        let now = Instant::now();
        match exchanged {
            Ok(()) => {
                let within = window.counts(now).then(|| micros(now - start));
                seen.borrow_mut().note(asker.judge(answer.status, answer.body()), within);
            }
            Err(error) => {
                let kind = (format!("transport: {}", error.kind()), 1);
                seen.borrow_mut().note(Verdict { others: vec![kind], ..Verdict::default() }, None);
                reconnects += 1;
                if reconnects > RECONNECTS {
                    bail!("the server breaks connections off: {error}");
                }
                socket = connect(addr).await.context("the server takes no connection any more")?;
            }
        }
    }
}

/// One answer.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: u16,
    text: Vec<u8>,
    head: usize,
}

impl Answer {
    /// The body of the answer that was read.
    pub fn body(&self) -> &[u8] {
        &self.text[self.head..]
    }

    /// Reads an answer of known length; the server makes no others for what is asked here.
    pub async fn read(&mut self, socket: &mut TcpStream) -> io::Result<()> {
        let wrong = |what: &'static str| io::Error::new(io::ErrorKind::InvalidData, what);
        self.text.clear();
        let mut looked = 0;
        loop {
            if socket.read_buf(&mut self.text).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let end = self.text[looked..].windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                self.head = looked + end + 4;
                break;
            }
            looked = self.text.len().saturating_sub(3);
        }
        let head = std::str::from_utf8(&self.text[..self.head]).map_err(|_| wrong("a head that is no text"))?;
        self.status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(|| wrong("no status"))?;
        let length = head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let whole = self.head + length.ok_or_else(|| wrong("no length"))?;
        self.text.reserve(whole.saturating_sub(self.text.len()));
        while self.text.len() < whole {
            if socket.read_buf(&mut self.text).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }
}

/// One request by itself, for what is not measured.
pub async fn once(addr: SocketAddr, request: &str) -> io::Result<Answer> {
    let mut socket = connect(addr).await?;
    socket.write_all(request.as_bytes()).await?;
    let mut answer = Answer::default();
    answer.read(&mut socket).await?;
    Ok(answer)
}

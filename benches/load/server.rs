//! The real server, as a child process.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};

use serde_json::{Value, json};

use crate::client::{self, Target};

/// The OAuth client of the benchmark.
const CLIENT: &str = "bench";
/// Its secret. The server listens on 127.0.0.1 and goes with the run.
const SECRET: &str = "only-for-the-benchmark";
const TENANT: &str = "bench";
/// The longest that anything takes which is asked once.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is set for the server: one client makes all requests, so its rate is the only limit that is raised.
pub const SETTINGS: &[(&str, &str)] = &[("KONTO_RATE_PER_SECOND", "1000000000"), ("KONTO_RATE_BURST", "1000000000")];

/// A copy of a program, which nobody builds anew while it is measured.
pub fn copy(program: &Path, folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let copy = folder.join(name);
    fs::copy(program, &copy).with_context(|| format!("{}", program.display()))?;
    Ok(copy)
}

/// The program without a variable that another Konto on this machine may have been given.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KONTO_") {
            command.env_remove(name);
        }
    }
    command
}

/// Replays the journal, and gives what `konto verify` says of it.
pub fn verify(program: &Path, url: &str) -> anyhow::Result<String> {
    let output = command(program).arg("verify").env("KONTO_DATABASE_URL", url).output()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().replace('\n', "; ");
    if !output.status.success() {
        bail!("konto verify: {said} {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(said)
}

/// The processor time in a `/proc/PID/stat`, in microseconds.
pub fn cpu_micros(stat: &Path) -> Option<u64> {
    /// Linux counts it in hundredths of a second, whatever its own clock does.
    const TICK_MICROS: u64 = 10_000;
    let stat = fs::read_to_string(stat).ok()?;
    // Behind the name, which may have spaces: the state, ten numbers, then user and system time.
    let (_, behind) = stat.rsplit_once(") ")?;
    let ticks: Option<Vec<u64>> = behind.split(' ').skip(11).take(2).map(|number| number.parse().ok()).collect();
    Some(ticks?.iter().sum::<u64>() * TICK_MICROS)
}

/// What a server said in its log, the first few of each.
#[derive(Debug, Default)]
pub struct Complaints {
    pub warnings: Vec<String>,
    pub errors: Vec<String>,
}

/// A running `konto serve`. Dropped, it is killed.
pub struct Server {
    child: Child,
    pub addr: SocketAddr,
    log: PathBuf,
    complaints: Complaints,
}

impl Server {
    /// Starts it, which makes tables, tenant and client where they are missing, and waits until it is ready.
    pub async fn start(program: &Path, url: &str, folder: &Path, more: &[String]) -> anyhow::Result<Self> {
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = folder.join(format!("konto-{}.log", addr.port()));
        let file = File::options().create(true).append(true).open(&log)?;
        file.set_len(0)?;
        let mut command = command(program);
        command.arg("serve").current_dir(folder).envs(SETTINGS.iter().copied());
        command.env("KONTO_DATABASE_URL", url).env("KONTO_LISTEN", addr.to_string());
        command.env("KONTO_BOOTSTRAP_CLIENT", format!("{TENANT}:{CLIENT}:{SECRET}"));
        for setting in more {
            let (name, value) = setting.split_once('=').ok_or_else(|| anyhow!("--set {setting}: NAME=VALUE"))?;
            command.env(name, value);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn();
        let child = child.context("konto does not start")?;
        let mut server = Self { child, addr, log, complaints: Complaints::default() };
        let late = Instant::now() + Duration::from_secs(60);
        loop {
            let ready = format!("GET /health/ready HTTP/1.1\r\nHost: {addr}\r\n\r\n");
            match client::once(addr, &ready).await {
                Ok(answer) if answer.status == 200 => return Ok(server),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("konto ended with {status}: {}", fs::read_to_string(&server.log)?);
            }
            if Instant::now() > late {
                bail!("konto was not ready within a minute: {}", fs::read_to_string(&server.log)?);
            }
        }
    }

    /// Where it is, with a token for everything that is good for an hour.
    pub async fn target(&self) -> anyhow::Result<Target> {
        let form = format!("grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}");
        let head = "POST /oauth2/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        let (status, body) = self.post(head, &form).await?;
        let token = body["access_token"].as_str().with_context(|| format!("no token: {status} {body}"))?;
        Ok(Target { addr: self.addr, token: token.to_owned() })
    }

    /// What an operation gives; an error when it gives any.
    pub async fn ask(&self, document: &str, variables: Value) -> anyhow::Result<Value> {
        let token = self.target().await?.token;
        let head = format!(
            "POST /graphql HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
            Accept: application/graphql-response+json\r\n"
        );
        let body = json!({ "query": document, "variables": variables }).to_string();
        let (status, mut answer) = self.post(&head, &body).await?;
        if status != 200 || !answer["errors"].is_null() {
            bail!("{status} {} to {document}", answer["errors"]);
        }
        Ok(answer["data"].take())
    }

    async fn post(&self, head: &str, body: &str) -> anyhow::Result<(u16, Value)> {
        let request = format!("{head}Host: {}\r\nContent-Length: {}\r\n\r\n{body}", self.addr, body.len());
        let answer = tokio::time::timeout(PATIENCE, client::once(self.addr, &request)).await.context("no answer")??;
        let body = serde_json::from_slice(answer.body()).with_context(|| format!("{} without JSON", answer.status))?;
        Ok((answer.status, body))
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.id()))
    }

    /// Its largest resident memory since it was last asked to forget, in kilobytes; nothing where there is no
    /// `/proc`.
    pub fn peak_kb(&self) -> Option<u64> {
        let status = fs::read_to_string(self.proc("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches("kB").trim().parse().ok()
    }

    /// The processor time that it has used, in microseconds.
    pub fn cpu_micros(&self) -> Option<u64> {
        cpu_micros(&self.proc("stat"))
    }

    /// Begins a scenario: forgets the memory's peak, and empties the log, so that it does not fill the disk.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        // Not everywhere allowed; the peak is then that of the scenarios before, too.
        let _ = fs::write(self.proc("clear_refs"), "5");
        self.read_log()?;
        File::options().write(true).open(&self.log)?.set_len(0)?;
        Ok(())
    }

    fn read_log(&mut self) -> anyhow::Result<()> {
        const WORTH_TELLING: usize = 5;
        for line in BufReader::new(File::open(&self.log)?).lines() {
            let line = line?;
            let kind = if line.contains("\"level\":\"ERROR\"") || line.contains("panicked") {
                &mut self.complaints.errors
            } else if line.contains("\"level\":\"WARN\"") {
                &mut self.complaints.warnings
            } else {
                continue;
            };
            if kind.len() < WORTH_TELLING {
                kind.push(line);
            }
        }
        Ok(())
    }

    /// Ends it politely, and gives what it complained about.
    pub async fn stop(mut self) -> anyhow::Result<Complaints> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().context("kill")?;
        let late = Instant::now() + Duration::from_secs(30);
        let status = loop {
            match self.child.try_wait()? {
                Some(status) => break status,
                None if Instant::now() > late => bail!("konto did not stop within 30 s"),
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        self.read_log()?;
        fs::remove_file(&self.log)?;
        if !status.success() {
            bail!("konto ended with {status}: {}", self.complaints.errors.join("\n"));
        }
        Ok(std::mem::take(&mut self.complaints))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, or the benchmark has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

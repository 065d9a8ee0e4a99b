//! A mail server on this machine, which speaks enough of SMTP to be sent to, and remembers what came.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: String,
    /// All of it, as it was sent, without the marks of the protocol.
    pub mail: String,
}

/// A running mail server.
#[derive(Clone)]
pub struct PostOffice {
    pub address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
    /// What it answers to the next recipients: the code of a refusal, each once.
    answers: Arc<Mutex<Vec<u16>>>,
}

impl PostOffice {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let office = Self { address, taken: Arc::default(), answers: Arc::default() };
        let at_work = office.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let office = at_work.clone();
                tokio::spawn(async move { office.serve(stream).await.ok() });
            }
        });
        office
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The next recipients are refused with these codes, in this order.
    pub fn refuses(&self, codes: &[u16]) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = codes.iter().rev().copied().collect();
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 office ESMTP\r\n").await?;
        let (mut from, mut to) = (String::new(), String::new());
        while let Some(line) = lines.next_line().await? {
            let upper = line.to_ascii_uppercase();
            let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            let answer = if upper.starts_with("EHLO") || upper.starts_with("HELO") {
                "250-office\r\n250 8BITMIME".to_owned()
            } else if upper.starts_with("MAIL FROM") {
                from = address();
                "250 ok".to_owned()
            } else if upper.starts_with("RCPT TO") {
                to = address();
                match self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop() {
                    Some(code) => format!("{code} not {to}"),
                    None => "250 ok".to_owned(),
                }
            } else if upper.starts_with("DATA") {
                writer.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.push_str("\r\n");
                }
                let taken = Taken { from: from.clone(), to: to.clone(), mail };
                self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
                "250 taken".to_owned()
            } else if upper.starts_with("QUIT") {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            } else {
                "250 ok".to_owned()
            };
            writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }
}

//! One HTTP/2 connection that keeps some requests under way until the supply ends. Must not judge how fast.

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use holdfast_tests::tls::TlsClient;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::frame::{ACK, END_HEADERS, END_STREAM, Frame, PREFACE, kind, push, split};
use super::request::Template;
use crate::supply::Supply;

/// Window for all answers of a connection: larger than what any row receives, so that it never has to be renewed.
const WINDOW_BYTES: u32 = (1 << 31) - 1;

/// What every connection may receive before anything was said.
const WINDOW_BYTES_AT_START: u32 = 65_535;

/// A request under way.
#[derive(Debug)]
struct Asked {
    stream: u32,
    at: Instant,
    has_message: bool,
}

/// Bytes in both directions.
trait Socket: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Socket for T {}

/// An open connection.
pub struct Connection {
    socket: Box<dyn Socket>,
    template: Template,
    streams: usize,
    next_stream: u32,
    asked: Vec<Asked>,
    out: Vec<u8>,
    latencies: Vec<Duration>,
}

impl Connection {
    /// Connects for that many requests at the same time, by TLS if there is any.
    pub async fn open(
        endpoint: &str,
        tls: Option<TlsClient>,
        template: Template,
        streams: usize,
    ) -> io::Result<Self> {
        let address = endpoint.split_once("://").map_or(endpoint, |(_, address)| address);
        let mut socket: Box<dyn Socket> = match tls {
            None => {
                let socket = TcpStream::connect(address).await?;
                socket.set_nodelay(true)?;
                Box::new(socket)
            }
            Some(tls) => Box::new(tls.connect(address.parse().map_err(io::Error::other)?).await?),
        };
        let mut out = PREFACE.to_vec();
        push(&mut out, kind::SETTINGS, 0, 0, &[]);
        let more = (WINDOW_BYTES - WINDOW_BYTES_AT_START).to_be_bytes();
        push(&mut out, kind::WINDOW_UPDATE, 0, 0, &more);
        socket.write_all(&out).await?;
        out.clear();
        let (asked, latencies) = (Vec::with_capacity(streams), Vec::new());
        Ok(Self { socket, template, streams, next_stream: 1, asked, out, latencies })
    }

    /// Asks until the supply ends and everything is answered; returns how long each answer took.
    pub async fn ask(mut self, supply: Rc<Supply>) -> io::Result<Vec<Duration>> {
        let mut received = Vec::with_capacity(64 << 10);
        loop {
            while self.asked.len() < self.streams
                && let Some(number) = supply.take()
            {
                self.add_request(number);
            }
            if self.asked.is_empty() {
                return Ok(self.latencies);
            }
            if !self.out.is_empty() {
                self.socket.write_all(&self.out).await?;
                self.socket.flush().await?;
                self.out.clear();
            }
            if self.socket.read_buf(&mut received).await? == 0 {
                return Err(io::Error::other("the server closed a connection"));
            }
            let mut rest = &received[..];
            while let Some(frame) = split(&mut rest) {
                self.take_frame(&frame)?;
            }
            let used = received.len() - rest.len();
            received.drain(..used);
        }
    }

    fn add_request(&mut self, number: u64) {
        let stream = self.next_stream;
        self.next_stream += 2;
        push(&mut self.out, kind::HEADERS, END_HEADERS, stream, &self.template.headers);
        push(&mut self.out, kind::DATA, END_STREAM, stream, self.template.message(number));
        self.asked.push(Asked { stream, at: Instant::now(), has_message: false });
    }

    fn take_frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        match frame.kind {
            kind::DATA | kind::HEADERS => self.take_answer(frame),
            kind::SETTINGS if frame.flags & ACK == 0 => {
                push(&mut self.out, kind::SETTINGS, ACK, 0, &[]);
                Ok(())
            }
            kind::PING if frame.flags & ACK == 0 => {
                push(&mut self.out, kind::PING, ACK, 0, frame.payload);
                Ok(())
            }
            kind::RST_STREAM => Err(io::Error::other("the server reset a request")),
            kind::GOAWAY => Err(io::Error::other("the server ended a connection")),
            _ => Ok(()),
        }
    }

    /// Refused requests are answered by trailers alone, so whether there was a message tells them apart, and the
    /// headers need not be decoded.
    fn take_answer(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let at = self.asked.iter().position(|asked| asked.stream == frame.stream);
        let at = at.ok_or_else(|| io::Error::other("the server answered what was not asked"))?;
        if frame.kind == kind::DATA && !frame.payload.is_empty() {
            self.asked[at].has_message = true;
        }
        if frame.flags & END_STREAM == 0 {
            return Ok(());
        }
        let asked = self.asked.swap_remove(at);
        if !asked.has_message {
            return Err(io::Error::other("the server refused a request"));
        }
        self.latencies.push(asked.at.elapsed());
        Ok(())
    }
}

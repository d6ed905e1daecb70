//! One keep-alive connection: a prebuilt request out, an answer in, read just far enough to know its status and that all
//! of it has come. Must not judge how fast.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Of a body so much is kept, for the text of a refusal.
const BEGINNING_BYTES_MAX: usize = 1 << 10;

/// What is read at once at most.
const READ_BYTES: usize = 64 << 10;

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    socket: TcpStream,
    received: Vec<u8>,
    /// Of what was received, this much was looked at.
    used: usize,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How the body begins.
    pub beginning: Vec<u8>,
}

/// How long a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Known(usize),
    Chunked,
}

impl Connection {
    /// Connects to `host:port`.
    pub async fn open(authority: &str) -> io::Result<Self> {
        let socket = TcpStream::connect(authority).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, received: Vec::with_capacity(READ_BYTES), used: 0 })
    }

    /// Sends one request and waits until all of its answer has come.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.socket.write_all(request).await?;
        let (status, length) = read_head(self.line_until(b"\r\n\r\n").await?)?;
        let mut answer = Answer { status, beginning: Vec::new() };
        match length {
            Length::Known(length) => self.take(length, &mut answer).await?,
            Length::Chunked => loop {
                let line = self.line_until(b"\r\n").await?;
                let size = read_chunk_size(line)?;
                self.take(size, &mut answer).await?;
                self.line_until(b"\r\n").await?;
                if size == 0 {
                    break;
                }
            },
        }
        Ok(answer)
    }

    /// What comes before `end`.
    async fn line_until(&mut self, end: &[u8]) -> io::Result<&[u8]> {
        let mut searched = self.used;
        loop {
            let found = self.received[searched..].windows(end.len()).position(|window| window == end);
            if let Some(at) = found {
                let line = self.used..searched + at;
                self.used = line.end + end.len();
                return Ok(&self.received[line]);
            }
            let known = self.received.len() - self.used;
            self.read().await?;
            searched = self.used + known.saturating_sub(end.len() - 1);
        }
    }

    /// Takes so much of the body.
    async fn take(&mut self, length: usize, answer: &mut Answer) -> io::Result<()> {
        let mut left = length;
        loop {
            let piece = &self.received[self.used..];
            let piece = &piece[..piece.len().min(left)];
            let room = BEGINNING_BYTES_MAX - answer.beginning.len();
            answer.beginning.extend_from_slice(&piece[..piece.len().min(room)]);
            self.used += piece.len();
            left -= piece.len();
            if left == 0 {
                return Ok(());
            }
            self.read().await?;
        }
    }

    /// Reads more, after what was used is forgotten.
    async fn read(&mut self) -> io::Result<()> {
        self.received.drain(..self.used);
        self.used = 0;
        if self.received.capacity() - self.received.len() < READ_BYTES / 2 {
            self.received.reserve(READ_BYTES);
        }
        match self.socket.read_buf(&mut self.received).await? {
            0 => Err(io::Error::other("the server closed a connection")),
            _ => Ok(()),
        }
    }
}

fn read_head(head: &[u8]) -> io::Result<(u16, Length)> {
    let malformed = || io::Error::other(format!("not a head: {}", String::from_utf8_lossy(head)));
    let head = str::from_utf8(head).map_err(|_| malformed())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let mut length = Length::Known(0);
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        if name.eq_ignore_ascii_case("content-length") {
            length = Length::Known(value.trim().parse().map_err(|_| malformed())?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            length = Length::Chunked;
        }
    }
    Ok((status.ok_or_else(malformed)?, length))
}

fn read_chunk_size(line: &[u8]) -> io::Result<usize> {
    let text = str::from_utf8(line).ok().map(|text| text.split(';').next().unwrap_or_default().trim());
    text.and_then(|text| usize::from_str_radix(text, 16).ok())
        .ok_or_else(|| io::Error::other(format!("not a chunk: {}", String::from_utf8_lossy(line))))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Answers in pieces of this length, whatever is asked, and asks twice.
    async fn exchange(answers: &'static [u8], piece: usize) -> Vec<(u16, String)> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut connection = Connection::open(&listener.local_addr().unwrap().to_string()).await.unwrap();
        let (mut theirs, _) = listener.accept().await.unwrap();
        theirs.set_nodelay(true).unwrap();
        let serving = tokio::spawn(async move {
            for piece in answers.chunks(piece) {
                theirs.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut read = Vec::new();
        for _ in 0..2 {
            let answer = connection.ask(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            read.push((answer.status, String::from_utf8(answer.beginning).unwrap()));
        }
        serving.await.unwrap();
        assert!(connection.ask(b"GET / HTTP/1.1\r\n\r\n").await.is_err(), "the server is gone");
        read
    }

    #[tokio::test]
    async fn answers_are_told_apart_however_they_come() {
        let answers = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 404 Not Found\r\n\
                        transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0a;x=y\r\n0123456789\r\n0\r\n\r\n";
        for piece in [1, 2, 7, 1000] {
            let expected = [(201, "hello".to_owned()), (404, "abc0123456789".to_owned())];
            assert_eq!(exchange(answers, piece).await, expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        assert!(read_head(b"HTTP/1.1 OK").is_err() && read_head(b"HTTP/1.1 200 OK\r\nx").is_err());
        assert_eq!(read_head(b"HTTP/1.1 204 No Content\r\nx: y").unwrap(), (204, Length::Known(0)));
        assert!(read_chunk_size(b"").is_err() && read_chunk_size(b"g").is_err());
    }
}

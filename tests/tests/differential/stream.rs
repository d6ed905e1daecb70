//! Plays the steps of a stream against one server and writes down what came. Must not judge.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use holdfast_tests::http as plain;
use holdfast_tests::normalise::without_json_spaces;
use http::Method as Verb;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::methods::Method;
use crate::plan::StreamStep;
use crate::run::{ANSWER_DEADLINE, Target, envelope, path as call_path, show_status};
use holdfast_tests::bytewise::Bytewise;

/// How long a stream must stay silent to count as silent; a watch that lags is looked at every 100 ms.
const QUIET: Duration = Duration::from_millis(250);

/// What the next read of a stream gave.
enum Next {
    Message(String),
    End(String),
    Nothing,
}

/// Either kind of stream, before and after the server's first answer.
enum Incoming {
    Opening { opening: JoinHandle<Result<Streaming<Vec<u8>>, Status>>, show: fn(&[u8]) -> String },
    Grpc { messages: Streaming<Vec<u8>>, show: fn(&[u8]) -> String },
    OpeningJson(JoinHandle<Result<plain::AnswerStream, plain::HttpError>>),
    Json { answer: plain::AnswerStream, buffered: Vec<u8>, is_new: bool },
}

impl Target {
    pub(super) async fn stream(
        &self,
        method: &'static Method,
        metadata: &[(&'static str, &'static str)],
        steps: &[StreamStep],
    ) -> String {
        let (sender, receiver) = mpsc::channel(16);
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        let request = envelope(ReceiverStream::new(receiver), metadata);
        // The server need not answer before it has a message to send.
        let opening = tokio::spawn(async move {
            client.ready().await.map_err(|error| Status::unknown(format!("not ready: {error}")))?;
            Ok(client.streaming(request, call_path(method), Bytewise).await?.into_inner())
        });
        self.play(Incoming::Opening { opening, show: method.show }, Some(sender), steps).await
    }

    pub(super) async fn json_stream(&self, path: &'static str, body: &str, steps: &[StreamStep]) -> String {
        let (address, body) = (self.address, body.to_owned());
        let opening = tokio::spawn(async move { plain::open(address, Verb::POST, path, &[], body).await });
        self.play(Incoming::OpeningJson(opening), None, steps).await
    }

    async fn play(
        &self,
        mut incoming: Incoming,
        mut sender: Option<mpsc::Sender<Vec<u8>>>,
        steps: &[StreamStep],
    ) -> String {
        let mut text = String::new();
        for step in steps {
            match step {
                StreamStep::Send(message) => {
                    if let Some(sender) = &sender {
                        let _ = sender.send(message.clone()).await;
                    }
                }
                StreamStep::Close => sender = None,
                StreamStep::Call(method, message) => {
                    if let Err(status) = self.call(method, message.clone(), &[]).await {
                        write!(text, "\n    {}: {}", method.name(), show_status(&status)).unwrap();
                    }
                }
                StreamStep::Receive(count) => {
                    for _ in 0..*count {
                        if !receive(&mut incoming, ANSWER_DEADLINE, &mut text).await {
                            return text;
                        }
                    }
                }
                StreamStep::End => while receive(&mut incoming, ANSWER_DEADLINE, &mut text).await {},
                StreamStep::Quiet => while receive(&mut incoming, QUIET, &mut text).await {},
            }
        }
        text
    }
}

/// Writes down the next message; says whether there was one.
async fn receive(incoming: &mut Incoming, deadline: Duration, text: &mut String) -> bool {
    match incoming.next(deadline).await {
        Next::Message(message) => {
            write!(text, "\n    {message}").unwrap();
            true
        }
        Next::End(end) => {
            write!(text, "\n    end: {end}").unwrap();
            false
        }
        Next::Nothing => {
            write!(text, "\n    silence").unwrap();
            false
        }
    }
}

impl Incoming {
    async fn next(&mut self, deadline: Duration) -> Next {
        if let Err(next) = self.open(deadline).await {
            return next;
        }
        match self {
            Self::Grpc { messages, show } => match timeout(deadline, messages.message()).await {
                Ok(Ok(Some(message))) => Next::Message(show(&message)),
                Ok(Ok(None)) => Next::End(show_status(&Status::ok(""))),
                Ok(Err(status)) => Next::End(show_status(&status)),
                Err(_) => Next::Nothing,
            },
            Self::Json { answer, buffered, is_new } => {
                let head = format!("{} {:?} ", answer.status.as_u16(), answer.headers.get("content-type"));
                let head = if *is_new { head } else { String::new() };
                match next_line(answer, buffered, deadline).await {
                    Next::Nothing => Next::Nothing,
                    Next::Message(message) => {
                        *is_new = false;
                        Next::Message(head + &message)
                    }
                    Next::End(end) => Next::End(head + &end),
                }
            }
            Self::Opening { .. } | Self::OpeningJson(_) => Next::Nothing,
        }
    }

    /// Waits for the server's first answer, where it has not come.
    async fn open(&mut self, deadline: Duration) -> Result<(), Next> {
        match self {
            Self::Opening { opening, show } => match timeout(deadline, opening).await {
                Ok(Ok(Ok(messages))) => *self = Self::Grpc { messages, show: *show },
                Ok(Ok(Err(status))) => return Err(Next::End(show_status(&status))),
                Ok(Err(error)) => return Err(Next::End(error.to_string())),
                Err(_) => return Err(Next::Nothing),
            },
            Self::OpeningJson(opening) => match timeout(deadline, opening).await {
                Ok(Ok(Ok(answer))) => *self = Self::Json { answer, buffered: Vec::new(), is_new: true },
                Ok(Ok(Err(error))) => return Err(Next::End(error.to_string())),
                Ok(Err(error)) => return Err(Next::End(error.to_string())),
                Err(_) => return Err(Next::Nothing),
            },
            Self::Grpc { .. } | Self::Json { .. } => {}
        }
        Ok(())
    }
}

async fn next_line(answer: &mut plain::AnswerStream, buffered: &mut Vec<u8>, deadline: Duration) -> Next {
    loop {
        if let Some(end) = buffered.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffered.drain(..=end).collect();
            return Next::Message(without_json_spaces(&String::from_utf8_lossy(&line)));
        }
        let piece: Bytes = match answer.next(deadline).await {
            Ok(Some(piece)) => piece,
            Ok(None) if buffered.is_empty() => return Next::End("of the body".to_owned()),
            Ok(None) => {
                let rest = String::from_utf8_lossy(buffered).into_owned();
                buffered.clear();
                return Next::Message(rest);
            }
            Err(plain::HttpError::Late(_)) => return Next::Nothing,
            Err(error) => return Next::End(error.to_string()),
        };
        buffered.extend_from_slice(&piece);
    }
}

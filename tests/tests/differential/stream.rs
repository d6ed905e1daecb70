//! Plays the steps of a stream against one server and writes down what came. Must not judge.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use holdfast_tests::http as plain;
use holdfast_tests::normalise::without_json_spaces;
use http::Method as Verb;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::grpc::Bytewise;
use crate::methods::Method;
use crate::plan::StreamStep;
use crate::run::{ANSWER_DEADLINE, Target, envelope, path, show_status};

/// How long a stream must stay silent to count as silent; a watch that lags is looked at every 100 ms.
const QUIET: Duration = Duration::from_millis(250);

/// What the next read of a stream gave.
enum Next {
    Message(String),
    End(String),
    Nothing,
}

/// Either kind of stream.
enum Incoming {
    Grpc { messages: Streaming<Vec<u8>>, show: fn(&[u8]) -> String },
    Json { answer: plain::AnswerStream, buffered: Vec<u8> },
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
        client.ready().await.unwrap();
        let request = envelope(ReceiverStream::new(receiver), metadata);
        // The server may send no header before it has a message, so the first one must not wait for the answer.
        let mut steps = steps.iter();
        let mut first = None;
        for step in steps.by_ref() {
            match step {
                StreamStep::Send(message) => sender.send(message.clone()).await.unwrap(),
                other => {
                    first = Some(other);
                    break;
                }
            }
        }
        let mut sender = Some(sender);
        if matches!(first, Some(StreamStep::Close)) {
            sender = None;
        }
        let opened = timeout(ANSWER_DEADLINE, client.streaming(request, path(method), Bytewise)).await;
        let messages = match opened {
            Ok(Ok(answer)) => answer.into_inner(),
            Ok(Err(status)) => return format!("\n    end: {}", show_status(&status)),
            Err(_) => return "not opened in time".to_owned(),
        };
        let incoming = Incoming::Grpc { messages, show: method.show };
        self.play(incoming, sender, first.into_iter().chain(steps)).await
    }

    pub(super) async fn json_stream(&self, path: &str, body: &str, steps: &[StreamStep]) -> String {
        let answer = plain::open(self.address, Verb::POST, path, &[], body.to_owned()).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return format!("no answer: {error}"),
        };
        let head = format!("{} {:?}", answer.status.as_u16(), answer.headers.get("content-type"));
        let incoming = Incoming::Json { answer, buffered: Vec::new() };
        head + &self.play(incoming, None, steps.iter()).await
    }

    async fn play(
        &self,
        mut incoming: Incoming,
        mut sender: Option<mpsc::Sender<Vec<u8>>>,
        steps: impl Iterator<Item = &StreamStep>,
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
        match self {
            Self::Grpc { messages, show } => match timeout(deadline, messages.message()).await {
                Ok(Ok(Some(message))) => Next::Message(show(&message)),
                Ok(Ok(None)) => Next::End(show_status(&Status::ok(""))),
                Ok(Err(status)) => Next::End(show_status(&status)),
                Err(_) => Next::Nothing,
            },
            Self::Json { answer, buffered } => next_line(answer, buffered, deadline).await,
        }
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

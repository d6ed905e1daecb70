//! Answers and messages as lines of text.

use std::fmt::Write;
use std::sync::Arc;

use holdfast_core::response::{
    Event, EventKind, KeyValue, RangeResponse, Response, RevisionEvents, TxnOperationResponse, TxnResponse,
};
use holdfast_core::watch::{WatchMessage, fragments};

use super::print_v2;

/// Size of a script's largest watch message, events counting one each.
const FRAGMENT_EVENTS_MAX: usize = 4;

pub fn key_value(kv: &KeyValue) -> String {
    let key = String::from_utf8_lossy(&kv.key);
    let value = String::from_utf8_lossy(&kv.value);
    let mut line =
        format!("{key}={value} create {} mod {} version {}", kv.create_revision, kv.mod_revision, kv.version);
    if !kv.lease.is_none() {
        write!(line, " lease {}", kv.lease).unwrap();
    }
    line
}

pub fn range(response: &RangeResponse, indent: &str, text: &mut String) {
    for kv in &response.kvs {
        writeln!(text, "{indent}{}", key_value(kv)).unwrap();
    }
    let more = if response.more { ", more" } else { "" };
    writeln!(text, "{indent}count {}{more}", response.count).unwrap();
}

pub fn response(response: &Response, text: &mut String) {
    match response {
        Response::Put(put) => previous(put.prev_kv.as_ref(), "", text),
        Response::DeleteRange(delete) => {
            writeln!(text, "deleted {}", delete.deleted).unwrap();
            delete.prev_kvs.iter().for_each(|kv| previous(Some(kv), "", text));
        }
        Response::Txn(response) => txn(response, "", text),
        Response::LeaseGrant { id, ttl_seconds } => writeln!(text, "lease {id} for {ttl_seconds} s").unwrap(),
        Response::Alarm(alarms) => {
            for alarm in alarms {
                writeln!(text, "member {} {:?}", alarm.member, alarm.kind).unwrap();
            }
        }
        Response::V2(event) => print_v2::event(event, text),
        Response::V2User(..) | Response::V2Role(_) => {}
        Response::Compact | Response::LeaseRevoke | Response::Done => {}
    }
}

fn previous(kv: Option<&KeyValue>, indent: &str, text: &mut String) {
    if let Some(kv) = kv {
        writeln!(text, "{indent}was {}", key_value(kv)).unwrap();
    }
}

fn txn(response: &TxnResponse, indent: &str, text: &mut String) {
    let branch = if response.succeeded { "then" } else { "else" };
    writeln!(text, "{indent}{branch} at {}", response.revision).unwrap();
    let indent = format!("{indent}  ");
    for response in &response.responses {
        match response {
            TxnOperationResponse::Range(response) => range(response, &indent, text),
            TxnOperationResponse::Put(put) => {
                writeln!(text, "{indent}put").unwrap();
                previous(put.prev_kv.as_ref(), &indent, text);
            }
            TxnOperationResponse::DeleteRange(delete) => {
                writeln!(text, "{indent}deleted {}", delete.deleted).unwrap();
                delete.prev_kvs.iter().for_each(|kv| previous(Some(kv), &indent, text));
            }
            TxnOperationResponse::Txn(nested) => txn(nested, &indent, text),
        }
    }
}

pub fn message(message: &WatchMessage<Arc<RevisionEvents>>, text: &mut String) {
    match message {
        WatchMessage::Created { watch_id, revision } => {
            writeln!(text, "watch {}: created at {revision}", watch_id.0)
        }
        WatchMessage::Refused { revision, refusal } => {
            writeln!(text, "watch -1: created and canceled at {revision}: {refusal}")
        }
        WatchMessage::Canceled { watch_id, revision } => {
            writeln!(text, "watch {}: canceled at {revision}", watch_id.0)
        }
        WatchMessage::Revoked { watch_id, revision, refusal } => {
            writeln!(text, "watch {}: canceled at {revision}: {refusal}", watch_id.0)
        }
        WatchMessage::Compacted { watch_id, compacted } => {
            writeln!(text, "watch {}: canceled, compacted {compacted}", watch_id.0)
        }
        WatchMessage::Progress { watch_id, revision } => {
            writeln!(text, "watch {}: progress at {revision}", watch_id.map_or(-1, |id| id.0))
        }
        WatchMessage::Events { watch_id, revision, prev_kv, fragment, events } => {
            let max = if *fragment { FRAGMENT_EVENTS_MAX } else { usize::MAX };
            let mut rest = events.as_slice();
            for len in fragments(0, events.iter().map(|_| 1), max) {
                let (part, behind) = rest.split_at(len);
                rest = behind;
                let mark = if rest.is_empty() { "" } else { ", fragment" };
                writeln!(text, "watch {}: events at {revision}{mark}", watch_id.0).unwrap();
                for (revision, position) in part {
                    event(&revision.events[*position as usize], *prev_kv, text);
                }
            }
            Ok(())
        }
    }
    .unwrap();
}

fn event(event: &Event, prev_kv: bool, text: &mut String) {
    match event.kind {
        EventKind::Put => writeln!(text, "  put {}", key_value(&event.kv)).unwrap(),
        EventKind::Delete => {
            let key = String::from_utf8_lossy(&event.kv.key);
            writeln!(text, "  del {key} mod {}", event.kv.mod_revision).unwrap();
        }
    }
    if prev_kv {
        previous(event.prev_kv.as_ref(), "    ", text);
    }
}

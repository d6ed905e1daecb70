//! Changes of the v2 API on the naive store: every question is answered by a look at all keys.

use bytes::Bytes;
use holdfast_core::ids::LeaseId;
use holdfast_core::response::{Event, EventKind, KeyValue};
use holdfast_core::v2::{
    V2Action, V2Error, V2Event, V2Mark, V2Node, V2Operation, V2Path, V2Refusal, V2Request, V2Role,
    V2TimeToLive,
};

use crate::naive::{Naive, Writing};
use crate::reading::Keys;

/// A change that was decided on.
enum Change {
    Make { path: V2Path, value: Option<Bytes>, action: V2Action },
    Go { path: V2Path, value: Option<Bytes>, action: V2Action },
    Remove { path: V2Path, is_directory: bool, action: V2Action },
}

fn file<'k>(keys: &'k Keys, path: &V2Path) -> Option<&'k KeyValue> {
    keys.get(path.as_bytes()).filter(|_| !path.is_root())
}

fn keys_in<'k>(keys: &'k Keys, path: &V2Path) -> Vec<&'k KeyValue> {
    let directory = path.directory_key();
    keys.values().filter(|kv| kv.key.starts_with(&directory)).collect()
}

fn is_directory(keys: &Keys, path: &V2Path) -> bool {
    path.is_root() || !keys_in(keys, path).is_empty()
}

fn missing(keys: &Keys, path: &V2Path) -> V2Refusal {
    let ancestors: Vec<V2Path> = path.ancestors().collect();
    match ancestors.into_iter().rev().find(|ancestor| !is_directory(keys, ancestor)) {
        Some(ancestor) if file(keys, &ancestor).is_some() => V2Refusal::NotDirectory(ancestor),
        Some(ancestor) => V2Refusal::KeyNotFound(ancestor),
        None => V2Refusal::KeyNotFound(path.clone()),
    }
}

fn decide(keys: &Keys, request: &V2Request, in_order: &str) -> Result<Change, V2Refusal> {
    let path = request.path.clone();
    let is_file = file(keys, &path).is_some();
    let is_directory = is_directory(keys, &path);
    let old_value = file(keys, &path).map(|kv| kv.value.clone());
    let or_old = |value: &Bytes, is_refresh: bool| match &old_value {
        Some(old) if is_refresh => Some(old.clone()),
        _ => Some(value.clone()),
    };
    let takes_root = matches!(
        request.operation,
        V2Operation::CompareAndDelete { .. } | V2Operation::Create { is_in_order: true, .. }
    );
    if path.is_root() && !takes_root {
        return Err(V2Refusal::RootReadOnly);
    }
    match &request.operation {
        V2Operation::Set { value, is_directory: makes_directory, is_refresh, .. } => {
            if is_directory && (*makes_directory || !is_file) {
                return Err(V2Refusal::NotFile(path));
            }
            let missing = missing(keys, &path);
            if !is_file && (*is_refresh || !matches!(missing, V2Refusal::KeyNotFound(_))) {
                return Err(missing);
            }
            let value = if *makes_directory { None } else { or_old(value, *is_refresh) };
            Ok(Change::Make { path, value, action: V2Action::Set })
        }
        V2Operation::Create { value, is_directory: makes_directory, is_in_order, .. } => {
            let path = if *is_in_order { path.child(in_order) } else { path };
            if file(keys, &path).is_some() || self::is_directory(keys, &path) {
                return Err(V2Refusal::KeyExists(path));
            }
            match missing(keys, &path) {
                V2Refusal::KeyNotFound(_) => {
                    let value = (!makes_directory).then(|| value.clone());
                    Ok(Change::Make { path, value, action: V2Action::Create })
                }
                refusal => Err(refusal),
            }
        }
        V2Operation::Update { value, is_refresh, .. } => {
            if is_file {
                let value = or_old(value, *is_refresh);
                Ok(Change::Go { path, value, action: V2Action::Update })
            } else if !is_directory {
                Err(missing(keys, &path))
            } else if value.is_empty() {
                Ok(Change::Go { path, value: None, action: V2Action::Update })
            } else {
                Err(V2Refusal::NotFile(path))
            }
        }
        V2Operation::CompareAndSwap { prev_value, prev_index, value, is_refresh, .. } => {
            compare(keys, &path, prev_value, *prev_index)?;
            let value = or_old(value, *is_refresh);
            Ok(Change::Go { path, value, action: V2Action::CompareAndSwap })
        }
        V2Operation::CompareAndDelete { prev_value, prev_index } => {
            compare(keys, &path, prev_value, *prev_index)?;
            Ok(Change::Remove { path, is_directory: false, action: V2Action::CompareAndDelete })
        }
        V2Operation::Delete { is_directory, is_recursive } => {
            decide_deletion(keys, path, *is_directory, *is_recursive)
        }
    }
}

fn decide_deletion(
    keys: &Keys,
    path: V2Path,
    also_empty: bool,
    is_recursive: bool,
) -> Result<Change, V2Refusal> {
    let is_file = file(keys, &path).is_some();
    let takes_directory = also_empty || is_recursive;
    let action = V2Action::Delete;
    if is_directory(keys, &path) && (takes_directory || !is_file) {
        let own_key = path.directory_key();
        let is_empty = keys_in(keys, &path).iter().all(|kv| kv.key == own_key);
        return match (takes_directory, is_empty || is_recursive) {
            (false, _) => Err(V2Refusal::NotFile(path)),
            (true, false) => Err(V2Refusal::DirectoryNotEmpty(path)),
            (true, true) => Ok(Change::Remove { path, is_directory: true, action }),
        };
    }
    if is_file {
        return Ok(Change::Remove { path, is_directory: false, action });
    }
    Err(missing(keys, &path))
}

fn compare(keys: &Keys, path: &V2Path, value: &Bytes, index: u64) -> Result<(), V2Refusal> {
    let Some(kv) = file(keys, path) else {
        let is_directory = is_directory(keys, path);
        return Err(if is_directory { V2Refusal::NotFile(path.clone()) } else { missing(keys, path) });
    };
    let mut failed = Vec::new();
    if !value.is_empty() && *value != kv.value {
        failed.push(format!(
            "[{} != {}]",
            str::from_utf8(value).unwrap(),
            str::from_utf8(&kv.value).unwrap()
        ));
    }
    if index != 0 && index.cast_signed() != kv.mod_revision.0 {
        failed.push(format!("[{index} != {}]", kv.mod_revision));
    }
    if failed.is_empty() { Ok(()) } else { Err(V2Refusal::CompareFailed(failed.join(" "))) }
}

/// A node as it is before a change.
fn node_before(naive: &Naive, keys: &Keys, path: &V2Path, is_directory: bool) -> Option<V2Node> {
    let kv = if is_directory { keys_in(keys, path).first().copied() } else { file(keys, path) }?;
    let has_row = !is_directory || kv.key == path.directory_key();
    Some(V2Node {
        path: path.clone(),
        value: (!is_directory).then(|| kv.value.clone()),
        is_directory,
        expiration_unix_nanos: if has_row { naive.expirations.get(&kv.lease).copied() } else { None },
        modified_index: if has_row { kv.mod_revision } else { kv.create_revision },
        created_index: kv.create_revision,
    })
}

impl Naive {
    pub fn v2(&mut self, request: &V2Request) -> Result<V2Event, V2Error> {
        let mut writing = self.begin();
        let in_order = format!("{:020}", writing.revision.0);
        let index = holdfast_core::ids::Revision(self.revision());
        let change =
            decide(&writing.keys, request, &in_order).map_err(|refusal| V2Error { refusal, index })?;
        let (time_to_live, is_refresh) = match &request.operation {
            V2Operation::Set { time_to_live, is_refresh, .. }
            | V2Operation::Update { time_to_live, is_refresh, .. }
            | V2Operation::CompareAndSwap { time_to_live, is_refresh, .. } => (*time_to_live, *is_refresh),
            V2Operation::Create { time_to_live, .. } => (*time_to_live, false),
            V2Operation::Delete { .. } | V2Operation::CompareAndDelete { .. } => (None, false),
        };
        let event = match change {
            Change::Make { path, value, action } => {
                self.make(&mut writing, path, value, (action, is_refresh, time_to_live))
            }
            Change::Go { path, value, action } => {
                self.go(&mut writing, path, value, (action, is_refresh, time_to_live))
            }
            Change::Remove { path, is_directory: true, action } => {
                self.remove_directory(&mut writing, &path, action)
            }
            Change::Remove { path, action, .. } => self.remove_file(&mut writing, path, action),
        };
        self.commit(writing);
        Ok(event)
    }

    fn make(
        &mut self,
        writing: &mut Writing,
        path: V2Path,
        value: Option<Bytes>,
        (action, is_refresh, time_to_live): (V2Action, bool, Option<V2TimeToLive>),
    ) -> V2Event {
        let is_directory = value.is_none();
        let prev_node = node_before(self, &writing.keys, &path, false);
        let ancestors: Vec<V2Path> = path.ancestors().collect();
        let below = ancestors.iter().position(|it| writing.keys.contains_key(&it.directory_key()));
        for ancestor in ancestors[..below.unwrap_or(ancestors.len())].iter().rev() {
            let content = (Bytes::new(), LeaseId::NONE);
            writing.write(&ancestor.directory_key(), content, true, Some(V2Mark::PART));
        }
        let old_lease = file(&writing.keys, &path).map_or(LeaseId::NONE, |kv| kv.lease);
        let mark = V2Mark {
            role: V2Role::Primary(action),
            is_refresh,
            directory_len: is_directory.then(|| u32::try_from(path.as_bytes().len()).unwrap()),
            replaces_file: is_directory && prev_node.is_some(),
            expiration_unix_nanos: time_to_live.map(|it| it.expiration_unix_nanos),
            previous_expiration_unix_nanos: self.expirations.get(&old_lease).copied(),
        };
        let key = if is_directory { path.directory_key() } else { path.as_bytes().clone() };
        if mark.replaces_file {
            writing.delete_key(path.as_bytes(), Some(V2Mark::PART));
        }
        let lease = self.node_lease(time_to_live);
        writing.write(&key, (value.clone().unwrap_or_default(), lease), true, Some(mark));
        self.end_if_unused(writing, old_lease);
        let node = V2Node {
            path,
            value,
            is_directory,
            expiration_unix_nanos: mark.expiration_unix_nanos,
            modified_index: writing.revision,
            created_index: writing.revision,
        };
        V2Event { action, node, prev_node }
    }

    fn go(
        &mut self,
        writing: &mut Writing,
        path: V2Path,
        value: Option<Bytes>,
        (action, is_refresh, time_to_live): (V2Action, bool, Option<V2TimeToLive>),
    ) -> V2Event {
        let is_directory = value.is_none();
        let key = if is_directory { path.directory_key() } else { path.as_bytes().clone() };
        let old = writing.keys.get(&key).cloned();
        // What a row's event knows of before: nothing when the directory had no row.
        let prev_node = node_before(self, &writing.keys, &path, is_directory).filter(|_| old.is_some());
        let old_lease = old.as_ref().map_or(LeaseId::NONE, |kv| kv.lease);
        let mark = V2Mark {
            role: V2Role::Primary(action),
            is_refresh,
            directory_len: is_directory.then(|| u32::try_from(path.as_bytes().len()).unwrap()),
            replaces_file: false,
            expiration_unix_nanos: time_to_live.map(|it| it.expiration_unix_nanos),
            previous_expiration_unix_nanos: self.expirations.get(&old_lease).copied(),
        };
        let lease = self.node_lease(time_to_live);
        writing.write(&key, (value.clone().unwrap_or_default(), lease), false, Some(mark));
        self.end_if_unused(writing, old_lease);
        let node = V2Node {
            path,
            value,
            is_directory,
            expiration_unix_nanos: mark.expiration_unix_nanos,
            modified_index: writing.revision,
            created_index: old.map_or(writing.revision, |kv| kv.create_revision),
        };
        V2Event { action, node, prev_node }
    }

    fn remove_file(&mut self, writing: &mut Writing, path: V2Path, action: V2Action) -> V2Event {
        let prev_node = node_before(self, &writing.keys, &path, false);
        let mark = V2Mark {
            previous_expiration_unix_nanos: prev_node.as_ref().and_then(|prev| prev.expiration_unix_nanos),
            ..V2Mark::of(action)
        };
        let old = writing.delete_key(path.as_bytes(), Some(mark));
        self.end_if_unused(writing, old.lease);
        removed(writing, path, false, action, prev_node)
    }

    pub fn remove_directory(&mut self, writing: &mut Writing, path: &V2Path, action: V2Action) -> V2Event {
        let prev_node = node_before(self, &writing.keys, path, true);
        let keys: Vec<Bytes> = keys_in(&writing.keys, path).iter().map(|kv| kv.key.clone()).collect();
        let mut mark = V2Mark {
            directory_len: Some(u32::try_from(path.as_bytes().len()).unwrap()),
            previous_expiration_unix_nanos: prev_node.as_ref().and_then(|prev| prev.expiration_unix_nanos),
            ..V2Mark::of(action)
        };
        for key in keys {
            let old = writing.delete_key(&key, Some(mark));
            self.end_if_unused(writing, old.lease);
            mark = V2Mark::PART;
        }
        removed(writing, path.clone(), true, action, prev_node)
    }

    /// The wanted lease, or the first behind it that is free.
    fn node_lease(&mut self, time_to_live: Option<V2TimeToLive>) -> LeaseId {
        let Some(time_to_live) = time_to_live else { return LeaseId::NONE };
        let ids = (time_to_live.lease.0..).map(LeaseId);
        let id = ids.into_iter().find(|id| !self.leases.contains_key(id)).unwrap();
        self.leases.insert(id, (time_to_live.ttl_seconds, time_to_live.ttl_seconds));
        self.expirations.insert(id, time_to_live.expiration_unix_nanos);
        id
    }

    fn end_if_unused(&mut self, writing: &Writing, id: LeaseId) {
        if self.expirations.contains_key(&id) && writing.keys.values().all(|kv| kv.lease != id) {
            self.expirations.remove(&id);
            self.leases.remove(&id);
        }
    }
}

fn removed(
    writing: &Writing,
    path: V2Path,
    is_directory: bool,
    action: V2Action,
    prev_node: Option<V2Node>,
) -> V2Event {
    let node = V2Node {
        path,
        value: None,
        is_directory,
        expiration_unix_nanos: None,
        modified_index: writing.revision,
        created_index: prev_node.as_ref().unwrap().created_index,
    };
    V2Event { action, node, prev_node }
}

impl Writing {
    /// Writes a version of a key; one that begins a new life forgets the old one's.
    pub fn write(&mut self, key: &Bytes, (value, lease): (Bytes, LeaseId), begins: bool, v2: Option<V2Mark>) {
        let old = self.keys.get(key).cloned();
        let mut kv = KeyValue {
            key: key.clone(),
            value,
            create_revision: self.revision,
            mod_revision: self.revision,
            version: 1,
            lease,
        };
        if let Some(old) = old.as_ref().filter(|_| !begins) {
            kv.create_revision = old.create_revision;
            kv.version = old.version + 1;
        }
        self.keys.insert(key.clone(), kv.clone());
        self.events.push(Event { kind: EventKind::Put, kv, prev_kv: old, v2 });
    }
}

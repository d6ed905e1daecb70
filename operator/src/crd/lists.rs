//! Schema pieces that several resources share: foreign types whose own schema is not carried along, with the limits that
//! keep the API server's rules cheap to check. Nothing here has behaviour.

use schemars::{Schema, SchemaGenerator, json_schema};

/// An object of Kubernetes' own kind (a toleration, an affinity) that is handed on as it is. The API server checks it
/// when it becomes part of a pod; its own schema would make the definition several times as large.
pub fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

/// Up to 64 such objects.
pub fn any_objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
    })
}

/// A Kubernetes quantity, such as `10Gi`.
pub fn quantity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 32, "pattern": "^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$" })
}

/// A length of time as people write it, such as `90d`, `36h` or `10m`.
pub fn duration(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 16, "pattern": "^[0-9]+(s|m|h|d)$" })
}

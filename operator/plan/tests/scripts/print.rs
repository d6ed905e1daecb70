//! Writes a plan as it stands in scripts. Conditions that say that nothing is special are left out.

use std::fmt::Write;

use holdfast_plan::{Condition, ConditionKind, ConditionStatus, Plan, Reason};

/// The plan as the value of `plan`.
pub fn plan(plan: &Plan) -> String {
    let mut text = String::new();
    list(
        &mut text,
        "actions",
        plan.actions.iter().map(|action| {
            let value = serde_json::to_value(action).unwrap();
            serde_json::to_string(&value).unwrap().replace("\":", "\": ").replace(",\"", ", \"")
        }),
    );
    list(&mut text, "lines", plan.lines.iter().map(quoted));
    let special = plan.conditions.iter().filter(|condition| !is_quiet(condition));
    list(
        &mut text,
        "conditions",
        special.map(|it| quoted(format!("{:?} {:?} {}: {}", it.kind, it.status, it.reason, it.message))),
    );
    writeln!(text, "  look_again_seconds: {}", plan.look_again_seconds).unwrap();
    text
}

fn list(text: &mut String, name: &str, values: impl Iterator<Item = String>) {
    let values: Vec<String> = values.collect();
    if values.is_empty() {
        return writeln!(text, "  {name}: []").unwrap();
    }
    writeln!(text, "  {name}:").unwrap();
    for value in values {
        writeln!(text, "    - {value}").unwrap();
    }
}

fn quoted(line: impl AsRef<str>) -> String {
    serde_json::to_string(line.as_ref()).unwrap()
}

fn is_quiet(condition: &Condition) -> bool {
    use ConditionKind::{Available, SpecValid, StorageReady};
    let is_good_when_true = matches!(condition.kind, Available | StorageReady | SpecValid);
    let quiet = if is_good_when_true { ConditionStatus::True } else { ConditionStatus::False };
    let says_more = condition.reason == Reason::ProgressDeadlineExceeded.as_str();
    condition.status == quiet && !says_more
}

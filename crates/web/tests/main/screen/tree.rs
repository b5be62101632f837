//! The accessibility tree as text, for snapshots.

use std::{collections::HashMap, fmt::Write as _};

use serde_json::Value;

/// Roles that say nothing of their own.
const SILENT: [&str; 5] = [
    "InlineTextBox",
    "none",
    "generic",
    "LineBreak",
    "ListMarker",
];

/// States that are worth a word when they hold.
const STATES: [&str; 9] = [
    "checked", "disabled", "expanded", "pressed", "required", "selected", "invalid", "readonly",
    "level",
];

/// Prints the nodes of `Accessibility.getFullAXTree`.
pub(super) fn print(nodes: &Value) -> String {
    let nodes = nodes.as_array().expect("nodes");
    let by_id: HashMap<&str, &Value> = nodes
        .iter()
        .filter_map(|node| Some((node["nodeId"].as_str()?, node)))
        .collect();
    let mut text = String::new();
    if let Some(root) = nodes.first() {
        walk(root, &by_id, 0, &mut text);
    }
    text
}

fn walk(node: &Value, by_id: &HashMap<&str, &Value>, depth: usize, text: &mut String) {
    let role = node["role"]["value"].as_str().unwrap_or_default();
    let name = node["name"]["value"].as_str().unwrap_or_default().trim();
    let shown = node["ignored"] != Value::Bool(true)
        && !SILENT.contains(&role)
        && !(role == "StaticText" && name.is_empty());
    if shown {
        text.push_str(&"  ".repeat(depth));
        text.push_str(role);
        if !name.is_empty() {
            let _ = write!(
                text,
                " {:?}",
                name.split_whitespace().collect::<Vec<_>>().join(" ")
            );
        }
        for property in node["properties"].as_array().into_iter().flatten() {
            let state = property["name"].as_str().unwrap_or_default();
            let value = &property["value"]["value"];
            let holds = !matches!(value, Value::Bool(false)) && value != "false";
            if STATES.contains(&state) && holds {
                let _ = match value {
                    Value::Bool(true) => write!(text, " [{state}]"),
                    value => write!(text, " [{state}={}]", value.to_string().trim_matches('"')),
                };
            }
        }
        text.push('\n');
    }
    // What a control is called stands in its name already.
    let is_leaf = matches!(
        role,
        "link" | "button" | "heading" | "option" | "cell" | "StaticText" | "term"
    ) && !name.is_empty()
        && children(node, by_id).all(|child| is_plain(child, by_id));
    if is_leaf {
        return;
    }
    let depth = depth + usize::from(shown);
    for child in children(node, by_id) {
        walk(child, by_id, depth, text);
    }
}

/// Whether there is nothing but text below.
fn is_plain(node: &Value, by_id: &HashMap<&str, &Value>) -> bool {
    let role = node["role"]["value"].as_str().unwrap_or_default();
    let ignored = node["ignored"] == Value::Bool(true);
    (ignored || SILENT.contains(&role) || role == "StaticText")
        && children(node, by_id).all(|child| is_plain(child, by_id))
}

fn children<'a>(
    node: &'a Value,
    by_id: &'a HashMap<&str, &'a Value>,
) -> impl Iterator<Item = &'a Value> {
    node["childIds"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|id| by_id.get(id.as_str()?).copied())
}

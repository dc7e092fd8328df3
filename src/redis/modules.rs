//! MODULE LIST as data.

use redis::Value;

use super::parse::{as_text, items, pairs};
use crate::observation::LoadedModule;
use crate::topology::Module;

/// The modules of a MODULE LIST; `None` where the server refused it.
pub(super) fn modules(reply: &Value) -> Option<Vec<LoadedModule>> {
    match reply {
        Value::Array(modules) => modules.iter().map(module).collect(),
        _ => None,
    }
}

fn module(reply: &Value) -> Option<LoadedModule> {
    let fields = pairs(reply);
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    let Value::Int(version) = field("ver")? else { return None };
    let args = || field("args").map(items).unwrap_or_default().iter().filter_map(as_text).collect();
    Some(LoadedModule {
        name: as_text(field("name")?)?,
        version: *version,
        file: field("path").and_then(as_text).map(|path| Module { path, args: args() }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn servers_of_every_age_name_their_modules() {
        let old = Value::Array(vec![text("name"), text("bf"), text("ver"), Value::Int(20206)]);
        let new = vec![
            (text("name"), text("graph")),
            (text("ver"), Value::Int(41401)),
            (text("path"), text("/a.so")),
            (text("args"), Value::Array(vec![text("TIMEOUT"), text("500")])),
        ];
        let found = modules(&Value::Array(vec![old, Value::Map(new)])).expect("a list");
        assert_eq!((found[0].name.as_str(), found[0].version, found[0].file.as_ref()), ("bf", 20206, None));
        let file = Module { path: "/a.so".to_owned(), args: vec!["TIMEOUT".to_owned(), "500".to_owned()] };
        assert_eq!((found[1].name.as_str(), &found[1].file), ("graph", &Some(file)));
        assert_eq!(modules(&Value::Okay), None);
    }
}

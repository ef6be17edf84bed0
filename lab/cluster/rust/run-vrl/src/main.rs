//! Runs programs in VRL as Vector does. From standard input it takes a JSON list of `{ "program": "…", "events": [{ … }] }`; to standard output it
//! writes, for each, a list with what becomes of each event: `{ "event": { … } }`, `{ "aborted": true }` or `{ "failed": "why" }`. A program that
//! doesn't compile ends it with the compiler's message. An event's `timestamp` is one, as it is behind Vector's sources.

use std::collections::BTreeMap;
use std::io::{read_to_string, stdin};

use serde_json::{json, Value as Json};
use vrl::compiler::{compile, Context, TargetValue, TimeZone};
use vrl::core::Value;
use vrl::diagnostic::Formatter;
use vrl::prelude::state;
use vrl::value::Secrets;

fn main() {
    let input = read_to_string(stdin()).expect("standard input is text");
    let runs: Vec<Json> = serde_json::from_str(&input).expect("a JSON list");
    let outputs: Vec<Json> = runs.iter().map(run).collect();
    println!("{}", Json::from(outputs));
}

fn run(run: &Json) -> Json {
    let text = run["program"].as_str().expect("a program");
    let program = match compile(text, &vrl::stdlib::all()) {
        Ok(done) => done.program,
        Err(errors) => {
            eprintln!("{}", Formatter::new(text, errors));
            std::process::exit(1);
        }
    };
    let zone = TimeZone::default();
    run["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| {
            let mut target = TargetValue {
                value: event_of(event),
                metadata: Value::Object(BTreeMap::new()),
                secrets: Secrets::default(),
            };
            let mut state = state::RuntimeState::default();
            let done = program.resolve(&mut Context::new(&mut target, &mut state, &zone));
            match done {
                Ok(_) => json!({ "event": serde_json::to_value(target.value).expect("JSON") }),
                Err(vrl::compiler::ExpressionError::Abort { .. }) => json!({ "aborted": true }),
                Err(error) => json!({ "failed": error.to_string() }),
            }
        })
        .collect()
}

fn event_of(event: &Json) -> Value {
    let mut value = Value::from(event.clone());
    let time = event["timestamp"].as_str().and_then(|text| text.parse().ok());
    if let (Some(fields), Some(time)) = (value.as_object_mut(), time) {
        fields.insert("timestamp".into(), Value::Timestamp(time));
    }
    value
}

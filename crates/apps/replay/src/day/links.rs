//! Whether what one machine was told is what another one said.
//!
//! Messages are compared by a digest of their content as JSON with sorted keys, since some travel through the database,
//! which sorts them by itself.

use std::{
    collections::{HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
};

use rec_domain::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    MachineReport,
    edges::{EDGES, Edge, Way},
};

/// Answers that may be recorded and not consumed when a process ends.
const UNDER_WAY: usize = 16;

/// One connection of two machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkReport {
    /// The machine that said it, and how it calls it.
    pub from: String,
    /// The machine that was told, and how it calls it.
    pub to: String,
    /// Whether messages may be missing on this way.
    pub lossy: bool,
    /// Messages said.
    pub said: u64,
    /// Messages told.
    pub told: u64,
    /// Said and never told; `None` where each is told once however often it is said.
    pub lost: Option<u64>,
    /// Lost where none may be.
    pub missing: u64,
    /// Told, but nobody said it.
    pub unexplained: u64,
    /// Whether journals with gaps make it impossible to say more.
    pub incomplete: bool,
}

impl LinkReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn fits(&self) -> bool {
        self.incomplete || (self.missing == 0 && self.unexplained == 0)
    }
}

/// A message by its content.
#[derive(Debug, Clone, Copy)]
struct Message {
    content: u64,
    life: u64,
    at: Timestamp,
}

/// The messages of one machine's replay, for each edge that it is an end of.
#[derive(Debug, Default)]
pub struct Messages {
    said: HashMap<usize, Vec<Message>>,
    told: HashMap<usize, Vec<Message>>,
}

impl Messages {
    /// Takes an output as JSON.
    pub(super) fn said(&mut self, machine: &str, life: u64, at: Timestamp, output: &str) {
        for (index, edge) in of(|edge| edge.from.machine == machine && is(output, "output", edge.from.tag)) {
            let content = body(output, "output").and_then(|body| part(body, edge.from.field));
            take(self.said.entry(index).or_default(), edge, content, life, at);
        }
    }

    /// Takes an input as JSON.
    pub(super) fn told(&mut self, machine: &str, life: u64, at: Timestamp, input: &str) {
        for (index, edge) in of(|edge| edge.to.machine == machine && is(input, "input", edge.to.tag)) {
            let is_of_edge = |body: &Value| {
                edge.only.iter().all(|(pointer, wanted)| body.pointer(pointer).and_then(Value::as_str) == Some(wanted))
            };
            let content = body(input, "input").filter(is_of_edge).and_then(|body| part(body, edge.to.field));
            take(self.told.entry(index).or_default(), edge, content, life, at);
        }
    }

    /// Puts the messages of another machine beside.
    pub(super) fn join(&mut self, other: Self) {
        self.said.extend(other.said);
        self.told.extend(other.told);
    }

    /// Compares both ends of every edge that both have a journal.
    pub(super) fn compare(&self, machines: &[MachineReport]) -> Vec<LinkReport> {
        let of_name = |name: &str| machines.iter().find(|machine| machine.machine == name && machine.inputs > 0);
        let all = of(|_edge| true).filter_map(|(index, edge)| {
            let (from, to) = (of_name(edge.from.machine)?, of_name(edge.to.machine)?);
            Some(self.link(index, edge, from, to))
        });
        all.collect()
    }

    fn link(&self, index: usize, edge: &Edge, from: &MachineReport, to: &MachineReport) -> LinkReport {
        let none = Vec::new();
        let (said, told) = (self.said.get(&index).unwrap_or(&none), self.told.get(&index).unwrap_or(&none));
        let known: HashSet<u64> = said.iter().map(|message| message.content).collect();
        let taken: HashSet<u64> = told.iter().map(|message| message.content).collect();
        let explained = |message: &&Message| known.contains(&message.content);
        // What was said before the oldest file that is left cannot be known.
        let since = from.from.unwrap_or_default();
        let unexplained = told.iter().filter(|message| message.at > since && !explained(message)).count();
        let lost: HashSet<u64> = known.difference(&taken).copied().collect();
        let missing = match edge.way {
            Way::Lossy | Way::Deduplicated => 0,
            Way::Queue => missing_before_end(said, &taken, 0),
            Way::Table => missing_before_end(said, &taken, UNDER_WAY),
        };
        let name = |machine: &str, tag: &str| format!("{machine} {tag}");
        LinkReport {
            from: name(edge.from.machine, edge.from.tag),
            to: name(edge.to.machine, edge.to.tag),
            lossy: edge.way == Way::Lossy,
            said: said.len() as u64,
            told: told.len() as u64,
            lost: (edge.way != Way::Deduplicated).then_some(lost.len() as u64),
            missing: missing as u64,
            unexplained: unexplained as u64,
            incomplete: !(from.is_whole() && to.is_whole() && from.unverified == 0 && to.unverified == 0),
        }
    }
}

/// Messages that were not taken although a later one of the same life was, the last `tail` of each life apart.
fn missing_before_end(said: &[Message], taken: &HashSet<u64>, tail: usize) -> usize {
    let mut missing = 0;
    for life in said.chunk_by(|one, next| one.life == next.life) {
        let end = life.iter().rposition(|message| taken.contains(&message.content)).unwrap_or(0);
        let end = end.min(life.len().saturating_sub(tail));
        missing += life[..end].iter().filter(|message| !taken.contains(&message.content)).count();
    }
    missing
}

fn take(messages: &mut Vec<Message>, edge: &Edge, content: Option<Value>, life: u64, at: Timestamp) {
    let one = |value: &Value| Message { content: digest(value), life, at };
    match content {
        Some(Value::Array(list)) if edge.each => messages.extend(list.iter().map(one)),
        Some(value) => messages.push(one(&value)),
        None => {}
    }
}

fn of(is: impl Fn(&Edge) -> bool) -> impl Iterator<Item = (usize, &'static Edge)> {
    EDGES.iter().enumerate().filter(move |(_index, edge)| is(edge))
}

/// Whether the message has this tag, which is always written first.
fn is(message: &str, key: &str, tag: &str) -> bool {
    let rest = message.strip_prefix("{\"").and_then(|rest| rest.strip_prefix(key)?.strip_prefix("\":\""));
    rest.and_then(|rest| rest.strip_prefix(tag)).is_some_and(|rest| rest.starts_with('"'))
}

/// What a message says without its tag.
fn body(message: &str, key: &str) -> Option<Value> {
    let Ok(Value::Object(mut object)) = serde_json::from_str(message) else { return None };
    object.remove(key);
    Some(object.remove("body").unwrap_or(Value::Object(object)))
}

/// What of it travels.
fn part(mut body: Value, pointer: Option<&str>) -> Option<Value> {
    match pointer {
        Some(pointer) => body.pointer_mut(pointer).map(Value::take),
        None => Some(body),
    }
}

fn digest(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    hasher.finish()
}

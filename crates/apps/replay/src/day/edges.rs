//! Which output of one machine is which input of another.
//!
//! The routes are those of [`rec_engine::topology`]; here stands besides how a message is called on both sides, and
//! whether the way between them may lose any.

/// How a message travels, and so what may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// A queue within a process: all of them, in order, up to the last one taken.
    Queue,
    /// The bus or a hint: any may be missing; a later one, or a look at the database, makes up for it.
    Lossy,
    /// A table of the database: all of them, but for the last few of a process that ended.
    Table,
    /// A table that keeps each once however often it is told, so that what is missing cannot be counted.
    Deduplicated,
}

/// One side of an edge: the machine, the tag of its message, and the field of it that travels as a JSON pointer (the
/// whole message when there is none).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) machine: &'static str,
    pub(super) tag: &'static str,
    pub(super) field: Option<&'static str>,
}

/// A connection of two machines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) from: End,
    pub(super) to: End,
    pub(super) way: Way,
    /// Whether a list is compared element by element: books come in another composition to whoever subscribes late, and
    /// reports travel one by one.
    pub(super) each: bool,
    /// Only messages told with these values are of this edge, each with the JSON pointer to it.
    pub(super) only: &'static [(&'static str, &'static str)],
}

const fn end(machine: &'static str, tag: &'static str, field: Option<&'static str>) -> End {
    End { machine, tag, field }
}

const fn edge(from: End, to: End, way: Way) -> Edge {
    Edge { from, to, way, each: false, only: &[] }
}

const fn plain(from: &'static str, output: &'static str, to: &'static str, input: &'static str, way: Way) -> Edge {
    edge(end(from, output, None), end(to, input, None), way)
}

const fn request(from: End, only: &'static [(&'static str, &'static str)]) -> Edge {
    Edge { only, ..edge(from, end("desk", "request", None), Way::Lossy) }
}

/// Every connection of two machines.
pub(super) const EDGES: &[Edge] = &[
    plain("feed", "spot", "momentum", "spot", Way::Queue),
    plain("feed", "candles", "momentum", "candles", Way::Queue),
    plain("feed", "spot", "odds", "spot", Way::Lossy),
    plain("feed", "index", "odds", "index", Way::Lossy),
    plain("momentum", "momentum", "odds", "momentum", Way::Lossy),
    plain("momentum", "momentum", "entry", "momentum", Way::Lossy),
    plain("momentum", "momentum", "exit", "momentum", Way::Lossy),
    plain("lifecycle", "publish", "odds", "markets", Way::Lossy),
    plain("lifecycle", "publish", "entry", "markets", Way::Lossy),
    edge(end("lifecycle", "publish", None), end("desk", "markets", Some("/markets")), Way::Lossy),
    plain("lifecycle", "lifecycle", "desk", "lifecycle", Way::Lossy),
    edge(end("lifecycle", "wanted", None), end("book", "wanted", Some("/tickers")), Way::Queue),
    Edge { each: true, ..plain("book", "publish", "odds", "books", Way::Lossy) },
    Edge { each: true, ..plain("book", "publish", "exit", "books", Way::Lossy) },
    plain("odds", "strikes", "entry", "strikes", Way::Lossy),
    plain("odds", "strikes", "exit", "strikes", Way::Lossy),
    plain("odds", "rows", "entry", "rows", Way::Lossy),
    plain("desk", "publish", "entry", "desk", Way::Lossy),
    plain("desk", "publish", "exit", "desk", Way::Lossy),
    request(end("entry", "request", None), &[("/requester", "auto-entry-supervisor"), ("/command/command", "open")]),
    // The service gathers them, so that one request carries several; a later one for the same market replaces one that
    // waits.
    Edge {
        each: true,
        only: &[("/requester", "auto-entry-supervisor"), ("/command/command", "note_refusals")],
        ..edge(end("entry", "refusal_changed", None), end("desk", "request", Some("/command/refusals")), Way::Lossy)
    },
    request(end("exit", "request", None), &[("/requester", "active-trade-supervisor")]),
    request(end("failure", "request", Some("/request")), &[("/requester", "cascading-failure-detector")]),
    plain("desk", "dispatch", "sender", "dispatch", Way::Lossy),
    edge(end("sender", "record", Some("/answer")), end("desk", "answer", Some("/answer")), Way::Table),
    Edge {
        each: true,
        ..edge(end("account", "append", Some("/reports")), end("desk", "report", Some("/report")), Way::Deduplicated)
    },
];

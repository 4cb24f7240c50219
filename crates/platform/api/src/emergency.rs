//! The journal of an emergency: what `rec flatten --emergency` sent without the desk, for itself when it is started
//! again and for the desk that adopts it afterwards.
//!
//! A line is on the disk before the order that it names leaves, so that an order is never sent under two identities.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rec_domain::{DeskId, IntentId, Timestamp, answer::Outcome, emergency::EmergencyOrder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// A run began.
    Began {
        /// When, which numbers the run: its seconds stand where the orders of a desk have their epoch.
        at: Timestamp,
        /// Whose mark its orders carry, where it is known.
        desk: Option<DeskId>,
    },
    /// An order is about to be sent.
    Planned(EmergencyOrder),
    /// What became of it.
    Outcome {
        /// The order.
        id: IntentId,
        /// What became of it.
        outcome: Outcome,
    },
    /// The run ended: nothing of it is to be taken up again.
    Ended,
}

/// The journal, for one process at a time.
#[derive(Debug)]
pub struct EmergencyJournal {
    file: File,
    lines: Vec<Line>,
}

/// Where it is, for desks with this state directory.
#[must_use]
pub fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("emergency.jsonl")
}

/// The orders of the journal, each with what became of it, oldest first; none when there was no emergency. It is read
/// while somebody may be writing.
///
/// # Errors
/// When it cannot be read.
pub fn orders(state_dir: &Path) -> io::Result<Vec<EmergencyOrder>> {
    match File::open(file(state_dir)) {
        Ok(file) => Ok(orders_of(&read(&file)?.0)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

impl EmergencyJournal {
    /// Opens it for writing; none when another process does that already.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn open(state_dir: &Path) -> io::Result<Option<Self>> {
        std::fs::create_dir_all(state_dir)?;
        let path = file(state_dir);
        let mut file = OpenOptions::new().create(true).read(true).append(true).mode(0o640).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let (lines, whole) = read(&file)?;
        // Half a line is of an order that never left.
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        File::open(state_dir)?.sync_all()?;
        Ok(Some(Self { file, lines }))
    }

    /// Goes on with the run that did not end, or begins one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&mut self, at: Timestamp, desk: Option<DeskId>) -> io::Result<()> {
        let goes_on = self.lines.iter().rev().find(|line| matches!(line, Line::Began { .. } | Line::Ended));
        if matches!(goes_on, Some(Line::Began { .. })) { Ok(()) } else { self.append(Line::Began { at, desk }) }
    }

    /// The identity of the next order: the same one again until it is written down.
    #[must_use]
    pub fn next_id(&self) -> IntentId {
        let began = self.lines.iter().rposition(|line| matches!(line, Line::Began { .. })).unwrap_or(0);
        let (at, desk) = match self.lines.get(began) {
            Some(Line::Began { at, desk }) => (*at, *desk),
            _ => (Timestamp::from_seconds(0), None),
        };
        let run = u32::try_from(at.seconds()).unwrap_or(u32::MAX);
        let planned = self.lines.iter().skip(began).filter(|line| matches!(line, Line::Planned(_))).count();
        let number = u32::try_from(planned).unwrap_or(u32::MAX).saturating_add(1);
        match desk {
            Some(desk) => IntentId::new(desk, run, number),
            None => IntentId::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("REC {run} {number}").as_bytes())),
        }
    }

    /// Every order, oldest first.
    #[must_use]
    pub fn orders(&self) -> Vec<EmergencyOrder> {
        orders_of(&self.lines)
    }

    /// Adds a line; it is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written: then nothing may be sent.
    pub fn append(&mut self, line: Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.file.sync_all()?;
        self.lines.push(line);
        Ok(())
    }
}

/// The whole lines, and how many bytes they take.
fn read(file: &File) -> io::Result<(Vec<Line>, u64)> {
    let (mut reader, mut lines, mut whole) = (BufReader::new(file), Vec::new(), 0);
    let mut text = Vec::new();
    loop {
        text.clear();
        let length = reader.read_until(b'\n', &mut text)?;
        if length == 0 || text.last() != Some(&b'\n') {
            return Ok((lines, whole));
        }
        lines.push(serde_json::from_slice(&text)?);
        whole += length as u64;
    }
}

fn orders_of(lines: &[Line]) -> Vec<EmergencyOrder> {
    let mut orders: Vec<EmergencyOrder> = Vec::new();
    for line in lines {
        match line {
            Line::Planned(order) => orders.push(order.clone()),
            Line::Outcome { id, outcome } => {
                if let Some(order) = orders.iter_mut().find(|order| order.id == *id) {
                    order.outcome = Some(outcome.clone());
                }
            }
            Line::Began { .. } | Line::Ended => {}
        }
    }
    orders
}

#[cfg(test)]
mod tests {
    use rec_domain::{
        BookSide, ExchangeIndex, MarketTicker, OrderGroupId, Price, Quantity, Side,
        intent::{OrderSpec, TimeInForce},
    };

    use super::*;

    const AT: Timestamp = Timestamp::from_seconds(1_790_000_000);
    const DESK: DeskId = DeskId::from_bits(7);

    fn order(id: IntentId) -> EmergencyOrder {
        let spec = OrderSpec {
            ticker: MarketTicker::new("KXBTCD-26SEP2516-T92799.99"),
            exchange_index: ExchangeIndex::new(2),
            side: Side::Yes,
            book_side: BookSide::Ask,
            price: Price::from_cents(1),
            quantity: Quantity::from_contracts(10),
            time_in_force: TimeInForce::ImmediateOrCancel,
            reduce_only: true,
            group: OrderGroupId::new(""),
        };
        EmergencyOrder { id, spec, planned_at: AT, reason: "a test".to_owned(), outcome: None }
    }

    fn open(folder: &Path) -> EmergencyJournal {
        EmergencyJournal::open(folder).expect("writable").expect("nobody writes")
    }

    #[test]
    fn an_identity_is_given_until_it_is_written_down_and_never_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = open(folder.path());
        journal.begin(AT, Some(DESK)).expect("written");
        let first = journal.next_id();
        assert_eq!(first, IntentId::new(DESK, 1_790_000_000, 1));
        assert_eq!(journal.next_id(), first);
        journal.append(Line::Planned(order(first))).expect("written");
        assert_ne!(journal.next_id(), first);
        drop(journal);
        // Killed in the middle: the next process goes on where it ended.
        let mut journal = open(folder.path());
        journal.begin(AT + rec_domain::TimeSpan::from_seconds(9), Some(DESK)).expect("goes on");
        assert_eq!(journal.next_id(), IntentId::new(DESK, 1_790_000_000, 2));
        assert_eq!(journal.orders(), [order(first)]);
        let outcome = Outcome::AlreadyExists { signed_at: AT };
        journal.append(Line::Outcome { id: first, outcome: outcome.clone() }).expect("written");
        assert_eq!(
            orders(folder.path()).expect("readable"),
            [EmergencyOrder { outcome: Some(outcome), ..order(first) }]
        );
        journal.append(Line::Ended).expect("written");
        journal.begin(AT + rec_domain::TimeSpan::from_seconds(9), Some(DESK)).expect("another run");
        assert_eq!(journal.next_id(), IntentId::new(DESK, 1_790_000_009, 1));
    }

    #[test]
    fn half_a_line_is_forgotten_and_there_is_one_writer() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = open(folder.path());
        journal.begin(AT, None).expect("written");
        assert!(EmergencyJournal::open(folder.path()).expect("readable").is_none(), "one writer");
        journal.file.write_all(b"{\"line\":\"plan").expect("written");
        drop(journal);
        let mut journal = open(folder.path());
        assert_eq!(journal.lines, [Line::Began { at: AT, desk: None }]);
        let id = journal.next_id();
        assert_eq!(id.desk(), None, "without the desk's mark it is nobody's");
        journal.append(Line::Planned(order(id))).expect("written");
        assert_eq!(orders(folder.path()).expect("readable").len(), 1);
        assert_eq!(orders(&folder.path().join("elsewhere")).expect("no emergency"), []);
    }
}

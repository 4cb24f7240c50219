//! The fields of a row by any of their spellings.

use std::{borrow::Cow, collections::BTreeMap};

use rec_domain::{BookSide, MarketTicker, Money, Price, Quantity, Timestamp};
use serde_json::value::RawValue;

use super::document::FieldError;
use crate::number::{self, Millis, Seconds, Wire, bounded};

/// Largest number of contracts or dollars in an export: so many rows of them can be added up as no export has.
const MOST: i64 = 100_000_000;

/// A row's fields.
pub(super) struct Fields<'a>(BTreeMap<String, &'a RawValue>);

/// An amount in cents, with as many digits as make micro-dollars.
struct CentAmount(Money);

impl Wire for CentAmount {
    fn read(text: &str) -> Result<Self, String> {
        bounded(text, 4, MOST * 100).map(|units| Self(Money::from_micros(units)))
    }
}

/// A price in cents.
struct CentPrice(Price);

impl Wire for CentPrice {
    fn read(text: &str) -> Result<Self, String> {
        let price = Price::from_units(bounded(text, 2, 1_000)?);
        if price.is_valid() { Ok(Self(price)) } else { Err(format!("price {price} is outside 0 to 1 dollar")) }
    }
}

type Read<T> = Result<T, FieldError>;

impl<'a> Fields<'a> {
    pub(super) const fn new(members: BTreeMap<String, &'a RawValue>) -> Self {
        Self(members)
    }

    /// Whether the row has a field, even if it says nothing.
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// The text or number of a field; `None` where it is absent, `null` or empty.
    fn stated(&self, field: &'static str) -> Read<Option<Cow<'a, str>>> {
        let Some(raw) = self.0.get(field).filter(|raw| !matches!(raw.get(), "null" | "\"\"")) else { return Ok(None) };
        number::text(raw).map(Some).map_err(|reason| FieldError { field, reason })
    }

    fn optional<T: Wire>(&self, field: &'static str) -> Read<Option<T>> {
        let Some(text) = self.stated(field)? else { return Ok(None) };
        T::read(&text).map(Some).map_err(|reason| FieldError { field, reason })
    }

    /// A field that nothing is computed from; unreadable counts as not stated.
    fn informative<T: Wire>(&self, field: &'static str) -> Option<T> {
        self.optional(field).ok().flatten()
    }

    /// A word or a name.
    pub(super) fn word(&self, fields: &[&'static str]) -> Read<Option<String>> {
        for field in fields {
            if let Some(text) = self.stated(field)? {
                return Ok(Some(text.into_owned()));
            }
        }
        Ok(None)
    }

    /// A name that has to be there.
    pub(super) fn name(&self, fields: &[&'static str]) -> Read<String> {
        self.word(fields)?.ok_or_else(|| missing(fields))
    }

    pub(super) fn ticker(&self) -> Read<MarketTicker> {
        self.name(&["ticker", "market_ticker"]).map(MarketTicker::new)
    }

    /// Yes or no.
    pub(super) fn flag(&self, field: &'static str) -> Read<bool> {
        match self.0.get(field).map(|raw| raw.get()) {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            None | Some("null") => Err(missing(&[field])),
            Some(other) => {
                Err(FieldError { field, reason: format!("expected true or false, found {}", number::shorten(other)) })
            }
        }
    }

    /// An amount in dollars, or in cents under the other name.
    pub(super) fn money(&self, dollars: &'static str, cents: &'static str) -> Read<Option<Money>> {
        if let Some(amount) = self.dollars(dollars)? {
            return Ok(Some(amount));
        }
        self.cents(cents)
    }

    /// An amount in dollars.
    pub(super) fn dollars(&self, field: &'static str) -> Read<Option<Money>> {
        let amount = self.optional::<Money>(field)?;
        match amount {
            Some(amount) if amount.abs() > Money::from_dollars(MOST) => {
                Err(FieldError { field, reason: format!("{amount} dollars is out of range") })
            }
            amount => Ok(amount),
        }
    }

    /// An amount in cents.
    pub(super) fn cents(&self, field: &'static str) -> Read<Option<Money>> {
        Ok(self.optional::<CentAmount>(field)?.map(|amount| amount.0))
    }

    /// A price of the given name in dollars, else in cents.
    pub(super) fn price(&self, dollars: &[&'static str], cents: &'static str) -> Read<Option<Price>> {
        for field in dollars {
            if let Some(price) = self.optional::<Price>(field)? {
                return Ok(Some(price));
            }
        }
        Ok(self.optional::<CentPrice>(cents)?.map(|price| price.0))
    }

    /// A number of contracts that has to be there.
    pub(super) fn count(&self, fields: &[&'static str]) -> Read<Quantity> {
        for field in fields {
            let count = self.optional::<Quantity>(field)?;
            if count.is_some_and(|count| count > Quantity::from_contracts(MOST)) {
                return Err(FieldError { field, reason: "so many contracts are out of range".to_owned() });
            }
            if let Some(count) = count {
                return Ok(count);
            }
        }
        Err(missing(fields))
    }

    /// The subaccount; 0 where none is named.
    pub(super) fn subaccount(&self) -> Read<u32> {
        let field = "subaccount_number";
        let Some(text) = self.stated(field)? else { return Ok(0) };
        text.parse().map_err(|_not_a_number| FieldError { field, reason: format!("\"{text}\" is no number") })
    }

    /// An instant that has to be there.
    pub(super) fn instant(&self, field: &'static str) -> Read<Timestamp> {
        let seconds = || self.informative::<Seconds>("ts").map(|seconds| seconds.0);
        let millis = || self.informative::<Millis>("ts_ms").map(|millis| millis.0);
        self.optional(field)?.or_else(millis).or_else(seconds).ok_or_else(|| missing(&[field]))
    }

    /// An instant that nothing is computed from.
    pub(super) fn informative_instant(&self, fields: &[&'static str]) -> Option<Timestamp> {
        fields.iter().find_map(|field| self.informative(field))
    }

    /// The side of the book, where one of the newer fields says it.
    pub(super) fn book_side(&self) -> Read<Option<BookSide>> {
        let mut found: Option<BookSide> = None;
        for (field, bid, ask) in
            [("book_side", "bid", "ask"), ("outcome_side", "yes", "no"), ("purchased_side", "yes", "no")]
        {
            let Some(word) = self.stated(field)? else { continue };
            let side = match &*word {
                word if word == bid => BookSide::Bid,
                word if word == ask => BookSide::Ask,
                other => {
                    let reason = format!("\"{}\" is neither {bid} nor {ask}", number::shorten(other));
                    return Err(FieldError { field, reason });
                }
            };
            if found.is_some_and(|known| known != side) {
                return Err(FieldError {
                    field,
                    reason: format!("\"{word}\" contradicts the other field for the side"),
                });
            }
            found = Some(side);
        }
        Ok(found)
    }

    /// The words of the older fields: the side, as that of the book on which it is bought, and whether it was sold.
    pub(super) fn side_and_action(&self) -> Read<(Option<BookSide>, Option<bool>)> {
        let word = |field: &'static str, one: &str, other: &str| -> Read<Option<bool>> {
            match self.stated(field)? {
                None => Ok(None),
                Some(word) if word == one => Ok(Some(true)),
                Some(word) if word == other => Ok(Some(false)),
                Some(word) => Err(FieldError {
                    field,
                    reason: format!("\"{}\" is neither {one} nor {other}", number::shorten(&word)),
                }),
            }
        };
        let side = word("side", "yes", "no")?.map(|yes| if yes { BookSide::Bid } else { BookSide::Ask });
        Ok((side, word("action", "sell", "buy")?))
    }
}

pub(super) fn missing(fields: &[&'static str]) -> FieldError {
    let field = fields.first().copied().unwrap_or_default();
    let reason = match fields {
        [_] => "it is missing".to_owned(),
        _ => format!("none of {} is there", fields.join(", ")),
    };
    FieldError { field, reason }
}

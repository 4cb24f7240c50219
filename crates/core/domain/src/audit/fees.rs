//! What the fills of an order are charged.

use crate::{
    Money, Price, Quantity, SeriesTicker, Timestamp,
    fee::{FeeRounding, FeeSchedule, Liquidity},
};

/// What more than this has come together of rounding is given back, a cent at a time.
const GIVEN_BACK: Money = Money::from_cents(1);
/// Steps that are spent on finding the order of fills that happened in the same instant.
const MOST_STEPS: u32 = 4_096;
/// Fills of an order beyond which that is not tried.
const MOST_FILLS: usize = 512;

/// What of a fill decides its fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargedFill {
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// Price of the side acquired.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// When.
    pub at: Timestamp,
    /// What the exchange says that it charged.
    pub stated: Option<Money>,
}

/// What decides the fees of an order, and what is stated of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargedOrder {
    /// The series of its market.
    pub series: SeriesTicker,
    /// Its fills.
    pub fills: Vec<ChargedFill>,
    /// Fees as taker.
    pub taker_fees: Option<Money>,
    /// Fees as maker.
    pub maker_fees: Option<Money>,
    /// Whether fees were rounded to cents for certain.
    pub in_cents: bool,
}

/// Fees as maker and taker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderFees {
    /// As taker.
    pub taker: Money,
    /// As maker.
    pub maker: Money,
}

impl ChargedOrder {
    /// What the fees of its fills add up to.
    #[must_use]
    pub fn total(&self, fees: &[Money]) -> OrderFees {
        let mut total = OrderFees::default();
        for (fill, fee) in self.fills.iter().zip(fees) {
            match fill.liquidity {
                Liquidity::Taker => total.taker += *fee,
                Liquidity::Maker => total.maker += *fee,
            }
        }
        total
    }

    /// Whether these are the fees that are stated, of each fill and of both sums.
    #[must_use]
    pub fn fits(&self, fees: &[Money]) -> bool {
        let fits = |stated: Option<Money>, fee: Money| stated.is_none_or(|stated| stated == fee);
        let total = self.total(fees);
        self.fills.iter().zip(fees).all(|(fill, fee)| fits(fill.stated, *fee))
            && fits(self.taker_fees, total.taker)
            && fits(self.maker_fees, total.maker)
    }
}

/// What rounding has taken from the fills of one order so far.
#[derive(Debug, Clone, Copy, Default)]
struct Accumulator(Money);

impl Accumulator {
    /// The fee of the next fill; `None` when the schedule's formula is not known.
    fn charge(&mut self, fill: &ChargedFill, schedule: FeeSchedule, rounding: FeeRounding) -> Option<Money> {
        let exact = schedule.exact(fill.liquidity, fill.price, fill.quantity)?;
        let trade_fee = exact.rounded_up(rounding.trade)?;
        let taken = rounding.of_balance(fill.price * fill.quantity + trade_fee);
        self.0 += taken;
        let fee = trade_fee + taken;
        // Never below zero: what cannot be given back now is with a later fill.
        if self.0 > GIVEN_BACK && fee >= GIVEN_BACK {
            self.0 -= GIVEN_BACK;
            return Some(fee - GIVEN_BACK);
        }
        Some(fee)
    }
}

/// The fee of each fill of an order, in the order in which they are given; `None` when the schedule's formula is not
/// known.
///
/// Fills of the same instant may have happened in any sequence, which decides who got a cent back: the one that gives
/// what is stated is taken where there is one.
#[must_use]
pub fn charges(order: &ChargedOrder, schedule: FeeSchedule, rounding: FeeRounding) -> Option<Vec<Money>> {
    let fills = &order.fills;
    let mut sequence: Vec<usize> = (0..fills.len()).collect();
    sequence.sort_by_key(|index| fills[*index].at);
    let mut search = Search { order, schedule, rounding, steps: 0 };
    let first = search.in_sequence(&sequence)?;
    let is_tied = sequence.windows(2).any(|pair| fills[pair[0]].at == fills[pair[1]].at);
    if order.fits(&first) || !is_tied || fills.len() > MOST_FILLS {
        return Some(first);
    }
    search.arrange(&mut sequence, 0, Accumulator::default()).or(Some(first))
}

/// Looks for a sequence of fills that gives what is stated.
struct Search<'a> {
    order: &'a ChargedOrder,
    schedule: FeeSchedule,
    rounding: FeeRounding,
    steps: u32,
}

impl Search<'_> {
    fn in_sequence(&self, sequence: &[usize]) -> Option<Vec<Money>> {
        let mut accumulator = Accumulator::default();
        let mut fees = vec![Money::ZERO; sequence.len()];
        for index in sequence {
            fees[*index] = accumulator.charge(&self.order.fills[*index], self.schedule, self.rounding)?;
        }
        Some(fees)
    }

    /// The fees when the fills from `place` on are arranged as it takes; `None` where that is not possible, or not
    /// within the steps allowed.
    fn arrange(&mut self, sequence: &mut [usize], place: usize, accumulator: Accumulator) -> Option<Vec<Money>> {
        let Some(first) = sequence.get(place) else {
            return self.in_sequence(sequence).filter(|fees| self.order.fits(fees));
        };
        let instant = self.order.fills[*first].at;
        for candidate in place..sequence.len() {
            let fill = &self.order.fills[sequence[candidate]];
            self.steps += 1;
            if fill.at != instant || self.steps > MOST_STEPS {
                return None;
            }
            let mut after = accumulator;
            let fee = after.charge(fill, self.schedule, self.rounding)?;
            if fill.stated.is_none_or(|stated| stated == fee) {
                sequence.swap(place, candidate);
                if let Some(found) = self.arrange(sequence, place + 1, after) {
                    return Some(found);
                }
                sequence.swap(place, candidate);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(price: &str, quantity: &str, stated: Option<&str>) -> ChargedFill {
        ChargedFill {
            liquidity: Liquidity::Taker,
            price: price.parse().expect("price"),
            quantity: quantity.parse().expect("quantity"),
            at: Timestamp::from_seconds(0),
            stated: stated.map(|fee| fee.parse().expect("fee")),
        }
    }

    fn texts(fills: &[ChargedFill], rounding: FeeRounding) -> Vec<String> {
        let series = SeriesTicker::new("S");
        let fills = fills.to_vec();
        let order = ChargedOrder { series, fills, taker_fees: None, maker_fees: None, in_cents: false };
        let fees = charges(&order, FeeSchedule::CRYPTO, rounding).expect("a known formula");
        fees.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_rounding_took_is_given_back_a_cent_at_a_time() {
        let thirds = [fill("0.055", "1", None); 3];
        assert_eq!(texts(&thirds, FeeRounding::INTRODUCED), ["0.005", "0.005", "0.005"]);
        let fractions = [fill("0.50", "0.30", None); 4];
        assert_eq!(texts(&fractions, FeeRounding::INTRODUCED), ["0.01", "0.01", "0.00", "0.01"]);
        assert_eq!(texts(&fractions, FeeRounding::DIRECT), ["0.0053"; 4]);
        assert_eq!(texts(&fractions, FeeRounding::CENTS), ["0.01"; 4]);
    }

    #[test]
    fn fills_of_one_instant_may_stand_in_any_order() {
        let given_back_first = ["0.00", "0.01", "0.01", "0.01"].map(|fee| fill("0.50", "0.30", Some(fee)));
        assert_eq!(texts(&given_back_first, FeeRounding::INTRODUCED), ["0.00", "0.01", "0.01", "0.01"]);
        let wrong = ["0.00", "0.00", "0.01", "0.01"].map(|fee| fill("0.50", "0.30", Some(fee)));
        assert_eq!(texts(&wrong, FeeRounding::INTRODUCED), ["0.01", "0.01", "0.00", "0.01"]);
    }

    #[test]
    fn a_maker_pays_no_fee_but_what_keeps_the_balance_whole() {
        let made = ChargedFill { liquidity: Liquidity::Maker, ..fill("0.013", "71.94", None) };
        assert_eq!(texts(&[made], FeeRounding::DIRECT), ["0.00008"]);
        assert_eq!(texts(&[fill("0.013", "71.94", None)], FeeRounding::DIRECT), ["0.06478"]);
    }
}

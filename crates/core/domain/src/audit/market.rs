//! A market's settlement against its fills.

use super::{
    netting::{Netting, Payout, Returned},
    report::{Difference, Figure, MarketAudit, Subject, compare},
    statement::SettlementStatement,
};
use crate::{MarketTicker, Money, Price, Quantity, Side};

/// What was bought of a market.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bought {
    /// YES contracts.
    pub yes_count: Quantity,
    /// What they cost.
    pub yes_cost: Money,
    /// NO contracts.
    pub no_count: Quantity,
    /// What they cost.
    pub no_cost: Money,
}

impl Bought {
    /// Adds contracts of a side.
    pub fn add(&mut self, side: Side, quantity: Quantity, cost: Money) {
        let (count, sum) = match side {
            Side::Yes => (&mut self.yes_count, &mut self.yes_cost),
            Side::No => (&mut self.no_count, &mut self.no_cost),
        };
        *count += quantity;
        *sum += cost;
    }

    /// What both sides cost.
    #[must_use]
    pub fn cost(&self) -> Money {
        self.yes_cost + self.no_cost
    }
}

/// The rows of one market's settlement taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The result word.
    pub result: String,
    /// What one YES contract was paid, where stated.
    pub value: Option<Money>,
    /// What was bought, as stated.
    pub bought: Bought,
    /// What was paid, as stated.
    pub revenue: Money,
    /// Pairs, as the counts stated make them.
    pub pairs: Quantity,
    /// All fees, as stated.
    pub fees: Option<Money>,
    /// How many rows were added up: one for each subaccount.
    pub rows: usize,
}

/// The rows of a market as one: added up where together they are what was bought, as the rows of subaccounts are; else
/// the newest, since an amended result is listed beside the first.
#[must_use]
pub fn settled(rows: &[&SettlementStatement], bought: &Bought) -> Option<Settled> {
    let newest = rows.iter().max_by_key(|row| row.settled_at)?;
    let count = |count: fn(&SettlementStatement) -> Quantity| rows.iter().map(|row| count(row)).sum::<Quantity>();
    let add_up = count(|row| row.yes_count) == bought.yes_count && count(|row| row.no_count) == bought.no_count;
    let counted: &[&SettlementStatement] = if add_up { rows } else { std::slice::from_ref(newest) };
    let money = |amount: fn(&SettlementStatement) -> Money| counted.iter().map(|row| amount(row)).sum::<Money>();
    let number = |count: fn(&SettlementStatement) -> Quantity| counted.iter().map(|row| count(row)).sum::<Quantity>();
    Some(Settled {
        result: newest.result.clone(),
        value: newest.value,
        bought: Bought {
            yes_count: number(|row| row.yes_count),
            yes_cost: money(|row| row.yes_cost),
            no_count: number(|row| row.no_count),
            no_cost: money(|row| row.no_cost),
        },
        revenue: money(|row| row.revenue),
        pairs: number(|row| row.yes_count.at_most(row.no_count)),
        fees: counted.iter().map(|row| row.fees).sum(),
        rows: counted.len(),
    })
}

/// What the contracts held to the end are paid, of each position by order, and what does not fit in the settlement
/// itself.
#[must_use]
pub fn paid(ticker: &MarketTicker, positions: &[Netting], settled: &Settled) -> (Vec<Vec<Returned>>, Vec<Difference>) {
    let mut differences = Vec::new();
    let mut differ = |figure, computed: String, stated: String| {
        differences.push(Difference { subject: Subject::Market(ticker.clone()), figure, computed, stated });
    };
    let value = settled.value.and_then(as_price);
    if value.is_none() && settled.value.is_some() {
        differ("settlement value", "between 0 and 1 dollar".to_owned(), text(settled.value));
    }
    let payout = match (settled.result.as_str(), value) {
        ("yes" | "no", stated) => {
            let value = if settled.result == "yes" { Price::ONE } else { Price::ZERO };
            if stated.is_some_and(|stated| stated != value) {
                differ("settlement value", value.to_string(), text(settled.value));
            }
            Payout::PerYes(value)
        }
        ("void", None) => Payout::Refund,
        (_, Some(value)) => Payout::PerYes(value),
        (word, None) => match implied(positions, settled.revenue) {
            Some(value) => Payout::PerYes(value),
            None => {
                differ("result", "no value between 0 and 1 dollar pays what was paid".to_owned(), word.to_owned());
                Payout::PerYes(Price::ZERO)
            }
        },
    };
    (positions.iter().map(|position| position.pay(payout)).collect(), differences)
}

/// Whether a payment in whole cents is that of all of `exact`: of each the cent below or above where it is no whole number
/// of cents, since each position is paid by itself.
#[must_use]
pub fn is_paid(exact: &[Money], stated: Money) -> bool {
    let cent = Money::from_cents(1).micros();
    let below: i64 = exact.iter().map(|exact| exact.micros().div_euclid(cent) * cent).sum();
    let broken = exact.iter().filter(|exact| exact.micros().rem_euclid(cent) != 0).count();
    let above = below.saturating_add(i64::try_from(broken).unwrap_or(i64::MAX).saturating_mul(cent));
    (below..=above).contains(&stated.micros()) && stated.micros() % cent == 0
}

/// What else a void market may have paid back: the stated cost of the contracts held, by their average, or all that was
/// spent and not returned for pairs.
#[must_use]
pub fn is_refund(settled: &Settled) -> bool {
    let Bought { yes_count, yes_cost, no_count, no_cost } = settled.bought;
    let (held, count, cost) = if yes_count >= no_count {
        (yes_count - no_count, yes_count, yes_cost)
    } else {
        (no_count - yes_count, no_count, no_cost)
    };
    let average = i128::from(cost.micros()) * i128::from(held.units()) / i128::from(count.units().max(1));
    let average = i64::try_from(average).map(Money::from_micros);
    let spent = settled.bought.cost() - Price::ONE * settled.pairs;
    average.is_ok_and(|average| is_paid(&[average], settled.revenue)) || is_paid(&[spent], settled.revenue)
}

/// What a market's fills come to.
pub struct MarketFigures<'a> {
    /// The market.
    pub ticker: &'a MarketTicker,
    /// What was bought.
    pub bought: Bought,
    /// Fees by the rules.
    pub fees: Money,
    /// Fees as its orders state them.
    pub stated_fees: Option<Money>,
    /// Pairs of YES and NO.
    pub pairs: Quantity,
    /// What is held, or was to the end.
    pub positions: &'a [Netting],
}

impl MarketFigures<'_> {
    /// Against its settlement, which by the fills pays each position `exact`.
    #[must_use]
    pub fn audit(&self, settled: Option<&Settled>, exact: &[Money]) -> (MarketAudit, Vec<Difference>) {
        let open_cost: Money =
            if settled.is_none() { self.positions.iter().map(Netting::open_cost).sum() } else { Money::ZERO };
        let mut audit = MarketAudit {
            ticker: self.ticker.clone(),
            result: settled.map(|settled| settled.result.clone()),
            yes_count: self.bought.yes_count,
            no_count: self.bought.no_count,
            cost: self.bought.cost(),
            fees: Figure { computed: self.fees, stated: self.stated_fees },
            revenue: Figure { computed: exact.iter().copied().sum(), stated: None },
            open_cost,
            profit: Figure::default(),
        };
        let before_revenue = Price::ONE * self.pairs - (self.bought.cost() - open_cost) - self.fees;
        let mut differences = Vec::new();
        let subject = || Subject::Market(self.ticker.clone());
        if let Some(settled) = settled {
            let theirs = &settled.bought;
            compare(&mut differences, subject, "YES contracts", self.bought.yes_count, Some(theirs.yes_count));
            compare(&mut differences, subject, "cost of YES", self.bought.yes_cost, Some(theirs.yes_cost));
            compare(&mut differences, subject, "NO contracts", self.bought.no_count, Some(theirs.no_count));
            compare(&mut differences, subject, "cost of NO", self.bought.no_cost, Some(theirs.no_cost));
            audit.fees.stated = settled.fees.or(self.stated_fees);
            compare(&mut differences, subject, "fees", self.fees, audit.fees.stated);
            let refunded = settled.result == "void" && settled.value.is_none() && is_refund(settled);
            if is_paid(exact, settled.revenue) || refunded {
                audit.revenue.computed = settled.revenue;
            }
            audit.revenue.stated = Some(settled.revenue);
            compare(&mut differences, subject, "revenue", audit.revenue.computed, audit.revenue.stated);
            let stated_fees = audit.fees.stated.unwrap_or(self.fees);
            audit.profit.stated = Some(settled.revenue + Price::ONE * settled.pairs - theirs.cost() - stated_fees);
        }
        audit.profit.computed = before_revenue + audit.revenue.computed;
        compare(&mut differences, subject, "profit", audit.profit.computed, audit.profit.stated);
        (audit, differences)
    }
}

/// The value of a YES contract by which the contracts held are paid `revenue`, where a value does that to the cent.
fn implied(positions: &[Netting], revenue: Money) -> Option<Price> {
    let held: Vec<_> = positions.iter().filter_map(Netting::held).collect();
    let of = |wanted: Side| held.iter().filter(|(side, _)| *side == wanted).map(|(_, quantity)| *quantity).sum();
    let (yes, no): (Quantity, Quantity) = (of(Side::Yes), of(Side::No));
    let pays = |value: Price| {
        let each: Vec<_> = held.iter().map(|(side, quantity)| side.convert_price(value) * *quantity).collect();
        is_paid(&each, revenue)
    };
    let net = yes - no;
    if net.is_zero() {
        return pays(Price::ZERO).then_some(Price::ZERO);
    }
    let value = (revenue - Price::ONE * no).micros().div_euclid(net.units());
    let near = [value, value + 1].map(Price::from_units);
    near.into_iter().find(|value| value.is_valid() && pays(*value))
}

fn as_price(value: Money) -> Option<Price> {
    let price = Price::from_units(value.micros().div_euclid(100));
    (value.micros() % 100 == 0 && price.is_valid()).then_some(price)
}

fn text(value: Option<Money>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_position_is_paid_in_whole_cents_by_itself() {
        let amounts = |micros: &[i64]| micros.iter().copied().map(Money::from_micros).collect::<Vec<_>>();
        for (exact, paid) in [
            (vec![], vec![0]),
            (vec![10_000], vec![10_000]),
            (vec![12_300], vec![10_000, 20_000]),
            (vec![12_300, 27_900, 50_000], vec![80_000, 90_000, 100_000]),
        ] {
            let (exact, paid) = (amounts(&exact), amounts(&paid));
            for cents in 0..12 {
                let stated = Money::from_cents(cents);
                assert_eq!(is_paid(&exact, stated), paid.contains(&stated), "{exact:?} paid as {stated}");
            }
            assert!(!is_paid(&exact, Money::from_micros(12_300)), "no payment is in parts of a cent");
        }
    }
}

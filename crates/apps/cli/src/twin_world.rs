//! Which world a twin of the command line makes: options of `rec twin` and `rec demo`.

use anyhow::Context as _;
use clap::Args;
use rec_twin::core::{Series, TwinConfig};

/// Options of every twin.
#[derive(Debug, Clone, Args)]
pub struct WorldArgs {
    /// Fixes prices, makers and takers; not the timing of threads.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
    /// The series that are listed, as KXBTCD,KXBTC15M; `all` for every one that the twin knows.
    #[arg(long, value_delimiter = ',', default_value = "KXBTCD", value_name = "TICKERS")]
    pub series: Vec<String>,
    /// Lists each day's events on the day before, as the exchange does.
    #[arg(long)]
    pub day_ahead: bool,
}

impl WorldArgs {
    /// The world that is asked for.
    ///
    /// # Errors
    /// When a series is not known.
    pub fn world(&self) -> anyhow::Result<TwinConfig> {
        let series = listed(&self.series)?;
        Ok(TwinConfig { series, listed_a_day_ahead: self.day_ahead, ..TwinConfig::demo(self.seed) })
    }
}

fn listed(tickers: &[String]) -> anyhow::Result<Vec<Series>> {
    let mut listed: Vec<Series> = Vec::new();
    for ticker in tickers {
        let named = match ticker.as_str() {
            "all" => Series::ALL.to_vec(),
            ticker => vec![Series::named(ticker).with_context(|| {
                let known = Series::ALL.map(Series::ticker).join(", ");
                format!("the twin knows no series {ticker}; there are {known}, and all for each of them")
            })?],
        };
        for series in named {
            if !listed.contains(&series) {
                listed.push(series);
            }
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tickers: &[&str]) -> anyhow::Result<Vec<Series>> {
        listed(&tickers.iter().map(|ticker| (*ticker).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn series_are_listed_once_each_and_an_unknown_one_is_told_with_those_there_are() {
        let twice = of(&["KXBTC15M", "KXBTCD", "KXBTC15M"]).expect("known");
        assert_eq!(twice, [Series::Kxbtc15m, Series::Kxbtcd]);
        assert_eq!(of(&["KXETH", "all"]).expect("known").len(), Series::ALL.len());
        let error = of(&["KXSOL"]).expect_err("unknown").to_string();
        assert!(error.contains("KXSOL") && error.contains("KXBTCD, KXBTC,"), "{error}");
    }
}

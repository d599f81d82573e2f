//! One round: every measurement in turn, on a fresh copy of the book.

use hdrhistogram::Histogram;

use super::book::Book;
use super::figures::{Figure, Figures};
use super::ground::{Ground, log_at, pool_at};
use super::pgbench::Pgbench;
use super::server::Server;
use super::stock::Stock;
use super::threads::{WORKER_THREADS, half_of_the_cores, on_half_of_the_cores};
use super::{Measurement, Scale, append, by_kafka, feed, http, long_loan, relay, visible};

const ALL_ROLES: &str = "command-api,query-api,projections";

pub(super) struct Rounds<'a> {
    pub(super) ground: &'a Ground,
    pub(super) book: &'a Book,
    pub(super) scale: Scale,
    pub(super) is_asked: &'a dyn Fn(Measurement) -> bool,
    pub(super) kafka: Option<&'a str>,
}

impl Rounds<'_> {
    pub(super) async fn run(&self, figures: &mut Figures) -> anyhow::Result<()> {
        let url = self.ground.copy_of_book("round").await?;
        self.pgbench(&url, figures).await?;
        if (self.is_asked)(Measurement::Append) {
            self.append(&url, figures).await?;
        }
        if (self.is_asked)(Measurement::Stock) {
            self.stock(&url, figures).await?;
        }
        if (self.is_asked)(Measurement::Http) || (self.is_asked)(Measurement::Feed) {
            self.http(&url, figures).await?;
        }
        if (self.is_asked)(Measurement::LongLoan) {
            self.long_loan(&url, figures).await?;
        }
        self.ground.drop_copy("round").await?;

        let and_rebuild = (self.is_asked)(Measurement::Rebuild);
        if and_rebuild || (self.is_asked)(Measurement::Feed) {
            let url = self.ground.copy_of_book("feed").await?;
            let added = self.scale.fed_events;
            let rates = feed::measure(self.ground.home(), &url, self.book, added, and_rebuild).await?;
            figures.note(Figure::Feed, rates.feed);
            if let Some(rebuild) = rates.rebuild {
                figures.note(Figure::Rebuild, rebuild);
            }
            self.ground.drop_copy("feed").await?;
        }
        if let Some(brokers) = self.kafka
            && ((self.is_asked)(Measurement::Relay) || (self.is_asked)(Measurement::Feed))
        {
            self.kafka(brokers, figures).await?;
        }
        if self.is_http_asked() || (self.is_asked)(Measurement::Visible) {
            let url = self.ground.copy_of_book("served").await?;
            self.all_roles(&url, figures).await?;
            self.ground.drop_copy("served").await?;
        }
        Ok(())
    }

    async fn kafka(&self, brokers: &str, figures: &mut Figures) -> anyhow::Result<()> {
        let url = self.ground.copy_of_book("relay").await?;
        let (home, added) = (self.ground.home(), self.scale.fed_events);
        let relayed = relay::measure(home, &url, self.book, added, brokers).await?;
        figures.note(Figure::Relay, relayed.relay);
        figures.note(Figure::BareProducer, relayed.bare);
        figures.note(Figure::BareValues, relayed.values);
        figures.note(Figure::RelayMemoryMb, relayed.memory.most_resident as f64 / 1e6);
        let is_fed = (self.is_asked)(Measurement::Feed);
        if is_fed {
            figures.note(Figure::FeedByKafka, by_kafka::from_topic(home, &url, &relayed.config).await?);
        }
        self.ground.drop_copy("relay").await?;
        if is_fed {
            let url = self.ground.copy_of_book("apart").await?;
            let span = (self.scale.span, added);
            let apart = by_kafka::apart(home, &url, self.book, span, brokers).await?;
            figures.note(Figure::VisibleByKafkaP50Ms, ms(&apart.delays, 0.5));
            figures.note(Figure::VisibleByKafkaP99Ms, p99_ms(&apart.delays));
            figures.note(Figure::CaughtUpByKafka, apart.caught_up);
            figures.note(Figure::HttpByKafka, apart.commands);
            for (figure, memory) in [
                (Figure::CommandApiMb, apart.command_api),
                (Figure::QueryApiMb, apart.query_api),
                (Figure::ProjectionsMb, apart.projections),
                (Figure::RelayMb, apart.relay),
            ] {
                figures.note(figure, memory.most_resident as f64 / 1e6);
            }
            self.ground.drop_copy("apart").await?;
        }
        Ok(())
    }

    async fn pgbench(&self, url: &str, figures: &mut Figures) -> anyhow::Result<()> {
        let (pgbench, size) = Pgbench::prepare(self.ground.home(), url).await?;
        eprintln!("  rows of {size} bytes");
        figures.note(Figure::Pgbench, pgbench.measure(self.scale.span).await?);
        Ok(())
    }

    async fn append(&self, url: &str, figures: &mut Figures) -> anyhow::Result<()> {
        let (url, book, span) = (url.to_owned(), self.book.clone(), self.scale.span);
        let (spread, one) = on_half_of_the_cores(async move {
            let log = log_at(&url).await?;
            let spread = append::measure(&log, &book, book.loans.clone(), span).await?;
            let one = append::measure(&log, &book, book.apart(0), span).await?;
            log.close().await;
            Ok((spread, one))
        })
        .await?;
        figures.note(Figure::Append, spread.a_second);
        figures.note(Figure::AppendP99Ms, p99_ms(&spread.latencies));
        figures.note(Figure::AppendOneStream, one.a_second);
        Ok(())
    }

    async fn stock(&self, url: &str, figures: &mut Figures) -> anyhow::Result<()> {
        let stock = Stock::prepare(url).await?;
        let spread = stock.measure(self.book, self.book.loans.clone(), self.scale.span).await?;
        figures.note(Figure::Stock, spread.a_second);
        let one = stock.measure(self.book, self.book.apart(2), self.scale.span).await?;
        figures.note(Figure::StockOneStream, one.a_second);
        stock.close().await;
        Ok(())
    }

    async fn http(&self, url: &str, figures: &mut Figures) -> anyhow::Result<()> {
        let threads = half_of_the_cores().to_string();
        let settings = [(WORKER_THREADS, threads.as_str())];
        let server = Server::serve_with(self.ground.home(), "command-api", url, &settings).await?;
        let (address, book, span) = (server.address, self.book.clone(), self.scale.span);
        let (spread, one) = on_half_of_the_cores(async move {
            let spread = http::measure(address, &book, book.loans.clone(), span).await?;
            let one = http::measure(address, &book, book.apart(3), span).await?;
            Ok((spread, one))
        })
        .await?;
        figures.note(Figure::Http, spread.a_second);
        figures.note(Figure::HttpP99Ms, p99_ms(&spread.latencies));
        figures.note(Figure::HttpOneLoan, one.a_second);
        server.stop().await
    }

    async fn long_loan(&self, url: &str, figures: &mut Figures) -> anyhow::Result<()> {
        let (log, pool) = (log_at(url).await?, pool_at(url, 1).await?);
        let times = long_loan::measure(&log, &pool, self.book, self.scale.cold_commands).await?;
        figures.note(Figure::ShortLoanMs, times.short / 1000.0);
        figures.note(Figure::LongLoanMs, times.long / 1000.0);
        pool.close().await;
        log.close().await;
        Ok(())
    }

    /// Also for what is held against it.
    fn is_http_asked(&self) -> bool {
        let is_by_kafka = self.kafka.is_some() && (self.is_asked)(Measurement::Feed);
        (self.is_asked)(Measurement::Http) || is_by_kafka
    }

    /// What needs a server with every role, whose read models have caught up before.
    async fn all_roles(&self, url: &str, figures: &mut Figures) -> anyhow::Result<()> {
        let server = Server::serve(self.ground.home(), ALL_ROLES, url).await?;
        server.caught_up().await?;
        let (loans, span) = (self.book.loans.clone(), self.scale.span);
        if (self.is_asked)(Measurement::Visible) {
            let delays = visible::measure((server.address, server.address), self.book, span).await?;
            figures.note(Figure::VisibleP50Ms, ms(&delays, 0.5));
            figures.note(Figure::VisibleP99Ms, p99_ms(&delays));
        }
        if self.is_http_asked() {
            let spread = http::measure(server.address, self.book, loans, span).await?;
            figures.note(Figure::HttpAllRoles, spread.a_second);
            figures.note(Figure::HttpAllRolesP99Ms, p99_ms(&spread.latencies));
            server.caught_up().await?;
            let one = http::measure(server.address, self.book, self.book.apart(4), span).await?;
            figures.note(Figure::HttpAllRolesOneLoan, one.a_second);
        }
        server.stop().await
    }
}

fn ms(latencies: &Histogram<u64>, quantile: f64) -> f64 {
    latencies.value_at_quantile(quantile) as f64 / 1000.0
}

fn p99_ms(latencies: &Histogram<u64>) -> f64 {
    ms(latencies, 0.99)
}

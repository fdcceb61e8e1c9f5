//! Keeps requests within a budget: token buckets, the pauses that a target asks for, and the maximum number of requests
//! of a run.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::exchange::{Headers, retry_after};

/// The maximum number of policies that are kept; a target can announce any number.
const POLICIES: usize = 8;

/// The vendor's own host, whose limits are documented.
const DOCUMENTED_HOST: &str = "api.cloudflare.com";

/// A number of requests per time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The number of requests.
    pub count: NonZeroU32,
    /// The time window.
    pub window: Duration,
}

impl Rate {
    /// Returns the limits that are documented for the service at a base URL: the vendor's limits per user and per
    /// address, or none for other hosts.
    #[must_use]
    pub fn documented_for(base_url: &str) -> Vec<Self> {
        let host = url::Url::parse(base_url).ok();
        let host = host
            .as_ref()
            .and_then(url::Url::host_str)
            .unwrap_or_default();
        if host
            .trim_end_matches('.')
            .eq_ignore_ascii_case(DOCUMENTED_HOST)
        {
            Self::documented()
        } else {
            Vec::new()
        }
    }

    /// Returns the limits that the vendor documents for its API: one per user, and one per address.
    #[must_use]
    pub fn documented() -> Vec<Self> {
        ["1200/5m", "200/s"]
            .iter()
            .filter_map(|rate| rate.parse().ok())
            .collect()
    }

    /// Returns the number of requests that may follow each other without waiting. It is a tenth of the count, so that
    /// burst and refill together stay within the count in every window of this length.
    fn burst(self) -> NonZeroU32 {
        NonZeroU32::new(self.count.get() / 10).unwrap_or(NonZeroU32::MIN)
    }

    /// Returns the time between two requests once the burst is used up.
    fn period(self) -> Duration {
        let refills = (self.count.get() - self.burst().get()).max(1);
        self.window / refills
    }

    fn bucket(self) -> Option<DefaultDirectRateLimiter> {
        let quota = Quota::with_period(self.period())?.allow_burst(self.burst());
        Some(RateLimiter::direct(quota))
    }

    /// Returns the largest number of requests that may be sent in this time.
    #[must_use]
    pub fn most_in(self, time: Duration) -> u64 {
        let refills = time.as_nanos() / self.period().as_nanos().max(1);
        let refills = u64::try_from(refills).unwrap_or(u64::MAX);
        refills.saturating_add(u64::from(self.burst().get()))
    }

    /// Returns the least time that this number of requests takes.
    #[must_use]
    pub fn least_time(self, requests: u64) -> Duration {
        let waits = requests.saturating_sub(u64::from(self.burst().get()));
        let waits = u32::try_from(waits).unwrap_or(u32::MAX);
        self.period().saturating_mul(waits)
    }
}

impl FromStr for Rate {
    type Err = String;

    /// Parses a rate such as `1200/5m` or `100/s`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not a rate: write requests per time, such as 1200/5m or 20/s");
        let (count, window) = text.split_once('/').ok_or_else(wrong)?;
        let count = count.trim().parse().map_err(|_| wrong())?;
        let window = window.trim();
        let window = if window.starts_with(|c: char| c.is_ascii_digit()) {
            window.to_owned()
        } else {
            format!("1{window}")
        };
        let window = parse_duration(&window).filter(|window| !window.is_zero());
        Ok(Self {
            count,
            window: window.ok_or_else(wrong)?,
        })
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}s", self.count, self.window.as_secs_f64())
    }
}

/// Parses a duration such as `300ms`, `2s`, `5m` or `1h`; a number without a unit is in seconds.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit.trim() {
        "ms" => number / 1_000.0,
        "s" | "" => number,
        "m" => number * 60.0,
        "h" => number * 3_600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// The reason why a request may not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The maximum number of requests of the run is reached.
    Spent(u64),
    /// The target asks for a longer wait than is allowed.
    TooLong(Duration),
}

/// Decides when the next request may be sent.
#[derive(Debug)]
pub(super) struct Pacer {
    buckets: Vec<DefaultDirectRateLimiter>,
    announced: Mutex<HashMap<(u32, u32), Arc<DefaultDirectRateLimiter>>>,
    paused_until: Mutex<Option<Instant>>,
    longest_wait: Duration,
    most: Option<u64>,
    reserve: AtomicU64,
    sent: AtomicU64,
}

/// The purpose of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The run's own work, which must not use the reserve.
    Work,
    /// Looking after zones and reading what a run left, which may use the reserve.
    Care,
    /// Restoring a zone. It may use the reserve, and it waits longer than anything else.
    PutBack,
}

/// The longest wait that a target can ask for while a zone is restored, unless a longer one is allowed anyway.
const LONGEST_PUT_BACK_WAIT: Duration = Duration::from_mins(5);

/// The longest pause that an announced policy can cause between two requests that restore a zone.
const PUT_BACK_PACE: Duration = Duration::from_millis(250);

/// The settings for pacing requests.
#[derive(Debug, Clone)]
pub struct Pace {
    /// The rates to stay within. `None` stands for the target's documented rates; an empty list means no limit.
    pub rates: Option<Vec<Rate>>,
    /// The maximum number of requests of the whole run.
    pub max_requests: Option<u64>,
    /// The longest wait that a target can ask for.
    pub longest_wait: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            rates: None,
            max_requests: None,
            longest_wait: Duration::from_mins(1),
        }
    }
}

impl Pace {
    /// Returns the rates for the service at a base URL: the configured ones, or those that are documented for it.
    #[must_use]
    pub fn rates_for(&self, base_url: &str) -> Vec<Rate> {
        let set = self.rates.clone();
        set.unwrap_or_else(|| Rate::documented_for(base_url))
    }
}

impl Pacer {
    pub(super) fn new(pace: &Pace) -> Self {
        Self {
            buckets: pace
                .rates
                .iter()
                .flatten()
                .filter_map(|rate| rate.bucket())
                .collect(),
            announced: Mutex::default(),
            paused_until: Mutex::default(),
            longest_wait: pace.longest_wait,
            most: pace.max_requests,
            reserve: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        }
    }

    /// Returns the number of requests that were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits until a request may be sent, and counts it.
    pub(super) async fn turn(&self, purpose: Purpose) -> Result<(), Refusal> {
        self.take(purpose)?;
        for bucket in &self.buckets {
            bucket.until_ready().await;
        }
        let announced: Vec<_> = locked(&self.announced).values().cloned().collect();
        for bucket in announced {
            self.within(&bucket, purpose).await?;
        }
        loop {
            let until = *locked(&self.paused_until);
            let wait = until.map_or(Duration::ZERO, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if wait.is_zero() {
                return Ok(());
            }
            let longest = match purpose {
                Purpose::Work | Purpose::Care => self.longest_wait,
                Purpose::PutBack => self.longest_wait.max(LONGEST_PUT_BACK_WAIT),
            };
            if wait > longest {
                return Err(Refusal::TooLong(wait));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Waits until a policy that the target announced allows another request. Restoring a zone does not wait the full
    /// time: mappings are missing until it is done, and a target that enforces its policy answers 429.
    async fn within(
        &self,
        bucket: &DefaultDirectRateLimiter,
        purpose: Purpose,
    ) -> Result<(), Refusal> {
        while let Err(until) = bucket.check() {
            let wait = until.wait_time_from(DefaultClock::default().now());
            match purpose {
                Purpose::PutBack if wait > PUT_BACK_PACE => {
                    tokio::time::sleep(PUT_BACK_PACE).await;
                    return Ok(());
                }
                Purpose::Work | Purpose::Care if wait > self.longest_wait => {
                    return Err(Refusal::TooLong(wait));
                }
                Purpose::Work | Purpose::Care | Purpose::PutBack => {
                    tokio::time::sleep(wait).await;
                }
            }
        }
        Ok(())
    }

    /// Returns the number of requests that the run's own work may still send, if there is a limit.
    pub(super) fn left(&self) -> Option<u64> {
        let spoken_for = self
            .sent()
            .saturating_add(self.reserve.load(Ordering::Relaxed));
        Some(self.most?.saturating_sub(spoken_for))
    }

    /// Reserves this number of requests for looking after the target.
    pub(super) fn reserve(&self, requests: u64) {
        self.reserve.store(requests, Ordering::Relaxed);
    }

    fn take(&self, purpose: Purpose) -> Result<(), Refusal> {
        let taken = self.sent.fetch_add(1, Ordering::Relaxed);
        let kept_back = match purpose {
            Purpose::Work => self.reserve.load(Ordering::Relaxed),
            Purpose::Care | Purpose::PutBack => 0,
        };
        match self.most {
            Some(most) if taken.saturating_add(kept_back) >= most => {
                self.sent.fetch_sub(1, Ordering::Relaxed);
                Err(Refusal::Spent(most))
            }
            _ => Ok(()),
        }
    }

    /// Learns from an answer's fields `retry-after`, `Ratelimit` and `Ratelimit-Policy`.
    pub(super) fn observe(&self, status: u16, headers: &Headers) {
        if let Some(wait) = asked_wait(status, headers) {
            self.pause(wait);
        }
        if let Some(field) = headers.get("ratelimit")
            && parameter(field, "r") == Some(0)
            && let Some(seconds) = parameter(field, "t")
        {
            self.pause(Duration::from_secs(u64::from(seconds)));
        }
        for policy in headers
            .get("ratelimit-policy")
            .into_iter()
            .flat_map(|field| field.split(','))
        {
            if let (Some(count), Some(window)) = (parameter(policy, "q"), parameter(policy, "w")) {
                self.announce(count, window);
            }
        }
    }

    fn announce(&self, count: u32, window: u32) {
        let mut announced = locked(&self.announced);
        if announced.contains_key(&(count, window)) || announced.len() >= POLICIES {
            return;
        }
        let rate = NonZeroU32::new(count).map(|count| Rate {
            count,
            window: Duration::from_secs(u64::from(window.max(1))),
        });
        if let Some(bucket) = rate.and_then(Rate::bucket) {
            announced.insert((count, window), Arc::new(bucket));
        }
    }

    /// Allows no request during the given time.
    pub(super) fn pause(&self, wait: Duration) {
        let Some(until) = Instant::now().checked_add(wait) else {
            return;
        };
        let mut paused = locked(&self.paused_until);
        *paused = Some(paused.map_or(until, |before| before.max(until)));
    }
}

/// Locks a mutex and ignores poisoning, because the holders only assign.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shortest wait after a 429 or 503.
const SHORTEST: Duration = Duration::from_millis(50);

/// Returns the time that an answer asks to wait before the next request (RFC 9110, 10.2.3). A wait of zero is raised to
/// a minimum; otherwise the next request would follow at once.
#[must_use]
pub fn asked_wait(status: u16, headers: &Headers) -> Option<Duration> {
    if !matches!(status, 429 | 503) {
        return None;
    }
    let wait = headers.get("retry-after").and_then(retry_after)?;
    Some(wait.max(SHORTEST))
}

/// Returns a number from the parameters of a structured field such as `"default";r=50;t=30`.
fn parameter(field: &str, name: &str) -> Option<u32> {
    field
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(key, _)| key.trim() == name)
        .and_then(|(_, value)| value.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test_case("1200/5m", 1200, 300_000)]
    #[test_case("20/s", 20, 1_000)]
    #[test_case("3 / 250ms", 3, 250)]
    fn a_rate_is_requests_per_time(text: &str, count: u32, milliseconds: u64) {
        let read = rate(text);
        assert_eq!(read.count.get(), count);
        assert_eq!(read.window, Duration::from_millis(milliseconds));
    }

    #[test_case("1200"; "no time")]
    #[test_case("0/s"; "no requests")]
    #[test_case("10/0s"; "no window")]
    #[test_case("ten/s"; "a word")]
    #[test_case("10/fortnight"; "an unknown unit")]
    fn anything_else_is_no_rate(text: &str) {
        assert!(text.parse::<Rate>().is_err());
    }

    #[test_case("1200/5m")]
    #[test_case("200/s")]
    #[test_case("7/m")]
    fn burst_and_refill_of_a_window_stay_within_the_count(text: &str) {
        let rate = rate(text);
        let refills = rate.window.as_nanos() / rate.period().as_nanos();
        assert!(u128::from(rate.burst().get()) + refills <= u128::from(rate.count.get()));
    }

    #[test_case::test_case("https://api.cloudflare.com/client/v4", 2; "the vendor's service")]
    #[test_case::test_case("https://API.cloudflare.com.:443/client/v4", 2; "in another spelling")]
    #[test_case::test_case("https://user@api.cloudflare.com/client/v4", 2; "with user information")]
    #[test_case::test_case("https://api.cloudflare.com.example/client/v4", 0; "another host that begins like it")]
    #[test_case::test_case("http://127.0.0.1:8080/client/v4", 0; "a server of one's own")]
    fn the_documented_limits_are_those_of_the_vendors_own_host(url: &str, count: usize) {
        assert_eq!(Pace::default().rates_for(url).len(), count);
    }

    #[test]
    fn the_least_time_leaves_out_the_burst() {
        assert_eq!(rate("100/10s").least_time(10), Duration::ZERO);
        assert!(rate("100/10s").least_time(100) >= Duration::from_secs(9));
    }

    #[test]
    fn parameters_are_found_by_name() {
        assert_eq!(parameter("\"default\";r=50;t=30", "r"), Some(50));
        assert_eq!(parameter("\"burst\";q=100;w=60", "w"), Some(60));
        assert_eq!(parameter("\"burst\"", "w"), None);
    }

    #[tokio::test]
    async fn the_most_requests_are_never_passed() {
        let pacer = Pacer::new(&Pace {
            max_requests: Some(2),
            ..Pace::default()
        });
        pacer.reserve(1);
        assert_eq!(pacer.turn(Purpose::Work).await, Ok(()));
        assert_eq!(pacer.turn(Purpose::Work).await, Err(Refusal::Spent(2)));
        assert_eq!(pacer.turn(Purpose::Care).await, Ok(()));
        assert_eq!(pacer.turn(Purpose::Care).await, Err(Refusal::Spent(2)));
        assert_eq!(pacer.sent(), 2);
    }

    #[tokio::test]
    async fn a_longer_wait_than_the_longest_is_refused_at_once() {
        let pacer = Pacer::new(&Pace::default());
        let mut headers = Headers::default();
        headers.push("retry-after", "86400");
        pacer.observe(429, &headers);
        assert!(matches!(
            pacer.turn(Purpose::Work).await,
            Err(Refusal::TooLong(_))
        ));
    }
}

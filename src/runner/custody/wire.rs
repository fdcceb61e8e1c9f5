//! Procedures on a real target: sends the requests that a procedure asks for, and returns the results.

use std::net::IpAddr;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::super::call::batch_item;
use super::super::mapping::Wanted;
use super::super::target::Target;
use super::desk::{Answered, Ask, Form, Heard, Page, Procedure, Step, Trouble};
use super::entry::{Entry, Row};
use super::journal::Journal;
use crate::contract::Place;
use crate::contract::{Answer, Contract, Item, Meaning, is_edge_failure};
use crate::exchange::{Exchange, Generation, Kind, Operation, whole_number};
use crate::transport::{
    Outgoing, Purpose, TransportFault, asked_wait, encode_segment, query_string,
};
use crate::zone::meant_by;

/// A zone of a target, and the journal if there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) target: &'a Target,
    pub(super) zone: &'a str,
    pub(super) journal: Option<&'a Mutex<Journal>>,
    pub(super) purpose: Purpose,
}

impl World<'_> {
    /// Carries out a procedure.
    pub(super) async fn run<T>(&self, mut procedure: Procedure<'_, T>) -> T {
        let mut heard = None;
        loop {
            match procedure.resume(heard.take()) {
                Step::Done(verdict) => return verdict,
                Step::Ask(ask) => heard = Some(self.perform(ask).await),
            }
        }
    }

    async fn perform(&self, ask: Ask) -> Heard {
        match ask {
            Ask::Wait(time) => {
                tokio::time::sleep(time).await;
                Heard::Done
            }
            Ask::Note(record, durability) => {
                let Some(journal) = self.journal else {
                    return Heard::Done;
                };
                match journal.lock().await.note(&record, durability) {
                    Ok(()) => Heard::Done,
                    Err(error) => Heard::Trouble(Trouble::Over(error.to_string())),
                }
            }
            Ask::Page(generation, page) => self.page(generation, page).await,
            Ask::Read(generation, address) => self.read(generation, &address).await,
            Ask::Write(generation, rows) => self.write(generation, &rows).await,
            Ask::Delete(generation, addresses, form) => {
                self.delete(generation, &addresses, form).await
            }
        }
    }

    async fn page(&self, generation: Generation, page: u64) -> Heard {
        let query = match generation {
            Generation::V1 => Vec::new(),
            Generation::V2 => vec![
                ("page".to_owned(), page.to_string()),
                (
                    "per_page".to_owned(),
                    Contract::embedded().limits.page.to_string(),
                ),
            ],
        };
        let exchange = match self.send((generation, Kind::List), "", query, None).await {
            Ok(exchange) => exchange,
            Err(trouble) => return Heard::Trouble(trouble),
        };
        match self.entries(&exchange) {
            Ok(page) => Heard::Page(page),
            Err(why) => Heard::Trouble(Trouble::Unreadable(why)),
        }
    }

    fn entries(&self, exchange: &Exchange) -> Result<Page, String> {
        let (Some(operation), Some(body)) = (exchange.operation, exchange.response.value()) else {
            return Err("the list is not JSON".to_owned());
        };
        let status = exchange.response.status;
        let place = operation.row().entries.as_deref().unwrap_or_default();
        if status != 200 || !body.pointer(place).is_some_and(Value::is_array) {
            return Err(format!(
                "{operation} answered {status} without a list at {place}"
            ));
        }
        let mut page = Page::default();
        for item in &Answer::of(exchange).unwrap_or_default().entries {
            page.entries.push(self.entry(operation, item)?);
        }
        let total = body
            .pointer("/result_info/total_count")
            .and_then(whole_number);
        page.total = total.and_then(|total| usize::try_from(total).ok());
        Ok(page)
    }

    fn entry(&self, operation: Operation, item: &Item<'_>) -> Result<(IpAddr, Entry), String> {
        let ip = item.ip.or_else(|| meant_by(item));
        let (Some(ip), Some(vendor), Some(region)) = (ip, item.vendor, item.region) else {
            let item = self.target.redactor.text(&item.value.to_string());
            return Err(format!(
                "{operation} shows an entry that can't be understood: {item}"
            ));
        };
        let place = Place {
            vendor: vendor.to_owned(),
            region: region.to_owned(),
        };
        let names = format!("{vendor} {region}");
        // These names go into the journal, which must not contain secrets.
        if self.target.redactor.text(&names) != names {
            return Err(format!("{operation} lists the credentials"));
        }
        let address = operation.generation().response_address();
        let known = [address, "vendor", "region", "modified_on"];
        let members = item.value.as_object().into_iter().flatten();
        let extra = members
            .map(|(name, _)| self.target.redactor.text(name))
            .filter(|name| !known.contains(&name.as_str()))
            .collect();
        let entry = Entry {
            place,
            spelled: item.address.unwrap_or_default().to_owned(),
            extra,
        };
        Ok((ip, entry))
    }

    async fn read(&self, generation: Generation, address: &str) -> Heard {
        let sent = self
            .send((generation, Kind::Get), address, Vec::new(), None)
            .await;
        let exchange = match sent {
            Ok(exchange) => exchange,
            Err(trouble) => return Heard::Trouble(trouble),
        };
        if exchange.response.status == 404 {
            return Heard::One(None);
        }
        let (Some(operation), Some(answer)) = (exchange.operation, Answer::of(&exchange)) else {
            let why = format!("a single read answered {}", exchange.response.status);
            return Heard::Trouble(Trouble::Unreadable(why));
        };
        match answer
            .entries
            .first()
            .map(|item| self.entry(operation, item))
        {
            Some(Ok((_, entry))) => Heard::One(Some(entry)),
            Some(Err(why)) => Heard::Trouble(Trouble::Unreadable(why)),
            None => {
                let why = format!("{operation} answered without a mapping");
                Heard::Trouble(Trouble::Unreadable(why))
            }
        }
    }

    async fn write(&self, generation: Generation, rows: &[Row]) -> Heard {
        let item = |row: &Row| {
            let wanted = Wanted {
                ip: row.ip.to_string(),
                vendor: Some(row.vendor.clone()),
                region: Some(row.region.clone()),
            };
            batch_item(generation, &wanted)
        };
        if let [row] = rows {
            let address = row.ip.to_string();
            let body = Some(item(row));
            let sent = self
                .send((generation, Kind::Upsert), &address, Vec::new(), body)
                .await;
            return match sent {
                Ok(_) => Heard::Items(vec![Answered::Done]),
                Err(Trouble::Refused(why)) => Heard::Items(vec![Answered::Refused(why)]),
                Err(trouble) => Heard::Trouble(trouble),
            };
        }
        let body = Value::Array(rows.iter().map(item).collect());
        let sent = self
            .send((generation, Kind::BatchUpsert), "", Vec::new(), Some(body))
            .await;
        match sent {
            Ok(exchange) => {
                let ips: Vec<IpAddr> = rows.iter().map(|row| row.ip).collect();
                Heard::Items(self.items(&exchange, &ips, Answered::Refused))
            }
            Err(trouble) => Heard::Trouble(trouble),
        }
    }

    async fn delete(&self, generation: Generation, addresses: &[String], form: Form) -> Heard {
        match (form, addresses) {
            (Form::Single, [address]) => {
                let sent = self
                    .send((generation, Kind::Delete), address, Vec::new(), None)
                    .await;
                match sent {
                    Ok(exchange) if exchange.response.status == 404 => {
                        Heard::Items(vec![Answered::Absent])
                    }
                    Ok(_) => Heard::Items(vec![Answered::Done]),
                    Err(Trouble::Refused(why)) => Heard::Items(vec![Answered::Refused(why)]),
                    Err(trouble) => Heard::Trouble(trouble),
                }
            }
            _ => {
                let body = Some(json!(addresses));
                let sent = self
                    .send((generation, Kind::BatchDelete), "", Vec::new(), body)
                    .await;
                match sent {
                    Ok(exchange) => {
                        let ips: Vec<IpAddr> = addresses
                            .iter()
                            .filter_map(|address| crate::contract::address::meant(address))
                            .collect();
                        Heard::Items(self.items(&exchange, &ips, |_| Answered::Absent))
                    }
                    Err(trouble) => Heard::Trouble(trouble),
                }
            }
        }
    }

    /// Returns what the answer to a batch says about each address.
    fn items(
        &self,
        exchange: &Exchange,
        ips: &[IpAddr],
        failed: impl Fn(String) -> Answered,
    ) -> Vec<Answered> {
        let Some(answer) = Answer::of(exchange) else {
            return Vec::new();
        };
        let of = |items: &[Item<'_>], ip: &IpAddr| {
            let ip = ip.to_canonical();
            items.iter().position(|item| meant_by(item) == Some(ip))
        };
        ips.iter()
            .map(|ip| match of(&answer.failed, ip) {
                Some(at) => {
                    let item = answer.failed.get(at);
                    let why = item.and_then(|item| item.value.get("error")?.as_str());
                    failed(self.target.redactor.text(why.unwrap_or("without a reason")))
                }
                None if of(&answer.succeeded, ip).is_some() => Answered::Done,
                None => Answered::Refused("the answer does not name it".to_owned()),
            })
            .collect()
    }

    /// Sends one request. Only a success, or a 404 to a single read or deletion, counts as an answer.
    async fn send(
        &self,
        (generation, kind): (Generation, Kind),
        address: &str,
        query: Vec<(String, String)>,
        body: Option<Value>,
    ) -> Result<Exchange, Trouble> {
        let Some(operation) = Operation::of(generation, kind) else {
            return Err(Trouble::Over(format!("{generation:?} has no {kind:?}")));
        };
        let outgoing = self.outgoing(operation, address, &query, body);
        // A halted run sends no more requests of its own, but its zones are still put back.
        if self.purpose == Purpose::Work
            && let Some(reason) = self.target.halt.reason()
        {
            return Err(Trouble::Over(reason.to_string()));
        }
        let exchange = match self.target.client.send_for(self.purpose, &outgoing).await {
            Ok(exchange) => exchange,
            Err(error) => {
                let message = self.target.redactor.text(&error.message);
                return Err(match error.fault {
                    TransportFault::Budget => Trouble::Over(message),
                    TransportFault::Redirect => Trouble::Gone(message),
                    _ => Trouble::Failed(message),
                });
            }
        };
        match trouble(operation, &exchange) {
            None => Ok(exchange),
            Some(trouble) => Err(self.without_secrets(trouble)),
        }
    }

    fn without_secrets(&self, trouble: Trouble) -> Trouble {
        let clean = |text: String| self.target.redactor.text(&text);
        match trouble {
            Trouble::Gone(why) => Trouble::Gone(clean(why)),
            Trouble::Failed(why) => Trouble::Failed(clean(why)),
            Trouble::Refused(why) => Trouble::Refused(clean(why)),
            Trouble::Unreadable(why) => Trouble::Unreadable(clean(why)),
            Trouble::Over(why) => Trouble::Over(clean(why)),
            Trouble::Throttled(wait) => Trouble::Throttled(wait),
        }
    }

    fn outgoing(
        &self,
        operation: Operation,
        address: &str,
        query: &[(String, String)],
        body: Option<Value>,
    ) -> Outgoing {
        let description = operation.row();
        let path = description
            .path
            .replace("{zone_id}", &encode_segment(self.zone))
            .replace("{origin_ip}", &encode_segment(address));
        let path = format!("{path}{}", query_string(query));
        let method = &description.method;
        Outgoing {
            address: (!address.is_empty()).then(|| address.to_owned()),
            query: query.to_vec(),
            ..self
                .target
                .own_request(Some(operation), method, &path, body)
        }
    }
}

/// Returns why an answer can't be used, or `None` if it can.
fn trouble(operation: Operation, exchange: &Exchange) -> Option<Trouble> {
    let response = &exchange.response;
    let (status, codes) = (response.status, response.codes());
    let said = || {
        let message = response
            .pointer("/errors/0/message")
            .and_then(Value::as_str);
        let codes: Vec<String> = codes.iter().take(3).map(ToString::to_string).collect();
        format!(
            "{operation} answered {status} {} {}",
            codes.join(", "),
            message.unwrap_or_default()
        )
        .trim_end()
        .to_owned()
    };
    if let Some(wait) = asked_wait(status, &response.headers) {
        return Some(Trouble::Throttled(Some(wait)));
    }
    let is_single = matches!(operation.kind(), Kind::Get | Kind::Delete);
    let is_unrouted = codes
        .iter()
        .any(|code| Contract::embedded().platform.unrouted.contains(code));
    let is_gone = match status {
        400 => is_unrouted,
        404 => is_unrouted || (!is_single && operation.kind() != Kind::Upsert),
        405 | 410 | 501 => operation.kind() == Kind::List,
        _ => false,
    };
    let contract = Contract::embedded();
    let is_full = codes
        .iter()
        .any(|code| contract.means(*code, Meaning::Full));
    match status {
        200 => None,
        404 if is_single && !is_gone => None,
        _ if is_gone => Some(Trouble::Gone(said())),
        429 => Some(Trouble::Throttled(None)),
        // The edge sometimes refuses a token that it accepts a moment later.
        401 | 403 if !is_full => Some(Trouble::Failed(said())),
        400..=499 => Some(Trouble::Refused(said())),
        // If a single read keeps failing in the same way, the server is at fault. Its list may still work.
        500..=599 if operation.kind() == Kind::Get && !is_edge_failure(exchange) => {
            Some(Trouble::Unreadable(said()))
        }
        500..=599 => Some(Trouble::Failed(said())),
        _ => Some(Trouble::Unreadable(said())),
    }
}

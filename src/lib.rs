//! originproof: the conformance test suite and contract checker for the Origin Cloud Regions API.
//!
//! Layers, lowest first; a module imports only from lower ones: [`private`], [`diagnostic`] · [`api`] · [`exchange`] ·
//! [`contract`] · [`zone`], `case`, `transport` · [`mock`], `event` · `cause` · `coverage`, `expected` · `report`, `drift` · `runner`,
//! `audit` · `explore` · `proxy`, [`settings`], `mutation` · [`harness`]. `tests/architecture.rs` keeps them.

pub mod api;
pub mod audit;
pub mod case;
pub mod cause;
pub mod contract;
pub mod coverage;
pub mod diagnostic;
pub mod drift;
pub mod event;
pub mod exchange;
pub mod expected;
pub mod explore;
pub mod harness;
pub mod input;
pub mod mock;
pub mod mutation;
pub mod private;
pub mod proxy;
pub mod report;
pub mod runner;
pub mod settings;
pub mod transport;
pub mod zone;
